#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# --check and --doctor where root sets the scene (SANDBOX_USER=root).

load ../helpers

# as_user COMMAND...: as nobody, with what setpriv(1) is told first.
as_user() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

SET_CAPS=(--inh-caps=-all --ambient-caps=-all)

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
	run -0 as_user "${SET_CAPS[@]}" "$LOWPORT" --doctor
	says ok capability "file capability of $(literal "$LOWPORT")"
	run -0 as_user "${SET_CAPS[@]}" unshare -Urn "$PLAIN" --doctor
	says ok capability "root of a user namespace"
	says note namespace "this is a user namespace"
	echo 443 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	run as_user "${SET_CAPS[@]}" "$PLAIN" --doctor
	echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$status" -eq 0 ]
	says ok "port start" "443: anybody may bind these ports"
	says ok policy "not asked"
}

@test "--doctor: why there is none" {
	run -125 as_user --bounding-set=-net_bind_service "${SET_CAPS[@]}" \
	    "$LOWPORT" --doctor
	says note "bounding set" "not in the bounding set; add it"
	says problem sockets "not in the bounding set"
	mkdir -p "$TMPDIR/nosuid"
	mount -t tmpfs -o nosuid,mode=755 tmpfs "$TMPDIR/nosuid"
	cp "$LOWPORT" "$TMPDIR/nosuid/lowport"
	setcap cap_net_bind_service=p "$TMPDIR/nosuid/lowport"
	run as_user "${SET_CAPS[@]}" "$TMPDIR/nosuid/lowport" --doctor
	umount "$TMPDIR/nosuid"
	[ "$status" -eq 125 ]
	says problem sockets "mounted nosuid"
	run -125 as_user "${SET_CAPS[@]}" unshare --user --map-current-user \
	    --keep-caps "$PLAIN" --doctor
	says problem sockets "user namespace that does not own this network"
	says note capability "of no use"
}

@test "--doctor: a policy that is not trusted" {
	chmod g+w /etc/lowport/policy
	run as_user "${SET_CAPS[@]}" "$LOWPORT" --doctor
	chmod g-w /etc/lowport/policy
	[ "$status" -eq 125 ]
	says problem policy "writable by others than root"
	run -0 as_user "${SET_CAPS[@]}" "$LOWPORT" --doctor
}

@test "--doctor: without /proc" {
	run unshare --mount sh -c \
	    'mount -t tmpfs tmpfs /proc; exec "$0" --doctor -u nobody' "$PLAIN"
	[ "$status" -eq 125 ]
	says problem proc "mount it"
	says problem hand-off "there is no /proc"
	[ "$(grep "problem  hand-off" <<<"$output" | grep -o "there is no /proc" | wc -l)" -eq 1 ]
}

@test "--check and --doctor: a file system that has no capabilities" {
	mkdir -p "$TMPDIR/ramfs"
	mount -t ramfs -o mode=755 ramfs "$TMPDIR/ramfs" || skip "no ramfs here"
	cp "$PLAIN" "$TMPDIR/ramfs/lowport"
	chmod 755 "$TMPDIR/ramfs/lowport"
	run as_user "${SET_CAPS[@]}" "$TMPDIR/ramfs/lowport" --check -p 443:8443
	umount "$TMPDIR/ramfs"
	[ "$status" -eq 125 ]
	says problem sockets "file system without extended attributes"
	not grep -q "run once as root" <<<"$output"
}

@test "--check and --doctor: a capability that is effective at once" {
	cp "$LOWPORT" "$TMPDIR/effective"
	setcap cap_net_bind_service=ep "$TMPDIR/effective"
	run -0 as_user "${SET_CAPS[@]}" "$TMPDIR/effective" --check -p 443:8443
	says note capability "'=ep', so it cannot even be executed"
	run -0 as_user "${SET_CAPS[@]}" "$TMPDIR/effective" --doctor
	says note capability "cannot even be executed"
	run as_user --bounding-set=-net_bind_service "${SET_CAPS[@]}" "$TMPDIR/effective" --version
	[ "$status" -ne 0 ]
	run -0 as_user "${SET_CAPS[@]}" "$LOWPORT" --check -p 443:8443
	not grep -q "be executed" <<<"$output"
	rm "$TMPDIR/effective"
}

# doctor STATUS PORT...: --doctor of these ports, and no rules any more.
doctor() {
	local expected=$1 port options=()
	shift
	for port; do
		options+=(-p "$port")
	done
	run "$LOWPORT" --doctor "${options[@]}"
	nft flush ruleset
	[ "$status" -eq "$expected" ]
}

# prerouting RULE: in a chain of nft(8).
prerouting() {
	nft -f - <<-END
		table inet nat {
		    set web { type inet_service; elements = { 80, 443 }; }
		    chain prerouting {
		        type nat hook prerouting priority dstnat;
		        $1
		    }
		}
	END
}

@test "--doctor: a rule that diverts the port, to root" {
	doctor 0 443:8443
	says ok redirect "no rule that names port 443 or all ports diverts it"
	prerouting "udp dport 81 redirect to :8081
	    tcp dport { 80, 440-450 } redirect to :8443"
	doctor 125 443:8443 444:9443 8080 81
	says problem redirect "a rule diverts port 443; remove it: .*redirect to :8443' of nft, table inet nat, chain prerouting"
	says problem redirect "port 444"
	says ok redirect "no rule that names port 81 "
	says ok redirect "no rule that names port 8080 "
}

@test "--doctor: nft rules that divert the port without naming it so" {
	local rule
	for rule in "tcp dport != 22 redirect to :8443" \
	    "tcp dport @web redirect" \
	    "meta l4proto tcp redirect to :tcp dport map { 443 : 8443 }" \
	    "meta l4proto tcp th dport 443 redirect to :8443" \
	    "meta l4proto tcp redirect to :8443" \
	    "tcp dport < 1024 redirect to :8443"; do
		prerouting "$rule"
		doctor 125 443:8443
		says problem redirect "a rule diverts port 443; remove it"
	done
	for rule in "tcp dport != 443 redirect to :8443" \
	    "tcp dport != @web redirect" \
	    "meta l4proto tcp redirect to :tcp dport map { 80 : 8443 }" \
	    "meta l4proto udp th dport 443 redirect to :8443"; do
		prerouting "$rule"
		doctor 0 443:8443
		says ok redirect "port 443"
	done
}

@test "--doctor: the conditions of a rule that may divert the port" {
	prerouting "ip daddr != { 10.0.0.0/8 } tcp dport 443 redirect to :8443"
	doctor 125 443:8443
	says problem redirect "a rule may divert port 443; .*; its conditions: ip daddr != [{ ]*10.0.0.0/8"
	iptables-restore <<-'END'
		*nat
		-A PREROUTING ! -i wg0 -p tcp --dport 443 -j REDIRECT --to-ports 8443
		COMMIT
	END
	doctor 125 443:8443
	says problem redirect "a rule may divert port 443; .*; its conditions: ! -i wg0"
	iptables-restore <<-'END'
		*nat
		-A OUTPUT -o lo -p tcp --dport 443 -j REDIRECT --to-ports 8443
		COMMIT
	END
	doctor 125 443:8443
	says problem redirect "a rule may divert this host's own packets to port 443; .*-o lo"
}

@test "--doctor: a rule for each family, and for this host" {
	iptables-restore <<-'END'
		*nat
		-A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443
		-A OUTPUT -o lo -p tcp --dport 443 -j REDIRECT --to-ports 8443
		COMMIT
	END
	ip6tables-restore <<-'END'
		*nat
		-A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443
		COMMIT
	END
	doctor 125 443:8443 '[::]:444:9443'
	says problem redirect "a rule diverts port 443; .* of iptables, table nat"
	says problem redirect "a rule diverts port 443; .* of ip6tables, table nat"
	says problem redirect "a rule may divert this host's own packets to port 443"
	says ok redirect "port 444 "
	[ "$(grep -c 'problem  redirect' <<<"$output")" -eq 3 ]
}

@test "--doctor: rules of iptables and their chains" {
	iptables-restore <<-'END'
		*nat
		:WEB - [0:0]
		-A WEB -p tcp -j REDIRECT --to-ports 8443
		-A PREROUTING -p tcp -m multiport --dports 80,443 -m comment --comment "! --dport 443" -j WEB
		-A PREROUTING -p tcp -m tcp ! --dport 22 -j REDIRECT --to-ports 9000
		COMMIT
	END
	doctor 125 443:8443 22:2222 25:2525
	says problem redirect "a rule diverts port 443; .*'-A WEB -p tcp"
	says ok redirect "port 22 "
	says problem redirect "a rule diverts port 25; .*! --dport 22"
}

@test "--doctor: the filter admits the server's port, not the public one" {
	iptables-restore <<-'END'
		*nat
		-A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443
		COMMIT
		*filter
		:INPUT DROP [0:0]
		-A INPUT -i lo -j ACCEPT
		-A INPUT -p tcp --dport 80 -j ACCEPT
		-A INPUT -p tcp --dport 8080 -j ACCEPT
		-A INPUT -p tcp --dport 8443 -j ACCEPT
		COMMIT
	END
	doctor 125 443:8443 80:8080
	says problem redirect "a rule diverts port 443"
	says note input "admits port 8443, and none admits port 443.*iptables -I INPUT -p tcp --dport 443 -j ACCEPT"
	[[ $output != *"admits port 80,"* ]]
}

@test "--doctor: a seccomp profile, as of Docker" {
	run -0 build/deny looking setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups "${SET_CAPS[@]}" "$LOWPORT" --doctor
	says note container "a seccomp profile that refuses pidfd_getfd\(2\), as"
	says ok hand-off "watching setsockopt\(2\), as pidfd_getfd\(2\) is refused"
}

@test "--doctor: no filter may be loaded, and all else is told" {
	run build/deny seccomp setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups "${SET_CAPS[@]}" "$LOWPORT" --doctor
	[ "$status" -eq 125 ]
	says ok kernel "$(literal "$(uname -r)")"
	says ok capability "file capability of $(literal "$LOWPORT")"
	says ok "port start" 1024
	says ok user nobody
	says ok sockets "443:8443: all could be bound"
	says problem hand-off "cannot confine the helper: Operation not permitted; have the seccomp profile or sandbox allow the system call seccomp"
}

@test "no filter may be loaded: --version and --help end with 0" {
	local denied option

	for denied in seccomp deadly listener; do
		for option in --version -V --help -h "--help all"; do
			# shellcheck disable=SC2086
			run -0 --separate-stderr build/deny $denied \
			    "$LOWPORT" $option
			[[ $output == "lowport "* || $output == "usage: "* ]]
			[ -z "$stderr" ]
		done
	done
	# The control.
	run -125 build/deny seccomp "$LOWPORT" -u nobody -p 443:8443 -- true
}

@test "--doctor: the helper fails, and all that needs none is told" {
	run -125 build/deny signalfd setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups "${SET_CAPS[@]}" "$LOWPORT" --doctor
	says ok user nobody
	says problem helper "it has ended, and has said why"
	says ok policy "443:8443: permitted"
	grep -q "^lowport: .*: Operation not permitted" <<<"$output"
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
