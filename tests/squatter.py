# SPDX-License-Identifier: ISC
"""usage: squatter.py take|crowd

Another user at the name where the preload library asks.  take: has the name as
soon as the helper is gone, by each type of socket there is, and prints what it
is sent beside a nonce; what it sends itself are descriptors; first it prints that
it has found the name.  crowd: connects to a helper that lives, a thousand times,
says nothing or the wrong, and stays.  Each prints a line when it has begun; and
ends with its standard input."""
import array
import os
import select
import socket
import sys

TYPES = socket.SOCK_SEQPACKET, socket.SOCK_STREAM, socket.SOCK_DGRAM
NONCE = 16


def names():
    with open("/proc/net/unix", encoding="ascii") as file:
        return [line.split()[7] for line in file if "@lowport." in line]


def receive(s):
    data, ancillary, _, _ = s.recvmsg(65536, 65536)
    fds = array.array("i")
    for level, kind, body in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(body)
    if len(data) > NONCE or fds:
        print("sent", len(data), "bytes and", len(fds), "descriptors",
              flush=True)
    return data


def take():
    while not (found := names()):
        pass
    print("found", flush=True)
    address = "\0" + found[0][1:]
    waiting = set(TYPES)
    peers = []
    while waiting:
        for kind in list(waiting):
            s = socket.socket(socket.AF_UNIX, kind)
            try:
                s.bind(address)
            except OSError:
                s.close()
                continue
            waiting.discard(kind)
            if kind != socket.SOCK_DGRAM:
                s.listen()
            peers.append(s)
    print("taken", flush=True)
    plant = array.array("i", [0, 1, 2])
    listeners = peers[:]
    while True:
        for s in select.select(peers + [0], [], [])[0]:
            if s == 0:
                return
            if s in listeners and s.type != socket.SOCK_DGRAM:
                peers.append(s.accept()[0])
                continue
            if not receive(s) and s not in listeners:
                peers.remove(s)
                continue
            try:
                s.sendmsg([b"x" * 8], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                       plant)])
            except OSError:
                pass


def crowd():
    while not (found := names()):
        pass
    address = "\0" + found[0][1:]
    kept = []
    for n in range(1000):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(60)
        s.connect(address)
        try:
            if n % 4 == 1:
                s.send(b"x" * NONCE)
            elif n % 4 == 2:
                s.sendmsg([b"x" * 200], [(socket.SOL_SOCKET,
                                         socket.SCM_RIGHTS,
                                         array.array("i", [0, 1, 2]))])
        except OSError:
            pass
        kept.append(s)
        if n == 900:
            print("crowded", flush=True)
            kept = kept[-800:]
    sys.stdin.read()


globals()[sys.argv[1]]()
