# Verdict: wrong answer: ([\w ]+: Permission denied;? ?){5}
# The program of the init is memcage's own, outside of this root: to write to it would be to write to the judge's.
import os

def attempt(name, act):
    try:
        act()
        print(name, 'worked', end='; ')
    except OSError as error:
        print(f'{name}: {error.strerror}', end='; ')

attempt('read', lambda: open('/proc/1/exe', 'rb').read(4))
attempt('write', lambda: open('/proc/1/exe', 'r+b'))
attempt('execute', lambda: os.posix_spawn('/proc/1/exe', ['exe'], {}))
attempt('its root', lambda: os.listdir('/proc/1/root/'))
attempt('its memory', lambda: open('/proc/1/mem', 'r+b'))
