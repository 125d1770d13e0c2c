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
	run -0 "$LOWPORT" -q -p 20443:8443 -- echo '{https}'
	[ "$output" = "{https}" ]
	run -125 "$LOWPORT" -p 53:@dns/tcp+udp -- echo '{dns}'
	[[ $output == *"{dns} in the command stands for several sockets"* ]]
	run -0 "$LOWPORT" -q -p 53:@dns/tcp+udp -- echo '{other}'
}

@test "the caller's descriptors give way, and his variables" {
	LISTEN_FDS=7 LISTEN_PID=1 LISTEN_FDNAMES=x run -0 "$LOWPORT" -q \
	    -p 443:@https -- python3 -c "$LISTEN" 3</dev/null 4</dev/null
	[ "$output" = "https tcp :: 443 1 True True
1" ]
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
	! listening 443
}

@test "when the server ends, so does the port" {
	"$LOWPORT" -q -p 443:@https -- sleep 100 &
	wait_until listening 443
	kill $!
	wait $! || [ $? -eq 143 ]
	! listening 443
}

@test "hundreds of sockets" {
	run -0 timeout 10 "$LOWPORT" -q -p 1-500:@many -- python3 -c "$LISTEN"
	[ "${lines[-1]}" = 500 ]
	[ "${lines[499]}" = "many tcp :: 500 1 True True" ]
	run -125 timeout 10 bash -c 'ulimit -Sn 400; exec "$0" -p 1-500:@many \
	    -- true' "$LOWPORT"
	[[ $output == *"cannot hold 500 sockets; raise 'ulimit -n'"* ]]
}
