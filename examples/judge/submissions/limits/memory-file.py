# Verdict: memory limit: cause limit
# A file in memory that has no name.
import os

file = os.memfd_create('kept')
# In pieces, since no file may be larger than the limit of one.
while True:
    os.write(file, b'x' * (1 << 20))
    if os.fstat(file).st_size == 2 << 20:
        file = os.memfd_create('kept')
