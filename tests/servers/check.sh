#!/bin/bash
# SPDX-License-Identifier: ISC
#
# usage: tests/servers/check.sh NAME WAY
#
# Runs the recipe NAME in the sandbox, the way tests/check-servers explains, and
# prints "ok NAME WAY", "skipped NAME WAY: why", or "not ok NAME WAY: why" and
# the end of the server's log.
#
# A recipe has a directory of its own and these words:
#
#   needs FILE...     or programs, or it is skipped
#   certificate       makes key.pem, cert.pem, and both in both.pem
#   serve COMMAND...  starts the server under lowport
#   answers           waits until "hello" comes from port 443 of each of $hosts
#   logged N TEXT     waits until N lines of the log have TEXT
#   daemonized FILE   has the pid of a daemon, whose end lowport waits for
#
# What it says of itself before that:
#
#   hosts, mapping    where it serves, other than on both families and 443:8443
#   silent            the addresses where nobody must answer
#   stop              the process SIGTERM goes to in the end, other than lowport
#   ask HOST          how a client gets "hello", other than by HTTPS; "hello
#                     from ADDRESS" must be the client's
set -eu

name=$1
way=$2
top=$PWD
recipes=$top/tests/servers
hosts="127.0.0.1 ::1"
silent=
mapping=443:8443
small_java="-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"

fail() {
	echo "not ok $name $way: $*"
	[ ! -e log ] || tail -n 15 log | sed 's/^/    /'
	exit 1
}

needs() {
	local file

	for file; do
		[ ! -e "$file" ] && ! command -v "$file" >/dev/null || continue
		[ "${LOWPORT_MUST_WORK:-0}" != 1 ] || fail "no ${file##*/} here"
		echo "skipped $name $way: no ${file##*/} here"
		exit
	done
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -subj /CN=server.test -addext subjectAltName=DNS:server.test \
	    -days 2 -keyout key.pem -out cert.pem 2>/dev/null
	cat cert.pem key.pem >both.pem
}

keystore() {
	certificate
	openssl pkcs12 -export -inkey key.pem -in cert.pem -out keys.p12 \
	    -passout pass:changeit
}

serve() {
	"$LOWPORT" -p "$mapping" -- "$@" >log 2>&1 </dev/null &
	lowport=$!
}

ask() {
	ask_url https://server.test/ "$1"
}

ask_http() {
	ask_url http://server.test:443/ "$1"
}

ask_url() {
	curl -ksS --max-time 5 --resolve "server.test:443:$2" "$1" 2>&1
}

# Mappings are for TCP: over UDP the server has the port it is configured for.
ask_dns() {
	local dig="dig +short +time=2 +tries=1 server.test TXT @$1" replies

	replies=$($dig +tcp -p 443 && $dig +notcp -p 8443)
	[ "$replies" != $'"hello"\n"hello"' ] || replies=hello
	echo "$replies"
}

ask_tls() {
	case $1 in
	*:*) set -- "[$1]" ;;
	esac
	timeout 5 openssl s_client -quiet -connect "$1:443" 2>&1 </dev/null
}

# until CONDITION; do patience WHY; done
patience() {
	kill -0 $lowport 2>/dev/null || fail "lowport ended; $*"
	[ $SECONDS -lt $deadline ] || fail "$*"
	sleep 0.05
}

answers() {
	local host reply

	deadline=$((SECONDS + 60))
	for host in $hosts; do
		until reply=$(ask "$host") &&
		    [[ $reply =~ hello( from .*"$host".*)?$ ]]; do
			patience "$host says: $reply"
		done
	done
}

logged() {
	deadline=$((SECONDS + 20))
	until [ "$(grep -c -- "$2" log)" -ge "$1" ]; do
		patience "no $1 times '$2' in the log"
	done
}

daemonized() {
	local pid

	deadline=$((SECONDS + 20))
	until [ -s "$1" ]; do
		patience "no $1"
	done
	pid=$(cat "$1")
	[ "$(ps -o sid= -p "$pid")" -eq "$pid" ] || fail "$pid is no daemon"
}

# On the public port alone, and only where the server asked for.
listens_right() {
	local host rest

	[ -n "$(ss -Hltn 'sport = :443')" ] || fail "nobody listens on 443"
	rest=$(ss -Hltn 'sport = :8443')
	[ -z "$rest" ] || fail "listens on 8443: $rest"
	for host in $silent; do
		! ask "$host" >/dev/null || fail "$host answers, too"
	done
}

# All of this process namespace but the sandbox's first and this shell.  Starts
# none itself.
tree() {
	local process

	processes=()
	for process in /proc/[0-9]*; do
		case ${process#/proc/} in
		1 | $$) ;;
		*) processes+=("$process") ;;
		esac
	done
}

# Every thread of the server and of lowport.
has_no_power() {
	local found

	tree
	[ ${#processes[@]} -ge 2 ] || fail "no two processes"
	found=$(grep -sHE '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' \
	    "${processes[@]/%//status}" | grep -vE \
	    ':(Cap[A-Z][a-z]+:.0{16}|NoNewPrivs:.1|Seccomp:.2)$') || :
	[ -z "$found" ] || fail "power: $found"
}

ends() {
	kill "$1"
	deadline=$((SECONDS + 20))
	while kill -0 $lowport 2>/dev/null; do
		patience "SIGTERM to process $1 does not end lowport"
	done
	tree
	[ ${#processes[@]} = 0 ] || fail "left: ${processes[*]}"
}

[ "$way" != observe ] || export LOWPORT_LEARN=observe
mkdir "$TMPDIR/$name"
cd "$TMPDIR/$name"
export HOME=$PWD
# shellcheck source=/dev/null
. "$recipes/$name"
listens_right
has_no_power
ends "${stop:-$lowport}"
echo "ok $name $way"
