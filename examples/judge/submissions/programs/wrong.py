# Verdict: wrong answer: 16
print(16)
