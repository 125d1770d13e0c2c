# SPDX-License-Identifier: ISC
"""What every measurement starts, and how its results are kept.

It runs as root of tests/sandbox.  Servers and lowport run as nobody."""
import json
import os
import subprocess
import sys
import time

NOBODY = 65534
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
             "--inh-caps=-all", "--ambient-caps=-all", "--"]


class Missing(Exception):
    """Why something cannot be measured here."""


class Results:
    """Values by part, case, way and quantity, each of one round."""

    def __init__(self, out):
        self.out = out
        self.series = {}

    def add(self, part, case, way, quantity, unit, number, value):
        key = (part, case, way, quantity, unit)
        self.series.setdefault(key, []).append((number, value))

    def write(self, **row):
        self.out.write(json.dumps(row, separators=(",", ":")) + "\n")
        self.out.flush()

    def missing(self, part, case, way, why):
        self.write(part=part, case=case, way=way, missing=str(why))

    def flush(self):
        for (part, case, way, quantity, unit), pairs in self.series.items():
            self.write(part=part, case=case, way=way, quantity=quantity,
                       unit=unit, rounds=[n for n, _ in pairs],
                       values=[float(f"{v:.6g}") for _, v in pairs])
        self.series = {}


class Lab:
    def __init__(self, results, group, scale):
        self.results = results
        self.group = group
        self.scale = scale
        self.lowport = os.environ["LOWPORT"]
        self.scratch = os.environ["TMPDIR"]
        self.started = []
        self.networks = {}
        self.cut_short = ""
        self.numbers = iter(range(1, 500))
        processors = sorted(os.sched_getaffinity(0))
        self.client_cpu, self.server_cpu = processors[0], processors[-1]
        self.messages = open(f"{self.scratch}/messages", "w")

    def rounds(self, count):
        return max(3, round(count * self.scale))

    def turns(self, count, seconds):
        """Numbers of rounds, fewer where this machine has too much to do."""
        end = time.monotonic() + seconds * self.scale
        for number in range(self.rounds(count)):
            if number > 2 and time.monotonic() > end:
                self.cut_short = f"{number} of {self.rounds(count)} rounds"
                return
            yield number

    def say(self, text):
        print(f"tests/bench: {text}", file=sys.stderr, flush=True)

    # ---- Processes.

    def on(self, cpu, command):
        return ["taskset", "-c", str(cpu), *command]

    def start(self, command, variables=None, **options):
        """Starts what runs until stop()."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        process = subprocess.Popen(
            command, stderr=self.messages,
            env={**os.environ, **(variables or {})}, **options)
        self.started.append(process)
        return process

    def serve(self, way, command, variables=None):
        """Starts what serves requests: all of it on one processor, as the clients
        have another, so that no way gains by having more of the machine."""
        return self.start([*self.network(way),
                           *self.on(self.server_cpu, command)], variables)

    def network(self, way):
        """What to put before a command to run it in the way's own network
        namespace: no way sees another's rules, or its closed connections."""
        if way is None:
            return []
        if way not in self.networks:
            holder = subprocess.Popen(
                ["unshare", "--net", "sh", "-c",
                 "ip link set lo up && echo ready && exec sleep infinity"],
                stdout=subprocess.PIPE, text=True)
            holder.stdout.readline()
            self.networks[way] = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        return self.networks[way]

    def stop(self):
        """Ends what was started, and waits for it."""
        for process in self.started:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
            process.terminate()
        for process in self.started:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.started = []

    def output(self, command, variables=None):
        """What a command prints that ends by itself, as lists of words."""
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(variables or {})}, timeout=120)
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise Missing(f"{last[0]} (status {done.returncode})")
        return [line.split() for line in done.stdout.splitlines()]

    def start_until_ready(self, command, variables=None):
        """Starts a server; returns it, and the words of what it said till then."""
        process = self.start(command, variables, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
        said = {}
        for line in process.stdout:
            name, *words = line.split()
            if name == "ready":
                return process, said
            said[name] = words
        raise Missing("the server did not start")

    def descendants(self, pid):
        """A process and all below it."""
        found = [pid]
        for parent in found:
            try:
                for task in os.listdir(f"/proc/{parent}/task"):
                    path = f"/proc/{parent}/task/{task}/children"
                    with open(path) as children:
                        found += map(int, children.read().split())
            except OSError:
                pass
        return found

    def processor_ns(self, pids):
        """Of these processes, their threads, and descendants, also ended ones."""
        tick = 1e9 / os.sysconf("SC_CLK_TCK")
        total = 0
        for pid in (p for root in pids for p in self.descendants(root)):
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/schedstat") as stat:
                        total += int(stat.read().split()[0])
                with open(f"/proc/{pid}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
                total += (int(fields[13]) + int(fields[14])) * tick
            except OSError:
                pass
        return total

    def port(self):
        """A public port and the one a server expects: the same nowhere else."""
        number = next(self.numbers)
        return 400 + number, 9400 + number

    # ---- lowport.

    def lowport_command(self, *options, user=True, log=("-q",)):
        """By an ordinary user with the file capability, or from root."""
        return [*(AS_NOBODY if user else []), self.lowport, *log, *options]

    def need_group(self):
        if self.group is None:
            raise Missing("takes root of the host, and control groups of"
                          " version 2")

    def bpf_command(self, *options):
        """As a service, without a terminal: the server passes a filter
        otherwise (seccomp_deny_typing)."""
        self.need_group()
        return ["setsid", self.lowport, "-q", "--method", "bpf", "-u",
                "nobody", *options]

    def attach(self, *options):
        """Has the kernel map these in a new group; returns what to put before a
        server's command."""
        self.need_group()
        group = f"{self.group}/attached-{next(self.numbers)}"
        os.mkdir(group)
        subprocess.run([self.lowport, "--attach", group, *options], check=True,
                       stdin=subprocess.DEVNULL, stderr=self.messages)
        return ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', group,
                *AS_NOBODY]


def permit_authbind(lab):
    """For port 443, in a mount namespace of ours."""
    if os.path.ismount("/etc/authbind/byport"):
        return
    lab.output(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs",
                "/etc/authbind/byport"])
    lab.output(["install", "-m", "700", "-o", "nobody", "/dev/null",
                "/etc/authbind/byport/443"])


def wait_until(true, what, seconds=20):
    """Returns what is true then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = true()
        if value:
            return value
        time.sleep(0.01)
    raise Missing(f"no {what} within {seconds} seconds")
