# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: ISC
#
# For tests/check-containers, which sets $lab, $root and $containers, and for
# each cell $settings and the associative array $is of them
# (tests/containers/cells).  Each runtime X has two functions: start_X makes it
# ready, once, or says in $why why it cannot be had here; run_X COMMAND... runs
# that in a new container, and everything it prints is the container's.

bounded="timeout --signal=KILL 60"

# here FILE: or it says why not.
here() {
	why="no ${1##*/} here"
	[ -x "$1" ]
}

# ---- runc, in bundles of bundle.py

start_runc() {
	here /usr/sbin/runc || return
	# Root of a user namespace has a tree of its own.
	copy_tree 100000:100000 "$root.userns"
}

run_runc() {
	local tree=$root bundle

	[ -z "${is[userns]+set}" ] || tree=$root.userns
	bundle=$(mktemp -d "$lab/bundle.XXXXXX")
	"$containers/bundle.py" "$bundle" "$tree" "$settings" "$@"
	$bounded runc --root "$lab/runc" run -b "$bundle" \
	    "lowport-${bundle##*.}"
}

# ---- What docker(1) and podman(1) call by the same name, in $options

common_options() {
	local name network=${is[network]:-none} start=${is[start]:-1024}

	options=(--rm --network "$network" --user "${is[user]:-0}")
	[ "$network$start" != none1024 ] ||
		options+=(--sysctl net.ipv4.ip_unprivileged_port_start=1024)
	[ "${is[caps]:-usual}" = usual ] || options+=(--cap-drop=ALL)
	[[ ${is[caps]:-} != bind* ]] || options+=(--cap-add=NET_BIND_SERVICE)
	[ "${is[caps]:-}" != bind+user ] ||
		options+=(--cap-add=SETUID --cap-add=SETGID)
	[ -z "${is[nnp]+set}" ] || options+=(--security-opt no-new-privileges)
	[ "${is[profile]:-own}" = own ] ||
		options+=(--security-opt seccomp=unconfined)
	for name in init read-only; do
		[ -z "${is[$name]+set}" ] || options+=("--$name")
	done
}

# ---- Docker, with daemons of our own: one as usual, and one ("remapped") whose
# containers are in a user namespace

# Not whatever docker comes first in the path, nor its daemon.
docker() {
	$bounded /usr/bin/docker -H "unix://$lab/${daemon:-docker}.sock" "$@"
}

# start_daemon NAME OPTION...
start_daemon() {
	local daemon=$1

	shift
	here /usr/bin/docker && here /usr/sbin/dockerd || return
	dockerd --data-root "$lab/$daemon" --exec-root "/run/$daemon" \
	    --pidfile "$lab/$daemon.pid" --host "unix://$lab/$daemon.sock" \
	    --cgroup-parent "$cgroup" --bridge none --iptables=false \
	    --ip6tables=false "$@" >"$lab/$daemon.log" 2>&1 &
	if ! wait_for docker version; then
		why="dockerd does not start: $(tail -n 1 "$lab/$daemon.log")"
		return 1
	fi
	import_image "$root" lowport-cells
}

start_docker() {
	start_daemon docker
}

start_remapped() {
	give_ids
	start_daemon remapped --userns-remap nobody:nogroup
}

# import_image DIRECTORY NAME: a file capability is an extended attribute.
import_image() {
	tar --xattrs --xattrs-include=security.capability -C "$1" -cf - . |
		docker import - "$2" >/dev/null
}

run_docker() {
	local options

	common_options
	docker run "${options[@]}" lowport-cells "$@"
}

run_remapped() {
	local daemon=remapped

	run_docker "$@"
}

# Further ids for nobody, in this mount namespace only.
give_ids() {
	local file

	for file in subuid subgid; do
		[ ! -e "$lab/$file" ] || continue
		printf 'nobody:200000:65536\nnogroup:200000:65536\n' >"$lab/$file"
		mount --bind "$lab/$file" "/etc/$file"
	done
}

# ---- Podman, on the tree itself

podman=(podman --log-level=error --cgroup-manager=cgroupfs
	--events-backend=file)

# What it keeps of root's is in this mount namespace only.
start_podman() {
	here /usr/bin/podman && here /usr/bin/crun || return
	mkdir -p /var/lib/containers
	mount -t tmpfs tmpfs /var/lib/containers
}

# Without control groups, and with few limits, as not every host has all.
modest="--cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=1024:1024"

run_podman() {
	local options pass=()

	common_options
	[ -z "${is[socket]+set}" ] ||
		pass=(python3 "$containers/../pass.py" "=:::443")
	# shellcheck disable=SC2086
	$bounded "${pass[@]}" "${as_user[@]}" "${podman[@]}" run \
	    "${options[@]}" $modest --rootfs "${tree:-$root}" "$@"
}

# As nobody.  Podman wants the name of the run-time directory short.
start_rootless() {
	here /usr/bin/podman && here /usr/bin/crun &&
		here /usr/bin/newuidmap || return
	give_ids
	install -d -m 700 -o nobody -g nogroup "$lab/nobody" /run/nobody
	copy_tree nobody:nogroup "$lab/nobody/root"
}

run_rootless() {
	local tree=$lab/nobody/root
	local as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups --
		env "HOME=$lab/nobody" XDG_RUNTIME_DIR=/run/nobody)

	cd "$lab/nobody" || return
	run_podman "$@"
}
