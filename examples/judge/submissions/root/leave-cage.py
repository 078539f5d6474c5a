# Verdict: wrong answer: 0 hierarchies, 0 names of a cage, untrusted
# To join another cgroup a process writes to a file of it.
import os

seen = {line.strip().split(':')[2] for line in open('/proc/self/cgroup') if 'memcage' in line}
mounted = sum(' - cgroup' in line for line in open('/proc/self/mountinfo'))
print(f'{mounted} hierarchies, {len(seen)} names of a cage, {os.uname().nodename}')
