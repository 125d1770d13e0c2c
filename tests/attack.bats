#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
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
	[ "$("$ATTACK" after)" = "$LEFT" ] && ! listening 443
}

# The child as it is, through the machinery of the forgeries: the control.
genuine() {
	run -0 timeout -k 1 5 "$ATTACK" forge "$1"
	[ "${lines[-1]}" = "before 400; answer ready; capabilities 0; \
pool bound; ended 0; port 443; then $LEFT" ]
}

# forged NAME ANSWER POOL ENDED: what a forgery of the child comes to, while
# the child is held, and when it is let go.
forged() {
	run -0 timeout -k 1 5 "$ATTACK" forge "$1"
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

# greeting NAME: no listener; the trial hand-off fails, no server starts.
greeting() {
	genuine greeting-genuine
	forged "$1" ready bound 125
}

# attempt LOWPORT...: under limits, it starts the server on 443, or nothing.
attempt() {
	status=0
	rm -f "$TMPDIR/port"
	timeout -k 1 5 "$@" 9>"$TMPDIR/port" || status=$?
	port=$(cat "$TMPDIR/port")
	echo "status $status, port '$port': $*"
	case $status in
	0) [ "$port" = 443 ] ;;
	124) false ;;
	125 | 126 | 127 | 1[3-9]?) [ "$port" = "" ] ;;
	*) false ;;
	esac
	nothing_left
}

START='exec "$LOWPORT" -q -p 20443:9443 -p 443:8443 -- "$ATTACK" report 9'

# limited LIMITS: how the start ends with these ulimit(1) commands.
limited() {
	attempt bash -c "$1; $START" 2>"$TMPDIR/errors"
}

# raises COMMAND...: it has capabilities, once executed.
raises() {
	"$ATTACK" watch "$@" | grep '^held [1-9a-f]'
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

@test "plan: 65 spares" {
	plan spares-65
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

@test "plan: address family 99" {
	plan family-99
}

@test "plan: address family AF_UNIX" {
	plan family-unix
}

@test "plan: protocol UDP" {
	plan protocol-udp
}

@test "plan: protocol 0" {
	plan protocol-zero
}

@test "plan: public port 0" {
	plan public-port-zero
}

@test "plan: server port 0" {
	plan server-port-zero
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

# ---- Plans that are well formed, of what tests/policy denies.

# denied NAME: no socket, and both processes end with 125.
denied() {
	genuine genuine
	forged "$1" denied bound 125
}

@test "policy: a port that is denied" {
	denied denied-port
}

@test "policy: the same as an identity mapping" {
	denied denied-identity
}

@test "policy: the same on the loopback alone" {
	denied denied-loopback
}

@test "policy: the same on IPv6 alone" {
	denied denied-ipv6
}

@test "policy: an address for which a port is denied, and its neighbour" {
	run -0 timeout -k 1 5 "$ATTACK" forge denied-other-address
	[[ $output == *"answer ready;"* ]]
	denied denied-address
}

@test "policy: the same by no address, which has all" {
	denied denied-any-address
}

@test "policy: the same by every address of IPv4" {
	denied denied-any-ipv4
}

@test "policy: the same by [::], which may become a dual-stack socket" {
	denied denied-dual-stack
}

@test "policy: the child ignores that, and becomes a server all the same" {
	genuine genuine
	run -0 timeout -k 1 5 "$ATTACK" forge denied-ignored
	echo "$output"
	# It has the port of its own, which needs no privilege.
	[ "${lines[-1]}" = "before 400; answer denied; capabilities 0; \
pool bound; ended 0; port 8443; then $LEFT" ]
}

@test "policy: a port that is denied, by option, variable and check" {
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 665:8443 -- true
	for mapping in 666 666:8443 127.0.0.1:666:8443 '[::1]:666' \
	    '[::ffff:127.0.0.1]:666' 0666; do
		run -125 timeout -k 1 5 "$LOWPORT" -p "$mapping" -- \
		    sh -c "$MUST_NOT_START"
		LOWPORT_PUBLISH=$mapping run -125 timeout -k 1 5 "$LOWPORT" \
		    -- sh -c "$MUST_NOT_START"
		run -125 timeout -k 1 5 "$LOWPORT" --check -p "$mapping"
		run -125 timeout -k 1 5 "$LOWPORT" --doctor -p "$mapping"
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

@test "policy: tiny limits do not make it say yes" {
	local limit

	run -0 timeout -k 1 5 "$LOWPORT" -q -p 665:8443 -- true
	for limit in "n "{3..24} "v "{1024,1280,1408,1536,1792,2048} \
	    "d "{0,4,16,64,256} "s "{4,8,16,64} "f 0" "u 1" "l 0"; do
		run timeout -k 1 5 bash -c "ulimit -$limit
		    exec \"\$LOWPORT\" -q -p 666:8443 -- touch \"\$TMPDIR/started\""
		[ "$status" -ne 0 ]
		[ ! -e "$TMPDIR/started" ]
	done
	nothing_left
}

@test "policy: nothing in the environment names another" {
	local variable

	mkdir -p "$TMPDIR/etc/lowport"
	echo "permit any tcp/666" >"$TMPDIR/etc/lowport/policy"
	"$LOWPORT" --check-policy "$TMPDIR/etc/lowport/policy"
	for variable in POLICY POLICY_FILE LOWPORT_POLICY SYSCONFDIR ROOT \
	    HOME PWD XDG_CONFIG_HOME XDG_CONFIG_DIRS; do
		for value in "$TMPDIR/etc/lowport/policy" "$TMPDIR/etc" "$TMPDIR"
		do
			cd "$TMPDIR/etc/lowport"
			run -125 timeout -k 1 5 env "$variable=$value" \
			    "$LOWPORT" -q -p 666:8443 -- true
			cd - >/dev/null
		done
	done
	nothing_left
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

@test "message: the plan twice, the second in place of the greeting" {
	genuine genuine
	forged twice ready bound 125
}

@test "message: the plan ten times" {
	genuine genuine
	forged ten-times ready bound 125
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

@test "greeting: without a descriptor" {
	greeting greeting-of-nothing
}

@test "greeting: with two descriptors" {
	greeting greeting-of-two
}

@test "greeting: empty" {
	greeting greeting-empty
}

@test "greeting: too long" {
	greeting greeting-long
}

@test "greeting: a pipe for a listener" {
	greeting greeting-of-pipe
}

@test "greeting: a file for a listener" {
	greeting greeting-of-file
}

@test "greeting: a device for a listener" {
	greeting greeting-of-device
}

@test "greeting: a socket for a listener" {
	greeting greeting-of-socket
}

@test "greeting: the listener of another process" {
	greeting greeting-of-another
}

# ---- Taking over a process.

@test "the helper cannot be looked into or traced, the server can" {
	run -0 timeout -k 1 5 "$ATTACK" reach
	[ "${lines[0]}" = "server: mem ok environ ok fd ok writev ok getfd ok \
seize ok" ]
	[ "${lines[1]}" = "helper: mem EACCES environ EACCES fd EACCES \
writev EPERM getfd EPERM seize EPERM" ]
}

@test "the helper cannot be traced at any moment of its start" {
	genuine genuine
	run -0 timeout -k 1 5 "$ATTACK" seize
	[ "$output" = "tried often, seized 0" ]
}

@test "executed under a tracer, lowport has no capability" {
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 true
	run -125 timeout -k 1 5 "$ATTACK" traced
	[[ $output == *"cannot bind"*:443* ]]
	nothing_left
}

@test "a filter that only pretends to drop: no capability, and refused" {
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 true
	run -125 timeout -k 1 5 "$ATTACK" fake
	[[ $output == "lowport: "* ]]
	nothing_left
}

@test "no core of the helper, of an ordinary server one" {
	needs "cores are not kept here" core_kept
	run -0 timeout -k 1 5 "$ATTACK" core 443 \
	    "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 8443
	[ "$output" = 139 ]
	nothing_left
}

@test "the server cannot have the helper bind another port" {
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 444:8443 -- "$ATTACK" report 1
	[ "$output" = 444 ]
	run -1 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 444
	[[ $output == *"port 444: Permission denied"* ]]
}

@test "the server kills the helper, then binds: it gets no port" {
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- sh -c \
	    '"$ATTACK" report 1'
	[ "$output" = 443 ]
	timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- sh -c 'kill -KILL $PPID
	    "$ATTACK" report 1 >"$TMPDIR/port"; : >"$TMPDIR/done"' || true
	wait_until [ -e "$TMPDIR/done" ]
	[ ! -s "$TMPDIR/port" ]
	rm "$TMPDIR/port" "$TMPDIR/done"
}

@test "the server takes the helper's descriptors away, then binds: no 8443" {
	for way in $WAYS; do
		use_way "$way"
		run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- "$ATTACK" report 1
		[ "$output" = 443 ]
		run timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- "$ATTACK" starve
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
	run -0 timeout -k 1 5 env "$1" "$TMPDIR/library/victim"
	grep -qx victim "$TMPDIR/loaded"
	rm "$TMPDIR/loaded"
	run -0 timeout -k 1 5 env "$1" "$LOWPORT" -q -p 443:8443 -- \
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
	LOWPORT_USER=nobody run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- id -u
	[ "$output" = "$(id -u)" ]
	for user in root 0 0:0 root:root nobody:root :root; do
		LOWPORT_USER=$user run timeout -k 1 5 "$LOWPORT" -p 443:8443 -- \
		    sh -c "$MUST_NOT_START"
		echo "$user: $output"
		[ "$status" -eq 125 ]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

@test "-u root by an ordinary user" {
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -u nobody -- true
	for user in root 0 0:0 nobody:root :root 4294967295 4294967296; do
		run timeout -k 1 5 "$LOWPORT" -p 443:8443 -u "$user" -- \
		    sh -c "$MUST_NOT_START"
		echo "$user: $output"
		[ "$status" -eq 125 ]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

# ---- Strange starts.

@test "argc 0" {
	run -0 timeout -k 1 5 build/empty /usr/bin/true
	run -125 timeout -k 1 5 build/empty "$LOWPORT"
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
	run bash -c 'ulimit -u 1; exec timeout 5 true'
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
	timeout -k 1 5 bash -c 'ulimit -f 0; exec "$LOWPORT" -v -p 443:8443 \
	    -- sh -c "sleep 0.1; exit 7"' 2>>"$TMPDIR/errors" || status=$?
	echo "status $status"
	[ "$status" -eq 7 ]
	nothing_left
}

@test "nobody reads standard error: the server does not suffer" {
	for option in -q -v; do
		status=0
		timeout -k 1 5 "$LOWPORT" "$option" -p 443:8443 \
		    -- sh -c 'sleep 0.1; exit 7' 2> >(:) || status=$?
		echo "$option: status $status"
		[ "$status" -eq 7 ]
		nothing_left
	done
	# A mapping that does not cover the bind is told of while it runs.
	status=0
	timeout -k 1 5 "$LOWPORT" -p 127.0.0.2:443:8443 -- \
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
	run -0 timeout -k 1 25 "$ATTACK" storm 200
	echo "$output"
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
some served, some ended"* ]]
}

# ---- Regaining.

@test "under lowport, lowport's own file capability gives nothing" {
	run -0 timeout -k 1 5 "$ATTACK" watch "$LOWPORT" -q -p 444:8444 -- true
	[ "${lines[-1]}" = "held 400" ]
	run -125 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- \
	    "$ATTACK" watch "$LOWPORT" -p 444:8444 -- true
	[[ $output == *"cannot bind"*":444"* ]]
	[ "${lines[-1]}" = "held 0" ]
}

@test "under lowport, a second lowport installs no second listener" {
	run -0 timeout -k 1 5 "$PLAIN" -q -p 20443:8443 -- true
	run -125 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" -p 20443:8443 -- true
	[[ $output == *"intercepts calls"* ]]
	nothing_left
}

@test "under lowport, a set-user-ID program stays what its caller is" {
	needs "su(1) is not set-user-ID here" raises su --help
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- \
	    "$ATTACK" watch su --help
	[ "${lines[-1]}" = "held 0" ]
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
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- python3 -c "$raise"
	[ "$output" = "capset -1
id -1
id -1" ]
}

@test "under lowport, a user namespace does not reach this network" {
	needs "no user namespaces" unshare -Urn true
	run -0 timeout -k 1 5 unshare -Urn "$PLAIN" -q -u root -p 444:8444 -- true
	run timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- \
	    unshare -Ur "$ATTACK" serve 444
	[ "$status" -eq 1 ]
	[[ $output == *"Permission denied"* ]]
}

@test "root of a user namespace is not root of this network" {
	needs "no user namespaces" unshare -Urn true
	for lowport in "$LOWPORT" "$PLAIN"; do
		run -0 timeout -k 1 5 unshare -Urn "$lowport" -q -u root \
		    -p 443:8443 -- "$ATTACK" report 1
		[ "$output" = 443 ]
		run -125 timeout -k 1 5 unshare -Ur "$lowport" -u root \
		    -p 443:8443 -- sh -c "$MUST_NOT_START"
		[[ $output == *"user namespace that does not own this"* ]]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

# ---- Copies.

@test "a copy has no capability, set-user-ID or not" {
	run -0 timeout -k 1 5 "$LOWPORT" -q -p 443:8443 true
	cp "$LOWPORT" "$TMPDIR/copy"
	for mode in 755 4755 2755 6755; do
		chmod "$mode" "$TMPDIR/copy"
		run -125 timeout -k 1 5 "$TMPDIR/copy" -p 443:8443 true
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
	run -0 timeout -k 1 5 unshare -Urn setpriv --securebits=+noroot \
	    --inh-caps=-all --ambient-caps=-all \
	    "$TMPDIR/copy" -q -u root -p 443:8443 true
	run -125 timeout -k 1 5 "$TMPDIR/copy" -p 443:8443 true
	[[ $output == *"cannot bind"*":443"* ]]
	nothing_left
	rm "$TMPDIR/copy"
}
