# SPDX-License-Identifier: ISC
#
# A UDP server that asks for port 8443 in every form, gets 443, and misses no
# datagram of many senders; and binds again when it has closed.
import os
import socket
import struct

PATIENCE = float(os.environ["PATIENCE"])  # seconds

IPV6_V6ONLY, IPV6_RECVPKTINFO, IPV6_PKTINFO = 26, 49, 50
IP_PKTINFO, SOL_UDP, UDP_SEGMENT, UDP_GRO = 8, 17, 103, 104
SENDERS = 100
# What programs that multicast set before they bind: IP_MULTICAST_TTL, LOOP,
# ALL, IPV6_MULTICAST_HOPS, LOOP, ALL; none is the default.
MULTICAST = {
    socket.AF_INET: [(0, 33, 9), (0, 34, 0), (0, 49, 0)],
    socket.AF_INET6: [(0, 33, 9), (0, 34, 0), (41, 18, 9), (41, 19, 0),
                      (41, 29, 0)],
}
DEVICE = b"lo" + bytes(14)

# Not the loopback's: of both ends (tests/sandbox).
OTHER = "fd00::9"


def server(family, address, v6only):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if v6only is not None:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, v6only)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    if family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    s.setsockopt(SOL_UDP, UDP_GRO, 1)
    s.setsockopt(SOL_UDP, UDP_SEGMENT, 1200)
    for level, name, value in MULTICAST[family]:
        assert s.getsockopt(level, name) != value
        s.setsockopt(level, name, value)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, DEVICE)
    buffer = s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    s.setblocking(False)
    s.bind((address, 8443))
    assert s.getsockname()[1] == 443, s.getsockname()
    assert s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == buffer
    device = s.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
    assert device.startswith(b"lo"), device
    assert s.getsockopt(SOL_UDP, UDP_GRO) == 1
    assert s.getsockopt(SOL_UDP, UDP_SEGMENT) == 1200
    for level, name, value in MULTICAST[family]:
        assert s.getsockopt(level, name) == value, (level, name)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
    s.setblocking(True)
    s.settimeout(PATIENCE)
    return s


def exchange(s, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for n in range(SENDERS):
        client = socket.socket(family, socket.SOCK_DGRAM)
        client.settimeout(PATIENCE)
        if address == OTHER:
            client.bind((OTHER, 0))
        client.sendto(b"%d" % n, (address, 443))
        data, control, _, sender = s.recvmsg(100, 200)
        assert data == b"%d" % n
        # Where it was sent to, as HTTP/3 and DTLS servers want to know.
        assert [c for c in control if c[:2] in (
            (socket.IPPROTO_IP, IP_PKTINFO),
            (socket.IPPROTO_IPV6, IPV6_PKTINFO))], control
        s.sendto(data, sender)
        assert client.recvfrom(100)[1][1] == 443
        client.close()


for family, address, v6only, ask in (
        (socket.AF_INET, "0.0.0.0", None, ("127.0.0.1", "127.0.0.9")),
        (socket.AF_INET, "127.0.0.1", None, ("127.0.0.1",)),
        (socket.AF_INET6, "::", 1, ("::1", OTHER)),
        (socket.AF_INET6, "::", 0, ("127.0.0.1", "::1", OTHER, "127.0.0.9")),
        (socket.AF_INET6, "::1", 0, ("::1",)),
        (socket.AF_INET6, "::ffff:127.0.0.1", 0, ("127.0.0.1",))):
    # More often than there are spares.
    for n in range(5):
        s = server(family, address, v6only)
        for to in ask:
            exchange(s, to)
        s.close()

# Both at once, as most servers do.
four = server(socket.AF_INET, "0.0.0.0", None)
six = server(socket.AF_INET6, "::", 1)
for n in range(3):
    exchange(four, "127.0.0.1")
    exchange(six, "::1")
    exchange(six, OTHER)
# The kernel's socket filters and the port are those of UDP alone.
tcp = socket.socket()
tcp.bind(("0.0.0.0", 8443))
assert tcp.getsockname()[1] == 8443
print("ok")
