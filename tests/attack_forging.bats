#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# Attacks by forging what the child sends the helper.  A row of a table is a
# forgery: what it is, and the verb of what must come of it.
#
# The child of $ATTACKABLE is stopped before it sends, and what it sends is
# rewritten.  That of $LOWPORT cannot be stopped there: attack_looking.bats.

load attack

# control genuine|another FORGERY [PORT]: the first test that needs a control tries
# it, and the others rely on that.
control() {
	local tried=$BATS_FILE_TMPDIR/${*//[!a-z0-9]/.}

	[ -e "$tried" ] && return
	"$@"
	touch "$tried"
}

# forged NAME ANSWER POOL ENDED: what a forgery of the child comes to, while
# the child is held, and when it is let go.
forged() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1"
	echo "$1: $output"
	[[ ${lines[-1]} =~ ^before\ 400\;\ answer\ ($2)\;\ capabilities\ 0\;\ \
pool\ $3\;\ ended\ $4\;\ port\ 0\;\ then\ $LEFT$ ]]
}

# plan FORGERY: a plan that is refused; both processes end with 125.
plan() {
	control genuine genuine
	forged "$1" refused free 125
}

# message FORGERY: what is no plan at all.
message() {
	control genuine genuine
	forged "$1" "refused|none|end" free 125
}

# offer FORGERY: no listener; the trial hand-off fails, no server starts.
offer() {
	control genuine offer-genuine
	forged "$1" ready bound 125
}

# ---- Plans.

@test "plan: magic 0" { plan magic-zero; }
@test "plan: the magic of another build" { plan magic-older; }
@test "plan: no mapping" { plan count-zero; }
@test "plan: 64 mappings, two of them filled in" { plan count-64-of-two; }
@test "plan: 65 mappings" { plan count-65; }
@test "plan: 4294967295 mappings" { plan count-huge; }
@test "plan: no spare" { plan spares-zero; }
@test "plan: 257 spares" { plan spares-257; }
@test "plan: 4294967295 spares" { plan spares-huge; }
@test "plan: uid 0" { plan uid-root; }
@test "plan: uid 1, another user's" { plan uid-other; }
@test "plan: uid -1" { plan uid-minus-one; }
@test "plan: gid 0" { plan gid-root; }
@test "plan: gid 42, another group's" { plan gid-other; }
@test "plan: gid -1" { plan gid-minus-one; }
@test "plan: uid 0 and gid 0" { plan uid-and-gid-root; }
@test "plan: verbosity 9" { plan verbosity-9; }
@test "plan: verbosity -1" { plan verbosity-negative; }
@test "plan: observe 2" { plan observe-2; }
@test "plan: baseline 2" { plan baseline-2; }
@test "plan: journal 2" { plan journal-2; }
@test "plan: process group 2" { plan group-2; }
@test "plan: SIGKILL at the parent's end" { plan pdeathsig-kill; }
@test "plan: signal -1 at the parent's end" { plan pdeathsig-negative; }
@test "plan: SIGTERM rewritten to signal 66" { plan rewrite-66; }
@test "plan: SIGHUP rewritten to signal 255" { plan rewrite-255; }
@test "plan: address family 99" { plan family-99; }
@test "plan: address family AF_UNIX" { plan family-unix; }
@test "plan: protocol SCTP" { plan protocol-sctp; }
@test "plan: protocol 0" { plan protocol-zero; }
@test "plan: neither a public port nor the server's" { plan ports-both-zero; }
@test "plan: an inherited range" { plan inherited-range; }
@test "plan: no port" { plan ports-zero; }
@test "plan: more ports than there are" { plan ports-beyond; }
@test "plan: 4,097 ports" { plan ports-4097; }
@test "plan: 4294967295 ports" { plan ports-huge; }
@test "plan: a range that has another's port" { plan conflict-range; }
@test "plan: an address without a family" { plan address-of-no-family; }
@test "plan: bytes beyond an IPv4 address" { plan address-beyond-ipv4; }
@test "plan: a scope without a family" { plan scope-of-no-family; }
@test "plan: a scope for IPv4" { plan scope-of-ipv4; }
@test "plan: an IPv4-mapped address" { plan address-ipv4-mapped; }
@test "plan: two mappings of one server port" { plan conflict-server-port; }
@test "plan: two mappings of one public port" { plan conflict-public-port; }
@test "plan: one mapping twice" { plan conflict-same; }

# This plan is well formed, but the helper cannot keep what it never had.
@test "plan: CAP_KILL is to be kept: nothing is" {
	control genuine genuine
	genuine kill-kept
}

# ---- What is no plan.

@test "message: one byte too short" { message short-by-one; }
@test "message: no mappings at all" { message short-header; }
@test "message: a single byte" { message one-byte; }
@test "message: empty" { message empty; }
@test "message: one byte too long" { message long-by-one; }
@test "message: 64 KiB too long" { message long-by-64k; }
@test "message: a descriptor with the plan" { message descriptor; }
@test "message: 253 descriptors with the plan" { message descriptors-253; }
@test "message: the end of the channel" { message end; }

@test "message: the plan twice, the second in place of what follows it" {
	control genuine genuine
	forged twice ready bound 125
}

@test "message: the plan ten times" {
	control genuine genuine
	# "end": the helper has closed the channel and left some unread.
	forged ten-times "ready|end" bound 125
}

@test "message: none, then SIGKILL" {
	control genuine genuine
	forged silence none free 137
}

# The helper blocks and forwards SIGSEGV as any signal, and does not die of it.
@test "SIGSEGV for the helper while it has the capability: no core" {
	needs "cores are not kept here" core_kept
	forged crash none free 139
}

# ---- Offers of the listener.

@test "offer: without a descriptor" { offer offer-of-nothing; }
@test "offer: with two descriptors" { offer offer-of-two; }
@test "offer: empty" { offer offer-empty; }
@test "offer: too long" { offer offer-long; }
@test "offer: a pipe for a listener" { offer offer-of-pipe; }
@test "offer: a file for a listener" { offer offer-of-file; }
@test "offer: a device for a listener" { offer offer-of-device; }
@test "offer: a socket for a listener" { offer offer-of-socket; }
@test "offer: the listener of another process" { offer offer-of-another; }

@test "offer: what is no socket, for the preload library to ask at" {
	for what in pipe file device another; do
		offer preload:offer-of-$what
	done
	offer preload:offer-genuine
}

# ---- Plans for port 666, which the policy denies.

# another FORGERY [PORT]: the control, which names 444; the server gets PORT.
another() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1" 444
	echo "$1: $output"
	[[ ${lines[-1]} =~ ^before\ 400\;\ answer\ ready\;\ capabilities\ 0\;\ \
pool\ (bound|free)\;\ ended\ 0\;\ port\ ${2:-444}\;\ \
444\ (bound|unseen)\;\ then\ $LEFT$ ]]
}

# denied FORGERY ANSWER POOL ENDED [PORT]: what a forgery that names 666 comes
# to; the server gets PORT.
denied() {
	run -0 timeout -k 1 60 "$ATTACK" forge "$1" 666
	echo "$1: $output"
	[[ ${lines[-1]} =~ ^before\ 400\;\ answer\ $2\;\ capabilities\ 0\;\ \
pool\ $3\;\ ended\ $4\;\ port\ ${5:-0}\;\ 666\ (free|unseen)\;\ then\ $LEFT$ ]]
}

# beside CONTROL FORGERY: 666 is denied, beside a mapping that is bound.  CONTROL
# is the forgery that names 444; =PORT stands behind it if the server gets that.
beside() {
	twin "$1"
	denied "$2" "ready, denied" bound 125
}

# invalid CONTROL FORGERY: the whole plan is refused.
invalid() {
	twin "$1"
	denied "$2" refused free 125
}

# twin CONTROL: tries that.
twin() {
	if [ "$1" = genuine ]; then
		control genuine genuine
	elif [[ $1 == *=* ]]; then
		control another "${1%=*}" "${1#*=}"
	else
		control another "$1"
	fi
}

@test "policy: a forged plan names the denied port" { beside other denied; }
@test "policy: as the last of 64" { beside crowd=443 crowd-denied; }
@test "policy: behind a server port that is permitted" {
	beside other-server-port=8443 denied-server-port
}
@test "policy: as public and server port" {
	beside other-same-port=8443 denied-same-port
}
@test "policy: on the IPv4 wildcard" { beside other-ipv4 denied-ipv4; }
@test "policy: on the IPv6 wildcard" { beside other-ipv6=8443 denied-ipv6; }
@test "policy: on another loopback address" {
	beside other-address=8443 denied-address
}
@test "policy: with a scope" { invalid other-loopback=8443 denied-scope; }
@test "policy: as an IPv4-mapped address" {
	invalid other-address=8443 denied-mapped
}
@test "policy: at the end of a range" { beside other denied-range; }
@test "policy: as UDP" { beside other denied-udp; }
@test "policy: as Multipath TCP" { invalid other denied-mptcp; }
@test "policy: as protocol 0" { invalid other denied-protocol-zero; }
@test "policy: twice, on addresses that overlap" {
	invalid other denied-overlap
}
@test "policy: by a plan that claims to be root's" {
	invalid other denied-root
}
@test "policy: in a first plan, before one that is permitted" {
	beside genuine first-denied
}
@test "policy: a hijacked --check" { beside check:other=0 check:denied; }

@test "policy: as the first of two" {
	twin other-first=443
	denied denied-first "denied, ready" free 125
}

@test "policy: as both" { twin other; denied denied-both denied free 125; }

@test "policy: in a second plan, after one that is permitted" {
	twin genuine
	denied second-denied ready bound 125
}

@test "policy: the child ignores the denial; its server gets no 666" {
	twin ignore:other
	denied ignore:denied "ready, denied" bound 0 8443
}

@test "policy: the child ignores it, with a server for the permitted one" {
	twin genuine
	denied ignore:permitted-first "ready, denied" free 0 443
}

@test "policy: the child ignores it, and has the denied one tried" {
	twin ignore:other
	denied ignore:denied-first "denied, ready" free 125
}

@test "policy: a hijacked --check that ignores the denial" {
	twin check:other=0
	denied check:ignore:denied "ready, denied" bound 0
}
