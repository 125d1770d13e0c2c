# SPDX-License-Identifier: ISC
"""How start, bind and memory grow with ports and with workers."""
import resource

from lab import AS_NOBODY, Missing
from memory import SERVER, beside_server
from start import MARK

PART = "growth"
PORTS = (1, 4, 16, 64, 256, 1024, 4096)
WORKERS = (1, 4, 16, 64)
FIRST = 20000
REBINDS = 2048
SHARED = ["--spares", "64", "-p", f"30000:{FIRST}"]


# lowport(1), --spares: with one spare, and few kinds of bind, four a port do, and
# lowport's own.
def allow_descriptors(ports):
    wanted = ports * 4 + 64
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit not in (-1, resource.RLIM_INFINITY) and limit < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (OSError, ValueError):
            raise Missing(f"takes {wanted} descriptors, of which this user may"
                          f" have {limit}") from None


def mapping(ports):
    last = ports - 1
    return ["--spares", "1", "-p", f"0.0.0.0:30000-{30000 + last}:"
            f"{FIRST}-{FIRST + last}" if last else f"0.0.0.0:30000:{FIRST}"]


def prefixes(lab, mapped):
    """A function of each way, of what stands before a server's command."""
    return {
        "bare": lambda: AS_NOBODY,
        "notify": lambda: lab.lowport_command("--method", "notify", *mapped,
                                              "--"),
        "preload": lambda: lab.lowport_command("--method", "preload", *mapped,
                                               "--"),
        "bpf": lambda: lab.bpf_command(*mapped, "--"),
    }


def time_start(lab, way, prefix, ports, rounds):
    case = f"ports {ports}"
    words = ["way", "0", *prefix, MARK, str(FIRST)]
    lines = lab.output(["build/measure_start", str(rounds), "0", *words])
    for number, (_, main, *_) in enumerate(lines):
        lab.results.add(PART, case, way, "start", "us", number, float(main))


def run_time(pid):
    """The processor time of one process, in microseconds."""
    with open(f"/proc/{pid}/schedstat") as stat:
        return int(stat.read().split()[0]) / 1e3


def time_rebinds(lab, way, prefix, ports, number):
    """Every port in turn; then what stays beside the server."""
    case = f"ports {ports}"
    process, said = lab.start_until_ready(
        [*prefix, f"build/{SERVER}", str(FIRST), str(ports), str(REBINDS)])
    lab.results.add(PART, case, way, "bind", "us", number,
                    float(said["bind"][2]))
    lab.results.add(PART, case, way, "rebinds", "/s", number,
                    REBINDS / float(said["seconds"][0]))
    if way != "bare":
        lab.results.add(PART, case, way, "memory", "kB", number,
                        beside_server(lab, [process.pid])["own"])


def time_workers(lab, way, prefix, workers, number):
    """All bind at once; what that takes of the helper, which is the process that
    was started."""
    case = f"workers {workers}"
    process, _ = lab.start_until_ready(
        [*prefix, "build/measure_workers", str(FIRST), str(workers)])
    before = run_time(process.pid)
    process.stdin.write("\n")
    process.stdin.flush()
    said = {name: words for line in (process.stdout.readline(),
                                     process.stdout.readline())
            for name, *words in [line.split()]}
    used = run_time(process.pid) - before
    lab.results.add(PART, case, way, "all listen", "us", number,
                    float(said["all"][0]))
    lab.results.add(PART, case, way, "bind", "us", number,
                    float(said["bind"][2]))
    if way in ("notify", "preload"):
        lab.results.add(PART, case, way, "helper", "us", number,
                        used / workers)


def try_one(lab, case, way, measure_one, *arguments):
    try:
        measure_one(*arguments)
    except Missing as why:
        lab.results.missing(PART, case, way, why)
        return False
    finally:
        lab.stop()
    return True


def measure_ports(lab, ports, number, refused):
    def one(way, prefix, number):
        if way in ("notify", "preload"):
            allow_descriptors(ports)
        command = prefix()
        time_start(lab, way, command, ports, 3)
        time_rebinds(lab, way, command, ports, number)

    for way, prefix in prefixes(lab, mapping(ports)).items():
        if (way, ports) not in refused and not try_one(
                lab, f"ports {ports}", way, one, way, prefix, number):
            refused.add((way, ports))


def measure(lab):
    refused = set()
    for number in lab.turns(4, 60):
        for ports in PORTS:
            measure_ports(lab, ports, number, refused)
    for number in lab.turns(10, 15):
        for workers in WORKERS:
            for way, prefix in prefixes(lab, SHARED).items():
                if (way, workers) not in refused and not try_one(
                        lab, f"workers {workers}", way, lambda: time_workers(
                            lab, way, prefix(), workers, number)):
                    refused.add((way, workers))
