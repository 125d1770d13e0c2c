#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# What other users' processes cost the server; runs as root of the sandbox's
# namespaces (SANDBOX_USER=root), which has their ids.

load ../helpers

teardown() {
	end_jobs
}

# rebinds: microseconds that the server's bind(2) takes, spares used up.
rebinds() {
	"$PLAIN" -q -p 443:8443 -u nobody -- python3 -c '
import socket, time
taken = []
for i in range(60):
    s = socket.socket()
    start = time.perf_counter()
    s.bind(("0.0.0.0", 8443))
    taken.append(time.perf_counter() - start)
    s.listen()
    s.close()
print(int(sorted(taken[10:])[25] * 1e6))'
}

# strangers: processes of another user, each the child of the one before, and
# beside them as many that are not; returns when all are there.
strangers() {
	setpriv --reuid=12345 --regid=12345 --clear-groups python3 -c '
import os, signal
for i in range(150):
    if os.fork() == 0:
        signal.pause()
for i in range(150):
    if os.fork():
        signal.pause()
print("there", flush=True)
signal.pause()' >"$TMPDIR/strangers" &
	wait_until grep -q there "$TMPDIR/strangers"
}

# Each was looked at once, and its ancestors: a hundredfold.
@test "what another user runs does not make a bind slow" {
	alone=$(rebinds)
	strangers
	beside=$(rebinds)
	pkill -KILL -u 12345
	echo "alone $alone us, beside 300 processes $beside us"
	[ "$beside" -lt $((5 * alone)) ]
}
