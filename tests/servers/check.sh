#!/bin/bash
# SPDX-License-Identifier: ISC
#
# usage: tests/servers/check.sh NAME WAY
#
# Runs the recipe NAME, or bpf/NAME, in the sandbox, the way tests/check-servers
# explains, and prints "ok NAME WAY", "skipped NAME WAY: why", or "not ok NAME
# WAY: why" and the end of the server's log.
#
# A recipe has a directory of its own and these words:
#
#   needs FILE...     or programs, or it is skipped
#   lacks WHAT        it is skipped, as that is not here
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
#   kept              capabilities that --keep-caps is to keep, of root's server
#   filter            the server's seccomp mode, other than 2, 0 by preload, or
#                     either by bpf
#   refused[WAY]      why lowport does not start it that way: words of that
#   hosts, mapping    where it serves, other than on both families and 443:8443;
#   served, configured  the two ports of that, or of the first of several
#   spares            how many, other than as many as there are processors
#   expected          an option: getsockname(2) is to tell the configured port
#   without           what goes wrong without that: a function that shows it,
#                     once, of a server that was started so
#   otherwise         what goes wrong by notify, of a server only bpf is for: the
#                     same
#   silent            the addresses where nobody must answer
#   stop              the process SIGTERM goes to in the end, other than lowport
#   ask HOST          how a client gets "hello", other than by HTTPS; "hello
#                     from ADDRESS" must be the client's
set -eu
. tests/groups.bash

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
declare -A refused
spares=
expected=
kept=

fail() {
	echo "not ok $name $way: $*"
	[ ! -e log ] || tail -n 15 log | sed 's/^/    /'
	exit 1
}

needs() {
	local file

	for file; do
		[ -e "$file" ] || command -v "$file" >/dev/null ||
			lacks "${file##*/}"
	done
}

lacks() {
	[ "${LOWPORT_MUST_WORK:-0}" != 1 ] || fail "no $1 here"
	echo "skipped $name $way: no $1 here"
	exit
}

# It starts lowport with the variables named alone.
activated() {
	local variable

	needs systemd-socket-activate
	served=21443
	mapping=@https:8443
	activator=(systemd-socket-activate --listen=21443 --fdname=https)
	for variable in JAVA_TOOL_OPTIONS LOWPORT_LEARN LOWPORT_METHOD \
	    LOWPORT_USER; do
		[ -z "${!variable:-}" ] ||
			activator+=(-E "$variable=${!variable}")
	done
	refused[bpf]="a socket that was passed to lowport is bound already"
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
	# By bpf root makes the files, and the server is nobody but for $kept.
	touch log
	[ "$way" != bpf ] || [ -n "$kept" ] || chown -R nobody:nogroup .
	[ -z "${refused[$way]:-}" ] || is_refused "$@"
	[ "$way" != fetch ] || fails without "$@"
	[ "$way" != bpf ] || LOWPORT_METHOD=notify fails otherwise "$@"
	# shellcheck disable=SC2086
	start $expected -- "$@"
	# Where a listener cannot answer for getsockname(2), the library does.
	[ "$way" != observe ] || [ -z "$expected" ] || filter=0
}

# fails FUNCTION COMMAND...: the server, as FUNCTION shows, if there is any.
fails() {
	declare -F "$1" >/dev/null || return 0
	start -- "${@:2}"
	"$1"
	! kill -0 "$lowport" 2>/dev/null || ends "${stop:-$lowport}"
	rm -f ./*.pid
}

start() {
	# shellcheck disable=SC2086
	"${activator[@]}" "$LOWPORT" ${spares:+--spares "$spares"} \
	    ${kept:+-u root --keep-caps "$kept"} \
	    -p ${mapping// / -p } "$@" >log 2>&1 </dev/null &
	lowport=$!
}

# All there is to see of a server that lowport does not start this way.
is_refused() {
	local status=0 found

	# No client would come.
	[ ${#activator[@]} = 0 ] ||
		activator=(python3 "$top/tests/pass.py" "https=:::$served")
	timeout 60 "${activator[@]}" "$LOWPORT" -p "$mapping" -- "$@" >log 2>&1 </dev/null ||
		status=$?
	[ $status = 125 ] || fail "status $status, not 125"
	grep -q "^lowport: .*${refused[$way]}" log ||
		fail "no word of '${refused[$way]}'"
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

# What it says at once, to everybody.
ask_plain() {
	timeout 5 cat 2>&1 <"/dev/tcp/$1/$served"
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

# power_of SETS MODE THREAD...: what is wrong in the status (proc_pid_status(5))
# of these, whose capability sets and seccomp mode these should be.
power_of() {
	local sets=$1 mode=$2

	shift 2
	grep -sHE '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' \
	    "${@/%//status}" |
		grep -vE ":(Cap.*:.$sets|NoNewPrivs:.1|Seccomp:.$mode)\$" || :
}

has_no_power() {
	local found sets='0{16}'

	# Not bits 8 to 11, of which CAP_NET_BIND_SERVICE is one.
	[ -z "$kept" ] || sets='[0-9a-f]{13}0..'
	[ -n "$(power_of "$sets" 0 /proc/1)" ] ||
		fail "cannot see the power of root"
	find_threads "$lowport"
	[ ${#threads[@]} -ge 1 ] || fail "no server"
	found=$(
		power_of '0{16}' 2 "/proc/$lowport"
		power_of "$sets" "$filter" "${threads[@]}"
	)
	[ -z "$found" ] || fail "power: $found"
}

ends() {
	local found

	kill "$1"
	deadline=$((SECONDS + 60))
	while kill -0 "$lowport" 2>/dev/null; do
		bounded "SIGTERM to process $1 does not end lowport"
	done
	find_threads
	[ ${#threads[@]} = 0 ] || fail "left: ${threads[*]}"
	found=$(server_groups)
	[ -z "$found" ] || fail "left: $found"
}

# By bpf, each has one below the user's, which stays.
server_groups() {
	[ "$way" != bpf ] ||
		find "$(groups_mount)$(sed -n s/^0:://p /proc/self/cgroup)" \
		    -mindepth 2 -type d
}

case $way in
observe) export LOWPORT_LEARN=observe ;;
preload)
	export LOWPORT_METHOD=preload
	filter=0
	;;
bpf)
	export LOWPORT_METHOD=bpf LOWPORT_USER=nobody
	filter='[02]' # only where there is a terminal
	;;
esac
mkdir "$TMPDIR/$name"
cd "$TMPDIR/$name"
export HOME=$PWD
export JAVA_TOOL_OPTIONS="-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
recipe=$recipes/$name
[ -e "$recipe" ] || recipe=$recipes/bpf/$name
# shellcheck source=/dev/null
. "$recipe"
listens_right
has_no_power
[ "$way" != bpf ] || [ -n "$(server_groups)" ] || fail "no group of the server's"
ends "${stop:-$lowport}"
echo "ok $name $way"
