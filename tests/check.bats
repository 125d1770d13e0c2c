#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# --check and --doctor: what they say is what a start does.

load helpers

CHECK=(timeout -k 1 60 "$LOWPORT" --check)
DOCTOR=(timeout -k 1 60 "$LOWPORT" --doctor)

# agrees STATUS LOWPORT ARGUMENT...: --check and a start end with this status, a
# start of a server with nothing to do; and neither leaves anything.
agrees() {
	local wanted=$1 lowport=$2

	shift 2
	run timeout -k 1 60 "$lowport" -q "$@" -- true
	[ "$status" -eq "$wanted" ]
	run timeout -k 1 60 "$lowport" --check "$@" -- true
	[ "$status" -eq "$wanted" ]
	[ "$(build/attacker after)" = "0 capable, pool free" ]
	not listening 443
}

@test "--check: all that will happen, and nothing does" {
	run -0 "${CHECK[@]}" -p 443:8443 -p 80 -- touch "$TMPDIR/started"
	[ "${#lines[@]}" -eq 7 ]
	says ok user "nobody \(uid 65534, gid 65534\)"
	says ok policy "443:8443: permitted by /etc/lowport/policy:2"
	says ok policy "80:80: permitted"
	says ok sockets "443:8443: all could be bound"
	says ok hand-off "tried"
	says ok command touch
	[ ! -e "$TMPDIR/started" ]
	run -0 "${CHECK[@]}" -p 443:8443
	[ "${#lines[@]}" -eq 4 ]
}

@test "--check goes to standard output alone" {
	"${CHECK[@]}" -p 443:8443 2>"$TMPDIR/errors" >"$TMPDIR/report"
	[ ! -s "$TMPDIR/errors" ] && [ -s "$TMPDIR/report" ]
	run "${CHECK[@]}" -p 443:8443 >/dev/full
	"${CHECK[@]}" -p 443:8443 >/dev/full && false
	[ $? -eq 125 ]
}

@test "--check agrees with a start: permitted, denied, unprivileged" {
	agrees 0 "$LOWPORT" -p 443:8443
	agrees 0 "$LOWPORT" -p 127.0.0.1:443:8443
	agrees 0 "$PLAIN" -p 20444:8443
	agrees 125 "$LOWPORT" -p 666
	agrees 125 "$LOWPORT" -p 443:8443 -p 666
	says problem policy "666:666: /etc/lowport/policy:4 denies"
	says problem sockets "666:666: not bound, as the policy says"
	says ok sockets "443:8443"
	says ok hand-off tried
}

@test "--check agrees with a start: no capability, no address, no descriptors" {
	agrees 125 "$PLAIN" -p 443:8443
	says problem sockets "setcap cap_net_bind_service=p"
	says ok policy "not asked: executing lowport gave its caller nothing"
	agrees 125 "$LOWPORT" -p 192.0.2.7:443:8443
	says problem sockets "no interface has this address"
	run -125 bash -c 'ulimit -n 12; exec "$@"' - "${CHECK[@]}" \
	    --spares 8 -p 443:8443
	says problem sockets "cannot make the [0-9]+ sockets"
	run -125 setpriv --no-new-privs "${CHECK[@]}" -p 443:8443
	says ok policy "not asked: under no_new_privs"
	says problem sockets "no_new_privs was set before"
}

@test "--check agrees with a start: a port in use" {
	python3 tests/hold.py 20443 &
	wait_until listening 20443
	run -125 "${CHECK[@]}" -p 20443:8443 -p 443:9443
	kill $!
	wait $! || true
	says problem sockets "20443:8443: cannot bind .*process [0-9]+ \(python3"
	says ok sockets "443:9443"
}

@test "--check beside the lowport that serves: connect to the port instead" {
	# A shell between them, as many images have one.
	"$LOWPORT" -q -p 443:8443 -- sh -c 'python3 tests/hold.py 8443; true' &
	wait_until listening 443
	run -125 "${CHECK[@]}" -p 443:8443
	says problem sockets "process [0-9]+ \(python3\), the server of lowport \(process $!\); to see that its server is well, connect to port 443, as --check is for before the start; stop it, or map another"
	kill $!
	wait $! || true
	# A stranger's server is no lowport's.
	python3 tests/hold.py 20443 &
	wait_until listening 20443
	run -125 "${CHECK[@]}" -p 20443:8443
	kill $!
	wait $! || true
	says problem sockets "\(python3\); stop it, or map another"
}

@test "a port in use: behind a dual-stack listener, by a parked socket" {
	"$LOWPORT" -q -p 443:8443 -- python3 tests/hold.py 8443 :: &
	wait_until listening 443
	run -125 "$LOWPORT" -p 443:8443 -- true
	kill $!
	wait $! || true
	[[ $output == *"in use at [::]:443 by process "*" (python3), the server "* ]]
	[[ $output == *"is well, connect to port 443, as --check is for before"* ]]
	"$LOWPORT" -q -p 443:8443/udp -- sh -c 'echo ready; exec sleep 60' \
	    >"$TMPDIR/ready" &
	wait_until grep -q ready "$TMPDIR/ready"
	run -125 "$LOWPORT" -p 443:8443/udp -- true
	[[ $output == *"another lowport, perhaps process $!, which keeps it"* ]]
	[[ $output == *"is well, ask at port 443, as --check is for before"* ]]
	kill $!
	wait $! || true
	not grep -q minute <<<"$output"
}

@test "a port in use at one address: which, and the mapping of another" {
	python3 tests/hold.py 20443 127.0.0.53 &
	wait_until listening 20443
	run -125 "${CHECK[@]}" -p 20443:8443
	says problem sockets "in use at 127.0.0.53:20443 by process $! .*-p ADDR:20443:8443"
	run -0 "$LOWPORT" -q -p 127.0.0.1:20443:8443 -- true
	kill $!
	wait $! || true
}

# A socket that is bound only, which its kernel lists or not.
@test "two lowports on one port: since Linux 6.8 the second is refused" {
	"$LOWPORT" -q -p 443:8443 -- sh -c 'echo ready; exec sleep 60' \
	    >"$TMPDIR/ready" &
	wait_until grep -q ready "$TMPDIR/ready"
	if ! kernel_since 6.8; then
		run -0 "${CHECK[@]}" -p 443:8443
		says ok sockets "443:8443: all could be bound"
		run -0 "$LOWPORT" -q -p 443:8443 -- true
		kill $!
		wait $! || true
		return
	fi
	run -125 "$LOWPORT" -p 443:8443 -- sh -c "$MUST_NOT_START"
	[ "${#lines[@]}" -eq 1 ] && [ ! -e "$TMPDIR/started" ]
	[[ $output == *"cannot share port 443: another process has bound it and \
does not listen yet, perhaps process $! (lowport)"* ]]
	run -125 "${CHECK[@]}" -p 443:8443 -p 20443:9443
	says problem sockets "443:8443: cannot share port 443"
	says ok sockets "20443:9443"
	run -0 "$LOWPORT" -q -p 20443:8443 -- true
	kill $!
	wait $! || true
	run -0 "$LOWPORT" -q -p 443:8443 -- true
}

@test "two lowports that start at the same moment: one runs at the most" {
	kernel_since 6.8 || skip "takes Linux 6.8"
	for _ in 1 2 3 4 5; do
		"$LOWPORT" -q -p 443:8443 -- sleep 30 2>"$TMPDIR/errors" &
		first=$!
		"$LOWPORT" -q -p 443:8443 -- sleep 30 2>>"$TMPDIR/errors" &
		second=$! ended=0
		wait -n "$first" "$second" || ended=$?
		[ "$ended" -eq 125 ]
		kill "$first" "$second" 2>/dev/null || true
		wait "$first" "$second" || true
		grep "cannot share port 443" "$TMPDIR/errors"
	done
}

@test "--check promises no more of a port that needs no privilege" {
	run -0 "${CHECK[@]}" -p 20443:8443 -p 443:9443 -p 20444:5353/udp
	says note sockets "20443:8443: the port needs no privilege, so another user can bind it"
	[ "$(grep -c "needs no privilege" <<<"$output")" -eq 1 ]
	run -0 "${CHECK[@]}" -p 20443:@web
	not grep -q "needs no privilege" <<<"$output"
}

@test "--check: the command, as exec would find it" {
	agrees 0 "$LOWPORT" -p 443:8443
	run -125 "${CHECK[@]}" -p 443:8443 -- nonesuch
	says problem command "nonesuch: not found \(127\)"
	run -125 "${CHECK[@]}" -p 443:8443 -- /etc/passwd
	says problem command "/etc/passwd: cannot be executed \(126\): Permission denied; chmod a\+x /etc"
	run -125 "${CHECK[@]}" -p 443:8443 -- /tmp
	says problem command "/tmp: cannot be executed \(126\): Permission denied; it is no regular file"
	cd /bin
	run -0 "${CHECK[@]}" -p 443:8443 -- ./true
	# The one in this directory is not meant.
	run -125 env PATH=/nonesuch "$LOWPORT" --check -p 443:8443 -- true
	says problem command "true: not found"
	run -127 env PATH=/nonesuch "$LOWPORT" -p 443:8443 -- true
	[[ $output == *"cannot execute 'true': not found" ]]
}

@test "--check: the command's interpreter, as exec would miss it" {
	printf '#!/nonesuch/sh\n' >"$TMPDIR/orphan"
	printf '#!/bin/sh\n' >"$TMPDIR/script"
	chmod 755 "$TMPDIR/orphan" "$TMPDIR/script"
	agrees 0 "$LOWPORT" -p 443:8443
	run -0 "${CHECK[@]}" -p 443:8443 -- "$TMPDIR/script"
	run -127 "$LOWPORT" -p 443:8443 -- "$TMPDIR/orphan"
	[[ $output == *"its interpreter is missing" ]]
	run -125 "${CHECK[@]}" -p 443:8443 -- "$TMPDIR/orphan"
	says problem command "orphan: its interpreter is missing \(127\)"
}

# executes STATUS WORDS FILE...: a start and --check end so, and say why.
executes() {
	local wanted=$1 words=$2

	shift 2
	run "-$wanted" "$LOWPORT" -q -p 443:8443 "$@"
	[[ $output == *"$words" ]]
	run "${CHECK[@]}" -p 443:8443 "$@"
	[ "$status" -eq $((wanted == 0 ? 0 : 125)) ]
	[[ $output == *"$words" ]]
}

@test "a server's file that is refused: the file that has to be changed" {
	local denied="Permission denied" behind=/bin/sh link work

	work=$(mktemp -d "$TMPDIR/file-XXXXXXXX")
	cd "$work"
	# The interpreter of an interpreter, and of that.
	cp /bin/true program
	for link in 1 2 3 4 5 6; do
		printf '#!%s\n' "$behind" >"script$link"
		chmod 755 "script$link"
		behind=$work/script$link
	done
	executes 0 "" ./script5
	executes 126 "only 5 of them may run one another" ./script6
	chmod 644 script2
	executes 126 "$denied, by its interpreter $PWD/script2; chmod a+x $PWD/script2" \
	    ./script4
	chmod a+x script2
	executes 0 "" ./script4
	printf '#!%s\n' "$PWD" >script2
	executes 126 "$denied, by its interpreter $PWD; it is no regular file" \
	    ./script4
	chmod 311 script2
	executes 0 "" ./program
	run -126 "$LOWPORT" -q -p 443:8443 ./script2
	[[ $output == *"$denied; perhaps its interpreter "*"./script2 is not readable" ]]
	# A name that a shell would take for another.
	mkdir "a b"
	cp program "a b"
	executes 0 "" "./a b/program"
	chmod 600 "a b"
	executes 126 "$denied; use chmod(1) to give a+x to './a b'" "./a b/program"
	# In a directory that cannot be reached anew.
	mkdir -p above/here
	cp program above/here
	cd above/here
	chmod 600 ..
	executes 0 "" ./program
	chmod 600 program
	executes 126 "$denied; chmod a+x ./program" ./program
	chmod a+x ./program
	executes 0 "" ./program
	# By a link into one.
	cd "$work"
	ln -s above/here/program link
	executes 126 "$denied; chmod a+x $work/above" ./link
	chmod a+x above
	executes 0 "" ./link
	cd "$TMPDIR"
	chmod -R u+rwx "$work"
	rm -r "$work"
}

@test "--check says how sockets are learnt, and why so" {
	run -0 "${CHECK[@]}" -p 443:8443
	says ok hand-off "learnt by pidfd_getfd\(2\)"
	LOWPORT_LEARN=observe run -0 "${CHECK[@]}" -p 443:8443
	says ok hand-off "watching setsockopt\(2\), as LOWPORT_LEARN says"
}

@test "--check: before Linux 5.19 a signal can repeat a bind" {
	local repeat="a signal can make the server repeat a bind"

	run -0 "${CHECK[@]}" -p 443:8443
	if kernel_since 5.19; then
		not grep -q "$repeat" <<<"$output"
	else
		says note hand-off "$repeat"
	fi
	LOWPORT_KERNEL=5.9 run -0 "${CHECK[@]}" -p 443:8443
	says note hand-off "$repeat"
}

@test "--check of 64 mappings, or 4096 ports, has no room for one of its own" {
	local arguments=()

	for port in $(seq 20001 20064); do
		arguments+=(-p "127.0.0.1:$port")
	done
	run -0 "${CHECK[@]}" "${arguments[@]}"
	says ok hand-off tried
	[ "$(ulimit -Hn)" -ge 12288 ] || skip "few descriptors here"
	run -0 "${CHECK[@]}" --spares 1 -p 127.0.0.1:20001-24096:30001-34096
	says ok hand-off tried
}

@test "--check in lowport: the listener that is there is told" {
	run -125 "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" --check --method notify -p 20443:9443
	says ok sockets "20443:9443: all could be bound"
	says problem hand-off "another program intercepts calls"
	run -0 "$LOWPORT" -q -p 443:8443 -- "$PLAIN" --check -p 20443:9443
	says ok hand-off "preload, tried; not notify: .*intercepts calls"
	run -125 "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" --check -p 20443:9443 -- build/server_static
	says problem hand-off "intercepts calls.*nor by --method preload: .*static"
}

@test "--check with bad options is refused as a start is" {
	run "$LOWPORT" --check
	refused_with "no mapping"
	run "$LOWPORT" --check -p 443:8443 -u root
	refused_with "only root can start a server as another user"
	run "$LOWPORT" --check -p 0
	refused_with "not between 1 and 65535"
	run "$LOWPORT" --check-policy
	refused_with "needs an argument"
}

@test "--doctor: one screen, and all is well" {
	run -0 "${DOCTOR[@]}"
	[ "${#lines[@]}" -le 24 ]
	not grep -vE '^(ok|note) ' <<<"$output"
	says ok kernel "$(literal "$(uname -r)")"
	says ok capability "file capability of $(literal "$LOWPORT")"
	says ok "bounding set" CAP_NET_BIND_SERVICE
	says ok no_new_privs "it was not set"
	says ok "port start" "1024"
	# Of the security modules, those that are here.
	[ ! -e /proc/sys/kernel/yama ] || says ok yama "ptrace_scope is [01]"
	[ -e /proc/sys/kernel/yama ] || not grep -q ' yama ' <<<"$output"
	cat /proc/self/attr/current >/dev/null 2>&1 ||
		not grep -qE ' (apparmor|selinux) ' <<<"$output"
	says note redirect "root"
	says ok policy "443:8443: permitted by"
	says ok sockets 443:8443
	says ok hand-off tried
}

@test "--doctor: each cause, and its remedy" {
	run -125 "$PLAIN" --doctor
	says note capability "setcap cap_net_bind_service=p $(literal "$PLAIN")"
	says problem sockets "setcap"
	run -0 "$PLAIN" --doctor -p 20443:8443
	run -125 setpriv --no-new-privs "${DOCTOR[@]}"
	says note no_new_privs "it was set"
	says problem sockets "no_new_privs was set before"
	run -125 "${DOCTOR[@]}" -p 666
	says problem policy "denies"
	says ok hand-off tried
	run -125 "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" --doctor --method notify -p 20443:9443
	says problem hand-off "another program intercepts calls"
}

@test "messages to the journal begin with a priority" {
	JOURNAL_STREAM=$(stat -L -c %d:%i "$TMPDIR/errors" 2>/dev/null ||
	    { : >"$TMPDIR/errors"; stat -c %d:%i "$TMPDIR/errors"; })
	export JOURNAL_STREAM
	"$LOWPORT" -v -p 443:8443 -- true 2>"$TMPDIR/errors"
	grep -q '^<4>lowport: mapping 443:8443 is unused' "$TMPDIR/errors"
	grep -q '^<6>lowport: process' "$TMPDIR/errors"
	not grep -v '^<[346]>lowport: ' "$TMPDIR/errors"
	"$LOWPORT" -p 666 -- true 2>"$TMPDIR/errors" && false
	grep -q '^<3>lowport: cannot bind' "$TMPDIR/errors"
	"$LOWPORT" -p 0 -- true 2>"$TMPDIR/errors" && false
	grep -q '^<3>lowport: .*not between 1 and 65535' "$TMPDIR/errors"
	# Another stream, or none: not so.
	"$LOWPORT" -p 666 -- true 2>"$TMPDIR/others" && false
	grep -q '^lowport: cannot bind' "$TMPDIR/others"
	for JOURNAL_STREAM in "" 1 1:2 x:y; do
		"$LOWPORT" -p 666 -- true 2>"$TMPDIR/errors" && false
		grep -q '^lowport: cannot bind' "$TMPDIR/errors"
	done
}

# The findings of an object, as a report has them without --json.
FINDINGS='.findings[] | ((.level + "       ")[:8]) + " "
    + .subject + (" " * ([12 - (.subject | length), 0] | max)) + " " + .text'

# same_as_json STATUS WORST COMMAND...: with --json it prints the same, as one
# object whose status is WORST, and ends with the same status.
same_as_json() {
	local wanted=$1 worst=$2

	shift 2
	run "$@"
	[ "$status" -eq "$wanted" ]
	echo "$output" >"$TMPDIR/lines"
	run "$1" --json "${@:2}"
	[ "$status" -eq "$wanted" ]
	echo "$output" >"$TMPDIR/object"
	jq -es 'length == 1 and (.[0] | keys == ["findings", "status"])' \
	    "$TMPDIR/object"
	[ "$(jq -r .status "$TMPDIR/object")" = "$worst" ]
	jq -r "$FINDINGS" "$TMPDIR/object" | diff "$TMPDIR/lines" -
}

@test "--json: the same findings, as one object" {
	same_as_json 0 ok "$LOWPORT" --check -p 443:8443 -- true
	same_as_json 125 problem "$LOWPORT" --check -p 443:8443 -p 22 -- nonesuch
	same_as_json 0 note "$LOWPORT" --doctor -p 22
	same_as_json 125 problem "$PLAIN" --doctor -p 22
	printf 'permit user "\\ \377\033[2J\303\251\n\nnonsense\t\\u0000\n' \
	    >"$TMPDIR/draft"
	same_as_json 125 problem "$LOWPORT" --check-policy "$TMPDIR/draft"
	echo "permit any tcp/80" >"$TMPDIR/draft"
	same_as_json 0 ok "$LOWPORT" --check-policy "$TMPDIR/draft"
}

@test "--json: whatever bytes the caller chooses, it is JSON" {
	local all name

	all=$(printf '\\x%x' {1..46} {48..255})
	for name in "$all" '"' '\\' '\"' '\303' '\355\240\200' '\342\200\256'; do
		# shellcheck disable=SC2059
		name=$(printf "$name.")
		run -125 --separate-stderr "$LOWPORT" --json --check -p 443:8443 \
		    -- "./$name"
		jq -e '.findings[-1].text | startswith("./")' <<<"$output"
		# jq repairs what is no UTF-8.
		iconv -f utf-8 -t utf-8 <<<"$output" >"$TMPDIR/clean"
	done
}

@test "--json: whole or not at all, and for reports alone" {
	run -125 --separate-stderr "$LOWPORT" --json --check -p nonsense
	[ "$output" = "" ]
	[[ $stderr == lowport:*nonsense* ]]
	run -125 sh -c '"$0" --check --json -p 443 >/dev/full' "$LOWPORT"
	# Refused later than its arguments, it is an object with that.
	for refused in "--check-policy /nonesuch" "--check-policy /" \
	    "--check -u nonesuch -p 443" "--doctor -u nonesuch"; do
		# shellcheck disable=SC2086
		run -125 --separate-stderr "$LOWPORT" --json $refused
		[ "$(jq -r '.status, .findings[-1].subject' <<<"$output" | xargs)" = \
		    "problem lowport" ]
		[[ $stderr == "lowport: $(jq -r '.findings[-1].text' <<<"$output")" ]]
	done
	run -125 --separate-stderr "$LOWPORT" --json -p 443:8443 true
	[[ $stderr == *"--json is only for --check or --check-policy or --doctor;"* ]]
	run -125 --separate-stderr "$LOWPORT" --json --attached
	[[ $stderr == *"--json does not go with --attached;"* ]]
}
