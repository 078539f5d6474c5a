# Verdict: memory limit: cause limit
# Its files are in memory, and nothing else limits them.
for number in range(1000):
    with open(f'/dev/shm/{number}', 'wb') as file:
        file.write(b'x' * (1 << 20))
