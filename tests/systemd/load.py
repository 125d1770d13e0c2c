#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""usage: load.py PORT COMMAND [ARG...]

Connects to PORT over both families without end, until COMMAND has ended.  Prints
how many connections were answered, refused, and reset or empty."""
import socket
import subprocess
import sys
import threading

counts = {"answered": 0, "refused": 0, "lost": 0}
lock = threading.Lock()
command = subprocess.Popen(sys.argv[2:])


def connect(address):
    try:
        with socket.create_connection((address, int(sys.argv[1])), 30) as s:
            return "answered" if s.recv(99) else "lost"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "lost"


def press(address):
    while command.poll() is None:
        outcome = connect(address)
        with lock:
            counts[outcome] += 1


threads = [threading.Thread(target=press, args=(address,))
           for address in ("127.0.0.1", "::1") * 2]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*(f"{count} {outcome}" for outcome, count in counts.items()))
sys.exit(command.returncode)
