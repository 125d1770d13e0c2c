#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The sandbox itself: what it takes over from whoever starts it, and what it
# leaves.

load ../helpers

# permitted COMMAND...: in a sandbox so started, lowport trusts its policy.
permitted() {
	run -0 "$@" sh -c '"$LOWPORT" --check -p 443:8443 -- true'
	says ok policy "permitted by /etc/lowport/policy"
}

@test "sandbox: whatever the umask is, lowport may be executed and has a policy" {
	for mask in 000 002 022 077; do
		umask $mask
		permitted tests/sandbox
	done
}

@test "sandbox: of a tree that its owner alone can read" {
	mkdir -m 700 "$TMPDIR/tree"
	cp -R .ci .github build packaging src tests COPYING Makefile README.md \
	    "$TMPDIR/tree/"
	chmod -R go= "$TMPDIR/tree"
	permitted "$TMPDIR/tree/tests/sandbox"
	BUILD="$TMPDIR/tree/build" permitted tests/sandbox
	rm -r "$TMPDIR/tree"
}

@test "sandbox: of the environment it passes on what tests read, and no more" {
	export BASH_ENV=/nonexistent ENV=/nonexistent TMPDIR=/nonexistent
	export LOWPORT_SPARES=3 LOWPORT_METHOD=preload LC_ALL=POSIX LANG=POSIX
	export GLIBC_TUNABLES=glibc.malloc.top_pad=1 LD_LIBRARY_PATH=/nonexistent
	export CDPATH=/ POSIXLY_CORRECT=1 PATIENCE=77
	run -0 tests/sandbox env
	[[ $output == *PATIENCE=77* ]]
	run -1 grep -vE '^(ASAN_OPTIONS|ATTACKABLE|CK_[A-Z_]+|CONFINED|HOME|LC_ALL|LOWPORT|LOWPORT_MUST_WORK|OLDPWD|PATH|PATIENCE|PLAIN|PWD|TERM|TMPDIR|UBSAN_OPTIONS|UNIT_FILTER)=' \
	    <<<"$output"
	run -0 tests/sandbox sh -c 'umask; echo "$LC_ALL"; [ -w "$TMPDIR" ]'
	[ "$output" = "0022
C.UTF-8" ]
}

@test "sandbox: its /tmp is its own, and gone with it" {
	run -0 tests/sandbox sh -c 'echo x >/tmp/left && ls /tmp'
	[ "$output" = "left
lowport-sandbox" ]
	[ ! -e /tmp/left ]
	before=$(ls -d /tmp/* | wc -l)
	tests/sandbox sh -c 'echo up; exec sleep 60' >"$TMPDIR/out" 3>&- &
	wait_until grep -q up "$TMPDIR/out"
	kill -KILL $!
	wait $! || true
	[ "$(ls -d /tmp/* | wc -l)" -eq "$before" ]
}
