print(16)
