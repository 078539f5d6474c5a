# Verdict: process limit: more than 10
import threading, time

while True:
    threading.Thread(target=time.sleep, args=(3600,)).start()
