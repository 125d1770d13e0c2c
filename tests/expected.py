# SPDX-License-Identifier: ISC
"""Under --show-expected-port with -p 443:8443 -p 53:5353/udp and
-p 990-992:9990-9992: what getsockname(2) answers, and what it does not."""
import ctypes
import errno
import os
import socket

PATIENCE = float(os.environ["PATIENCE"])  # seconds

IPV4, IPV6 = socket.AF_INET, socket.AF_INET6
libc = ctypes.CDLL(None, use_errno=True)


def name(s, room):
    """getsockname(2) with as much room; the bytes, and the length it tells."""
    address = (ctypes.c_ubyte * 64)(*([0xee] * 64))
    length = ctypes.c_uint32(room)
    status = libc.getsockname(s.fileno(), address, ctypes.byref(length))
    return status, bytes(address), length.value


# Listening and accepted, by each family; what clients see is the truth.
for family, host in ((IPV4, "0.0.0.0"), (IPV6, "::"), (IPV4, "127.0.0.1")):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, 8443))
    assert s.getsockname()[:2] == (host, 8443), s.getsockname()
    s.listen()
    client = socket.create_connection(("127.0.0.1", 443), timeout=PATIENCE)
    connection, _ = s.accept()
    assert connection.getsockname()[1] == 8443, connection.getsockname()
    assert client.getpeername()[1] == 443
    assert client.getsockname()[1] == connection.getpeername()[1]
    for each in (connection, client, s):
        each.close()

# Ranges, UDP, and what no mapping is of.
for kind, port in ((socket.SOCK_STREAM, 9990), (socket.SOCK_STREAM, 9992),
                   (socket.SOCK_DGRAM, 5353), (socket.SOCK_STREAM, 12345)):
    s = socket.socket(IPV4, kind)
    s.bind(("", port))
    assert s.getsockname()[1] == port, (port, s.getsockname())
assert socket.socket().getsockname() == ("0.0.0.0", 0)
assert socket.socket(socket.AF_UNIX).getsockname() == ""

# The arguments as the kernel takes them.
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 8443))
status, address, length = name(s, 64)
assert (status, length) == (0, 16)
assert address[2:8] == b"\x20\xfb\x7f\0\0\1" and address[16] == 0xee
status, address, length = name(s, 4)
assert (status, length) == (0, 16)
assert address[2:5] == b"\x20\xfb\xee"
status, address, length = name(s, 3)
assert (status, length) == (0, 16) and address[3] == 0xee
status, address, length = name(s, 0)
assert (status, length) == (0, 16) and address[0] == 0xee
assert name(s, 0xffffffff)[0] == -1 and ctypes.get_errno() == errno.EINVAL
assert libc.getsockname(999, None, None) == -1
assert ctypes.get_errno() == errno.EBADF
print("as expected")
