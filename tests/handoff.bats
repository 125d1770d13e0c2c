#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The hand-off, each claim by every way it can go (helpers.bash, WAYS).  By bpf
# it takes root of the host: root/handoff_bpf.bats is this file once more, but for the
# tests with the tag sockets, which are about those that lowport binds.
# bats file_tags=bpf

load helpers

@test "the server owns the public port, nothing listens on the expected one" {
	for way in $WAYS; do
		use_way "$way"
		"$LOWPORT" -q -p 443:8443 -- python3 tests/hold.py 8443 &
		wait_until listening 443
		not listening 8443
		kill $!
		wait $! || true
		not listening 443
	done
}

@test "helper and server hold no capability, and are confined" {
	for way in $WAYS; do
		use_way "$way"
		"$LOWPORT" -q -p 443:8443 -- python3 tests/hold.py 8443 &
		wait_until listening 443
		[ "$(security_of $!)" = "$NOTHING_HELD" ]
		held=$NOTHING_HELD
		# By bpf, there is a filter only where there is a terminal.
		[ "$way" != bpf ] || held=${NOTHING_HELD/Seccomp:2/Seccomp:?}
		[ "$way" != preload ] || held=$NOTHING_HELD_PRELOADED
		# shellcheck disable=SC2053
		[[ "$(security_of "$(pgrep -P $!)")" == $held ]]
		kill $!
		wait $! || true
	done
}

@test "the control: before lowport, a process here is not confined" {
	run security_of $$
	[ "$output" != "$NOTHING_HELD" ]
}

@test "every kind of address gets the public port, and only the port changes" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 tests/addresses.py
	done
}

@test "a mapping with an address covers that one, and not the others" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 127.0.0.2:443:8443 \
		    -p '[::1]:443:8443' -- python3 -c '
import socket
def bound(family, host):
    s = socket.socket(family)
    s.bind((host, 8443))
    return s.getsockname()[:2]
assert bound(socket.AF_INET, "127.0.0.2") == ("127.0.0.2", 443)
assert bound(socket.AF_INET6, "::1") == ("::1", 443)
assert bound(socket.AF_INET, "127.0.0.1") == ("127.0.0.1", 8443)'
	done
}

@test "an identity mapping" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443 -- python3 -c '
import socket
s = socket.socket()
s.bind(("0.0.0.0", 443))
s.listen()
socket.create_connection(("127.0.0.1", 443)).close()'
	done
}

@test "two mappings, each its own" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -p 80:8080 -- python3 -c '
import socket
for expected, public in ((8443, 443), (8080, 80), (8443, 443)):
    s = socket.socket()
    s.bind(("", expected))
    assert s.getsockname()[1] == public'
	done
}

@test "bind(2) returns what the kernel returns, for good and bad arguments" {
	"${AS_SERVER[@]}" build/server_errors 8443 >"$TMPDIR/bare"
	for way in $WAYS; do
		use_way "$way"
		"$LOWPORT" -q -p 443:8443 -- build/server_errors 8443 \
		    >"$TMPDIR/wrapped"
		expect_repeats "$way" <"$TMPDIR/bare" |
			diff - "$TMPDIR/wrapped"
	done
}

# expect_repeats WAY: copies what the kernel returns; but if a signal may have
# repeated a bind, the same bind again succeeds: by observe, also of a socket that
# listens already.
expect_repeats() {
	if ! binds_may_repeat; then
		cat
	elif [ "$1" = observe ]; then
		sed -E '/^(the same|a listening) socket/s/EINVAL/ok/'
	else
		sed '/^the same socket/s/EINVAL/ok/'
	fi
}

@test "socket options and descriptor flags survive" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 tests/options.py
		[[ $output == *"options survive"* ]]
	done
}

@test "eight SO_REUSEPORT workers all listen" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q --spares 8 -p 443:8443 -- \
		    python3 tests/workers.py 8
		[ "$output" = "8 workers, 8 sockets, all reached" ]
		# With fewer spares some of them share a socket; the kernel's own
		# have none.
		run -0 "$LOWPORT" -q --spares 4 -p 443:8443 -- \
		    python3 tests/workers.py 8
		sockets=4
		[ "$way" != bpf ] || sockets=8
		[ "$output" = "8 workers, $sockets sockets, all reached" ]
	done
}

@test "a second server without SO_REUSEPORT gets EADDRINUSE, spares or none" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c '
import errno, socket
def server():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", 8443))
    s.listen()
    return s
first = server()
for i in range(9):
    try:
        server()
        raise SystemExit("two servers listen")
    except OSError as e:
        assert e.errno == errno.EADDRINUSE, e
first.close()
server()'
	done
}

@test "a server that binds after it has daemonized, and lowport waits for it" {
	for way in $WAYS; do
		use_way "$way"
		"$LOWPORT" -q -p 443:8443 -- sh -c 'echo $$ >"$TMPDIR/first"
		    exec python3 tests/daemon.py 8443' &
		wait_until listening 443
		wait_until gone "$(cat "$TMPDIR/first")"
		kill -0 $!
		kill -TERM $!
		wait $!
		not listening 443
	done
}

@test "a program of a foreign architecture in the tree runs on" {
	local status=0

	build/foreign || status=$?
	[ "$status" -ne 77 ] || skip "no 32-bit system calls on this machine"
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- build/foreign
		[ "$output" = "32-bit getpid: right" ]
	done
}

# bats test_tags=sockets
@test "inside another listener, with notify alone: refused, the cause told" {
	run "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" -q --method notify -p 20443:9443 true
	[ "$status" -eq 125 ]
	[[ $output == *"intercepts calls of this process already"* ]]
}

@test "nginx answers over TLS on 443, IPv4 and IPv6, with reuseport workers" {
	"${AS_SERVER[@]}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -subj /CN=localhost -keyout "$TMPDIR/key.pem" \
	    -out "$TMPDIR/cert.pem" 2>/dev/null
	sed "s|@|$TMPDIR|g" tests/nginx.conf >"$TMPDIR/nginx.conf"
	for way in $WAYS; do
		use_way "$way"
		"$LOWPORT" -q -p 443:8443 -- nginx -e stderr \
		    -c "$TMPDIR/nginx.conf" &
		for host in 127.0.0.1 '[::1]'; do
			wait_until curl -gks "https://$host/"
			[ "$(curl -gks "https://$host/")" = "hello ${host//[][]/}" ]
		done
		not listening 8443
		kill $!
		wait $! || true
	done
}

@test "a server without main thread: before Linux 6.9 a failure that is told" {
	local served="fetch observe bpf" failing=baseline

	# Before, there is no pidfd for a thread: nothing to fetch from.
	kernel_since 6.9 || served="observe bpf" failing="fetch baseline"
	for way in $(those_of $served); do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- build/server_leader 8443
		[ "$output" = 443 ]
	done
	for way in $(those_of $failing); do
		use_way "$way"
		run -1 "$LOWPORT" -q -p 443:8443 -- build/server_leader 8443
		[[ $output == *"cannot look at a bind(2)"*"its main thread has ended"* ]]
		[[ $output == *EACCES* ]]
	done
}

@test "a server's own sandbox is not weakened: Landlock judges its binds" {
	run -0 python3 tests/landlock.py 9999
	[ "$output" != "no landlock" ] || skip "no Landlock with TCP rules here"
	[ "$output" = refused ]
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 tests/landlock.py \
		    9999
		[ "$output" = refused ]
	done
}

@test "a server's own sandbox is not weakened: no port that Landlock forbids" {
	run -0 python3 tests/landlock.py 9999
	[ "$output" != "no landlock" ] || skip "no Landlock with TCP rules here"
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 tests/landlock.py \
		    8443
		echo "$way: $output"
		[ "${lines[-1]}" = refused ] || [ "${lines[0]}" = refused ]
		# Here lowport refuses, elsewhere the kernel.
		[ "$way" = preload ] || [ "$way" = bpf ] ||
			[[ $output == *"is not handed port 8443 (EACCES)"* ]]
		# The twins: its parent, and beside it.
		run -0 "$LOWPORT" -q -p 443:8443 -- sh -c '
		    python3 tests/landlock.py 9999
		    exec python3 tests/serve_once.py 8443 443'
		echo "$way: $output"
		[ "$output" = "refused
reached" ]
	done
}

# bind(2) of a port, and what it came to.
ELSEWHERE='
import socket, sys
s = socket.socket()
try:
    s.bind(("127.0.0.1", int(sys.argv[1])))
    print("got", s.getsockname()[1])
except OSError as e:
    print(e.strerror)'
POWERLESS=(setpriv --securebits +noroot --inh-caps=-all --bounding-set=-all)

# By bpf it has those of its own network: root/bpf.bats.
# bats test_tags=sockets
@test "another network namespace: no port of this one, no right of the helper" {
	run -0 unshare -Urn "${POWERLESS[@]}" python3 -c "$ELSEWHERE" 80
	[ "$output" = "Permission denied" ] # the control
	for way in $WAYS; do
		use_way "$way"
		for port in 80 443; do
			run -0 "$LOWPORT" -q -p 443:8443 -- \
			    unshare -Urn "${POWERLESS[@]}" python3 -c "$ELSEWHERE" $port
			echo "$way: $output"
			[ "$output" = "Permission denied" ]
		done
		run -0 "$LOWPORT" -q -p 443:8443 -- \
		    unshare -Urn "${POWERLESS[@]}" python3 -c "$ELSEWHERE" 8443
		echo "$way: $output"
		[ "${lines[-1]}" = "got 8443" ] || [ "${lines[0]}" = "got 8443" ]
		[ "$way" = preload ] ||
			[[ $output == *"in another network namespace, and keeps"* ]]
		# The twin: other namespaces, but this network.
		for kind in -U -Ur -Urm; do
			run -0 "$LOWPORT" -q -p 443:8443 -- \
			    unshare $kind python3 -c "$ELSEWHERE" 8443
			echo "$way $kind: $output"
			[ "$output" = "got 443" ]
			run -0 "$LOWPORT" -q -p 443:8443 -- \
			    unshare $kind python3 -c "$ELSEWHERE" 80
			[ "$output" = "Permission denied" ]
		done
	done
}

# The server's limit of descriptors is below the one it binds.
@test "UDP: a socket that does not reach its server takes no datagram" {
	local server='
import os, resource, socket
def bound(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 8443))
    s.settimeout(60)
    return s
listener = bound("0.0.0.0")
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.bind(("127.0.0.1", 0))
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
for i in range(20):
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    high = socket.socket(fileno=os.dup2(own.fileno(), 150))
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        high.bind(("127.0.0.1", 8443))
        print("bound")
    except OSError:
        pass
    high.close()
    own.close()
    client.sendto(b"%d" % i, ("127.0.0.1", 443))
    print(listener.recv(9).decode())
bound("127.0.0.1")
print("done")'

	for way in $(those_of fetch observe baseline); do
		use_way "$way"
		run -0 timeout "$PATIENCE" "$LOWPORT" -q -p 443:8443/udp -- \
		    python3 -c "$server"
		[ "$output" = "$(seq 0 19)"$'\n'done ]
	done
}

@test "UDP: in every form, no datagram is lost, options survive" {
	for way in $WAYS; do
		use_way "$way"
		run -0 timeout -k 1 "$PATIENCE" "$LOWPORT" -q --spares 2 \
		    -p 443:8443/udp -- python3 tests/datagrams.py
		echo "$way: $output"
		grep -qx ok <<<"$output"
	done
}

@test "UDP: a port in use is refused, in spite of SO_REUSEADDR" {
	"${AS_SERVER[@]}" python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 20443))
open("'"$TMPDIR/bound"'", "w")
time.sleep(100)' &
	wait_until [ -e "$TMPDIR/bound" ]
	rm "$TMPDIR/bound"
	run "$LOWPORT" -p 20443:8443/udp -- true
	kill $!
	[ "$status" -eq 125 ]
	[[ $output == *"cannot bind 0.0.0.0:20443: the port is in use at \
127.0.0.1:20443 by process $! (python3)"* ]]
	wait $! || true
	run -0 "$LOWPORT" -q -p 20443:8443/udp -- true
}

@test "UDP: before the server has bound, and after it ended, nobody takes it" {
	probe='import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect(("127.0.0.1", 443))
s.send(b"x")
try:
    s.recv(10)
except ConnectionRefusedError:
    print("refused")'
	run -0 "$LOWPORT" -q -p 443:8443/udp -- python3 -c "$probe"
	[ "$output" = refused ]
	# The helper keeps one until it has looked whether a socket has arrived.
	run -0 timeout "$PATIENCE" "$LOWPORT" -q -p 443:8443/udp -- sh -c 'python3 -c "
import socket
for n in range(40):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((\"0.0.0.0\", 8443))
    s.close()"; until python3 -c "$0" 2>/dev/null; do :; done' "$probe"
	[ "$output" = refused ]
}

# bats test_tags=sockets
@test "UDP: a socket for each client, as many at a time as there are spares" {
	for way in $WAYS; do
		use_way "$way"
		run -0 timeout -k 1 "$PATIENCE" "$LOWPORT" --spares 4 -p 443:8443/udp -- \
		    python3 tests/clients.py 0.0.0.0 4
		echo "$way: $output"
		[[ ${lines[0]} == *"all UDP sockets for 127.0.0.1:443 are in \
use, 4 of them connected, and bind(2) fails (EADDRINUSE)"*"--spares"* ]]
		[ "${lines[1]}" = "20 clients, and 4 at once" ]
		[ "${#lines[@]}" -eq 2 ]
		# Where the listener is of that address too, it has one.
		for mapped in 127.0.0.1 "[fd00::9]"; do
			address=${mapped//[][]/}
			run -0 timeout -k 1 "$PATIENCE" "$LOWPORT" -q --spares 4 \
			    -p "$mapped:443:8443/udp" -- \
			    python3 tests/clients.py "$address" 3
			[ "$output" = "20 clients, and 3 at once" ]
		done
	done
}

@test "both protocols in one mapping, and the one that is missing is told" {
	server='import socket
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    s = socket.socket(socket.AF_INET, kind)
    s.bind(("0.0.0.0", 8443))
    print(s.getsockname()[1])'
	run -0 "$LOWPORT" -q -p 443:8443/tcp+udp -- python3 -c "$server"
	[ "$output" = "443
443" ]
	run -0 "$LOWPORT" -p 443:8443 -- python3 -c "$server"
	[[ $output == *"0.0.0.0:8443, which no mapping covers, and "*" that port"*"; \
give it -p '443:8443/udp'"* ]]
	run -0 "$LOWPORT" -p 443:8443/tcp+udp -- true
	[[ $output == *"mapping 443:8443 is unused"*"mapping 443:8443/udp"* ]]
}

@test "ranges: each port has its own, and 1,000 are no matter" {
	server='import socket, sys
for port in map(int, sys.argv[1:]):
    s = socket.socket()
    s.bind(("127.0.0.1", port))
    print(s.getsockname()[1])'
	run -0 "$LOWPORT" -q -p 990-1000:9990-10000 -- python3 -c "$server" \
	    9990 9995 10000 10001 9989
	[ "${lines[*]}" = "990 995 1000 10001 9989" ]
	run -0 "$LOWPORT" -q -p 20-21 -p 600-605:8600-8605/tcp+udp -- \
	    python3 -c "$server" 20 21 8600 8605
	[ "${lines[*]}" = "20 21 600 605" ]
	run -0 timeout "$PATIENCE" "$LOWPORT" -q -p 1-600:20001-20600 \
	    -p 1000-1399:21000-21399/udp -- python3 -c "$server" 20001 20600
	[ "${lines[*]}" = "1 600" ]
	run -125 "$LOWPORT" -p 1000-5096:21000-25096 -- true
	[[ $output == *"the mappings have more than 4096 ports"* ]]
}

# bats test_tags=sockets
@test "ranges: more sockets than file descriptors are refused" {
	run -125 bash -c 'ulimit -n 1000; exec "$0" -p 1000-1999:21000-21999 \
	    true' "$LOWPORT"
	[[ $output == *"cannot make the 13000 sockets"*"1000 file descriptors"* ]]
}

# The loopback's addresses have spares as the wildcards have.
@test "SO_REUSEPORT workers on the loopback have a socket each" {
	for way in $WAYS; do
		use_way "$way"
		for address in 127.0.0.1 ::1 ::ffff:127.0.0.1 0.0.0.0; do
			run -0 "$LOWPORT" -q -p 443:8443 --spares 4 -- \
			    python3 -c '
import os, socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
sockets = []
for n in range(3):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((sys.argv[1], 8443))
    s.listen(64)
    sockets.append(s)
print(len({os.fstat(s.fileno()).st_ino for s in sockets}))' $address
			[ "$output" = 3 ]
		done
	done
}
