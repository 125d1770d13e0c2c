# SPDX-License-Identifier: ISC
"""usage: typing.py COMMAND [ARG...]: runs it in a session that has a terminal of
its own, and prints what it said there, and then what is there to be read as if
somebody had typed it."""
import fcntl
import os
import pty
import sys
import termios
import tty

master, slave = pty.openpty()
tty.setraw(slave)
out, said = os.pipe()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 0)
    os.dup2(said, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(said)
with open(out, encoding="ascii") as text:
    print(text.read(), end="")
_, status = os.waitpid(child, 0)
os.set_blocking(slave, False)
try:
    print("typed", os.read(slave, 64).decode())
except BlockingIOError:
    print("typed nothing")
sys.exit(os.waitstatus_to_exitcode(status))
