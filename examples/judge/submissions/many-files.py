# Empty files take no room in the file system, but memory of the kernel's.
import os

made = 0
try:
    for number in range(1_000_000):
        os.close(os.open(f'/tmp/{number}', os.O_CREAT | os.O_WRONLY))
        made += 1
    print('all made')
except OSError as error:
    print(error.strerror)
