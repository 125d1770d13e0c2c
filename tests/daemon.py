# SPDX-License-Identifier: ISC
"""usage: daemon.py PORT: forks twice into a session of its own, as daemon(3)
does twice over, and only then binds the port and listens."""
import os
import signal
import socket
import sys

if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", int(sys.argv[1])))
listener.listen()
signal.pause()
