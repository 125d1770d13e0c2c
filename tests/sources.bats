#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# Connections that a server makes from a mapped port, as FTP's do from port 20:
# each is a bind, and reaches its own peer.

load helpers

@test "TCP: each connection from a mapped source port reaches its own peer" {
	run -0 python3 tests/sources.py one 4 0
	[ "$output" = "failed [] wrong [] own 4 late 0" ]
	for way in $WAYS; do
		use_way "$way"
		for spares in 1 2 4; do
			for mode in "one 12 0" "one 4 0.7"; do
				# shellcheck disable=SC2086
				run -0 "$LOWPORT" -q --spares $spares -p 20:2020 \
				    -- python3 tests/sources.py $mode
				echo "$way, $spares, $mode: $output"
				[[ $output == "failed [] wrong [] own "*" late 0" ]]
			done
		done
		# The listener took one for good.
		run -0 "$LOWPORT" -q --spares 3 -p 20:2020 -- \
		    python3 tests/sources.py listen 6 0
		[ "$output" = "failed [] wrong [] own 6 late 0" ]
	done
}

@test "TCP: as many connections at a time as there are spares" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" --spares 3 -p 20:2020 -- \
		    python3 tests/sources.py once 5 0
		echo "$way: $output"
		[[ $output == *"all TCP sockets for 0.0.0.0:20 are in use, 3 of \
them connected"*"--spares"* ]]
		[ "${lines[-1]}" = "failed ['EADDRINUSE', 'EADDRINUSE'] wrong [] \
own 3 late 0" ]
		[ "${#lines[@]}" -eq 2 ]
	done
}
