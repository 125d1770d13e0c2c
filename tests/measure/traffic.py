# SPDX-License-Identifier: ISC
"""Requests and datagrams a second, their latencies, and processor time."""
import os
import random
import subprocess

from lab import Missing, wait_until
from ways import OTHERS, WAYS

SLICE_MS = 150
KINDS = {"http-keep": "plain, keep-alive",
         "http-each": "plain, a connection each",
         "https-keep": "TLS, keep-alive",
         "https-each": "TLS, a connection each"}

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
	access_log off;
	client_body_temp_path {folder};
	proxy_temp_path {folder};
	fastcgi_temp_path {folder};
	uwsgi_temp_path {folder};
	scgi_temp_path {folder};
	keepalive_requests 10000000;
	server {{
		listen {plain} backlog=1024;
		listen {tls} ssl backlog=1024;
		ssl_certificate {scratch}/cert;
		ssl_certificate_key {scratch}/key;
		location / {{ return 200 "ok\\n"; }}
	}}
}}
"""


class Nginx:
    name = "nginx"
    static = False
    ports = 2

    def __init__(self, lab):
        self.lab = lab

    def command(self, ports, address=""):
        folder = f"{self.lab.scratch}/nginx-{ports[0]}"
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        with open(f"{folder}/conf", "w") as out:
            out.write(NGINX.format(
                folder=folder, scratch=self.lab.scratch,
                plain=f"{address}{ports[0]}", tls=f"{address}{ports[1]}"))
        return ["/usr/sbin/nginx", "-e", "stderr", "-c", f"{folder}/conf"]

    def command_by_descriptor(self, ports):
        """By a variable that is there for upgrades."""
        names = "".join(f"{{p{port}}};" for port in ports)
        return ["sh", "-c", 'NGINX=$0 exec "$@"', names,
                *self.command(ports, "0.0.0.0:")]


class Go:
    name = "a static Go server"
    static = True
    ports = 2

    def __init__(self, lab):
        self.lab = lab
        if not os.path.exists("build/measure_server"):
            raise Missing("go is not installed")

    def command(self, ports):
        return ["build/measure_server", *map(str, ports),
                f"{self.lab.scratch}/cert", f"{self.lab.scratch}/key"]

    def command_by_descriptor(self, ports):
        return self.command([f"@{{p{port}}}" for port in ports])


class Echo:
    name = "datagrams"
    static = False
    ports = 1

    def __init__(self, lab):
        pass

    def command(self, ports):
        return ["build/measure_echo", str(ports[0])]

    def command_by_descriptor(self, ports):
        return self.command([f"@{{p{ports[0]}}}"])


class Load:
    """measure_load, in a way's network namespace."""

    def __init__(self, lab, way):
        self.process = subprocess.Popen(
            [*lab.network(way), *lab.on(lab.client_cpu, ["build/measure_load"])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=lab.messages)

    def ask(self, kind, port, milliseconds):
        self.process.stdin.write(f"{kind} {port} {milliseconds}\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        if not words:
            raise Missing("the clients ended")
        counted, seconds, all_requests, ns, failures = map(float, words[:5])
        buckets = [tuple(map(int, word.split(":"))) for word in words[5:]]
        return counted, seconds, all_requests, ns, failures, buckets

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def bucket_us(bucket):
    """The middle of a bucket of measure_load."""
    power, part = bucket >> 6, bucket & 63
    return ((1 << power) + (part + 0.5) * 2 ** (power - 6)) / 1e3


def percentile_us(buckets, part):
    wanted = part * sum(buckets.values())
    for bucket in sorted(buckets):
        wanted -= buckets[bucket]
        if wanted <= 0:
            return bucket_us(bucket)
    raise Missing("no answers")


class Target:
    """One way's server, asked in one kind."""

    def __init__(self, case, way, kind, port, running, load):
        self.case, self.way, self.kind = case, way, kind
        self.port, self.running, self.load = port, running, load
        self.buckets = {}
        self.failures = 0

    def measure(self, lab, part, number):
        before = lab.processor_ns(self.running.pids)
        counted, seconds, requests, client_ns, failures, buckets = \
            self.load.ask(self.kind, self.port, SLICE_MS)
        server_ns = lab.processor_ns(self.running.pids) - before
        self.failures += failures
        if not counted:
            return
        for bucket, count in buckets:
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count
        for quantity, unit, value in (
                ("rate", "/s", counted / seconds),
                ("server time", "us", server_ns / requests / 1e3),
                ("all time", "us", (server_ns + client_ns) / requests / 1e3),
                ("p50", "us", percentile_us(dict(buckets), 0.5)),
                ("p99", "us", percentile_us(dict(buckets), 0.99))):
            lab.results.add(part, self.case, self.way, quantity, unit, number,
                            value)

    def finish(self, lab, part):
        if not self.buckets:
            lab.results.missing(part, self.case, self.way, "no answers")
            return
        for name, share in (("p50", .5), ("p99", .99), ("p999", .999)):
            lab.results.add(part, self.case, self.way, f"pooled {name}", "us",
                            0, percentile_us(self.buckets, share))
        lab.results.add(part, self.case, self.way, "requests", "", 0,
                        sum(self.buckets.values()))
        lab.results.add(part, self.case, self.way, "failures", "", 0,
                        self.failures)


def cases_of(server):
    if server.ports == 1:
        return [("udp", server.name, 0)]
    return [(kind, f"{server.name}: {text}", int(kind.startswith("https")))
            for kind, text in KINDS.items()]


def start_server(lab, part, server, loads):
    """A list of targets of each way."""
    targets = []
    protocol = "udp" if server.ports == 1 else "tcp"
    for way, start in WAYS.items():
        ports = [lab.port() for _ in range(server.ports)]
        try:
            running = start(lab, way, server, ports, protocol)
            if way not in loads:
                loads[way] = Load(lab, way)
            load = loads[way]
            wait_for_server(load, cases_of(server)[0][0], running.ports[0])
        except (Missing, OSError, subprocess.SubprocessError) as why:
            for _, case, _ in cases_of(server):
                lab.results.missing(part, case, way, why)
            continue
        targets += [Target(case, way, kind, running.ports[index], running, load)
                    for kind, case, index in cases_of(server)]
    return targets


def wait_for_server(load, kind, port):
    wait_until(lambda: load.ask(kind, port, 50)[0] > 0, "answer", 10)


def make_certificate(lab):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         f"{lab.scratch}/key", "-out", f"{lab.scratch}/cert", "-days", "2",
         "-subj", "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(f"{lab.scratch}/key", 0o644)


def run(lab, part, servers, rounds, seconds):
    """Every case in every round, and in it every way: in another order each time.
    The others are slow or far away: a third of the rounds tell as much."""
    loads = {}
    targets = []
    for server in servers:
        try:
            targets += start_server(lab, part, server(lab), loads)
        except Missing as why:
            lab.results.missing(part, server.name, "all", why)
    by_case = {}
    for target in targets:
        by_case.setdefault(target.case, []).append(target)
    for number in lab.turns(rounds, seconds):
        for case in random.sample(list(by_case), len(by_case)):
            for target in random.sample(by_case[case], len(by_case[case])):
                if target.way not in OTHERS or number % 3 == 0:
                    target.measure(lab, part, number)
    for target in targets:
        target.finish(lab, part)
    for load in loads.values():
        load.stop()
    lab.stop()


def measure_requests(lab):
    make_certificate(lab)
    run(lab, "requests", [Nginx, Go], 24, 270)


def measure_datagrams(lab):
    run(lab, "datagrams", [Echo], 30, 50)
