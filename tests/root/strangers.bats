#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Other users of the machine, beside a server that is handed its socket by the
# preload library.  Root of the sandbox's namespaces (SANDBOX_USER=root) plays
# both: nobody's server, and a stranger.

load ../helpers

# Both stand in the place of a background shell.
as_nobody() {
	exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

as_stranger() {
	exec setpriv --reuid=40002 --regid=40002 --clear-groups "$@"
}

# start_stranger WHAT: tests/squatter.py, until its input ends.
start_stranger() {
	rm -f "$TMPDIR/end"
	mkfifo "$TMPDIR/end"
	as_stranger python3 tests/squatter.py "$1" >"$TMPDIR/stranger" \
	    <>"$TMPDIR/end" &
	stranger=$!
}

# When it is told to, binds 8443 and says what came of it, and what is open.
BINDS='
import os, socket, sys, time
before = os.listdir("/proc/self/fd")
print("ready", flush=True)
sys.stdin.readline()
begun = time.monotonic()
for n in range(3):
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", 8443))
        print("bound", s.getsockname()[1])
    except OSError as e:
        print(e.strerror)
    s.close()
print("soon" if time.monotonic() - begun < 30 else "late")
print("same" if os.listdir("/proc/self/fd") == before else "planted")'

start_server() {
	rm -f "$TMPDIR/go"
	mkfifo -m 666 "$TMPDIR/go"
	as_nobody "$LOWPORT" -q --method preload -p 443:8443 -- \
	    python3 -c "$BINDS" >"$TMPDIR/server" 0<>"$TMPDIR/go" &
	helper=$!
	wait_until grep -q ready "$TMPDIR/server"
}

@test "preload: who has the name of a dead helper is sent nothing, plants nothing" {
	start_stranger take
	start_server
	kill -KILL "$helper"
	wait "$helper" || true
	wait_until grep -q taken "$TMPDIR/stranger"
	echo >"$TMPDIR/go"
	wait_until grep -qE 'same|planted' "$TMPDIR/server"
	cat "$TMPDIR/server" "$TMPDIR/stranger"
	[ "$(grep -c 'Function not implemented' "$TMPDIR/server")" = 3 ]
	grep -q soon "$TMPDIR/server"
	grep -q same "$TMPDIR/server"
	kill "$stranger"
	wait "$stranger" || true
	[ "$(cat "$TMPDIR/stranger")" = taken ]
}

@test "preload: a crowd of strangers at the name does not keep the server waiting" {
	start_server
	start_stranger crowd
	wait_until grep -q crowded "$TMPDIR/stranger"
	echo >"$TMPDIR/go"
	wait_until grep -qE 'same|planted' "$TMPDIR/server"
	cat "$TMPDIR/server"
	[ "$(grep -c 'bound 443' "$TMPDIR/server")" = 3 ]
	grep -q same "$TMPDIR/server"
	kill "$stranger"
	wait "$stranger" "$helper" || true
}
