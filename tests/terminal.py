# SPDX-License-Identifier: ISC
"""usage: terminal.py LOWPORT: runs it as the foreground job of a terminal of
its own and types: Ctrl-Z stops server and lowport, SIGCONT continues both,
Ctrl-C reaches the server once and lowport not at all."""
import fcntl
import os
import pty
import signal
import sys
import termios

COMMAND = [sys.argv[1], "-q", "-p", "443:8443", "--", sys.executable,
           os.path.join(os.path.dirname(__file__), "signals.py"), "INT"]


def expect(text):
    said = b""
    while text not in said:
        said += os.read(master, 1024)
    return said


signal.alarm(20)
master, slave = pty.openpty()
lowport = os.fork()
if lowport == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    # A job of a shell: a group of its own, in the foreground.
    job = os.fork()
    if job == 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.execv(COMMAND[0], COMMAND)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    _, status = os.waitpid(job, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "Ctrl-Z did not stop lowport"
    assert os.tcgetpgrp(slave) == job, "lowport has not the terminal back"
    os.write(slave, b"stopped\n")
    os.tcsetpgrp(slave, job)
    os.kill(-job, signal.SIGCONT)
    _, status = os.waitpid(job, 0)
    assert os.tcgetpgrp(slave) == job, "lowport has not the terminal back"
    os.write(slave, b"status %d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)
expect(b"ready")
os.write(master, b"\x1a")
expect(b"stopped")
os.write(master, b"\x03")
said = expect(b"status")
assert b"INT 1" in said, said
_, status = os.waitpid(lowport, 0)
sys.exit(os.waitstatus_to_exitcode(status))
