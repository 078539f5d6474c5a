# Verdict: wrong answer: 0 others
import os

others = [pid for pid in os.listdir('/proc') if pid.isdigit() and int(pid) not in (1, os.getpid())]
print(len(others), 'others')
