# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: ISC
#
# For tests/check-containers: lowport as process 1 of gVisor, which is no Linux: what
# an init does, and what lowport says of itself.

# in_gvisor COMMAND...: as a user without a capability; its status comes last.
in_gvisor() {
	local settings="user=1000 caps=none" status=0
	local -A is=()

	run_runsc "$@" </dev/null 2>&1 || status=$?
	echo "status $status"
}

# says NAME WORDS... -- COMMAND...: what the command says has all these words.
says() {
	local name=$1 said word wrong=

	shift
	local -a words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	said=$("${@:2}")
	for word in "${words[@]}"; do
		[[ $said == *"$word"* ]] || wrong+="    expected: $word"$'\n'
	done
	if [ -z "$wrong" ]; then
		report ok "runsc init $name"
	else
		report "not ok" "runsc init $name: $said"
		printf %s "$wrong"
	fi
}

# signal_each SIGNAL...: to a server that waits for them, each when it is ready.
signal_each() {
	local out=$lab/signalled bundle_name=lowport-signalled signal count=0

	# gVisor writes to a file as if nobody else did.
	in_gvisor /plain/lowport -p 443:8443 -- "${server[@]}" | cat >"$out" &
	for signal; do
		count=$((count + 1))
		wait_for awaits $count "$out" || break
		runsc --root "$lab/runsc" kill "$bundle_name" "$signal"
	done
	wait_for grep -q ^status "$out" ||
		runsc --root "$lab/runsc" kill "$bundle_name" KILL
	wait
	cat "$out"
}

# awaits COUNT FILE: the server has said so often that it waits.
awaits() {
	[ "$(grep -c ^ready "$2")" -ge "$1" ]
}

WAITS='echo ready; while :; do /bin/busybox sleep 0.1; done'
TRAPS='trap "echo got USR1; echo ready" USR1; trap "echo got TERM; exit 9" TERM'
DASH=(/plain/lowport -w -p 443:8443 -- /bin/dash -c)

check_gvisor_init() {
	local server

	is_ready runsc init || return 0
	says "the server's status" "status 7" -- in_gvisor "${DASH[@]}" 'exit 7'
	says "the status of a signal" "status 143" -- \
	    in_gvisor "${DASH[@]}" 'kill $$'
	says "no command" "cannot execute '/none'" "status 127" -- \
	    in_gvisor /plain/lowport -p 443:8443 -- /none
	says "an orphan is reaped" ", an orphan of the server" "status 6" -- \
	    in_gvisor "${DASH[@]}" '(/bin/busybox true &); exit 6'
	says "a daemon" "$OWNS" "status 0" -- \
	    in_gvisor "${DASH[@]}" '/dynamic & exit 0'
	server=(/bin/dash -c "$TRAPS; $WAITS")
	says "signals" "got USR1" "got TERM" "status 9" -- \
	    signal_each USR1 TERM
	server=(/bin/dash -c "$WAITS")
	says "SIGTERM ends it" "status 143" -- signal_each TERM
	says "version" "lowport 0" "status 0" -- in_gvisor /plain/lowport -V
	says "check" "ok       hand-off     preload, tried; not notify: " \
	    "443:8443: all could be bound" "status 0" -- \
	    in_gvisor /plain/lowport --check -p 443:8443 -- /dynamic
	says "doctor" "note     container    gVisor has no seccomp listener" \
	    "ok       hand-off     preload, tried; not notify: " "status 0" -- \
	    in_gvisor /plain/lowport --doctor -p 443:8443 -- /dynamic
	says "bpf is refused" "gVisor has no bpf(2), and preload is" "status 125" \
	    -- in_gvisor /plain/lowport --method bpf -p 443:8443 -- /dynamic
	says "notify is refused" "gVisor has no seccomp listener, so preload is" \
	    "status 125" -- in_gvisor /plain/lowport --method notify \
	    -p 443:8443 -- /dynamic
}
