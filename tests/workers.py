# SPDX-License-Identifier: ISC
"""usage: workers.py N: N processes bind 8443 with SO_REUSEPORT and listen.
Connects to 443 until each socket has been reached, and says how many sockets
(by inode) the workers have among them."""
import os
import socket
import sys

PATIENCE = float(os.environ["PATIENCE"])  # seconds

count = int(sys.argv[1])
ready, tell = os.pipe()
reached, report = os.pipe()
workers = []
for _ in range(count):
    pid = os.fork()
    if pid == 0:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("", 8443))
        s.listen()
        inode = os.fstat(s.fileno()).st_ino
        os.write(tell, b"%16d" % inode)
        while True:
            connection, _ = s.accept()
            os.write(report, b"%16d" % inode)
            connection.close()
    workers.append(pid)
sockets = {os.read(ready, 16) for _ in range(count)}
answered = set()
for _ in range(5000):
    socket.create_connection(("127.0.0.1", 443), timeout=PATIENCE).close()
    answered.add(os.read(reached, 16))
    if answered == sockets:
        break
for pid in workers:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
print(f"{count} workers, {len(sockets)} sockets,",
      "all reached" if answered == sockets else f"{len(answered)} reached")
