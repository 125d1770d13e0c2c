#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# A server that binds its port again and again and closes the socket each time,
# as node's cluster does: lowport reports it, and names the remedy.

load helpers

# Binds over and over; with "listen", the socket listens for a moment.  Another
# mapping's socket goes on listening.
CYCLE='
import socket, sys, time
other = socket.socket()
other.bind(("127.0.0.1", 8080))
other.listen()
while True:
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 8443))
    if "listen" in sys.argv: s.listen()
    time.sleep(0.04)
    s.close()
    time.sleep(0.3)'

@test "a socket of the mapping that is closed again and again: node's cluster" {
	for way in $WAYS; do
		for how in bind listen; do
			use_way "$way"
			watch -p 443:8443 -p 80:8080 -- python3 -c "$CYCLE" $how
			wait_until logged "has bound port 8443 \
[0-9]* times, and closed the socket each time.*--show-expected-port"
			unwatch
			[ "$(wc -l <"$TMPDIR/log")" -eq 1 ]
		done
	done
}

# It answers EADDRINUSE to its workers, which it starts again: that ends with
# --show-expected-port.
@test "node's cluster itself: what is reported is the remedy" {
	type node >/dev/null || skip "node (package nodejs) is not installed"
	echo '
const cluster = require("cluster");
if (cluster.isPrimary) {
  cluster.on("exit", () => cluster.fork());
  cluster.fork();
} else {
  require("http").createServer().listen(8443, () => console.log("listening"));
}' >"$TMPDIR/cluster.js"
	for policy in rr none; do
		export NODE_CLUSTER_SCHED_POLICY=$policy
		watch -p 443:8443 -- node "$TMPDIR/cluster.js"
		PATIENCE=60 wait_until logged "has bound port 8443 [0-9]* \
times.*--show-expected-port"
		unwatch
		[ "$(grep -c ^lowport: "$TMPDIR/log")" -eq 1 ]
		watch --show-expected-port -p 443:8443 -- \
		    node "$TMPDIR/cluster.js" >"$TMPDIR/out"
		wait_until grep -q listening "$TMPDIR/out"
		unwatch
		[ ! -s "$TMPDIR/log" ]
	done
}

@test "sockets that are bound often, and held: none is closed again and again" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c '
import socket, time
held = []
for i in range(12):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", 8443))
    s.listen()
    held = (held + [s])[-2:]
    time.sleep(0.3)'
		[ "$output" = "" ]
		# What the end closes.
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c '
import socket
held = []
for i in range(3):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", 8443))
    held.append(s)'
		[ "$output" = "" ]
	done
}
