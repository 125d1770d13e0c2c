# SPDX-License-Identifier: ISC
#
# usage: pass.py NAME=ADDRESS:PORT[/udp],... COMMAND [ARG...]
#
# Passes sockets to a command as a service manager does (sd_listen_fds(3)), with
# names unless NAME is empty; a socket is of the family of its address.
import fcntl
import os
import socket
import sys

names, numbers = [], []
for word in sys.argv[1].split(","):
    name, rest = word.split("=")
    place, _, protocol = rest.partition("/")
    address, _, port = place.rpartition(":")
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                      socket.SOCK_DGRAM if protocol else socket.SOCK_STREAM)
    if ":" in address:
        s.setsockopt(socket.IPPROTO_IPV6, 26, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    if not protocol:
        s.listen(64)
    names.append(name)
    numbers.append(fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 200))
for n, fd in enumerate(numbers):
    os.dup2(fd, 3 + n)
    os.close(fd)
os.environ["LISTEN_FDS"] = str(len(names))
os.environ["LISTEN_PID"] = str(os.getpid())
if any(names):
    os.environ["LISTEN_FDNAMES"] = ":".join(names)
os.execvp(sys.argv[2], sys.argv[2:])
