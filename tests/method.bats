#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Which hand-off is taken, and what preload alone has to answer for; that the
# hand-off itself is the same by each way is handoff.bats'.  Where the kernel
# cannot notify: root/method.bats.  The tests with the tag bpf are tried by that,
# too, in root/method_bpf.bats, which is this file once more.

load helpers

# The port a socket has that was bound to this one, and what the environment says
# of libraries.
BOUND='
import os, socket, sys
s = socket.socket()
s.bind(("", int(sys.argv[1])))
print(s.getsockname()[1], os.environ.get("LD_PRELOAD", "-"))'

@test "-v says which hand-off was taken, and why" {
	run -0 "$LOWPORT" -v -p 443:8443 -- python3 -c "$BOUND" 8443
	[[ $output == *"hand-off by notify"* ]]
	run -0 "$LOWPORT" -v --method preload -p 443:8443 -- \
	    python3 -c "$BOUND" 8443
	[[ $output == *"hand-off by preload"* ]]
	run -0 "$LOWPORT" -v --allow-new-privs -p 443:8443 -- \
	    python3 -c "$BOUND" 8443
	[[ $output == *"hand-off by preload: with --allow-new-privs no seccomp"* ]]
}

# Prints the process that tried the hand-off, and the server's.
tried_by() {
	run -0 "$@" -v --method auto -p 20443:8443 -- sh -c 'echo "server $$"'
	tried=$(sed -n 's/.*process \([0-9]*\) asked .* (trial)$/\1/p' <<<"$output")
	server=$(sed -n 's/^server //p' <<<"$output")
	[ -n "$tried" ]
}

@test "the trial takes a process of its own if a filter may refuse something, or before Linux 5.19" {
	tried_by "$PLAIN"
	# Before, no flag keeps signals from a call, and that is tried.
	if kernel_since 5.19; then
		[ "$tried" = "$server" ]
	else
		[ "$tried" != "$server" ]
	fi
	tried_by build/deny adopting "$PLAIN"
	[ "$tried" != "$server" ]
}

@test "what a method cannot do is refused, not done by the other" {
	run "$LOWPORT" --method notify --allow-new-privs -p 443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "no seccomp filter"
	run "$LOWPORT" --method preload -p 443:8443 -- build/server_static 8443
	refused_with "statically linked, and loads no library"
	run "$LOWPORT" --method seccomp -p 443:8443 -- true
	refused_with "it can be auto, notify, preload or bpf"
	LOWPORT_LEARN=observe run "$LOWPORT" --method notify \
	    --show-expected-port -p 443:8443 -- sh -c "$MUST_NOT_START"
	refused_with "takes pidfd_getfd(2)"
}

@test "a script's interpreter is looked at, and what env(1) would execute" {
	ln -s "$PWD/build/server_static" "$TMPDIR/static"
	printf '#!%s\n' "$TMPDIR/static" >"$TMPDIR/direct"
	printf '#!/usr/bin/env static\n' >"$TMPDIR/by-env"
	printf '#!/usr/bin/env sh\nexit 7\n' >"$TMPDIR/shell"
	chmod +x "$TMPDIR/direct" "$TMPDIR/by-env" "$TMPDIR/shell"
	for script in direct by-env; do
		PATH=$TMPDIR:$PATH run "$LOWPORT" --method preload \
		    -p 443:8443 -- "$script"
		refused_with "$TMPDIR/static' is statically linked"
	done
	PATH=$TMPDIR:$PATH run -7 "$LOWPORT" -q --method preload -p 443:8443 \
	    -- shell
}

@test "no library, or one that no loader takes: refused, with where it belongs" {
	mkdir "$TMPDIR/alone" "$TMPDIR/a b" "$TMPDIR/a\$ORIGIN"
	cp "$PLAIN" "$TMPDIR/alone/"
	cp "$PLAIN" build/liblowport.so "$TMPDIR/a b/"
	cp "$PLAIN" build/liblowport.so "$TMPDIR/a\$ORIGIN/"
	run "$TMPDIR/alone/lowport" --method preload -p 20443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "neither beside $TMPDIR/alone/lowport nor at"
	for directory in 'a b' 'a$ORIGIN'; do
		run "$TMPDIR/$directory/lowport" --method preload \
		    -p 20443:8443 -- sh -c "$MUST_NOT_START"
		refused_with "LD_PRELOAD takes no path with a blank"
	done
	echo text >"$TMPDIR/alone/liblowport.so"
	run "$TMPDIR/alone/lowport" --method preload -p 20443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "alone/liblowport.so is no library"
}

@test "LD_PRELOAD: the caller's goes first and on, and reaches children" {
	cat >"$TMPDIR/own.c" <<-END
		#include <unistd.h>
		__attribute__((constructor)) static void say(void)
		{
			write(2, "own ", 4);
		}
	END
	cc -shared -fPIC -o "$TMPDIR/own.so" "$TMPDIR/own.c"
	LD_PRELOAD=$TMPDIR/own.so run -0 "$LOWPORT" -q --method preload \
	    -p 443:8443 -- sh -c 'python3 -c "$0" 8443; :' "$BOUND"
	[ "$output" = "own own 443 $TMPDIR/own.so:${LOWPORT%/*}/liblowport.so" ]
	run -0 "$LOWPORT" -q --method preload -p 443:8443 -- \
	    python3 -c "$BOUND" 8443
	[ "$output" = "443 ${LOWPORT%/*}/liblowport.so" ]
	run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c "$BOUND" 8443
	[ "$output" = "443 -" ]
}

@test "a caller's library that overrides bind(2) itself goes on doing so" {
	cat >"$TMPDIR/own.c" <<-END
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <sys/socket.h>
		#include <unistd.h>
		int bind(int fd, const struct sockaddr *a, socklen_t length)
		{
			int (*next)(int, const struct sockaddr *, socklen_t) =
			    dlsym(RTLD_NEXT, "bind");
			write(2, "own ", 4);
			return next(fd, a, length);
		}
	END
	cc -D_GNU_SOURCE -w -shared -fPIC -o "$TMPDIR/own.so" "$TMPDIR/own.c"
	LD_PRELOAD=$TMPDIR/own.so run -0 "$LOWPORT" -q --method preload \
	    -p 443:8443 -- python3 -c "$BOUND" 8443
	[[ $output == "own 443 "* ]]
}

# bats test_tags=bpf
@test "a server that closes every descriptor, forks and executes" {
	for method in $METHODS; do
		run -0 "$LOWPORT" -q --method "$method" -p 443:8443 -- python3 -c '
import os, sys
os.closerange(3, 1024)
if os.fork():
    os.wait()
else:
    os.execvp("sh", ["sh", "-c", "python3 -c \"$0\" 8443; exit", sys.argv[1]])
' "$BOUND"
		[[ $output == "443 "* ]]
	done
}

# bats test_tags=bpf
@test "bind(2) is the kernel's own, but for the expected port" {
	for method in $METHODS; do
		run -0 "$LOWPORT" -q --method "$method" -p 443:8443 -- python3 -c '
import errno, os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("\0abstract")
s = socket.socket()
s.bind(("127.0.0.1", 9443))
assert s.getsockname() == ("127.0.0.1", 9443)
assert s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0
t = socket.socket()
try:
    t.bind(("127.0.0.1", 9443))
except OSError as e:
    assert e.errno == errno.EADDRINUSE
try:
    t.bind(("127.0.0.1", 22))
except OSError as e:
    assert e.errno == errno.EACCES
socket.socket().bind(("", 0))
print("as ever")'
		[ "$output" = "as ever" ]
	done
}

@test "preload: a process that is none of the server's gets nothing" {
	"$LOWPORT" -q --method preload -p 443:8443 -- python3 tests/hold.py 8443 &
	wait_until listening 443
	# With the server's very environment, and the port free again.
	environment=$(tr '\0' '\n' <"/proc/$(pgrep -P $!)/environ" |
	    grep -E '^(LD|LOWPORT)_PRELOAD=')
	[ "$(wc -l <<<"$environment")" = 2 ]
	# shellcheck disable=SC2086
	run -0 env $environment python3 -c "$BOUND" 8443
	[[ $output == "8443 "* ]]
	kill $!
	wait $! || true
	# The helper is gone: neither port, and no waiting.
	# shellcheck disable=SC2086
	run -1 env $environment timeout "$PATIENCE" python3 -c "$BOUND" 8443
	[[ $output == *"Function not implemented"* ]]
}

@test "preload: the helper is gone: bind(2) fails, as a trapped one does" {
	"$LOWPORT" -q --method preload -p 443:8443 -- sh -c '
	    until [ -e "$TMPDIR/killed" ]; do sleep 0.02; done
	    exec python3 -c "$0" 8443 >"$TMPDIR/said" 2>&1' "$BOUND" &
	wait_until pgrep -x -P $! sh
	kill -KILL $!
	wait $! || true
	touch "$TMPDIR/killed"
	wait_until grep 'Function not implemented' "$TMPDIR/said"
	not listening 8443
}

# Among a hundred sockets, so that the list of them comes in pieces.
HUNDRED='
import os, socket
for n in range(100):
    s = socket.socket()
    s.listen()
    s.set_inheritable(True)
    s.detach()
os.execvp("python3", ["python3", "tests/hold.py", "8443"])'

@test "preload: a process it is not in, with the expected port, is told" {
	"$LOWPORT" -q --method preload -p 443:8443 -- \
	    sh -c 'env -u LD_PRELOAD python3 -c "$0"; :' "$HUNDRED" \
	    2>"$TMPDIR/log" &
	wait_until grep -q 'has port 8443 itself' "$TMPDIR/log"
	pid=$(pgrep -f 'hold.py 8443$' | tail -n 1)
	grep -q "process $pid has port 8443 itself" "$TMPDIR/log"
	kill $!
	wait $! || true
}

# bats test_tags=bpf
@test "a mapped port that another mapping expects is no stray" {
	for method in $METHODS; do
		run -0 "$LOWPORT" --method "$method" -p 443:8443 -p 8443:9443 \
		    -- python3 -c '
import socket, time
listeners = []
for expected, public in ((8443, 443), (9443, 8443)):
    s = socket.socket()
    s.bind(("127.0.0.1", expected))
    s.listen()
    assert s.getsockname()[1] == public
    listeners.append(s)
time.sleep(1) # the first look comes before'
		[ "$output" = "" ]
	done
}

# A grandchild that asks while its parent ends: the way up to lowport changes
# under its look.
# bats test_tags=bpf
@test "a server that daemonizes while it binds" {
	for method in $METHODS; do
		run -0 "$LOWPORT" -q --method "$method" -p 443:8443 -- python3 -c '
import os, socket
for n in range(200):
    done, told = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            s.bind(("127.0.0.1", 8443))
            os.write(told, str(s.getsockname()[1]).encode())
        os._exit(0)
    os.wait()
    assert os.read(done, 8) == b"443", n
    os.close(done)
    os.close(told)
print("all")'
		[ "$output" = all ]
	done
}

# bats test_tags=bpf
@test "--show-expected-port: getsockname(2) answers what the server expects" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q --show-expected-port -p 443:8443 \
		    -p 53:5353/udp -p 990-992:9990-9992 -- \
		    python3 tests/expected.py
		[ "$output" = "as expected" ]
		run -0 "$LOWPORT" -q -p 443:8443 -- python3 -c "$BOUND" 8443
		[[ $output == "443 "* ]]
	done
}

# bats test_tags=bpf
@test "--show-expected-port: what may not be written is not written" {
	for way in $WAYS; do
		use_way "$way"
		run -0 "$LOWPORT" -q --show-expected-port -p 443:8443 -- \
		    python3 tests/protected.py
		echo "$way: $output"
		[ "$output" = "as the kernel" ]
	done
}

@test "--show-expected-port: of a socket that was passed" {
	for method in notify preload; do
		run -0 python3 tests/pass.py https=0.0.0.0:20443 \
		    "$LOWPORT" -q --method $method --show-expected-port \
		    -p @https:8443 -- python3 -c "$BOUND" 8443
		[[ $output == "8443 "* ]]
	done
}

# bats test_tags=bpf
@test "lowport in lowport, for other ports: each its own, by any two methods" {
	for outer in $METHODS; do
		for inner in auto preload; do
			run -0 "$LOWPORT" -q --method $outer -p 443:8443 -- \
			    sh -c '"$0" -q --method $1 -p 20080:8080 -- \
			    python3 -c "$2"' "$PLAIN" $inner '
import socket
for expected, public in ((8443, 443), (8080, 20080)):
    s = socket.socket()
    s.bind(("", expected))
    assert s.getsockname()[1] == public, s.getsockname()
print("each")'
			[ "$output" = each ]
		done
	done
}

@test "lowport in lowport, one behind the other" {
	run -0 "$LOWPORT" -q -p 443:8443 -- \
	    "$PLAIN" -q -p 8443:9443 -- python3 tests/serve_once.py 9443 443
	[ "$output" = "reached" ]
	# A static program would bind 8443: the outer one refuses it, and where
	# it does not see it, or lowport has shared libraries, the inner one.
	run -125 "$LOWPORT" -q --method preload -p 443:8443 -- \
	    "$PLAIN" -q -p 8443:9443 -- true
	[[ $output == *"statically linked"* || $output == *"by preload; start"* ]]
	for mapping in 8443:9443 8440-8444:9440-9444 8445-8447:9445-9447; do
		run "$LOWPORT" -q --method preload -p 80:8080 \
		    -p 990-992:8442-8444 -p 443:8446 -- sh -c '
		    "$0" -q -p "$1" -- sh -c "$2"; exit $?' \
		    "$PLAIN" "$mapping" "$MUST_NOT_START"
		refused_with "the lowport around this one expects its server to bind"
	done
	run -0 "$LOWPORT" -q --method preload -p 80:8080 -p 443:8446 -- sh -c '
	    "$0" -q -p 8447-8500:9447-9500 -p 8445 -- true' "$PLAIN"
}

@test "--allow-new-privs: no_new_privs is off, and set-user-ID is looked at" {
	run -0 "$LOWPORT" -q --allow-new-privs -p 443:8443 -- \
	    grep NoNewPrivs /proc/self/status
	[[ $output == *0 ]]
	run -0 "$LOWPORT" -q --method preload -p 443:8443 -- \
	    grep NoNewPrivs /proc/self/status
	[[ $output == *1 ]]
	# Where no mapping needs a hand-off, too.
	run -0 "$LOWPORT" -q --allow-new-privs -p 443:@https -- \
	    grep NoNewPrivs /proc/self/status
	[[ $output == *0 ]]
	cp /bin/sh "$TMPDIR/gains"
	chmod u+s "$TMPDIR/gains"
	run "$LOWPORT" --allow-new-privs -p 443:8443 -- "$TMPDIR/gains" -c \
	    "$MUST_NOT_START"
	refused_with "is set-user-ID or set-group-ID"
	run -0 "$LOWPORT" -q --method preload -p 443:8443 -- "$TMPDIR/gains" -c :
}

@test "--keep-caps: what the file has given is not the caller's to keep" {
	run "$LOWPORT" --keep-caps net_admin -p 443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "can keep only those of its caller"
	run "$PLAIN" --keep-caps net_admin -p 20443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "not started with all of these"
	run "$PLAIN" --keep-caps net_bind_service -p 20443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "without net_bind_service"
	run "$PLAIN" --keep-caps net_admin,fly -p 20443:8443 -- \
	    sh -c "$MUST_NOT_START"
	refused_with "'fly' is no capability"
}
