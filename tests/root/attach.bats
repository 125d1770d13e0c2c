#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# --attach: the kernel maps the ports of a control group.  It takes root of the
# host, and groups of version 2: each test has one of its own.

load ../helpers
load ../groups

setup() {
	make_group
}

teardown() {
	end_jobs
	wait || true
	remove_group
}

@test "attach: each kind of bind of the server's port is one of the public port" {
	"$PLAIN" --attach "$group" -p 443:8443 -p 53:5353/udp -p 990-995:8990-8995
	binds_in "$group" "AF_INET 0.0.0.0 8443" "AF_INET 127.0.0.1 8443" \
	    "AF_INET6 :: 8443" "AF_INET6 ::1 8443" \
	    "AF_INET6 ::ffff:127.0.0.1 8443" "AF_INET 0.0.0.0 8443 STREAM 262" \
	    "AF_INET 0.0.0.0 5353 DGRAM" "AF_INET 0.0.0.0 8992"
	[ "$(xargs <<<"$output")" = "443 443 443 443 443 443 53 992" ]
}

@test "attach: other binds are as without it" {
	binds_in "$group" "AF_INET 0.0.0.0 443" "AF_INET 0.0.0.0 8443" \
	    "AF_INET 0.0.0.0 8443 DGRAM" "AF_INET6 :: 80"
	before=$output
	"$PLAIN" --attach "$group" -p 192.0.2.7:443:8443
	binds_in "$group" "AF_INET 0.0.0.0 443" "AF_INET 0.0.0.0 8443" \
	    "AF_INET 0.0.0.0 8443 DGRAM" "AF_INET6 :: 80"
	[ "$output" = "$before" ]
	[[ $output == "Permission denied"$'\n'8443$'\n'8443$'\n'"Permission denied" ]]
}

@test "attach: a public port that is the server's own is permitted, no other" {
	"$PLAIN" --attach "$group" -p 443
	binds_in "$group" "AF_INET 0.0.0.0 443" "AF_INET6 :: 443" \
	    "AF_INET 0.0.0.0 444"
	[ "$(xargs <<<"$output")" = "443 443 Permission denied" ]
}

@test "attach: a client reaches 443 over both families, and 8443 is closed" {
	"$PLAIN" --attach "$group" -p 443:8443
	in_group "$group" python3 -c '
import socket
s = socket.create_server(("::", 8443), family=socket.AF_INET6,
                         dualstack_ipv6=True)
print("ready", flush=True)
while True:
    c, peer = s.accept()
    c.sendall(peer[0].encode())
    c.close()' >"$TMPDIR/out" 3>&- &
	wait_until listening 443
	not listening 8443
	[ "$(nc_read 127.0.0.1 443)" = ::ffff:127.0.0.1 ]
	[ "$(nc_read ::1 443)" = ::1 ]
}

nc_read() {
	python3 -c 'import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print(c.recv(100).decode())' "$@"
}

@test "attach: --show-expected-port answers the server's port, and goes again" {
	"$PLAIN" --attach "$group" --show-expected-port -p 443:8443
	binds_in "$group" "AF_INET 0.0.0.0 8443" "AF_INET6 ::1 8443"
	[ "$(xargs <<<"$output")" = "8443 8443" ]
	"$PLAIN" --attach "$group" -p 443:8443
	binds_in "$group" "AF_INET 0.0.0.0 8443"
	[ "$output" = 443 ]
}

@test "attach again: replaces the mappings, whole; detach: takes them away" {
	"$PLAIN" --attach "$group" -p 443:8443
	"$PLAIN" --attach="$group" -p 80:8080
	binds_in "$group" "AF_INET 0.0.0.0 8443" "AF_INET 0.0.0.0 8080"
	[ "$(xargs <<<"$output")" = "8443 80" ]
	run -0 "$PLAIN" --attached
	[ "$(grep -c "$(basename "$group")" <<<"$output")" = 1 ]
	"$PLAIN" --detach="$group"
	binds_in "$group" "AF_INET 0.0.0.0 8080" "AF_INET 0.0.0.0 80"
	[ "$(xargs <<<"$output")" = "8080 Permission denied" ]
	run "$PLAIN" --detach "$group"
	[ "$status" -eq 125 ]
	[[ $output == *"nothing of lowport's is attached"* ]]
}

# attach_injecting FAULT: 443:8443 becomes 80:8443, with this fault at
# each call of bpf(2) in turn; says each time what IPv4 and IPv6 have, and of how
# many programs.
attach_injecting() {
	local call=0 ended=1

	"$PLAIN" --attach "$group" -p 443:8443
	while [ "$ended" -ne 0 ]; do
		ended=0
		strace -f -o "$TMPDIR/calls" \
		    -e inject=bpf:"$1":when=$((++call)) \
		    "$PLAIN" --attach "$group" -p 80:8443 \
		    >"$TMPDIR/said" 2>&1 || ended=$?
		binds_in "$group" "AF_INET 127.0.0.1 8443" "AF_INET6 ::1 8443" \
		    >/dev/null
		echo "$(xargs <<<"$output") of $(attached_count)"
		[ "$call" -lt 100 ]
		"$PLAIN" --attach "$group" -p 443:8443
	done
}

attached_count() {
	bpftool cgroup show "$group" | grep -c lowport_
}

@test "attach again: neither a signal nor a failure leaves a part of it" {
	for command in strace bpftool; do
		command -v "$command" >/dev/null || skip "no $command"
	done
	attach_injecting signal=SIGTERM >"$TMPDIR/all"
	run -0 sort -u "$TMPDIR/all"
	[ "$output" = $'443 443 of 2\n80 80 of 2' ]
	attach_injecting error=ENOMEM >"$TMPDIR/all"
	run -0 sort -u "$TMPDIR/all"
	[ "$output" = $'443 443 of 2\n80 80 of 2' ]
}

@test "attached: lists groups and mappings as -p takes them" {
	"$PLAIN" --attach "$group" --show-expected-port -p 443:8443 \
	    -p "[::1]:53:5353/udp"
	run -0 "$PLAIN" --attached
	grep -qxF "/$(basename "$group")"$'\t'"443:8443 [::1]:53:5353/udp --show-expected-port" \
	    <<<"$output"
}

@test "attach: a group by a process of it, by path, and lowport's own" {
	in_group "$group" sleep 100 3>&- &
	inside=$!
	wait_until grep -q . "$group/cgroup.procs"
	"$PLAIN" --attach "$inside" -p 443:8443
	binds_in "$group" "AF_INET 0.0.0.0 8443"
	[ "$output" = 443 ]
	"$PLAIN" --detach "/$(basename "$group")"
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		exec "$PLAIN" --attach -p 80:8443
	)
	binds_in "$group" "AF_INET 0.0.0.0 8443"
	[ "$output" = 80 ]
}

@test "attach: groups below have the mappings too, and their own besides" {
	mkdir "$group/below"
	"$PLAIN" --attach "$group" -p 443:8443
	"$PLAIN" --attach "$group/below" -p 80:8080
	binds_in "$group/below" "AF_INET 0.0.0.0 8443" "AF_INET 0.0.0.0 8080"
	[ "$(xargs <<<"$output")" = "443 80" ]
	binds_in "$group" "AF_INET 0.0.0.0 8080"
	[ "$output" = 8080 ]
}

@test "attach: the root group, sessions and slices are refused" {
	run "$PLAIN" --attach / -p 443:8443
	[ "$status" -eq 125 ]
	[[ $output == *"root control group"* ]]
	mkdir "$group/web.slice" "$group/init.scope"
	# A manager in init.scope has the groups beside it.
	for shared in web.slice init.scope .; do
		run "$PLAIN" --attach "$group/$shared" -p 443:8443
		[ "$status" -eq 125 ]
		[[ $output == *"--force" ]]
		"$PLAIN" --force --attach "$group/$shared" -p 443:8443
	done
}

@test "attach: what cannot be is refused with the reason" {
	run "$PLAIN" --attach "$group" -p 443:@web
	[[ $output == *"is of a socket that lowport hands over"* ]]
	run "$PLAIN" --attach /no/such/group -p 443:8443
	[[ $output == *"no control group /no/such/group"* ]]
	for number in 4194304 0 99999999999999999999; do
		run "$PLAIN" --attach "$number" -p 443:8443
		[[ $output == *"there is no process $number" ]]
	done
	run "$PLAIN" --attach "$group"
	[[ $output == *"no mapping"* ]]
	run "$PLAIN" --attach "$group" -p 443:8443 -- sleep 1
	[[ $output == *"one argument too many"* ]]
	run -0 "$PLAIN" --attached
	[[ $output != *"$(basename "$group")"* ]]
}

@test "attach: a mount beside the first one, with a name that begins alike" {
	run -0 unshare --mount bash -c '
	mount -t tmpfs none "$TMPDIR"
	mkdir "$TMPDIR/groups" "$TMPDIR/groups2"
	while umount -l "$1" 2>/dev/null; do :; done
	mount -t cgroup2 none "$TMPDIR/groups"
	mount -t cgroup2 none "$TMPDIR/groups2"
	exec "$PLAIN" -v --attach "/../groups2/$2" -p 443:8443' - "$mount" \
	    "$(basename "$group")"
	echo "$output"
	[[ $output == *"control group /../groups2/$(basename "$group"): "* ]]
}

@test "attach: a user who owns the group cannot prevent it by a lock" {
	mkdir "$group/own"
	chown -R nobody "$group/own"
	for what in "$group/own" "$group/own/cgroup.kill"; do
		hold_lock "$what"
		run -0 timeout -k 1 10 "$PLAIN" --attach "$group/own" \
		    -p 443:8443
		run -0 timeout -k 1 10 "$PLAIN" --detach "$group/own"
	done
}

@test "attach: a user cannot, with the file capability or without" {
	for program in "$LOWPORT" "$PLAIN"; do
		for what in "--attach $group -p 443:8443" "--detach $group"; do
			# shellcheck disable=SC2086
			run setpriv --reuid=65534 --regid=65534 --clear-groups \
			    "$program" $what
			[ "$status" -eq 125 ]
			[[ $output == *"root of the host"* ]]
		done
	done
	binds_in "$group" "AF_INET 0.0.0.0 8443"
	[ "$output" = 8443 ]
}

# The control group of a bind is the one its socket was made in.
@test "attach: a server cannot leave its group, enter another or make one" {
	mkdir "$group/server" "$group/other"
	"$PLAIN" --attach "$group/server" -p 443:8443
	enter='echo 0 >"$1/cgroup.procs"'
	run ! in_group "$group/other" sh -c "$enter" - "$group/server"
	run ! in_group "$group/server" sh -c "$enter" - "$group/other"
	run ! in_group "$group/server" mkdir "$group/server/below"
	binds_in "$group/other" "AF_INET 0.0.0.0 8443"
	[ "$output" = 8443 ]
}

@test "attach: at the most mappings and ports there can be, the kernel takes it" {
	local mappings=() i

	for ((i = 0; i < 64; i++)); do
		mappings+=(-p "[2001:db8::$i]:$((1000 + i * 64))-$((1063 + i * 64)):$((9000 + i * 64))-$((9063 + i * 64))")
	done
	"$PLAIN" --attach "$group" --show-expected-port "${mappings[@]}"
	run -0 "$PLAIN" --attached
	[[ $output == *"[2001:db8::63]:5032-5095:13032-13095"* ]]
}

# GROUP FLAGS COUNT: attaches programs that change nothing.
FOREIGN='
import ctypes, os, struct, sys
call = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
def bpf(command, attributes):
    result = libc.syscall(call, command, attributes.ljust(128, b"\0"), 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result
code = ctypes.create_string_buffer(struct.pack("=BBhiBBhi",
    0xb7, 0, 0, 1, 0x95, 0, 0, 0))
licence = ctypes.create_string_buffer(b"GPL")
group = os.open(sys.argv[1], os.O_RDONLY)
for _ in range(int(sys.argv[3])):
    program = bpf(5, struct.pack("=IIQQ24x16xII", 18, 2,
        ctypes.addressof(code), ctypes.addressof(licence), 0, 8))
    bpf(8, struct.pack("=IIII", group, program, 8, int(sys.argv[2])))'

@test "attach: a program of another tool that permits no other is reported" {
	case $(uname -m) in
	x86_64 | aarch64) ;;
	*) skip "the test has no number of bpf(2) here" ;;
	esac
	for flags in 0 1; do
		mkdir "$group/$flags"
		python3 -c "$FOREIGN" "$group/$flags" "$flags" 1
		run -125 "$PLAIN" --attach "$group/$flags" -p 443:8443
		[[ $output == *"the group, or one above, has a program that \
permits no other"* ]]
	done
	mkdir "$group/full"
	python3 -c "$FOREIGN" "$group/full" 2 64
	run -125 "$PLAIN" --attach "$group/full" -p 443:8443
	[[ $output == *"as many programs as the kernel permits"* ]]
}

@test "attach, attached: without /proc, or under another mount, that is reported" {
	for arguments in "--attach $group -p 443:8443" --attached; do
		# shellcheck disable=SC2086
		run -125 unshare --mount sh -c 'mount -t tmpfs tmpfs /proc; exec "$@"' sh \
		    "$PLAIN" $arguments
		[ "$output" = "lowport: there is no /proc; mount it" ]
	done
	run -125 unshare --mount sh -c 'mount -t tmpfs tmpfs "$0"; exec "$@"' \
	    "$mount" "$PLAIN" --attached
	[[ $output == *"is no control group" ]]
}
