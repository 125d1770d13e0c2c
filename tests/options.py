# SPDX-License-Identifier: ISC
"""Sets options and flags before bind, as servers do, and finds them after it;
on the first sockets, and when the last spare is handed out again and again."""
import fcntl
import os
import socket
import struct

TCP, SOL = socket.IPPROTO_TCP, socket.SOL_SOCKET
ONE = struct.pack("i", 1)

OPTIONS = [
    (SOL, socket.SO_KEEPALIVE, ONE),
    (SOL, socket.SO_RCVBUF, struct.pack("i", 50000)),
    (SOL, socket.SO_SNDBUF, struct.pack("i", 60000)),
    (SOL, socket.SO_LINGER, struct.pack("ii", 1, 7)),
    (SOL, socket.SO_PRIORITY, struct.pack("i", 5)),
    (TCP, socket.TCP_NODELAY, ONE),
    (TCP, socket.TCP_MAXSEG, struct.pack("i", 1000)),
    (TCP, socket.TCP_DEFER_ACCEPT, struct.pack("i", 7)),
    (TCP, 18, struct.pack("i", 12345)),  # TCP_USER_TIMEOUT
    (TCP, 23, struct.pack("i", 99)),     # TCP_FASTOPEN
    (TCP, 13, b"reno"),                  # TCP_CONGESTION
    (socket.IPPROTO_IP, socket.IP_TOS, struct.pack("i", 16)),
    (socket.IPPROTO_IP, socket.IP_TTL, struct.pack("i", 33)),
]
# Nobody without CAP_NET_RAW can take it off a socket again: it comes last.
DEVICE = (SOL, socket.SO_BINDTODEVICE, b"lo\0")


def get(s, level, name):
    value = s.getsockopt(level, name, 16)
    # A time to linger that is off means nothing, and cannot be unset.
    if name == socket.SO_LINGER and level == SOL and value[:4] != ONE:
        return value[:4]
    return value


def bound(options, nonblocking, cloexec, number):
    s = socket.socket()
    os.dup2(s.fileno(), number)
    s.close()
    s = socket.socket(fileno=number)
    s.setblocking(not nonblocking)
    os.set_inheritable(number, not cloexec)
    before = {}
    for level, name, value in options:
        try:
            s.setsockopt(level, name, value)
        except OSError:
            continue  # not on this host: nothing to lose
    for level, name, _ in [*OPTIONS, DEVICE]:
        before[level, name] = get(s, level, name)
    s.bind(("", 8443))
    assert s.getsockname()[1] == 443 and s.fileno() == number
    for level, name, _ in [*OPTIONS, DEVICE]:
        after = get(s, level, name)
        assert after == before[level, name], \
            (level, name, before[level, name], after)
    flags = fcntl.fcntl(number, fcntl.F_GETFL)
    assert bool(flags & os.O_NONBLOCK) == nonblocking
    assert os.get_inheritable(number) != cloexec
    s.close()
    return before


seen = set()
for turn in range(4):
    for nonblocking in (False, True):
        for cloexec in (False, True):
            full = bound(OPTIONS, nonblocking, cloexec, 77)
            none = bound([], nonblocking, cloexec, 78)
            seen |= {o for o in full if full[o] != none[o]}
device = bound([DEVICE], False, False, 79)
assert device[SOL, socket.SO_BINDTODEVICE].startswith(b"lo")
# The control: the options were other than the defaults.
assert len(seen) >= 12, seen
print("options survive")
