# Verdict: wrong answer: No space left on device after \d MiB
# No file is large, so that only the file system can be full.
written = 0
try:
    while True:
        with open(f'/tmp/{written}', 'wb') as file:
            file.write(b'x' * (1 << 20))
        written += 1
except OSError as error:
    print(f'{error.strerror} after {written} MiB')
