# SPDX-License-Identifier: ISC
#
# Sourced by the jobs that try settings of a kernel: lowport as it is installed, an
# ordinary user, and claims.

mkdir -p /etc/lowport /tmp/bin
cp build/lowport build/liblowport.so build/hello /tmp/bin/
printf 'permit any tcp/443\npermit any udp/443\n' >/etc/lowport/policy
setcap cap_net_bind_service=p /tmp/bin/lowport
export PATH=/tmp/bin:$PATH
cat >/tmp/bin/bound <<'END'
#!/usr/bin/env python3
import socket
s = socket.socket()
s.bind(("", 8443))
print(s.getsockname()[1])
END
chmod 755 /tmp/bin/*
failed=0 claims=0

# as_root NAME WANTED COMMAND...: it prints this line, or one with this in it.
as_root() {
	local name=$1 wanted=$2 output

	shift 2
	claims=$((claims + 1))
	output=$(timeout 120 "$@" 2>&1) || :
	if [[ $output == *"$wanted"* && ($wanted != 443 || $output = 443) ]]; then
		echo "ok $claims $name"
	else
		echo "not ok $claims $name"
		printf '# wanted %s\n# got: %s\n' "$wanted" "$output"
		failed=1
	fi
}

# claim NAME WANTED COMMAND...: the same, and an ordinary user runs it.
claim() {
	as_root "$1" "$2" setpriv --reuid=65534 --regid=65534 --clear-groups \
	    --inh-caps=-all "${@:3}"
}

# serves NAME METHOD: nothing is printed but the port; and by which method.
serves() {
	claim "$1: serves, and prints nothing" 443 lowport -p 443:8443 -- bound
	claim "$1: by $2" "hand-off by $2" lowport -v -p 443:8443 -- bound
}

conclude() {
	echo "1..$claims"
	exit "$failed"
}
