#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# What lowport reports where another user is in it: as root of the sandbox's
# namespaces (SANDBOX_USER=root).

load ../helpers

@test "an entrypoint that cannot change its user: -u or --keep-caps is named" {
	drop='import os; os.setgid(65534); os.setuid(65534)'
	for way in $WAYS; do
		use_way "$way"
		run -1 "$LOWPORT" -u root -p 443:8443 -- python3 -c "$drop"
		[[ $output == *"mapping 443:8443 is unused"*"it is root without \
the capability to change its user: use -u"*"--keep-caps setuid,setgid"* ]]
		# It is not blamed where it can, or where all is well.
		run -0 "$LOWPORT" -u root --keep-caps setuid,setgid \
		    -p 443:8443 -- python3 -c "$drop"
		[[ $output != *"without the capability"* ]]
	done
}

@test "another user's rival on the public port: its user is named" {
	for way in $WAYS; do
		use_way "$way"
		rm -f "$TMPDIR/bound"
		: >"$TMPDIR/log"
		"$LOWPORT" -q -u nobody -p 20443:8443 -- python3 -c '
import os, socket, time
s = socket.socket()
s.bind(("127.0.0.1", 8443))
open(os.environ["TMPDIR"] + "/bound", "w")
time.sleep(100)' 2>>"$TMPDIR/log" &
		lowport=$!
		wait_until [ -e "$TMPDIR/bound" ]
		setpriv --reuid=40002 --regid=40002 --clear-groups python3 -c '
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 20443))
s.listen()
time.sleep(100)' &
		rival=$!
		wait_until grep -q "a process of user 40002 listens at \
127.0.0.1:20443: the server" "$TMPDIR/log"
		kill $rival $lowport
		wait || true
	done
}
