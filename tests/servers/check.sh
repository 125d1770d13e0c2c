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
#   activated         has the socket passed to lowport, by a service manager that
#                     starts it for the first client: port 21443, as it is not
#                     the privilege that is tried there
#   certificate       makes key.pem, cert.pem, and both in both.pem
#   serve COMMAND...  starts the server under lowport
#   answers           waits until "hello" comes from port 443 of each of $hosts
#   logged N TEXT     waits until N lines of the log have TEXT
#   fails_with TEXT   waits until it has ended, with TEXT in the log
#   daemonized FILE   waits until it has the pid of a daemon, and sets $pid
#
# What it says of itself before that:
#
#   filter            the server's seccomp mode, other than 2, or 0 by preload
#   refused           why lowport does not start it by preload: words of that
#   hosts, mapping    where it serves, other than on both families and 443:8443;
#   served, configured  the two ports of that
#   spares            how many, other than as many as there are processors
#   expected          an option: getsockname(2) is to tell the configured port
#   without           what goes wrong without that: a function that shows it,
#                     once, of a server that was started so
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
served=443
configured=8443
activator=()
filter=2
refused=
spares=
expected=

fail() {
	echo "not ok $name $way: $*"
	[ ! -e log ] || tail -n 15 log | sed 's/^/    /'
	exit 1
}

needs() {
	local file

	for file; do
		if [ ! -e "$file" ] && ! command -v "$file" >/dev/null; then
			[ "${LOWPORT_MUST_WORK:-0}" != 1 ] ||
				fail "no ${file##*/} here"
			echo "skipped $name $way: no ${file##*/} here"
			exit
		fi
	done
}

# It starts lowport with the variables named alone.
activated() {
	local variable

	needs systemd-socket-activate
	served=21443
	mapping=@https:8443
	activator=(systemd-socket-activate --listen=21443 --fdname=https)
	for variable in JAVA_TOOL_OPTIONS LOWPORT_LEARN LOWPORT_METHOD; do
		[ -z "${!variable:-}" ] ||
			activator+=(-E "$variable=${!variable}")
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
	[ "$way" != preload ] || [ -z "$refused" ] || is_refused "$@"
	if [ "$way" = fetch ] && declare -F without >/dev/null; then
		start -- "$@"
		without
		! kill -0 "$lowport" 2>/dev/null || ends "${stop:-$lowport}"
		rm -f ./*.pid
	fi
	# shellcheck disable=SC2086
	start $expected -- "$@"
	# Where a listener cannot answer for getsockname(2), the library does.
	[ "$way" != observe ] || [ -z "$expected" ] || filter=0
}

start() {
	"${activator[@]}" "$LOWPORT" ${spares:+--spares "$spares"} \
	    -p "$mapping" "$@" >log 2>&1 </dev/null &
	lowport=$!
}

# All there is to see of a server that the library does not reach.
is_refused() {
	local status=0 found

	# No client would come.
	[ ${#activator[@]} = 0 ] ||
		activator=(python3 "$top/tests/pass.py" "https=:::$served")
	timeout 60 "${activator[@]}" "$LOWPORT" -p "$mapping" -- "$@" >log 2>&1 </dev/null ||
		status=$?
	[ $status = 125 ] || fail "status $status, not 125"
	grep -q "^lowport: .*$refused" log || fail "no word of '$refused'"
	[ "$(wc -l <log)" = 1 ] || fail "not one line"
	found=$(ss -Hltun "( sport = :$served or sport = :$configured )")
	[ -z "$found" ] || fail "listens: $found"
	find_threads
	[ ${#threads[@]} = 0 ] || fail "left: ${threads[*]}"
	echo "ok $name $way"
	exit
}

ask() {
	ask_url https://server.test:$served/ "$1"
}

ask_http() {
	ask_url http://server.test:$served/ "$1"
}

ask_url() {
	curl -ksS --max-time 5 --resolve "server.test:$served:$2" "$1" 2>&1
}

ask_dns() {
	local dig="dig +short +time=2 +tries=1 -p $served server.test TXT @$1" replies

	replies=$($dig +tcp && $dig +notcp)
	[ "$replies" != $'"hello"\n"hello"' ] || replies=hello
	echo "$replies"
}

ask_quic() {
	timeout 5 gtlsclient --quiet --exit-on-all-streams-close --no-quic-dump \
	    --no-http-dump --download="$PWD" "$1" 443 \
	    https://server.test/index.html >/dev/null 2>&1
	cat index.html
}

ask_tls() {
	case $1 in
	*:*) set -- "[$1]" ;;
	esac
	timeout 5 openssl s_client -quiet -connect "$1:443" 2>&1 </dev/null
}

# until CONDITION; do bounded WHY; done
bounded() {
	[ $SECONDS -lt $deadline ] || fail "$*"
	sleep 0.05
}

# The same, while lowport must be there.
patience() {
	kill -0 "$lowport" 2>/dev/null || fail "lowport ended; $*"
	bounded "$*"
}

answers() {
	local host reply

	deadline=$((SECONDS + 120))
	for host in $hosts; do
		until reply=$(ask "$host") &&
		    [[ $reply =~ hello( from .*"$host".*)?$ ]]; do
			patience "$host says: $reply"
		done
	done
}

logged() {
	deadline=$((SECONDS + 60))
	until [ "$(grep -c -- "$2" log)" -ge "$1" ]; do
		patience "no $1 times '$2' in the log"
	done
}

fails_with() {
	deadline=$((SECONDS + 60))
	while kill -0 "$lowport" 2>/dev/null; do
		bounded "does not fail"
	done
	grep -q -- "$1" log || fail "no '$1' in the log"
}

# A session of its own, and lowport's now that its parent has ended.
daemonized() {
	deadline=$((SECONDS + 60))
	until [ -s "$1" ] && read -r pid <"$1" &&
	    [ "$(ps -o ppid=,sid= -p "$pid" | xargs)" = "$lowport $pid" ]; do
		patience "$1 is not that of a daemon under lowport"
	done
}

# On the public port alone, and only where the server asked for.
listens_right() {
	local host rest

	[ -n "$(ss -Hltun "sport = :$served")" ] ||
		fail "nobody listens on $served"
	rest=$(ss -Hltun "sport = :$configured")
	[ -z "$rest" ] || fail "listens on $configured: $rest"
	for host in $silent; do
		! ask "$host" >/dev/null || fail "$host answers, too"
	done
}

# find_threads [PID]: the threads of all in this process namespace but the
# sandbox's first, this shell and PID.  Starts no process itself.
find_threads() {
	local thread

	threads=()
	for thread in /proc/[0-9]*/task/*; do
		case $thread in
		/proc/1/* | /proc/$$/* | /proc/${1:-1}/*) ;;
		*) threads+=("$thread") ;;
		esac
	done
}

# power_of MODE THREAD...: what is wrong in the status (proc_pid_status(5)) of
# these, whose seccomp mode it should be.
power_of() {
	local mode=$1

	shift
	grep -sHE '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' \
	    "${@/%//status}" |
		grep -vE ":(Cap.*:.0{16}|NoNewPrivs:.1|Seccomp:.$mode)\$" || :
}

has_no_power() {
	local found

	[ -n "$(power_of 0 /proc/1)" ] || fail "cannot see the power of root"
	find_threads "$lowport"
	[ ${#threads[@]} -ge 1 ] || fail "no server"
	found=$(
		power_of 2 "/proc/$lowport"
		power_of "$filter" "${threads[@]}"
	)
	[ -z "$found" ] || fail "power: $found"
}

ends() {
	kill "$1"
	deadline=$((SECONDS + 60))
	while kill -0 "$lowport" 2>/dev/null; do
		bounded "SIGTERM to process $1 does not end lowport"
	done
	find_threads
	[ ${#threads[@]} = 0 ] || fail "left: ${threads[*]}"
}

case $way in
observe) export LOWPORT_LEARN=observe ;;
preload)
	export LOWPORT_METHOD=preload
	filter=0
	;;
esac
mkdir "$TMPDIR/$name"
cd "$TMPDIR/$name"
export HOME=$PWD
export JAVA_TOOL_OPTIONS="-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
# shellcheck source=/dev/null
. "$recipes/$name"
listens_right
has_no_power
ends "${stop:-$lowport}"
echo "ok $name $way"
