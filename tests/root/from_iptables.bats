#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# --from-iptables where its commands are executed: by root of a network namespace,
# with the real tools.

load ../helpers
load ../groups
load ../rules

teardown() {
	end_jobs
	wait || true
	remove_group
	nft flush ruleset
	ip netns list | grep -q ^outside && ip netns delete outside || true
}

# apply FILE: puts the set in force; false if no tool here reads it.
apply() {
	nft flush ruleset
	case $1 in
	*.rules) iptables-restore "$1" ;;
	*.v6) ip6tables-restore "$1" ;;
	*.nft) nft -f "$1" ;;
	*.sh) sh "$1" >/dev/null 2>&1 || true ;;
	*) return 1 ;;
	esac
}

# Without counters, which count.
listing() {
	iptables-save
	ip6tables-save
	nft list ruleset
}

# dump FILE: the rules in force, as the tool that made them lists them.
dump() {
	case $1 in
	*.nft) nft list ruleset ;;
	*) iptables-save | sed 's/^/4 /'; ip6tables-save | sed 's/^/6 /' ;;
	esac 2>/dev/null | sed -E '/#/d; s/ packets [0-9]+ bytes [0-9]+//; s/\[[0-9]+:[0-9]+\]//'
}

# removes_and_restores FILE [script]: the commands of the last run, of this set.
removes_and_restores() {
	dump "$1" >"$TMPDIR/before"
	removing >"$TMPDIR/removing"
	restoring >"$TMPDIR/restoring"
	sh -e "$TMPDIR/removing"
	dump "$1" >"$TMPDIR/after"
	# Nothing is new, and a rule is gone for each command, or two.
	run diff "$TMPDIR/before" "$TMPDIR/after"
	not grep '^>' <<<"$output"
	[ "$(grep -c '^<' <<<"$output")" -ge "$(wc -l <"$TMPDIR/removing")" ]
	[ -z "$(grep '^<' <<<"$output" | grep -vE 'REDIRECT|DNAT|redirect|dnat')" ]
	sh -e "$TMPDIR/restoring"
	dump "$1" >"$TMPDIR/restored"
	# A script adds its rules behind those that are there.
	if [ "${2:-}" = script ]; then
		diff <(sort "$TMPDIR/before") <(sort "$TMPDIR/restored")
	else
		diff "$TMPDIR/before" "$TMPDIR/restored"
	fi
}

@test "from-iptables: its commands remove the rules, no other, and bring them back" {
	local file

	for file in tests/rules/*; do
		[ -n "$(said carried "$file")" ] && apply "$file" || continue
		migrates "$file"
		case $file in
		*.sh) removes_and_restores "$file" script ;;
		*) removes_and_restores "$file" ;;
		esac
	done
}

# By their handles, and as iptables-save(8) has them.
@test "from-iptables: the same of what the tools list" {
	local file

	for file in tests/rules/*.nft tests/rules/*.sh tests/rules/*.rules; do
		[ -n "$(said carried "$file")" ] && apply "$file" || continue
		case $file in
		*.nft) nft -a list ruleset ;;
		*) iptables-save && ip6tables-save ;;
		esac >"$TMPDIR/list" 2>/dev/null
		run --separate-stderr "$PLAIN" --from-iptables --unit web "$TMPDIR/list"
		[[ $file != *.nft || $output == *" handle "[0-9]* ]]
		removes_and_restores "$file"
	done
}

@test "from-iptables: rules of the legacy tables go by the tool that made them" {
	iptables-legacy -t nat -L >/dev/null 2>&1 || skip "no legacy tables here"
	echo "iptables-legacy -t nat -A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443" >"$TMPDIR/rules"
	sh "$TMPDIR/rules"
	run -0 "$PLAIN" --from-iptables --unit web "$TMPDIR/rules"
	sh -e <<<"$(removing)"
	not grep REDIRECT <<<"$(iptables-legacy-save -t nat)"
}

# A server that answers with its client's address, on 8443 or what it is given.
SERVER='
import socket
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", 8443))
s.listen()
while True:
    c, peer = s.accept()
    c.sendall(peer[0].replace("::ffff:", "").encode())
    c.close()'

CLIENT='
import socket, sys
try:
    c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    print(c.recv(100).decode() or "empty")
except OSError as e:
    print(type(e).__name__)'

# answer ADDRESS PORT [outside]: what a client there gets.
answer() {
	${3:+ip netns exec outside} python3 -c "$CLIENT" "$1" "$2"
}

make_outside() {
	ip netns add outside || skip "no network namespace can be named here"
	ip link add inner type veth peer name outer netns outside
	ip address add 192.0.2.1/24 dev inner
	ip address add 2001:db8::1/64 dev inner nodad
	ip link set inner up
	ip -n outside address add 192.0.2.9/24 dev outer
	ip -n outside address add 2001:db8::9/64 dev outer nodad
	ip -n outside link set outer up
	ip -n outside link set lo up
}

# The server's clients: from outside and from this host, by both families; and
# whether 8443 can be reached.
clients() {
	echo "$(answer 192.0.2.1 443 outside) $(answer 2001:db8::1 443 outside)" \
	    "$(answer 127.0.0.1 443) $(answer ::1 443) $(answer 192.0.2.1 8443 outside)"
}

@test "from-iptables: before, during and after, from outside and from this host" {
	make_outside
	iptables-restore <<-'END'
		*nat
		-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443
		-A OUTPUT -o lo -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443
		COMMIT
		*filter
		:INPUT DROP [0:0]
		-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A INPUT -i lo -j ACCEPT
		-A INPUT -p tcp -m tcp --dport 8443 -j ACCEPT
		COMMIT
	END
	ip6tables-restore <<-'END'
		*nat
		-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443
		-A OUTPUT -o lo -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443
		COMMIT
		*filter
		:INPUT ACCEPT [0:0]
		COMMIT
	END
	python3 -c "$SERVER" &
	wait_until listening 8443
	# Without lowport: 8443 is open to the world, too.
	[ "$(clients)" = "192.0.2.9 2001:db8::9 127.0.0.1 ::1 192.0.2.9" ]
	run -0 --separate-stderr sh -c '{ iptables-save; ip6tables-save; } | "$0" --from-iptables' "$PLAIN"
	[ "$(sed -n 's/^# -p //p' <<<"$output" | xargs)" = 443:8443 ]
	# During: nothing is changed by the reader.
	[ "$(clients)" = "192.0.2.9 2001:db8::9 127.0.0.1 ::1 192.0.2.9" ]
	sed -n '/ The filter: /,/^#$/p' <<<"$output" | grep ^ip | sh -e
	[ "$(clients)" = "192.0.2.9 2001:db8::9 127.0.0.1 ::1 192.0.2.9" ]
	removing | sh -e
	[ "$(answer 127.0.0.1 443)" = ConnectionRefusedError ]
	kill $!
	wait $! || true
	"$PLAIN" -p 443:8443 -u nobody -- python3 -c "$SERVER" &
	wait_until listening 443
	# After: the same clients, and 8443 is closed.
	[ "$(answer 192.0.2.1 443 outside) $(answer 2001:db8::1 443 outside)" = "192.0.2.9 2001:db8::9" ]
	[ "$(answer 127.0.0.1 443) $(answer ::1 443)" = "127.0.0.1 ::1" ]
	[ "$(answer 192.0.2.1 8443 outside)" = ConnectionRefusedError ]
	not listening 8443
	# Back: as the last part of the script says.
	kill $!
	wait $! || true
	restoring | sh -e
	python3 -c "$SERVER" &
	wait_until listening 8443
	[ "$(clients)" = "192.0.2.9 2001:db8::9 127.0.0.1 ::1 192.0.2.9" ]
}

# The server's unit is that of its control group, for root of the host.
@test "from-iptables: the unit of the process that has the port" {
	make_group
	mkdir "$group/system.slice" "$group/system.slice/web-of-mine.service"
	(
		echo "$BASHPID" >"$group/system.slice/web-of-mine.service/cgroup.procs"
		exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		    python3 tests/hold.py 8443
	) &
	wait_until listening 8443
	run -0 --separate-stderr unshare --mount sh -c 'mkdir -p /run/systemd/system
		exec "$0" --from-iptables tests/rules/loopback.sh' "$PLAIN"
	[[ $output == *"/etc/systemd/system/web-of-mine.service.d/lowport.conf"* ]]
	[[ $output == *"systemctl restart web-of-mine.service"* ]]
	grep -qxF "ExecStartPre=+$PLAIN --attach -p 443:8443" <<<"$output"
	[[ $output != *NAME.service* ]]
}

# drop_in: what the last run writes for a unit.
drop_in() {
	sed -n "/<<'END'$/,/^END$/p" <<<"$output" | sed '1d;$d'
}

@test "from-iptables: systemd takes its drop-in, in both forms" {
	command -v systemd-analyze || skip "no systemd-analyze here"
	mkdir -p "$TMPDIR/units/web.service.d"
	printf '[Service]\nType=notify\nUser=daemon\nExecStart=-/bin/sleep 5 \\\n  6\n' \
	    >"$TMPDIR/units/web.service"
	verifies() {
		drop_in >"$TMPDIR/units/web.service.d/lowport.conf"
		SYSTEMD_UNIT_PATH=$TMPDIR/units: systemd-analyze verify \
		    "$TMPDIR/units/web.service" >"$TMPDIR/log" 2>&1
		cat "$TMPDIR/log"
		[ ! -s "$TMPDIR/log" ]
	}
	run -0 --separate-stderr "$PLAIN" --from-iptables --unit web tests/rules/tomcat.sh
	verifies
	# Without control groups, lowport runs around the server.
	run -0 --separate-stderr unshare --mount sh -c 'umount -l -a -t cgroup2
		mkdir -p /run/systemd/system && cp "$1" /run/systemd/system/
		exec "$0" --from-iptables --unit web tests/rules/tomcat.sh' "$PLAIN" \
	    "$TMPDIR/units/web.service"
	rm -rf /run/systemd/system
	grep -qxF "ExecStart=-$PLAIN -p 80:8080 -p 443:8443 -- /bin/sleep 5    6" <<<"$(drop_in)"
	grep -qxF NotifyAccess=all <<<"$(drop_in)"
	verifies
	echo "ExecStartPre=/nowhere" >>"$TMPDIR/units/web.service.d/lowport.conf"
	run ! env SYSTEMD_UNIT_PATH="$TMPDIR/units:" systemd-analyze verify \
	    "$TMPDIR/units/web.service"
}

@test "from-iptables: what a host that forwards would pass is named" {
	echo 1 >/proc/sys/net/ipv4/ip_forward
	run -0 "$PLAIN" --from-iptables tests/rules/tomcat.sh
	[[ $output == *"this host forwards packets"* ]]
	echo "iptables -t nat -A PREROUTING -d 192.0.2.7 -p tcp --dport 443 -j REDIRECT --to-ports 8443" >"$TMPDIR/rules"
	run -0 "$PLAIN" --from-iptables "$TMPDIR/rules"
	[[ $output != *"this host forwards packets"* ]]
	echo 0 >/proc/sys/net/ipv4/ip_forward
	run -0 "$PLAIN" --from-iptables tests/rules/tomcat.sh
	[[ $output != *"this host forwards packets"* ]]
}
