#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Servers under lowport in units: in each way that lowport gets its right.

load units

# below_main: the server, the first child of lowport.
below_main() {
	pgrep -oP "$(property MainPID)"
}

# serves: 443, and neither lowport nor the server has a capability.
serves() {
	wait_until listening 443
	not listening 8443
	for address in 127.0.0.1 '[::1]'; do
		[ "$(curl -s --http0.9 --max-time 10 "$address:443")" = "$(below_main)" ]
	done
	holds_none "$(property MainPID)"
	holds_none "$(below_main)"
	[ "$(stat -c %U "/proc/$(below_main)")" = app ]
}

@test "bpf: from root with -u, in a control group below the unit's" {
	unit test.service <<-END
		[Service]
		Type=exec
		ExecStart=lowport --method bpf -p 443:8443 -u app -- $SERVER
		SuccessExitStatus=143
		KillMode=mixed
	END
	start
	serves
	grep -q "^0::/system.slice/test.service/lowport-[0-9]*/" \
	    "/proc/$(below_main)/cgroup"
	[[ $(lowport --attached) == "$(group)/lowport-"*$'\t'"443:8443" ]]
	systemctl restart test
	serves
	systemctl stop test
	is Result success
	[ -z "$(lowport --attached)" ]
}

@test "bpf: what a unit takes away is named" {
	local line words

	while IFS='|' read -r line words; do
		unit test.service <<-END
			[Service]
			Type=exec
			ExecStart=lowport --method bpf -p 443:8443 -u app -- $SERVER
			$line
		END
		systemctl start test || true
		wait_until is Result exit-code
		is ExecMainStatus 125
		said "lowport: $words"
	done <<-END
		CapabilityBoundingSet=~CAP_BPF|bpf(2) refuses the programs: Operation not permitted; they take root of the host, with CAP_BPF and CAP_NET_ADMIN
		ProtectControlGroups=yes|cannot make a control group below lowport's own: Read-only file system
	END
}
