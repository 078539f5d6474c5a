# Verdict: wrong answer: (\w+: (No such file or directory|Permission denied);? ?){4}
# Links that lead out, if anything does.
import os

links = {'shadow': '/etc/shadow', 'up': '../../../../../../etc/shadow', 'root': '/proc/1/root/etc/shadow', 'cwd': '/proc/1/cwd/etc/shadow'}
for name, target in links.items():
    os.symlink(target, f'/tmp/{name}')
    try:
        open(f'/tmp/{name}').read()
        print(name, 'opened', end='; ')
    except OSError as error:
        print(f'{name}: {error.strerror}', end='; ')
