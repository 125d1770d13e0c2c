#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# usage: tests/filters.py FILTERS.H x86_64|aarch64
#
# Runs the filters that were compiled for a machine as its kernel would, which
# QEMU's user emulation does not: the calls that matter must have the right
# verdict.  On the machine itself tests/test_seccomp.c asks the kernel.
import re
import struct
import sys

ALLOW, NOTIFY, KILL = 0x7fff0000, 0x7fc00000, 0x80000000
EPERM = 0x50001
MACHINES = {
    "x86_64": (0xc000003e, {"bind": 49, "setsockopt": 54, "getpid": 39,
                            "execve": 59, "openat": 257, "write": 1,
                            "ppoll": 271, "socket": 41, "capset": 126,
                            "ioctl": 16, "x32 ioctl": 0x40000000 + 514}),
    "aarch64": (0xc00000b7, {"bind": 200, "setsockopt": 208, "getpid": 172,
                             "execve": 221, "openat": 56, "write": 64,
                             "ppoll": 73, "socket": 198, "capset": 91,
                             "ioctl": 29}),
}
O_RDWR, UNNAMED, O_PATH = 2, 0o20000000, 0o10000000
FOREIGN = 0x40000028  # 32-bit ARM
# What 32-bit programs run as there, and their ioctl(2).
BESIDE = {"x86_64": (0x40000003, 54), "aarch64": (FOREIGN, 54)}
TIOCSTI, TIOCLINUX, TIOCGWINSZ = 0x5412, 0x541c, 0x5413
O_WRONLY, SOL_SOCKET, SO_REUSEPORT, SO_ERROR = 1, 1, 15, 4
DIRTY = 0xdead00000000  # what a 64-bit register may have above an int

CASES = [
    ("fetch", "bind", (3, 0, 16), NOTIFY),
    ("fetch", "setsockopt", (3, SOL_SOCKET, SO_REUSEPORT), ALLOW),
    ("fetch", "execve", (), ALLOW),
    ("fetch", "socket", (), ALLOW),
    ("observe", "bind", (3, 0, 16), NOTIFY),
    ("observe", "setsockopt", (3, SOL_SOCKET, SO_REUSEPORT), NOTIFY),
    ("observe", "setsockopt", (3, DIRTY + SOL_SOCKET, DIRTY + SO_REUSEPORT),
     NOTIFY),
    ("observe", "setsockopt", (3, SOL_SOCKET, SO_ERROR), ALLOW),
    ("observe", "getpid", (), ALLOW),
    ("helper", "getpid", (), ALLOW),
    ("helper", "ppoll", (), ALLOW),
    ("helper", "bind", (), ALLOW),
    ("helper", "openat", (0, 0, 0), ALLOW),
    ("helper", "openat", (0, 0, O_WRONLY), KILL),
    ("helper", "openat", (0, 0, UNNAMED), KILL),
    ("helper", "openat", (0, 0, O_PATH), KILL),
    ("helper", "process_vm_writev", (), KILL),
    ("helper_expected", "process_vm_writev", (), ALLOW),
    ("helper_expected", "openat", (0, 0, 0), ALLOW),
    ("helper_expected", "openat", (0, 0, O_RDWR), KILL),
    ("helper_expected", "openat", (0, 0, O_RDWR + UNNAMED), KILL),
    ("helper", "write", (2,), ALLOW),
    ("helper", "write", (1,), KILL),
    ("helper", "execve", (), KILL),
    ("helper", "socket", (), KILL),
    ("helper", "capset", (), KILL),
    ("terminal", "ioctl", (0, TIOCSTI), EPERM),
    ("terminal", "ioctl", (0, TIOCLINUX), EPERM),
    ("terminal", "ioctl", (0, DIRTY + TIOCSTI), EPERM),
    ("terminal", "x32 ioctl", (0, TIOCSTI), EPERM),
    ("terminal", "ioctl", (0, TIOCGWINSZ), ALLOW),
    ("terminal", "bind", (3, 0, 16), ALLOW),
]


def run(program, number, machine, arguments):
    data = struct.pack("<iIQ6Q", number, machine, 0,
                       *(tuple(arguments) + (0,) * 6)[:6])
    a = at = 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == 0x20:  # load a word of data
            a, = struct.unpack_from("<I", data, k)
        elif code == 0x54:
            a &= k
        elif code == 0x05:
            at += k
        elif code == 0x06:
            return k
        else:
            at += yes if {0x15: a == k, 0x25: a > k, 0x35: a >= k,
                          0x45: a & k}[code] else no


with open(sys.argv[1], encoding="ascii") as file:
    filters = {
        name: [tuple(int(number, 0) for number in row.split(","))
               for row in re.findall(r"\{([^{}]*)\}", body)]
        for name, body in re.findall(r"(\w+)_filter\[\] = \{(.*?)\};",
                                     file.read(), re.S)}
machine, numbers = MACHINES[sys.argv[2]]
wrong = 0
cases = [case for case in CASES if case[1] in numbers]
for name, call, arguments, expected in cases:
    got = run(filters[name], numbers[call], machine, arguments)
    if got != expected:
        print("%s %s%s: %#x, not %#x" % (name, call, arguments, got, expected))
        wrong += 1
for name, expected in ("fetch", ALLOW), ("observe", ALLOW), ("helper", KILL):
    if run(filters[name], numbers["bind"], FOREIGN, ()) != expected:
        print("%s: another machine's call" % name)
        wrong += 1
other, ioctl = BESIDE[sys.argv[2]]
for request, expected in (TIOCSTI, EPERM), (TIOCLINUX, EPERM), (TIOCGWINSZ, ALLOW):
    if run(filters["terminal"], ioctl, other, (0, request)) != expected:
        print("terminal: ioctl %#x of a 32-bit program" % request)
        wrong += 1
print("%s: %d verdicts, %d wrong" % (sys.argv[2], len(cases) + 6, wrong))
sys.exit(wrong != 0)
