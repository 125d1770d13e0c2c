# SPDX-License-Identifier: ISC
#
# What the .bats files share.  They run in tests/sandbox: see there for
# $LOWPORT, $PLAIN and $TMPDIR.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/kernel.bash
. "${BASH_SOURCE[0]%/*}/kernel.bash"

# The ways of the hand-off: notify, with each way to learn what the server's
# socket was; notify as on an old kernel; and the preload library.
WAYS="fetch observe baseline preload"

# The methods of these ways.
METHODS="notify preload"

# How many hand-offs a long test makes: fewer where each takes long.
HANDOFFS=${HANDOFFS:-10000}

# those_of WAY...: which of them are tried here.
those_of() {
	local way

	for way in "$@"; do
		[[ " $WAYS " != *" $way "* ]] || echo "$way"
	done
}

# "${AS_SERVER[@]}" COMMAND...: as the user whom lowport starts a server as.
AS_SERVER=()

# use_way WAY: every lowport that is started from here on takes it.
use_way() {
	unset LOWPORT_LEARN LOWPORT_KERNEL LOWPORT_METHOD LOWPORT_USER
	case $1 in
	observe) export LOWPORT_LEARN=observe ;;
	baseline) export LOWPORT_KERNEL=5.9 ;;
	preload) export LOWPORT_METHOD=preload ;;
	bpf) export LOWPORT_METHOD=bpf LOWPORT_USER=nobody ;;
	esac
}

# binds_may_repeat: a signal can have a bind(2) repeated here, by this way (before
# Linux 5.19).
binds_may_repeat() {
	"$LOWPORT" --check -p 443:8443 |
		grep -q 'signal can make the server repeat a bind'
}

# wait_until COMMAND...: repeats it until it succeeds, for $PATIENCE seconds at
# most: a busy machine is slow.
wait_until() {
	local end=$((SECONDS + PATIENCE))

	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || {
			echo "in vain: $*"
			return 1
		}
		sleep 0.02
	done
}

# not COMMAND...: it fails.  In the middle of a test the shell passes over a
# "! COMMAND" that should fail the test (errexit, bash(1)).
not() {
	! "$@"
}

# gone PID: there is no such process, not even one that waits to be reaped.
gone() {
	! kill -0 "$1"
}

# listening PORT: some TCP socket listens at it.
listening() {
	ss -Hltn "sport = :$1" | grep -q .
}

# refused_with WORDS: the last run failed with status 125 and one line that has
# these words; no server was started, no port is left bound.
refused_with() {
	[ "$status" -eq 125 ] || {
		echo "status $status: $output"
		return 1
	}
	[ "${#lines[@]}" -eq 1 ] || {
		echo "not one line: $output"
		return 1
	}
	[[ $output == "lowport: "*"$1"* ]] || {
		echo "no '$1' in: $output"
		return 1
	}
	[ ! -e "$TMPDIR/started" ] && not listening 443
}

# literal TEXT: a pattern, basic or extended, of this text and no other.
literal() {
	sed 's/[^[:alnum:]_/ ^-]/[&]/g; s/\^/\\^/g' <<<"$1"
}

# says KIND SUBJECT PATTERN: the last run printed a report with such a line.
says() {
	grep -qE "^$1 +$2 +.*$3" <<<"$output" || {
		echo "no '$1 $2 ... $3' in:"
		echo "$output"
		return 1
	}
}

# logged PATTERN: the log of a lowport in the background says so.
logged() {
	grep -q -e "$1" "$TMPDIR/log"
}

# watch ARGUMENT...: starts lowport in the background, its messages to an empty
# log.
watch() {
	: >"$TMPDIR/log"
	"$LOWPORT" "$@" 2>>"$TMPDIR/log" &
}

# unwatch: ends the lowport of watch.
unwatch() {
	kill $!
	wait $! || true
}

# A server that must not be started.
MUST_NOT_START='touch "$TMPDIR/started"'

# A test that failed may have left a server, and bats would wait for its end.
end_jobs() {
	local job

	for job in $(jobs -p); do
		kill "$job" 2>/dev/null || true
	done
}

teardown() {
	end_jobs
	rm -f "$TMPDIR/started"
}

# The capability sets, no_new_privs and seccomp mode of a process.
security_of() {
	grep -E '^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):' \
	    "/proc/$1/status" | tr -d '\t' | tr '\n' ' '
}

# What a helper and a server hold; a preloaded server has no filter.
NOTHING_HELD="CapInh:0000000000000000 CapPrm:0000000000000000 \
CapEff:0000000000000000 CapAmb:0000000000000000 NoNewPrivs:1 Seccomp:2 "
NOTHING_HELD_PRELOADED=${NOTHING_HELD/Seccomp:2/Seccomp:0}
