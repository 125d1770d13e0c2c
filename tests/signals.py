# SPDX-License-Identifier: ISC
"""usage: signals.py NAME: says "ready", waits for the signal, and says how
often it came: once more than it arrives within a moment."""
import signal
import sys

name = sys.argv[1]
number = {"RTMIN": signal.SIGRTMIN, "RTMAX": signal.SIGRTMAX}.get(name)
number = number or getattr(signal, "SIG" + name)
# Blocked and fetched: one that comes between two lines is not lost.
signal.pthread_sigmask(signal.SIG_BLOCK, {number})
print("ready", flush=True)
signal.sigwait({number})
count = 1
# A second one would have been sent together with the first.
while signal.sigtimedwait({number}, 0.1):
    count += 1
print(name, count, flush=True)
