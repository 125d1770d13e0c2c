# SPDX-License-Identifier: ISC
"""usage: signals.py NAME: says "ready", waits for the signal, and says how
often it came: once more than it arrives within a moment."""
import signal
import sys
import time

name = sys.argv[1]
number = {"RTMIN": signal.SIGRTMIN, "RTMAX": signal.SIGRTMAX}.get(name)
number = number or getattr(signal, "SIG" + name)
count = 0


def note(*_):
    global count
    count += 1


signal.signal(number, note)
print("ready", flush=True)
while count == 0:
    signal.pause()
# A second one would have been sent together with the first.
time.sleep(0.1)
print(name, count, flush=True)
