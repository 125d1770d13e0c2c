#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# A server binds again and again, closes, is interrupted: nothing wears out.

load helpers

@test "a server binds again without end, and a closed port is closed" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- \
		    build/server_rebind 8443 443 $((HANDOFFS / 10))
		[ "$output" = "$((HANDOFFS / 10)) rounds" ]
	done
}

@test "two servers side by side bind again 1,000 times each" {
	local rounds=$((HANDOFFS / 10))

	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -p 80:8080 -- sh -c '
			build/server_rebind 8443 443 "$1" & first=$!
			build/server_rebind 8080 80 "$1" && wait $first
		    ' sh "$rounds"
		[ "$output" = "$rounds rounds
$rounds rounds" ]
	done
}

# Root alone can count its descriptors: tests/root/privilege.bats.
@test "10,000 hand-offs leave the helper's memory as it was" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- sh -c '
			measure() {
				awk "/^$1/ {print \$2}" "/proc/$PPID/status"
			}
			# The first ones use the spares and touch the pages.
			build/server_rebind 8443 443 $(($1 / 5)) x >/dev/null
			# So does the look that comes when the server is idle:
			# pages of the program, too.
			sleep 1
			data=$(measure VmData) resident=$(measure VmRSS)
			build/server_rebind 8443 443 "$1" x >/dev/null
			[ "$(measure VmData)" -eq "$data" ]
			# A look that comes now and then may touch a page more.
			[ "$(measure VmRSS)" -le $((resident + 8)) ]' sh "$HANDOFFS"
	done
}

@test "binds from a second thread under a storm of signals" {
	local rounds=$((HANDOFFS / 20))

	for way in $WAYS; do
		use_way "$way"
		for mode in restart interrupt; do
			run -0 "$LOWPORT" -q -p 443:8443 -- \
			    build/server_storm $mode 8443 443 "$rounds"
			[[ $output == "$rounds of $rounds rounds, "[1-9]* ]]
			# So too where no mapping expects the port.
			run -0 "$LOWPORT" -q -p 443:8443 -- \
			    build/server_storm $mode 9443 9443 "$rounds"
			[[ $output == *"$rounds of $rounds rounds, "[1-9]* ]]
		done
	done
}

@test "an address rewritten during bind: the outcome is one of the two" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 127.0.0.1:443:8443 \
		    -p 127.0.0.2:444:9443 -- \
		    build/server_race 8443 443 9443 444 $((HANDOFFS / 5))
	done
	# No mapping covers the second port.  These ways bind the copy of the
	# address that was judged.
	for way in fetch baseline preload; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- \
		    build/server_race 8443 443 9443 9443 $((HANDOFFS / 5))
	done
	# The second address is of another family.
	for way in fetch baseline preload; do
		use_way "$way"
		run -0 "$LOWPORT" -q -p 443:8443 -- \
		    build/server_race 8443 443 8443 0 $((HANDOFFS / 5))
	done
}

@test "a port that is closed is closed, on the loopback as elsewhere" {
	for way in $WAYS; do
		use_way "$way"
		for address in 127.0.0.1 ::1 0.0.0.0; do
			run -0 "$LOWPORT" -q -p 443:8443 --spares 4 -- \
			    python3 -c '
import os, socket, sys, time
host = sys.argv[1]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
to = "127.0.0.1" if host == "0.0.0.0" else host
# The helper keeps the socket until it has seen that it listens.
def becomes():
    end = time.monotonic() + float(os.environ["PATIENCE"])
    while time.monotonic() < end:
        try:
            socket.create_connection((to, 443)).close()
        except ConnectionRefusedError:
            return "closed"
        # The socket has gone while this client was connecting.
        except ConnectionResetError:
            pass
        time.sleep(0.02)
    return "open"
for n in range(3):
    s = socket.create_server((host, 8443), family=family)
    socket.create_connection((to, 443)).close()
    s.close()
    print(becomes())' $address
			[ "$(sort -u <<<"$output")" = closed ]
		done
	done
}
