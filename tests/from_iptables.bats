#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# --from-iptables by an ordinary user: rules in files and on standard input.  In
# root/from_iptables.bats the commands it prints are executed.

load helpers
load rules

@test "from-iptables: each set of rules becomes its mappings, and no more" {
	local file

	for file in tests/rules/*; do
		migrates "$file"
	done
	[ -n "$file" ]
}

@test "from-iptables: -p takes each mapping" {
	local file mapping

	for file in tests/rules/*; do
		for mapping in $(said carried "$file"); do
			run "$PLAIN" --check -p "$mapping"
			[[ $output != *"lowport: mapping"* ]]
		done
	done
	[ -n "$mapping" ]
}

@test "from-iptables: standard input, several kinds one behind the other" {
	run -0 --separate-stderr sh -c 'cat tests/rules/tomcat.sh tests/rules/rules.v6 \
	    tests/rules/commands.nft | "$0" --from-iptables' "$LOWPORT"
	[ "$(sed -n 's/^# -p //p' <<<"$output" | xargs)" = "80:8080 443:8443 25:2525" ]
	[[ $output == *"# -p 80:8080"*"line 3: "* ]]
	run ! sh -c '"$0" --from-iptables </dev/null' "$LOWPORT"
	[[ $output == *"no rule of iptables, nft or firewalld"*"iptables-save | lowport --from-iptables"* ]]
	run -125 "$LOWPORT" --from-iptables /nowhere
	[[ $output == "lowport: cannot read '/nowhere'"* ]]
}

@test "from-iptables: a rule of no port, or none that diverts" {
	run -0 "$LOWPORT" --from-iptables tests/rules/nothing.rules
	[ "$output" = "# No rule is to be carried over." ]
}

@test "from-iptables: reasons are true, and are for their rule" {
	reason() {
		echo "iptables -t nat -A $1" >"$TMPDIR/rule"
		run -1 "$LOWPORT" --from-iptables "$TMPDIR/rule"
		echo "$output"
		[[ $output == "lowport: $TMPDIR/rule:1: not carried over: "*"$2"*": '-t nat -A $1'"* ]]
	}
	reason "PREROUTING -p tcp --dport 443 -s 10.0.0.0/8 -j REDIRECT --to-ports 8443" "by their source (-s 10.0.0.0/8)"
	reason "PREROUTING -p tcp -m multiport --dports 80,443 -j REDIRECT --to-ports 8443" "several ports (80, 443) are led to port 8443"
	reason "PREROUTING -p tcp --dport 443 -j DNAT --to-destination 203.0.113.77:443" "leads to 203.0.113.77, which is no address of this host"
	reason "OUTPUT -p tcp --dport 80 -m owner ! --uid-owner 5 -j REDIRECT --to-ports 3128" "a transparent proxy"
	reason "OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 8080" "diverts what this host sends to others"
	reason "PREROUTING -p tcp -j REDIRECT --to-ports 8443" "it takes every port"
	reason "PREROUTING -p tcp --dport 443 -j REDIRECT" "changes no port"
	reason "PREROUTING -p tcp --dport 8443 -j REDIRECT --to-ports 443" "has the privilege already"
	reason "PREROUTING -p tcp --dport 443 -m set --match-set web dst,src -j REDIRECT --to-ports 8443" "by their source"
	reason "PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443-8445" "spreads connections over ports 8443 to 8445"
	reason "PREROUTING -p tcp --dport https,http -j REDIRECT --to-ports 8443" "several ports (80, 443)"
	reason "PREROUTING -p tcp --dport web-of-ours -j REDIRECT --to-ports 8443" "not all known here"
}

@test "from-iptables: what stays in front of a mapping is named" {
	cat >"$TMPDIR/rules" <<-'END'
		iptables -t nat -A PREROUTING -s 10.0.0.0/8 -p tcp --dport 443 -j REDIRECT --to-ports 9443
		iptables -t nat -A PREROUTING -d 192.0.2.7 -p tcp --dport 443 -j REDIRECT --to-ports 8443
	END
	run -1 "$LOWPORT" --from-iptables "$TMPDIR/rules"
	[[ $output == *"it stays, and takes its packets before the server of 192.0.2.7:443:8443"* ]]
	[[ $output == *"-p 192.0.2.7:443:8443 is for a server that binds 192.0.2.7"* ]]
}

@test "from-iptables: a rule that stays must not lead to the port that the server leaves" {
	cat >"$TMPDIR/rules" <<-'END'
		iptables -t nat -A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443
		iptables -t nat -A PREROUTING -s 10.0.0.0/8 -p tcp --dport 80 -j REDIRECT --to-ports 8443
	END
	run -1 "$LOWPORT" --from-iptables "$TMPDIR/rules"
	[[ $output == *"it stays, and by -p 443:8443 no server will be at port 8443, to which it leads"* ]]
}

@test "from-iptables: a forward port leaves the zone that has it, as a whole" {
	run -1 "$LOWPORT" --from-iptables --unit web tests/rules/firewalld.commands
	removing >"$TMPDIR/removing"
	grep -q '^firewall-cmd --zone=public --remove-forward-port=port=443:' "$TMPDIR/removing"
	grep -q '^firewall-cmd --zone=web --remove-forward-port=port=80:' "$TMPDIR/removing"
	grep -q "^firewall-cmd '--remove-rich-rule=rule family=ipv4 .* log prefix=\"dns\"'" "$TMPDIR/removing"
}

@test "from-iptables: a rule that iptables -S lists, or a file with a mark, has its table" {
	for file in listed.commands marked.txt; do
		run -0 "$LOWPORT" --from-iptables --unit web "tests/rules/$file"
		removing | grep -qE '^iptables -t nat -D (WEB|PREROUTING) -p tcp -m tcp --dport 443 '
	done
}

# Blocklists have thousands of addresses.
@test "from-iptables: a set of any length ends where it does" {
	{
		echo "table inet f {"
		echo "set bad { type ipv4_addr; elements = {"
		seq -f "10.0.%.0f.0," 20000 | sed 's/$/ # /'
		seq -f "10.%.0f.0.0," 20000
		echo "} }"
		echo "set some { type inet_service; elements = {"
		seq -f "%.0f," 20001 40000
		echo "} }"
		echo "chain pre { type nat hook prerouting priority dstnat;"
		echo "tcp dport 443 redirect to :8443"
		echo "tcp dport @some redirect to :8080"
		echo "} }"
	} >"$TMPDIR/rules"
	run -1 "$LOWPORT" --from-iptables --unit web "$TMPDIR/rules"
	[[ $output == *"# -p 443:8443"* ]]
	[[ $output != *"# -p "*:8080* ]]
	[[ $output == *"not all known here"*"tcp dport @some redirect"* ]]
}

@test "from-iptables: JSON is named" {
	run -125 sh -c 'echo "{\"nftables\": []}" | "$0" --from-iptables' "$LOWPORT"
	[[ $output == "lowport: 'nft -j' prints JSON"*"nft -a list ruleset" ]]
}

# A comment of the rules' author is no command of root's.
@test "from-iptables: a shell takes a removal's words as they are" {
	cat >"$TMPDIR/rules" <<-'END'
		*nat
		-A PREROUTING -p tcp -m tcp --dport 443 -m comment --comment "it's $(touch x) `touch y` \"z\" ; #" -j REDIRECT --to-ports 8443
		COMMIT
	END
	run -0 "$LOWPORT" --from-iptables --unit web "$TMPDIR/rules"
	mkdir -p "$TMPDIR/bin"
	printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"$TMPDIR/bin/iptables"
	chmod 755 "$TMPDIR/bin/iptables"
	(cd "$TMPDIR" && removing | PATH=$TMPDIR/bin:$PATH sh >"$TMPDIR/words")
	grep -qxF 'it'\''s $(touch x) `touch y` "z" ; #' "$TMPDIR/words"
	[ ! -e "$TMPDIR/x" ] && [ ! -e "$TMPDIR/y" ]
	printf 'iptables -t nat -A PREROUTING -p tcp --dport 443 -m comment --comment "a\033[2Jb" -j REDIRECT --to-ports 8443\n' >"$TMPDIR/rules"
	run -0 "$LOWPORT" --from-iptables --unit web "$TMPDIR/rules"
	[[ $output != *$'\033'* ]]
	[[ $output == *"has control characters"* ]]
}

@test "from-iptables: the port that the filter admits, on its conditions" {
	admits() {
		run "$LOWPORT" --from-iptables --unit web "$1"
		sed -n '/ The filter: /,/^#$/p' <<<"$output" | grep -qxF "$2"
	}
	admits tests/rules/jenkins.rules "iptables -I INPUT -s 10.1.0.0/16 -p tcp --dport 80 -j ACCEPT"
	admits tests/rules/jenkins.rules "iptables -I INPUT -p tcp --dport 443 -j ACCEPT"
	admits tests/rules/rules.v6 "ip6tables -I INPUT -p tcp --dport 443 -j ACCEPT"
	admits tests/rules/sets.nft "nft insert rule inet filter input 'iifname \"eth0\" tcp dport 443 accept'"
	admits tests/rules/zone.txt "firewall-cmd --zone=public --add-port=443/tcp && firewall-cmd --permanent --zone=public --add-port=443/tcp"
	run -0 "$LOWPORT" --from-iptables --unit web tests/rules/tomcat.sh
	[[ $output != *"The filter"* ]]
	run -1 "$LOWPORT" --from-iptables --unit web tests/rules/public.xml
	[[ $output != *"--add-port=443"* ]]
}

@test "from-iptables: the unit, its drop-in, and names that are none" {
	run -0 "$LOWPORT" --from-iptables --unit tomcat10 tests/rules/tomcat.sh
	[[ $output == *"/etc/systemd/system/tomcat10.service.d/lowport.conf"* ]]
	[[ $output == *"systemctl restart tomcat10.service"* ]]
	[[ $output == *" -p 80:8080 -p 443:8443"* ]]
	for name in "" "a b" 'x;y' '$x' "$(printf 'a\nb')" ../x; do
		run -125 "$LOWPORT" --from-iptables --unit "$name" tests/rules/tomcat.sh
		[[ $output == "lowport: --unit "*"is no name of a unit"* ]]
	done
}

@test "from-iptables: without systemd, the command of the process that has the port" {
	[ ! -e /run/systemd/system ] || skip "systemd is here"
	python3 tests/hold.py 8443 &
	wait_until listening 8443
	run -0 "$PLAIN" --from-iptables tests/rules/loopback.sh
	[[ $output == *"kill $! # python3"* ]]
	grep -qE -- "-p 443:8443 -u [a-z]+ -- python3 tests/hold.py 8443$" <<<"$output"
}

@test "from-iptables: goes with no other purpose, and changes nothing" {
	run -125 "$LOWPORT" --from-iptables --doctor tests/rules/tomcat.sh
	refused_with "do not go together"
	run -0 "$LOWPORT" --from-iptables tests/rules/tomcat.sh
	not listening 443
}
