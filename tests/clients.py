# SPDX-License-Identifier: ISC
"""usage: clients.py HOST COUNT [more]: a UDP server at HOST:8443 that makes a
socket for each client, as those of DTLS do: bound to the address the client has
sent to, connected to the client, and passed on to a worker.  Twenty clients come
one after the other, then COUNT at once, and one too many; or one more."""
import errno
import os
import select
import socket
import sys

# Seconds: less than the test waits for this program.
PATIENCE = float(os.environ["PATIENCE"]) / 2

HOST, COUNT, MORE = sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["more"]
ADDRESS = "127.0.0.1" if HOST == "0.0.0.0" else HOST


def bound(host):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                      socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, 8443))
    assert s.getsockname()[1] == 443, s.getsockname()
    return s


def work(channel):
    """Answers each client what it says, until it says bye."""
    sockets = {channel}
    while True:
        for ready in select.select(list(sockets), [], [])[0]:
            if ready is channel:
                message, fds, _, _ = socket.recv_fds(channel, 10, 1)
                if not message:
                    os._exit(0)
                sockets.add(socket.socket(fileno=fds[0]))
                continue
            said = ready.recv(100)
            if said == b"bye":
                sockets.remove(ready)
                ready.close()
                channel.send(b"closed")
            else:
                ready.send(said)


LEFT = []


class Client:
    def __init__(self, listener, channel):
        self.own = socket.socket(listener.family, socket.SOCK_DGRAM)
        self.own.settimeout(PATIENCE)
        self.own.bind((ADDRESS, 0))
        self.own.sendto(b"hello", (ADDRESS, 443))
        peer = None
        while peer != self.own.getsockname():
            said, peer = listener.recvfrom(100)
            assert said == (b"hello" if peer == self.own.getsockname()
                            else b"bye?"), (said, peer)
        servers = bound(ADDRESS)
        servers.connect(peer)
        # Nothing of an earlier client is there.
        assert not select.select([servers], [], [], 0)[0]
        socket.send_fds(channel, [b"take it"], [servers.fileno()])
        servers.close()

    def talk(self, word):
        self.own.sendto(word, (ADDRESS, 443))
        said, peer = self.own.recvfrom(100)
        assert (said, peer[:2]) == (word, (ADDRESS, 443)), (said, peer)

    def leave(self, channel):
        self.own.sendto(b"bye", (ADDRESS, 443))
        assert channel.recv(10) == b"closed"
        # As one does that has heard nothing: to nobody, or the listener.
        self.own.sendto(b"bye?", (ADDRESS, 443))
        # Its port stays taken: until lowport looks, what comes from there still
        # goes to the socket that was for this client.
        LEFT.append(self.own)


listener = bound(HOST)
listener.settimeout(PATIENCE)
channel, workers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
channel.settimeout(PATIENCE)
if os.fork() == 0:
    listener.close()
    channel.close()
    work(workers)
workers.close()

for n in range(20):
    client = Client(listener, channel)
    client.talk(b"%d" % n)
    client.leave(channel)

clients = [Client(listener, channel) for n in range(COUNT)]
for turn in range(3):
    for n, client in enumerate(clients):
        client.talk(b"%d %d" % (turn, n))
    try:
        one_more = Client(listener, channel)
        if not MORE:
            raise SystemExit("one more than there are sockets")
        one_more.talk(b"me too")
        one_more.leave(channel)
    except OSError as e:
        assert e.errno == errno.EADDRINUSE, e
    # One leaves, and another comes.
    clients[turn].leave(channel)
    clients[turn] = Client(listener, channel)
print("20 clients, and", COUNT, "at once")
