# SPDX-License-Identifier: ISC
"""usage: beside.py PORT: tries to bind UDP PORT of each kind of address, beside
whoever has it, with SO_REUSEADDR and SO_REUSEPORT, at the loopback interface and
at none.  Prints those that could be bound, or "none"."""
import socket
import sys

SO_BINDTODEVICE, IPV6_V6ONLY = 25, 26
got = []
for address in "0.0.0.0", "127.0.0.1", "127.0.0.5", "::", "::1", "fd00::9":
    for option in None, socket.SO_REUSEADDR, socket.SO_REUSEPORT:
        for device in b"", b"lo":
            ipv6 = ":" in address
            s = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET,
                              socket.SOCK_DGRAM)
            if ipv6:
                s.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, 1)
            if option:
                s.setsockopt(socket.SOL_SOCKET, option, 1)
            if device:
                s.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device)
            try:
                s.bind((address, int(sys.argv[1])))
                got.append(address + ("%lo" if device else ""))
            except OSError:
                pass
            s.close()
print(" ".join(sorted(set(got))) or "none")
