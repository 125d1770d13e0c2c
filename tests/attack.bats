#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# Attacks by the user who runs lowport, and by whoever took over its child or
# its server.  Each test first shows that the attack works, or that its probe
# detects, where lowport's guard is not.  tests/attack_child.c has the means.

load helpers

ATTACK=$BATS_TEST_DIRNAME/../build/attack_child
LEFT="0 capable, pool free"
# The pool of the ordinary port 20443 can be seen by anybody.
TELLTALE="-p 20443:9443"

# needs REASON COMMAND...: skips the test where the host has not the means;
# with LOWPORT_MUST_WORK=1 that is a failure.
needs() {
	local reason=$1

	shift
	! "$@" >/dev/null 2>&1 || return 0
	[ "${LOWPORT_MUST_WORK:-}" != 1 ] || {
		echo "missing: $reason"
		return 1
	}
	skip "$reason"
}

# nothing_left: no process with a capability, no port of the pool.
nothing_left() {
	local left

	left=$("$ATTACK" after)
	[ "$left" = "$LEFT" ] && ! listening 443 || {
		echo "left: $left; $(ss -Hltnp)"
		return 1
	}
}

# The child as it is, through the machinery of the forgeries: the control.
genuine() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1"
	[ "${lines[-1]}" = "before 400; answer ready; capabilities 0; \
pool bound; ended 0; port 443; then $LEFT" ]
}

# forged NAME ANSWER POOL ENDED: what a forgery of the child comes to, while
# the child is held, and when it is let go.
forged() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1"
	echo "$1: $output"
	[[ ${lines[-1]} =~ ^before\ 400\;\ answer\ ($2)\;\ capabilities\ 0\;\ \
pool\ $3\;\ ended\ $4\;\ port\ 0\;\ then\ $LEFT$ ]]
}

# plan NAME: a plan that is refused; both processes end with 125.
plan() {
	genuine genuine
	forged "$1" refused free 125
}

# message NAME: what is no plan at all.
message() {
	genuine genuine
	forged "$1" "refused|none|end" free 125
}

# offer NAME: no listener; the trial hand-off fails, no server starts.
offer() {
	genuine offer-genuine
	forged "$1" ready bound 125
}

# attempt LOWPORT...: under limits, it starts the server on 443, or nothing.
attempt() {
	status=0
	rm -f "$TMPDIR/port"
	timeout -k 1 60 "$@" 9>"$TMPDIR/port" || status=$?
	port=$(cat "$TMPDIR/port")
	echo "status $status, port '$port': $*"
	case $status in
	0) [ "$port" = 443 ] ;;
	124) false ;;
	125 | 126 | 127 | 1[3-9]?) [ "$port" = "" ] ;;
	*) false ;;
	esac
	# Where a signal has ended the helper, its child ends in its own time.
	wait_until nothing_left || nothing_left
}

START='exec "$LOWPORT" -q -p 20443:9443 -p 443:8443 -- "$ATTACK" report 9'

# limited LIMITS: how the start ends with these ulimit(1) commands.
limited() {
	attempt bash -c "$1; $START" 2>"$TMPDIR/errors"
}

# raises COMMAND...: it has capabilities, once executed.  On a busy machine a
# short command may come and go between two looks at it.  $WITHIN executes that.
raises() {
	local try

	for try in {1..50}; do
		# shellcheck disable=SC2086
		! ${WITHIN:-} "$ATTACK" watch "$@" | grep '^held [1-9a-f]' || return 0
	done
	return 1
}

# binds_by_capability COMMAND...: likewise the one that binds, and no other.
binds_by_capability() {
	run -0 raises "$@"
	[ "${lines[-1]}" = "held 400" ]
}

# An ordinary server leaves one: the control of the tests for it.
core_kept() {
	local core

	core=$("$ATTACK" core 20443 "$ATTACK" serve 20443)
	rm -f "$TMPDIR"/core*
	[ "$core" = "signal 11, core" ]
}

setup() {
	export ATTACK
}

# ---- Forged plans: the child is stopped before it sends, its plan rewritten.
# $LOWPORT's cannot be ("the child cannot be traced before ..."), so this and
# what follows is of $ATTACKABLE.

@test "plan: magic 0" {
	plan magic-zero
}

@test "plan: the magic of another build" {
	plan magic-older
}

@test "plan: no mapping" {
	plan count-zero
}

@test "plan: 64 mappings, two of them filled in" {
	plan count-64-of-two
}

@test "plan: 65 mappings" {
	plan count-65
}

@test "plan: 4294967295 mappings" {
	plan count-huge
}

@test "plan: no spare" {
	plan spares-zero
}

@test "plan: 257 spares" {
	plan spares-257
}

@test "plan: 4294967295 spares" {
	plan spares-huge
}

@test "plan: uid 0" {
	plan uid-root
}

@test "plan: uid 1, another user's" {
	plan uid-other
}

@test "plan: uid -1" {
	plan uid-minus-one
}

@test "plan: gid 0" {
	plan gid-root
}

@test "plan: gid 42, another group's" {
	plan gid-other
}

@test "plan: gid -1" {
	plan gid-minus-one
}

@test "plan: uid 0 and gid 0" {
	plan uid-and-gid-root
}

@test "plan: verbosity 9" {
	plan verbosity-9
}

@test "plan: verbosity -1" {
	plan verbosity-negative
}

@test "plan: observe 2" {
	plan observe-2
}

@test "plan: baseline 2" {
	plan baseline-2
}

@test "plan: journal 2" {
	plan journal-2
}

# It is well formed, but the helper cannot keep what it never had.
@test "plan: CAP_KILL is to be kept: nothing is" {
	genuine genuine
	genuine kill-kept
}

@test "plan: process group 2" {
	plan group-2
}

@test "plan: SIGKILL at the parent's end" {
	plan pdeathsig-kill
}

@test "plan: signal -1 at the parent's end" {
	plan pdeathsig-negative
}

@test "plan: SIGTERM rewritten to signal 66" {
	plan rewrite-66
}

@test "plan: SIGHUP rewritten to signal 255" {
	plan rewrite-255
}

@test "plan: address family 99" {
	plan family-99
}

@test "plan: address family AF_UNIX" {
	plan family-unix
}

@test "plan: protocol SCTP" {
	plan protocol-sctp
}

@test "plan: protocol 0" {
	plan protocol-zero
}

@test "plan: neither a public port nor the server's" {
	plan ports-both-zero
}

@test "plan: an inherited range" {
	plan inherited-range
}

@test "plan: no port" {
	plan ports-zero
}

@test "plan: more ports than there are" {
	plan ports-beyond
}

@test "plan: 4,097 ports" {
	plan ports-4097
}

@test "plan: 4294967295 ports" {
	plan ports-huge
}

@test "plan: a range that has another's port" {
	plan conflict-range
}

@test "plan: an address without a family" {
	plan address-of-no-family
}

@test "plan: bytes beyond an IPv4 address" {
	plan address-beyond-ipv4
}

@test "plan: a scope without a family" {
	plan scope-of-no-family
}

@test "plan: a scope for IPv4" {
	plan scope-of-ipv4
}

@test "plan: an IPv4-mapped address" {
	plan address-ipv4-mapped
}

@test "plan: two mappings of one server port" {
	plan conflict-server-port
}

@test "plan: two mappings of one public port" {
	plan conflict-public-port
}

@test "plan: one mapping twice" {
	plan conflict-same
}

# ---- What is no plan: the same machinery, on the message.

@test "message: one byte too short" {
	message short-by-one
}

@test "message: no mappings at all" {
	message short-header
}

@test "message: a single byte" {
	message one-byte
}

@test "message: empty" {
	message empty
}

@test "message: one byte too long" {
	message long-by-one
}

@test "message: 64 KiB too long" {
	message long-by-64k
}

@test "message: a descriptor with the plan" {
	message descriptor
}

@test "message: 253 descriptors with the plan" {
	message descriptors-253
}

@test "message: the end of the channel" {
	message end
}

@test "message: the plan twice, the second in place of what follows it" {
	genuine genuine
	forged twice ready bound 125
}

@test "message: the plan ten times" {
	genuine genuine
	# A reset, where the helper has closed the channel with some unread.
	forged ten-times "ready|end" bound 125
}

@test "message: none, then SIGKILL" {
	genuine genuine
	forged silence none free 137
}

# Blocked and forwarded like any other: the helper does not die of it.
@test "SIGSEGV for the helper while it has the capability: no core" {
	needs "cores are not kept here" core_kept
	forged crash none free 139
}

@test "offer: without a descriptor" {
	offer offer-of-nothing
}

@test "offer: with two descriptors" {
	offer offer-of-two
}

@test "offer: empty" {
	offer offer-empty
}

@test "offer: too long" {
	offer offer-long
}

@test "offer: a pipe for a listener" {
	offer offer-of-pipe
}

@test "offer: a file for a listener" {
	offer offer-of-file
}

@test "offer: a device for a listener" {
	offer offer-of-device
}

@test "offer: a socket for a listener" {
	offer offer-of-socket
}

@test "offer: what is no socket, for the preload library to ask at" {
	for what in pipe file device another; do
		offer preload:offer-of-$what
	done
	offer preload:offer-genuine
}

@test "offer: the listener of another process" {
	offer offer-of-another
}

# ---- Taking over a process.

@test "the helper cannot be looked into or traced, the server can" {
	run -0 timeout -k 1 60 "$ATTACK" reach
	[ "${lines[0]}" = "server: mem ok environ ok fd ok writev ok getfd ok \
seize ok" ]
	[ "${lines[1]}" = "helper: mem EACCES environ EACCES fd EACCES \
writev EPERM getfd EPERM seize EPERM" ]
}

@test "the helper cannot be traced at any moment of its start" {
	genuine genuine
	run -0 timeout -k 1 60 "$ATTACK" seize
	[ "$output" = "tried often, seized 0" ]
}

@test "the child cannot be traced before it has sent its plan" {
	run -0 timeout -k 1 300 "$ATTACK" catch "$ATTACKABLE" -q -u nobody \
	    -p 443:8443 -- true
	[[ $output == *"before its plan caught"* ]]
	run -0 timeout -k 1 300 "$ATTACK" catch "$LOWPORT" -q -u nobody \
	    -p 443:8443 -- true
	[[ $output == *"before its plan never, later caught"* ]]
	nothing_left
}

@test "executed under a tracer, lowport has no capability" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 true
	run -125 timeout -k 1 60 "$ATTACK" traced 443
	[[ $output == *"cannot bind"*:443* ]]
	nothing_left
}

@test "a filter that only pretends to drop: no capability, and refused" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 true
	run -125 timeout -k 1 60 "$ATTACK" fake
	[[ $output == "lowport: "* ]]
	nothing_left
}

@test "no core of the helper, of an ordinary server one" {
	needs "cores are not kept here" core_kept
	run -0 timeout -k 1 60 "$ATTACK" core 443 \
	    "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 8443
	[ "$output" = 139 ]
	nothing_left
}

@test "the server cannot have the helper bind another port" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 444:8443 -- "$ATTACK" report 1
	[ "$output" = 444 ]
	run -1 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 444
	[[ $output == *"port 444: Permission denied"* ]]
}

@test "the server kills the helper, then binds: it gets no port" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- sh -c \
	    '"$ATTACK" report 1'
	[ "$output" = 443 ]
	timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- sh -c 'kill -KILL $PPID
	    "$ATTACK" report 1 >"$TMPDIR/port"; : >"$TMPDIR/done"' || true
	wait_until [ -e "$TMPDIR/done" ]
	[ ! -s "$TMPDIR/port" ]
	rm "$TMPDIR/port" "$TMPDIR/done"
}

@test "the server takes the helper's descriptors away, then binds: no 8443" {
	for way in $WAYS; do
		use_way "$way"
		run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
		    "$ATTACK" report 1
		[ "$output" = 443 ]
		run timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
		    "$ATTACK" starve
		echo "$way: $output"
		[ "$status" -eq 0 ]
		[[ $output == 443 || ${lines[-1]} == "no port" ]]
	done
}

# ---- Code and settings by the environment.

# make_library [LINK]: libattack.so writes down who loaded it; victim is an
# ordinary program, linked to it with LINK.
make_library() {
	mkdir -p "$TMPDIR/library"
	cat >"$TMPDIR/library/attack.c" <<-'END'
		#include <errno.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		unsigned int la_version(unsigned int v);
		unsigned int la_version(unsigned int v) { return v; }
		__attribute__((constructor)) static void loaded(void)
		{
			char path[4096];
			snprintf(path, sizeof(path), "%s/loaded", getenv("HOME"));
			int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
			dprintf(fd, "%s\n", program_invocation_short_name);
			close(fd);
		}
	END
	echo 'int main(void) { return 0; }' >"$TMPDIR/library/victim.c"
	cc -D_GNU_SOURCE -shared -fPIC -o "$TMPDIR/library/libattack.so" \
	    "$TMPDIR/library/attack.c" &&
	    cp "$TMPDIR/library/libattack.so" "$TMPDIR/library/libcap.so.2" &&
	    cc -o "$TMPDIR/library/victim" "$TMPDIR/library/victim.c" \
	    -L"$TMPDIR/library" -Wl,--no-as-needed $1
}

# loads VARIABLE=VALUE [LINK]: the victim is made to load the library, alone
# and as the server; lowport is not.
loads() {
	needs "no compiler" make_library "${2:-}"
	rm -f "$TMPDIR/loaded"
	run -0 timeout -k 1 60 env "$1" "$TMPDIR/library/victim"
	grep -qx victim "$TMPDIR/loaded"
	rm "$TMPDIR/loaded"
	run -0 timeout -k 1 60 env "$1" "$LOWPORT" -q -p 443:8443 -- \
	    "$TMPDIR/library/victim"
	echo "$output"
	grep -qx victim "$TMPDIR/loaded"
	! grep -q lowport "$TMPDIR/loaded"
	rm -r "$TMPDIR/loaded" "$TMPDIR/library"
}

@test "LD_PRELOAD loads into the server, not into lowport" {
	loads LD_PRELOAD="$TMPDIR/library/libattack.so"
}

@test "LD_LIBRARY_PATH likewise" {
	loads LD_LIBRARY_PATH="$TMPDIR/library" -lattack
}

@test "LD_AUDIT likewise" {
	loads LD_AUDIT="$TMPDIR/library/libattack.so"
}

data_of() {
	awk '/^VmData/ {print $2}' "/proc/$1/status"
}

# tunes VARIABLE=VALUE: 64 MiB more of heap, in the server and not in lowport.
tunes() {
	env "$1" python3 tests/hold.py 20443 &
	wait_until listening 20443
	[ "$(data_of $!)" -gt 65536 ]
	kill $!
	wait $! || true
	env "$1" "$LOWPORT" -q -p 443:8443 -- python3 tests/hold.py 8443 &
	wait_until listening 443
	[ "$(data_of $!)" -lt 65536 ]
	[ "$(data_of "$(pgrep -P $!)")" -gt 65536 ]
	kill $!
	wait $! || true
}

@test "GLIBC_TUNABLES tune the server, not lowport" {
	tunes GLIBC_TUNABLES=glibc.malloc.top_pad=67108864
}

@test "MALLOC_ variables likewise" {
	tunes MALLOC_TOP_PAD_=67108864
}

@test "LOWPORT_USER=root by an ordinary user" {
	LOWPORT_USER=nobody run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 \
	    -- id -u
	[ "$output" = "$(id -u)" ]
	for user in root 0 0:0 root:root nobody:root :root; do
		LOWPORT_USER=$user run timeout -k 1 60 "$LOWPORT" \
		    -p 443:8443 -- sh -c "$MUST_NOT_START"
		echo "$user: $output"
		[ "$status" -eq 125 ]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

@test "-u root by an ordinary user" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -u nobody -- true
	for user in root 0 0:0 nobody:root :root 4294967295 4294967296; do
		run timeout -k 1 60 "$LOWPORT" -p 443:8443 -u "$user" -- \
		    sh -c "$MUST_NOT_START"
		echo "$user: $output"
		[ "$status" -eq 125 ]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

# ---- The policy, tests/policy: every port is this user's but for 666.

# other NAME [SERVER-PORT]: the control of a forgery, which names 444.
other() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1" 444
	echo "$1: $output"
	[[ ${lines[-1]} =~ ^before\ 400\;\ answer\ ready\;\ capabilities\ 0\;\ \
pool\ (bound|free)\;\ ended\ 0\;\ port\ ${2:-444}\;\ \
444\ (bound|unseen)\;\ then\ $LEFT$ ]]
}

# denied NAME ANSWER POOL ENDED [SERVER-PORT]: what a forgery that names 666
# comes to.
denied() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1" 666
	echo "$1: $output"
	[[ ${lines[-1]} =~ ^before\ 400\;\ answer\ $2\;\ capabilities\ 0\;\ \
pool\ $3\;\ ended\ $4\;\ port\ ${5:-0}\;\ 666\ (free|unseen)\;\ then\ $LEFT$ ]]
}

# without_666 COMMAND...: a start that wants port 666 fails and leaves nothing.
without_666() {
	run timeout -k 1 60 "$@"
	echo "status $status: $output"
	[ "$status" -eq 125 ]
	[ ! -e "$TMPDIR/started" ]
	nothing_left && ! listening 666
}

# A start for port 444, in place of 666: the control.
with_444() {
	run -0 timeout -k 1 60 "$@" -q -p 444:8443 -- "$ATTACK" report 1
	[ "$output" = 444 ]
}

# unlimited_666 LIMITS: no limits give port 666, or leave anything.
unlimited_666() {
	status=0
	timeout -k 1 60 bash -c "$1; "'exec "$LOWPORT" -q -p 20443:9443 \
	    -p 666:8443 -- "$ATTACK" report 9' 9>"$TMPDIR/port" \
	    2>"$TMPDIR/errors" || status=$?
	echo "status $status, port '$(cat "$TMPDIR/port")': $1"
	case $status in
	125 | 126 | 127 | 1[3-9]?) [ ! -s "$TMPDIR/port" ] ;;
	*) false ;;
	esac
	# Where a signal has ended the helper, its child ends in its own time.
	wait_until nothing_left || nothing_left
	! listening 666
}

# bound_during PORT COMMAND...: the port is bound at some moment of it.
bound_during() {
	"$ATTACK" during "$@" | grep -x "$1 bound"
}

free_during() {
	! bound_during "$@"
}

# Sockets that are bound only are listed.
bound_only_listed() {
	[ "$("$ATTACK" bound 1)" = free ]
}

# A policy by which the user may have every port, in all places below a
# directory where somebody might look for it.
forge_policy() {
	mkdir -p "$1/etc/lowport" "$1/lowport" "$1/.config/lowport" \
	    "$1/policy.d"
	echo 'permit any tcp/1-65535' >"$1/etc/lowport/policy"
	cp "$1/etc/lowport/policy" "$1/lowport/policy"
	cp "$1/etc/lowport/policy" "$1/.config/lowport/policy"
	cp "$1/etc/lowport/policy" "$1/policy"
	echo 'root:x:65534:65534::/:/bin/sh' >"$1/etc/passwd"
	cp "$1/etc/passwd" "$1/passwd"
	"$LOWPORT" --check-policy "$1/policy"
}

@test "policy: a forged plan names the denied port" {
	other other
	denied denied "ready, denied" bound 125
}

@test "policy: as the first of two" {
	other other-first 443
	denied denied-first "denied, ready" free 125
}

@test "policy: as both" {
	other other
	denied denied-both denied free 125
}

@test "policy: as the last of 64" {
	other crowd 443
	denied crowd-denied "ready, denied" bound 125
}

@test "policy: behind a server port that is permitted" {
	other other-server-port 8443
	denied denied-server-port "ready, denied" bound 125
}

@test "policy: as public and server port" {
	other other-same-port 8443
	denied denied-same-port "ready, denied" bound 125
}

@test "policy: on the IPv4 wildcard" {
	other other-ipv4
	denied denied-ipv4 "ready, denied" bound 125
}

@test "policy: on the IPv6 wildcard" {
	other other-ipv6 8443
	denied denied-ipv6 "ready, denied" bound 125
}

@test "policy: on another loopback address" {
	other other-address 8443
	denied denied-address "ready, denied" bound 125
}

@test "policy: with a scope" {
	other other-loopback 8443
	denied denied-scope refused free 125
}

@test "policy: as an IPv4-mapped address" {
	other other-address 8443
	denied denied-mapped refused free 125
}

@test "policy: at the end of a range" {
	denied denied-range "ready, denied" bound 125
}

@test "policy: as UDP" {
	other other
	denied denied-udp "ready, denied" bound 125
}

@test "policy: as Multipath TCP" {
	other other
	denied denied-mptcp refused free 125
}

@test "policy: as protocol 0" {
	other other
	denied denied-protocol-zero refused free 125
}

@test "policy: twice, on addresses that overlap" {
	other other
	denied denied-overlap refused free 125
}

@test "policy: by a plan that claims to be root's" {
	other other
	denied denied-root refused free 125
}

@test "policy: in a second plan, after one that is permitted" {
	genuine genuine
	denied second-denied ready bound 125
}

@test "policy: in a first plan, before one that is permitted" {
	genuine genuine
	denied first-denied "ready, denied" bound 125
}

@test "policy: the child ignores the denial; its server gets no 666" {
	other ignore:other
	denied ignore:denied "ready, denied" bound 0 8443
}

@test "policy: the child ignores it, with a server for the permitted one" {
	genuine genuine
	denied ignore:permitted-first "ready, denied" free 0 443
}

@test "policy: the child ignores it, and has the denied one tried" {
	other ignore:other
	denied ignore:denied-first "denied, ready" free 125
}

@test "policy: a hijacked --check" {
	other check:other 0
	denied check:denied "ready, denied" bound 125
}

@test "policy: a hijacked --check that ignores the denial" {
	other check:other 0
	denied check:ignore:denied "ready, denied" bound 0
}

@test "policy: the denied port on the command line, in all forms" {
	with_444 "$LOWPORT"
	for mapping in 666 666:8443 127.0.0.1:666:8443 0.0.0.0:666:8443 \
	    127.66.6.6:666:8443 '[::1]:666:8443' '[::]:666:8443' \
	    '[::ffff:127.0.0.1]:666:8443' 666:443 666/tcp; do
		without_666 "$LOWPORT" -p "$mapping" -- sh -c "$MUST_NOT_START"
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"/etc/lowport/policy:"*" denies it to user"* ]]
	done
}

@test "policy: the denied port among permitted ones" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -p 444:9443 -- true
	for mappings in "-p 666:8443 -p 443:9443" "-p 443:8443 -p 666:9443" \
	    "-p 127.0.0.1:666:8443 -p [::1]:443:8443" \
	    "-p 0.0.0.0:443:8443 -p [::]:666:8443" \
	    "-p 127.0.0.1:666:8443 -p 127.0.0.2:666:8443" \
	    "-p 20443:9443 -p 8666:666 -p 666:8666"; do
		without_666 "$LOWPORT" $mappings -- sh -c "$MUST_NOT_START"
		[[ $output == *"denies it to user"* ]]
	done
}

@test "policy: LOWPORT_PUBLISH with the denied port" {
	LOWPORT_PUBLISH="444:8443" run -0 timeout -k 1 60 "$LOWPORT" -q -- \
	    "$ATTACK" report 1
	[ "$output" = 444 ]
	for publish in 666:8443 "443:9443 666:8443" "666:8443 443:9443"; do
		without_666 env LOWPORT_PUBLISH="$publish" "$LOWPORT" -- \
		    sh -c "$MUST_NOT_START"
		[[ $output == *"denies it to user"* ]]
	done
}

@test "policy: the server binds the denied port itself" {
	with_444 "$LOWPORT"
	run -1 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 666
	[[ $output == *"port 666: Permission denied"* ]]
	# A mapping for that very port, on an address the bind is not of.
	run -1 timeout -k 1 60 "$LOWPORT" -q -p 127.0.0.2:20443:666 -- \
	    "$ATTACK" serve 666
	[[ $output == *"port 666: Permission denied"* ]]
	nothing_left
}

@test "policy: variables that might name another, or another root" {
	forged=$TMPDIR/forged
	forge_policy "$forged"
	with_444 "$LOWPORT"
	for name in LOWPORT_POLICY LOWPORT_POLICY_FILE LOWPORT_CONFIG POLICY \
	    POLICY_FILE LOWPORT_CHECK_POLICY; do
		without_666 env "$name=$forged/policy" \
		    "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
	done
	for name in HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS SYSCONFDIR ROOT \
	    DESTDIR PREFIX CONFIGURATION_DIRECTORY PWD CHROOT; do
		without_666 env "$name=$forged" \
		    "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
	done
	rm -r "$forged"
}

@test "policy: variables that might name another user or another network" {
	forge_policy "$TMPDIR/forged"
	with_444 "$LOWPORT"
	for variables in "USER=root LOGNAME=root SUDO_USER=root SUDO_UID=0" \
	    "UID=0 EUID=0 PKEXEC_UID=0 LOWPORT_UID=0" \
	    "NSS_WRAPPER_PASSWD=$TMPDIR/forged/passwd UID_WRAPPER_ROOT=1" \
	    "PATH=$TMPDIR/forged:/usr/bin:/bin LANG=$TMPDIR/forged" \
	    "LOCALDOMAIN=forged HOSTALIASES=$TMPDIR/forged/policy" \
	    "RES_OPTIONS=debug LOCPATH=$TMPDIR/forged NLSPATH=$TMPDIR/forged" \
	    "GCONV_PATH=$TMPDIR/forged GETCONF_DIR=$TMPDIR/forged TZ=:/dev/zero" \
	    "LD_PRELOAD=libnss_wrapper.so LD_LIBRARY_PATH=$TMPDIR/forged" \
	    "LISTEN_FDS=3 LISTEN_PID=1 NOTIFY_SOCKET=/ container=lxc" \
	    "GLIBC_TUNABLES=glibc.malloc.check=3:glibc.rtld.nns=1" \
	    "JOURNAL_STREAM=0:0 LOWPORT_LEARN=observe LOWPORT_KERNEL=5.9"; do
		without_666 env $variables \
		    "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
		[[ $output == *"denies it to user nobody"* ]]
	done
	rm -r "$TMPDIR/forged"
}

@test "policy: a forged one below the working directory" {
	forge_policy "$TMPDIR/forged"
	with_444 "$LOWPORT"
	for directory in "$TMPDIR/forged" "$TMPDIR/forged/etc" \
	    "$TMPDIR/forged/lowport"; do
		without_666 env -C "$directory" "$LOWPORT" -p 666:8443 -- \
		    sh -c "$MUST_NOT_START"
	done
	# And one that is there no more.
	without_666 bash -c 'cd "$TMPDIR/forged/lowport" && rm -r "$TMPDIR/forged"
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
}

@test "policy: forged and real ones at every descriptor that might be read" {
	forge_policy "$TMPDIR/forged"
	with_444 "$LOWPORT"
	without_666 bash -c 'exec 0<"$TMPDIR/forged/policy"
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
	without_666 bash -c 'for ((fd = 3; fd < 64; fd++)); do
		case $((fd % 4)) in
		0) eval "exec $fd<\"\$TMPDIR/forged/policy\"" ;;
		1) eval "exec $fd<\"\$TMPDIR/forged/etc/lowport\"" ;;
		2) eval "exec $fd</etc/lowport/policy" ;;
		3) eval "exec $fd</etc/lowport" ;;
		esac
	    done
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
	# Read to its end by somebody who shares the description.
	without_666 bash -c 'exec 3</etc/lowport/policy; cat <&3 >/dev/null
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
	rm -r "$TMPDIR/forged"
}

@test "policy: the user can change neither it nor the way to it" {
	echo 'permit any tcp/1-65535' >"$TMPDIR/policy"
	ln -sfn "$TMPDIR/policy" "$TMPDIR/link"
	mv "$TMPDIR/policy" "$TMPDIR/moved"
	for file in /etc/lowport/policy /etc/lowport /etc; do
		[ ! -w "$file" ]
		run ! mv "$TMPDIR/moved" "$file"
		run ! mv "$file" "$file.old"
		run ! ln -sfn "$TMPDIR/moved" "$file"
		run ! chmod 777 "$file"
		run ! rm -rf "$file"
	done
	rm "$TMPDIR/link" "$TMPDIR/moved"
	without_666 "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
}

@test "policy: a copy of lowport, set-user-ID or not" {
	with_444 "$LOWPORT"
	cp "$LOWPORT" "$TMPDIR/copy"
	for mode in 755 4755 6755; do
		chmod "$mode" "$TMPDIR/copy"
		without_666 "$TMPDIR/copy" -p 666:8443 -- \
		    sh -c "$MUST_NOT_START"
		[[ $output == *"this program has no capability"* ]]
	done
	rm "$TMPDIR/copy"
}

@test "policy: a copy of lowport that looks elsewhere" {
	forge_policy "$TMPDIR/forged"
	cd "$TMPDIR/forged"
	# Of the same length, and relative: who reads it reads the forged one.
	sed 's|/etc/lowport/policy|etc/lowport//policy|g' "$LOWPORT" \
	    >"$TMPDIR/copy"
	chmod 755 "$TMPDIR/copy"
	run "$TMPDIR/copy" --check-policy etc/lowport/policy
	[[ ${lines[0]} == *"etc/lowport/policy: 1 rule" ]]
	run ! cmp -s "$LOWPORT" "$TMPDIR/copy"
	with_444 "$LOWPORT"
	without_666 "$TMPDIR/copy" -p 666:8443 -- sh -c "$MUST_NOT_START"
	[[ $output == *"this program has no capability"* ]]
	cd "$OLDPWD"
	rm -r "$TMPDIR/copy" "$TMPDIR/forged"
}

@test "policy: --check binds no denied port, not for a moment" {
	run -0 timeout -k 1 60 "$LOWPORT" --check -p 444:8443 -- true
	! bound_only_listed ||
	    wait_until bound_during 444 "$LOWPORT" --check -p 444:8443
	without_666 "$LOWPORT" --check -p 666:8443 -- true
	[[ $output == *"problem  policy "*" denies it to user"* ]]
	for way in $WAYS; do
		use_way "$way"
		free_during 666 "$LOWPORT" --check -p 443:9443 -p 666:8443
		nothing_left
	done
}

@test "policy: --doctor binds no denied port, not for a moment" {
	run -0 timeout -k 1 60 "$LOWPORT" --doctor -p 444:8443
	! bound_only_listed ||
	    wait_until bound_during 444 "$LOWPORT" --doctor -p 444:8443
	without_666 "$LOWPORT" --doctor -p 666:8443
	[[ $output == *"problem  policy "*" denies it to user"* ]]
	for way in $WAYS; do
		use_way "$way"
		free_during 666 "$LOWPORT" --doctor -p 443:9443 -p 666:8443
		nothing_left
	done
}

@test "policy: no_new_privs, under which it is not asked, gives nothing" {
	with_444 "$LOWPORT"
	run timeout -k 1 60 setpriv --no-new-privs "$LOWPORT" --check \
	    -p 666:8443
	[[ $output == *"not asked: under no_new_privs"* ]]
	for port in 666 444; do
		without_666 setpriv --no-new-privs "$LOWPORT" -p "$port:8443" \
		    -- sh -c "$MUST_NOT_START"
		[[ $output == *"no_new_privs was set"* ]]
	done
}

@test "policy: a tracer, under which it is not asked, gives nothing" {
	with_444 "$LOWPORT"
	run -125 timeout -k 1 60 "$ATTACK" traced 666
	[[ $output == *"cannot bind"*:666* ]]
	nothing_left
}

@test "policy: a root directory shared with another process gives nothing" {
	with_444 "$LOWPORT"
	for port in 666 444; do
		without_666 "$ATTACK" share "$LOWPORT" -p "$port:8443" -- \
		    sh -c "$MUST_NOT_START"
	done
}

@test "policy: ambient and inheritable capabilities are not the user's to set" {
	needs "no user namespaces" unshare -Un true
	# Where they are, nobody asks the policy.
	with_444 unshare -Un --map-current-user --keep-caps "$PLAIN"
	run -0 timeout -k 1 60 unshare -Un --map-current-user --keep-caps \
	    "$PLAIN" -q -p 666:8443 -- true
	for sets in --inh-caps=+net_bind_service \
	    --ambient-caps=+net_bind_service --bounding-set=-all \
	    --securebits=+keep_caps \
	    "--inh-caps=+net_bind_service --ambient-caps=+net_bind_service"; do
		run ! timeout -k 1 60 setpriv $sets "$LOWPORT" -p 666:8443 \
		    -- sh -c "$MUST_NOT_START"
		echo "$sets: $output"
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

@test "policy: under lowport, lowport has no port to offer" {
	with_444 "$LOWPORT"
	for inner in "$LOWPORT" "$PLAIN"; do
		without_666 "$LOWPORT" -q -p 443:8443 -- \
		    "$inner" -p 666:9443 -- sh -c "$MUST_NOT_START"
		# But what the outer one maps that port to.
		"$LOWPORT" -q -p 20443:666 -- \
		    "$inner" -q -p 666:9443 -- python3 tests/hold.py 9443 &
		wait_until listening 20443
		! listening 666
		kill $!
		wait $! || true
	done
}

# In a user and mount namespace, with a policy of its own.
OWN_POLICY='mount --bind "$TMPDIR/forged" /etc/lowport/policy &&
    grep -q 65535 /etc/lowport/policy && exec "$@"'
OWN_DIRECTORY='mount -t tmpfs tmpfs /etc/lowport &&
    echo "permit any tcp/1-65535" >/etc/lowport/policy &&
    [ "$(stat -c %u /etc/lowport/policy)" = 0 ] && exec "$@"'

@test "policy: root of a user namespace, with a policy of his own over it" {
	needs "no user namespaces" unshare -Urnm true
	echo 'permit any tcp/1-65535' >"$TMPDIR/forged"
	for own in "$OWN_POLICY" "$OWN_DIRECTORY"; do
		run -0 timeout -k 1 60 unshare -Urnm sh -c "$own" - "$LOWPORT" \
		    -q -u root -p 666:8443 -- "$ATTACK" report 1
		[ "$output" = 666 ]
		without_666 unshare -Urm sh -c "$own" - "$LOWPORT" -u root \
		    -p 666:8443 -- sh -c "$MUST_NOT_START"
	done
	rm "$TMPDIR/forged"
}

@test "policy: somebody of a user namespace, with a policy of his own over it" {
	needs "no user namespaces" unshare -Urnm true
	echo 'permit any tcp/1-65535' >"$TMPDIR/forged"
	somebody='exec setpriv --inh-caps=-all --ambient-caps=-all "$@"'
	own="${OWN_POLICY%exec*}$somebody"
	for map in --map-current-user --map-user=1000; do
		# It is mounted, and the capability is there.
		run -0 timeout -k 1 60 unshare -Unm "$map" --keep-caps \
		    sh -c "$OWN_POLICY" - "$PLAIN" -q -p 666:8443 -- true
		for network in "-n" ""; do
			without_666 unshare -Um $network "$map" --keep-caps \
			    sh -c "$own" - "$LOWPORT" -p 666:8443 -- \
			    sh -c "$MUST_NOT_START"
		done
	done
	rm "$TMPDIR/forged"
}

@test "policy: uid 0 of a user namespace, who is not asked, gets nothing" {
	needs "no user namespaces" unshare -Urn true
	run -0 timeout -k 1 60 unshare -Urn "$LOWPORT" -q -u root -p 666:8443 \
	    -- "$ATTACK" report 1
	[ "$output" = 666 ]
	for user in "-r" "-r unshare -U" "-r unshare -Ur" "-c unshare -Ur"; do
		without_666 unshare -U $user "$LOWPORT" -u root -p 666:8443 \
		    -- sh -c "$MUST_NOT_START"
	done
}

@test "policy: RLIMIT_NOFILE so low that it cannot be read" {
	limited "ulimit -n 64"
	[ "$status" -eq 0 ]
	for limit in 64 40 {26..4..2} 3; do
		unlimited_666 "ulimit -n $limit"
	done
}

@test "policy: RLIMIT_AS and RLIMIT_DATA so low that it cannot be read" {
	limited "ulimit -v 65536"
	[ "$status" -eq 0 ]
	for limit in 65536 4096 2560 2048 1792 1536 1280 1024 768 512; do
		unlimited_666 "ulimit -v $limit"
	done
	for limit in 1024 512 256 192 128 96 64 32 16 8 4 0; do
		unlimited_666 "ulimit -d $limit"
	done
}

@test "policy: RLIMIT_STACK so low that it cannot be read" {
	limited "ulimit -s 1024"
	[ "$status" -eq 0 ]
	for limit in 1024 512 384 320 288 256 224 192 160 128 64 32 16; do
		unlimited_666 "ulimit -s $limit"
	done
}

@test "policy: RLIMIT_FSIZE, RLIMIT_NPROC and all other limits" {
	limited "ulimit -f 1000; ulimit -c unlimited"
	[ "$status" -eq 0 ]
	for limits in "ulimit -f 0" "ulimit -u 0" "ulimit -u 1" "ulimit -t 1" \
	    "ulimit -c unlimited; ulimit -q 0; ulimit -i 0; ulimit -l 0"; do
		unlimited_666 "$limits"
	done
}

@test "policy: the helper's limits squeezed at 60 moments of the start" {
	run -0 timeout -k 1 300 "$ATTACK" squeeze 40 443
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
some served"* ]]
	run -0 timeout -k 1 300 "$ATTACK" squeeze 60 666
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
none served, some ended"* ]]
}

@test "policy: SIGSTOP and SIGKILL at 60 moments of the start" {
	run -0 timeout -k 1 300 "$ATTACK" storm 40 443
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
some served"* ]]
	run -0 timeout -k 1 300 "$ATTACK" storm 60 666
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
none served, some ended"* ]]
}

@test "policy: both processes traced at each step from the plan on" {
	run -0 timeout -k 1 60 "$ATTACK" steps 444
	[[ ${lines[-1]} =~ ^many\ steps\;\ into\ the\ child\ always,\ \
the\ helper\ 0\;\ capabilities\ 0\;\ 444\ (bound|unseen)\;\ port\ 444\;\ \
ended\ 0\;\ then\ $LEFT$ ]]
	run -0 timeout -k 1 60 "$ATTACK" steps 666
	[[ ${lines[-1]} =~ ^many\ steps\;\ into\ the\ child\ always,\ \
the\ helper\ 0\;\ capabilities\ 0\;\ 666\ (free|unseen)\;\ port\ 0\;\ \
ended\ 125\;\ then\ $LEFT$ ]]
}

# ---- Strange starts.

@test "argc 0" {
	run -0 timeout -k 1 60 build/empty /usr/bin/true
	run -125 timeout -k 1 60 build/empty "$LOWPORT"
	nothing_left
}

@test "descriptors 0, 1, 2 closed, in all combinations" {
	limited :
	[ "$status" -eq 0 ]
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' \
	    '<&- >&- 2>&-'; do
		limited "exec $closed"
	done
}

@test "RLIMIT_NOFILE from 3 to 48" {
	for limit in 64 {48..3}; do
		limited "ulimit -n $limit"
		[ "$limit" -ne 64 ] || [ "$status" -eq 0 ]
	done
	[ "$status" -eq 125 ]
}

@test "RLIMIT_NPROC 0 and 1" {
	run bash -c 'ulimit -u 1; exec timeout 60 true'
	[ "$status" -ne 0 ]
	limited "ulimit -u 0"
	[ "$status" -eq 125 ]
	limited "ulimit -u 1"
	[ "$status" -eq 125 ]
}

@test "RLIMIT_AS from 64 KiB to 64 MiB" {
	for limit in 65536 16384 8192 4096 3072 2560 2048 1792 1536 1280 1024 \
	    768 512 256 128 64; do
		limited "ulimit -v $limit"
		[ "$limit" -ne 65536 ] || [ "$status" -eq 0 ]
	done
	[ "$status" -ne 0 ]
}

@test "RLIMIT_DATA from 0 to 1 MiB" {
	for limit in 1024 512 256 192 128 96 64 32 16 8 4 0; do
		limited "ulimit -d $limit"
	done
	[ "$status" -ne 0 ]
}

@test "RLIMIT_STACK from 4 KiB to 1 MiB" {
	for limit in 1024 512 256 128 64 48 32 24 16 12 8 4; do
		limited "ulimit -s $limit"
		[ "$limit" -ne 1024 ] || [ "$status" -eq 0 ]
	done
}

@test "RLIMIT_FSIZE 0, and a message to a file" {
	limited :
	[ "$status" -eq 0 ]
	limited "ulimit -f 0"
	[ "$status" -ne 0 ]
	status=0
	timeout -k 1 60 bash -c 'ulimit -f 0; exec "$LOWPORT" -v -p 443:8443 \
	    -- sh -c "sleep 0.1; exit 7"' 2>>"$TMPDIR/errors" || status=$?
	echo "status $status"
	[ "$status" -eq 7 ]
	nothing_left
}

@test "nobody reads standard error: the server does not suffer" {
	for option in -q -v; do
		status=0
		timeout -k 1 60 "$LOWPORT" "$option" -p 443:8443 \
		    -- sh -c 'sleep 0.1; exit 7' 2> >(:) || status=$?
		echo "$option: status $status"
		[ "$status" -eq 7 ]
		nothing_left
	done
	# A mapping that does not cover the bind is told of while it runs.
	status=0
	timeout -k 1 60 "$LOWPORT" -p 127.0.0.2:443:8443 -- \
	    sh -c '"$ATTACK" report 1; sleep 0.1; exit 7' 2> >(:) || status=$?
	echo "a warning: status $status"
	[ "$status" -eq 7 ]
}

@test "RLIMIT_CORE unlimited, all other limits at once" {
	limited "ulimit -c unlimited; ulimit -n 64; ulimit -q 0; ulimit -i 0
	    ulimit -l 0"
	[ "$status" -eq 0 ]
}

@test "SIGSTOP and SIGKILL at 200 moments of the start" {
	run -0 timeout -k 1 300 "$ATTACK" storm 200 443
	echo "$output"
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
some served, some ended"* ]]
}

# ---- Regaining.

@test "under lowport, lowport's own file capability gives nothing" {
	binds_by_capability "$LOWPORT" -q -p 444:8444 -- true
	run -125 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    "$ATTACK" watch "$LOWPORT" -p 444:8444 -- true
	[[ $output == *"cannot bind"*":444"* ]]
	[ "${lines[-1]}" = "held 0" ]
}

@test "under lowport, a second lowport installs no second listener" {
	run -0 timeout -k 1 60 "$PLAIN" -q -p 20443:8443 -- true
	run -125 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" --method notify -p 20443:9443 -- true
	[[ $output == *"intercepts calls"* ]]
	nothing_left
}

@test "under lowport, a set-user-ID program stays what its caller is" {
	needs "su(1) is not set-user-ID here" raises su --help
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    sh -c 'for i in 1 2 3 4 5; do "$ATTACK" watch su --help; done'
	[ "$(grep -c '^held 0$' <<<"$output")" -eq 5 ]
}

@test "under lowport, the sets and ids cannot be raised" {
	raise='import ctypes, os, struct
c = ctypes.CDLL(None, use_errno=True)
header = struct.pack("Ii", 0x20080522, 0)
sets = struct.pack("6I", 0x400, 0x400, 0, 0, 0, 0)
print("capset", c.capset(header, sets))
for call in os.setuid, os.setgid:
    try: print("id", call(0))
    except PermissionError: print("id -1")'
	needs "no user namespaces" unshare -Ur true
	run -0 unshare -Ur python3 -c "$raise"
	[ "$output" = "capset 0
id None
id None" ]
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- python3 -c "$raise"
	[ "$output" = "capset -1
id -1
id -1" ]
}

@test "under lowport, a user namespace does not reach this network" {
	needs "no user namespaces" unshare -Urn true
	run -0 timeout -k 1 60 unshare -Urn "$PLAIN" -q -u root -p 444:8444 \
	    -- true
	run timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    unshare -Ur "$ATTACK" serve 444
	[ "$status" -eq 1 ]
	[[ $output == *"Permission denied"* ]]
}

@test "root of a user namespace is not root of this network" {
	needs "no user namespaces" unshare -Urn true
	for lowport in "$LOWPORT" "$PLAIN"; do
		run -0 timeout -k 1 60 unshare -Urn "$lowport" -q -u root \
		    -p 443:8443 -- "$ATTACK" report 1
		[ "$output" = 443 ]
		run -125 timeout -k 1 60 unshare -Ur "$lowport" -u root \
		    -p 443:8443 -- sh -c "$MUST_NOT_START"
		[[ $output == *"user namespace that does not own this"* ]]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

# ---- Copies.

@test "a copy has no capability, set-user-ID or not" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 true
	cp "$LOWPORT" "$TMPDIR/copy"
	for mode in 755 4755 2755 6755; do
		chmod "$mode" "$TMPDIR/copy"
		run -125 timeout -k 1 60 "$TMPDIR/copy" -p 443:8443 true
		[[ $output == *"this program has no capability"* ]]
		nothing_left
	done
	rm "$TMPDIR/copy"
}

@test "a capability a user namespace gave to a copy is none outside" {
	needs "no user namespaces" unshare -Urn true
	cp "$LOWPORT" "$TMPDIR/copy"
	unshare -Ur setcap cap_net_bind_service=p "$TMPDIR/copy"
	# Inside, where root is not mighty by itself, it counts.
	WITHIN="unshare -Urn setpriv --securebits=+noroot --inh-caps=-all \
	    --ambient-caps=-all" \
	    binds_by_capability "$TMPDIR/copy" -q -u root -p 443:8443 true
	run -125 timeout -k 1 60 "$TMPDIR/copy" -p 443:8443 true
	[[ $output == *"cannot bind"*":443"* ]]
	nothing_left
	rm "$TMPDIR/copy"
}
