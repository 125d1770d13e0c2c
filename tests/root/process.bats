#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# What other users' processes cost the server; runs as root of the sandbox's
# namespaces (SANDBOX_USER=root), which has their ids.

load ../helpers
load ../groups

teardown() {
	end_jobs
	remove_group
}

# rebinds: microseconds that the server's bind(2) takes, spares used up.
rebinds() {
	"$PLAIN" -q -p 443:8443 -u nobody -- python3 -c '
import socket, time
taken = []
for i in range(60):
    s = socket.socket()
    start = time.perf_counter()
    s.bind(("0.0.0.0", 8443))
    taken.append(time.perf_counter() - start)
    s.listen()
    s.close()
print(int(sorted(taken[10:])[25] * 1e6))'
}

# strangers: processes of another user, each the child of the one before, and
# beside them as many that are not; returns when all are there.
strangers() {
	setpriv --reuid=12345 --regid=12345 --clear-groups python3 -c '
import os, signal
for i in range(150):
    if os.fork() == 0:
        signal.pause()
for i in range(150):
    if os.fork():
        signal.pause()
print("there", flush=True)
signal.pause()' >"$TMPDIR/strangers" &
	wait_until grep -q there "$TMPDIR/strangers"
}

# Each was looked at once, and its ancestors: a hundredfold.
@test "what another user runs does not make a bind slow" {
	alone=$(rebinds)
	strangers
	beside=$(rebinds)
	pkill -KILL -u 12345
	echo "alone $alone us, beside 300 processes $beside us"
	[ "$beside" -lt $((5 * alone)) ]
}

# pids_mount: where the control groups are that limit processes.
pids_mount() {
	awk '$3 == "cgroup" && $4 ~ /(^|,)pids(,|$)/ { print $2 }' /proc/mounts
	grep -qsw pids "$(groups_mount)/cgroup.subtree_control" && groups_mount
}

@test "a limit of a control group is met: its name, and not the user's limit" {
	local mount options

	is_host_root || skip "takes root of the host"
	mount=$(pids_mount) || [ -n "$mount" ] || skip "no groups limit processes"
	group=$(mktemp -d "${mount%%$'\n'*}/lowport-test-XXXXXXXX")
	chmod 755 "$group"
	mkdir "$group/inner"
	for limited in "$group" "$group/inner"; do
		for options in "" --check --doctor; do
			echo max >"$limited/pids.max"
			run -0 bash -c 'echo $$ >"$1/cgroup.procs"; exec "${@:2}"' - \
			    "$group/inner" "$LOWPORT" ${options:+"$options"} \
			    -u nobody -p 443:8443 -- true
			echo 1 >"$limited/pids.max"
			run -125 bash -c 'echo $$ >"$1/cgroup.procs"; exec "${@:2}"' - \
			    "$group/inner" "$LOWPORT" ${options:+"$options"} \
			    -u nobody -p 443:8443 -- true
			echo "$output"
			[[ $output == *"cannot fork: control group $limited may have no more than 1 "* ]]
		done
		echo max >"$limited/pids.max"
	done
}

@test "a limit of a control group whose controllers share a hierarchy" {
	local mount

	is_host_root || skip "takes root of the host"
	mount=$(pids_mount) || [ -n "$mount" ] || skip "no groups limit processes"
	mount=${mount%%$'\n'*}
	[ "$mount" != "$(groups_mount)" ] || skip "takes version 1"
	group=$(mktemp -d "$mount/lowport-test-XXXXXXXX")
	chmod 755 "$group"
	echo "7:net_cls,pids:/${group##*/}" >"$TMPDIR/groups"
	run -125 unshare --mount bash -c 'mount --bind "$0" /proc/$$/cgroup
	    echo $$ >"$1/cgroup.procs"
	    echo 1 >"$1/pids.max"
	    exec "${@:2}"' "$TMPDIR/groups" \
	    "$group" "$LOWPORT" -u nobody -p 443:8443 -- true
	[[ $output == *"cannot fork: control group $group may have no more than 1 "* ]]
}
