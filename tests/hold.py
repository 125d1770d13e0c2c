# SPDX-License-Identifier: ISC
"""usage: hold.py PORT [ADDRESS]: listens there until a signal ends it."""
import signal
import socket
import sys

address = sys.argv[2] if len(sys.argv) > 2 else "0.0.0.0"
listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((address, int(sys.argv[1])))
listener.listen()
signal.pause()
