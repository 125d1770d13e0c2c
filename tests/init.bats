#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# What lowport owes as process 1 of a container, or in the place of an init
# elsewhere: the cases of init.py, which are tried on other inits too (make
# check-init), and what only lowport does.

load helpers

# holds CASE: a case of init.py holds for lowport.
holds() {
	run python3 tests/init.py lowport "$1"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = ok ]
}

# serve ARGUMENT...: starts lowport with these, and waits until its server says
# that it is ready; what it says goes to $TMPDIR/out.
serve() {
	rm -f "$TMPDIR/out"
	"$LOWPORT" -p 443:8443 "$@" >"$TMPDIR/out" 2>"$TMPDIR/err" &
	wait_until grep -q ready "$TMPDIR/out"
}

# ends PID: this job does, with 0.
ends() {
	wait_until gone "$1"
	wait "$1"
}

kill_tree() {
	local child

	for child in $(pgrep -P "$1"); do
		kill_tree "$child"
	done
	kill -KILL "$1" 2>/dev/null || true
}

# What a failed test has left may not heed what lowport forwards.  What the one
# before has said would be found where the next one is waited for.
teardown() {
	local job

	for job in $(jobs -p); do
		kill_tree "$job"
	done
	rm -f "$TMPDIR/started" "$TMPDIR/out"
}

@test "the control: without an init, a case does not hold" {
	run -0 python3 tests/init.py none terminated
	[[ $output == "no: "* ]]
	run -0 python3 tests/init.py none reaping
	[[ $output == "no: "* ]]
}

@test "every signal reaches the server once" {
	holds signals
	holds faults
	holds stops
	holds real_time
	holds reserved
	holds queued
}

@test "the server's status: of SIGTERM, its own, of its command" {
	holds terminated
	holds own_status
	holds statuses
	holds not_found
	holds success
}

@test "a signal reaches the server alone, or with -g its process group" {
	holds alone
	holds group
}

@test "signals are rewritten, and dropped" {
	holds rewrite
	holds rewrite_names
}

@test "orphans are reaped, also in a storm, also not as process 1" {
	holds reaping
	holds storm
	holds subreaper
}

@test "the server's signal mask and dispositions are the caller's, as process 1" {
	holds dispositions
}

@test "SIGTSTP stops the server until SIGCONT" {
	holds suspended
}

is_stopped() {
	grep -q "^State:.T" "/proc/$1/status"
}

@test "a server that is stopped, and lowport is not, is ended by SIGTERM" {
	serve -q -- build/server_signals server 15
	server=$(pgrep -P $!)
	kill -STOP "$server"
	wait_until is_stopped "$server"
	# The control: another signal has it stay so.
	kill -USR1 $!
	wait_until grep -q "^SigPnd:.*2..$\|^ShdPnd:.*2..$" "/proc/$server/status"
	is_stopped "$server"
	kill -TERM $!
	ends $!
	grep -q "server 15" "$TMPDIR/out"
}

@test "the terminal of a container" {
	holds terminal
	holds reads_terminal
	holds ctrl_z
}

@test "the end of lowport's parent is told" {
	holds parent_ends
}

@test "what the server leaves is told to end; a daemon is waited for" {
	holds leftovers
	holds daemon
	holds daemon_leaves
	holds daemon_ignores
	holds daemon_reloads
	holds forking
}

@test "each case is tried here" {
	local case

	for case in $(python3 tests/init.py cases); do
		grep -q "^	holds $case$" tests/init.bats
	done
}

@test "the options of tini and dumb-init are read as they read them" {
	run -0 "$LOWPORT" -q -p 443:8443 -s -g -e 42 -- sh -c 'exit 42'
	run -0 "$LOWPORT" -gsqp443:8443 -e42 -e 43 -- sh -c 'exit 43'
	run -0 "$LOWPORT" -q -p 443:8443 -r 15:3 --rewrite=1:0 -- true
	run -0 "$LOWPORT" -cwqp443:8443 -- true
	run -0 "$LOWPORT" -q -p 443:8443 --single-child --warn -- true
	run -0 "$LOWPORT" -q -p 443:8443 --subreaper --group \
	    --success-exit-status 3 --pdeathsig SIGTERM -- sh -c 'exit 3'
	run -3 "$LOWPORT" -q -p 443:8443 -e 4 -- sh -c 'exit 3'
}

@test "what cannot be done is refused before the server starts" {
	run "$LOWPORT" -p 443 -e 256 -- sh -c "$MUST_NOT_START"
	refused_with "not a number from 0 to 255"
	run "$LOWPORT" -p 443 --rewrite KILL:TERM -- sh -c "$MUST_NOT_START"
	refused_with "SIGKILL never reaches lowport"
	run "$LOWPORT" -p 443 --rewrite 19:15 -- sh -c "$MUST_NOT_START"
	refused_with "SIGSTOP never reaches lowport"
	run "$LOWPORT" -p 443 --rewrite TERM -- sh -c "$MUST_NOT_START"
	refused_with "not FROM:TO"
	run "$LOWPORT" -p 443 --pdeathsig KILL -- sh -c "$MUST_NOT_START"
	refused_with "cannot be forwarded"
	LOWPORT_REWRITE=TERM:NONESUCH run "$LOWPORT" -p 443 \
	    sh -c "$MUST_NOT_START"
	refused_with "there is no signal 'NONESUCH'"
}

@test "LOWPORT_REWRITE and LOWPORT_KILL_PROCESS_GROUP stand for options" {
	LOWPORT_REWRITE=" USR1:USR2 HUP:0" serve -q -- \
	    build/server_signals server 15
	kill -HUP $!
	kill -USR1 $!
	kill -TERM $!
	ends $!
	[ "$(tr '\n' ' ' <"$TMPDIR/out")" = "server ready server 12 server 15 " ]
	LOWPORT_REWRITE=nonsense run -0 "$LOWPORT" -q -p 443 -r HUP:0 true
	LOWPORT_KILL_PROCESS_GROUP=1 serve -q -- sh -c \
	    'build/server_signals child 15 & exec build/server_signals server 15'
	wait_until grep -q "child ready" "$TMPDIR/out"
	wait_until grep -q "server ready" "$TMPDIR/out"
	kill -USR1 $!
	wait_until grep -q "child 10" "$TMPDIR/out"
	kill -TERM $!
	ends $!
}

# One that ended at once might be reaped by its parent.
@test "-w tells each orphan that is reaped, and not the server" {
	local told

	for option in -w -c; do
		run -0 "$LOWPORT" $option -p 443:@unused -- sh -c '
		    for i in 1 2 3; do (sleep 1 & echo $!); done
		    until [ $(ps -o pid= --ppid $PPID | wc -l) -eq 1 ]; do
			sleep 0.02
		    done'
		orphans=$(grep -v lowport: <<<"$output" | sort)
		told=$(sed -n "s/^lowport: reaped process \([0-9]*\), an orphan of the server$/\1/p" \
		    <<<"$output" | sort)
		[ "$(wc -w <<<"$orphans")" -eq 3 ]
		[ $option = -w ] || orphans=
		[ "$told" = "$orphans" ]
	done
}

@test "what TERM has become still ends what the server leaves" {
	serve -q --rewrite TERM:USR1 -- sh -c '
	    build/server_signals child 15 &
	    exec build/server_signals server 10'
	wait_until grep -q "child ready" "$TMPDIR/out"
	wait_until grep -q "server ready" "$TMPDIR/out"
	kill -TERM $!
	# A server that ends with 0 untold has daemonized, and is waited for.
	ends $!
	grep -q "child 15" "$TMPDIR/out"
}

@test "what is rewritten to TERM ends it likewise; a TERM dropped does not" {
	serve -v --rewrite USR1:TERM --rewrite TERM:0 -- sh -c '
	    build/server_signals child 15 &
	    exec build/server_signals server 15'
	wait_until grep -q "child ready" "$TMPDIR/out"
	wait_until grep -q "server ready" "$TMPDIR/out"
	kill -TERM $!
	wait_until grep -q "dropping SIGTERM" "$TMPDIR/err"
	kill -USR1 $!
	ends $!
	grep -q "forwarding SIGUSR1 as SIGTERM" "$TMPDIR/err"
	grep -q "child 15" "$TMPDIR/out"
}

is_zombie() {
	grep -q "^State:.Z" "/proc/$1/status"
}

# Both wait for lowport while it is stopped: the server's end, and the signal.
@test "a signal that comes with the end of a server that daemonizes is not lost" {
	rm -f "$TMPDIR/go" "$TMPDIR/out"
	"$PLAIN" -q -p 20443:8443 -- python3 -c '
import os, signal, time
signal.signal(signal.SIGUSR1, lambda *_: (print("got", flush=True), os._exit(0)))
server = os.getpid()
if os.fork() == 0:
    print("server", server, flush=True)
    while True:
        signal.pause()
while not os.path.exists("'"$TMPDIR/go"'"):
    time.sleep(0.01)' >"$TMPDIR/out" 3>&- &
	lowport=$!
	wait_until grep -q server "$TMPDIR/out"
	kill -STOP "$lowport"
	touch "$TMPDIR/go"
	wait_until is_zombie "$(sed -n 's/server //p' "$TMPDIR/out")"
	kill -USR1 "$lowport"
	kill -CONT "$lowport"
	wait_until grep -q got "$TMPDIR/out"
	wait "$lowport"
}

@test "with -g a daemon's processes all get the signal" {
	serve -q -g -- sh -c 'echo $$ >"$TMPDIR/first"; setsid sh -c "
	    build/server_signals one 15 & build/server_signals two 15; wait" &
	    exit 0'
	wait_until grep -q "one ready" "$TMPDIR/out"
	wait_until grep -q "two ready" "$TMPDIR/out"
	wait_until gone "$(cat "$TMPDIR/first")"
	kill -USR2 $!
	wait_until grep -q "one 12" "$TMPDIR/out"
	wait_until grep -q "two 12" "$TMPDIR/out"
	kill -TERM $!
	ends $!
	[ "$(grep -c 12 "$TMPDIR/out")" -eq 2 ]
}

# As root of a user namespace, so that the next process there can be numbered.
NUMBERED="unshare --user --map-root-user --pid --fork --mount-proc"

# only_child PID NAME: that is all it has; the server is reaped.
only_child() {
	[ "$(ps -o comm= --ppid "$1")" = "$2" ]
}

@test "who has the number of the server after it is not the server" {
	local init

	# lowport is 1, and the server 2.
	$NUMBERED "$PLAIN" -u root -q -p 20443:8443 -- sh -c '
	    setsid build/server_signals daemon 15 & read word; exit 0
	    ' >"$TMPDIR/out" <<<"" &
	wait_until grep -q "daemon ready" "$TMPDIR/out"
	init=$(pgrep -P $!)
	wait_until only_child "$init" server_signals
	# Its parent ends at once, so that lowport reaps it.
	nsenter -t "$init" --user --preserve-credentials --pid sh -c '
	    echo 1 >/proc/sys/kernel/ns_last_pid
	    (echo $(exec sh -c "echo \$PPID"); exit 9) & exec true' \
	    >"$TMPDIR/number"
	wait_until grep -q . "$TMPDIR/number"
	[ "$(cat "$TMPDIR/number")" -eq 2 ]
	kill -USR1 "$init"
	wait_until grep -q "daemon 10" "$TMPDIR/out"
	kill -TERM "$init"
	ends $!
	grep -q "daemon 15" "$TMPDIR/out"
}

@test "where there is no subreaper: told, and a server starts and ends" {
	run -0 build/deny adopting "$PLAIN" -p 20443:8443 -- python3 -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 8443))
print("port", s.getsockname()[1])'
	[[ $output == *"cannot become a subreaper (Invalid argument)"* ]]
	[[ $output == *"in the foreground"* ]]
	[[ $output == *"port 20443"* ]]
	for method in notify preload; do
		run -0 timeout 60 build/deny adopting "$PLAIN" -q \
		    --method $method -p 20443:8443 -- true
		[ "$output" = "" ]
	done
	# The control: where there is one, nothing is said.
	run -0 "$PLAIN" -p 20443:8443 -- python3 -c '
import socket
socket.socket().bind(("127.0.0.1", 8443))'
	[ "$output" = "" ]
}

childless() {
	! ps -o pid= --ppid "$1"
}

# Binds when it is told to.
DAEMON='
import os, signal, socket
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
if os.fork():
    os._exit(0)
os.setsid()
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
print("daemon", os.getpid(), flush=True)
signal.sigwait({signal.SIGUSR1})
s.bind(("127.0.0.1", 8443))
print("port", s.getsockname()[1], flush=True)'

# By the library, a daemon is nobody's that is known, and its binds fail.
@test "where there is no subreaper: by preload, no daemon gets 8443" {
	build/deny adopting "$PLAIN" -q --method preload -p 20443:8443 -- \
	    sh -c 'python3 -c "$0"; echo ended; until [ -e "$TMPDIR/done" ]; do
		sleep 0.02
	    done' "$DAEMON" >"$TMPDIR/out" 2>&1 &
	wait_until grep -q "daemon" "$TMPDIR/out"
	# Its parent, by which it is the server's still.
	wait_until grep -q "ended" "$TMPDIR/out"
	kill -USR1 "$(sed -n 's/daemon //p' "$TMPDIR/out")"
	wait_until grep -q "Permission denied" "$TMPDIR/out"
	not listening 8443
	touch "$TMPDIR/done"
	ends $!
}

@test "where there is no subreaper: the binds of a daemon are served" {
	# Also where the first process fails.
	for status in 0 3; do
		rm -f "$TMPDIR/out"
		build/deny adopting "$PLAIN" -q -e $status -p 20443:8443 -- \
		    python3 -c "${DAEMON/_exit(0)/_exit($status)}" \
		    >"$TMPDIR/out" &
		wait_until grep -q "daemon" "$TMPDIR/out"
		daemon=$(sed -n 's/daemon //p' "$TMPDIR/out")
		# lowport has reaped it, and has no child any more.
		wait_until childless $!
		kill -USR1 "$daemon"
		ends $!
		grep -q "port 20443" "$TMPDIR/out"
	done
}
