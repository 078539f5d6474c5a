# Verdict: runtime error: exit code 1, broken
import sys

sys.exit('broken')
