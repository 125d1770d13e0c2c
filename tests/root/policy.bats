#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The policy: whom it is for, and what is not trusted.  Root of the sandbox's
# namespaces sets the scene, an ordinary user tries; each attempt stands beside
# a control that shows it would work without what is in its way.

load ../helpers

POLICY=/etc/lowport/policy

# as_user COMMAND...: as nobody, of group nogroup alone.
as_user() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all \
	    --ambient-caps=-all -- "$@"
}

# policy LINE...: this is what it says.
policy() {
	rm -rf "$POLICY"
	printf '%s\n' "$@" >"$POLICY"
}

# permitted [-p MAPPING]...: the user may have these, or 443:8443.
permitted() {
	[ $# -gt 0 ] || set -- -p 443:8443
	run -0 timeout -k 1 5 setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups "$LOWPORT" -q "$@" -- true
}

# denied WORDS [-p MAPPING]...: not, as a line says that has these words.
denied() {
	local words=$1

	shift
	[ $# -gt 0 ] || set -- -p 443:8443
	run timeout -k 1 5 setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups "$LOWPORT" "$@" -- sh -c "$MUST_NOT_START"
	refused_with "$words"
}

# distrusted WORDS: denied, and not when things are as they were again.
distrusted() {
	denied "$1"
	restore
	permitted
}

restore() {
	umount /etc/lowport 2>/dev/null || true
	rm -rf /etc/lowport
	mkdir -m 755 /etc/lowport
	policy "permit user nobody tcp/443"
	chmod 644 "$POLICY"
	chmod 755 /etc
	chown root:root /etc
}

setup() {
	restore
}

teardown() {
	end_jobs
	restore
	cp tests/policy "$POLICY"
	rm -f "$TMPDIR/started"
}

# ---- Who is asked for what.

@test "no file, an empty one, one of comments: no" {
	permitted
	rm "$POLICY"
	denied "there is no $POLICY"
	rmdir /etc/lowport
	denied "there is no $POLICY"
	mkdir /etc/lowport
	: >"$POLICY"
	denied "no rule of $POLICY is about user nobody"
	policy "# permit user nobody tcp/443" ""
	denied "no rule of $POLICY"
}

@test "the last rule that matches decides" {
	policy "permit any tcp/443" "deny user nobody tcp/443"
	denied "$POLICY:2 denies it to user nobody"
	policy "deny user nobody tcp/443" "permit any tcp/443"
	permitted
	policy "permit any tcp/443" "deny user nobody tcp/443" \
	    "permit user nobody tcp/443" "deny any tcp/80" "deny user root tcp/443"
	permitted
}

@test "users and groups by name and number, of the process itself" {
	local rule

	for rule in "user nobody" "user 65534" any "group nogroup" "group 65534"; do
		policy "permit $rule tcp/443"
		permitted
	done
	for rule in "user root" "user 0" "user 12345" "group root" "group daemon"; do
		policy "permit $rule tcp/443"
		denied "no rule of $POLICY"
	done
	# A supplementary group counts, one that group(5) alone knows does not.
	mount --bind tests/root/group /etc/group
	policy "permit group 7777 tcp/443"
	denied "no rule"
	run -0 setpriv --reuid=nobody --regid=nogroup --groups=1,7777 \
	    "$LOWPORT" -q -p 443:8443 -- true
	umount /etc/group
}

@test "ports and protocols: those of the rule alone" {
	policy "permit any tcp/80 tcp/400-443 tcp+udp/600"
	permitted -p 80 -p 400 -p 443:8443 -p 600
	for port in 79 81 399 444 601; do
		denied "no rule of $POLICY" -p "$port:8443"
	done
	policy "permit any udp/443"
	denied "no rule"
	policy "permit any tcp+udp/443"
	permitted
}

@test "one mapping that is denied starts no server, and gets nothing bound" {
	denied "cannot bind 0.0.0.0:444" -p 443:8443 -p 444:8444
	permitted
}

@test "a permit covers what it names, a deny stops all that touches it" {
	policy "permit any tcp/443 on 127.0.0.0/8"
	permitted -p 127.0.0.1:443:8443
	permitted -p 127.255.0.1:443:8443
	denied "no rule" -p '[::1]:443:8443'
	denied "no rule" -p 0.0.0.0:443:8443
	denied "no rule" -p '[::]:443:8443'
	denied "no rule"
	policy "permit any tcp/443 on 0.0.0.0/0"
	permitted -p 0.0.0.0:443:8443
	denied "no rule" -p '[::]:443:8443'
	denied "no rule"
	policy "permit any tcp/443 on ::/0" "permit any tcp/443 on 0.0.0.0/0"
	permitted -p '[::1]:443:8443'
	denied "no rule" -p '[::]:443:8443'
	policy "permit any tcp/443" "deny any tcp/443 on 127.0.0.1"
	permitted -p 127.0.0.2:443:8443
	permitted -p '[::1]:443:8443'
	denied "$POLICY:2 denies" -p 127.0.0.1:443:8443
	denied "$POLICY:2 denies" -p '[::ffff:127.0.0.1]:443:8443'
	denied "$POLICY:2 denies" -p 0.0.0.0:443:8443
	denied "$POLICY:2 denies" -p '[::]:443:8443'
	denied "$POLICY:2 denies"
}

@test "a port that takes no privilege needs no rule, and none takes it away" {
	policy "deny any tcp/1-65535"
	denied "$POLICY:1 denies"
	permitted -p 20443:8443
	rm -r /etc/lowport
	permitted -p 20443:8443
	echo 443 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	run as_user timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- true
	echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$status" -eq 0 ]
	mkdir /etc/lowport
}

@test "who has the capability already is not asked: root, ambient, a namespace" {
	policy "deny any tcp/443"
	denied "$POLICY:1 denies"
	run -0 "$LOWPORT" -q -p 443:8443 -u nobody -- true
	run -0 "$PLAIN" -q -p 443:8443 -u nobody -- true
	run -0 setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    --inh-caps=+net_bind_service --ambient-caps=+net_bind_service \
	    "$PLAIN" -q -p 443:8443 -- true
	# With a file capability too, the kernel does not tell them apart,
	# unless nothing could have been gained.
	run -125 setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    --inh-caps=+net_bind_service --ambient-caps=+net_bind_service \
	    "$LOWPORT" -q -p 443:8443 -- true
	run -0 setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    --inh-caps=+net_bind_service --ambient-caps=+net_bind_service \
	    --no-new-privs "$LOWPORT" -q -p 443:8443 -- true
	run -0 as_user unshare -Urn "$LOWPORT" -q -u root -p 443:8443 -- true
}

@test "no_new_privs skips the policy, and the capability with it" {
	policy "deny any tcp/443"
	run -125 as_user setpriv --no-new-privs "$LOWPORT" -p 443:8443 -- true
	[[ $output == *"no_new_privs was set before"* ]]
	policy "permit any tcp/443"
	permitted
}

@test "the remedy in each message is one" {
	local remedy

	for scene in "rm -r /etc/lowport" ": >$POLICY" \
	    "echo 'deny any tcp/1-1023' >$POLICY"; do
		for mapping in 443:8443 127.0.0.1:443:8443 '[::1]:443:8443' \
		    0.0.0.0:443:8443 '[::]:443:8443'; do
			restore
			eval "$scene"
			denied "as root: " -p "$mapping"
			remedy=${output##*as root: }
			echo "$remedy"
			eval "$remedy"
			permitted -p "$mapping"
		done
	done
}

# ---- Who can have written it.

@test "owned by another" {
	chown nobody "$POLICY"
	distrusted "$POLICY is owned by uid 65534, not by root"
}

@test "writable by its group, by others, by an acl" {
	chmod g+w "$POLICY"
	distrusted "$POLICY is writable by others than root (mode 664)"
	chmod o+w "$POLICY"
	distrusted "writable by others than root (mode 646)"
	if command -v setfacl >/dev/null; then
		setfacl -m u:nobody:rw "$POLICY"
		distrusted "writable by others than root"
	fi
}

@test "a symbolic link to a good one" {
	mv "$POLICY" /etc/lowport/real
	ln -s real "$POLICY"
	distrusted "$POLICY is a symbolic link"
}

@test "a symbolic link on the way" {
	mv /etc/lowport /etc/lowport.real
	ln -s lowport.real /etc/lowport
	denied "/etc/lowport is a symbolic link"
	rm /etc/lowport
	mv /etc/lowport.real /etc/lowport
	permitted
}

@test "a directory on the way is another's" {
	chown nobody /etc/lowport
	distrusted "/etc/lowport is owned by uid 65534"
	chown nobody /etc
	distrusted "/etc is owned by uid 65534"
}

@test "a directory on the way is writable, sticky or not" {
	for mode in 775 757 1777 2775; do
		chmod "$mode" /etc/lowport
		distrusted "/etc/lowport is writable by others than root"
		chmod "$mode" /etc
		distrusted "/etc is writable by others than root"
	done
}

@test "no regular file: a directory, a pipe, a device; and none hangs" {
	rm "$POLICY"
	mkdir "$POLICY"
	distrusted "$POLICY is not a regular file"
	rm "$POLICY"
	mkfifo "$POLICY"
	distrusted "$POLICY is not a regular file"
	rm "$POLICY"
	touch "$POLICY"
	mount --bind /dev/zero "$POLICY"
	denied "lowport/policy"
	umount "$POLICY"
	restore
	permitted
}

@test "not readable to the caller" {
	chmod 600 "$POLICY"
	distrusted "$POLICY: Permission denied; it holds no secret: chmod a+r it"
}

@test "65,535 bytes, and one more" {
	head -c 65508 /dev/zero | tr '\0' '\n' >"$POLICY"
	echo "permit user nobody tcp/443" >>"$POLICY"
	[ "$(stat -c %s "$POLICY")" -eq 65535 ]
	permitted
	echo >>"$POLICY"
	distrusted "$POLICY: File too large"
}

# ---- What it says.

@test "an error in any line, in whosoever's rule, makes all of it invalid" {
	policy "permit user nobody tcp/443" "permit user nonesuch tcp/80"
	denied "$POLICY:2: there is no user 'nonesuch'"
	policy "permit group nonesuch tcp/80" "permit user nobody tcp/443"
	denied "$POLICY:1: there is no group 'nonesuch'"
	policy "" "# x" "allow any tcp/443" "permit user nobody tcp/443"
	denied "$POLICY:3: a rule begins with permit or deny"
	policy "permit user nobody tcp/443" "permit user nobody"
	denied "$POLICY:2: no port"
	policy "permit user nobody tcp/443" "permit any tcp/443 on 10.0.0.1/8"
	denied "$POLICY:2: 10.0.0.1 has bits beyond its /8"
	printf 'permit any tcp/443\n#\0\n' >"$POLICY"
	denied "$POLICY:2: it has a byte 0"
	policy "permit any tcp/443 $(printf '#%.0s' {1..1010})"
	denied "$POLICY:1: it is longer than 1023 bytes"
}

@test "--check-policy tells every error of a draft, whoever's it is" {
	printf '%s\n' "permit user nobody tcp/443" "permit any" "" \
	    "deny group nonesuch tcp/1" >"$TMPDIR/draft"
	run -125 as_user "$LOWPORT" --check-policy "$TMPDIR/draft"
	[ "${lines[0]}" = "lowport: $TMPDIR/draft:2: no port; write some, as in \
tcp/443" ]
	[[ ${lines[1]} == "lowport: $TMPDIR/draft:4: there is no group "* ]]
	[ "${#lines[@]}" -eq 2 ]
	sed -i '2d;4d' "$TMPDIR/draft"
	run -0 as_user "$LOWPORT" --check-policy "$TMPDIR/draft"
	[[ $output == "ok "*"$TMPDIR/draft: 1 rule" ]]
	run -0 as_user "$LOWPORT" --check-policy "$POLICY"
	chmod g+w "$POLICY"
	run -125 as_user "$LOWPORT" --check-policy "$POLICY"
	[[ $output == *"writable by others than root"* ]]
	run -125 as_user "$LOWPORT" --check-policy "$TMPDIR/nonesuch"
	[[ $output == *"No such file"* ]]
}

# ---- Attempts.

@test "exchanged under 100 starts: each sees the one or the other" {
	local n permits=0 denies=0

	policy "permit any tcp/443"
	mv "$POLICY" "$TMPDIR/permit"
	policy "deny any tcp/443"
	mv "$POLICY" "$TMPDIR/deny"
	(
		while [ ! -e "$TMPDIR/stop" ]; do
			for kind in permit deny; do
				cp "$TMPDIR/$kind" /etc/lowport/new
				mv /etc/lowport/new "$POLICY"
			done
		done
	) &
	sleep 0.1
	for n in {1..100}; do
		run as_user timeout -k 1 5 "$LOWPORT" -q -p 443:8443 -- true
		case $status in
		0) permits=$((permits + 1)) ;;
		125)
			denies=$((denies + 1))
			[[ $output == *"denies"* || $output == *"no rule"* ||
			    $output == *"cannot bind"* ]]
			;;
		*) false ;;
		esac
	done
	touch "$TMPDIR/stop"
	wait
	rm "$TMPDIR/stop"
	echo "permitted $permits, denied $denies"
	[ "$permits" -gt 0 ] && [ "$denies" -gt 0 ]
}

@test "a policy of one's own, mounted in a user namespace of one's own" {
	policy "deny any tcp/443"
	denied "$POLICY:1 denies"
	mkdir -m 755 "$TMPDIR/forged"
	echo "permit any tcp/443" >"$TMPDIR/forged/policy"
	chown -R nobody "$TMPDIR/forged"
	# There it is root's, all the way; and what it permits is that
	# namespace's own network.
	forged='mount --bind "$TMPDIR/forged" /etc/lowport
	    exec setpriv --securebits=+noroot --inh-caps=-all \
		--ambient-caps=-all "$LOWPORT" -q -u root -p 443:8443 -- true'
	run -0 as_user unshare -Urmn sh -c "$forged"
	run -125 as_user unshare -Urm sh -c "$forged"
	[[ $output == *"does not own this network namespace"* ]]
	# And the user himself, with the identity he has.
	forged='mount --bind "$TMPDIR/forged" /etc/lowport
	    exec unshare --user --map-user=65534 "$LOWPORT" -p 443:8443 -- true'
	run -125 as_user unshare -Urm sh -c "$forged"
	echo "$output"
	! listening 443
	rm -r "$TMPDIR/forged"
}
