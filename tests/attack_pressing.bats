#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# Attacks by pressing: a start and a helper under strange variables, limits and
# filters, and under signals at any moment.

load attack

# ---- Code and settings by the environment.

# make_library [LINK]: libattack.so writes down which program loaded it; victim is
# an ordinary program, linked to it with LINK.
make_library() {
	mkdir -p "$TMPDIR/library"
	cat >"$TMPDIR/library/attack.c" <<-'END'
		#include <errno.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		unsigned int la_version(unsigned int v);
		unsigned int la_version(unsigned int v) { return v; }
		__attribute__((constructor)) static void loaded(void)
		{
			char path[4096];
			snprintf(path, sizeof(path), "%s/loaded", getenv("HOME"));
			int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
			dprintf(fd, "%s\n", program_invocation_short_name);
			close(fd);
		}
	END
	echo 'int main(void) { return 0; }' >"$TMPDIR/library/victim.c"
	# shellcheck disable=SC2086
	cc -D_GNU_SOURCE -shared -fPIC -o "$TMPDIR/library/libattack.so" \
	    "$TMPDIR/library/attack.c" &&
	    cp "$TMPDIR/library/libattack.so" "$TMPDIR/library/libcap.so.2" &&
	    cc -o "$TMPDIR/library/victim" "$TMPDIR/library/victim.c" \
	    -L"$TMPDIR/library" -Wl,--no-as-needed $1
}

# loads VARIABLE=VALUE [LINK]: the victim is made to load the library, alone
# and as the server; lowport is not.
loads() {
	needs "no compiler" make_library "${2:-}"
	rm -f "$TMPDIR/loaded"
	run -0 timeout -k 1 60 env "$1" "$TMPDIR/library/victim"
	grep -qx victim "$TMPDIR/loaded"
	rm "$TMPDIR/loaded"
	run -0 timeout -k 1 60 env "$1" "$LOWPORT" -q -p 443:8443 -- \
	    "$TMPDIR/library/victim"
	echo "$output"
	grep -qx victim "$TMPDIR/loaded"
	not grep -q lowport "$TMPDIR/loaded"
	rm -r "$TMPDIR/loaded" "$TMPDIR/library"
}

@test "LD_PRELOAD loads into the server, not into lowport" {
	loads LD_PRELOAD="$TMPDIR/library/libattack.so"
}

@test "LD_LIBRARY_PATH likewise" {
	loads LD_LIBRARY_PATH="$TMPDIR/library" -lattack
}

@test "LD_AUDIT likewise" {
	loads LD_AUDIT="$TMPDIR/library/libattack.so"
}

data_of() {
	awk '/^VmData/ {print $2}' "/proc/$1/status"
}

# tunes VARIABLE=VALUE: 64 MiB more of heap, in the server and not in lowport.
tunes() {
	env "$1" python3 tests/hold.py 20443 &
	wait_until listening 20443
	[ "$(data_of $!)" -gt 65536 ]
	kill $!
	wait $! || true
	env "$1" "$LOWPORT" -q -p 443:8443 -- python3 tests/hold.py 8443 &
	wait_until listening 443
	[ "$(data_of $!)" -lt 65536 ]
	[ "$(data_of "$(pgrep -P $!)")" -gt 65536 ]
	kill $!
	wait $! || true
}

@test "GLIBC_TUNABLES tune the server, not lowport" {
	tunes GLIBC_TUNABLES=glibc.malloc.top_pad=67108864
}

@test "MALLOC_ variables likewise" {
	tunes MALLOC_TOP_PAD_=67108864
}

@test "LOWPORT_USER=root by an ordinary user" {
	LOWPORT_USER=nobody run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 \
	    -- id -u
	[ "$output" = "$(id -u)" ]
	for user in root 0 0:0 root:root nobody:root :root; do
		LOWPORT_USER=$user run timeout -k 1 60 "$LOWPORT" \
		    -p 443:8443 -- sh -c "$MUST_NOT_START"
		echo "$user: $output"
		[ "$status" -eq 125 ]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

@test "-u root by an ordinary user" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -u nobody -- true
	for user in root 0 0:0 nobody:root :root 4294967295 4294967296; do
		run timeout -k 1 60 "$LOWPORT" -p 443:8443 -u "$user" -- \
		    sh -c "$MUST_NOT_START"
		echo "$user: $output"
		[ "$status" -eq 125 ]
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

# ---- Strange starts.

@test "argc 0" {
	run -0 timeout -k 1 60 build/empty /usr/bin/true
	run -125 timeout -k 1 60 build/empty "$LOWPORT"
	nothing_left
}

@test "descriptors 0, 1, 2 closed, in all combinations" {
	limited :
	[ "$status" -eq 0 ]
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' \
	    '<&- >&- 2>&-'; do
		limited "exec $closed"
	done
}

@test "RLIMIT_NOFILE from 3 to 48" {
	for limit in 64 {48..3}; do
		limited "ulimit -n $limit"
		[ "$limit" -ne 64 ] || [ "$status" -eq 0 ]
	done
	[ "$status" -eq 125 ]
}

@test "RLIMIT_NPROC 0 and 1" {
	run bash -c 'ulimit -u 1; exec timeout 60 true'
	[ "$status" -ne 0 ]
	limited "ulimit -u 0"
	[ "$status" -eq 125 ]
	limited "ulimit -u 1"
	[ "$status" -eq 125 ]
}

@test "RLIMIT_AS from 64 KiB to 64 MiB" {
	for limit in 65536 16384 8192 4096 3072 2560 2048 1792 1536 1280 1024 \
	    768 512 256 128 64; do
		limited "ulimit -v $limit"
		[ "$limit" -ne 65536 ] || [ "$status" -eq 0 ]
	done
	[ "$status" -ne 0 ]
}

@test "RLIMIT_DATA from 0 to 1 MiB" {
	for limit in 1024 512 256 192 128 96 64 32 16 8 4 0; do
		limited "ulimit -d $limit"
	done
	[ "$status" -ne 0 ]
}

@test "RLIMIT_STACK from 4 KiB to 1 MiB" {
	for limit in 1024 512 256 128 64 48 32 24 16 12 8 4; do
		limited "ulimit -s $limit"
		[ "$limit" -ne 1024 ] || [ "$status" -eq 0 ]
	done
}

@test "RLIMIT_FSIZE 0, and a message to a file" {
	limited :
	[ "$status" -eq 0 ]
	limited "ulimit -f 0"
	[ "$status" -ne 0 ]
	status=0
	timeout -k 1 60 bash -c 'ulimit -f 0; exec "$LOWPORT" -v -p 443:8443 \
	    -- sh -c "sleep 0.1; exit 7"' 2>>"$TMPDIR/errors" || status=$?
	echo "status $status"
	[ "$status" -eq 7 ]
	nothing_left
}

@test "nobody reads standard error: the server does not suffer" {
	for option in -q -v; do
		status=0
		timeout -k 1 60 "$LOWPORT" "$option" -p 443:8443 \
		    -- sh -c 'sleep 0.1; exit 7' 2> >(:) || status=$?
		echo "$option: status $status"
		[ "$status" -eq 7 ]
		nothing_left
	done
	# A mapping that does not cover the bind is told of while it runs.
	status=0
	timeout -k 1 60 "$LOWPORT" -p 127.0.0.2:443:8443 -- \
	    sh -c '"$ATTACK" report 1; sleep 0.1; exit 7' 2> >(:) || status=$?
	echo "a warning: status $status"
	[ "$status" -eq 7 ]
}

@test "RLIMIT_CORE unlimited, all other limits at once" {
	limited "ulimit -c unlimited; ulimit -n 64; ulimit -q 0; ulimit -i 0
	    ulimit -l 0"
	[ "$status" -eq 0 ]
}

@test "SIGSTOP and SIGKILL at 200 moments of the start" {
	run -0 timeout -k 1 300 "$ATTACK" storm 200 443
	echo "$output"
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
some served, some ended"* ]]
}

# ---- While it runs.

@test "a filter that only pretends to drop: no capability, and refused" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 true
	run -125 timeout -k 1 60 "$ATTACK" fake
	[[ $output == "lowport: "* ]]
	nothing_left
}

@test "policy: a root directory shared with another process gives nothing" {
	with_444 "$LOWPORT"
	for port in 666 444; do
		without_666 "$ATTACK" share "$LOWPORT" -p "$port:8443" -- \
		    sh -c "$MUST_NOT_START"
	done
}

@test "the server kills the helper, then binds: it gets no port" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- sh -c \
	    '"$ATTACK" report 1'
	[ "$output" = 443 ]
	timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- sh -c 'kill -KILL $PPID
	    "$ATTACK" report 1 >"$TMPDIR/port"; : >"$TMPDIR/done"' || true
	wait_until [ -e "$TMPDIR/done" ]
	[ ! -s "$TMPDIR/port" ]
	rm "$TMPDIR/port" "$TMPDIR/done"
}

@test "the server takes the helper's descriptors away, then binds: no 8443" {
	for way in $WAYS; do
		use_way "$way"
		run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
		    "$ATTACK" report 1
		[ "$output" = 443 ]
		# poll(2) takes no more descriptors than the limit.
		for left in 0 1 2 3 4 8; do
			run -0 timeout -k 1 20 "$LOWPORT" -q -p 443:8443 -- \
			    "$ATTACK" starve $left
			echo "$way, $left: $output"
			[[ ${lines[-1]} == 443 || ${lines[-1]} == "no port" ]]
		done
	done
}

# ---- A start that is to get the denied port.

@test "policy: RLIMIT_NOFILE so low that it cannot be read" {
	limited "ulimit -n 64"
	[ "$status" -eq 0 ]
	for limit in 64 40 {26..4..2} 3; do
		unlimited_666 "ulimit -n $limit"
	done
}

@test "policy: RLIMIT_AS and RLIMIT_DATA so low that it cannot be read" {
	limited "ulimit -v 65536"
	[ "$status" -eq 0 ]
	for limit in 65536 4096 2560 2048 1792 1536 1280 1024 768 512; do
		unlimited_666 "ulimit -v $limit"
	done
	for limit in 1024 512 256 192 128 96 64 32 16 8 4 0; do
		unlimited_666 "ulimit -d $limit"
	done
}

@test "policy: RLIMIT_STACK so low that it cannot be read" {
	limited "ulimit -s 1024"
	[ "$status" -eq 0 ]
	for limit in 1024 512 384 320 288 256 224 192 160 128 64 32 16; do
		unlimited_666 "ulimit -s $limit"
	done
}

@test "policy: RLIMIT_FSIZE, RLIMIT_NPROC and all other limits" {
	limited "ulimit -f 1000; ulimit -c unlimited"
	[ "$status" -eq 0 ]
	for limits in "ulimit -f 0" "ulimit -u 0" "ulimit -u 1" "ulimit -t 1" \
	    "ulimit -c unlimited; ulimit -q 0; ulimit -i 0; ulimit -l 0"; do
		unlimited_666 "$limits"
	done
}

@test "policy: the helper's limits squeezed at 60 moments of the start" {
	run -0 timeout -k 1 300 "$ATTACK" squeeze 40 443
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
some served"* ]]
	run -0 timeout -k 1 300 "$ATTACK" squeeze 60 666
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
none served, some ended"* ]]
}

@test "policy: SIGSTOP and SIGKILL at 60 moments of the start" {
	run -0 timeout -k 1 300 "$ATTACK" storm 40 443
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
some served"* ]]
	run -0 timeout -k 1 300 "$ATTACK" storm 60 666
	[[ $output == *"wrong port 0, hung 0, capable 0, bound 0
none served, some ended"* ]]
}
