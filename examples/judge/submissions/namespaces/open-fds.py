# Verdict: wrong answer: 0 1 2
import os

for fd in range(1000):
    try:
        os.fstat(fd)
        print(fd, end=' ')
    except OSError:
        pass
