# SPDX-License-Identifier: ISC
"""Binds port 8443 of each kind of address under -p 443:8443, several at once,
and checks that the port alone is another."""
import os
import socket

PATIENCE = float(os.environ["PATIENCE"])  # seconds

IPV4, IPV6 = socket.AF_INET, socket.AF_INET6


def bound(family, host, v6only=None, **options):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if v6only is not None:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    s.bind((host, 8443))
    assert s.getsockname()[:2] == (host, 443), s.getsockname()
    # The kernel turns it on by itself for an address that is IPv6 alone.
    if host == "::":
        got = s.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        assert got == bool(v6only), (host, v6only, got)
    return s


def reaches(listener, host):
    listener.listen()
    client = socket.create_connection((host, 443), timeout=PATIENCE)
    connection, address = listener.accept()
    assert address[:2] == client.getsockname()[:2] or \
        address[0].endswith(client.getsockname()[0]), address
    connection.close()
    client.close()


# All at once, none listening.
everything = [
    bound(IPV4, "0.0.0.0"), bound(IPV4, "127.0.0.1"),
    bound(IPV6, "::"), bound(IPV6, "::", 0), bound(IPV6, "::", 1),
    bound(IPV6, "::1"), bound(IPV6, "::ffff:127.0.0.1"),
]
for s in everything:
    s.close()

# IPv4 and [::] with V6ONLY listen side by side.
four, six = bound(IPV4, "0.0.0.0"), bound(IPV6, "::", 1)
reaches(four, "127.0.0.1")
reaches(six, "::1")
four.close()
six.close()

# Dual stack takes both.
dual = bound(IPV6, "::", 0)
reaches(dual, "127.0.0.1")
reaches(dual, "::1")
dual.close()

# Each of the loopback forms, reached by its own address alone.
for family, host, client in ((IPV4, "127.0.0.1", "127.0.0.1"),
                             (IPV6, "::ffff:127.0.0.1", "127.0.0.1"),
                             (IPV6, "::1", "::1")):
    s = bound(family, host)
    reaches(s, client)
    s.listen()
    try:
        socket.create_connection(
            ("127.0.0.2" if client != "::1" else "127.0.0.1", 443),
            timeout=PATIENCE)
        raise SystemExit(f"{host} answers on another address")
    except ConnectionRefusedError:
        pass
    s.close()
