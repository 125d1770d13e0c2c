#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The units and drop-ins of packaging/systemd/, as they are, with real servers.

load units

# Debian 14 has this one alone.
tomcat=tomcat11
[ ! -e /usr/share/tomcat10 ] || tomcat=tomcat10

setup() {
	printf 'permit user %s tcp/80 tcp/443\n' web www-data tomcat \
	    >/etc/lowport/policy
	installed=()
}

# A drop-in changes a unit of Debian's, which stays.
teardown() {
	local path

	for path in "${installed[@]}"; do
		systemctl kill --signal=KILL "$(basename "$path")" 2>/dev/null || true
		systemctl stop "$(basename "$path")" 2>/dev/null || true
		rm -rf "/etc/systemd/system/$(basename "$path")" \
		    "/etc/systemd/system/$(basename "$path").d"
	done
	systemctl daemon-reload
}

# install_file FILE AS
install_file() {
	sed "s/tomcat10/$tomcat/g" "$1" >"/etc/systemd/system/$2"
}

# put NAME: the files of $form for it, where the admin puts them.
put() {
	local path=/packaging/systemd/$form/${1/$tomcat/tomcat10}

	if [ -e "$path.conf" ]; then
		mkdir -p "/etc/systemd/system/$1.service.d"
		install_file "$path.conf" "$1.service.d/lowport.conf"
	else
		install_file "$path.service" "$1.service"
	fi
	[ ! -e "$path.socket" ] || install_file "$path.socket" "$1.socket"
	installed+=("$1.socket" "$1.service")
	systemctl daemon-reload
}

# answers PORT: over both families.
answers() {
	local address

	for address in 127.0.0.1 '[::1]'; do
		curl -s --http0.9 --max-time 20 "$address:$1" || return 1
	done
}

# try_out NAME PORT EXPECTED USER: the unit is sound, and its server owns the port.
try_out() {
	local process

	put "$1"
	run -0 systemd-analyze verify --man=no "/etc/systemd/system/$1.service" \
	    || run -0 systemd-analyze verify --man=no "$1.service"
	[ -z "$output" ]
	systemd-analyze security --no-pager "$1.service" |
		grep -o "Overall exposure.*: [0-9.]*" | sed "s/^/$form /" >&3
	systemctl start "$1" || {
		journalctl -u "$1" -o cat | tail -n 12
		return 1
	}
	wait_until answers "$2" || {
		journalctl -u "$1" -o cat | tail -n 12
		return 1
	}
	not listening "$3"
	for process in $(cat "/sys/fs/cgroup$(systemctl show -P ControlGroup "$1")/cgroup.procs"); do
		holds_none "$process"
	done
	systemctl stop "$1.socket" "$1" 2>/dev/null || systemctl stop "$1"
	[ "$(systemctl show -P Result "$1")" = success ] || {
		systemctl status "$1"
		return 1
	}
}

try_all() {
	form=$1
	try_out go 443 8443
	try_out node 443 8443
	try_out nginx 80 8080
	try_out $tomcat 80 8080
}

@test "packaged: --attach by ExecStartPre=+" {
	try_all attach
}

@test "packaged: AmbientCapabilities=" {
	try_all ambient
}

@test "packaged: file capability and policy" {
	try_all file
}

@test "packaged: from root with -u" {
	try_all root
}

@test "packaged: .socket and @NAME" {
	try_all socket
}
