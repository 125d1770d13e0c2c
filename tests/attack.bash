# SPDX-License-Identifier: ISC
#
# What the files of attacks share.  An attacker is the user who runs lowport, or
# somebody who took over its child or its server; build/attacker has his means.
# Each test first shows that the attack works, or that its probe detects, where
# lowport's guard is not.  tests/policy permits this user every port but 666.

load helpers

ATTACK=$BATS_TEST_DIRNAME/../build/attacker
LEFT="0 capable, pool free"

setup() {
	export ATTACK
}

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

# nothing_left: no process has a capability, no port of the pool is bound.
nothing_left() {
	local left

	left=$("$ATTACK" after)
	if [ "$left" != "$LEFT" ] || listening 443; then
		echo "left: $left; $(ss -Hltnp)"
		return 1
	fi
}

# genuine FORGERY: the child as it is, through the same machinery as a forgery.
genuine() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1"
	[ "${lines[-1]}" = "before 400; answer ready; capabilities 0; \
pool bound; ended 0; port 443; then $LEFT" ]
}

START='exec "$LOWPORT" -q -p 20443:9443 -p 443:8443 -- "$ATTACK" report 9'

# attempt COMMAND...: it starts the server on port 443, or starts nothing.
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
	# If a signal has ended the helper, its child takes a moment to end.
	wait_until nothing_left || nothing_left
}

# limited LIMITS: an attempt after these commands of ulimit(1).
limited() {
	attempt bash -c "$1; $START" 2>"$TMPDIR/errors"
}

# raises COMMAND...: the command has a capability while it runs.  On a busy
# machine a short one may come and go between two looks.  $WITHIN executes it.
raises() {
	for _ in {1..50}; do
		# shellcheck disable=SC2086
		! ${WITHIN:-} "$ATTACK" watch "$@" | grep '^held [1-9a-f]' || return 0
	done
	return 1
}

# binds_by_capability COMMAND...: it has the one that binds, and no other.
binds_by_capability() {
	run -0 raises "$@"
	[ "${lines[-1]}" = "held 400" ]
}

# An ordinary server leaves a core: the control of the tests that none is left.
core_kept() {
	local core

	core=$("$ATTACK" core 20443 "$ATTACK" serve 20443)
	rm -f "$TMPDIR"/core*
	[ "$core" = "signal 11, core" ]
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
	# If a signal has ended the helper, its child takes a moment to end.
	wait_until nothing_left || nothing_left
	not listening 666
}
