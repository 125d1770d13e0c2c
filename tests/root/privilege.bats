#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# Where the privilege comes from and where it goes; runs as root of the
# sandbox's namespaces (SANDBOX_USER=root).

load ../helpers

SET_CAPS=(--inh-caps=-all --ambient-caps=-all)

# as_nobody COMMAND...: as an ordinary user, with what setpriv(1) is told.
as_nobody() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

@test "root without -u is refused, and told what to add" {
	run "$PLAIN" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "add -u USER, or -u root to insist"
}

@test "-u USER: ids, groups and home are the user's, the rest is dropped" {
	run -0 "$PLAIN" -q -p 443:8443 -u nobody -- sh -c \
	    'id -u; id -g; echo "$HOME"; id -G'
	[ "$output" = "65534
65534
$(getent passwd nobody | cut -d: -f6)
65534" ]
}

@test "-u USER: supplementary groups as group(5) has them" {
	mount --bind tests/root/group /etc/group
	run -0 "$PLAIN" -q -p 443:8443 -u nobody -- id -G
	umount /etc/group
	[ "$output" = "65534 7777" ]
}

@test "-u USER:GROUP: that group alone; numbers; an unknown number" {
	run -0 "$PLAIN" -q -p 443 -u nobody:daemon -- id -G
	[ "$output" = "$(getent group daemon | cut -d: -f3)" ]
	run -0 "$PLAIN" -q -p 443 -u 65534:1 -- sh -c 'id -u; id -G'
	[ "$output" = "65534
1" ]
	run -0 "$PLAIN" -q -p 443 -u 12345 -- sh -c 'id -u; id -g; echo $HOME'
	[ "$output" = "12345
0
/" ]
	# Whom a group alone would run as: root, and nobody said so.
	run "$PLAIN" -p 443 -u :daemon -- true
	refused_with "add -u USER, or -u root to insist"
	run "$PLAIN" -p 443 -u 12345:nonesuch -- true
	refused_with "there is no group"
}

@test "-u: HOME is the user's as it is written, with a '%' too" {
	{
		cat /etc/passwd
		echo 'odd:x:4242:65534::/home/100%s%n:/bin/sh'
	} >"$TMPDIR/passwd"
	mount --bind "$TMPDIR/passwd" /etc/passwd
	run "$PLAIN" -q -p 443 -u odd -- sh -c 'echo "$HOME"'
	umount /etc/passwd
	[ "$output" = /home/100%s%n ]
}

@test "after -u, nothing is left in either process, bounding set included" {
	"$PLAIN" -q -p 443:8443 -u nobody -- python3 tests/hold.py 8443 &
	wait_until listening 443
	for pid in $! "$(pgrep -P $!)"; do
		[ "$(security_of "$pid")" = "$NOTHING_HELD" ]
		grep -q '^CapBnd:.0000000000000000$' "/proc/$pid/status"
		grep -q '^Uid:.65534.65534.65534.65534$' "/proc/$pid/status"
	done
	# The helper keeps no group; the server has its own.
	grep -qE '^Groups:\s*$' "/proc/$!/status"
	kill $!
	wait $! || true
}

@test "-u root insists: root without a capability, and none to regain" {
	run -0 "$PLAIN" -q -p 443:8443 -u root -- sh -c \
	    'id -u; grep -E "^Cap(Prm|Eff|Bnd)" /proc/self/status | cut -f2;
	    chown nobody "$TMPDIR" 2>/dev/null && echo mighty; true'
	[ "$output" = "0
0000000000000000
0000000000000000
0000000000000000" ]
}

@test "every server of -u is served, with both ways to learn" {
	for way in $WAYS; do
		use_way "$way"
		"$PLAIN" -q -p 443:8443 -u nobody -- \
		    python3 tests/hold.py 8443 &
		wait_until listening 443
		not listening 8443
		kill $!
		wait $! || true
	done
}

# Those of a process at rest: the helper keeps one until it has looked whether a
# socket has arrived, twice a second.
descriptors_of() {
	local seen=

	until [ "$(ls "/proc/$1/fd")" = "$seen" ]; do
		seen=$(ls "/proc/$1/fd")
		sleep 0.6
	done
	echo "$seen"
}

# holds_no_more PID DESCRIPTORS: than so many.
holds_no_more() {
	[ "$(ls "/proc/$1/fd" | wc -l)" -le "$(wc -l <<<"$2")" ]
}

@test "10,000 hand-offs leave the helper's descriptors as they were" {
	for way in $WAYS; do
		use_way "$way"
		rm -f "$TMPDIR"/rebound.*
		"$PLAIN" -q -p 443:8443 -u nobody -- sh -c '
			build/server_rebind 8443 443 100 x >"$TMPDIR/rebound.1"
			until [ -e "$TMPDIR/rebound.go" ]; do sleep 0.02; done
			build/server_rebind 8443 443 "$1" x >"$TMPDIR/rebound.2"
			exec sleep 100' sh "$HANDOFFS" &
		wait_until grep rounds "$TMPDIR/rebound.1"
		before=$(descriptors_of $!)
		[ "$(wc -l <<<"$before")" -gt 5 ]
		touch "$TMPDIR/rebound.go"
		PATIENCE=600 wait_until grep rounds "$TMPDIR/rebound.2"
		wait_until holds_no_more $! "$before"
		kill $!
		wait $! || true
	done
}

@test "the helper is hidden from its user, wherever the capability is from" {
	as_nobody --inh-caps=+net_bind_service \
	    --ambient-caps=+net_bind_service \
	    "$PLAIN" -q -p 443:8443 -- python3 tests/hold.py 8443 &
	wait_until listening 443
	helper=$(pgrep -x lowport)
	run as_nobody "${SET_CAPS[@]}" ls "/proc/$(pgrep -P "$helper")/fd"
	[ "$status" -eq 0 ]
	run as_nobody "${SET_CAPS[@]}" ls "/proc/$helper/fd"
	[ "$status" -ne 0 ]
	kill "$helper"
	wait $! || true
}

@test "-u takes CAP_SETUID: told where it is missing" {
	run setpriv --bounding-set=-setuid "${SET_CAPS[@]}" \
	    "$PLAIN" -p 443 -u nobody -- true
	refused_with "takes root with CAP_SETUID"
	refused_with 'Kubernetes capabilities.add: ["SETUID", "SETGID"]'
}

has_own_users() {
	[ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ]
}

@test "-u of a user that the user namespace has not, as PrivateUsers=: the cause" {
	mkfifo "$TMPDIR/go"
	unshare --user sh -c 'read -r _ <"$0"; exec "$@"' "$TMPDIR/go" \
	    "$PLAIN" -u nobody -p 20443:8443 -- sh -c "$MUST_NOT_START" \
	    2>"$TMPDIR/errors" &
	wait_until has_own_users $!
	echo 0 0 1 >"/proc/$!/uid_map"
	echo 0 0 1 >"/proc/$!/gid_map"
	echo >"$TMPDIR/go"
	status=0
	wait $! || status=$?
	[ "$status" -eq 125 ]
	grep -q "this user namespace has no such number" "$TMPDIR/errors"
	[ ! -e "$TMPDIR/started" ]
}

@test "ambient capability, as from systemd: enough, and gone for the server" {
	run -0 as_nobody --inh-caps=+net_bind_service \
	    --ambient-caps=+net_bind_service \
	    "$PLAIN" -q -p 443:8443 -- grep CapAmb /proc/self/status
	[[ $output == *0000000000000000 ]]
	run as_nobody "${SET_CAPS[@]}" "$PLAIN" -q -p 443:8443 -- true
	[ "$status" -eq 125 ]
}

@test "no capability needed: ip_unprivileged_port_start" {
	echo 443 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	run as_nobody "${SET_CAPS[@]}" "$PLAIN" -q -p 443:8443 -- true
	echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$status" -eq 0 ]
}

@test "no capability: not in the bounding set, yet lowport starts and says so" {
	run as_nobody --bounding-set=-net_bind_service "${SET_CAPS[@]}" \
	    "$LOWPORT" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "not in the bounding set"
	run as_nobody --bounding-set=-all "${SET_CAPS[@]}" \
	    "$LOWPORT" -p 443:8443 -- true
	refused_with "not in the bounding set"
}

@test "no capability: a nosuid mount" {
	mkdir -p "$TMPDIR/nosuid"
	mount -t tmpfs -o nosuid,mode=755 tmpfs "$TMPDIR/nosuid"
	cp --preserve=xattr "$LOWPORT" "$TMPDIR/nosuid/lowport"
	setcap cap_net_bind_service=p "$TMPDIR/nosuid/lowport"
	run as_nobody "${SET_CAPS[@]}" "$TMPDIR/nosuid/lowport" -p 443:8443 -- true
	umount "$TMPDIR/nosuid"
	refused_with "mounted nosuid"
}

@test "a capability of a user namespace that does not own the network" {
	run as_nobody "${SET_CAPS[@]}" unshare --user --map-current-user --keep-caps \
	    "$PLAIN" -p 443:8443 -- true
	refused_with "user namespace that does not own this network"
	run -0 as_nobody "${SET_CAPS[@]}" unshare --user --map-current-user \
	    --keep-caps --net "$PLAIN" -q -p 443:8443 -- true
}

@test "a port in use by somebody else: the user is named" {
	python3 tests/hold.py 443 &
	wait_until listening 443
	run as_nobody "${SET_CAPS[@]}" "$LOWPORT" -p 443:8443 -- true
	kill $!
	wait $! || true
	[ "$status" -eq 125 ]
	[[ $output == *"in use by a process of user root (uid 0)"* ]]
}

@test "set-user-ID is refused" {
	cp "$PLAIN" "$TMPDIR/setuid"
	chmod 4755 "$TMPDIR/setuid"
	run as_nobody "${SET_CAPS[@]}" "$TMPDIR/setuid" -p 443:8443 -- true
	refused_with "set-user-ID"
}

@test "with closed descriptors, under root" {
	run bash -c '"$0" -p 443 -u nobody true <&-' "$PLAIN"
	refused_with "file descriptor 0 is closed"
}

@test "without /proc: refused, and told" {
	run unshare --mount sh -c \
	    'mount -t tmpfs tmpfs /proc; exec "$0" -p 443:8443 -u nobody true' "$PLAIN"
	refused_with "there is no /proc"
	run unshare --mount sh -c 'mount -t tmpfs tmpfs /proc
	    exec "$0" --method preload -p 443:8443 -u nobody true' "$PLAIN"
	refused_with "there is no /proc, and no hand-off works without it"
}

@test "without IPv6, IPv4 is served" {
	echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	"$PLAIN" -q -p 443:8443 -u nobody -- python3 tests/hold.py 8443 &
	wait_until listening 443
	kill $!
	wait $! || true
	echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
}

has_no_zombie() {
	! ps -o stat= --ppid "$1" | grep -q '^Z'
}

@test "as PID 1: serves, reaps, forwards, ends" {
	unshare --pid --fork --mount-proc "$PLAIN" -q -p 443:8443 -u nobody -- \
	    sh -c '(true &); exec python3 tests/hold.py 8443' &
	wait_until listening 443
	lowport=$(pgrep -P $!)
	wait_until has_no_zombie "$lowport"
	kill -TERM "$lowport"
	status=0
	wait $! || status=$?
	[ "$status" -eq 143 ]
	not listening 443
}

@test "-u USER: the parent's end is told, after the change of user too" {
	rm -f "$TMPDIR/out"
	bash -c '"$0" -q -p 443:8443 -u nobody --pdeathsig USR1 -- \
	    build/server_signals server 10 >"$TMPDIR/out" & wait' "$PLAIN" &
	wait_until grep -q "server ready" "$TMPDIR/out"
	kill -KILL $!
	wait_until grep -q "server 10" "$TMPDIR/out"
}

# sockets_with ARG...: how many the helper has while a server runs.
sockets_with() {
	: >"$TMPDIR/log"
	"$LOWPORT" -q -u nobody "$@" -- sh -c 'echo there; exec sleep 100' \
	    >"$TMPDIR/log" 2>&1 3>&- &
	wait_until logged there
	find "/proc/$!/fd" -lname 'socket:*' | wc -l
	unwatch
}

# A second port of the same mapping shows what a port takes.
@test "a port takes as many descriptors as lowport.1 says" {
	local kind n each more one two

	while read -r kind each more; do
		for n in 1 2 5; do
			one=$(sockets_with --spares $n -p "443:8443/$kind")
			two=$(sockets_with --spares $n -p "443-444:8443-8444/$kind")
			echo "$kind: $n spares, $one sockets, $two for two ports"
			[ $((two - one)) = $((each * n + more)) ]
		done
	done < <(sed -nE 's/^A port takes ([0-9]+)n\+([0-9]+) descriptors, of UDP ([0-9]+)n\+([0-9]+):.*/tcp \1 \2\nudp \3 \4/p' \
	    src/lowport.1)
	[ -n "$two" ]
}
