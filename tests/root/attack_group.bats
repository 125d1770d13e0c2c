#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Attacks on the control group of --method bpf, by the server's user: beside the
# server, as the server, and when lowport has been killed.  Each is refused where
# root, as the control, succeeds.  It takes root of the host, and groups of
# version 2.

load ../helpers
load ../groups

setup() {
	make_group
	rm -f "$TMPDIR/out" "$TMPDIR/go" "$TMPDIR/end"
	export LOWPORT_METHOD=bpf LOWPORT_USER=nobody
}

teardown() {
	unset LOWPORT_METHOD LOWPORT_USER
	end_jobs
	wait || true
	remove_group
}

# serve: starts a server; $lowport is its helper, $own its group.
serve() {
	here "$PLAIN" -q -p 443:8443 -- sleep 100 3>&- &
	lowport=$!
	wait_until pgrep -x -P "$lowport" sleep
	own=$(find "$group" -mindepth 2 -type d)
}

as_user() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all "$@"
}

# python3 -c "$ENTERS" GROUP: a process enters it, and one is cloned into it; the
# port that each gets for 8443, or the error.
ENTERS='
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def bound():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.2", 8443))
    print(s.getsockname()[1], flush=True)
def enter():
    with open(sys.argv[1] + "/cgroup.procs", "w") as f:
        f.write("0")
def clone_into():
    group = os.open(sys.argv[1], os.O_RDONLY)
    # CLONE_INTO_CGROUP and SIGCHLD
    arguments = struct.pack("11Q", 1 << 33, 0, 0, 0, 17, 0, 0, 0, 0, 0, group)
    pid = libc.syscall(435, arguments, len(arguments))
    if pid < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if pid == 0:
        bound()
        os._exit(0)
    os.waitpid(pid, 0)
    return True
for what in clone_into, enter:
    try:
        what() or bound()
    except OSError as e:
        print(e.strerror, flush=True)'

@test "attack: another process of the user enters the group" {
	serve
	run -0 as_user python3 -c "$ENTERS" "$own"
	[ "$(xargs <<<"$output")" = "Permission denied Permission denied" ]
	run -0 python3 -c "$ENTERS" "$own"
	[ "$(xargs <<<"$output")" = "443 443" ]
}

@test "attack: the server leaves, for a group that its user makes beside" {
	run -0 here "$PLAIN" -q -p 443:8443 -- python3 -c '
import os, subprocess, sys
own = open("/proc/self/cgroup").read().split("0::")[1].strip()
beside = sys.argv[1] + os.path.dirname(own) + "/beside"
os.mkdir(beside)
subprocess.run([sys.executable, "-c", sys.argv[2], beside])
os.rmdir(beside)' "$mount" "$ENTERS"
	[ "$(uniq <<<"$output")" = "Permission denied" ]
	[ "${#lines[@]}" -eq 2 ]
	# The control: of root, who has it nowhere mapped.
	mkdir "$group/beside"
	run -0 python3 -c "$ENTERS" "$group/beside"
	[ "$(xargs <<<"$output")" = "8443 8443" ]
}

# python3 -c "$DETACHES" GROUP [PROGRAM MAP]: looks for the programs of bind(2) at
# the group, opens one and its map by their numbers, and detaches the program.  Of
# each an error, or what was found.
DETACHES='
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
NUMBER = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
DETACH, PROGRAM_BY_ID, MAP_BY_ID, INFO, QUERY = 9, 13, 14, 15, 16
INET4_BIND = 8
def bpf(command, attributes):
    attributes = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(NUMBER, command, attributes, 128)
    if result < 0:
        print(os.strerror(ctypes.get_errno()))
        return None
    return result, attributes.raw
group = os.open(sys.argv[1], os.O_RDONLY)
ids = (ctypes.c_uint32 * 64)()
found = bpf(QUERY, struct.pack("IIIIQI", group, INET4_BIND, 0, 0,
                               ctypes.addressof(ids), 64))
program, its_map = map(int, sys.argv[2:] or (ids[0], 0))
opened = bpf(PROGRAM_BY_ID, struct.pack("I", program))
if opened:
    maps = (ctypes.c_uint32 * 8)()
    info = ctypes.create_string_buffer(256)
    struct.pack_into("I", info, 52, 8)
    struct.pack_into("Q", info, 56, ctypes.addressof(maps))
    bpf(INFO, struct.pack("IIQ", opened[0], 256, ctypes.addressof(info)))
    its_map = its_map or maps[0]
    print("numbers", program, its_map)
if bpf(MAP_BY_ID, struct.pack("I", its_map)):
    print("map")
if "look" not in os.environ:
    if bpf(DETACH, struct.pack("IIII", group, opened[0] if opened else 0,
                               INET4_BIND, 0)):
        print("detached")'

# Without a descriptor of the program, the kernel asks for no capability to detach
# one, but refuses it where there may be several (BPF_F_ALLOW_MULTI).
@test "attack: to find the programs, to open them and their maps, to detach them" {
	serve
	look=1 run -0 python3 -c "$DETACHES" "$own"
	[[ ${lines[0]} =~ ^"numbers "([1-9][0-9]*)" "([1-9][0-9]*)$ ]]
	numbers=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
	[ "${lines[1]}" = map ]
	run -0 as_user python3 -c "$DETACHES" "$own" "${numbers[@]}"
	refused_thrice_and_detached_nothing
	# So too as the server, and it is mapped still.
	run -0 here "$PLAIN" -q -p 80:8080 -- sh -c 'python3 -c "$0" "$1$(
	    sed -n s/^0:://p /proc/self/cgroup)" "$2" "$3"
	    exec python3 -c "$4" "AF_INET 0.0.0.0 8080"' "$DETACHES" "$mount" \
	    "${numbers[@]}" "$BINDS"
	[ "${lines[4]}" = 80 ]
	refused_thrice_and_detached_nothing
	# The control: root detaches the server's.
	run -0 python3 -c "$DETACHES" "$own"
	[ "${lines[2]}" = detached ]
	run -0 sh -c 'echo 0 >"$0/cgroup.procs"; exec python3 -c "$@"' \
	    "$own" "$BINDS" "AF_INET 127.0.0.2 8443"
	[ "$output" = 8443 ]
}

refused_thrice_and_detached_nothing() {
	echo "$output"
	[ "$(head -n 3 <<<"$output" | uniq)" = "Operation not permitted" ]
	[[ ${lines[3]} == "Operation not permitted" ||
	    ${lines[3]} == "Invalid argument" ]]
}

# python3 -c "$TAKES" PID: descriptors of another process, by pidfd_getfd(2), and
# its memory.
TAKES='
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pidfd = os.pidfd_open(int(sys.argv[1]))
taken = 0
for fd in range(64):
    taken += libc.syscall(438, pidfd, fd, 0) >= 0
print(taken, "taken")
for name in "mem", "maps", "fd":
    try:
        path = "/proc/%s/%s" % (sys.argv[1], name)
        os.close(os.open(path, os.O_RDWR if name == "mem" else os.O_RDONLY))
        print("open")
    except OSError as e:
        print(e.strerror)'

@test "attack: to reach a program or map by a descriptor of the helper or server" {
	serve
	server=$(pgrep -P "$lowport")
	run -0 as_user python3 -c "$TAKES" "$lowport"
	[ "$(uniq <<<"$output" | xargs)" = "0 taken Permission denied" ]
	# The control; and neither process has one, by which root would find it.
	run -0 python3 -c "$TAKES" "$lowport"
	[[ ${lines[0]} != "0 taken" && ${lines[1]} = open ]]
	for pid in "$lowport" "$server"; do
		run -0 ls -l "/proc/$pid/fd"
		[[ $output != *bpf* && $output != *cgroup.* ]]
	done
	# The counts are memory of the helper alone, which it cannot write.
	run -0 grep bpf-map "/proc/$lowport/maps"
	[[ ${#lines[@]} -eq 1 && $output == *" r--s "* ]]
	run ! grep bpf "/proc/$server/maps"
	# The control: a map that is held is seen.
	python3 -c '
import ctypes, os, struct, time
libc = ctypes.CDLL(None, use_errno=True)
create = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 8, 1), 128)
number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
assert libc.syscall(number, 0, create, 128) >= 0
print("ready", flush=True)
time.sleep(100)' >"$TMPDIR/out" 3>&- &
	wait_until grep -q ready "$TMPDIR/out"
	run -0 ls -l "/proc/$!/fd"
	[[ $output == *bpf-map* ]]
	# Nothing is pinned.
	run ! grep -rls lowport /sys/fs/bpf
}

# A daemon of the server's that asks for the port when it is told.
OUTLIVES='
import os, socket, sys, time
if os.fork():
    time.sleep(100)
os.setsid()
if os.fork():
    os._exit(0)
print(os.getpid(), flush=True)
open(sys.argv[1]).read()
for port in 8443, 443, 80:
    try:
        s = socket.socket()
        s.bind(("127.0.0.1", port))
        print(s.getsockname()[1], flush=True)
        s.close()
    except OSError as e:
        print(e.strerror, flush=True)'

@test "attack: forks that outlive lowport keep what they had, and get no more" {
	mkfifo "$TMPDIR/go"
	here "$PLAIN" -q -p 443:8443 -- python3 -c "$OUTLIVES" "$TMPDIR/go" \
	    >"$TMPDIR/out" 3>&- &
	lowport=$!
	wait_until grep -q . "$TMPDIR/out"
	daemon=$(cat "$TMPDIR/out")
	server=$(pgrep -P "$lowport" | grep -vx "$daemon")
	kill -KILL "$lowport"
	wait "$lowport" || true
	kill -KILL "$server"
	echo >"$TMPDIR/go"
	wait_until gone "$daemon"
	[ "$(tail -n +2 "$TMPDIR/out" | xargs)" = \
	    "443 Permission denied Permission denied" ]
}

# numbered COMMAND...: lowport in a PID namespace, where it has the same number
# each time; it says which, and its shell waits to be told that it may end.
numbered() {
	here unshare --pid --fork --kill-child --mount-proc sh -c '
	    "$@" & echo $! >"$TMPDIR/number"; read -r line <"$TMPDIR/go"
	    kill -KILL $!; wait $!; echo killed >"$TMPDIR/number"
	    read -r line <"$TMPDIR/end"' - "$@"
}

@test "attack: a group that a killed lowport left, and the next with its number" {
	mkfifo "$TMPDIR/go" "$TMPDIR/end"
	numbered "$PLAIN" -q -p 443:8443 -- python3 tests/hold.py 8443 3>&- &
	wait_until listening 443
	number=$(cat "$TMPDIR/number")
	echo >"$TMPDIR/go"
	wait_until grep -qx killed "$TMPDIR/number"
	listening 443
	left=$(find "$group" -mindepth 2 -type d)
	[ "${left##*/}" = "$number.0" ]
	# Another group, its own mappings, and not those of the one that is left.
	run -0 here unshare --pid --fork --kill-child --mount-proc sh -c '
	    "$@" & echo $! >"$TMPDIR/number"; wait' - "$PLAIN" -q -p 80:8080 \
	    -- sh -c 'sed -n s/^0:://p /proc/self/cgroup
	    exec python3 -c "$@"' - "$BINDS" "AF_INET 127.0.0.2 8443" \
	    "AF_INET 127.0.0.2 8080" "AF_INET 127.0.0.2 443"
	[ "$(cat "$TMPDIR/number")" = "$number" ]
	[ "$(tail -n +2 <<<"$output" | xargs)" = "8443 80 Permission denied" ]
	[ "${lines[0]##*/}" = "$number.1" ]
	[ -d "$left" ]
	# When its processes have ended it is removed, and the name is used again.
	echo >"$TMPDIR/end"
	wait
	run -0 here unshare --pid --fork --kill-child --mount-proc sh -c '"$@" & wait' - \
	    "$PLAIN" -q -p 80:8080 -- sh -c 'sed -n s/^0:://p /proc/self/cgroup
	    exec python3 -c "$@"' - "$BINDS" "AF_INET 127.0.0.2 8443"
	[ "${lines[1]}" = 8443 ]
	[ "${lines[0]##*/}" = "$number.0" ]
	[ ! -d "$left" ]
}

@test "attack: 64 mappings and 4,096 ports, at hostile addresses, and one too many" {
	local mappings=() i

	# Addresses that begin as others do, and of either family.
	for ((i = 0; i < 64; i++)); do
		mappings+=(-p "[::ffff:0:7f00:$i]:$((1 + i * 64))-$((64 + i * 64)):$((9000 + i * 64))-$((9063 + i * 64))")
	done
	mappings[1]="127.0.0.1:1-64:9000-9063"
	mappings[127]="[::]:4033-4096:65472-65535/udp"
	ip addr add ::ffff:0:7f00:1/128 dev lo
	for ((i = 1; i < 63; i++)); do
		ip addr add "::ffff:0:7f00:$i/128" dev lo 2>/dev/null || true
	done
	run -0 here "$PLAIN" -q "${mappings[@]}" -- python3 -c "$BINDS" \
	    "AF_INET 127.0.0.1 9063" "AF_INET6 ::ffff:127.0.0.1 9000" \
	    "AF_INET6 ::ffff:0:7f00:1 9064" "AF_INET6 ::1 65535 DGRAM" \
	    "AF_INET 127.0.0.1 9064" "AF_INET6 ::1 9064" "AF_INET 127.0.0.1 64"
	[ "$(xargs <<<"$output")" = \
	    "64 1 65 4096 9064 9064 Permission denied" ]
	run here "$PLAIN" -q "${mappings[@]}" -p 5000:6000 -- \
	    sh -c "$MUST_NOT_START"
	[ "$status" -eq 125 ]
	mappings[127]="[::]:4033-4097:65471-65535/udp"
	run here "$PLAIN" -q "${mappings[@]}" -- sh -c "$MUST_NOT_START"
	refused_with "more than 4096 ports"
}
