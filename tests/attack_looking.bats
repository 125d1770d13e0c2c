#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Attacks by looking: into the helper and the child, by a tracer, by a core; and
# at what is bound while lowport runs.

load attack

# bound_during PORT COMMAND...: the port is bound at some moment while it runs.
bound_during() {
	"$ATTACK" during "$@" | grep -x "$1 bound"
}

free_during() {
	! bound_during "$@"
}

# The kernel lists sockets that are bound only (Linux 6.8).
bound_only_listed() {
	[ "$("$ATTACK" bound 1)" = free ]
}

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

@test "executed under a tracer, lowport has no capability" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 true
	run -125 timeout -k 1 60 "$ATTACK" traced 443
	[[ $output == *"cannot bind"*:443* ]]
	nothing_left
}

@test "policy: a tracer, under which it is not asked, gives nothing" {
	with_444 "$LOWPORT"
	run -125 timeout -k 1 60 "$ATTACK" traced 666
	[[ $output == *"cannot bind"*:666* ]]
	nothing_left
}

@test "no core of the helper, of an ordinary server one" {
	needs "cores are not kept here" core_kept
	run -0 timeout -k 1 60 "$ATTACK" core 443 \
	    "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 8443
	[ "$output" = 139 ]
	nothing_left
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
