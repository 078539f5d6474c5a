# Verdict: memory limit: cause limit
# None of these is large by itself.
import os, time

for _ in range(6):
    if os.fork() == 0:
        kept = bytearray(b'x') * (12 << 20)
        time.sleep(60)
time.sleep(60)
