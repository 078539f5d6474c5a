# No file is large, so that only the file system can be full.
for directory in '/tmp', '/dev/shm':
    try:
        for number in range(1000):
            with open(f'{directory}/{number}', 'wb') as file:
                file.write(b'x' * (1 << 20))
        print(directory, 'has room for a gibibyte')
    except OSError as error:
        print(f'{directory}: {error.strerror}', end='; ')
