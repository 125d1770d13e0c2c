# SPDX-License-Identifier: ISC
#
# What a file of the folder above loads that is linked here: its tests run once
# more, by --method bpf.  That takes root of the host, whose servers are nobody's,
# and a control group.

load ../helpers
load ../groups

WAYS=bpf METHODS=bpf
AS_SERVER=(setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all
    --bounding-set=-all --no-new-privs)

setup() {
	make_group
	echo "$BASHPID" >"$group/cgroup.procs"
	use_way bpf
	# A server without SO_REUSEADDR cannot bind beside connections of the test
	# before (lowport-bpf(7)): so none is left in this network namespace.
	echo 0 >/proc/sys/net/ipv4/tcp_max_tw_buckets
}

teardown() {
	end_jobs
	wait || true
	rm -f "$TMPDIR/started"
	echo "$BASHPID" >"$mount/cgroup.procs"
	remove_group
}
