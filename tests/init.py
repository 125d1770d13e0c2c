# SPDX-License-Identifier: ISC
"""usage: init.py PROGRAM CASE     what an init owes, tried on one program
       init.py table            every case on every program, as a table

In each case the program is process 1 of a PID namespace of its own, unless the
case says otherwise.  Prints "ok", "no: REASON", or "-" where the program has no
such option.  A status of 1 says that lowport has failed a case; of the others
it is just told."""
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

PATIENCE = 120  # seconds: a busy machine is slow; less for what is just shown
A_MOMENT = 0.2  # in which what must not happen would have happened

# What it takes to start each, and its words for what it is asked.  {} stands
# for an argument; None says that there are none, a missing one that it is so
# without.
PROGRAMS = {
    "lowport": {
        "command": [os.environ.get("PLAIN", "lowport"), "-q",
                    "-p", "20443:8443"],
        "group": ["-g"], "alone": ["-c"], "status": ["-e", "{}"],
        "rewrite": ["--rewrite", "{}"], "death": ["--pdeathsig", "{}"]},
    "tini": {
        "command": ["tini"],
        "group": ["-g"], "status": ["-e", "{}"], "rewrite": None,
        "death": ["-p", "{}"], "subreaper": ["-s"]},
    "dumb-init": {
        "command": ["dumb-init"],
        "alone": ["-c"], "status": None, "rewrite": ["--rewrite", "{}"],
        "death": None},
    "catatonit": {
        "command": ["catatonit"],
        "group": ["-g"], "status": None, "rewrite": None, "death": None},
    # The control: what becomes of the server without any.
    "none": {
        "command": [], "group": None, "status": None, "rewrite": None,
        "death": None, "subreaper": None},
}

SIGNALS = os.path.abspath("build/server_signals")
ORPHANS = os.path.abspath("build/server_orphans")
NAMESPACE = ["unshare", "--user", "--map-current-user", "--pid", "--fork",
             "--mount-proc"]
NOT_FORWARDED = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}
FAULTS = {signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS,
          signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS}
STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}


class Failed(Exception):
    """Why a case does not hold."""


class Missing(Exception):
    """The program has no such option."""


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed("in vain: " + what)
        time.sleep(0.005)


def stat_of(pid):
    """What stands behind the name in /proc/PID/stat."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()


def children_of(pid):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if stat_of(name)[1] == str(pid):
                found.append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return sorted(found)


class Run:
    """A program that runs a server."""

    def __init__(self, program, server, options=(), before=None, wrap=(),
                 stdin=subprocess.DEVNULL):
        self.text, self.found = b"", None
        self.read, write = os.pipe()
        command = list(wrap) + program["command"]
        for option in options:
            name, _, argument = option.partition("=")
            words = program.get(name, [])
            if words is None:
                raise Missing
            command += [word.format(argument) for word in words]
        if program["command"]:
            command.append("--")
        self.process = subprocess.Popen(
            NAMESPACE + command + list(server),
            stdin=stdin, stdout=write, stderr=write, preexec_fn=before)
        os.close(write)

    @property
    def init(self):
        """Its process id, as seen from here."""
        if self.found is None:
            self.found = until(lambda: children_of(self.process.pid),
                               "process 1")[0]
        return self.found

    def line(self):
        end = time.monotonic() + PATIENCE
        while b"\n" not in self.text:
            if not select.select([self.read], [], [],
                                 max(0, end - time.monotonic()))[0]:
                raise Failed(f"no line, after {self.text!r}")
            more = os.read(self.read, 4096)
            if more == b"":
                raise Failed(f"no line more, after {self.text!r}")
            self.text += more
        line, _, self.text = self.text.partition(b"\n")
        return line.decode(errors="replace")

    def says(self, *lines):
        """These are the next, in any order."""
        said = [self.line() for _ in lines]
        if sorted(said) != sorted(lines):
            raise Failed(f"said {said}, not {list(lines)}")

    def rest(self):
        """What it says up to its end."""
        lines = []
        try:
            while True:
                lines.append(self.line())
        except Failed as end:
            if "no line more" not in str(end):
                raise
        return lines

    def send(self, *signals):
        for number in signals:
            os.kill(self.init, number)

    def ends(self, status):
        try:
            ended = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed("it does not end") from None
        # unshare(1) dies of the signal its child has died of.
        ended = ended if ended >= 0 else 128 - ended
        if ended != status:
            raise Failed(f"status {ended}, not {status}")

    def clear(self):
        """Everything in a namespace ends with its process 1."""
        found = {self.found or self.process.pid, self.process.pid}
        if self.process.poll() is None:
            found.update(children_of(self.process.pid))
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        os.close(self.read)


def shell(script):
    return ["sh", "-c", script, SIGNALS, ORPHANS]


def ready_run(start, *server, **how):
    run = start(server or [SIGNALS, "server", "15"], **how)
    run.says("server ready")
    return run


def each_reaches(start, numbers):
    run = ready_run(start)
    for number in numbers:
        run.send(number)
        run.says(f"server {number}")
    run.send(15)
    # One that came twice would stand before it.
    run.says("server 15")


# ---- The cases.

def signals(start):
    """every standard signal reaches the server, once"""
    each_reaches(start, [n for n in range(1, 32) if n != 15
                         and n not in NOT_FORWARDED | FAULTS | STOPS])


def faults(start):
    """so does one that stands for a fault, as SIGABRT"""
    each_reaches(start, sorted(FAULTS))


def stops(start):
    """and one that would stop it, if it has a handler"""
    each_reaches(start, sorted(STOPS))


def real_time(start):
    """every real-time signal does"""
    each_reaches(start, range(signal.SIGRTMIN, signal.SIGRTMAX + 1))


def reserved(start):
    """and the two that the C library keeps"""
    each_reaches(start, [32, 33])


def queued(start):
    """a real-time signal sent ten times comes ten times"""
    run = ready_run(start)
    run.send(*[40] * 10)
    run.says(*["server 40"] * 10)


def terminated(start):
    """SIGTERM ends a server that has no handler: status 143"""
    run = start(shell("echo ready; exec sleep 1000"))
    run.says("ready")
    run.send(15)
    run.ends(143)


def own_status(start):
    """one with a handler says the status itself"""
    run = start(shell("trap 'exit 7' TERM; echo ready; sleep 1000 & wait"))
    run.says("ready")
    run.send(15)
    run.ends(7)


def statuses(start):
    """the status is the server's; 128+n where signal n ended it"""
    start(shell("exit 0")).ends(0)
    start(shell("exit 42")).ends(42)
    start(shell("kill -9 $$; exit 1")).ends(137)
    start(shell('"$1" 5; exit 3')).ends(3)


def not_found(start):
    """127 where there is no such command, 126 where it cannot be executed"""
    start(["/nonesuch"]).ends(127)
    start(["/etc/passwd"]).ends(126)


def success(start):
    """a status that is named as success becomes 0"""
    start(shell("exit 42"), options=["status=42"]).ends(0)
    start(shell("exit 43"), options=["status=42"]).ends(43)
    start(shell("exit 43"), options=["status=42", "status=43"]).ends(0)
    run = start(shell("echo ready; exec sleep 1000"), options=["status=143"])
    run.says("ready")
    run.send(15)
    run.ends(0)


PAIR = '"$0" child 15 & exec "$0" server 15'


def alone(start):
    """a signal reaches the server, and not its child"""
    run = start(shell(PAIR), options=["alone"])
    run.says("child ready", "server ready")
    run.send(10, 15)
    said = run.rest()
    if "server 10" not in said or "child 10" in said:
        raise Failed(f"said {said}")


def group(start):
    """with the option for it, a signal reaches each process of the group"""
    run = start(shell(PAIR), options=["group"])
    run.says("child ready", "server ready")
    run.send(10)
    run.says("child 10", "server 10")
    run.send(15)
    run.ends(0)


def becomes_quit(start, words):
    run = ready_run(start, SIGNALS, "server", "3",
                    options=["rewrite=" + words])
    run.send(15)
    run.says("server 3")
    run.ends(0)


def rewrite(start):
    """a signal is rewritten, or dropped"""
    becomes_quit(start, "15:3")
    run = ready_run(start, options=["rewrite=10:0"])
    run.send(10, 12)
    run.says("server 12")


def rewrite_names(start):
    """by its name, too"""
    becomes_quit(start, "TERM:QUIT")
    becomes_quit(start, "SIGTERM:SIGQUIT")


def reaping(start):
    """two thousand orphans are reaped"""
    run = start([ORPHANS, "2000"])
    run.says("ready")
    run.says("adopted by 1", "reaped")
    run.ends(0)


def storm(start):
    """also while signals pour in"""
    run = start([ORPHANS, "1000"])
    run.says("ready")
    run.send(*[10] * 10000)
    run.says("adopted by 1", "reaped")
    run.ends(0)


def subreaper(start):
    """not as process 1, it adopts the server's orphans"""
    run = start(shell('echo "init $PPID"; exec "$1" 100'),
                options=["subreaper"],
                wrap=["sh", "-c", '"$@"; exit $?', "sh"])
    init = run.line().partition(" ")[2]
    if init == "1":
        raise Failed("it is process 1")
    run.says("ready")
    run.says("adopted by " + init, "reaped")
    run.ends(0)


def dispositions(start):
    """the server's signal mask and dispositions are the caller's"""
    def before():
        for number in ["HUP", "PIPE", "CHLD", "USR1", "TTOU", "TSTP"]:
            signal.signal(getattr(signal, "SIG" + number), signal.SIG_IGN)
        signal.signal(signal.SIGRTMIN + 1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK,
                               {signal.SIGUSR2, signal.SIGRTMIN + 2})

    # sed catches none, and the caller's are what it has without an init.
    show = ["sed", "-n", "/^Sig[BIC]/p", "/proc/self/status"]
    bare = Run(PROGRAMS["none"], show, before=before)
    expected = bare.rest()
    bare.clear()
    said = start(show, before=before).rest()
    if len(expected) != 3 or said != expected:
        raise Failed(f"{said}, not {expected}")


def suspended(start):
    """SIGTSTP stops the server until SIGCONT"""
    run = start(shell("trap 'echo continued; exit' CONT; echo ready; "
                      "sleep 1000 & wait"))
    run.says("ready")
    server = children_of(run.init)
    if not server:
        raise Failed("it is process 1 itself, which cannot be stopped")
    run.send(20)
    until(lambda: stat_of(server[0])[0] == "T", "the server stops")
    if select.select([run.read], [], [], A_MOMENT)[0]:
        raise Failed("it does not stay stopped")
    run.send(18)
    run.says("continued")


def on_terminal(start, server):
    """As the leader of a session that has a terminal, like docker run -t."""
    master, slave = pty.openpty()
    run = start(server, stdin=slave, wrap=["setsid", "-c"])
    os.close(slave)
    return run, master


def terminal(start):
    """on a terminal, Ctrl-C and a change of its size reach it once"""
    run, master = on_terminal(start, [SIGNALS, "server", "15"])
    run.says("server ready")
    os.write(master, b"\x03")
    run.says("server 2")
    fcntl.ioctl(master, termios.TIOCSWINSZ, b"\x18\0\x50\0\0\0\0\0")
    run.says("server 28")
    run.send(15)
    run.says("server 15")
    os.close(master)


def reads_terminal(start):
    """it may read from the terminal"""
    run, master = on_terminal(start, shell("read word; echo got $word"))
    os.write(master, b"this\n")
    run.says("got this")
    run.ends(0)
    os.close(master)


def ctrl_z(start):
    """Ctrl-Z, with no shell that could continue it, does not hang it"""
    run, master = on_terminal(start, shell(
        "echo ready; read a; echo $a; read b; echo $b"))
    run.says("ready")
    os.write(master, b"one\n")
    run.says("one")
    os.write(master, b"\x1a")
    os.write(master, b"two\n")
    run.says("two")
    run.ends(0)
    os.close(master)


def parent_ends(start):
    """a signal of choice comes when its parent ends"""
    run = ready_run(start, SIGNALS, "server", "12",
                    options=["death=SIGUSR2"])
    run.init  # while it can be found by its parent
    run.process.kill()
    run.says("server 12")


def leftovers(start):
    """what the server leaves is told to end, not just killed"""
    run = start(shell('"$0" child 15 & "$0" server 15; exit 3'))
    run.says("child ready", "server ready")
    os.kill(children_of(children_of(run.init)[0])[-1], 15)
    said = run.rest()
    if "child 15" not in said:
        raise Failed(f"said {said}")
    run.ends(3)


def daemon(start):
    """a server that daemonizes is waited for, and gets SIGTERM"""
    run = start(shell('setsid "$0" daemon 15 & read word; exit 0'),
                stdin=subprocess.PIPE)
    run.says("daemon ready")
    first = children_of(run.init)
    run.process.stdin.close()
    until(lambda: not set(children_of(run.init)) & set(first),
          "the first process ends")
    run.send(15)
    run.says("daemon 15")
    run.ends(0)


def daemonized(start, script):
    """A daemon that runs script, behind a server that has ended well."""
    return start(shell('setsid sh -c \'' + script + '\' "$0" & '
                       'read word; exit 0'), stdin=subprocess.PIPE)


def becomes_daemon(run):
    first = children_of(run.init)
    run.process.stdin.close()
    until(lambda: not set(children_of(run.init)) & set(first),
          "the first process ends")


def daemon_leaves(start):
    """what a daemon leaves when SIGTERM has ended it is ended too"""
    run = daemonized(
        start, 'trap "" TERM; "$0" child 15 & sleep 1000 & trap - TERM; '
        'echo daemon; read word </dev/zero')
    run.says("child ready", "daemon")
    becomes_daemon(run)
    run.send(15)
    run.ends(0)


def daemon_ignores(start):
    """a daemon that ignores SIGTERM is killed"""
    run = daemonized(
        start, 'trap "" TERM; echo daemon; sleep 1000; sleep 1000')
    run.says("daemon")
    becomes_daemon(run)
    run.send(15)
    run.ends(0)


def daemon_reloads(start):
    """a daemon that gets SIGHUP goes on, and so do its processes"""
    run = daemonized(
        start, '"$0" child 15 & exec "$0" daemon 15')
    run.says("child ready", "daemon ready")
    becomes_daemon(run)
    run.send(1)
    run.says("daemon 1")
    time.sleep(A_MOMENT)
    run.send(15)
    # Nothing came between to its child: it is told when the daemon has ended.
    run.says("daemon 15", "child 15")
    run.ends(0)


def forking(start):
    """leftovers that fork, end and ignore SIGTERM are killed"""
    run = start(["python3", "-c", """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork():
    print("ready", flush=True)
    os._exit(3)
while True:
    if os.fork():
        os._exit(0)
"""])
    run.says("ready")
    run.ends(3)


CASES = [signals, faults, stops, real_time, reserved, queued, terminated,
         own_status, statuses, not_found, success, alone, group, rewrite,
         rewrite_names, reaping, storm, subreaper, dispositions, suspended,
         terminal, reads_terminal, ctrl_z, parent_ends, leftovers, daemon,
         daemon_leaves, daemon_ignores, daemon_reloads, forking]


def outcome(case, name):
    """"ok", "no: REASON" or "-"."""
    global PATIENCE
    PATIENCE = 120 if name == "lowport" else 3
    program, runs = PROGRAMS[name], []

    def start(server, **how):
        runs.append(Run(program, server, **how))
        return runs[-1]

    try:
        case(start)
        return "ok"
    except Missing:
        return "-"
    except (Failed, OSError, IndexError) as failure:
        return f"no: {failure or type(failure).__name__}"
    finally:
        for run in runs:
            run.clear()


def table():
    rows, failed = [], False
    width = max(len(case.__doc__) for case in CASES)
    print(" " * width, *(f"{name:>9}" for name in PROGRAMS))
    for case in CASES:
        said = {name: outcome(case, name) for name in PROGRAMS}
        print(f"{case.__doc__:{width}}",
              *(f"{text.partition(':')[0]:>9}" for text in said.values()),
              flush=True)
        rows += [f"{case.__name__}, {name}: {text[4:]}"
                 for name, text in said.items() if text.startswith("no")]
        failed |= said["lowport"] != "ok"
    print("\nWhy not:", *rows, sep="\n")
    return failed


def main():
    if sys.argv[1:] == ["table"]:
        return table()
    if sys.argv[1:] == ["cases"]:
        print(*(case.__name__ for case in CASES), sep="\n")
        return 0
    program, name = sys.argv[1:]
    case = {case.__name__: case for case in CASES}[name]
    said = outcome(case, program)
    print(said)
    return said != "ok" and program == "lowport"


sys.exit(main())
