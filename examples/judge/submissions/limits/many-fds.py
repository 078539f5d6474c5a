# Verdict: wrong answer: Too many open files after 63
import os

try:
    while True:
        last = os.dup(0)
except OSError as error:
    print(f'{error.strerror} after {last}')
