# Verdict: memory limit: cause limit
# What is in a pipe belongs to the kernel. No process has many of them.
import fcntl, os, time

os.fork()
os.fork()
try:
    while True:
        _, into = os.pipe()
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 1 << 20)
        os.set_blocking(into, False)
        os.write(into, b'x' * (1 << 20))
except OSError:
    time.sleep(60)
