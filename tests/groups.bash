# SPDX-License-Identifier: ISC
#
# Control groups of version 2, for tests that take root of the host.

# shellcheck source=tests/kernel.bash
. "${BASH_SOURCE[0]%/*}/kernel.bash"

# True for root of the host, not of a user namespace.
is_host_root() {
	[ "$(tr -s ' ' </proc/self/uid_map)" = " 0 0 4294967295" ]
}

# The directory in which the groups are mounted, or nothing.
groups_mount() {
	awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

# Makes $group, a group of the test's own below the $mount.
make_group() {
	mount=$(groups_mount)
	is_host_root || skip "takes root of the host"
	kernel_since 5.12 || skip "takes Linux 5.12"
	[ -n "$mount" ] || {
		[ "${LOWPORT_MUST_WORK:-0}" != 1 ]
		skip "no control groups of version 2"
	}
	# Other sandboxes have the same process numbers.
	group=$(mktemp -d "$mount/lowport-test-XXXXXXXX")
	chmod 755 "$group"
}

# A group that a process is about to leave is busy.
remove_group() {
	[ ! -d "${group:-}" ] || wait_until remove_directories
}

remove_directories() {
	find "$group" -depth -type d -exec rmdir {} +
}

# here COMMAND...: becomes it, in $group.
here() {
	echo "$BASHPID" >"$group/cgroup.procs"
	exec "$@"
}

# in_group GROUP COMMAND...: becomes it, there, as an ordinary user with nothing.
in_group() {
	echo "$BASHPID" >"$1/cgroup.procs"
	exec setpriv --reuid=65534 --regid=65534 --clear-groups \
	    --inh-caps=-all --bounding-set=-all --no-new-privs "${@:2}"
}

# hold_lock FILE: a process of nobody locks it, until end_jobs.
hold_lock() {
	rm -f "$TMPDIR/locked"
	setpriv --reuid=nobody --regid=nogroup --clear-groups python3 -c '
import fcntl, os, sys, time
mode = os.O_RDONLY if os.path.isdir(sys.argv[1]) else os.O_WRONLY
fcntl.flock(os.open(sys.argv[1], mode), fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(100)' "$1" >"$TMPDIR/locked" 3>&- &
	wait_until grep -q locked "$TMPDIR/locked"
}

# python3 -c "$BINDS" "FAMILY ADDRESS PORT [TYPE [PROTOCOL]]"...: the port each
# is bound to then, or the error.
BINDS='
import socket, sys
for line in sys.argv[1:]:
    family, address, port, *rest = line.split()
    kind = getattr(socket, "SOCK_" + (rest[0] if rest else "STREAM"))
    s = socket.socket(getattr(socket, family), kind, *map(int, rest[1:]))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((address, int(port)))
        print(s.getsockname()[1])
    except OSError as e:
        print(e.strerror)
    s.close()'

# binds_in GROUP BIND...: likewise, of an ordinary user there.
binds_in() {
	run -0 in_group "$1" python3 -c "$BINDS" "${@:2}"
	echo "$*: $output"
}
