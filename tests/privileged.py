# SPDX-License-Identifier: ISC
"""Sets options that take a capability, before bind, and finds them after it; in
turn with sockets without any, on which they are not found.  usage:
privileged.py tcp|udp"""
import socket
import sys

SOL, IP, IPV6 = socket.SOL_SOCKET, socket.IPPROTO_IP, socket.IPPROTO_IPV6
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75
SET = [(SOL, socket.SO_MARK, 77), (SOL, socket.SO_PRIORITY, 9),
       (SOL, socket.SO_BINDTODEVICE, b"lo\0")]
READ = [(SOL, socket.SO_MARK), (SOL, socket.SO_PRIORITY),
        (SOL, socket.SO_BINDTODEVICE), (IP, IP_TRANSPARENT)]
# CAP_NET_ADMIN of the network's user namespace is enough for all of these; for
# the two below it has to be the initial one's (sockopt_capable in the kernel's
# net/core/sock.c).
with open("/proc/self/uid_map", encoding="ascii") as file:
    initial = file.read().split() == ["0", "0", "4294967295"]
if initial:
    BUFFER = 16 << 20  # beyond net.core.rmem_max
    SET += [(SOL, SO_RCVBUFFORCE, BUFFER), (SOL, SO_SNDBUFFORCE, BUFFER + 1)]
    READ += [(SOL, socket.SO_RCVBUF), (SOL, socket.SO_SNDBUF)]


def values(s):
    return [s.getsockopt(level, name, 16) for level, name in READ]


def bound(family, options):
    s = socket.socket(family, TYPES[sys.argv[1]])
    for option in options:
        s.setsockopt(*option)
    before = values(s)
    s.bind(("", 8443))
    assert s.getsockname()[1] == 443
    assert values(s) == before, (values(s), before)
    s.close()
    return before


TYPES = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
for turn in range(4):
    for family, transparent in ((socket.AF_INET, (IP, IP_TRANSPARENT, 1)),
                                (socket.AF_INET6, (IPV6, IPV6_TRANSPARENT, 1))):
        full = bound(family, [*SET, transparent])
        none = bound(family, [])
        assert all(a != b for a, b in zip(full, none)), (full, none)
print("as they were set")
