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

# Each way that lowport gets its right, as lines of a unit whose ExecStart= goes on
# with a command.
AMBIENT='User=app
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ExecStart=lowport -p 443:8443 --'
FILE='User=app
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
ExecStart=lowport -p 443:8443 --'
ROOT='ExecStart=lowport -p 443:8443 -u app --'
BPF='ExecStart=lowport --method bpf -p 443:8443 -u app --'
PRELOAD='User=app
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
ExecStart=lowport --method preload -p 443:8443 --'

setup() {
	echo 'permit user app tcp/443' >/etc/lowport/policy
}

# by FORM LINE...: makes test.service so, for the server.
by() {
	unit test.service < <(printf '%s\n' "[Service]" "$1 $SERVER" \
	    SuccessExitStatus=143 KillMode=mixed "${@:2}")
}

@test "Type=notify: READY, STATUS, watchdog and reload pass through lowport" {
	local form

	for form in "$AMBIENT" "$FILE" "$ROOT" "$BPF" "$PRELOAD"; do
		by "$form" Type=notify WatchdogSec=4 'ExecReload=kill -HUP $MAINPID'
		start
		serves
		wait_until pinged 11
		main=$(property MainPID)
		systemctl reload test
		wait_until is StatusText reloaded
		# The one that the manager started stays the main one.
		kill -USR1 "$(below_main)"
		wait_until is StatusText child
		is MainPID "$main"
		systemctl kill --signal=USR2 --kill-whom=all test
		wait_until is Result watchdog
	done
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
		CapabilityBoundingSet=~CAP_BPF|root was started without CAP_BPF
		ProtectControlGroups=yes|the control groups are mounted read-only here
	END
}

# Of test.service, $1 times.
RESTARTS='for i in $(seq "$1"); do systemctl restart test || exit; done'

# press N: so many restarts under load; $output counts the connections.
press() {
	run -0 --separate-stderr /tests/systemd/load.py 443 sh -c "$RESTARTS" - "$1"
	echo "# $1 restarts: $output" >&3
}

@test "socket unit: no connection is refused or lost while the server restarts" {
	unit test.socket <<-END
		[Socket]
		ListenStream=443
		FileDescriptorName=web
		Backlog=512
	END
	unit test.service <<-END
		[Unit]
		Requires=test.socket
		StartLimitIntervalSec=0
		[Service]
		Type=notify
		User=app
		CapabilityBoundingSet=
		NoNewPrivileges=yes
		ExecStart=lowport -p @web:8443 -- $SERVER
		KillMode=mixed
		SuccessExitStatus=143
	END
	start
	press "${RESTARTED:-20}"
	[[ $output == *" 0 refused 0 lost" ]]
	[ "${output%% *}" -gt 20 ]
	# The control: without the socket unit some are refused.
	systemctl stop test.socket test.service
	by "$AMBIENT" Type=notify
	start
	press 3
	[[ $output != *" 0 refused 0 lost" ]]
}

is_stored() {
	[ "$(property NFileDescriptorStore)" = 1 ]
}

@test "descriptor store, by --attach: likewise" {
	unit test.service <<-END
		[Unit]
		StartLimitIntervalSec=0
		[Service]
		Type=notify
		User=app
		CapabilityBoundingSet=
		NoNewPrivileges=yes
		FileDescriptorStoreMax=1
		ExecStartPre=+lowport --attach -p 443:8443
		ExecStart=$SERVER
		SuccessExitStatus=143
	END
	start
	systemctl kill -s USR2 test.service
	wait_until is_stored
	press "${RESTARTED:-20}"
	[[ $output == *" 0 refused 0 lost" ]]
	[ "${output%% *}" -gt 20 ]
}
