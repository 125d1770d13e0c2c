#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# The policy: who may have written it, and what it says.  Root of the sandbox's
# namespaces (SANDBOX_USER=root) sets each scene; nobody, an ordinary user,
# starts lowport in it.  Each refusal stands beside a start that only what is
# tested keeps from the port.

load ../helpers

ATTACK=$BATS_TEST_DIRNAME/../../build/attacker
POLICY=/etc/lowport/policy
NO_CAPS=(--inh-caps=-all --ambient-caps=-all)

setup() {
	umask 022
	export ATTACK POLICY WORK=$TMPDIR/work
	mkdir -m 1777 "$WORK"
}

teardown() {
	end_jobs
	umount -q "$POLICY" || true
	chown root:root /etc
	chmod 755 /etc
	rm -rf /etc/lowport /etc/lowport.*
	mkdir /etc/lowport
	cp "$BATS_TEST_DIRNAME/../policy" "$POLICY"
	echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	rm -rf "$WORK" "$TMPDIR/started"
}

# policy RULE...: a policy of these lines.
policy() {
	rm -rf "$POLICY"
	printf '%s\n' "$@" >"$POLICY"
}

# as_nobody [--groups=LIST] COMMAND...: as the ordinary user.
as_nobody() {
	local groups=--clear-groups

	case $1 in
	--groups=*)
		groups=$1
		shift
		;;
	esac
	setpriv --reuid=nobody --regid=nogroup "$groups" "${NO_CAPS[@]}" -- "$@"
}

# free_port PORT: no socket is bound to it.
free_port() {
	[ "$("$ATTACK" bound "$1")" != bound ]
}

# permits [MAPPING]: nobody's start with it comes to its port.
permits() {
	run -0 as_nobody timeout -k 1 60 "$LOWPORT" -q -p "${1:-443:8443}" -- \
	    true
	[ $# -ne 0 ] || {
		run -0 as_nobody timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
		    "$ATTACK" report 1
		[ "$output" = 443 ]
	}
}

# refuses WORDS [MAPPING]: it ends with one line that has these words.
refuses() {
	run as_nobody timeout -k 1 60 "$LOWPORT" -p "${2:-443:8443}" -- \
	    sh -c "$MUST_NOT_START"
	refused_with "$1" && free_port 443
}

# denied_by LINE: the last run was, and nothing advises to override that.
denied_by() {
	refused_with "$POLICY:$1 denies it to user " && no_remedy
}

# no_remedy: the last run's output has no command for root.
no_remedy() {
	[[ $output == *"as the administrator of this host wants"* ]] &&
	    [[ $output != *"to permit"* && $output != *">>"* ]]
}

# denies LINE [MAPPING]: nobody's start with it is denied by that rule.
denies() {
	refuses "$POLICY:$1 denies it to user nobody" "${@:2}" && denied_by "$1"
}

# remedy [UMASK]: root does what the message says.
remedy() {
	local does

	if [[ $output =~ ,\ as\ root:\ (.*)$ ]]; then
		does=${BASH_REMATCH[1]}
	elif [[ $output =~ (/[^ ]*)\ is\ .*\;\ (chmod\ [^ ]*)\ it$ ]]; then
		does="${BASH_REMATCH[2]} ${BASH_REMATCH[1]}"
	elif [[ $output =~ \ (chmod\ a\+[rx]\ /[^ ]*)$ ]]; then
		does=${BASH_REMATCH[1]}
	elif [[ $output =~ (/[^ ]*)\ is\ owned\ .*\;\ chown\ it$ ]]; then
		does="chown root ${BASH_REMATCH[1]}"
	elif [[ $output =~ (/[^ ]*)\ is\ a\ symbolic\ link\; ]]; then
		does="named=\$(readlink -f ${BASH_REMATCH[1]}) &&
		    rm ${BASH_REMATCH[1]} && mv \$named ${BASH_REMATCH[1]}"
	fi
	echo "remedy: $does"
	(umask "${1:-022}" && eval "$does")
}

# nobody_writes: he makes the policy one that permits him all.
nobody_writes() {
	as_nobody sh -c 'echo "permit any tcp/1-65535" >>"$POLICY"'
}

# nobody_swaps: he puts another file of root's in the place of the policy.
nobody_swaps() {
	as_nobody mv -f "$POLICY.old" "$POLICY"
}

# make_acl PATH PERMISSIONS: an acl(5) by which nobody has these (4, 2, 1).
make_acl() {
	python3 - "$1" "$2" <<-'END'
		import os, struct, sys
		path, more = sys.argv[1], int(sys.argv[2])
		none, mode = 0xffffffff, os.stat(sys.argv[1]).st_mode
		entries = [(1, mode >> 6 & 7, none), (2, more, 65534),
		    (4, mode >> 3 & 7, none), (16, 7 & (more | mode >> 3), none),
		    (32, mode & 7, none)]
		os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2)
		    + b"".join(struct.pack("<HHI", *e) for e in entries))
	END
}

@test "permitted: the port; denied: one line with file and line, no remedy" {
	policy "permit user nobody tcp/443"
	permits
	policy "# Nobody." "" "deny user nobody tcp/443"
	denies 3
	policy "permit any tcp/1-65535" "deny any udp/443" "deny any tcp/440-450"
	denies 3
	denies 3 440-443:9440-9443
	run as_nobody "$LOWPORT" --check -p 443:8443
	says problem policy "443:8443: $(literal "$POLICY"):3 denies it to user nobody"
	no_remedy
	run as_nobody "$LOWPORT" --doctor -p 443:8443
	says problem policy "443:8443: $(literal "$POLICY"):3 denies it to user nobody"
	no_remedy
}

@test "no rule: the remedy adds one" {
	policy "permit user nobody tcp/444"
	permits 444:8443
	for how in "" --check --doctor; do
		policy "permit user nobody tcp/444"
		run -125 as_nobody "$LOWPORT" $how -p 443:8443 -- true
		output=$(grep "no rule of $POLICY is about user nobody" <<<"$output")
		remedy
		permits
		[ "$(wc -l <"$POLICY")" -eq 2 ]
	done
}

@test "a rule of an account that is gone: named where it would have permitted" {
	policy "permit user gone tcp/443" "permit user nobody tcp/444"
	permits 444:8443
	refuses "about user nobody and this port ($POLICY:1 matches nobody: there \
is no user 'gone' in /etc/passwd); to permit it, as root: echo 'permit user no"
	remedy
	permits
	policy "deny any tcp/443" "permit group gone tcp/443"
	denies 1
	[[ $output == *"($POLICY:2 matches nobody: there is no group 'gone' in \
/etc/group)"* ]]
	# What would not have decided is not to blame.
	policy "permit user gone tcp/443" "deny any tcp/443" \
	    "permit user gone tcp/444" "deny user gone tcp/443"
	denies 2
	[[ $output != *gone* ]]
}

# ---- None there, or none to be read.

@test "no policy: nobody but root has a port, and the remedy makes one" {
	permits
	rm "$POLICY"
	refuses "there is no $POLICY, so only root may use this"
	remedy
	permits
	refuses "no rule of $POLICY is about user nobody" 444:8443
}

@test "no directory of the policy: likewise" {
	permits
	rm -r /etc/lowport
	refuses "there is no $POLICY, so only root may use this"
	remedy
	permits
}

@test "an empty policy, and one of comments" {
	permits
	: >"$POLICY"
	refuses "no rule of $POLICY is about user nobody and this port"
	policy "# permit any tcp/443" "" "   " "#"
	refuses "no rule of $POLICY is about user nobody and this port"
	remedy
	permits
}

@test "a policy its reader cannot read" {
	permits
	chmod 600 "$POLICY"
	run -125 as_nobody "$LOWPORT" --check-policy "$POLICY"
	[[ $output == *"$POLICY': Permission denied; it holds no secret: chmod a+r $POLICY" ]]
	refuses "the policy permits nothing: $POLICY: Permission denied; it holds no secret: chmod a+r $POLICY"
	remedy
	permits
	# Another file may hold one.
	install -m 600 "$POLICY" "$WORK/draft"
	run -125 as_nobody "$LOWPORT" --check-policy "$WORK/draft"
	[[ $output == *"$WORK/draft': Permission denied" ]]
}

# The right of others does not count for the file's group.
@test "a policy whose mode lets some read it, and not its reader" {
	setpriv() {
		command setpriv "${@/nogroup/mail}"
	}
	chgrp mail "$POLICY"
	chmod 640 "$POLICY"
	permits
	chmod 604 "$POLICY"
	refuses "$POLICY: Permission denied; it holds no secret: chmod a+r $POLICY"
	remedy
	permits
}

@test "a policy that an access control list keeps from its reader" {
	permits
	make_acl "$POLICY" 0 || skip "no access control lists here"
	refuses "$POLICY: Permission denied; an access control list"
	# The mode of its directory does not permit it, but a list does.
	chmod 750 /etc/lowport
	make_acl /etc/lowport 1
	refuses "$POLICY: Permission denied; an access control list"
	make_acl "$POLICY" 4
	permits
}

@test "names that nobody can look up, as their file may not be read" {
	policy "permit group nogroup tcp/443" "permit user nobody tcp/443"
	permits
	for file in group passwd; do
		cp "/etc/$file" "$WORK/$file"
		mount --bind "$WORK/$file" "/etc/$file"
		chmod 600 "$WORK/$file"
		refuses "in /etc/$file: Permission denied; it holds no secret: chmod a+r /etc/"
		remedy
		permits
		umount "/etc/$file"
	done
}

@test "a fifo in its place: refused, and waited for by nobody" {
	permits
	rm "$POLICY"
	mkfifo "$POLICY"
	refuses "$POLICY is not a regular file"
	# One with a writer, who has written a policy already.
	sleep 100 <>"$POLICY" &
	wait_until grep -qx sleep "/proc/$!/comm"
	echo "permit any tcp/443" 1<>"$POLICY"
	refuses "$POLICY is not a regular file"
	kill $!
	wait $! || true
	policy "permit any tcp/443"
	permits
}

@test "a directory, a device or a socket in its place" {
	permits
	rm "$POLICY"
	mkdir "$POLICY"
	refuses "$POLICY is not a regular file"
	rmdir "$POLICY"
	for device in /dev/null /dev/zero; do
		: >"$POLICY"
		mount --bind "$device" "$POLICY"
		refuses "$POLICY is not a regular file"
		umount "$POLICY"
	done
	rm "$POLICY"
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("'"$POLICY"'")'
	refuses "$POLICY: "
	policy "permit any tcp/443"
	permits
}

# ---- Not root's alone.  Each time, nobody makes it one that permits him all;
# what he wrote counts as soon as root owns up to it.

@test "a policy that is owned by nobody" {
	policy "deny any tcp/443"
	denies 1
	chown nobody "$POLICY"
	nobody_writes
	refuses "$POLICY is owned by uid 65534, not by root; chown it"
	remedy
	permits
}

@test "a policy that is writable to a group" {
	policy "deny any tcp/443"
	denies 1
	chgrp nogroup "$POLICY"
	chmod 664 "$POLICY"
	nobody_writes
	refuses "$POLICY is writable by others than root (mode 664)"
	remedy
	permits
}

@test "a policy that is writable to all" {
	policy "deny any tcp/443"
	denies 1
	chmod 646 "$POLICY"
	nobody_writes
	refuses "$POLICY is writable by others than root (mode 646)"
	remedy
	permits
}

@test "a policy that is writable by an access control list" {
	policy "deny any tcp/443"
	denies 1
	make_acl "$POLICY" 6 || skip "no access control lists here"
	nobody_writes
	refuses "$POLICY is writable by others than root (mode 664)"
	remedy
	run ! nobody_writes
	permits
}

@test "a list that lets nobody read, and not write, is no harm" {
	policy "permit any tcp/443"
	make_acl "$POLICY" 4 || skip "no access control lists here"
	run ! nobody_writes
	permits
}

@test "who opened the policy while he could may write on: a new file ends it" {
	policy "deny any tcp/443"
	chmod 666 "$POLICY"
	refuses "is writable by others than root"
	mkfifo -m 666 "$WORK/now" "$WORK/later"
	as_nobody sh -c 'exec 9>>"$POLICY"; read -r _ <"$WORK/now"
	    echo "permit any tcp/443" >&9; read -r _ <"$WORK/later"
	    echo "permit any tcp/443" >&9' 3>&- &
	# The control: chmod closes nothing.
	wait_until as_nobody test -w "$POLICY"
	echo open >"$WORK/now"
	wait_until grep permit "$POLICY"
	chmod 644 "$POLICY"
	permits
	echo "deny any tcp/443" >"$POLICY.new"
	mv "$POLICY.new" "$POLICY"
	echo open >"$WORK/later"
	wait $!
	denies 1
}

@test "a directory that is owned by nobody" {
	policy "permit any tcp/443"
	mv "$POLICY" "$POLICY.old"
	policy "deny any tcp/443"
	denies 1
	chown nobody /etc/lowport
	nobody_swaps
	refuses "/etc/lowport is owned by uid 65534, not by root; chown it"
	remedy
	permits
}

@test "a directory that is writable to a group or to all" {
	for mode in 775 777; do
		policy "permit any tcp/443"
		mv "$POLICY" "$POLICY.old"
		policy "deny any tcp/443"
		denies 1
		chgrp nogroup /etc/lowport
		chmod "$mode" /etc/lowport
		nobody_swaps
		refuses "/etc/lowport is writable by others than root (mode $mode)"
		remedy
		permits
	done
}

@test "a directory that is writable by an access control list" {
	policy "permit any tcp/443"
	mv "$POLICY" "$POLICY.old"
	policy "deny any tcp/443"
	denies 1
	make_acl /etc/lowport 7 || skip "no access control lists here"
	nobody_swaps
	refuses "/etc/lowport is writable by others than root (mode 775)"
	remedy
	permits
}

@test "a sticky directory, writable to all" {
	policy "permit any tcp/443"
	permits
	chmod 1777 /etc/lowport
	refuses "/etc/lowport is writable by others than root (mode 1777)"
	# Before there is a policy, nobody can make one there.
	rm "$POLICY"
	refuses "/etc/lowport is writable by others than root (mode 1777)"
	nobody_writes
	refuses "/etc/lowport is writable by others than root (mode 1777)"
	remedy
	refuses "$POLICY is owned by uid 65534"
	remedy
	permits
}

@test "/etc owned by nobody, or writable to a group or all" {
	mkdir /etc/lowport.old
	echo "permit any tcp/443" >/etc/lowport.old/policy
	policy "deny any tcp/443"
	denies 1
	chmod 777 /etc
	as_nobody sh -c 'mv /etc/lowport /etc/lowport.new &&
	    mv /etc/lowport.old /etc/lowport'
	refuses "/etc is writable by others than root (mode 777)"
	chown nobody:nogroup /etc
	chmod 755 /etc
	refuses "/etc is owned by uid 65534, not by root; chown it"
	chown root /etc
	chmod 775 /etc
	refuses "/etc is writable by others than root (mode 775)"
	remedy
	permits
}

@test "a root directory that is nobody's, or writable to all" {
	root=$WORK/root
	mkdir -p "$root/etc/lowport" "$root/proc" "$root/dev"
	cp /etc/passwd /etc/group "$root/etc/"
	echo "permit any tcp/443" >"$root$POLICY"
	cp "$LOWPORT" "$root/lowport"
	setcap cap_net_bind_service=p "$root/lowport"
	mount --rbind /proc "$root/proc"
	mount --rbind /dev "$root/dev"
	in_root() {
		run timeout -k 1 60 chroot --userspec=65534:65534 --groups= \
		    "$root" /lowport --check -p 443:8443
		echo "$output"
	}
	in_root
	good=$status
	chown nobody "$root"
	in_root
	owned=$status said=$output
	chown root "$root"
	chmod 777 "$root"
	in_root
	umount -l "$root/proc" "$root/dev"
	[ "$good" -eq 0 ]
	[ "$owned" -eq 125 ]
	[[ $said == *"/ is owned by uid 65534, not by root; chown it"* ]]
	[ "$status" -eq 125 ]
	[[ $output == *"/ is writable by others than root (mode 777)"* ]]
}

# ---- Links.

@test "a symbolic link to a good policy" {
	policy "permit any tcp/443"
	permits
	mv "$POLICY" /etc/lowport/good
	ln -s good "$POLICY"
	refuses "$POLICY is a symbolic link; put there what it names"
	remedy
	permits
}

@test "a symbolic link to a policy of nobody's" {
	as_nobody sh -c 'echo "permit any tcp/443" >"$WORK/mine"'
	ln -sf "$WORK/mine" "$POLICY"
	grep -q permit "$POLICY"
	refuses "$POLICY is a symbolic link; put there what it names"
	# What it names is still his.
	remedy
	refuses "$POLICY is owned by uid 65534"
	remedy
	permits
}

@test "a symbolic link for the directory" {
	policy "permit any tcp/443"
	permits
	mv /etc/lowport /etc/lowport.good
	ln -s lowport.good /etc/lowport
	refuses "/etc/lowport is a symbolic link; put there what it names"
	remedy
	permits
}

@test "a hard link to a file of nobody's" {
	as_nobody sh -c 'echo "permit any tcp/443" >"$WORK/mine"'
	# On one file system, or else none can be made.
	rm -r /etc/lowport
	mkdir "$WORK/policies"
	mkdir /etc/lowport
	mount --bind "$WORK/policies" /etc/lowport
	ln "$WORK/mine" "$WORK/policies/policy"
	grep -q permit "$POLICY"
	run as_nobody timeout -k 1 60 "$LOWPORT" -p 443:8443 -- \
	    sh -c "$MUST_NOT_START"
	owned=$output
	chown root "$POLICY"
	run as_nobody timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- true
	umount /etc/lowport
	[[ $owned == *"$POLICY is owned by uid 65534"* ]]
	[ "$status" -eq 0 ]
}

@test "a second name of the policy, in a directory of nobody's" {
	policy "deny any tcp/443"
	mkdir /etc/lowport.nobody
	chown nobody /etc/lowport.nobody
	ln "$POLICY" /etc/lowport.nobody/mine
	# His directory, his names: he can exchange that one, and no more.
	run ! as_nobody sh -c 'echo "permit any tcp/443" \
	    >>/etc/lowport.nobody/mine'
	as_nobody sh -c 'cd /etc/lowport.nobody && rm -f mine &&
	    echo "permit any tcp/443" >mine'
	grep -q permit /etc/lowport.nobody/mine
	denies 1
}

# ---- Its text.

@test "65,535 bytes are read, 65,536 and more are refused" {
	for size in 65535 65536 65537 200000; do
		{
			head -c $((size - 27)) /dev/zero | tr '\0' '\n'
			echo "permit user nobody tcp/443"
		} >"$POLICY"
		[ "$(stat -c %s "$POLICY")" -eq "$size" ]
		if [ "$size" -eq 65535 ]; then
			permits
		else
			refuses "$POLICY is longer than 65535 bytes"
		fi
	done
}

@test "a byte 0, wherever it is" {
	policy "permit any tcp/443" "# comment"
	permits
	for text in 'permit any tcp/443\n\0' 'permit any tcp/443\n# \0\n' \
	    'permit any tcp/443\n\0\ndeny any tcp/443\n' \
	    'permit any tcp/443\npermit any\0deny any tcp/444\n'; do
		# shellcheck disable=SC2059
		printf "$text" >"$POLICY"
		refuses "$POLICY:2: it has a byte 0 in it"
	done
}

@test "an error in the last line, which is about somebody else" {
	for line in "permit user root" "permit user none:such tcp/444" \
	    "permit group -nonesuch tcp/444" "allow user root tcp/444" \
	    "permit user root tcp/444 on 127.0.0.1/8" \
	    "deny user root tcp/70000" "permit user root tcp/444 on lo" \
	    "deny user root sctp/444" "permit root tcp/444" "permit" \
	    "deny any tcp/444 #$(printf 'x%.0s' {1..1024})"; do
		policy "permit user nobody tcp/443"
		permits
		echo "$line" >>"$POLICY"
		refuses "the policy permits nothing: $POLICY:2: "
	done
}

@test "an error with control characters is told without them" {
	policy "permit any tcp/443" $'permit\e[2J\x07any tcp/443'
	refuses "$POLICY:2: "
	[[ $output != *[[:cntrl:]]* ]]
	policy "permit any tcp/443"
	permits
}

@test "--check-policy of the one in force tells all of that" {
	policy "permit any tcp/443"
	run -0 as_nobody "$LOWPORT" --check-policy "$POLICY"
	policy "permit user nonesuch tcp/443" "deny any tcp/444" "allow"
	run -125 as_nobody "$LOWPORT" --check-policy "$POLICY"
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == *"$POLICY:1: there is no user 'nonesuch'"* ]]
	[[ ${lines[1]} == *"$POLICY:3: "* ]]
	policy "permit any tcp/443"
	chmod 666 "$POLICY"
	run -125 as_nobody "$LOWPORT" --check-policy "$POLICY"
	[[ $output == *"is writable by others than root"* ]]
	cp "$POLICY" "$WORK/draft"
	run -0 as_nobody "$LOWPORT" --check-policy "$WORK/draft"
}

# ---- What the messages say of it.

@test "the remedy names who asked, not whom a rule names" {
	policy "permit user nobody tcp/443"
	permits
	run -125 setpriv --reuid=daemon --regid=daemon --clear-groups \
	    "$LOWPORT" -p 443:8443 -- true
	[[ $output == *"about user daemon and this port"*\
"echo 'permit user daemon tcp/443' >>$POLICY" ]]
}

@test "the remedy for a last line without end does not become a part of it" {
	printf 'permit user nobody tcp/80' >"$POLICY"
	permits 80:8443
	refuses "as root: (echo; echo 'permit user nobody tcp/443') >>$POLICY"
	eval "${output##*as root: }"
	permits
	permits 80:8443
}

@test "no remedy writes through a link to nothing" {
	policy "permit user nobody tcp/443"
	permits
	rm "$POLICY"
	ln -s "$WORK/nothing" "$POLICY"
	refuses "$POLICY is a symbolic link"
	[[ $output != *">$POLICY"* ]]
}

@test "a directory the caller may not enter: no remedy overwrites the policy" {
	policy "permit user nobody tcp/443"
	permits
	for directory in /etc /etc/lowport; do
		chmod 700 $directory
		refuses "Permission denied; chmod a+x $directory"
		[[ $output != *">$POLICY"* ]]
		remedy
		permits
	done
}

@test "where a capability is of no use, no rule is said to help" {
	policy "permit user nobody tcp/80"
	refuses "echo 'permit user nobody tcp/443'"
	run -125 as_nobody unshare --user --map-current-user "$LOWPORT" \
	    -p 443:8443 -- true
	[[ $output == *"user namespace that does not own this network"* ]]
}

@test "root without privilege, as securebits make it, is asked" {
	policy "deny any tcp/443"
	run -0 "$LOWPORT" -q -u root -p 443:8443 -- true
	run -125 setpriv --securebits=+noroot,+noroot_locked --inh-caps=-all \
	    --ambient-caps=-all "$PLAIN" -u root -p 443:8443 -- true
	run -125 setpriv --securebits=+noroot,+noroot_locked --inh-caps=-all \
	    --ambient-caps=-all "$LOWPORT" -u root -p 443:8443 -- true
	denied_by 1
	policy "permit user root tcp/443"
	run -0 setpriv --securebits=+noroot,+noroot_locked --inh-caps=-all \
	    --ambient-caps=-all "$LOWPORT" -q -u root -p 443:8443 -- true
}

@test "--check-policy knows the one in force by any name" {
	policy "permit any tcp/443"
	chmod g+w "$POLICY"
	cd /etc/lowport
	run -125 as_nobody "$LOWPORT" --check-policy ./policy
	[[ $output == *"writable by others than root"* ]]
	run -125 as_nobody timeout -k 1 60 "$LOWPORT" --check-policy /dev/zero
	[[ $output == *"no regular file"* ]]
	mkfifo "$WORK/fifo"
	run -125 as_nobody timeout -k 1 60 "$LOWPORT" \
	    --check-policy "$WORK/fifo"
	[[ $output == *"no regular file"* ]]
}

@test "--check-policy: root follows no link to a text it would quote" {
	echo "permit any tcp/443" >"$WORK/draft"
	run -0 "$LOWPORT" --check-policy "$WORK/draft"
	mkdir -m 700 "$WORK/own"
	echo "secret:words" >"$WORK/own/secret"
	ln -s own/secret "$WORK/link"
	ln -s own "$WORK/directory"
	# The control: an error quotes the text.
	run -125 "$LOWPORT" --check-policy "$WORK/own/secret"
	[[ $output == *"secret:words"* ]]
	for path in link directory/secret; do
		run -125 "$LOWPORT" --check-policy "$WORK/$path"
		[[ $output == *"the path has a symbolic link"* ]]
		[[ $output != *"secret:words"* ]]
	done
}

@test "--check-policy and --check tell of an account that is gone" {
	policy "deny user gone tcp/443" "permit any tcp/443"
	permits
	run -0 as_nobody "$LOWPORT" --check -p 443:8443
	says note policy "$(literal "$POLICY"):1: there is no user 'gone'"
	run -125 as_nobody "$LOWPORT" --check-policy "$POLICY"
	says problem policy "$(literal "$POLICY"):1: there is no user 'gone'"
}

# ---- While it changes.

# swap ID NAME...: the user puts these, one after the other, in the place of
# the policy, for ever.
swap() {
	exec setpriv --reuid="$1" --clear-groups python3 -c 'import os, sys
while True:
    for name in sys.argv[2:]:
        os.link(name, sys.argv[1] + ".next", follow_symlinks=False)
        os.rename(sys.argv[1] + ".next", sys.argv[1])' "$POLICY" "${@:2}"
}

# start_often COUNT: statuses and messages of so many starts by nobody.
start_often() {
	as_nobody bash -c 'for ((i = 0; i < '"$1"'; i++)); do
		status=0
		timeout -k 1 60 "$LOWPORT" -p 443:8443 -- true || status=$?
		echo "status $status"
	done' 2>&1
}

@test "root exchanges it all the time: each start is by one or the other" {
	policy "permit any tcp/443"
	mv "$POLICY" /etc/lowport/permit
	policy "deny any tcp/443"
	mv "$POLICY" /etc/lowport/deny
	swap 0 /etc/lowport/permit /etc/lowport/deny 3>&- &
	wait_until grep permit "$POLICY"
	start_often 200 >"$WORK/starts"
	kill $!
	wait $! || true
	sort "$WORK/starts" | uniq -c
	permitted=$(grep -cx "status 0" "$WORK/starts")
	denied=$(grep -cx "status 125" "$WORK/starts")
	[ "$permitted" -gt 10 ]
	[ "$denied" -gt 10 ]
	[ $((permitted + denied)) -eq 200 ]
	[ "$(grep -c "^lowport: cannot bind" "$WORK/starts")" -eq "$denied" ]
	run ! grep -E "not valid|there is no" "$WORK/starts"
	free_port 443
}

@test "nobody exchanges names in a directory of his: always refused" {
	as_nobody sh -c 'echo "permit any tcp/443" >"$WORK/mine"'
	policy "permit any tcp/443"
	mv "$POLICY" /etc/lowport/good
	chown nobody /etc/lowport
	as_nobody sh -c 'cd /etc/lowport && ln -s good link && mkdir -m 700 own &&
	    echo "permit any tcp/443" >file'
	swap 65534 /etc/lowport/link /etc/lowport/file 3>&- &
	# The control: there is now a link to root's policy, now his own.
	wait_until test -L "$POLICY"
	wait_until test ! -L "$POLICY"
	start_often 50 >"$WORK/starts"
	kill $!
	wait $! || true
	sort "$WORK/starts" | uniq -c
	[ "$(grep -cx "status 125" "$WORK/starts")" -eq 50 ]
	[ "$(grep -c "/etc/lowport is owned by uid 65534" \
	    "$WORK/starts")" -eq 50 ]
	# And that is all that kept him from the port.
	rm "$POLICY"
	mv /etc/lowport/good "$POLICY"
	chown root /etc/lowport
	permits
}

# ---- Whom a rule is about.

@test "user by name and by number, and nobody else" {
	for user in nobody 65534; do
		policy "permit user $user tcp/443"
		permits
	done
	for user in root daemon 0 1 65533 4294967294; do
		policy "permit user $user tcp/443"
		refuses "no rule of $POLICY is about user "
	done
	policy "permit any tcp/443"
	permits
}

@test "a user without entry in passwd(5): by number, and so is the remedy" {
	stranger() {
		run setpriv --reuid=12345 --regid=12345 --clear-groups \
		    "${NO_CAPS[@]}" timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- true
	}
	policy "permit user nobody tcp/443"
	permits
	stranger
	refused_with "is about user 12345 and this port"
	remedy
	stranger
	[ "$status" -eq 0 ]
}

@test "group: the primary one" {
	policy "permit group nogroup tcp/443"
	permits
	policy "permit group 65534 tcp/443"
	permits
	policy "permit group daemon tcp/443"
	refuses "no rule of $POLICY is about user nobody"
	policy "permit any tcp/443" "deny group nogroup tcp/443"
	denies 2
}

# start_in_groups LIST: with these supplementary groups.
start_in_groups() {
	run as_nobody --groups="$1" timeout -k 1 60 "$LOWPORT" -q \
	    -p 443:8443 -- true
}

@test "group: a supplementary one" {
	policy "permit group daemon tcp/443" "permit group 7777 tcp/443"
	for groups in 1 7777 7776,7777 "1,$(seq -s, 2000 2500)"; do
		start_in_groups "$groups"
		[ "$status" -eq 0 ]
	done
	for groups in 2 7776,7778 "$(seq -s, 2000 2500)"; do
		start_in_groups "$groups"
		refused_with "no rule of $POLICY is about user nobody"
	done
	policy "permit any tcp/443" "deny group daemon tcp/443"
	start_in_groups 2
	[ "$status" -eq 0 ]
	start_in_groups 2,1
	denied_by 2
}

@test "group: those of the process count, not those of group(5)" {
	mount --bind tests/root/group /etc/group
	policy "permit group 7777 tcp/443"
	# group(5) lists nobody there; the process is not in it.
	start_in_groups 2
	listed=$output
	# And the other way round.
	policy "permit group 7778 tcp/443"
	start_in_groups 7778
	umount /etc/group
	[ "$status" -eq 0 ]
	[[ $listed == *"no rule of $POLICY is about user nobody"* ]]
}

@test "group: one that the login set cannot be shed" {
	policy "permit any tcp/443" "deny group 7777 tcp/443"
	cp "$(command -v setpriv)" "$WORK/shed"
	chgrp 7778 "$WORK/shed"
	chmod 2755 "$WORK/shed"
	# By a set-group-ID program of another group, the primary one can be,
	# where it is not a supplementary one too: login(1) makes it so.
	run -0 setpriv --reuid=nobody --regid=7777 --groups=7778 "${NO_CAPS[@]}" \
	    "$WORK/shed" --regid=7778 --keep-groups \
	    timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- true
	run setpriv --reuid=nobody --regid=7777 --groups=7777,7778 "${NO_CAPS[@]}" \
	    "$WORK/shed" --regid=7778 --keep-groups \
	    timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- \
	    sh -c "$MUST_NOT_START"
	denied_by 2
}

@test "of several rules, the last that matches decides" {
	policy "deny any tcp/443" "permit user nobody tcp/443"
	permits
	policy "permit user nobody tcp/443" "deny any tcp/443"
	denies 2
	policy "permit any tcp/1-65535" "deny group nogroup tcp/400-450" \
	    "permit user nobody tcp/443" "deny user root tcp/443"
	permits
	policy "permit user nobody tcp/443" "deny user nobody tcp/440-450" \
	    "permit user nobody tcp/442 tcp/444-500 udp/443"
	denies 2
}

# ---- What a rule is about.

@test "a port more or less, and UDP, are other ports" {
	for rule in tcp/443 tcp/1-443 tcp/443-65535 tcp+udp/443 \
	    "tcp/80 tcp/443" "udp/443 tcp/443"; do
		policy "permit any $rule"
		permits
	done
	for rule in tcp/442 tcp/444 "tcp/1-442 tcp/444-65535" udp/443 udp/1-65535 \
	    tcp/8443; do
		policy "permit any $rule"
		refuses "no rule of $POLICY is about user nobody"
	done
}

@test "permit on a network: neither the wildcards nor what is beside it" {
	policy "permit any tcp/443 on 127.0.0.0/8"
	permits 127.0.0.1:443:8443
	permits 127.255.0.1:443:8443
	permits '[::ffff:127.0.0.1]:443:8443'
	for mapping in 443:8443 0.0.0.0:443:8443 '[::]:443:8443' \
	    '[::1]:443:8443' '[::ffff:0.0.0.0]:443:8443'; do
		refuses "no rule of $POLICY is about user nobody" "$mapping"
	done
	policy "permit any tcp/443 on 127.0.0.1"
	permits 127.0.0.1:443:8443
	refuses "no rule of $POLICY" 127.0.0.2:443:8443
	policy "permit any tcp/443 on ::1"
	permits '[::1]:443:8443'
	refuses "no rule of $POLICY" 127.0.0.1:443:8443
	refuses "no rule of $POLICY" '[::]:443:8443'
}

@test "permit on all of one family: not the dual-stack wildcard" {
	policy "permit any tcp/443 on 0.0.0.0/0"
	permits 0.0.0.0:443:8443
	permits 127.0.0.1:443:8443
	for mapping in 443:8443 '[::]:443:8443' '[::1]:443:8443'; do
		refuses "no rule of $POLICY" "$mapping"
	done
	policy "permit any tcp/443 on ::/0"
	permits '[::1]:443:8443'
	for mapping in 443:8443 '[::]:443:8443' 127.0.0.1:443:8443 \
	    '[::ffff:127.0.0.1]:443:8443'; do
		refuses "no rule of $POLICY" "$mapping"
	done
	# Not even both: say it without an address.
	policy "permit any tcp/443 on ::/0" "permit any tcp/443 on 0.0.0.0/0"
	refuses "no rule of $POLICY" 443:8443
	policy "permit any tcp/443"
	permits
}

@test "deny on one address: the wildcards that have it, too" {
	policy "permit any tcp/443" "deny any tcp/443 on 127.0.0.1"
	permits 127.0.0.2:443:8443
	permits '[::1]:443:8443'
	for mapping in 127.0.0.1:443:8443 '[::ffff:127.0.0.1]:443:8443' \
	    0.0.0.0:443:8443 443:8443 '[::]:443:8443'; do
		denies 2 "$mapping"
	done
	policy "permit any tcp/443" "deny any tcp/443 on ::1"
	permits 127.0.0.1:443:8443
	permits 0.0.0.0:443:8443
	for mapping in '[::1]:443:8443' '[::]:443:8443' 443:8443; do
		denies 2 "$mapping"
	done
}

@test "the remedy permits what was asked for, on its address, and not more" {
	for mapping in 127.0.0.1 0.0.0.0 '[::1]' '[::]' ''; do
		policy "permit any tcp/442" "permit any tcp/443 on 127.0.0.2"
		mapping=${mapping:+$mapping:}443:8443
		refuses "no rule of $POLICY" "$mapping"
		remedy
		permits "$mapping"
		refuses "no rule of $POLICY" 444:8443
		[[ $mapping == 4* || $mapping == "[::]"* ]] ||
		    refuses "no rule of $POLICY" 443:8443
	done
}

@test "of two that are denied, one after the other is remedied" {
	two() {
		run as_nobody timeout -k 1 60 "$LOWPORT" -q -p 443:8443 \
		    -p 127.0.0.1:444:9443 -- true
	}
	policy "permit any tcp/443-444"
	two
	[ "$status" -eq 0 ]
	rm "$POLICY"
	two
	refused_with "cannot bind 0.0.0.0:443: "
	remedy
	two
	refused_with "cannot bind 127.0.0.1:444: "
	remedy
	two
	[ "$status" -eq 0 ]
}

# ---- Who is not asked.

@test "root, with -u or without, is not asked" {
	policy "deny any tcp/1-65535"
	denies 1
	for lowport in "$LOWPORT" "$PLAIN"; do
		run -0 "$lowport" -q -p 443:8443 -u nobody -- "$ATTACK" report 1
		[ "$output" = 443 ]
		run -0 "$lowport" -q -p 443:8443 -u root -- "$ATTACK" report 1
		[ "$output" = 443 ]
	done
	rm "$POLICY"
	run -0 "$LOWPORT" -q -p 443:8443 -u nobody -- true
}

@test "whoever has the capability as an ambient one is not asked" {
	policy "deny any tcp/1-65535"
	denies 1
	for rules in "deny any tcp/1-65535" "nonsense"; do
		policy "$rules"
		run -0 setpriv --reuid=nobody --regid=nogroup --clear-groups \
		    --inh-caps=+net_bind_service \
		    --ambient-caps=+net_bind_service \
		    "$PLAIN" -q -p 443:8443 -- "$ATTACK" report 1
		[ "$output" = 443 ]
	done
}

@test "ports that need no privilege need no policy" {
	permits
	for rules in "deny any tcp/1-65535" "nonsense" ""; do
		policy "$rules"
		[ -n "$rules" ] || rm "$POLICY"
		run as_nobody timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- true
		[ "$status" -eq 125 ]
		permits 20443:8443
		permits 127.0.0.1:1024:8443
	done
}

@test "with ip_unprivileged_port_start 0, none does" {
	rm "$POLICY"
	refuses "there is no $POLICY"
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	permits
	policy "deny any tcp/1-65535"
	permits
	run as_nobody "$LOWPORT" --check -p 443:8443
	[ "$status" -eq 0 ]
	[[ $output == *"not permitted, and not needed"* ]]
}

# map_ids PID: its user namespace has root, who is daemon outside, and nobody.
map_ids() {
	printf '0 1 1\n65534 65534 1\n' >"$WORK/map"
	dd status=none if="$WORK/map" of="/proc/$1/gid_map"
	dd status=none if="$WORK/map" of="/proc/$1/uid_map"
}

# container RULE [--net]: a --check by nobody of a user namespace, on a root
# directory of its own, with a policy of this rule.
container() {
	mkfifo "$WORK/mapped"
	# shellcheck disable=SC2086
	timeout -k 1 60 unshare --user --keep-caps --mount $2 sh -c '
		read -r _ <"$WORK/mapped"
		exec setpriv --reuid=0 --regid=0 --clear-groups sh -c "$0" "$@"' \
	    'mount -t tmpfs -o mode=755 tmpfs /mnt &&
	    mkdir -p /mnt/etc/lowport /mnt/proc /mnt/dev &&
	    cp /etc/passwd /etc/group /mnt/etc/ &&
	    echo "$1" >/mnt/etc/lowport/policy &&
	    cp "$0" /mnt/lowport && setcap cap_net_bind_service=p /mnt/lowport &&
	    mount --rbind /proc /mnt/proc && mount --rbind /dev /mnt/dev &&
	    exec chroot --userspec=65534:65534 --groups= /mnt /lowport --check \
	    -p 443:8443' "$LOWPORT" "$1" >"$WORK/container" 2>&1 3>&- &
	# Not unshare(1), which has that in its name: there are no namespaces yet.
	wait_until pgrep -x -P $! sh
	map_ids "$(pgrep -P $!)"
	echo >"$WORK/mapped"
	status=0
	wait $! || status=$?
	rm "$WORK/mapped"
	output=$(cat "$WORK/container")
	echo "$output"
}

# A container whose root is not the host's, with a policy of its own.
@test "the policy of a user namespace is for the networks of that alone" {
	container "permit any tcp/443" --net
	[ "$status" -eq 0 ]
	[[ $output == *"permitted by $POLICY:1"* ]]
	container "deny any tcp/443" --net
	[ "$status" -eq 125 ]
	says problem policy ".*$(literal "$POLICY"):1 denies it"
	no_remedy
	# In the network that is not its own, permission is worth nothing.
	policy "permit any tcp/443"
	container "permit any tcp/443"
	[ "$status" -eq 125 ]
	[[ $output == *"user namespace that does not own this"* ]]
	free_port 443
}
