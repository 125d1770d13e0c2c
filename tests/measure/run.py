# SPDX-License-Identifier: ISC
"""usage: run.py GROUP SCALE PART...

Measures these parts, and writes what comes of it to descriptor 3, a JSON object
a line (lab.Results; the machine in the first).  GROUP is a control group of ours,
or empty; SCALE is of the numbers of rounds."""
import os
import platform
import subprocess
import sys
import time

import calls
import growth
import memory
import start
import traffic
from lab import Lab, Missing, Results

PARTS = {"start": start.measure, "calls": calls.measure,
         "memory": memory.measure, "requests": traffic.measure_requests,
         "datagrams": traffic.measure_datagrams, "growth": growth.measure}
COMPARED = ("tini", "dumb-init", "gosu", "authbind", "nginx", "golang-go",
            "socat", "haproxy", "systemd", "iptables", "nftables", "openssl")


def first_line(path, key=""):
    try:
        with open(path) as lines:
            for line in lines:
                if line.startswith(key):
                    return line.rpartition(": ")[2].strip()
    except OSError:
        pass
    return "unknown"


def distribution():
    name = first_line("/usr/lib/os-release", "PRETTY_NAME=")
    return name.removeprefix("PRETTY_NAME=").strip('"')


def version_of(command):
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def versions():
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *COMPARED],
        capture_output=True, text=True).stdout if os.path.exists(
            "/usr/bin/dpkg-query") else ""
    return dict(line.split() for line in listed.splitlines()
                if len(line.split()) == 2)


def machine(lab):
    flags = first_line("/proc/cpuinfo", "flags").split()
    memory_kb = first_line("/proc/meminfo", "MemTotal").split()[0]
    return {
        "processor": first_line("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "virtual": "hypervisor" in flags,
        "memory": f"{int(memory_kb) / 1048576:.0f} GB",
        "kernel": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "distribution": distribution(),
        "lowport": version_of([lab.lowport, "-V"]),
        "versions": versions(),
        "user": "root of the host" if lab.group else "root of a namespace",
    }


def busy():
    """All and idle and stolen ticks of the machine."""
    words = [int(w) for w in first_line("/proc/stat", "cpu ").split()[1:]]
    return sum(words[:8]), words[3] + words[4], words[7]


def main():
    group, scale, *parts = sys.argv[1:]
    results = Results(os.fdopen(3, "w"))
    lab = Lab(results, group or None, float(scale))
    results.write(machine=machine(lab), scale=lab.scale,
                  date=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))
    for part in parts:
        lab.say(f"{part} ...")
        lab.cut_short = ""
        began, load, ticks = time.monotonic(), os.getloadavg()[0], busy()
        try:
            PARTS[part](lab)
        except (Missing, OSError) as why:
            results.missing(part, "all", "all", why)
        finally:
            lab.stop()
            results.flush()
        ticks = [b - a for a, b in zip(ticks, busy())]
        results.write(part=part, cut_short=lab.cut_short, seconds=round(time.monotonic() - began, 1),
                      load=load, stolen=ticks[2] / max(1, ticks[0]))


if __name__ == "__main__":
    main()
