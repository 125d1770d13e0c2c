#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The command line: what is understood, what is refused and how, exit statuses,
# signals, the environment.

load helpers

# refuses WORDS ARGUMENT...: lowport with these arguments is refused.
refuses() {
	local words=$1

	shift
	run "$LOWPORT" "$@" sh -c "$MUST_NOT_START"
	refused_with "$words"
}

@test "a good mapping starts the server (the control of what follows)" {
	run -0 "$LOWPORT" -q -p 443:8443 -- sh -c "$MUST_NOT_START"
	[ -e "$TMPDIR/started" ]
}

@test "bad mappings are refused before the server starts" {
	refuses "not between 1 and 65535" -p 0
	refuses "not between 1 and 65535" -p 443:0
	refuses "not between 1 and 65535" -p 65536
	refuses "not between 1 and 65535" -p 443:65536
	refuses "port is missing" -p 443:
	refuses "port is missing" -p :8443
	refuses "port is missing" -p ""
	refuses "too many colons" -p 443:8443:1:2
	refuses "not an IPv4 address" -p 443:8443:1
	refuses "unknown protocol 'sctp'" -p 443/sctp
	refuses "unknown protocol 'udp+tcp'" -p 443:8443/udp+tcp
	refuses "ends before it begins" -p 445-443
	refuses "2 ports cannot be mapped to 1" -p 443-444:8443
	refuses "no port or tcp service" -p nonesuch
	refuses "no port or tcp service" -p -1
	refuses "no port or tcp service" -p +443
	refuses "longer than" -p "$(printf '4%.0s' {1..300})"
	refuses "not between" -p "$(printf '4%.0s' {1..60})"
	refuses "names are not looked up" -p localhost:443:8443
	refuses "IPv6 goes in brackets" -p ::1:443:8443
	refuses "after '['" -p '[::1:443'
	refuses "not an IPv6 address" -p '[::g]:443'
	refuses "takes an interface" -p '[fe80::1]:443'
	refuses "no network interface" -p '[fe80::1%nonesuch]:443'
}

@test "mappings as other programs have them: the right way is said" {
	refuses "-p 443:8443 -p 80:8080" -p 443:8443,80:8080
	refuses "the address goes first" -p 443:127.0.0.1:8443
	refuses "the address goes first" -p '443:[::1]:8443'
	refuses "it goes last" -p 443/tcp:8443
	LOWPORT_PUBLISH=443:8443,80:8080 refuses "LOWPORT_PUBLISH put blanks"
	run -0 "$LOWPORT" -q -p ' 443:8443' -- true
	run "$LOWPORT" node server.js
	refused_with "-p 443:8443 [-u USER] -- node ...; try 'lowport --help'"
	run "$LOWPORT"
	refused_with "usage: lowport -p 443:8443"
	run "$LOWPORT" 443:8443 node server.js
	refused_with "is -p missing before 443:8443?"
	run "$LOWPORT" node server.js -p 443:8443
	refused_with "options before the command"
	run "$LOWPORT" -p 443:8443 80:8080 node
	refused_with "is -p missing before it?"
}

@test "a mapping that may be the wrong way round is reported, and runs" {
	run -0 "$LOWPORT" -p 20443:443 -- true
	[[ $output == *"mapping 20443:443: the server is to bind 443 and gets \
20443; for the other way round, write -p 443:20443"* ]]
	run -0 "$LOWPORT" -p 443:20443 -- true
	[[ $output != *"other way round"* ]]
	run -0 "$LOWPORT" --check -p 20443:443
	says note mapping "20443:443: .*write -p 443:20443"
	run -0 "$LOWPORT" --check -p 443:20443
	not grep -q "way round" <<<"$output"
}

@test "duplicate and overlapping mappings are refused" {
	refuses "overlaps mapping 443:8443" -p 443:8443 -p 443:8443
	refuses "overlaps mapping 443:8443" -p 443:8443 -p 443:9443
	refuses "overlaps mapping 443:8443" -p 443:8443 -p 444:8443
	refuses "overlaps" -p 443:8443 -p 127.0.0.1:443:9443
	refuses "overlaps" -p 0.0.0.0:443:8443 -p 127.0.0.1:443:9443
	refuses "overlaps" -p 127.0.0.1:443 -p '[::ffff:127.0.0.1]:443'
}

@test "mappings side by side are not" {
	run -0 "$LOWPORT" -q -p 443:8443 -p 80:8080 -- true
	run -0 "$LOWPORT" -q -p 127.0.0.1:443:8443 -p '[::1]:443:8443' -- true
	run -0 "$LOWPORT" -q -p 127.0.0.1:443:8443 -p 127.0.0.2:443:9443 -- true
	run -0 "$LOWPORT" -q -p 0.0.0.0:443:8443 -p '[::]:443:8443' -- true
}

@test "more than 64 mappings are refused, 64 are not" {
	local arguments=()

	for port in $(seq 20001 20064); do
		arguments+=(-p "127.0.0.1:$port")
	done
	run -0 "$LOWPORT" -q "${arguments[@]}" -- true
	refuses "more than 64 mappings" "${arguments[@]}" -p 443
}

@test "options: unknown, without argument, out of bounds" {
	refuses "unknown option '--nonesuch'" --nonesuch -p 443
	refuses "unknown option '-x'" -p 443 -x
	refuses "unknown option '-x'" -p 443 -vx
	run "$LOWPORT" -p
	refused_with "option '-p' needs an argument"
	run "$LOWPORT" --user
	refused_with "option '--user' needs an argument"
	refuses "not a number from 1 to 256" -p 443 --spares 0
	refuses "not a number from 1 to 256" -p 443 --spares 257
	refuses "not a number from 1 to 256" -p 443 --spares 4x
	run -0 "$LOWPORT" -q -p 443 --spares 256 true
}

@test "a missing mapping, a missing command, no argument at all" {
	refuses "no mapping"
	run "$LOWPORT" -p 443:8443
	refused_with "no command"
	run "$LOWPORT" -p 443:8443 --
	refused_with "no command"
	run "$LOWPORT"
	refused_with "no mapping"
	run build/empty "$LOWPORT"
	[ "$status" -eq 125 ]
}

@test "unknown and foreign users are refused, one's own is not" {
	refuses "there is no user 'nonesuch'" -u nonesuch -p 443
	refuses "there is no group 'nonesuch'" -u nobody:nonesuch -p 443
	refuses "needs a user" -u "" -p 443
	refuses "only root can start a server as another user" -u root -p 443
	refuses "only root can start a server as another user" -u 12345 -p 443
	refuses "there is no user '4294967295': the largest id is 4294967294" \
	    -u 4294967295 -p 443
	refuses "there is no group '4294967295': the largest id is 4294967294" \
	    -u nobody:4294967295 -p 443
	run -0 "$LOWPORT" -q -u nobody -p 443 -- true
	run -0 "$LOWPORT" -q -u 65534:65534 -p 443 -- true
}

@test "closed standard descriptors are refused where the kernel shows them" {
	run bash -c '"$0" -p 20443 true <&-' "$PLAIN"
	[ "$status" -eq 125 ]
	[[ $output == *"file descriptor 0 is closed"* ]]
	run bash -c '"$0" -p 20443 true >&-' "$PLAIN"
	[ "$status" -eq 125 ]
	[[ $output == *"file descriptor 1 is closed"* ]]
	run bash -c '"$0" -p 20443 true 2>&-' "$PLAIN"
	[ "$status" -eq 125 ]
	run -0 "$PLAIN" -q -p 20443 true
}

@test "with a file capability the C library fills them; no socket goes there" {
	run -0 bash -c '"$0" -q -p 443:8443 readlink /proc/self/fd/0 <&-' \
	    "$LOWPORT"
	[[ $output == /dev/* ]]
	run bash -c '"$0" -q -p 443:8443 sh -c "exit 7" <&- >&- 2>&-' "$LOWPORT"
	[ "$status" -eq 7 ]
}

@test "too few descriptors are refused, with the number that is needed" {
	run bash -c 'ulimit -n 3; exec "$0" -p 443:8443 true' "$LOWPORT" 3>&-
	refused_with "ulimit -n"
	run bash -c 'ulimit -n 10; exec "$0" --spares 4 -p 443:8443 true' "$LOWPORT"
	refused_with "cannot make the 25 sockets"
	run -0 bash -c 'ulimit -Sn 10; exec "$0" -q -p 443:8443 true' "$LOWPORT"
}

@test "an address that is not ours is refused" {
	refuses "no interface has this address" -p 192.0.2.7:443:8443
	refuses "no interface has this address" -p '[2001:db8::1]:443:8443'
	run -0 "$LOWPORT" -q -p 127.0.0.2:443:8443 true
}

@test "a port in use is refused, and its holder named" {
	"$LOWPORT" -q -p 443:8443 -- python3 tests/hold.py 8443 &
	wait_until listening 443
	run "$LOWPORT" -p 443:8443 -- sh -c "$MUST_NOT_START"
	kill $!
	wait || true
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"cannot bind "*":443: the port is in use by process"*"python3"* ]]
	run -0 "$LOWPORT" -q -p 443:8443 -- true
}

@test "a limit of processes is met: which, and what to raise" {
	run bash -c 'ulimit -u 1; exec "$@"' - "$LOWPORT" -p 443:8443 -- true
	refused_with "cannot fork: uid $(id -u) may have no more than 1 processes"
	refused_with "raise 'ulimit -u' (docker run --ulimit nproc=, systemd Limit"
	run -125 bash -c 'ulimit -u 1; exec "$@"' - "$LOWPORT" --check --json \
	    -p 443:8443
	[[ $output == *"cannot fork: uid $(id -u) may have no more than 1 "* ]]
	# Nothing else needs a second process.
	run -125 bash -c 'ulimit -u 1; exec "$@"' - "$LOWPORT" --doctor -p 443:8443
	says problem helper "cannot fork: uid $(id -u) may have no more than 1 .*\
raise 'ulimit -u' .*; so neither the ports nor the hand-off could be tried"
	says ok kernel
	says ok policy
	[ "$(grep -c ^problem <<<"$output")" -eq 1 ]
	not grep -q ^lowport: <<<"$output"
	run -0 bash -c 'ulimit -u 1; exec "$@"' - "$LOWPORT" --check-policy \
	    /etc/lowport/policy
	run -0 bash -c 'ulimit -u 1; exec "$@"' - "$LOWPORT" --version
	# In a user namespace of its own its processes are counted apart.
	run contained bash -c 'ulimit -u 2; exec "$@"' - "$PLAIN" -p 20443:8443 \
	    -- sh -c "$MUST_NOT_START"
	refused_with "cannot fork: perhaps uid $(id -u) may have no more than 2"
	# Under another filter the trial of the hand-off takes one more.
	run contained bash -c 'ulimit -u 3; exec "$@"' - build/deny adopting \
	    "$PLAIN" -p 20443:8443 -- build/server_static 8443
	refused_with "perhaps uid $(id -u) may have no more \
than 3 processes and threads, those outside of this container too"
	run -0 contained bash -c 'ulimit -u 40; exec "$@"' - "$PLAIN" -q \
	    -p 20443:8443 -- true
}

# contained COMMAND...: as a container does, with users and processes of its own.
contained() {
	unshare --user --map-current-user --net --pid --fork --mount-proc \
	    --kill-child -- "$@"
}

@test "no_new_privs: the programs that ran before lowport are named" {
	local start='"$@"; exit $?' server=("$LOWPORT" -p 443:8443 -- true)

	run setpriv --no-new-privs bash -c "$start" - "${server[@]}"
	refused_with "before lowport started, which voids its file capability \
behind another program: bash (process "
	refused_with "start lowport outside of that"
	run contained setpriv --no-new-privs "${server[@]}"
	refused_with "make lowport the entrypoint, behind no shell"
	run contained setpriv --no-new-privs bash -c "$start" - "${server[@]}"
	refused_with "another program: bash (process 1); make lowport the entrypoint"
	run contained setpriv --no-new-privs bash -c "$start" - \
	    dash -c "$start" - "${server[@]}"
	refused_with "bash (process 1), dash (process 2); make"
	# The control: who started it is under none, as a unit's manager.
	run setpriv --no-new-privs "${server[@]}"
	refused_with "start it without (NoNewPrivileges= of a unit)"
}

@test "no capability among users of a container: its runtime may have lost it" {
	run contained "$PLAIN" -p 443:8443 -- true
	refused_with "by containerd 1.7): use containerd 2; if not, run once as \
root: setcap cap_net_bind_service=p $PLAIN"
	# The control: in the first user namespace it cannot have done so.
	[[ $(xargs </proc/self/uid_map) == "0 0 4294967295" ]] || return 0
	run "$PLAIN" -p 443:8443 -- true
	refused_with "has no capability; run once as root"
}

@test "without the capability: the cause is told" {
	run "$PLAIN" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "setcap cap_net_bind_service=p"
	run setpriv --no-new-privs "$LOWPORT" -p 443:8443 -- true
	refused_with "no_new_privs was set before"
	run -0 "$PLAIN" -q -p 20443:8443 -- true
}

@test "options end at the first argument that is none, and at --" {
	run -0 "$LOWPORT" -q -p 443:8443 echo -p -v -- x
	[ "$output" = "-p -v -- x" ]
	run -0 "$LOWPORT" -q -p443:8443 -- echo -v
	[ "$output" = "-v" ]
	run -0 "$LOWPORT" --quiet --publish=443:8443 --publish 80:8080 echo a
	[ "$output" = a ]
}

@test "the command is executed as given, no shell reads it" {
	run -0 "$LOWPORT" -q -p 443:8443 printf '%s|' 'a b' '$HOME;*' ''
	[ "$output" = 'a b|$HOME;*||' ]
}

@test "LOWPORT_PUBLISH and LOWPORT_USER stand for options, which win" {
	export LOWPORT_PUBLISH=" 443:8443  80:8080 " LOWPORT_USER=nobody
	run "$LOWPORT" -v true
	[ "$status" -eq 0 ]
	[[ $output == *"mapping 443:8443"*"mapping 80:8080"* ]]
	run "$LOWPORT" -v -p 444:8444 true
	[[ $output == *"mapping 444:8444"* && $output != *"443:8443"* ]]
	LOWPORT_USER=nonesuch run "$LOWPORT" true
	refused_with "no user 'nonesuch'"
	LOWPORT_USER=nonesuch run -0 "$LOWPORT" -q -u nobody true
	LOWPORT_PUBLISH=0 run "$LOWPORT" true
	refused_with "not between"
}

@test "services have names" {
	run "$LOWPORT" -v -p https:http-alt true
	[ "$status" -eq 0 ]
	[[ $output == *"mapping 443:8080"* ]]
}

@test "exit statuses: the server's, 128+n, 126, 127" {
	run -0 "$LOWPORT" -q -p 443:8443 true
	run -1 "$LOWPORT" -q -p 443:8443 false
	run -42 "$LOWPORT" -q -p 443:8443 sh -c 'exit 42'
	run -143 "$LOWPORT" -q -p 443:8443 sh -c 'kill -TERM $$'
	run -137 "$LOWPORT" -q -p 443:8443 sh -c 'kill -KILL $$'
	run -127 "$LOWPORT" -v -p 443:8443 nonesuch-command
	[[ $output == *": process "[0-9]*" ended with status 127"* ]]
	run -3 "$LOWPORT" -v -p 443:8443 sh -c 'exit 3'
	[[ $output == *": the server (process "[0-9]*") ended with status 3"* ]]
	run -127 "$LOWPORT" -q -p 443:8443 nonesuch-command
	[[ $output == "lowport: cannot execute 'nonesuch-command': not found" ]]
	run -127 "$LOWPORT" -q -p 443:8443 /nonesuch
	printf "#!/nonesuch\n" >"$TMPDIR/script"
	chmod 755 "$TMPDIR/script"
	run -127 "$LOWPORT" -q -p 443:8443 "$TMPDIR/script"
	[[ $output == *"its interpreter is missing" ]]
	mv "$TMPDIR/script" "$TMPDIR/orphaned-script"
	PATH=$TMPDIR:$PATH run -127 "$LOWPORT" -q -p 443:8443 orphaned-script
	[[ $output == *"'orphaned-script': its interpreter is missing" ]]
	# What is not executable is passed over, as by a shell.
	chmod 644 "$TMPDIR/orphaned-script"
	PATH=$TMPDIR:$PATH run -126 "$LOWPORT" -q -p 443:8443 orphaned-script
	[[ $output == *"Permission denied; chmod a+x $TMPDIR/orphaned-script" ]]
	run -126 "$LOWPORT" -q -p 443:8443 /etc/passwd
	run -126 "$LOWPORT" -q -p 443:8443 /tmp
}

@test "help and version go to standard output; lowport -V says which" {
	run -0 "$LOWPORT" --help
	[[ ${lines[0]} == "usage: lowport "* ]]
	run -0 "$LOWPORT" -h
	run -125 sh -c '"$0" --help all >/dev/full' "$LOWPORT"
	run -0 "$LOWPORT" -V
	[[ $output =~ ^lowport\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

# A terminal is at least 80 columns wide and 24 lines high.
@test "help fits a terminal, help all its width; neither runs a command" {
	local all

	"$LOWPORT" --help >"$TMPDIR/help"
	"$LOWPORT" --help all >"$TMPDIR/all"
	[ "$(wc -l <"$TMPDIR/help")" -le 24 ]
	[ "$(wc -L <"$TMPDIR/help")" -le 80 ]
	[ "$(wc -L <"$TMPDIR/all")" -le 80 ]
	grep -q -e --rewrite "$TMPDIR/all"
	not grep -q -e --rewrite "$TMPDIR/help"
	for all in --help=all "-h all" "-q --help all" "--help all x"; do
		# shellcheck disable=SC2086
		"$LOWPORT" $all | diff "$TMPDIR/all" -
	done
	for all in "--help -- all" "--help al" "-h -p 443 all"; do
		# shellcheck disable=SC2086
		"$LOWPORT" $all | diff "$TMPDIR/help" -
	done
	refuses "unknown option '--help=al'" --help=al
	printf '#!/bin/sh\necho "ran $1"\n' >"$TMPDIR/bin"
	mkdir -p "$TMPDIR/path"
	mv "$TMPDIR/bin" "$TMPDIR/path/all"
	chmod 755 "$TMPDIR/path/all"
	PATH=$TMPDIR/path:$PATH run -0 "$LOWPORT" -q -p 443 all --help
	[ "$output" = "ran --help" ]
	PATH=$TMPDIR/path:$PATH run -0 "$LOWPORT" -p 443 --help all x
	[[ $output != *"ran x"* ]]
}

@test "options, help and manual name the same options" {
	local option

	for option in $(sed -n 's/^    {"\([a-z-]*\)",.*/\1/p' src/child/options.c); do
		"$LOWPORT" --help all | grep -q -e "--$option"
		grep -q "^\.It Fl .*-$option\( \|$\)" src/lowport.1
	done
	[ -n "$option" ]
	for option in $("$LOWPORT" --help all | grep -o -e '--[a-z][a-z-]*' | sort -u)
	do
		[ "$option" = "--help" ] ||
		    grep -q "{\"${option#--}\"," src/child/options.c
	done
}

@test "the pages link to files, and src/README.md names functions, that exist" {
	local page name

	for page in README.md src/README.md tests/README.md .github/*.md; do
		[ -e "$page" ]
		for name in $(grep -o '](\([^):#]*\))' $page | tr -d ']()'); do
			echo "$page: $name"
			[ -e "$(dirname $page)/$name" ]
		done
	done
	for name in $(grep -o '`[a-z]*_[a-z_]*`' src/README.md | tr -d '`'); do
		echo "$name"
		grep -rqE "^$name\(" src
	done
	[ -n "$name" ]
}

# In the table: a row with this flag.
@test "table and manual name the same socket options that are watched" {
	sed -n 's/^    {[A-Z0-9_]*, \([A-Z0-9_]*\), [^,]*, OBSERVED\>.*/\1/p' \
	    src/common/sockopt_table.c | sort >"$TMPDIR/table"
	sed -n '/^Watched are$/,/^\.It/p' src/lowport-containers.7 |
	    grep -oE '[A-Z0-9]+_[A-Z0-9_]+' | sort >"$TMPDIR/manual"
	[ "$(wc -l <"$TMPDIR/table")" -gt 40 ]
	diff "$TMPDIR/table" "$TMPDIR/manual"
}

@test "the environment is exactly the caller's, in spite of AT_SECURE" {
	export LD_LIBRARY_PATH=/nonesuch TMPDIR="$TMPDIR" RES_OPTIONS=attempts:1
	export GLIBC_TUNABLES=glibc.malloc.check=1 LOCALDOMAIN=example.org
	export GCONV_PATH=/nonesuch MALLOC_TRACE=/nonesuch NLSPATH=/x EMPTY=
	env >"$TMPDIR/before"
	"$LOWPORT" -q -p 443:8443 env >"$TMPDIR/after"
	# The shell sets $_ anew for each command.
	diff <(grep -v ^_= "$TMPDIR/before") <(grep -v ^_= "$TMPDIR/after")
}

@test "an empty environment stays empty" {
	run -0 env -i "$LOWPORT" -q -p 443:8443 /usr/bin/env
	[ "$output" = "" ]
}

@test "the server inherits the caller's descriptors and no other" {
	ls /proc/self/fd >"$TMPDIR/before"
	"$LOWPORT" -q -p 443:8443 ls /proc/self/fd >"$TMPDIR/after" 9</dev/null
	diff <(cat "$TMPDIR/before"; echo 9) "$TMPDIR/after" ||
	    diff <(sort "$TMPDIR/before"; echo 9) <(sort "$TMPDIR/after")
}

@test "the server's signal mask and dispositions are the caller's" {
	grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >"$TMPDIR/before"
	"$LOWPORT" -q -p 443:8443 grep -E '^Sig(Blk|Ign|Cgt)' \
	    /proc/self/status >"$TMPDIR/after"
	diff "$TMPDIR/before" "$TMPDIR/after"
}

@test "signals are forwarded, once" {
	local signal

	for signal in HUP INT QUIT USR1 USR2 TERM WINCH RTMIN RTMAX; do
		rm -f "$TMPDIR/out"
		"$LOWPORT" -q -p 443:8443 -- python3 tests/signals.py \
		    "$signal" >"$TMPDIR/out" &
		wait_until grep -q ready "$TMPDIR/out"
		kill -s "$signal" $!
		wait $!
		[ "$(cat "$TMPDIR/out")" = "ready
$signal 1" ]
	done
}

@test "a signal to the process group of lowport reaches the server once" {
	rm -f "$TMPDIR/out"
	setsid "$LOWPORT" -q -p 443:8443 -- python3 tests/signals.py TERM \
	    >"$TMPDIR/out" &
	wait_until grep -q ready "$TMPDIR/out"
	kill -TERM -- -$!
	wait $!
	[ "$(tail -n 1 "$TMPDIR/out")" = "TERM 1" ]
}

@test "fault signals are forwarded too, and leave the helper alive" {
	local status=0

	"$LOWPORT" -q -p 443:8443 -- sleep 100 &
	wait_until pgrep -x -P $! sleep
	kill -ABRT $!
	wait $! || status=$?
	[ "$status" -eq 134 ]
	not listening 443
	not pgrep -x sleep
}

# Two binds that are told, the reader of standard error gone.
TOLD='
import socket
for host in ("127.0.0.3", "127.0.0.4"):
    socket.socket().bind((host, 8443))
print("alive")'

@test "a closed standard error costs the server nothing" {
	for option in -q -v; do
		run -0 timeout 60 bash -c '
		    exec 3>&1
		    "$0" "$1" -p 443:8443 -- python3 -c "$2" 2>&1 >&3 |
			true
		    exit "${PIPESTATUS[0]}"' "$LOWPORT" "$option" "$TOLD"
		[ "$output" = alive ]
	done
	run -0 timeout 60 bash -c 'ulimit -f 0; exec "$0" -v -p 443:8443 -- \
	    python3 -c "$1" 2>"$TMPDIR/log"' "$LOWPORT" "$TOLD"
	[ "$output" = alive ]
}

@test "a reader that stalls stops neither server nor signals" {
	mkfifo "$TMPDIR/stalled"
	exec 9<>"$TMPDIR/stalled"
	# Full: nobody reads it.
	dd if=/dev/zero of="$TMPDIR/stalled" bs=4096 oflag=nonblock 	    2>/dev/null || true
	"$LOWPORT" -v -p 443:8443 -- sh -c 'exec 2>/dev/null
	    python3 tests/hold.py 8443' 2>"$TMPDIR/stalled" &
	wait_until listening 443
	kill -TERM $!
	wait $! || [ $? -eq 143 ]
	exec 9<&-
	rm "$TMPDIR/stalled"
}

@test "behind shells, the server gets SIGTERM too when the first one ends" {
	rm -f "$TMPDIR/out"
	"$LOWPORT" -q -p 443:8443 -- sh -c "
	    sh -c 'python3 tests/signals.py TERM >$TMPDIR/out; true'; true" &
	wait_until grep -q ready "$TMPDIR/out"
	kill -TERM $!
	wait $! || [ $? -eq 143 ]
	[ "$(tail -n 1 "$TMPDIR/out")" = "TERM 1" ]
}

@test "the terminal: Ctrl-Z, fg, Ctrl-C as for any job" {
	run -0 python3 tests/terminal.py "$LOWPORT" foreground
}

@test "the terminal: a job in the background that reads stops, as any does" {
	run -0 python3 tests/terminal.py "$LOWPORT" background
	run -0 python3 tests/terminal.py "$LOWPORT" unnoticed
}

@test "the terminal, where standard input is another file: once it is wanted" {
	for case in foreground writing asking background unnoticed; do
		echo "$case"
		run -0 python3 tests/terminal.py "$LOWPORT" $case /dev/null
	done
}

@test "an ignored SIGCHLD does not lose the server's status" {
	run bash -c 'trap "" CHLD; exec "$0" -q -p 443:8443 sh -c "exit 9"' \
	    "$LOWPORT"
	[ "$status" -eq 9 ]
}

@test "no zombie while it runs, no orphan when it has ended" {
	local status=0

	# All of the first loop are orphans when it ends; ps(1) lists zombies.
	timeout 60 "$LOWPORT" -q -p 443:8443 -- sh -c '
	    for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.01 &) ; done
	    until [ "$(ps -o pid= --ppid "$PPID" | wc -l)" -eq 1 ]; do
		sleep 0.02
	    done
	    (sleep 1000 & echo $! >"$TMPDIR/orphan"); exit 3' || status=$?
	[ "$status" -eq 3 ]
	not kill -0 "$(cat "$TMPDIR/orphan")"
}

@test "what a daemon leaves is the server: lowport stays, and TERM ends it" {
	"$LOWPORT" -q -p 443:8443 -- sh -c \
	    'echo $$ >"$TMPDIR/first"; python3 tests/hold.py 8443 & exit 0' &
	wait_until listening 443
	wait_until gone "$(cat "$TMPDIR/first")"
	kill -0 $!
	kill -TERM $!
	wait $!
	not listening 443
}

@test "a mapping that is not used is reported, once" {
	run -0 "$LOWPORT" -p 443:8443 true
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"mapping 443:8443 is unused"*"port 8443"* ]]
	run -0 "$LOWPORT" -q -p 443:8443 true
	[ "$output" = "" ]
}

@test "a bind of the expected port that no mapping covers is reported, once" {
	run -0 timeout 60 "$LOWPORT" -p 127.0.0.2:443:8443 -- python3 -c '
import socket
for i in range(3):
    s = socket.socket()
    s.bind(("127.0.0.1", 8443))
    assert s.getsockname()[1] == 8443
    s.close()'
	echo "$output"
	[ "$(grep -c "no mapping covers" <<<"$output")" -eq 1 ]
	[ "$(grep -c "is unused" <<<"$output")" -eq 1 ]
	[[ $output == *"127.0.0.1:8443"*"-p '127.0.0.1:443:8443'"* ]]
	[[ $output != *"in place of"* ]]
	# Beside which it would be refused.
	run -0 "$LOWPORT" -p 127.0.0.1:443:8443 -- python3 -c '
import socket
socket.socket().bind(("0.0.0.0", 8443))'
	[[ $output == *"give it -p '0.0.0.0:443:8443' in place of \
'127.0.0.1:443:8443'"* ]]
}
