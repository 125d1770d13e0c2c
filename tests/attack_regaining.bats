#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Attacks to regain a capability: from below lowport, in a user namespace, by a
# copy.

load attack

@test "the server cannot have the helper bind another port" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 444:8443 -- "$ATTACK" report 1
	[ "$output" = 444 ]
	run -1 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 444
	[[ $output == *"port 444: Permission denied"* ]]
}

@test "under lowport, lowport's own file capability gives nothing" {
	binds_by_capability "$LOWPORT" -q -p 444:8444 -- true
	run -125 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    "$ATTACK" watch "$LOWPORT" -p 444:8444 -- true
	[[ $output == *"cannot bind"*":444"* ]]
	[ "${lines[-1]}" = "held 0" ]
}

@test "under lowport, a second lowport installs no second listener" {
	run -0 timeout -k 1 60 "$PLAIN" -q -p 20443:8443 -- true
	run -125 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" --method notify -p 20443:9443 -- true
	[[ $output == *"intercepts calls"* ]]
	nothing_left
}

@test "under lowport, a set-user-ID program stays what its caller is" {
	needs "su(1) is not set-user-ID here" raises su --help
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    sh -c 'for i in 1 2 3 4 5; do "$ATTACK" watch su --help; done'
	[ "$(grep -c '^held 0$' <<<"$output")" -eq 5 ]
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
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- python3 -c "$raise"
	[ "$output" = "capset -1
id -1
id -1" ]
}

@test "under lowport, a user namespace does not reach this network" {
	needs "no user namespaces" unshare -Urn true
	run -0 timeout -k 1 60 unshare -Urn "$PLAIN" -q -u root -p 444:8444 \
	    -- true
	run timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    unshare -Ur "$ATTACK" serve 444
	[ "$status" -eq 1 ]
	[[ $output == *"Permission denied"* ]]
}

@test "root of a user namespace is not root of this network" {
	needs "no user namespaces" unshare -Urn true
	for lowport in "$LOWPORT" "$PLAIN"; do
		run -0 timeout -k 1 60 unshare -Urn "$lowport" -q -u root \
		    -p 443:8443 -- "$ATTACK" report 1
		[ "$output" = 443 ]
		run -125 timeout -k 1 60 unshare -Ur "$lowport" -u root \
		    -p 443:8443 -- sh -c "$MUST_NOT_START"
		[[ $output == *"user namespace that does not own this"* ]]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

@test "a copy has no capability, set-user-ID or not" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 true
	cp "$LOWPORT" "$TMPDIR/copy"
	for mode in 755 4755 2755 6755; do
		chmod "$mode" "$TMPDIR/copy"
		run -125 timeout -k 1 60 "$TMPDIR/copy" -p 443:8443 true
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
	WITHIN="unshare -Urn setpriv --securebits=+noroot --inh-caps=-all \
	    --ambient-caps=-all" \
	    binds_by_capability "$TMPDIR/copy" -q -u root -p 443:8443 true
	run -125 timeout -k 1 60 "$TMPDIR/copy" -p 443:8443 true
	[[ $output == *"cannot bind"*":443"* ]]
	nothing_left
	rm "$TMPDIR/copy"
}
