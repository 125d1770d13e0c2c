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

# ---- runc and crun, in bundles of bundle.py

start_runc() {
	here /usr/sbin/runc && make_userns_tree
}

start_crun() {
	here /usr/bin/crun && make_userns_tree
}

# Root of a user namespace has a tree of its own.
make_userns_tree() {
	[ -e "$root.userns" ] || copy_tree 100000:100000 "$root.userns"
}

run_runc() {
	local options=()

	run_bundle runc "$@"
}

run_crun() {
	local options=()

	run_bundle crun "$@"
}

# run_bundle PROGRAM COMMAND...: with the program's $options.
run_bundle() {
	local program=$1 tree=$root bundle

	shift

	[ -z "${is[userns]+set}" ] || tree=$root.userns
	bundle=$(mktemp -d "$lab/bundle.XXXXXX")
	"$containers/bundle.py" "$bundle" "$tree" "$settings" "$@"
	$bounded "$program" --root "$lab/$program" "${options[@]}" run \
	    --bundle "$bundle" "${bundle_name:-lowport-${bundle##*.}}"
}

# ---- gVisor, in the same bundles, without KVM and control groups

# Built by a Go that is newer than it knows (1.26 in sid), gVisor of 2024 panics: at
# once by ptrace, and otherwise sometimes, as a process starts another.
start_runsc() {
	local options=("${sandboxed[@]}" --platform=ptrace) settings="" status=0
	local -A is=()

	here /usr/bin/runsc || return
	why="broken: gVisor panics here, whatever runs in it"
	run_bundle runsc /bin/busybox true >/dev/null 2>&1 || status=$?
	[ "$status" != 2 ]
}

sandboxed=(--network=none --ignore-cgroups)

run_runsc() {
	local options=("${sandboxed[@]}")

	run_bundle runsc "$@"
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
	cat >"$lab/docker.json" <<-END
		{"runtimes": {"runsc": {"path": "/usr/bin/runsc",
		  "runtimeArgs": [$(printf '"%s",' "${sandboxed[@]}" | sed 's/,$//')]}}}
	END
	start_daemon docker --config-file "$lab/docker.json"
}

start_remapped() {
	give_ids
	start_daemon remapped --userns-remap nobody:nogroup
}

# As nobody, with a network namespace of its own, which is the host's to its
# containers.
start_rootless-docker() {
	local daemon=rootless-docker script

	script=/usr/share/docker.io/contrib/dockerd-rootless.sh
	here /usr/bin/rootlesskit && here /usr/bin/slirp4netns &&
		here /usr/bin/newuidmap && here "$script" || return
	give_ids
	install -d -m 700 -o nobody -g nogroup "$lab/docker-home" \
	    /run/docker-home
	setpriv --reuid=nobody --regid=nogroup --clear-groups -- \
	    env HOME="$lab/docker-home" XDG_RUNTIME_DIR=/run/docker-home \
	    "$script" --bridge none --iptables=false --ip6tables=false \
	    --host "unix:///run/docker-home/docker.sock" \
	    >"$lab/$daemon.log" 2>&1 &
	ln -s /run/docker-home/docker.sock "$lab/$daemon.sock"
	if ! wait_for docker version; then
		why="it does not start: $(tail -n 1 "$lab/$daemon.log")"
		return 1
	fi
	import_image "$root" lowport-cells
}

run_rootless-docker() {
	local daemon=rootless-docker

	run_docker "$@"
}

# import_image DIRECTORY NAME: a file capability is an extended attribute.
import_image() {
	tar --xattrs --xattrs-include=security.capability -C "$1" -cf - . |
		docker import - "$2" >/dev/null
}

run_docker() {
	local options

	common_options
	docker run "${options[@]}" "${runtime_options[@]}" lowport-cells "$@"
}

run_remapped() {
	local daemon=remapped

	run_docker "$@"
}

# ---- Docker with gVisor as the runtime of its containers

start_docker-runsc() {
	has runsc && has docker
}

run_docker-runsc() {
	local runtime_options=(--runtime=runsc)

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

# ---- Docker's compose, with the file of packaging/container

start_compose() {
	has docker || return
	why="no docker compose here"
	docker compose version >/dev/null 2>&1
}

# Its image has the cell's command, and the port takes a capability.
run_compose() {
	local file=$lab/compose.yaml

	cat >"$file" <<-END
		services:
		  web:
		    image: lowport-cells
		    sysctls: [net.ipv4.ip_unprivileged_port_start=1024]
		    ${is[nnp]+security_opt: [no-new-privileges]}
	END
	docker compose --progress quiet -p lowport \
	    -f packaging/container/compose.yaml -f "$file" \
	    run --rm --no-TTY --interactive=false --quiet-pull web "$@"
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

# ---- podman kube play, with the pod of packaging/container

start_kube() {
	here /usr/bin/catatonit && has podman || return
	# The controller may be another hierarchy's here.
	printf '[containers]\npids_limit = 0\n' >"$lab/containers.conf"
}

# The pod's image has the cell's command as its entrypoint.  The pod is started
# again for as long as it is there.
run_kube() {
	local entrypoint pod=packaging/container/kubernetes.yaml

	entrypoint=$(printf '"%s",' "$@")
	tar --xattrs --xattrs-include=security.capability -C "$root" -cf - . |
		"${podman[@]}" import --quiet \
		    --change "ENTRYPOINT [${entrypoint%,}]" - web >/dev/null
	CONTAINERS_CONF=$lab/containers.conf $bounded "${podman[@]}" kube play \
	    --network none "$pod" >/dev/null
	wait_for said_by_pod
	"${podman[@]}" logs web-web 2>&1 | head -n 1
	"${podman[@]}" kube down "$pod" >/dev/null
}

said_by_pod() {
	[ -n "$("${podman[@]}" logs web-web 2>&1)" ]
}

# ---- containerd, as a kubelet calls it, with networks by CNI

start_cri() {
	here /usr/bin/containerd && here /usr/bin/protoc &&
		here /usr/lib/cni/ptp || return
	mkdir -p "$lab/cni" /run/cni
	cat >"$lab/cni/pods.conflist" <<-END
		{"cniVersion": "0.4.0", "name": "pods", "plugins": [{
		  "type": "ptp",
		  "ipam": {"type": "host-local", "dataDir": "/run/cni",
		           "subnet": "10.99.0.0/24"}}]}
	END
	cat >"$lab/containerd.toml" <<-END
		version = 2
		root = "$lab/containerd"
		state = "/run/containerd-cri"
		[grpc]
		address = "/run/containerd-cri.sock"
		[plugins."io.containerd.grpc.v1.cri"]
		sandbox_image = "localhost/lowport-pod:latest"
		[plugins."io.containerd.grpc.v1.cri".cni]
		bin_dir = "/usr/lib/cni"
		conf_dir = "$lab/cni"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		BinaryName = "$containers/runc-without-limits"
	END
	protoc -I "$containers" --python_out="$lab" cri.proto || return
	containerd --config "$lab/containerd.toml" >"$lab/containerd.log" 2>&1 &
	if ! wait_for ctr -a /run/containerd-cri.sock version; then
		why="containerd does not start: $(tail -n 1 "$lab/containerd.log")"
		return 1
	fi
	has podman && why="no image of a pod: $(make_pod_image 2>&1)"
}

# What keeps a pod is a container, too.
make_pod_image() {
	tar --xattrs --xattrs-include=security.capability -C "$root" -cf - . |
		"${podman[@]}" import --quiet --change \
		    'CMD ["/bin/busybox", "sleep", "1000"]' - lowport-pod &&
		"${podman[@]}" save --quiet lowport-pod |
		ctr -a /run/containerd-cri.sock -n k8s.io images import -
}

run_cri() {
	$bounded "$containers/cri.py" /run/containerd-cri.sock "$lab" \
	    localhost/lowport-pod:latest "$cgroup" "$settings" "$@"
}
