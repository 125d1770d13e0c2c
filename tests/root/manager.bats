#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Reports of another user to the server's service manager.

load ../helpers

@test "reports: those of the server's user are passed on, of another are not" {
	mkfifo "$TMPDIR/go"
	chmod 666 "$TMPDIR/go"
	tests/manager.py "@lowport-test-$$" "$LOWPORT" -q -u nobody -p 443:8443 -- \
	    sh -c 'echo "$NOTIFY_SOCKET"; read -r _ <"$1"; exec tests/manager.py report END=1' \
	    - "$TMPDIR/go" >"$TMPDIR/out" 3>&- &
	wait_until grep -q ^@ "$TMPDIR/out"
	export NOTIFY_SOCKET
	NOTIFY_SOCKET=$(cat "$TMPDIR/out")
	for user in 65533 65534; do
		setpriv --reuid=$user --regid=65534 --clear-groups \
		    tests/manager.py report "USER=$user"
	done
	# Root may send to the manager itself.
	tests/manager.py report USER=0
	echo >"$TMPDIR/go"
	wait $!
	[ "$(xargs <"$TMPDIR/out")" = "$NOTIFY_SOCKET main: USER=65534 main: END=1" ]
}
