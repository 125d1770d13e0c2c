#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# --method bpf: the kernel maps the ports of the server's control group.  It
# takes root of the host, and groups of version 2.  Each test is in a group of
# its own, and so is what lowport makes.

load ../helpers
load ../groups

setup() {
	make_group
	rm -f "$TMPDIR/out" "$TMPDIR/rival"
	export LOWPORT_METHOD=bpf LOWPORT_USER=nobody
}

teardown() {
	unset LOWPORT_METHOD LOWPORT_USER
	end_jobs
	wait || true
	remove_group
}

# The groups of servers, below the test's.
server_groups() {
	find "$group" -mindepth 2 -type d
}

@test "bpf: each kind of bind, and the group goes with the server" {
	run -0 here "$PLAIN" -v -p 443:8443 -p 53:5353/udp -p 990-995:8990-8995 \
	    -- python3 -c "$BINDS" "AF_INET 0.0.0.0 8443" \
	    "AF_INET 127.0.0.1 8443" "AF_INET6 :: 8443" "AF_INET6 ::1 8443" \
	    "AF_INET6 ::ffff:127.0.0.1 8443" "AF_INET 0.0.0.0 8443 STREAM 262" \
	    "AF_INET 0.0.0.0 5353 DGRAM" "AF_INET 0.0.0.0 8992" \
	    "AF_INET 0.0.0.0 443" "AF_INET 0.0.0.0 8442"
	[ "$(grep -v ^lowport <<<"$output" | xargs)" = \
	    "443 443 443 443 443 443 53 992 Permission denied 8442" ]
	[[ $output == *"hand-off by bpf"* ]]
	[ -z "$(server_groups)" ]
}

@test "bpf: neither server nor helper holds anything" {
	here "$PLAIN" -q -p 443:8443 -- sh -c 'grep -E "^(Cap|NoNew)" \
	    /proc/self/status; exec sleep 100' >"$TMPDIR/out" 3>&- &
	lowport=$!
	wait_until grep -q NoNewPrivs "$TMPDIR/out"
	[ "$(grep -E 'CapInh|CapPrm|CapEff|CapAmb' "$TMPDIR/out" |
	    grep -c 0000000000000000)" = 4 ]
	grep -q "NoNewPrivs:.*1" "$TMPDIR/out"
	wait_until [ "$(security_of "$lowport")" = "$NOTHING_HELD" ]
}

@test "bpf: a server of io_uring" {
	local status=0

	timeout 1 build/server_uring 8443 || status=$?
	[ "$status" -ne 77 ] || skip "no bind by io_uring on this machine"
	here "$PLAIN" -q -p 443:8443 -- build/server_uring 8443 3>&- &
	wait_until listening 443
	not listening 8443
}

@test "bpf: a server that is not dumpable" {
	run -0 here "$PLAIN" -q -p 443:8443 -- python3 -c '
import ctypes, socket
assert ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == 0
print(socket.create_server(("0.0.0.0", 8443)).getsockname()[1])'
	[ "$output" = 443 ]
}

@test "bpf: another network namespace: its own port, no right to another" {
	# Both are bound to 0.0.0.0:443, each in its own network.
	run -0 here timeout -k 1 "$PATIENCE" "$PLAIN" -q -p 443:8443 -- sh -c '
	    python3 tests/hold.py 8443 &
	    until ss -Hltn "sport = :443" | grep -q .; do sleep 0.02; done
	    python3 -c "$0" "AF_INET 0.0.0.0 8443"
	    unshare -Urn setpriv --securebits +noroot --inh-caps=-all \
	        --bounding-set=-all python3 -c "$0" "$@"
	    kill $!' "$BINDS" "AF_INET 0.0.0.0 8443" "AF_INET 0.0.0.0 443" \
	    "AF_INET 0.0.0.0 80"
	[ "$(xargs <<<"$output")" = "Address already in use 443 \
Permission denied Permission denied" ]
}

@test "bpf: --keep-caps and --allow-new-privs: the server has them, lowport nothing" {
	here "$PLAIN" -q --keep-caps net_admin --allow-new-privs -p 443:8443 -- \
	    sh -c 'grep -E "^(CapEff|NoNew)" /proc/self/status
	    exec python3 tests/hold.py 8443' >"$TMPDIR/out" 3>&- &
	lowport=$!
	wait_until listening 443
	[ "$(tr -d '\t' <"$TMPDIR/out" | xargs)" = \
	    "CapEff:0000000000001000 NoNewPrivs:0" ]
	wait_until [ "$(security_of "$lowport")" = "$NOTHING_HELD" ]
	cp /bin/sh "$TMPDIR/gains"
	chmod u+s "$TMPDIR/gains"
	run -0 here "$PLAIN" -q --allow-new-privs -p 80:8080 -- \
	    "$TMPDIR/gains" -p -c 'id -u; exec python3 -c "$0" "AF_INET 0.0.0.0 8080"' \
	    "$BINDS"
	[ "$(xargs <<<"$output")" = "0 80" ]
}

@test "bpf: a socket for each client, of a UDP server that answers them" {
	run -0 here timeout -k 1 "$PATIENCE" "$PLAIN" -q --spares 2 -p 443:8443/udp -- \
	    python3 tests/clients.py 0.0.0.0 100 more
	[ "$output" = "20 clients, and 100 at once" ]
}

@test "bpf: 600 UDP sockets, one for each client; spread over reuseport workers" {
	run -0 here "$PLAIN" -q -p 443:8443/udp -- python3 -c '
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
def bound():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", 8443))
    return s
clients = [bound() for _ in range(600)]
for n, s in enumerate(clients):
    s.connect(("127.0.0.1", 20000 + n))
    assert s.getsockname()[1] == 443
del s, clients[:]
workers = [bound() for _ in range(4)]
for n in range(400):
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.sendto(b"x", ("127.0.0.1", 443))
for w in workers:
    w.setblocking(False)
    count = 0
    try:
        while w.recv(9):
            count += 1
    except BlockingIOError:
        pass
    print("some" if count > 20 else count)'
	[ "$(xargs <<<"$output")" = "some some some some" ]
}

@test "bpf: a port is closed as soon as the server closes it, and again open" {
	run -0 here "$PLAIN" -q -p 443:8443 -- python3 -c '
import errno, socket
for n in range(200):
    s = socket.create_server(("127.0.0.1", 8443))
    s.close()
    c = socket.socket()
    assert c.connect_ex(("127.0.0.1", 443)) == errno.ECONNREFUSED, n'
}

@test "bpf: twelve peers from one source port, each hears its own" {
	run -0 here "$PLAIN" -q -p 20:2020 -- python3 tests/sources.py once 12 0
	[[ $output == *"failed [] wrong [] own 12 late 0"* ]]
}

@test "bpf: lowport in lowport: what the inner one maps to, the outer one maps" {
	unset LOWPORT_USER
	run -0 here "$PLAIN" -q -u nobody -p 443:8443 -- \
	    "$PLAIN" -q --method notify -p 8443:9443 -- \
	    python3 -c "$BINDS" "AF_INET 0.0.0.0 9443"
	[ "$output" = 443 ]
}

@test "bpf: a lowport in it with the same port: reported as what it is" {
	local inner=("$PLAIN" -u root -p 443:8443)
	local caps="net_admin,bpf,sys_admin,chown,setuid,setgid,kill"

	unset LOWPORT_USER
	# At the end, of a server that has listened or not, and before.
	for server in "true" "python3 tests/serve_once.py 8443 443"; do
		# shellcheck disable=SC2086
		run -0 here "$PLAIN" -u root --keep-caps "$caps" \
		    -p 443:8443 -- "${inner[@]}" -- $server
		[[ $output == *"mapping 443:8443 is unused: in a control group below \
the server's a lowport maps to 443 first"*"leave that lowport out, or use -p 443"* ]]
		[[ $output != *"asked for 443"* ]]
	done
	here "$PLAIN" -u root --keep-caps "$caps" -p 443:8443 -- \
	    "${inner[@]}" -- python3 tests/hold.py 8443 2>"$TMPDIR/log" 3>&- &
	wait_until logged "in a control group below the server's a lowport maps"
	end_jobs
	wait || true
	# What is to be done.
	run -0 here "$PLAIN" -u root --keep-caps "$caps" -p 443 -- \
	    "${inner[@]}" -- python3 tests/serve_once.py 8443 443
	[ "$output" = reached ]
	# One that only tries is none, and a server that asks itself is no lowport.
	run -0 here "$PLAIN" -u root --keep-caps "$caps" -p 443:8443 -- sh -c '
	    "$@" --check >/dev/null || exit
	    exec python3 tests/serve_once.py 8443 443' - "${inner[@]}"
	[ "$output" = reached ]
	run -0 here "$PLAIN" -u root -p 443:8443 -- python3 -c "$BINDS" \
	    "AF_INET :: 443" "AF_INET 0.0.0.0 443"
	[[ $output == *"asked for 443 itself; use -p 443"* ]]
}

# Says who it is, waits for a line, and binds twice.
WAITS='
import os, socket, sys
print(os.getppid(), os.getpid(), flush=True)
sys.stdin.readline()
for n in range(2):
    s = socket.create_server(("0.0.0.0", 8443))
    print(s.getsockname()[1], flush=True)
    s.close()'

@test "bpf: a helper that is killed leaves the port mapped; the next one cleans up" {
	mkfifo "$TMPDIR/go"
	here "$PLAIN" -q -p 443:8443 -- python3 -c "$WAITS" \
	    <>"$TMPDIR/go" >"$TMPDIR/out" 3>&- &
	wait_until grep -q . "$TMPDIR/out"
	read -r helper server <"$TMPDIR/out"
	kill -KILL "$helper"
	wait "$helper" || true
	echo >"$TMPDIR/go"
	wait_until gone "$server"
	[ "$(tail -n +2 "$TMPDIR/out" | xargs)" = "443 443" ]
	[ -n "$(server_groups)" ]
	run -0 here "$PLAIN" -q -p 443:8443 -- true
	[ -z "$(server_groups)" ]
}

@test "bpf: what a killed trial has left is removed by the next start" {
	command -v strace >/dev/null || skip "no strace"
	run here strace -f -o "$TMPDIR/calls" -e inject=fchown:signal=SIGKILL \
	    "$PLAIN" --check -p 443:8443
	ls -d "$group"/lowport-trial-*
	run -0 here "$PLAIN" -q -p 443:8443 -- true
	not ls -d "$group"/lowport-trial-*
}

# Makes groups below its own.
BELOW_OWN='mkdir -p "$0$(sed -n s/^0:://p /proc/self/cgroup)/below/again"'

@test "bpf: so is what a server of root has made in its group, but not at work" {
	run -0 here "$PLAIN" -q -u root -p 443:8443 -- sh -c "$BELOW_OWN" "$mount"
	ls -d "$group"/lowport-0/*/below/again
	rm -f "$TMPDIR/go"
	mkfifo "$TMPDIR/go"
	here "$PLAIN" -q -u root -p 443:8443 -- \
	    sh -c "$BELOW_OWN; echo made; read -r _" "$mount" \
	    <>"$TMPDIR/go" >"$TMPDIR/out" 3>&- &
	wait_until grep -q made "$TMPDIR/out"
	run -0 here "$PLAIN" -q -u root -p 80:8080 -- true
	[ "$(server_groups | wc -l)" = 3 ]
	ls -d "$group"/lowport-0/*/below/again
	echo >"$TMPDIR/go"
	wait
	run -0 here "$PLAIN" -q -u root -p 443:8443 -- true
	[ -z "$(server_groups)" ]
}

@test "bpf: nobody enters the server's group, leaves it, or makes one there" {
	here "$PLAIN" -q -p 443:8443 -- python3 -c '
import os
own = open("/proc/self/cgroup").read().split("0::")[1].strip()
group = "'"$mount"'" + own
def attempt(what, *arguments):
    try:
        what(*arguments)
        print("done")
    except OSError as e:
        print(e.strerror)
def enter(path):
    with open(path + "/cgroup.procs", "w") as f:
        f.write("0")
for path in (os.path.dirname(os.path.dirname(group)), os.path.dirname(group)):
    attempt(enter, path)
attempt(os.mkdir, group + "/below")
attempt(os.rmdir, group)
attempt(os.mkdir, os.path.dirname(group) + "/beside")
attempt(enter, os.path.dirname(group) + "/beside")
attempt(os.rmdir, os.path.dirname(group) + "/beside")
print("ready", flush=True)
import time; time.sleep(100)' >"$TMPDIR/out" 3>&- &
	wait_until grep -q ready "$TMPDIR/out"
	[ "$(head -n 7 "$TMPDIR/out" | uniq | xargs)" = \
	    "Permission denied Device or resource busy done Permission denied done" ]
	run ! in_group "$group" sh -c 'echo 0 >"$1/cgroup.procs"' - \
	    "$(server_groups | head -n 1)"
}

@test "bpf: a lock that is never given up does not hold up the start for ever" {
	mkdir "$group/lowport-65534"
	exec 4>"$group/lowport-65534/cgroup.kill"
	flock 4
	run here "$PLAIN" -q -p 443:8443 -- sh -c "$MUST_NOT_START" 4>&-
	exec 4>&-
	[ "$status" -eq 125 ]
	[[ $output == *"another process locks the directory"* ]]
	[[ $output != *"of user"* ]]
	[ ! -e "$TMPDIR/started" ]
}

@test "bpf: a user who locks the directory does not hold up the next start" {
	run -0 here "$PLAIN" -q -p 443:8443 -- true
	hold_lock "$group/lowport-65534"
	run -0 here timeout -k 1 "$PATIENCE" "$PLAIN" -q -p 443:8443 -- true
	run -0 timeout -k 1 "$PATIENCE" "$PLAIN" --attach "$group/lowport-65534" \
	    -p 443:8443
}

@test "bpf: nor does one whose group lowport is in, who made the directory" {
	mkdir "$group/lowport-65534"
	chown -R nobody "$group"
	hold_lock "$group/lowport-65534/cgroup.kill"
	run -0 here timeout -k 1 "$PATIENCE" "$PLAIN" -q -p 443:8443 -- true
	[ -z "$(server_groups)" ]
}

@test "bpf: whose group prevents the start is reported, and what to do" {
	local refused

	chown nobody "$group"
	for refused in "cgroup.max.descendants 0" "cgroup.max.depth 1"; do
		# shellcheck disable=SC2086
		set -- $refused
		echo "$2" >"$group/$1"
		run here "$PLAIN" -p 443:8443 -- sh -c "$MUST_NOT_START"
		refused_with "cgroup.max.depth or cgroup.max.descendants"
		[[ $output == *"of user nobody (uid 65534), who can cause this"* ]]
		echo max >"$group/$1"
	done
	mkdir "$group/threaded"
	echo threaded >"$group/threaded/cgroup.type"
	run here "$PLAIN" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "those beside it are threaded (cgroup.type); \
start lowport in another group"
	[[ $output == *"systemd-run --scope lowport"* ]]
	# The controls: without that it starts, and of root nothing is said.
	rmdir "$group/threaded"
	run -0 here "$PLAIN" -q -p 443:8443 -- true
	chown root "$group"
	echo 0 >"$group/cgroup.max.descendants"
	run here "$PLAIN" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "permits no more"
	[[ $output != *"of user"* ]]
	echo max >"$group/cgroup.max.descendants"
}

@test "bpf: what a user makes in the directory does not prevent the next start" {
	run -0 here "$PLAIN" -q -p 443:8443 -- true
	run setpriv --reuid=nobody --regid=nogroup --clear-groups sh -c '
	mkdir "$1/beside"
	mkdir "$1/beside/below" || echo refused
	echo threaded >"$1/beside/cgroup.type"
	cat "$1/cgroup.type"' - "$group/lowport-65534"
	[[ $output == *"refused"*"domain threaded" ]]
	run -0 here "$PLAIN" -q -p 443:8443 -- true
	[ -z "$(server_groups)" ]
}

@test "bpf: mappings that nothing used, and binds that none covers, are reported" {
	# A server that is quick has bound, or ended, before the helper looks.
	for _ in {1..20}; do
		run -0 here "$PLAIN" -p 443:8443 -- true
		[[ $output == *"mapping 443:8443 is unused"* ]]
		run -0 here "$PLAIN" -p 443:8443 -- build/server_errors 8443
		[[ $output != *"is unused"* ]]
	done
	run -0 here "$PLAIN" -p 127.0.0.1:443:8443 -p 80:8080 -- python3 -c \
	    "$BINDS" "AF_INET6 ::1 8443" "AF_INET 0.0.0.0 8080"
	[[ $output == *"asks for [::1]:8443, which no mapping covers"* ]]
	[[ $output != *"80:8080 is unused"* ]]
}

@test "bpf: an unused mapping: the port bound instead is named, and a daemon" {
	for port in 8080 443; do
		python3 tests/hold.py 9999 3>&- &
		here "$PLAIN" -p 443:8443 -p 53:5353/udp -- python3 -c '
import socket, sys, time
s = socket.socket()
try: s.bind(("127.0.0.1", int(sys.argv[1])))
except OSError: s.bind(("127.0.0.1", 0))
s.listen()
u = socket.socket(type=socket.SOCK_DGRAM)
u.bind(("127.0.0.1", 5354))
time.sleep(100)' $port 2>"$TMPDIR/log" 3>&- &
		wait_until logged "mapping 53:5353/udp is unused: .* 5354, not"
		wait_until logged "mapping 443:8443 is unused: the server asked for $port"
		not logged 9999 # somebody else's
		end_jobs
		wait || true
	done
	logged "asked for 443 itself; use -p 443"
	# Soon, at the end.
	run -0 here "$PLAIN" -p 443:8443 -- python3 -c "$BINDS" "AF_INET :: 443" \
	    "AF_INET 0.0.0.0 443"
	[[ $output == *"asked for 443 itself; use -p 443"* ]]
	setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    python3 tests/hold.py 8443 3>&- &
	wait_until listening 8443
	run -0 here "$PLAIN" -p 443:8443 -- sleep 0.3
	[[ $output == *"mapping 443:8443 is unused: process $! (python3), \
which is not below lowport, has port 8443"* ]]
}

@test "bpf: a port in use is refused before the server starts" {
	python3 -c '
import socket, time
s = socket.create_server(("0.0.0.0", 443))
print("ready", flush=True)
time.sleep(100)' >"$TMPDIR/rival" 3>&- &
	wait_until grep -q ready "$TMPDIR/rival"
	run here "$PLAIN" -p 443:8443 -- sh -c "$MUST_NOT_START"
	[ "$status" -eq 125 ]
	[[ $output == *"cannot bind 0.0.0.0:443: "*"in use"* ]]
	[ ! -e "$TMPDIR/started" ]
}

@test "bpf: --show-expected-port, and --check" {
	run -0 here "$PLAIN" -q --show-expected-port -p 443:8443 -- python3 -c \
	    "$BINDS" "AF_INET 0.0.0.0 8443"
	[ "$output" = 8443 ]
	run -0 here "$PLAIN" --check --show-expected-port -p 443:8443
	says ok hand-off "bpf, tried"
}

@test "bpf: --check binds each port as the server would, and leaves nothing" {
	run -0 here "$PLAIN" --check -p 443:8443 -p 53:5353/udp -p 80
	says ok sockets "443:8443: a bind\(2\) of port 8443 .* got 443"
	says ok sockets "53:5353/udp: a bind\(2\) of port 5353 .* got 53"
	says ok sockets "80: a bind\(2\) of port 80 .* got 80"
	says ok hand-off "bpf, tried: the kernel maps"
	[ -z "$(find "$group" -mindepth 1 -type d)" ]
	python3 -c '
import socket, time
s = socket.create_server(("0.0.0.0", 443))
print("ready", flush=True)
time.sleep(100)' >"$TMPDIR/rival" 3>&- &
	wait_until grep -q ready "$TMPDIR/rival"
	run -125 here "$PLAIN" --check -p 443:8443 -p 80:8080
	says problem sockets "443:8443: cannot bind 0.0.0.0:443: .*in use"
	says ok sockets "80:8080: a bind"
	# Not what a pool of sockets would take.
	run -0 here sh -c 'ulimit -n 64; exec "$@"' - "$PLAIN" --check \
	    -p 1001-1064:9001-9064
	[ -z "$(find "$group" -mindepth 1 -type d)" ]
}

@test "bpf: --doctor tries it, whatever the method is, and leaves nothing" {
	for method in auto notify preload bpf; do
		run -0 here "$PLAIN" --doctor --method "$method"
		says ok bpf "tried: the kernel can map"
		says ok hand-off "$method|notify"
	done
	run setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    env -u LOWPORT_USER "$LOWPORT" --doctor --method auto
	says note bpf "only root of the host"
	[ -z "$(find "$group" -mindepth 1 -type d)" ]
}

# lacks WORDS COMMAND...: --doctor there says what is missing, and so do --check
# and a start; another method does all the same.
lacks() {
	run -0 here "${@:2}" "$PLAIN" --doctor --method auto
	says note bpf "$1"
	says ok hand-off notify
	run -125 here "${@:2}" "$PLAIN" --check -p 443:8443
	says problem hand-off "$1"
	says note sockets "443:8443: not tried"
	run here "${@:2}" "$PLAIN" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "$1"
	run -0 here "${@:2}" "$PLAIN" -v --method auto --keep-caps chown \
	    -p 443:8443 -- true
	[[ $output == *"hand-off by preload: with --keep-caps "*"; nor by \
--method bpf: "*"$1"* ]]
}

@test "bpf: what is missing is reported, and its true cause" {
	lacks "root was started without CAP_NET_ADMIN" \
	    setpriv --bounding-set=-net_admin
	lacks "root was started without CAP_BPF and CAP_NET_ADMIN" \
	    setpriv --bounding-set=-net_admin,-bpf
	lacks "fails: Operation not permitted; a seccomp profile" \
	    build/deny bpf
	lacks "control groups are mounted read-only here" \
	    unshare --mount sh -c 'mount --bind "$0" "$0" &&
	    mount -o remount,bind,ro "$0" && exec "$@"' "$mount"
	lacks "only control groups of version 1 are mounted here" \
	    unshare --mount sh -c 'umount -l "$0" &&
	    mkdir -p "$TMPDIR/one" && cd "$TMPDIR" &&
	    mount -t cgroup -o none,name=lowport one one && exec "$@"' \
	    "$mount"
	echo 1 >"$group/cgroup.max.depth"
	lacks "cgroup.max.depth" env
}

@test "bpf: so is a lack of CAP_CHOWN, and a port that is changed twice" {
	run here setpriv --bounding-set=-chown "$PLAIN" -p 443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "not permitted; this takes CAP_CHOWN too"
	"$PLAIN" --attach "$group" -p 443:8443
	run here "$PLAIN" -p 8443:9443 -- sh -c "$MUST_NOT_START"
	refused_with "or of one above, changes the port too"
}

@test "bpf: auto takes it, from root, where notify cannot be" {
	unset LOWPORT_METHOD
	for option in "--keep-caps net_admin" --allow-new-privs; do
		# shellcheck disable=SC2086
		run -0 here "$PLAIN" -v $option -p 443:8443 -- true
		[[ $output == *"hand-off by bpf: with ${option% *} "* ]]
	done
	# By a profile; also for a static program, which preload would not do.
	for what in listener handing; do
		run -0 here build/deny $what "$PLAIN" -v -p 443:8443 -- \
		    build/server_static 8443
		[[ $output == *"hand-off by bpf: "*"Invalid argument"* ]]
	done
	for what in looking writing; do
		run -0 here build/deny $what "$PLAIN" -v -p 443:8443 -- true
		[[ $output == *"hand-off by notify"* ]]
		run -0 here build/deny $what "$PLAIN" -v --show-expected-port \
		    -p 443:8443 -- true
		[[ $output == *"hand-off by bpf: --show-expected-port takes"* ]]
	done
	run -0 here env LOWPORT_LEARN=observe "$PLAIN" -v --show-expected-port \
	    -p 443:8443 -- true
	[[ $output == *"hand-off by bpf: --show-expected-port takes"* ]]
	run -0 here "$PLAIN" -v -p 443:8443 -- true
	[[ $output == *"hand-off by notify"* ]]
}

@test "bpf: where auto cannot take it, the helper keeps nothing of it" {
	unset LOWPORT_METHOD
	for failing in "setpriv --bounding-set=-net_admin --inh-caps=-net_admin" \
	    "env"; do
		[ "$failing" != env ] || echo 1 >"$group/cgroup.max.depth"
		# shellcheck disable=SC2086
		here $failing "$PLAIN" -q --keep-caps chown -p 443:8443 -- \
		    sh -c 'echo ready; exec sleep 100' >"$TMPDIR/out" 3>&- &
		lowport=$!
		wait_until grep -q ready "$TMPDIR/out"
		run -0 ls -l "/proc/$lowport/fd"
		[[ $output != *bpf* && $output != *cgroup* ]]
		kill "$lowport"
		wait "$lowport" || true
		: >"$TMPDIR/out"
	done
}

# In one run: a process that cannot be looked at, UDP sockets used up.
LIMITED='
import ctypes, os, socket
if os.fork() == 0:
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    try: socket.socket().bind(("127.0.0.1", 8443))
    except OSError: pass
    os._exit(0)
os.wait()
held = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(5)]
for n, s in enumerate(held):
    try: s.bind(("127.0.0.1", 5353))
    except OSError: continue
    s.connect(("127.0.0.1", 2000 + n))
socket.socket(proto=262).bind(("127.0.0.1", 8443))
s = socket.socket(type=socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind(("0.0.0.0", 5353))'

WAY_OUT="--method bpf has no such limit"

# limited COMMAND...: runs that server by notify of this lowport.
limited() {
	run -0 here "$@" -v --method notify --spares 2 -p 443:8443 \
	    -p 53:5353/udp -- python3 -c "$LIMITED"
	[[ $output == *"all UDP sockets for"* ]]
}

# says_way_out WORDS...: each in one line that names bpf.
says_way_out() {
	for words; do
		grep -- "$words" <<<"$output" | grep -q -- "; $WAY_OUT\$" || {
			echo "'$words' does not name bpf: $output"
			return 1
		}
	done
}

@test "bpf: other methods name it, to root, where it has no such limit" {
	limited "$PLAIN"
	says_way_out "is not dumpable" "all UDP sockets for" "not Multipath" \
	    "SO_REUSEPORT the last takes all"
	export LOWPORT_METHOD=preload
	run -125 here "$PLAIN" -p 443:8443 -- build/server_static 8443
	says_way_out "statically linked"
	here "$PLAIN" -p 443:8443 -- env -u LD_PRELOAD \
	    python3 tests/hold.py 8443 2>"$TMPDIR/log" 3>&- &
	wait_until logged "the preload library is not in it"
	end_jobs
	wait || true
	output=$(<"$TMPDIR/log")
	says_way_out "the preload library is not in it"
	export LOWPORT_METHOD=notify
	for option in "--keep-caps chown" --allow-new-privs; do
		# shellcheck disable=SC2086
		run -125 here "$PLAIN" $option -p 443:8443 -- true
		says_way_out "with ${option% *}"
	done
	for what in listener handing; do
		run -125 here build/deny $what "$PLAIN" -p 443:8443 -- true
		says_way_out "Invalid argument"
	done
	run -125 here sh -c 'ulimit -n 64; exec "$@"' - "$PLAIN" \
	    -p 1001-1064:9001-9064 -- true
	says_way_out "file descriptors"
	unset LOWPORT_USER
	run -125 here "$PLAIN" -u root -p 443:8443 -- \
	    "$PLAIN" -u root --method notify -p 8443:9443 -- true
	[[ $output == *"start lowport outside of it" ]]
}

@test "bpf: they do not where it cannot be, to others, nor if it is used" {
	limited setpriv --bounding-set=-net_admin "$PLAIN"
	[[ $output != *"$WAY_OUT"* ]]
	# As systemd's SystemCallFilter= does, too: the call ends the process.
	for what in bpf deadly-bpf; do
		limited build/deny $what "$PLAIN"
		[[ $output != *"$WAY_OUT"* ]]
	done
	limited unshare --mount sh -c 'umount -l "$0" && exec "$@"' "$mount" \
	    "$PLAIN"
	[[ $output != *"$WAY_OUT"* ]]
	limited unshare --user --map-root-user --net sh -c 'ip link set lo up
	    exec "$0" -u root "$@"' "$PLAIN"
	[[ $output != *"$WAY_OUT"* ]]
	unset LOWPORT_USER
	limited setpriv --reuid=nobody --regid=nogroup --clear-groups "$LOWPORT"
	[[ $output != *"$WAY_OUT"* ]]
	run here "$PLAIN" -v -u nobody -p 443:8443 -p 53:5353/udp -- \
	    python3 -c "$LIMITED"
	[[ $output == *"hand-off by bpf"* && $output != *"$WAY_OUT"* ]]
}

@test "bpf: where the call ends the process, the reason is reported, or notify goes on" {
	run -125 here build/deny deadly-bpf "$PLAIN" -p 443:8443 -- true
	[[ $output == *"bpf(2) fails: Operation not permitted; a seccomp profile"* ]]
	run -125 --separate-stderr here build/deny deadly-bpf "$PLAIN" --doctor
	[[ $output == *"note     bpf          bpf(2) fails: Operation not permitted"* ]]
	export LOWPORT_METHOD=auto
	run -0 here build/deny deadly-bpf "$PLAIN" -v -p 443:8443 -- \
	    python3 tests/serve_once.py 8443 443
	[[ $output == *"hand-off by notify"* ]]
	run -0 here build/deny deadly-bpf "$PLAIN" -v --keep-caps chown \
	    -p 443:8443 -- python3 tests/serve_once.py 8443 443
	[[ $output == *"hand-off by preload"*"nor by --method bpf: bpf(2) fails"* ]]
}

@test "bpf: where it cannot be, the reason is reported" {
	run here "$PLAIN" -p @web:8443 -- true
	[ "$status" -eq 125 ]
	unset LOWPORT_USER
	run setpriv --reuid=nobody --regid=nogroup --clear-groups "$PLAIN" \
	    -p 443:8443 -- true
	refused_with "only root of the host"
	run unshare --user --map-root-user "$PLAIN" -u root -p 443:8443 -- true
	refused_with "this is a user namespace; from the host: lowport --attach"
}

@test "bpf: programs of every plan that is sound: the kernel takes them, a model agrees" {
	run -0 build/random_plans 1000
	[ "$output" = "1000 plans" ]
	# The control: of who may load none, the verifier is left out.
	run -0 setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    build/random_plans 5000
	[[ $output == *"is left out: Operation not permitted"* ]]
}
