# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
#
# For tests/check-containers: containers of Docker that have no capability and
# nothing of lowport's in them.  lowport --attach on the host gives them the port.

# run_waiting NAME OPTION...: a container whose server starts when it is told to.
run_waiting() {
	docker run --detach --name "$1" --network none --cap-drop=ALL \
	    --user 1000 --security-opt no-new-privileges --tmpfs /run:mode=1777 \
	    --sysctl net.ipv4.ip_unprivileged_port_start=1024 "${@:2}" \
	    lowport-cells /bin/sh -c \
	    'until [ -e /run/go ]; do busybox usleep 9999; done; /static; exit' \
	    >/dev/null
}

# serve NAME: its server's one line.
serve() {
	# The directory is its user's once only.
	docker exec --user 0 "$1" /bin/sh -c 'echo >/run/go'
	docker wait "$1" >/dev/null
	docker logs -n 1 "$1" 2>&1
}

process_of() {
	docker inspect -f '{{.State.Pid}}' "$1"
}

# expect WORDS NAME COMMAND...: the command's one line has the words; without
# words there is none.
expect() {
	local said

	said=$("${@:3}" 2>&1) || :
	if [[ $said == *"$1"* && $said != *$'\n'* && (-n $1 || -z $said) ]]; then
		report ok "docker attach $2: $said"
	else
		report "not ok" "docker attach $2: $said"
		echo "    expected: $1"
	fi
}

attach() {
	"$build/static/lowport" --attach "$@" -p 443:8443
}

# Others may have attached on this host.
attached() {
	"$build/static/lowport" --attached | grep "^$cgroup/"
}

check_attach() {
	local parent=$cgroup/attached

	is_ready docker attach || return 0
	run_waiting plain
	expect "listens on 8443" "not yet" serve plain
	run_waiting mapped
	expect "" "to a container's process" attach "$(process_of mapped)"
	expect "443:8443" "is listed" attached
	expect "$OWNS" "and its server starts" serve mapped
	expect "" "ends with the container" attached
	docker start mapped >/dev/null
	expect "listens on 8443" "has to be done again" serve mapped
	mkdir -p "/sys/fs/cgroup$parent"
	expect "" "to a group for containers" attach "$parent"
	run_waiting below --cgroup-parent "$parent"
	expect "$OWNS" "and one is started in it" serve below
	docker start below >/dev/null
	expect "$OWNS" "and again" serve below
	docker rm plain mapped below >/dev/null
}
