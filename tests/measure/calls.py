# SPDX-License-Identifier: ISC
"""System calls as the server feels them: bind(2), and the tax on others."""
import subprocess

from lab import AS_NOBODY, Missing, permit_authbind

PART = "calls"
CROWD = 1000
SHOW = "--show-expected-port"


def ways(lab):
    """A function of each way: the command and variables that run measure_calls."""
    def user(*options, **variables):
        return lambda: (lab.lowport_command(
            "-p", "443:8443", "--spares", "64", *options, "--"), variables)

    def attach(*options):
        group = []

        def command():
            group[:] = group or lab.attach("-p", "443:8443", *options)
            return group, {}
        return command

    def bpf(*options):
        return lambda: (lab.bpf_command("-p", "443:8443", *options, "--"), {})

    return {
        "bare": lambda: (AS_NOBODY, {}),
        "notify": user("--method", "notify"),
        "observe": user("--method", "notify", LOWPORT_LEARN="observe"),
        "preload": user("--method", "preload"),
        "bpf": bpf(),
        "--attach": attach(),
        "authbind": lambda: ([*AS_NOBODY, "authbind", "--deep"], {}),
        f"notify {SHOW}": user("--method", "notify", SHOW),
        f"observe {SHOW}": user("--method", "notify", SHOW,
                                LOWPORT_LEARN="observe"),
        f"preload {SHOW}": user("--method", "preload", SHOW),
        f"bpf {SHOW}": bpf(SHOW),
    }


def time_calls(lab, case, way, command, number, first, then):
    prefix, variables = command()
    port = "443" if way == "authbind" else "8443"
    for call, *times in lab.output(
            [*prefix, "build/measure_calls", port, str(first), str(then)],
            variables):
        for quantity, value in zip(("p5", "p25", "p50", "p75", "p95"), times):
            lab.results.add(PART, f"{call}{case}", way, quantity, "us", number,
                            float(value))


class Crowd:
    """Processes of another user."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["setpriv", "--reuid=1", "--regid=1", "--clear-groups", "--",
             "build/measure_crowd", str(CROWD)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise Missing(f"no {CROWD} processes here")

    def __exit__(self, *_):
        self.process.communicate()


def every_way(lab, case, commands, number, first, then):
    for way in [*commands]:
        try:
            time_calls(lab, case, way, commands[way], number, first, then)
        except Missing as why:
            del commands[way]
            lab.results.missing(PART, case or "all", way, why)


def measure(lab):
    permit_authbind(lab)
    commands = ways(lab)
    for number in range(lab.rounds(12)):
        every_way(lab, "", commands, number, 60, 60)
    beside = {w: c for w, c in commands.items() if SHOW not in w}
    for number in range(lab.rounds(8)):
        every_way(lab, " alone", beside, number, 60, 60)
        try:
            with Crowd():
                every_way(lab, " beside", beside, number, 60, 60)
        except Missing as why:
            lab.results.missing(PART, "bind beside", "all", why)
            break
    measure_kernel(lab, {w: commands[w] for w in ("bare", "bpf", "--attach")
                         if w in commands})


def measure_kernel(lab, commands):
    """By the kernel bind(2) takes so little more that it takes many to see."""
    if len(commands) > 1:
        for number in range(lab.rounds(40)):
            every_way(lab, " 2000 times", commands, number, 2000, 1)
