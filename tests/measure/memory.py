# SPDX-License-Identifier: ISC
"""Memory of what stays beside a server."""
import os
import socket

from lab import AS_NOBODY, Missing, wait_until
from ways import WAYS

PART = "memory"
SERVER = "measure_rebind"
HANDOFFS = 10000


KINDS = {"Anonymous:": "own", "Private_Clean:": "private",
         "Private_Dirty:": "private", "Pss:": "proportional"}


def beside_server(lab, pids):
    """kB of all that is not the server: its own; with the pages of files that
    no other process has mapped now; and its share of all."""
    sums = dict.fromkeys(KINDS.values(), 0)
    for pid in (p for root in pids for p in lab.descendants(root)):
        if comm(pid) == SERVER:
            continue
        with open(f"/proc/{pid}/smaps_rollup") as lines:
            for line in lines:
                kind = KINDS.get(line.split()[0])
                if kind:
                    sums[kind] += int(line.split()[1])
    return sums


def server(port, handoffs):
    return [f"build/{SERVER}", str(port), "1", str(handoffs)]


def commands(lab):
    """Of each way what runs a server, and whether lowport hands over to it."""
    def user(*options, **variables):
        return lambda: (lab.lowport_command("-p", "443:8443", *options, "--"),
                        variables)
    return {
        "tini": lambda: ([*AS_NOBODY, "tini", "-s", "--"], {}),
        "dumb-init": lambda: ([*AS_NOBODY, "dumb-init"], {}),
        "notify": user("--method", "notify"),
        "observe": user("--method", "notify", LOWPORT_LEARN="observe"),
        "preload": user("--method", "preload"),
        "notify, -u": lambda: ([lab.lowport, "-q", "-u", "nobody", "-p",
                                "443:8443", "--"], {}),
        "bpf": lambda: (lab.bpf_command("-p", "443:8443", "--"), {}),
        "--attach": lambda: (lab.attach("-p", "443:8443"), {}),
    }


def add(lab, way, pids, case):
    for kind, value in beside_server(lab, pids).items():
        lab.results.add(PART, case, way, kind, "kB", 0, value)


def measure_way(lab, way, command, handoffs):
    prefix, variables = command()
    process, _ = lab.start_until_ready(
        [*prefix, *server(8443, handoffs)], variables)
    add(lab, way, [process.pid], f"{handoffs} hand-offs" if handoffs else
        "start")


class Plain:
    """A server behind a proxy: it stays as long as its standard input, a FIFO that
    it could write to itself (fifo(7))."""

    def __init__(self, lab):
        self.input = f"{lab.scratch}/input"
        if not os.path.exists(self.input):
            os.mkfifo(self.input)
            os.chmod(self.input, 0o666)

    def command(self, ports):
        return ["sh", "-c", 'exec "$@" <>"$0"', self.input,
                *server(ports[0], 0)]


def connected(port):
    try:
        return socket.create_connection(("127.0.0.1", port))
    except OSError:
        return None


def measure_proxy(lab, way):
    """With one client: the server listens by then, or a process of the proxy that
    could not reach it would be counted while it ends."""
    public, expected = lab.port()
    running = WAYS[way](lab, None, Plain(lab), [(public, expected)], "tcp")
    wait_until(lambda: connected(expected), "server").close()
    client = wait_until(lambda: connected(public), "proxy")
    wait_until(lambda: "activat" not in comm(running.pids[-1]), "proxy")
    add(lab, way, running.pids, "start")
    client.close()


def comm(pid):
    with open(f"/proc/{pid}/comm") as name:
        return name.read().strip()


def try_one(lab, way, measure_one, *arguments):
    try:
        measure_one(lab, way, *arguments)
    except (Missing, OSError) as why:
        lab.results.missing(PART, "start", way, why)
    finally:
        lab.stop()


def measure(lab):
    for way, command in commands(lab).items():
        try_one(lab, way, measure_way, command, 0)
        if way not in ("tini", "dumb-init"):
            try_one(lab, way, measure_way, command, HANDOFFS)
    for way in ("socat", "haproxy", "systemd-socket-proxyd"):
        try_one(lab, way, measure_proxy)
