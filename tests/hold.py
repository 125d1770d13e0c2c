# SPDX-License-Identifier: ISC
"""usage: hold.py PORT: listens at it until a signal ends it."""
import signal
import socket
import sys

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("0.0.0.0", int(sys.argv[1])))
listener.listen()
signal.pause()
