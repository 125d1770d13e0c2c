#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# --check and --doctor where root sets the scene (SANDBOX_USER=root).

load ../helpers

# as_user COMMAND...: as nobody, with what setpriv(1) is told first.
as_user() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

SET_CAPS="--inh-caps=-all --ambient-caps=-all"

@test "--check by root: as whom it would run, and that nobody is asked" {
	run "$LOWPORT" --check -p 443:8443
	refused_with "add -u USER"
	run -0 "$LOWPORT" --check -p 443:8443 -u nobody -- true
	says ok user "nobody \(uid 65534"
	says ok policy "not asked: the caller is root"
	run -0 "$LOWPORT" --check -p 443:8443 -u root
	says note user "root \(uid 0\), without any capability"
}

@test "--doctor: where the capability comes from" {
	run -0 "$PLAIN" --doctor
	says ok capability "from root( of a user namespace)?$"
	run -0 as_user --inh-caps=+net_bind_service \
	    --ambient-caps=+net_bind_service "$PLAIN" --doctor
	says ok capability "ambient set"
	run -0 as_user $SET_CAPS "$LOWPORT" --doctor
	says ok capability "file capability of $LOWPORT"
	run -0 as_user $SET_CAPS unshare -Urn "$PLAIN" --doctor
	says ok capability "root of a user namespace"
	says note namespace "a user namespace"
	echo 443 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	run as_user $SET_CAPS "$PLAIN" --doctor
	echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$status" -eq 0 ]
	says ok "port start" "443: anybody may bind these ports"
	says ok policy "not asked"
}

@test "--doctor: why there is none" {
	run -125 as_user --bounding-set=-net_bind_service $SET_CAPS \
	    "$LOWPORT" --doctor
	says note "bounding set" "without CAP_NET_BIND_SERVICE; --cap-add"
	says problem sockets "not in the bounding set"
	mkdir -p "$TMPDIR/nosuid"
	mount -t tmpfs -o nosuid,mode=755 tmpfs "$TMPDIR/nosuid"
	cp "$LOWPORT" "$TMPDIR/nosuid/lowport"
	setcap cap_net_bind_service=p "$TMPDIR/nosuid/lowport"
	run as_user $SET_CAPS "$TMPDIR/nosuid/lowport" --doctor
	umount "$TMPDIR/nosuid"
	[ "$status" -eq 125 ]
	says problem sockets "mounted nosuid"
	run -125 as_user $SET_CAPS unshare --user --map-current-user \
	    --keep-caps "$PLAIN" --doctor
	says problem sockets "user namespace that does not own this network"
	says note capability "of no use"
}

@test "--doctor: a policy that is not trusted" {
	chmod g+w /etc/lowport/policy
	run as_user $SET_CAPS "$LOWPORT" --doctor
	chmod g-w /etc/lowport/policy
	[ "$status" -eq 125 ]
	says problem policy "writable by others than root"
	run -0 as_user $SET_CAPS "$LOWPORT" --doctor
}

@test "--doctor: without /proc" {
	run unshare --mount sh -c \
	    'mount -t tmpfs tmpfs /proc; exec "$0" --doctor -u nobody' "$PLAIN"
	[ "$status" -eq 125 ]
	says problem proc "mount it"
	says problem hand-off "there is no /proc"
	[ "$(grep -o "there is no /proc" <<<"$output" | wc -l)" -eq 1 ]
}

@test "--check and --doctor: a file system that has no capabilities" {
	mkdir -p "$TMPDIR/ramfs"
	mount -t ramfs -o mode=755 ramfs "$TMPDIR/ramfs" || skip "no ramfs here"
	cp "$PLAIN" "$TMPDIR/ramfs/lowport"
	chmod 755 "$TMPDIR/ramfs/lowport"
	run as_user $SET_CAPS "$TMPDIR/ramfs/lowport" --check -p 443:8443
	umount "$TMPDIR/ramfs"
	[ "$status" -eq 125 ]
	says problem sockets "file system without extended attributes"
	! grep -q "run once as root" <<<"$output"
}

@test "--check and --doctor: a capability that is effective at once" {
	cp "$LOWPORT" "$TMPDIR/effective"
	setcap cap_net_bind_service=ep "$TMPDIR/effective"
	run -0 as_user $SET_CAPS "$TMPDIR/effective" --check -p 443:8443
	says note capability "'=ep': .*cannot even be executed"
	run -0 as_user $SET_CAPS "$TMPDIR/effective" --doctor
	says note capability "cannot even be executed"
	run as_user --bounding-set=-net_bind_service $SET_CAPS "$TMPDIR/effective" --version
	[ "$status" -ne 0 ]
	run -0 as_user $SET_CAPS "$LOWPORT" --check -p 443:8443
	! grep -q "be executed" <<<"$output"
	rm "$TMPDIR/effective"
}

@test "--doctor: a rule that diverts the port, to root" {
	run -0 "$LOWPORT" --doctor -p 443:8443
	says ok redirect "no rule that names port 443 diverts it"
	nft -f - <<-'END'
		table inet nat {
		    chain prerouting {
		        type nat hook prerouting priority dstnat;
		        udp dport 81 redirect to :8081
		        tcp dport != 82 redirect to :8082
		        tcp dport { 80, 440-450 } redirect to :8443
		    }
		}
	END
	run "$LOWPORT" --doctor -p 443:8443 -p 444:9443 -p 8080 -p 81 -p 82
	nft flush ruleset
	[ "$status" -eq 125 ]
	says problem redirect "port 443 may go elsewhere by a rule; remove it: .*redirect to :8443"
	says problem redirect "port 444"
	says ok redirect "no rule that names port 81"
	says ok redirect "no rule that names port 82"
	says ok redirect "no rule that names port 8080 diverts it"
}

@test "--doctor: a seccomp profile, as of Docker" {
	run -0 build/deny looking setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups $SET_CAPS "$LOWPORT" --doctor
	says note container "a seccomp profile that refuses pidfd_getfd\(2\), as"
	says ok hand-off "watching setsockopt\(2\), as pidfd_getfd\(2\) is refused"
}

@test "--doctor: no filter may be loaded, which is fatal, and all else is told" {
	run build/deny seccomp setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups $SET_CAPS "$LOWPORT" --doctor
	[ "$status" -eq 125 ]
	says ok kernel "$(uname -r)"
	says ok capability "file capability of $LOWPORT"
	says ok "port start" 1024
	says ok user nobody
	[[ $output == *"lowport: cannot confine the helper; have the seccomp profile or sandbox allow the system call seccomp: Operation not permitted"* ]]
}

@test "a port in use: by process where that can be seen, else by user" {
	setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    --inh-caps=+net_bind_service --ambient-caps=+net_bind_service \
	    python3 tests/hold.py 443 &
	wait_until listening 443
	run "$PLAIN" --check -p 443:8443 -u nobody
	kill $!
	wait $! || true
	says problem sockets "in use by a process of user nobody \(uid 65534\)"
	python3 tests/hold.py 20443 &
	wait_until listening 20443
	run "$PLAIN" --check -p 20443:8443 -u nobody
	kill $!
	wait $! || true
	says problem sockets "in use by a process of user root \(uid 0\)"
}
