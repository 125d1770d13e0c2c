#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""usage: server.py [PORT]

A server for Type=notify: binds PORT (8443) over IPv4 and IPv6, and reports to
the service manager what sd_notify(3) has, as if libsystemd did it for it.

It sends its number to each client.  If the manager asks this process for it, it
pings the watchdog, and until it does anything else its status counts the pings.

    SIGHUP   reloads
    SIGUSR1  a child goes on in its place, by MAINPID=
    SIGUSR2  stores its socket, and no more pings
    SIGTERM  prints that, and ends with 143, as a JVM does
"""
import array
import os
import select
import signal
import socket
import sys
import time

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8443


def notify(*fields, descriptors=()):
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(address.replace("@", "\0", 1))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                   array.array("i", descriptors))] if descriptors else []
        s.sendmsg(["\n".join(fields).encode()], rights)


def listener():
    """The one that the manager has stored, or a new one."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        print("taken from the store", flush=True)
        return socket.socket(fileno=3)
    s = socket.create_server(("::", PORT), family=socket.AF_INET6,
                             dualstack_ipv6=True, backlog=512)
    return s


def period():
    """Seconds between two pings: a tenth of what the manager allows, as a busy
    machine may be late by more than half of it (sd_watchdog_enabled(3))."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    usec = os.environ.get("WATCHDOG_USEC")
    return int(usec) / 1e7 if usec else None


def become_child():
    """Returns in the child.  The manager believes the parent alone."""
    child = os.fork()
    if child > 0:
        notify(f"MAINPID={child}", "STATUS=child")
        os._exit(0)


def main():
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2,
                   signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server, every, pings, counts = listener(), period(), 0, True
    notify("READY=1", "STATUS=serving")
    while True:
        ready = select.select([read, server], [], [], every)[0]
        if not ready:
            pings += 1
            notify("WATCHDOG=1", *[f"STATUS=pings {pings}"] * counts)
        if server in ready:
            client = server.accept()[0]
            client.sendall(b"%d\n" % os.getpid())
            client.close()
        for number in os.read(read, 64) if read in ready else b"":
            print("signal", number, flush=True)
            counts = False
            if number == signal.SIGHUP:
                usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                notify("RELOADING=1", f"MONOTONIC_USEC={usec}")
                notify("READY=1", "STATUS=reloaded")
            if number == signal.SIGUSR1:
                become_child()
            if number == signal.SIGUSR2:
                notify("FDSTORE=1", "FDNAME=own", "STATUS=stored",
                       descriptors=[server.fileno()])
                every = None
            if number == signal.SIGTERM:
                sys.exit(143)


main()
