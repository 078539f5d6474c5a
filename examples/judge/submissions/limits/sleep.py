# Verdict: wall limit
import time

time.sleep(3600)
