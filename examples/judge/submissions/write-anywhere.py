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
