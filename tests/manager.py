#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""usage: manager.py NAME COMMAND [ARG...]

Plays a service manager: starts COMMAND with a socket at NAME, a path or an
abstract name with "@", for sd_notify(3), and with its number in WATCHDOG_PID,
LISTEN_PID and SYSTEMD_EXEC_PID.  Prints each report, one a line with blanks
between its fields; who sent it, "main" or another process; and what is read from
the descriptors that came with it.

"manager.py report TEXT [DESCRIPTORS]" sends such a report, with so many."""
import array
import os
import socket
import struct
import sys
import threading

NUMBERS = ("WATCHDOG_PID", "LISTEN_PID", "SYSTEMD_EXEC_PID")


def address(name):
    return name.replace("@", "\0", 1) if name[0] == "@" else name


def report(text, count):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect(address(os.environ["NOTIFY_SOCKET"]))
    pipes = [os.pipe() for _ in range(count)]
    for i, pipe in enumerate(pipes):
        os.write(pipe[1], b"%d" % i)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
               array.array("i", [pipe[0] for pipe in pipes]))]
    s.sendmsg([text.encode()], rights if count else [])


def show(main, text, controls):
    words, sender = text.decode().split("\n"), 0
    for level, kind, data in controls:
        if kind == socket.SCM_CREDENTIALS:
            sender = struct.unpack("iII", data)[0]
        if kind == socket.SCM_RIGHTS:
            for fd in array.array("i", data):
                words.append("<" + os.read(fd, 9).decode() + ">")
                os.close(fd)
    print("main:" if sender == main else "other:", *words, flush=True)


def manage(name, command):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    s.bind(address(name))
    main = os.fork()
    if main == 0:
        numbers = {name: str(os.getpid()) for name in NUMBERS}
        os.execvpe(command[0], command, {**os.environ, **numbers,
                                         "NOTIFY_SOCKET": name})

    def show_all():
        while True:
            text, controls, _, _ = s.recvmsg(9999, 9999)
            if text == b"end":
                return
            show(main, text, controls)

    thread = threading.Thread(target=show_all)
    thread.start()
    status = os.waitstatus_to_exitcode(os.waitpid(main, 0)[1])
    os.environ["NOTIFY_SOCKET"] = name
    report("end", 0)
    thread.join()
    return status


if sys.argv[1] == "report":
    report(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
else:
    sys.exit(manage(sys.argv[1], sys.argv[2:]))
