# SPDX-License-Identifier: ISC
"""usage: terminal.py LOWPORT CASE [STDIN]: runs it as a job of a shell that has a
terminal of its own, and types.  Its standard input is the terminal, or STDIN."""
import fcntl
import os
import pty
import signal
import sys
import termios

HERE = os.path.dirname(__file__)
LOWPORT = [sys.argv[1], "-q", "-p", "443:8443", "--"]
INTERRUPTED = [sys.executable, os.path.join(HERE, "signals.py"), "INT"]
STDIN = sys.argv[3] if len(sys.argv) > 3 else None
# Reads a line of the terminal when it is told to.
READER = [sys.executable, "-c", """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
signal.sigwait({signal.SIGUSR1})
print("got", open("/dev/tty").readline())"""]


def expect(text):
    said = b""
    while text not in said:
        said += os.read(master, 1024)
    return said


def run_job(command, foreground):
    """As a shell does: a group of its own."""
    job = os.fork()
    if job == 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        os.setpgid(0, 0)
        if foreground:
            os.tcsetpgrp(slave, os.getpid())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        if STDIN:
            os.dup2(os.open(STDIN, os.O_RDONLY), 0)
        os.execv(LOWPORT[0], LOWPORT + command)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    return job


def say(text):
    os.write(slave, text.encode() + b"\n")


def stops(job, number, foreground):
    _, status = os.waitpid(job, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "lowport is not stopped"
    assert os.WSTOPSIG(status) == number, "by another signal"
    assert os.tcgetpgrp(slave) == foreground, "who has the terminal?"


def owner():
    """Whose the terminal is."""
    with open(f"/proc/{os.tcgetpgrp(master)}/comm") as comm:
        return comm.read().strip()


def ends(job):
    _, status = os.waitpid(job, 0)
    assert os.tcgetpgrp(slave) == job, "lowport has not the terminal back"
    say(f"status {os.waitstatus_to_exitcode(status)}")


def go_on(job):
    """fg."""
    os.tcsetpgrp(slave, job)
    os.kill(-job, signal.SIGCONT)


def wake():
    with open(f"/proc/{job}/task/{job}/children") as children:
        os.kill(int(children.read()), signal.SIGUSR1)


# ---- What the shell does, and then what is typed.

def foreground_shell():
    """Ctrl-Z stops server and lowport, SIGCONT continues both, Ctrl-C reaches
    the server once and lowport not at all."""
    job = run_job(INTERRUPTED, True)
    stops(job, signal.SIGTSTP, job)
    say("stopped")
    go_on(job)
    ends(job)


def foreground_user():
    expect(b"ready")
    # Unasked, it is not the server's where that does not read from it: a
    # pager beside lowport may.
    assert (owner() == "lowport") == bool(STDIN), owner()
    interrupting_user()


def interrupting_user():
    os.write(master, b"\x1a")
    expect(b"stopped")
    os.write(master, b"\x03")
    assert b"INT 1" in expect(b"status 0")


def writing_shell():
    """It writes under tostop, and is stopped and interrupted likewise."""
    attributes = termios.tcgetattr(slave)
    attributes[3] |= termios.TOSTOP
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    foreground_shell()


def writing_user():
    expect(b"ready")
    assert owner() != "lowport"
    interrupting_user()


def asking_shell():
    """It reads in the foreground."""
    global job
    job = run_job(READER, True)
    signal.sigwait({signal.SIGUSR2})
    wake()
    say("in front")
    ends(job)


def background_shell():
    """A background job that reads stops, and has the terminal after fg."""
    global job
    os.tcsetpgrp(slave, os.getpgrp())
    job = run_job(READER, False)
    signal.sigwait({signal.SIGUSR2})
    wake()
    stops(job, signal.SIGTTIN, os.getpgrp())
    go_on(job)
    say("in front")
    ends(job)


def unnoticed_shell():
    """One that runs, and comes to the foreground without SIGCONT, as bash has
    it, can read."""
    global job
    os.tcsetpgrp(slave, os.getpgrp())
    job = run_job(READER, False)
    signal.sigwait({signal.SIGUSR2})
    os.tcsetpgrp(slave, job)
    wake()
    say("in front")
    ends(job)


def reading_user():
    expect(b"ready")
    os.kill(shell, signal.SIGUSR2)
    expect(b"in front")
    os.write(master, b"typed\n")
    assert b"got typed" in expect(b"status 0")


CASES = {"foreground": (foreground_shell, foreground_user),
         "writing": (writing_shell, writing_user),
         "asking": (asking_shell, reading_user),
         "background": (background_shell, reading_user),
         "unnoticed": (unnoticed_shell, reading_user)}

signal.alarm(60)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
master, slave = pty.openpty()
in_shell, in_user = CASES[sys.argv[2]]
shell = os.fork()
if shell == 0:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    in_shell()
    os._exit(0)
in_user()
_, status = os.waitpid(shell, 0)
sys.exit(os.waitstatus_to_exitcode(status))
