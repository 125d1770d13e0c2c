# SPDX-License-Identifier: ISC
#
# Units, for tests that run under systemd as process 1 (tests/check-systemd).

bats_require_minimum_version 1.5.0
load ../helpers

SERVER=/tests/systemd/server.py

# unit NAME.TYPE <<TEXT: makes it, for this test, and instead of an earlier one.
unit() {
	cat >"/run/systemd/system/$1"
	made+=("$1")
	forget "$1"
	systemctl daemon-reload
}

# service LINE...: makes test.service, with a server that is the user app's.
service() {
	unit test.service < <(printf '%s\n' "[Service]" User=app \
	    CapabilityBoundingSet= NoNewPrivileges=yes ProtectSystem=strict \
	    "$@")
}

teardown() {
	local name

	for name in "${made[@]}"; do
		forget "$name"
		rm -f "/run/systemd/system/$name"
	done
}

# forget NAME.TYPE: what came of it until now.
forget() {
	systemctl kill --signal=KILL "$1" 2>/dev/null || true
	systemctl stop "$1" 2>/dev/null || true
	systemctl reset-failed "$1" 2>/dev/null || true
	since=@$(date +%s.%6N)
}

# start: test.service, or all that was said.
start() {
	systemctl start test || {
		journal debug
		return 1
	}
}

# is PROPERTY VALUE: of test.service.
is() {
	local value

	value=$(systemctl show -P "$1" test)
	[ "$value" = "$2" ] || {
		echo "$1 is $value, not $2"
		return 1
	}
}

# pinged TIMES: the server of test.service has pinged the watchdog so often.
pinged() {
	local status

	status=$(property StatusText)
	[[ $status == "pings "* ]] && [ "${status#pings }" -ge "$1" ]
}

property() {
	systemctl show -P "$1" test
}

# group: the control group of test.service.
group() {
	property ControlGroup
}

# said WORDS: the journal of test.service has them.
said() {
	journalctl --sync
	journal debug | grep -F -e "$1" || {
		echo "no '$1' in:"
		journal debug
		return 1
	}
}

# journal PRIORITY: what is as urgent.
journal() {
	journalctl -u test --since "$since" -o cat -p "$1"
}

# owns_443: the server that answers is the unit's own main process, over both
# families, and nothing listens on 8443.
owns_443() {
	local address

	wait_until listening 443
	not listening 8443
	for address in 127.0.0.1 '[::1]'; do
		curl -s --http0.9 --max-time 10 "$address:443" >"$BATS_TEST_TMPDIR/got" || true
		grep -qx "$(property MainPID)" "$BATS_TEST_TMPDIR/got" || {
			echo "$address: $(cat "$BATS_TEST_TMPDIR/got"), not $(property MainPID)"
			return 1
		}
	done
}

# holds_nothing PID: no set of it has a capability, nor has the bounding set.
holds_nothing() {
	not grep -E '^Cap[A-Z][a-z]*:.*[1-9a-f]' "/proc/$1/status"
}

# holds_none PID: it has no capability; the bounding set, of what it could gain
# without no_new_privs, does not count.
holds_none() {
	not grep -E '^Cap(Inh|Prm|Eff|Amb):.*[1-9a-f]' "/proc/$1/status"
	grep -q '^NoNewPrivs:.1' "/proc/$1/status"
}
