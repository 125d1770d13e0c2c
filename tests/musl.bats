#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The preload library in programs of musl, whose loader runs constructors and
# sets `environ` in an order of its own.

load helpers

# Where there is no musl-gcc; with LOWPORT_MUST_WORK=1 that is a failure.
setup() {
	if ! command -v musl-gcc >/dev/null; then
		[ "${LOWPORT_MUST_WORK:-}" != 1 ] || {
			echo "missing: musl-gcc"
			return 1
		}
		skip "no musl-gcc here"
	fi
	use_way preload
}

# built NAME: tests/NAME.c against musl.
built() {
	[ -x "$BATS_FILE_TMPDIR/$1" ] ||
		musl-gcc -std=gnu11 -D_GNU_SOURCE -pthread \
		    -o "$BATS_FILE_TMPDIR/$1" "tests/$1.c"
	echo "$BATS_FILE_TMPDIR/$1"
}

@test "the programs are musl's, and bind the port they ask for without lowport" {
	server=$(built server_leader)
	grep -q /lib/ld-musl- "$server"
	run -0 "$server" 8443
	[ "$output" = 8443 ]
}

@test "a musl program owns the public port, gives it back, gets it again" {
	server=$(built server_rebind)
	run -0 "$LOWPORT" -q -p 443:8443 -- "$server" 8443 443 100
	[ "$output" = "100 rounds" ]
}

@test "getsockname tells the public port, or the expected one where it is asked to" {
	server=$(built server_leader)
	run -0 "$LOWPORT" -q -p 443:8443 -- "$server" 8443
	[ "$output" = 443 ]
	run -0 "$LOWPORT" -q --show-expected-port -p 443:8443 -- "$server" 8443
	[ "$output" = 8443 ]
}

@test "errors are the kernel's, by musl's errno" {
	server=$(built server_errors)
	"$server" 8443 >"$TMPDIR/bare"
	grep -q EBADF "$TMPDIR/bare"
	"$LOWPORT" -q -p 443:8443 -- "$server" 8443 >"$TMPDIR/mapped"
	diff "$TMPDIR/bare" "$TMPDIR/mapped"
}

# Without another spare it is the helper's answer.
@test "a second server is told that the port is in use" {
	server=$(built server_rebind)
	run -1 timeout 60 "$LOWPORT" -q --spares 1 -p 443:8443 -- sh -c '
		python3 tests/hold.py 8443 &
		until ss -Hltn "sport = :443" | grep -q .; do sleep 0.02; done
		"$0" 8443 443 1; status=$?; kill $!; exit $status' "$server"
	[ "$output" = "round 0: bind: Address in use" ]
}

@test "through programs of the other library, and on to more of its own" {
	server=$(built server_rebind)
	run -0 "$LOWPORT" -q -p 443:8443 -- sh -c \
	    'env python3 -c "import os, sys; os.execv(sys.argv[1], sys.argv[1:])" \
	    "$0" 8443 443 3; "$0" 8443 443 2' "$server"
	[ "$output" = "3 rounds
2 rounds" ]
}
