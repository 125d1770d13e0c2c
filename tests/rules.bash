# SPDX-License-Identifier: ISC
#
# Sets of rules, in tests/rules: what --from-iptables makes of each.

# said WORD FILE: the values behind "# WORD: " in the head of a set.
said() {
	sed -n "s/^\(#\|<!--\) $1: \([^>]*[^ >-]\).*/\2/p" "$2"
}

# migrates FILE: its mappings are carried over as the head of the set says, and so
# many rules are refused.
migrates() {
	local refused

	refused=$(said refused "$1")
	run --separate-stderr "$LOWPORT" --from-iptables --unit web "$1"
	# shellcheck disable=SC2154
	echo "$1: $status $stderr"
	[ "$status" -eq $((${refused:-0} > 0)) ]
	[ "$(sed -n 's/^# -p //p' <<<"$output" | xargs)" = "$(said carried "$1")" ]
	[ "$(grep -c ': not carried over: ' <<<"$stderr")" -eq "${refused:-0}" ]
}

# Commands of the last run: what removes rules, and what brings them back.
removing() {
	sed -n '/ The change: /,/^#$/p' <<<"$output" |
	    grep -E '^(ip6?tables(-legacy)?|nft|firewall-cmd) '
}

restoring() {
	sed -n '/^# To go back/,$p' <<<"$output" |
	    sed -nE 's/^#   ((ip6?tables(-legacy)?|nft|firewall-cmd) .*)/\1/p'
}
