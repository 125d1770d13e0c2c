#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Socket activation: mappings by descriptor, 443:@https.

load helpers

# What sd_listen_fds(3) and its names would say, and each socket.
LISTEN='
import os, socket
count = int(os.environ.get("LISTEN_FDS", 0))
names = os.environ.get("LISTEN_FDNAMES", "").split(":")
if int(os.environ.get("LISTEN_PID", 0)) != os.getpid():
    count = 0
for fd in range(3, 3 + count):
    s = socket.socket(fileno=fd)
    kind = "tcp" if s.type == socket.SOCK_STREAM else "udp"
    listens = s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    print(names[fd - 3], kind, *s.getsockname()[:2], listens,
          os.get_inheritable(fd), os.get_blocking(fd))
print(count)'

@test "one socket of both families, listening, named, at descriptor 3" {
	run -0 "$LOWPORT" -q -p 443:@https -- python3 -c "$LISTEN"
	[ "$output" = "https tcp :: 443 1 True True
1" ]
}

@test "several: in the order of the mappings, of both protocols, a range" {
	run -0 "$LOWPORT" -q -p 443:@https -p 127.0.0.1:53:@dns/tcp+udp \
	    -p '[::1]:990-992:@ftps' -p 0.0.0.0:80:@https -- \
	    python3 -c "$LISTEN"
	[ "$output" = "https tcp :: 443 1 True True
dns tcp 127.0.0.1 53 1 True True
dns udp 127.0.0.1 53 0 True True
ftps tcp ::1 990 1 True True
ftps tcp ::1 991 1 True True
ftps tcp ::1 992 1 True True
https tcp 0.0.0.0 80 1 True True
7" ]
}

@test "nothing is intercepted, and nothing to gain is left" {
	run -0 "$LOWPORT" -q -p 443:@https -- \
	    grep -E '^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):' \
	    /proc/self/status
	[ "$(tr -d '\t' <<<"$output" | tr '\n' ' ')" = \
	    "${NOTHING_HELD/Seccomp:2/Seccomp:0}" ]
}

@test "beside mappings of ports that the server binds" {
	run -0 "$LOWPORT" -q -p 80:8080 -p 443:@https -- python3 -c "$LISTEN
s = socket.socket()
s.bind(('0.0.0.0', 8080))
print(s.getsockname()[1])
s = socket.socket()
s.bind(('0.0.0.0', 0))
print(s.getsockname()[1] > 1023)"
	[ "$output" = "https tcp :: 443 1 True True
1
80
True" ]
}

@test "{NAME} in the arguments is the descriptor, other braces are not" {
	run -0 "$LOWPORT" -q -p 443:@https -p 80:@http -- echo \
	    'fd@{https}' '{http},{https}' '{x}' '{' '}' '{https' '{{http}}' ''
	[ "$output" = "fd@3 4,3 {x} { } {https {4} " ]
	run -0 "$LOWPORT" -q -p 21443:8443 -- echo '{https}'
	[ "$output" = "{https}" ]
	run -125 "$LOWPORT" -p 53:@dns/tcp+udp -- echo '{dns}'
	[[ $output == *"{dns} in the command names several sockets"* ]]
	run -0 "$LOWPORT" -q -p 53:@dns/tcp+udp -- echo '{other}'
}

# Some servers take both, and one socket twice.
@test "where an argument names a socket, no variable does" {
	LISTEN_FDS=7 LISTEN_PID=1 run -0 "$LOWPORT" -q -p 443:@https -- \
	    python3 -c '
import os, socket, sys
print(socket.socket(fileno=int(sys.argv[1])).getsockname()[1],
      [name for name in os.environ if name.startswith("LISTEN_")])' '{https}'
	[ "$output" = "443 []" ]
}

@test "the caller's descriptors give way, and his variables" {
	LISTEN_FDS=7 LISTEN_PID=1 LISTEN_FDNAMES=x LISTEN_PIDFDID=9 run -0 \
	    "$LOWPORT" -q -p 443:@https -- python3 -c "$LISTEN
print(os.environ.get('LISTEN_PIDFDID'))" 3</dev/null 4</dev/null
	[ "$output" = "https tcp :: 443 1 True True
1
None" ]
	"$LOWPORT" -q -p 443:@https -- ls /proc/self/fd 9</dev/null \
	    >"$TMPDIR/list"
	grep -qx 9 "$TMPDIR/list"
}

@test "behind a shell that forks: LISTEN_PID=\$\$ and exec" {
	run -0 "$LOWPORT" -q -p 443:@https -- sh -c 'python3 -c "$0"; true' \
	    "$LISTEN"
	[ "$output" = 0 ]
	run -0 "$LOWPORT" -q -p 443:@https -- sh -c \
	    'sh -c '\''LISTEN_PID=$$ exec python3 -c "$0"'\'' "$0"; true' \
	    "$LISTEN"
	[ "$output" = "https tcp :: 443 1 True True
1" ]
}

@test "bad names, and ports that are another mapping's, are refused" {
	local mapping

	for mapping in 443:@ 443:@a:b '443:@a b' "443:@$(printf 'x%.0s' {1..64})" \
	    443:@a/sctp 0:@a :@a 443:8443:@a; do
		run "$LOWPORT" -p "$mapping" -- sh -c "$MUST_NOT_START"
		refused_with "mapping '"
	done
	run -0 "$LOWPORT" -q -p "443:@$(printf 'x%.0s' {1..63})" -- true
	run "$LOWPORT" -p 443:@a -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "overlaps mapping 443:@a"
	run -0 "$LOWPORT" -q -p 443:@a -p 80:@a -p 81 -- true
}

@test "a port that cannot be had is told as any other" {
	run "$LOWPORT" -p 666:@x -- sh -c "$MUST_NOT_START"
	refused_with "/etc/lowport/policy:4 denies it"
	run "$PLAIN" -p 443:@https -- sh -c "$MUST_NOT_START"
	refused_with "setcap cap_net_bind_service=p"
	run -125 "$LOWPORT" --check -p 443:@https -p 666:@x
	[[ $output == *"443:@https: all could be bound"* ]]
	[[ $output == *"666:@x: not bound, as the policy says"* ]]
	[[ $output == *"fds: LISTEN_FDS=1"* ]]
	not listening 443
}

@test "-v says how, also where nothing is intercepted" {
	run -0 "$LOWPORT" -v -p 443:@https -p 80:@http -- true
	[[ $output == *"hand-off by descriptor: 2 of them, from 3 on"* ]]
	[[ $output != *"hand-off by notify"* ]]
	run -0 "$LOWPORT" -v -p 443:@https -p 80:8080 -- true
	[[ $output == *"hand-off by descriptor"*"hand-off by notify"* ]]
}

@test "when the server ends, so does the port" {
	"$LOWPORT" -q -p 443:@https -- sleep 100 &
	wait_until listening 443
	kill $!
	wait $! || [ $? -eq 143 ]
	not listening 443
}

@test "hundreds of sockets" {
	run -0 timeout 60 "$LOWPORT" -q -p 1-500:@many -- python3 -c "$LISTEN"
	[ "${lines[-1]}" = 500 ]
	[ "${lines[499]}" = "many tcp :: 500 1 True True" ]
	run -125 timeout 60 bash -c 'ulimit -Sn 400; exec "$0" -p 1-500:@many \
	    -- true' "$LOWPORT"
	[[ $output == *"cannot open 500 sockets; raise 'ulimit -n'"* ]]
}

# ---- Sockets that were passed to lowport.

PASS=(python3 tests/pass.py)

# Binds port 8443 of both families, says where that is, and which variables and
# descriptors it has; then serves one connection on each.
SERVER='
import os, socket
listeners = []
for family, address in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
    s = socket.socket(family)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, 26, 1)
    s.bind((address, 8443))
    s.listen(5)
    listeners.append(s)
    print(*s.getsockname()[:2])
print(sum(name.startswith("LISTEN") for name in os.environ))'

@test "passed: each family's bind gets the socket of its own" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "${PASS[@]}" https=0.0.0.0:21443,https=:::21443 "$PLAIN" -q \
		    -p @https:8443 -- python3 -c "$SERVER"
		echo "$way"
		[ "$output" = "0.0.0.0 21443
:: 21443
0" ]
	done
}

@test "passed: no capability, no policy" {
	run -0 "${PASS[@]}" https=127.0.0.1:21443 "$PLAIN" --check -p @https:8443
	says ok sockets "@https:8443: passed to lowport"
	says ok hand-off tried
	[ "${#lines[@]}" -eq 4 ]
}

@test "passed: one of another family is not handed over, and that is told" {
	run -0 "${PASS[@]}" https=:::21443 "$PLAIN" -p @https:8443 -- \
	    python3 -c "$SERVER"
	[ "${lines[1]}" = "0.0.0.0 8443" ]
	[ "${lines[2]}" = ":: 21443" ]
	[[ ${lines[0]} == *"binds 0.0.0.0:8443, and keeps that port"*\
"[::]:21443"*"ListenStream=0.0.0.0:21443 and BindIPv6Only=ipv6-only"* ]]
}

@test "passed: by port where there are no names; by protocol" {
	run -0 "${PASS[@]}" =127.0.0.1:21443,=127.0.0.1:21444 "$PLAIN" -q \
	    -p @21444:8443 -- build/attacker report 1
	[ "$output" = 21444 ]
	run -0 "${PASS[@]}" x=127.0.0.1:21443/udp,x=127.0.0.1:21444 "$PLAIN" -q \
	    -p @x:8443/tcp+udp -- python3 -c '
import socket
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    s = socket.socket(socket.AF_INET, kind)
    s.bind(("0.0.0.0", 8443))
    print(s.getsockname()[1])'
	[ "$output" = "21444
21443" ]
}

# Forty connections, one at a time, each served.
CLIENTS='
import socket, time
while True:
    try:
        socket.create_connection(("127.0.0.1", 21443)).close()
        break
    except ConnectionRefusedError:
        time.sleep(0.02)
for n in range(39):
    c = socket.create_connection(("127.0.0.1", 21443))
    assert c.recv(10) == b"served"
print("all")'

@test "passed: the server restarts, and no connection is lost" {
	cat >"$TMPDIR/once.py" <<-'END'
		import socket
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		s.bind(("127.0.0.1", 8443))
		s.listen(5)
		for n in range(5):
		    c, _ = s.accept()
		    c.sendall(b"served")
		    c.close()
	END
	for way in fetch preload; do
		use_way "$way"
		"${PASS[@]}" x=127.0.0.1:21443 "$PLAIN" -q -p @x:8443 -- sh -c '
		    for n in 1 2 3 4 5 6 7 8; do
			python3 "$TMPDIR/once.py"
		    done' &
		run -0 timeout 60 python3 -c "$CLIENTS"
		[ "$output" = all ]
		wait $!
	done
}

@test "passed: beside ports that lowport binds, and sockets it passes on" {
	run -0 "${PASS[@]}" x=127.0.0.1:21443 "$LOWPORT" -q -p @x:8443 -p 80:8080 \
	    -p 443:@https -- python3 -c "$LISTEN
for port in 8443, 8080:
    s = socket.socket()
    s.bind(('127.0.0.1', port))
    print(s.getsockname()[1])"
	[ "$output" = "https tcp :: 443 1 True True
1
21443
80" ]
}

@test "passed: what is missing is told" {
	run "$PLAIN" -p @https:8443 -- sh -c "$MUST_NOT_START"
	refused_with "no socket was passed to lowport (LISTEN_FDS)"
	run "${PASS[@]}" a=127.0.0.1:21443,b=127.0.0.1:21444 "$PLAIN" -p @https:8443 \
	    -- sh -c "$MUST_NOT_START"
	refused_with "no TCP socket called 'https' was passed to lowport \
(LISTEN_FDNAMES=a:b)"
	run "${PASS[@]}" a=127.0.0.1:21443 "$PLAIN" -p @a:8443/udp -- true
	refused_with "no UDP socket called 'a'"
	run "${PASS[@]}" a=127.0.0.1:21443 sh -c '"$PLAIN" -p @a:8443 -- true; exit $?'
	refused_with "start lowport itself, or by exec"
	LISTEN_FDS=2 run "$PLAIN" -p @a:8443 -- true 4<&-
	[ "$status" -eq 125 ]
	for mapping in @ @a @:80 @a: @a:0 @a:1-2 @a:@b @a:127.0.0.1:80 @a:80:81; do
		run "${PASS[@]}" a=127.0.0.1:21443 "$PLAIN" -p "$mapping" -- true
		refused_with "mapping '$mapping'"
	done
	run "${PASS[@]}" a=127.0.0.1:21443 "$PLAIN" -p @a:8443 -p 443:8443 -- true
	refused_with "overlaps mapping @a:8443"
}

@test "passed, and not asked for: neither taken nor hidden" {
	run -0 "${PASS[@]}" a=127.0.0.1:21443 "$PLAIN" -q -p 21444:8444 -- \
	    sh -c 'echo $LISTEN_FDS $LISTEN_FDNAMES; readlink /proc/self/fd/3'
	[ "${lines[0]}" = "1 a" ]
	[[ ${lines[1]} == socket:* ]]
}
