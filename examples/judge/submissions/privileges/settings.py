# Verdict: wrong answer: (\w+ ?\w* refused;? ?){6}
# Settings of the kernel, the machine and of this process that only the machine's owner may change.
import os, resource

def attempt(name, act):
    try:
        act()
        print(name, 'worked', end='; ')
    except (OSError, ValueError) as error:
        print(name, 'refused', end='; ')

def write(path, text):
    with open(path, 'w') as file:
        file.write(text)

attempt('sysctl', lambda: write('/proc/sys/kernel/core_pattern', 'core'))
attempt('sysrq', lambda: write('/proc/sysrq-trigger', 'h'))
attempt('oom score', lambda: write('/proc/self/oom_score_adj', '-500'))
attempt('nice', lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
attempt('rlimit', lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)))
attempt('uid', lambda: os.setuid(0 if os.getuid() else 1))
