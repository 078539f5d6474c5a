# Verdict: wrong answer:
# Ends, and leaves a process behind that keeps stdout open.
import os, time

if os.fork() == 0:
    os.setsid()
    time.sleep(3600)
