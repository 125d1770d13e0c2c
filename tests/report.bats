#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# What lowport reports of a server that does not get its port, or not as meant:
# the true cause, once, and what to do.

load helpers

# counted NUMBER WORDS: so many lines of a run's output say so.
counted() {
	[ "$(grep -c -e "$2" <<<"$output")" -eq "$1" ] || {
		echo "not $1 times '$2' in: $output"
		return 1
	}
}

@test "killed while they bind: nothing is reported of those" {
	for way in fetch observe baseline; do
		use_way "$way"
		run -0 timeout 120 "$LOWPORT" -q -p 1123:9123 -- python3 -c '
import os, random, signal, socket, time
def bind():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 9123))
    return s
for i in range(500):
    p = os.fork()
    if p == 0:
        while True: bind().close()
    time.sleep(random.random() * .006)
    os.kill(p, signal.SIGKILL)
    os.waitpid(p, 0)'
		[ "$output" = "" ]
	done
}

# Binds in processes that are not dumpable, so many.
UNDUMPABLE='
import ctypes, os, socket, sys
for n in range(int(sys.argv[1])):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
        for again in range(3):
            s = socket.socket()
            try: s.bind(("127.0.0.1", 8443))
            except OSError: pass
            s.close()
        os._exit(0)
    os.wait()'

@test "each process that cannot be looked at is reported, with the cause" {
	for way in fetch observe baseline; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c "$UNDUMPABLE" 2
		counted 2 'cannot look at a bind(2) of process .*: it is not dumpable'
		# No flood, and no silence.
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c "$UNDUMPABLE" 30
		counted 16 'cannot look at a bind(2)'
		counted 1 'more messages of this kind were left out'
	done
}

@test "a wild pointer in bind(2) is the server's affair: EFAULT, no message" {
	for way in $WAYS; do
		[ "$way" != preload ] || continue
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c '
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
s = socket.socket()
for pointer in 0, 8, 2**47, 2**63, 2**64 - 4096:
    assert libc.bind(s.fileno(), ctypes.c_void_p(pointer), 16) == -1
    assert ctypes.get_errno() == errno.EFAULT, pointer'
		[ "$output" = "" ]
	done
}

@test "by io_uring: the process is named, and why, with -q too" {
	local status=0

	timeout 1 build/server_uring 8443 || status=$?
	[ "$status" -ne 77 ] || skip "no bind by io_uring on this machine"
	for way in $WAYS; do
		use_way "$way"
		watch -q -p 443:8443 -- build/server_uring 8443
		PATIENCE=20 wait_until logged 'process [0-9]* has port 8443 itself'
		logged "process $(pgrep -P $!) has port 8443 itself: it binds by \
io_uring" || [ "$way" = preload ]
		unwatch
	done
}

@test "by a 32-bit program: likewise" {
	cc -m32 -static -nostdlib -fno-pie -no-pie -O1 -o "$TMPDIR/narrow" \
	    tests/narrow.c 2>/dev/null || skip "no 32-bit compiler here"
	build/foreign || skip "no 32-bit system calls on this machine"
	for way in $WAYS; do
		use_way "$way"
		watch -q -p 443:8443 -- sh -c '"$TMPDIR/narrow"; :'
		PATIENCE=20 wait_until logged \
		    'process [0-9]* has port 8443 itself: it is a 32-bit program'
		unwatch
		watch -p 443:8443 -- sh -c '"$TMPDIR/narrow"; :'
		PATIENCE=20 wait_until logged 'has port 8443 itself: it is'
		unwatch
		grep -q 'is unused: process [0-9]* has port 8443 itself' \
		    "$TMPDIR/log"
	done
}

@test "two strays are reported, each once" {
	local status=0

	timeout 1 build/server_uring 8443 || status=$?
	[ "$status" -ne 77 ] || skip "no bind by io_uring on this machine"
	watch -q -p 443:8443 -p 80:8080 -- sh -c 'build/server_uring 8443 &
	    until [ -e "$TMPDIR/first" ]; do sleep 0.02; done
	    build/server_uring 8080; :'
	wait_until logged 'has port 8443 itself'
	touch "$TMPDIR/first"
	wait_until logged 'has port 8080 itself'
	rm "$TMPDIR/first"
	unwatch
	[ "$(grep -c itself "$TMPDIR/log")" -eq 2 ]
}

@test "another port than the expected one: named as soon as it listens" {
	for way in $WAYS; do
		use_way "$way"
		watch -p 443:8443 -- python3 tests/hold.py 8080
		PATIENCE=20 wait_until logged "mapping 443:8443 is unused: the \
server asked for 8080, not 8443; if it serves there, use -p 443:8080"
		unwatch
		[ "$(grep -c unused "$TMPDIR/log")" -eq 1 ]
	done
}

@test "another port than the expected one: named at the end, as it was seen" {
	run -0 "$LOWPORT" -p 443:8443 -- python3 -c "$UNDUMPABLE" 1
	[[ $output == *"mapping 443:8443 is unused"*"could not be looked at"* ]]
	server='import socket; socket.socket().bind(("127.0.0.1", 8080))'
	for way in fetch baseline; do
		use_way "$way"
		run -0 "$LOWPORT" -p 443:8443 -- python3 -c "$server"
		[[ $output == "lowport: mapping 443:8443 is unused: the server \
asked for 8080, not 8443; if it serves there, use -p 443:8080" ]]
	done
	use_way fetch
	run -0 "$LOWPORT" -p 127.0.0.1:443:8443/udp -- python3 -c '
import socket
socket.socket().bind(("127.0.0.1", 8080))
socket.socket(type=socket.SOCK_DGRAM).bind(("127.0.0.1", 5353))'
	[[ $output == *"asked for 5353, not 8443; if it serves there, use -p 127.0.0.1:443:5353/udp" ]]
}

@test "a second port beside the expected one is nobody's concern" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -p 443:8443 -- python3 -c '
import socket, time
kept = []
for port in 8443, 9000:
    s = socket.socket()
    s.bind(("127.0.0.1", port))
    s.listen()
    kept.append(s)
time.sleep(2) # some looks'
		[ "$output" = "" ]
	done
}

@test "a port that another mapping gives, or has, is not named in its place" {
	server='import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
time.sleep(2) # some looks'
	for way in $WAYS; do
		use_way "$way"
		for mappings in "-p 127.0.0.1:21:2121 -p 127.0.0.2:21:2120" \
		    "-p 21:2121 -p 20:2020"; do
			# shellcheck disable=SC2086
			run -0 "$LOWPORT" $mappings -- python3 -c "$server" 2121
			[[ $output == *"is unused: the server has not bound"* ]]
		done
		run -0 "$LOWPORT" -p 21 -p 20:2020 -- python3 -c "$server" 21
		[[ $output == *"is unused: the server has not bound"* ]]
	done
	use_way fetch
	run -1 "$LOWPORT" -p 21:2121 -p 20:2020 -- python3 -c "$server" 21
	[[ $output == *"mapping 21:2121 is unused: the server asked for 21 itself"* ]]
	[[ $output == *"mapping 20:2020 is unused: the server has not bound"* ]]
}

@test "a server that is configured for the public port: use -p PORT" {
	for way in fetch observe baseline; do
		use_way "$way"
		run -1 "$LOWPORT" -p 443:8443 -- python3 -c '
import socket
socket.socket().bind(("127.0.0.1", 443))'
		[[ $output == *"mapping 443:8443 is unused: the server asked \
for 443 itself"*"; use -p 443"* ]]
		run "$LOWPORT" -p 8443:443 -- python3 -c '
import socket
socket.socket().bind(("127.0.0.1", 8443))'
		[[ $output == *"mapping 8443:443 is unused: the server asked \
for 8443 itself"*"; use -p 443:8443"* ]]
	done
	use_way preload
	run "$LOWPORT" -p 8443:443 true
	[[ $output == *"if it is configured for port 8443, use -p 443:8443"* ]]
}

@test "binds of uncovered addresses: what is said of them is true" {
	server='
import socket, sys
for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
    for address in sys.argv[1:]:
        s = socket.socket(type=kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try: s.bind((address, 9123))
        except OSError: pass
        s.close()'
	for way in $WAYS; do
		use_way "$way"
		# TCP ones can be bound beside the spares, while none listens.
		run -0 "$LOWPORT" -q -p 127.0.0.1:9123/tcp+udp -- \
		    python3 -c "$server" 192.0.2.9
		[[ $output != *"keeps that port"* ]]
		run -0 "$LOWPORT" -q -p 127.0.0.1:443:9123/tcp+udp -- \
		    python3 -c "$server" 127.0.0.2
		[[ $way == observe || $output == *"binds 127.0.0.2:9123, which \
no mapping covers, and keeps that port; give it -p '127.0.0.2:443:9123/udp'"*\
"'127.0.0.2:443:9123'"* ]]
	done
	# No remedy where none is.
	use_way fetch
	run -0 "$LOWPORT" -q -p 127.0.0.1:443:9123/tcp+udp -- \
	    python3 -c "$server" 192.0.2.9
	[ "$output" = "" ]
}

@test "no mapping is to take the place of itself" {
	run -0 "$LOWPORT" -q -p 443:8443 -p 443:8443/udp -- python3 -c '
import socket
socket.socket(type=socket.SOCK_DGRAM).bind(("127.0.0.9", 8443))'
	[[ $output == *"give it -p '127.0.0.9:443:8443/udp' in place of \
'443:8443/udp'" ]]
	run -0 "$LOWPORT" -q -p 990-992:9990-9992 -- python3 -c '
import socket
socket.socket().bind(("127.0.0.9", 9991))'
	[[ $output == *"give it -p '127.0.0.9:990-992:9990-9992' in place of \
'990-992:9990-9992'" ]]
}

@test "a rival that listens on the public port is named" {
	mkfifo "$TMPDIR/go"
	for way in $WAYS; do
		use_way "$way"
		watch -q -p 20443:8443 -- python3 -c '
import os, socket
s = socket.socket()
s.bind(("127.0.0.1", 8443))
print("bound", flush=True)
open(os.environ["TMPDIR"] + "/go").read()
try: s.listen()
except OSError: pass
open(os.environ["TMPDIR"] + "/go").read()' >"$TMPDIR/out"
		wait_until grep -q bound "$TMPDIR/out"
		python3 -c '
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 20443))
s.listen()
time.sleep(100)' &
		rival=$!
		wait_until listening 20443
		echo >"$TMPDIR/go"
		PATIENCE=20 wait_until logged "process $rival (python3) listens at \
127.0.0.1:20443: the server"
		kill $rival
		echo >"$TMPDIR/go"
		wait
	done
}

@test "a client of a daemon that runs outside: its process is named" {
	for way in $WAYS; do
		use_way "$way"
		python3 tests/hold.py 8443 &
		daemon=$!
		wait_until listening 8443
		# No look is had at what runs for less than a moment.
		run -0 "$LOWPORT" -p 443:8443 sleep 0.5
		kill $daemon
		wait $daemon || true
		[[ $output == *"mapping 443:8443 is unused"*"process $daemon \
(python3), which is not below lowport, has port 8443"* ]]
	done
}
