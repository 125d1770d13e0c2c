# SPDX-License-Identifier: ISC
"""usage: serve_once.py PORT PUBLIC: listens at PORT, and is reached at PUBLIC."""
import os
import socket
import sys

PATIENCE = float(os.environ["PATIENCE"])  # seconds

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", int(sys.argv[1])))
listener.listen()
socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=PATIENCE).close()
listener.accept()
print("reached")
