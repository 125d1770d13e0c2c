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
	rm -f "$TMPDIR/end" "$TMPDIR/stranger"
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
	rm -f "$TMPDIR/go" "$TMPDIR/server"
	mkfifo -m 666 "$TMPDIR/go"
	as_nobody "$LOWPORT" -q --method preload -p 443:8443 -- \
	    python3 -c "$BINDS" >"$TMPDIR/server" 0<>"$TMPDIR/go" &
	helper=$!
	wait_until grep -q ready "$TMPDIR/server"
}

@test "preload: who has the name of a dead helper is sent nothing, plants nothing" {
	start_stranger take
	start_server
	wait_until grep -q found "$TMPDIR/stranger"
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
	[ "$(xargs <"$TMPDIR/stranger")" = "found taken" ]
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

# A UDP server: says so when it has bound, and has closed, and again.
DATAGRAMS='
import socket, sys
for n in range(2):
    print("before", flush=True)
    sys.stdin.readline()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.bind(("0.0.0.0", 5555))
        print("bound", s.getsockname()[1], flush=True)
    except OSError as e:
        print(e.strerror, flush=True)
    sys.stdin.readline()
    s.close()
    print("closed", flush=True)
'

# start_datagrams PUBLIC: that server, by lowport; next_step has it go on.
start_datagrams() {
	rm -f "$TMPDIR/step" "$TMPDIR/out"
	mkfifo "$TMPDIR/step"
	as_nobody "$LOWPORT" -p "$1:5555/udp" -- python3 -c "$DATAGRAMS" \
	    >"$TMPDIR/out" 2>&1 <>"$TMPDIR/step" &
	wait_until grep -q before "$TMPDIR/out"
}

next_step() {
	echo >"$TMPDIR/step"
	wait_until grep -q "$1" "$TMPDIR/out"
}

# Only at one address and one interface: see the next test.
nobody_beside() {
	local place

	for place in $(as_stranger python3 tests/beside.py "$1"); do
		case $place in
		none | 127.0.0.5%lo | fd00::9%lo) ;;
		*) echo "$place could be bound"; return 1 ;;
		esac
	done
}

@test "UDP: no other user binds beside a port that needs no privilege" {
	# The control: a plain server that has SO_REUSEADDR.
	(as_nobody python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 9443))
print("bound", flush=True)
time.sleep(100)') >"$TMPDIR/out" 3>&- &
	plain=$!
	wait_until grep -q bound "$TMPDIR/out"
	run -1 nobody_beside 9443
	kill "$plain"
	wait "$plain" || true
	for way in $WAYS; do
		use_way "$way"
		start_datagrams 9443
		lowport=$!
		nobody_beside 9443
		next_step "bound 9443"
		nobody_beside 9443
		next_step closed
		nobody_beside 9443
		kill "$lowport"
		wait "$lowport" || true
	done
}

@test "UDP: a server gets no port that another user has a part of" {
	for way in $WAYS; do
		use_way "$way"
		start_datagrams 9443
		lowport=$!
		rm -f "$TMPDIR/stranger"
		(as_stranger python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 25, b"lo")
s.bind(("127.0.0.5", 9443))
print("stranger", flush=True)
time.sleep(100)') >"$TMPDIR/stranger" 3>&- &
		stranger=$!
		wait_until grep -q stranger "$TMPDIR/stranger"
		next_step "Address already in use"
		grep -q "user 40002 is bound beside 0.0.0.0:9443" "$TMPDIR/out"
		kill "$stranger"
		wait "$stranger" || true
		kill "$lowport"
		wait "$lowport" || true
	done
}

@test "with -u, the sockets are the user's from the start" {
	as_root() { exec "$PLAIN" -q -u nobody "$@"; }
	(as_root -p 443:8443 -p 53:5353/udp -- sh -c \
	    'cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6;
	     ss -Hltune; exec sleep 100') >"$TMPDIR/out" 3>&- &
	lowport=$!
	wait_until grep -q ":0035 " "$TMPDIR/out"
	# Field 8 of /proc/net/udp is the uid: every pool socket's is nobody's.
	[ "$(awk '$2 ~ /:0035$/ { print $8 }' "$TMPDIR/out" | sort -u)" = 65534 ]
	kill "$lowport"
	wait "$lowport" || true
	run -0 "$PLAIN" -q -u nobody -p 443:8443 -- python3 -c '
import socket
s = socket.create_server(("0.0.0.0", 8443))
for line in open("/proc/net/tcp"):
    # State 0A is TCP_LISTEN: what earlier tests left in TIME_WAIT is uid 0.
    if ":01BB 00000000:0000 0A " in line:
        print(line.split()[7])'
	[ "$(sort -u <<<"$output")" = 65534 ]
}
