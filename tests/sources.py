# SPDX-License-Identifier: ISC
"""usage: sources.py one|once|listen COUNT GAP

A server that uses the mapped TCP port 2020 as its source port, as FTP does for
data: COUNT connections to as many peers, each with some data of its own, one
after the other with GAP seconds between them, or all at once; with "listen" it
has listened at the port before.  Prints what bind(2) or connect(2) said of each
that failed, which peers have got what was another's, how many have got their
own, and how many had not seen the end when PATIENCE (60) seconds were over, in
which the server neither binds nor ends."""
import errno
import os
import socket
import sys
import threading
import time

mode, count, gap = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
PATIENCE = float(os.environ["PATIENCE"])
received = {}
ended = set()


def serve(number, listener):
    while True:
        connection, _ = listener.accept()
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
        received.setdefault(number, []).append(data)
        ended.add(number)
        connection.close()


def data_of(number):
    return b"data of %d," % number * 1000


def bound():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", 2020))
    return s


def connect(number):
    s = bound()
    try:
        s.connect(("127.0.0.1", ports[number]))
        s.sendall(data_of(number))
    except OSError:
        s.close()
        raise
    return s


ports = []
for n in range(count):
    peer = socket.create_server(("127.0.0.1", 0))
    ports.append(peer.getsockname()[1])
    threading.Thread(target=serve, args=(n, peer), daemon=True).start()
if mode == "listen":
    s = bound()
    s.listen()
    s.close()
failed, closed, opened = [], set(), []
for n in range(count):
    try:
        s = connect(n)
    except OSError as e:
        failed.append(errno.errorcode[e.errno])
        continue
    if mode == "once":
        opened.append((n, s))
        continue
    s.close()
    closed.add(n)
    time.sleep(gap)
for n, s in opened:
    s.close()
    closed.add(n)
deadline = time.monotonic() + PATIENCE
while len(ended) < len(closed) and time.monotonic() < deadline:
    time.sleep(0.01)
wrong = [n for n, all in received.items() if all != [data_of(n)]]
own = sum(received.get(n) == [data_of(n)] for n in closed)
print("failed %s wrong %s own %d late %d" %
      (failed, wrong, own, len(closed - ended)))
