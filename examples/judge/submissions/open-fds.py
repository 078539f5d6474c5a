import os

for fd in range(1000):
    try:
        os.fstat(fd)
        print(fd, end=' ')
    except OSError:
        pass
