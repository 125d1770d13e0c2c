#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# --attach in units: the server's own process is the main one, and none is
# lowport's.

load units

ATTACH='ExecStartPre=+lowport --attach -p 443:8443'

@test "attach: the server owns 443 over both families and holds nothing" {
	service "$ATTACH" "ExecStart=$SERVER" Type=notify
	start
	owns_443
	main=$(property MainPID)
	[[ $(tr '\0' ' ' <"/proc/$main/cmdline") == *server.py* ]]
	[ "$(cat "/sys/fs/cgroup$(group)/cgroup.procs")" = "$main" ]
	holds_nothing "$main"
	[ "$(stat -c %U "/proc/$main")" = app ]
	systemctl status test | grep -qE "Main PID: $main \((server.py|python3)\)"
}

@test "attach: without it the server has 8443, and 443 is refused" {
	service "ExecStart=$SERVER" Type=notify
	start
	listening 8443
	not listening 443
	systemctl stop test
	service "ExecStart=$SERVER 443" Type=notify
	run ! systemctl start test
	said "Permission denied"
}

@test "attach: restarted, it owns 443 again, and stopped leaves nothing" {
	service "$ATTACH" "ExecStart=$SERVER" Type=notify
	start
	first=$(property MainPID)
	for _ in 1 2 3; do
		systemctl restart test
		owns_443
	done
	is NRestarts 0
	[ "$(property MainPID)" != "$first" ]
	path=$(group)
	systemctl stop test
	is Result exit-code
	is ExecMainStatus 143
	[ ! -e "/sys/fs/cgroup$path" ]
	run -0 lowport --attached
	[ -z "$output" ]
}

@test "attach: Restart= after a crash" {
	service "$ATTACH" "ExecStart=$SERVER" Type=notify Restart=always \
	    RestartSec=0
	start
	kill -KILL "$(property MainPID)"
	wait_until is NRestarts 1
	wait_until is ActiveState active
	owns_443
}

@test "attach: READY, STATUS, reload, watchdog and MAINPID are the server's own" {
	service "$ATTACH" "ExecStart=$SERVER" Type=notify WatchdogSec=4 \
	    'ExecReload=kill -HUP $MAINPID'
	start
	main=$(property MainPID)
	wait_until pinged 11
	is MainPID "$main"
	systemctl reload test
	wait_until is StatusText reloaded
	owns_443
	kill -USR1 "$main"
	wait_until is StatusText child
	[ "$(property MainPID)" != "$main" ]
	wait_until gone "$main"
	owns_443
	is ActiveState active
	is NRestarts 0
}

@test "attach: a server that pings no longer is ended by the watchdog" {
	service "$ATTACH" "ExecStart=$SERVER" Type=notify WatchdogSec=1
	start
	systemctl kill --signal=USR2 test
	wait_until is Result watchdog
}

@test "attach: nginx as master and workers, a reload and a drop to its user" {
	service "$ATTACH" Type=exec RuntimeDirectory=web LogsDirectory=nginx \
	    StateDirectory=nginx 'ExecReload=kill -HUP $MAINPID' \
	    "ExecStart=nginx -c /tests/systemd/nginx.conf"
	start
	wait_until listening 443
	not listening 8443
	main=$(property MainPID)
	[ "$(curl -s 127.0.0.1:443)" = "one" ]
	[ "$(curl -s '[::1]:443')" = "one" ]
	worker=$(pgrep -P "$main")
	holds_nothing "$main"
	holds_nothing "$worker"
	systemctl reload test
	wait_until gone "$worker"
	[ "$(curl -s 127.0.0.1:443)" = "one" ]
	is MainPID "$main"
}

@test "attached: lists the unit's group; attach replaces by PID and path; detach" {
	service "$ATTACH" "ExecStart=$SERVER" Type=notify
	start
	main=$(property MainPID)
	run -0 lowport --attached
	[ "$output" = "/system.slice/test.service"$'\t'"443:8443" ]
	lowport --attach "$main" -p 444:8443
	[ "$(lowport --attached)" = "$(group)"$'\t'"444:8443" ]
	lowport --attach "$(group)" -p 445:8443
	[ "$(lowport --attached)" = "$(group)"$'\t'"445:8443" ]
	lowport --attach "/sys/fs/cgroup$(group)" -p 446:8443 -p 80
	[ "$(lowport --attached)" = "$(group)"$'\t'"446:8443 80:80" ]
	# The socket that is bound stays, and a restart is by the unit's line.
	owns_443
	lowport --detach "$main"
	[ -z "$(lowport --attached)" ]
	run -125 lowport --detach "$(group)"
	[[ $output == *"nothing of lowport's is attached to control group /system.slice/test.service"* ]]
	systemctl restart test
	owns_443
}

@test "attach: ExecStartPre= in any order, and with several mappings" {
	service "ExecStartPre=true" "$ATTACH -p 80:8080 -p 53:5353/tcp+udp" \
	    "ExecStartPre=true" "ExecStart=$SERVER" Type=notify
	start
	owns_443
	[ "$(lowport --attached | cut -f 2)" = \
	    "443:8443 80:8080 53:5353 53:5353/udp" ]
}

@test "attach: a unit with Delegate= and control groups of its own" {
	service "$ATTACH" Type=notify Delegate=yes \
	    "ExecStart=/tests/systemd/below $SERVER"
	start
	owns_443
	grep -q '/test.service/below$' "/proc/$(property MainPID)/cgroup"
	[ "$(lowport --attached)" = "/system.slice/test.service"$'\t'"443:8443" ]
	systemctl restart test
	owns_443
}

@test "attach: DynamicUser=, RootDirectory= and private everything do not matter" {
	service "$ATTACH" Type=notify User= DynamicUser=yes PrivateTmp=yes \
	    PrivateDevices=yes ProtectHome=yes ProtectProc=invisible \
	    ProcSubset=pid ProtectControlGroups=yes ProtectKernelTunables=yes \
	    PrivateUsers=yes RestrictNamespaces=yes LockPersonality=yes \
	    MemoryDenyWriteExecute=yes SystemCallFilter=@system-service \
	    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX" \
	    SystemCallArchitectures=native RestrictRealtime=yes \
	    "ExecStart=$SERVER"
	start
	owns_443
	[ "$(cat "/sys/fs/cgroup$(group)/cgroup.procs")" = "$(property MainPID)" ]
}

@test "attach: without + a unit's user is refused, and its journal says why" {
	service "${ATTACH/+/}" "ExecStart=$SERVER" Type=notify
	run ! systemctl start test
	said "root of the host"
	journal err | grep -q "^lowport: cannot "
	is Result exit-code
	not listening 443
	not listening 8443
}

@test "attach: a mapping that cannot be makes the unit fail with the line" {
	service "ExecStartPre=+lowport --attach -p 443:none" \
	    "ExecStart=$SERVER" Type=notify
	run ! systemctl start test
	is Result exit-code
	said "lowport: mapping '443:none'"
	journal err | grep -q "^lowport: mapping '443:none'"
	not listening 8443
}

@test "attach: the root group, a slice, a session and the manager are refused" {
	local path

	systemd-run -q --scope --slice=user-1000.slice --unit=session-7.scope \
	    sleep 1000 3>&- &
	wait_until systemctl is-active session-7.scope
	for path in / /system.slice /user.slice/user-1000.slice/session-7.scope \
	    /init.scope 1; do
		run -125 lowport --attach "$path" -p 443:8443
		[[ $output == *"name the server's: --attach PID or --attach PATH"* ]]
	done
	run -125 systemd-run -q --scope --slice=user-1000.slice \
	    lowport --attach -p 443:8443
	[[ $output == *"a login session"*"insist with --force"* ]]
	[ -z "$(lowport --attached)" ]
	systemctl stop session-7.scope
}
