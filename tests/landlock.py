# SPDX-License-Identifier: ISC
"""usage: landlock.py PORT: forbids itself to bind TCP ports, by Landlock, and
tries to bind PORT.  Prints "refused", "bound" or "no landlock"."""
import ctypes
import socket
import struct
import sys

CREATE_RULESET, RESTRICT_SELF = 444, 446
BIND_TCP = 1
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(CREATE_RULESET, None, 0, 1) < 4:
    print("no landlock")
    sys.exit()
ruleset = libc.syscall(CREATE_RULESET, struct.pack("QQ", 0, BIND_TCP), 16, 0)
libc.prctl(38, 1, 0, 0, 0)  # no_new_privs
assert libc.syscall(RESTRICT_SELF, ruleset, 0) == 0
try:
    socket.socket().bind(("127.0.0.1", int(sys.argv[1])))
    print("bound")
except PermissionError:
    print("refused")
