# SPDX-License-Identifier: ISC
#
# What the scripts here share.  They run in a tree (tree), by root.
set -u
shopt -s extglob
umask 022

PROGRAM=/usr/bin/lowport
POLICY=/etc/lowport/policy
RULE='permit user www-data tcp/443'
sources=/sources
failures=0
begun=$SECONDS

# try NAME COMMAND...: says whether it succeeded, and prints what it did if not.
try() {
	local name=$1 start=$SECONDS
	shift
	if ("$@") >log 2>&1; then
		echo "ok $suite: $name ($((SECONDS - start)) s)"
	else
		echo "not ok $suite: $name: $*"
		sed 's/^/# /' log | tail -n 30
		failures=$((failures + 1))
	fi
}

# unpack: the sources that make dist made.
unpack() { tar -xzf lowport-+([0-9.]).tar.gz && mv lowport-+([0-9.])/ "$sources"; }

# build TARGET: as an ordinary user who has sudo does it.  A chroot allows no user
# namespaces: so some unit tests are left out.
build() {
	useradd -m builder && chown -R builder: "$sources" &&
		echo 'builder ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/builder &&
		su - builder -c "umask 0002; cd $sources && make $*"
}

# must NAME COMMAND...: the same, and there is no use in going on without.
must() {
	try "$@"
	[ $failures = 0 ] || exit 1
}

install() { apt-get install -y --no-install-recommends "$@"; }

# Nothing of the host's network but for the loopback, and that is another.
alone() { unshare --net -- sh -c 'ip link set lo up; exec "$@"' alone "$@"; }

# serves [WAY]: nginx on 443, by the way that is named.
serves() { alone env LOWPORT_METHOD="${1:-auto}" ./nginx; }

# capable [FILE]
capable() { [ "$(getcap "${1:-$PROGRAM}")" = "${1:-$PROGRAM} cap_net_bind_service=p" ]; }

# incapable [FILE]
incapable() { [ -z "$(getcap "${1:-$PROGRAM}")" ]; }

# is MODE:OWNER:GROUP FILE...
is() {
	local mode=$1 file
	shift
	for file; do
		[ "$(stat -c %a:%U:%G "$file")" = "$mode" ] || {
			stat -c '%a:%U:%G %n' "$file"
			return 1
		}
	done
}

# said TEXT FILE...: each has it.
said() {
	local text=$1 file
	shift
	for file; do
		grep -qF -- "$text" "$file" || { cat "$file"; return 1; }
	done
}

# nothing_left: of the package, in the whole tree; /tmp has what unit tests leave.
nothing_left() {
	! find / -xdev \( -path /check -o -path /tmp -o -path /var/cache -o -path /var/log \
	    -o -path /proc -o -path "$sources" \) -prune -o \
	    -path '*lowport*' -print | grep .
}

finish() {
	[ $failures = 0 ]
	exit
}
