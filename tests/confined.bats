#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# What the helper does behind its filter, and the C library for it.  `make
# check` runs handoff.bats and activation.bats by $CONFINED, too.

load helpers

# Ports that need no capability: a tracer would void that.
PORTS="-p 20443:8443"

@test "behind the filter, what allocates is found" {
	# shellcheck disable=SC2086
	run -0 "$CONFINED" -q $PORTS -- true
	for probe in allocate library; do
		# shellcheck disable=SC2086
		CONFINED_PROBE=$probe run -99 "$CONFINED" -q $PORTS -- true
		[ "$output" = "malloc is called behind the filter" ]
	done
}

@test "behind the filter, sockets given at the start are not freed one by one" {
	run -0 "$CONFINED" -q -p 20001-20500:@many -- true
	run -0 "$CONFINED" -q --spares 64 -p 20443:@one -- true
	run -0 "$CONFINED" -q -p 127.0.0.1:20443:@one -p "[::1]:20443:@two" \
	    -p 20444:@three/udp -- true
}

# A server that binds over and over, leaves a port unused, and an orphan.
SERVER='build/server_rebind 8443 20443 50 >/dev/null; sleep 60 & exit 7'

@test "behind the filter, each message is printed without allocating" {
	for way in $WAYS; do
		use_way "$way"
		# shellcheck disable=SC2086
		run -7 "$CONFINED" -v --warn $PORTS -p 20444:9444 -- \
		    sh -c "$SERVER"
		[[ $output != *"behind the filter"* ]]
	done
}

@test "behind the filter, the helper opens nothing but files of /proc" {
	for way in $WAYS; do
		use_way "$way"
		# shellcheck disable=SC2086
		run -7 strace -f -y -o "$TMPDIR/calls" "$PLAIN" -v --warn \
		    $PORTS -p 20444:9444 -- sh -c "$SERVER"
		# The first process there is the helper; the rest of its calls.
		awk 'NR == 1 { helper = $1 }
		    $1 == helper && confined
		    $1 == helper && /seccomp\(SECCOMP_SET_MODE_FILTER/ {
			confined = 1
		    }' "$TMPDIR/calls" >"$TMPDIR/behind"
		grep -q 'wait4(' "$TMPDIR/behind"
		# Its terminal too, of which it has none here.
		grep -E ' open(at)?\(' "$TMPDIR/behind" >"$TMPDIR/opened"
		run -1 grep -vE '"(/proc["/]|/dev/tty")|at\([0-9]+</proc/' \
		    "$TMPDIR/opened"
		run -1 grep -E ' (mmap|munmap|mprotect|madvise|brk|futex|rseq|getrandom|prlimit64|uname)\(' \
		    "$TMPDIR/behind"
	done
	rm "$TMPDIR/calls" "$TMPDIR/behind" "$TMPDIR/opened"
}

@test "behind the filter, the helper may ask the kernel for the time" {
	# Itself, env, and true, which is executed by env with one again.
	LD_SHOW_AUXV=1 run -0 build/without_vdso env true
	[ "$(grep -c '^AT_PAGESZ' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^AT_SYSINFO_EHDR' <<<"$output")" -eq 2 ]
	for way in $WAYS; do
		use_way "$way"
		# shellcheck disable=SC2086
		run -7 build/without_vdso "$CONFINED" -v $PORTS \
		    -p 20444:9444 -- sh -c "$SERVER"
	done
}
