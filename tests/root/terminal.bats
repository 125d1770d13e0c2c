#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The terminal root starts lowport on, and a server of -u that would type there.

load ../helpers

NOBODY="setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all \
--ambient-caps=-all"

# typist COMMAND...: it runs the server on a terminal, as root.
typist() {
	run -0 python3 tests/typing.py "$@" build/server_typist
}

# The control: without lowport, it is typed, by every call this machine has.
types_by_itself() {
	# shellcheck disable=SC2086
	typist $NOBODY
	[[ $output != *"native EIO"* ]] || {
		# Linux 6.2, CONFIG_LEGACY_TIOCSTI
		[ "${LOWPORT_MUST_WORK:-}" != 1 ]
		skip "dev.tty.legacy_tiocsti is 0: nobody can type here"
	}
	echo "$output"
	[[ ${lines[0]} == "native ok" && ${lines[-1]} == "typed nd"* ]]
	# A pseudo-terminal has no selection.
	[[ $output == *"paste ENOTTY"* ]]
	calls=$((${#lines[@]} - 1))
}

# denied COMMAND...: so started, every one of these calls fails.
denied() {
	typist "$@"
	echo "$*: $output"
	[ "${lines[-1]}" = "typed nothing" ]
	# The filter has an answer for calls this kernel has not.
	[ "${#lines[@]}" -gt "$calls" ]
	[ "$(grep -vc ' EPERM$' <<<"$output")" -eq 1 ]
}

@test "terminal: a server of -u cannot type there, by any way" {
	types_by_itself
	for lowport in "$LOWPORT" "$PLAIN"; do
		for way in $WAYS; do
			use_way "$way"
			denied "$lowport" -q -u nobody -p 443:8443 --
			denied "$lowport" -q -u nobody -p 443:8443 \
			    -p 444:@more --
		done
		denied "$lowport" -q -u nobody -p 443:@https --
		denied "$lowport" -q -u nobody --show-expected-port \
		    -p 443:8443 --
	done
}

@test "terminal: a process the server starts cannot either" {
	types_by_itself
	for way in $WAYS; do
		use_way "$way"
		denied "$LOWPORT" -q -u nobody -p 443:8443 -- sh -c \
		    '"$@"; exit $?' sh
	done
}

# typed_by_another FOUND COMMAND...: what comes of it, tried several times.
typed_by_another() {
	typist build/attacker type "${@:2}"
	echo "$*: $output"
	grep -qx "$1" <<<"$output"
}

# A filter of seccomp has lowport rehearse a hand-off first, by one more process.
@test "terminal: other processes of the user cannot, by tracing one of lowport's" {
	types_by_itself
	typed_by_another works "$PLAIN" -q -u nobody --allow-new-privs \
	    -p 443:8443 -- sleep 1
	[[ ${lines[-1]} == "typed t"* ]]
	for command in "-p 443:8443 -- sleep 1" "-p 443:@https -- sleep 1" \
	    "--check -p 443:8443" "--doctor -p 443:8443"; do
		# shellcheck disable=SC2086
		typed_by_another fails "$PLAIN" -u nobody $command
		[[ $output == *"typed nothing" ]]
	done
	typed_by_another fails build/deny adopting "$PLAIN" -u nobody \
	    -p 443:8443 -- sleep 1
	[[ $output == *"typed nothing" ]]
}

@test "terminal: the rest of it works" {
	for way in $WAYS; do
		use_way "$way"
		run -0 python3 tests/typing.py "$LOWPORT" -q -u nobody \
		    -p 443:8443 -- sh -c 'stty cols 77 && stty size'
		[ "${lines[0]}" = "0 77" ]
	done
}

@test "terminal: with root's privileges, a server may type" {
	types_by_itself
	for options in "-u root" "-u nobody --allow-new-privs" \
	    "-u nobody --keep-caps chown"; do
		# shellcheck disable=SC2086
		typist "$LOWPORT" -q $options -p 443:8443 --
		echo "$options: $output"
		[[ ${lines[-1]} == "typed nd"* ]]
	done
}

@test "terminal: where nothing changes the user, nothing is denied" {
	types_by_itself
	# shellcheck disable=SC2086
	typist $NOBODY "$LOWPORT" -q -p 443:8443 --
	[[ ${lines[-1]} == "typed nd"* ]]
}

@test "terminal: without one the server passes no filter; any descriptor is one" {
	run -0 python3 -c '
import os, pty, subprocess, sys
COUNT = ["sed", "-n", "s/^Seccomp_filters:[[:space:]]*//p", "/proc/self/status"]
master, slave = pty.openpty()
def filters(*command, stdin=subprocess.DEVNULL, pass_fds=()):
    return int(subprocess.run([*command, *COUNT], stdin=stdin, pass_fds=pass_fds,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True, check=True).stdout)
lowport = sys.argv[1:]
own = filters()
print(filters(*lowport) - own, filters(*lowport, stdin=slave) - own,
    filters(*lowport, pass_fds=[slave]) - own,
    filters(*lowport, pass_fds=[master]) - own)' \
	    "$LOWPORT" -q -u nobody -p 443:@web --
	[ "$output" = "0 1 1 1" ]
}
