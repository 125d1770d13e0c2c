#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Kernels and containers that cannot notify, played by build/deny, and
# --keep-caps: both take root of the sandbox's namespaces (SANDBOX_USER=root).

load ../helpers
load ../groups

as_nobody() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

# denied WHAT COMMAND...: as an ordinary user where the kernel refuses that.
denied() {
	build/deny "$1" setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    --inh-caps=-all --ambient-caps=-all -- "${@:2}"
}

CAPABILITIES=(grep -E '^Cap|^NoNew' /proc/self/status)

@test "no listener, no ADDFD: preload by itself, and -v says why" {
	for what in listener handing; do
		run -0 denied $what "$LOWPORT" -v -p 443:8443 -- \
		    python3 tests/serve_once.py 8443 443
		[[ $output == *"hand-off by preload: "*reached* ]]
		run -0 denied $what "$LOWPORT" --check -p 443:8443 -- python3
		says ok hand-off "preload, tried; not notify: "
	done
	run -0 denied listener "$LOWPORT" -v -p 443:8443 -- true
	[[ $output == *"a seccomp profile or sandbox forbids it (Invalid arg"* ]]
	run -0 denied handing "$LOWPORT" -v -p 443:8443 -- true
	[[ $output == *"the trial hand-off before the start failed: Invalid"* ]]
}

@test "before Linux 5.9, as this one is made to look: preload, and -v says why" {
	run -0 setarch --uname-2.6 build/deny listener setpriv --reuid=nobody \
	    --regid=nogroup --clear-groups "$LOWPORT" -v -p 443:8443 -- \
	    python3 tests/serve_once.py 8443 443
	[[ $output == *"hand-off by preload: "*"older than Linux 5.9"*reached* ]]
}

@test "before Linux 5.12, bpf is refused, and no message points to it" {
	local takes="no program of this kernel can permit a low port; that takes"

	is_host_root || skip "takes root of the host"
	if kernel_since 5.12; then
		make_group
		run -0 here "$PLAIN" -u nobody --method bpf -p 443:8443 -- true
		run -125 here "$PLAIN" -u nobody --method notify \
		    --allow-new-privs -p 443:8443 -- true
		remove_group
		[[ $output == *"; --method bpf has no such limit" ]]
		return
	fi
	run "$PLAIN" -u nobody --method bpf -p 443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "$takes Linux 5.12 or later"
	run -0 "$PLAIN" --doctor
	says note bpf "$takes"
	run "$PLAIN" -u nobody --method notify --allow-new-privs \
	    -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "no seccomp filter"
	[[ $output != *"--method bpf"* ]]
}

@test "a filter that ends the process, as systemd's do: refused, and what to do" {
	run denied deadly "$LOWPORT" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "a seccomp filter ends a process that makes seccomp(2) or"
	refused_with ": SystemCallFilter=@system-service seccomp pidfd_getfd"
	run denied seccomp "$LOWPORT" -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "cannot confine the helper: Operation not permitted; have"
}

@test "no filter can be loaded: what runs nothing works, and reports say the rest" {
	for what in deadly seccomp; do
		for lowport in "$LOWPORT" "$PLAIN"; do
			run -0 denied $what "$lowport" -V
			[[ $output == "lowport "* && ${#lines[@]} -eq 1 ]]
			run -0 denied $what "$lowport" --help all
			[[ $output == "usage: lowport"* ]]
			run -0 denied $what "$lowport" --check-policy tests/policy
			echo "-A PREROUTING -t nat -p tcp --dport 443 -j REDIRECT --to-ports 8443" >"$TMPDIR/rules"
			run denied $what "$lowport" --from-iptables "$TMPDIR/rules"
			[[ $output == *443:8443* ]]
		done
		for purpose in --check --doctor; do
			run -125 denied $what "$LOWPORT" $purpose -p 443:8443
			says ok policy "443:8443: permitted by"
			says ok sockets "443:8443: all could be bound"
			says problem hand-off "seccomp"
			[ "$(grep -c ^problem <<<"$output")" -eq 1 ]
			not grep -q ^lowport: <<<"$output"
		done
		says note bpf
		says note container "a seccomp profile that permits no filter"
	done
}

@test "the same, and no library reaches the server: refused, with both causes" {
	for what in listener handing; do
		run denied $what "$LOWPORT" -p 443:8443 -- build/server_static
		refused_with "nor by --method preload: 'build/server_static' is \
statically"
		run denied $what "$LOWPORT" --method notify -p 443:8443 -- \
		    sh -c "$MUST_NOT_START"
		[ "$status" -eq 125 ]
		[ ! -e "$TMPDIR/started" ]
	done
}

@test "the control: nothing denied, notify it is" {
	run -0 as_nobody "$LOWPORT" -v -p 443:8443 -- true
	[[ $output == *"hand-off by notify"* ]]
}

@test "pidfd_getfd refused: notify all the same; with --show-expected-port preload" {
	run -0 denied looking "$LOWPORT" -v -p 443:8443 -- \
	    python3 tests/serve_once.py 8443 443
	[[ $output == *"hand-off by notify"*reached* ]]
	run -0 denied looking "$LOWPORT" -v --show-expected-port -p 443:8443 \
	    -p 53:5353/udp -p 990-992:9990-9992 -- python3 tests/expected.py
	[[ $output == *"hand-off by preload: --show-expected-port takes"* ]]
	[[ $output == *"as expected"* ]]
}

@test "process_vm_writev refused: --show-expected-port by preload" {
	run -0 denied writing "$LOWPORT" -v --show-expected-port -p 443:8443 \
	    -- python3 tests/protected.py
	[[ $output == *"hand-off by preload: --show-expected-port takes process_vm_w"* ]]
	[[ $output == *"as the kernel"* ]]
	run denied writing "$LOWPORT" --show-expected-port -p 443:8443 \
	    --method notify -- sh -c "$MUST_NOT_START"
	refused_with "takes process_vm_writev(2), which is refused here"
	# The control: without the option nothing is written.
	run -0 denied writing "$LOWPORT" -v -p 443:8443 -- true
	[[ $output == *"hand-off by notify"* ]]
}

@test "preload: a program with a capability of its own is refused" {
	cp "$(readlink -f "$(command -v python3)")" "$TMPDIR/capable"
	setcap cap_net_bind_service=ep "$TMPDIR/capable"
	run as_nobody "$LOWPORT" --method preload -p 443:8443 -- \
	    "$TMPDIR/capable" -c "open('$TMPDIR/started', 'w')"
	refused_with "has a capability of its own"
	setcap -r "$TMPDIR/capable"
	run -0 as_nobody "$LOWPORT" -q --method preload -p 443:8443 -- \
	    "$TMPDIR/capable" tests/serve_once.py 8443 443
	[ "$output" = reached ]
}

@test "preload: a server that cannot be placed gets an error, not 8443" {
	run -0 unshare --mount sh -c '
	    mount -t proc -o hidepid=2 proc /proc
	    exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"' sh \
	    "$LOWPORT" -q --method preload -p 443:8443 -- python3 -c '
import ctypes, socket
ctypes.CDLL(None).prctl(4, 0) # PR_SET_DUMPABLE
try:
    s = socket.socket()
    s.bind(("127.0.0.1", 8443))
    print("got", s.getsockname()[1])
except PermissionError:
    print("refused")'
	[[ $output == *"cannot tell whether process "*"is one of the server's"* ]]
	[[ $output == *refused ]]
}

# It tries in another process whether a listener is there.
@test "auto under a filter, from root: no signal stays pending for the server" {
	run -0 build/deny looking python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
os.execv(sys.argv[1], sys.argv[1:])' "$PLAIN" -v -u nobody -p 20443:8443 -- \
	    grep -E "^(Sig|Shd)Pnd" /proc/self/status
	[[ $output == *"hand-off by notify"* ]]
	[ "$(grep -c 'Pnd:.0*$' <<<"$output")" = 2 ]
}

# The sets of capabilities are masks: 1<<12 is net_admin, 1<<7 setuid.
@test "--keep-caps: these, in every set, and no other, after -u" {
	run -0 "$PLAIN" -q -u nobody --keep-caps net_admin,CAP_SETUID \
	    -p 443:8443 -- "${CAPABILITIES[@]}"
	[ "$(tr -d '\t' <<<"$output")" = "CapInh:0000000000001080
CapPrm:0000000000001080
CapEff:0000000000001080
CapBnd:0000000000001080
CapAmb:0000000000001080
NoNewPrivs:1" ]
	run -0 "$PLAIN" -q -u root --keep-caps net_admin -p 443:8443 -- \
	    "${CAPABILITIES[@]}"
	[ "$(grep -c 0000000000001000 <<<"$output")" = 5 ]
	# Without a hand-off, too.
	run -0 "$PLAIN" -q -u nobody --keep-caps net_admin -p 443:@https -- \
	    "${CAPABILITIES[@]}"
	[ "$(grep -c 0000000000001000 <<<"$output")" = 5 ]
	# The control: none are kept unasked.
	run -0 "$PLAIN" -q -u nobody -p 443:8443 -- "${CAPABILITIES[@]}"
	[ "$(grep -c 0000000000000000 <<<"$output")" = 5 ]
}

@test "--keep-caps: given several times, all of them, in any order" {
	for lists in "net_admin setuid" "setuid net_admin"; do
		run -0 "$PLAIN" -q -u nobody --keep-caps "${lists% *}" \
		    --keep-caps "${lists#* }" -p 443:8443 -- "${CAPABILITIES[@]}"
		[ "$(grep -c 0000000000001080 <<<"$output")" = 5 ]
	done
	# Each of them is checked.
	for lists in "fly setuid" "setuid fly"; do
		run "$PLAIN" -u nobody --keep-caps "${lists% *}" \
		    --keep-caps "${lists#* }" -p 443:8443 -- \
		    sh -c "$MUST_NOT_START"
		refused_with "--keep-caps 'fly': "
	done
}

@test "--keep-caps: the server uses them, and gets its port" {
	run -0 "$PLAIN" -q -u nobody --keep-caps net_admin -p 443:8443 -- \
	    sh -c 'ip link set lo mtu 60000 && exec python3 tests/serve_once.py 8443 443'
	[ "$output" = reached ]
	run ! "$PLAIN" -q -u nobody -p 443:8443 -- \
	    ip link set lo mtu 60000
}

@test "--keep-caps: the helper keeps nothing, and forwards signals" {
	"$PLAIN" -q -u nobody --keep-caps net_admin -p 443:8443 -- \
	    python3 tests/hold.py 8443 &
	wait_until listening 443
	[ "$(security_of $!)" = "$NOTHING_HELD" ]
	kill -TERM $!
	wait $! || [ $? -eq 143 ]
	not listening 443
}

# leaving SCRIPT: a server that fails, and leaves what SCRIPT starts and a
# process of another user, whose number it writes to $TMPDIR/other.
leaving() {
	echo 'setpriv --reuid=1 sh -c "echo \$\$ >$TMPDIR/other; exec sleep 100" >"$TMPDIR/leftovers" 2>&1 &
	    '"$1"'
	    until [ -s "$TMPDIR/other" ]; do sleep 0.02; done
	    exit 3'
}

@test "--keep-caps: what has changed its user is not waited for at the end" {
	rm -f "$TMPDIR/other"
	run -3 timeout 20 "$PLAIN" -u nobody --keep-caps setuid -p 20443:8443 \
	    -p 443:@unused -- sh -c "$(leaving :)"
	[[ $output == *"process $(cat "$TMPDIR/other"), which the server left"* ]]
	[[ $output == *"cannot be signalled, and is not waited for"* ]]
	kill "$(cat "$TMPDIR/other")"
	# As process 1, the kernel ends it.
	rm -f "$TMPDIR/other"
	run -3 timeout 20 unshare --pid --fork --mount-proc "$PLAIN" -q \
	    -u nobody --keep-caps setuid -p 20443:8443 -- \
	    sh -c "$(leaving :)"
	[ "$output" = "" ]
	# The control: what has not changed it is waited for.
	rm -f "$TMPDIR/other"
	run -3 timeout 20 "$PLAIN" -u nobody --keep-caps net_admin \
	    -p 443:@unused -- sh -c "$(leaving : | sed 's/setpriv --reuid=1//')"
	[ "$output" = "" ]
	wait_until gone "$(cat "$TMPDIR/other")"
}

@test "--keep-caps: the others that a server leaves get SIGTERM and SIGKILL" {
	rm -f "$TMPDIR/other" "$TMPDIR/out"
	run -3 timeout 20 "$PLAIN" -q -u nobody --keep-caps setuid \
	    -p 20443:8443 -- sh -c "$(leaving '
		build/server_signals stubborn 99 >"$TMPDIR/out" 2>&1 & echo $!
		until grep -q ready "$TMPDIR/out"; do sleep 0.02; done')"
	grep -q "stubborn 15" "$TMPDIR/out"
	wait_until gone "$output"
	kill "$(cat "$TMPDIR/other")"
}

# changed OPTION...: starts a server that becomes another user, with preload, and
# listens then; its number goes to $server.
changed() {
	rm -f "$TMPDIR/err"
	"$PLAIN" -u nobody "$@" -p 443:8443 -- \
	    setpriv --reuid=1 python3 tests/hold.py 8443 2>"$TMPDIR/err" &
	wait_until listening 443
	server=$(pgrep -P $!)
	grep -q '^Uid:.1.1.1.1$' "/proc/$server/status"
}

@test "--keep-caps: a signal that does not reach the server is told, once" {
	changed --keep-caps setuid
	kill -TERM $!
	wait_until grep -q "SIGTERM does not reach process $server, which has " \
	    "$TMPDIR/err"
	grep -q "add kill to --keep-caps" "$TMPDIR/err"
	kill -TERM $!
	kill "$server"
	wait $! || [ $? -eq 143 ]
	[ "$(wc -l <"$TMPDIR/err")" -eq 1 ]
}

@test "--keep-caps: with kill, the helper keeps that alone, and reaches it" {
	# In two sets of the helper, and no exec hands it on; 1<<5 is kill.
	kept=0000000000000020
	changed --keep-caps setuid,kill
	[ "$(security_of $!)" = "$(sed -E "s/(Prm|Eff):0+/\1:$kept/g" \
	    <<<"$NOTHING_HELD")" ]
	grep -q '^CapBnd:.0000000000000000$' "/proc/$!/status"
	grep -q '^Uid:.65534.65534.65534.65534$' "/proc/$!/status"
	[[ $(security_of "$server") == *"CapEff:00000000000000a0 "* ]]
	kill -TERM $!
	wait $! || [ $? -eq 143 ]
	not kill -0 "$server"
	[ ! -s "$TMPDIR/err" ]
	# And what it leaves.
	rm -f "$TMPDIR/other"
	run -3 timeout 20 "$PLAIN" -u nobody --keep-caps setuid,kill \
	    -p 443:@unused -- sh -c "$(leaving :)"
	[ "$output" = "" ]
	wait_until gone "$(cat "$TMPDIR/other")"
}

@test "--allow-new-privs: that a set-user-ID program is not reached is told" {
	cp "$(readlink -f "$(command -v python3)")" "$TMPDIR/python"
	chmod u+s "$TMPDIR/python"
	rm -f "$TMPDIR/out"
	"$PLAIN" -u nobody --allow-new-privs -p 443:@unused -- \
	    "$TMPDIR/python" -c 'import os, signal
os.setuid(0)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", os.getpid(), flush=True)
signal.sigwait({signal.SIGUSR1})' >"$TMPDIR/out" 2>"$TMPDIR/err" &
	wait_until grep -q ready "$TMPDIR/out"
	kill -TERM $!
	wait_until grep -q "SIGTERM does not reach process" "$TMPDIR/err"
	kill -USR1 "$(sed 's/ready //' "$TMPDIR/out")"
	wait $!
}

# As the server set them, on the first sockets and on the last one, which goes
# from one server to the next.
@test "--keep-caps: options that take a capability are as they were set" {
	for proto in tcp udp; do
		run -0 "$PLAIN" -q -u nobody --keep-caps net_admin,net_raw \
		    --method preload --spares 2 -p 443:8443/$proto -- \
		    python3 tests/privileged.py $proto
		[ "$output" = "as they were set" ]
	done
	# The control: without one, nobody sets them.
	run ! "$PLAIN" -q -u nobody --method preload -p 443:8443 -- \
	    python3 tests/privileged.py tcp
	[[ $output == *"Operation not permitted"* ]]
}

@test "--keep-caps: from the ambient set, and no more than is there" {
	# shellcheck disable=SC2054
	SETS=(--inh-caps=+net_admin,+net_bind_service
	    --ambient-caps=+net_admin,+net_bind_service)
	run -0 as_nobody "${SETS[@]}" "$PLAIN" -q --keep-caps net_admin -p 443:8443 \
	    -- "${CAPABILITIES[@]}"
	[ "$(grep -c '^Cap[IPEA].*0000000000001000$' <<<"$output")" = 4 ]
	run as_nobody "${SETS[@]}" "$PLAIN" --keep-caps net_admin,sys_ptrace \
	    -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "not started with all of these"
	# With a capability of its file, the kernel does not tell whose they are.
	run as_nobody "${SETS[@]}" "$LOWPORT" --keep-caps net_admin -p 443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "can keep only those of its caller"
	run "$PLAIN" -u root --keep-caps net_admin --method notify -p 443:8443 \
	    -- sh -c "$MUST_NOT_START"
	refused_with "the server holds more than the helper"
}

@test "--allow-new-privs: a server that is root ends with nothing all the same" {
	run -0 "$PLAIN" -q -u root --allow-new-privs -p 443:8443 -- \
	    "${CAPABILITIES[@]}"
	[ "$(grep -c 0000000000000000 <<<"$output")" = 5 ]
	[[ $output == *"NoNewPrivs:"*0 ]]
	run setpriv --bounding-set=-setpcap "$PLAIN" -u root \
	    --allow-new-privs -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "root would regain"
}

@test "--allow-new-privs: a set-user-ID program gains, as it would anywhere" {
	cp /usr/bin/id "$TMPDIR/id"
	chmod u+s "$TMPDIR/id"
	run -0 "$PLAIN" -q -u nobody --allow-new-privs -p 443:8443 -- \
	    sh -c '"$TMPDIR/id" -u'
	[ "$output" = 0 ]
	run -0 "$PLAIN" -q -u nobody -p 443:8443 -- sh -c '"$TMPDIR/id" -u'
	[ "$output" = 65534 ]
}

# sandboxed PORTS COMMAND...: becomes it where no other TCP ports may be bound.
sandboxed() {
	exec python3 -c '
import ctypes, os, struct, sys
call = ctypes.CDLL(None).syscall
ruleset = call(444, struct.pack("QQ", 0, 1), 16, 0)
for port in sys.argv[1].split(","):
    call(445, ruleset, 2, struct.pack("QQ", 1, int(port)), 0)
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
assert call(446, ruleset, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])' "$@"
}

@test "in a sandbox with rules about ports: it is named, and what it has to permit" {
	local forbids="a sandbox around lowport (landlock(7))"

	[ "$(python3 tests/landlock.py 8443)" = refused ] || skip "no landlock"
	for method in auto notify preload; do
		run -0 sandboxed 443,8443 "$PLAIN" -q --method $method -u nobody \
		    -p 443:8443 -- true
		run -125 sandboxed 8443 "$PLAIN" -q --method $method -u nobody \
		    -p 443:8443 -- true
		[[ $output == *"cannot bind 0.0.0.0:443: "*"or $forbids, forbids the bind"* ]]
		run -125 sandboxed 8443 "$PLAIN" --check --method $method \
		    -u nobody -p 443:8443
		says problem hand-off "no mapping has sockets to try the hand-off with$"
	done
	run -0 sandboxed 443 "$PLAIN" -q -u nobody -p 443:8443 -- true
	run -125 sandboxed 443 "$PLAIN" -q --method preload -u nobody \
	    -p 443:8443 -- true
	[[ $output == *": $forbids forbids to bind TCP port 8443, and preload asks it"*"the public one" ]]
	run -125 build/deny listener build/deny bpf \
	    bash -c "$(declare -f sandboxed); sandboxed \"\$@\"" - 443 \
	    "$PLAIN" -q -u nobody -p 443:8443 -- true
	[[ $output == *"$forbids forbids to bind TCP port 8443"* ]]
}
