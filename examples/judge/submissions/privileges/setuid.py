# Verdict: wrong answer: stayed the same
# A set-user-ID program waits for a password, as whom?
import os, subprocess, time

path = next(path for path in ('/usr/bin/su', '/usr/bin/passwd', '/bin/su') if os.path.exists(path) and os.stat(path).st_mode & 0o4000)
child = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
uids = set()
while child.poll() is None and len(uids) < 2 and time.process_time() < 0.3:
    for line in open(f'/proc/{child.pid}/status'):
        if line.startswith('Uid:'): uids.add(line.split()[2])
child.kill()
print('became another' if uids - {str(os.getuid())} else 'stayed the same')
