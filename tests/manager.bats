#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# A service manager started lowport (tests/manager.py), and means the server.

load helpers

# managed NAME COMMAND...: its server is the command.
managed() {
	run -0 --separate-stderr tests/manager.py "$1" "$LOWPORT" -p 443:8443 -- "${@:2}"
	[ "${#output}" -gt 999 ] || echo "$output $stderr"
}

@test "reports: the manager has them from lowport, by path and abstract name" {
	for way in $WAYS; do
		use_way "$way"
		for name in "$TMPDIR/notify" "@lowport-test-$$"; do
			rm -f "$TMPDIR/notify"
			managed "$name" tests/manager.py report $'READY=1\nSTATUS=on it'
			[ "$output" = "main: READY=1 STATUS=on it" ]
		done
	done
}

@test "reports: a server that is no child of lowport's makes them too" {
	managed "@lowport-test-$$" sh -c \
	    'sh -c "tests/manager.py report READY=1; echo done" | cat'
	[ "$output" = "main: READY=1"$'\n'done ]
}

@test "reports: descriptors go with them, as many as there can be" {
	managed "@lowport-test-$$" tests/manager.py report FDSTORE=1 2
	[ "$output" = "main: FDSTORE=1 <0> <1>" ]
	managed "@lowport-test-$$" sh -c \
	    'ulimit -n 1024; tests/manager.py report FDSTORE=1 253'
	[[ $output == "main: FDSTORE=1 <0> <1> "*" <252>" ]]
}

@test "reports: lowport stays the main process, whatever the server names" {
	managed "@lowport-test-$$" tests/manager.py report \
	    $'MAINPID=7\nREADY=1\nMAINPIDFDID=8\nXMAINPID=9\nMAINPID=10'
	[ "$output" = "main: READY=1 XMAINPID=9 " ]
	managed "@lowport-test-$$" tests/manager.py report MAINPID=7
	[ "$output" = "" ]
}

@test "reports: one that is too long is left out, those after it are not" {
	managed "@lowport-test-$$" python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
s.send(b"A" * 4097)
s.send(b"B" * 4096)
s.send(b"READY=1")'
	[ "$output" = "main: $(printf 'B%.0s' {1..4096})"$'\n'"main: READY=1" ]
}

@test "reports: a manager that takes none keeps the server waiting, not lowport" {
	run -0 python3 - "$LOWPORT" <<-'END'
		import os, signal, socket, subprocess, sys
		manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		manager.bind("\0lowport-test-full")
		server = r'''
		import os, socket
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
		s.setblocking(False)
		sent = 0
		try:
		    while True:
		        s.send(b"%d" % sent)
		        sent += 1
		        if sent > 4000: break
		except BlockingIOError:
		    pass
		l = socket.create_server(("127.0.0.1", 8443))
		print(sent, l.getsockname()[1], flush=True)
		s.setblocking(True)
		s.send(b"last")
		'''.replace("\t", "")
		p = subprocess.Popen(
		    [sys.argv[1], "-p", "443:8443", "--", "python3", "-c", server],
		    env={**os.environ, "NOTIFY_SOCKET": "@lowport-test-full"},
		    stdout=subprocess.PIPE, text=True)
		sent, port = map(int, p.stdout.readline().split())
		assert 0 < sent <= 4000 and port == 443, (sent, port)
		got = [manager.recv(99).decode() for _ in range(sent + 1)]
		assert got == [str(i) for i in range(sent)] + ["last"], got
		assert p.wait() == 0
	END
}

# Sends more than the kernel keeps for the manager, as much as it keeps in all
# (max_dgram_qlen, and one more, for each of two sockets), and ends.
LAST_REPORTS='
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
sent = 2 * int(open("/proc/sys/net/unix/max_dgram_qlen").read())
for i in range(sent):
    s.send(b"%d" % i)
print(sent, os.getpid(), flush=True)'

@test "reports: the last of a server that has ended wait for the manager" {
	run -0 python3 - "$LOWPORT" "$LAST_REPORTS" <<-'END'
		import os, socket, subprocess, sys, time
		manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		manager.bind("\0lowport-test-last")
		p = subprocess.Popen(
		    [sys.argv[1], "-p", "443:8443", "--", "python3", "-c", sys.argv[2]],
		    env={**os.environ, "NOTIFY_SOCKET": "@lowport-test-last"},
		    stdout=subprocess.PIPE, text=True)
		sent, server = map(int, p.stdout.readline().split())
		while os.path.exists("/proc/%d" % server):
		    time.sleep(0.01)
		got = [manager.recv(99).decode() for _ in range(sent)]
		assert got == [str(i) for i in range(sent)], got
		assert p.wait() == 0
	END
}

@test "reports: a manager that takes none keeps no server's end for itself" {
	run -7 --separate-stderr python3 - "$LOWPORT" "$LAST_REPORTS" <<-'END'
		import os, socket, subprocess, sys
		manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		manager.bind("\0lowport-test-stuck")
		sys.exit(subprocess.run(
		    [sys.argv[1], "-p", "443:8443", "--", "python3", "-c",
		     sys.argv[2] + "; os._exit(7)"],
		    env={**os.environ, "NOTIFY_SOCKET": "@lowport-test-stuck"}).returncode)
	END
	[[ $stderr == *"the service manager did not take all reports within 5 s of the server's end: the last may be lost"* ]]
}

@test "numbers: those that name lowport name the server, others stay" {
	managed "@lowport-test-$$" sh -c \
	    'echo $(($WATCHDOG_PID - $$)) $(($LISTEN_PID - $$)) $(($SYSTEMD_EXEC_PID - $$))'
	[ "$output" = "0 0 0" ]
	WATCHDOG_PID=1 LISTEN_PID=x SYSTEMD_EXEC_PID='' run -0 --separate-stderr "$LOWPORT" \
	    -p 443:8443 -- sh -c 'echo $WATCHDOG_PID $LISTEN_PID $SYSTEMD_EXEC_PID.'
	[ "$output" = "1 x ." ]
}

@test "reports: without a manager, or one that is not there, all is as it was" {
	for name in /nowhere @nobody vsock:2:1 ''; do
		NOTIFY_SOCKET=$name run -0 --separate-stderr "$LOWPORT" -p 443:8443 -- \
		    sh -c 'echo "$NOTIFY_SOCKET"'
		[ "$output" = "$name" ]
	done
}
