# Verdict: wrong answer: connect: Network is unreachable; port 22: .*denied; raw: Protocol not supported; 0 listeners, 0 names
import socket

def attempt(name, act):
    try:
        act()
        print(name, 'worked', end='; ')
    except OSError as error:
        print(f'{name}: {error.strerror}', end='; ')

attempt('connect', lambda: socket.create_connection(('192.0.2.1', 80), timeout=5))
attempt('port 22', lambda: socket.socket().bind(('', 22)))
attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
# Who listens on this machine, and what abstract sockets it has: those of this network namespace.
listening = sum(line.split()[3] == '0A' for line in open('/proc/net/tcp'))
print(listening, 'listeners,', sum('@' in line for line in open('/proc/net/unix')), 'names')
