#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Attacks on the policy from outside: by variables, directories, descriptors,
# copies and namespaces that might have lowport read another policy, or none.

load attack

# forge_policy DIRECTORY: puts a policy that permits every port to each place
# below it where lowport might look.
forge_policy() {
	mkdir -p "$1/etc/lowport" "$1/lowport" "$1/.config/lowport" \
	    "$1/policy.d"
	echo 'permit any tcp/1-65535' >"$1/etc/lowport/policy"
	cp "$1/etc/lowport/policy" "$1/lowport/policy"
	cp "$1/etc/lowport/policy" "$1/.config/lowport/policy"
	cp "$1/etc/lowport/policy" "$1/policy"
	echo 'root:x:65534:65534::/:/bin/sh' >"$1/etc/passwd"
	cp "$1/etc/passwd" "$1/passwd"
	"$LOWPORT" --check-policy "$1/policy"
}

@test "policy: the denied port on the command line, in all forms" {
	with_444 "$LOWPORT"
	for mapping in 666 666:8443 127.0.0.1:666:8443 0.0.0.0:666:8443 \
	    127.66.6.6:666:8443 '[::1]:666:8443' '[::]:666:8443' \
	    '[::ffff:127.0.0.1]:666:8443' 666:443 666/tcp; do
		without_666 "$LOWPORT" -p "$mapping" -- sh -c "$MUST_NOT_START"
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"/etc/lowport/policy:"*" denies it to user"* ]]
	done
}

@test "policy: the denied port among permitted ones" {
	run -0 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -p 444:9443 -- true
	for mappings in "-p 666:8443 -p 443:9443" "-p 443:8443 -p 666:9443" \
	    "-p 127.0.0.1:666:8443 -p [::1]:443:8443" \
	    "-p 0.0.0.0:443:8443 -p [::]:666:8443" \
	    "-p 127.0.0.1:666:8443 -p 127.0.0.2:666:8443" \
	    "-p 20443:9443 -p 8666:666 -p 666:8666"; do
		# shellcheck disable=SC2086
		without_666 "$LOWPORT" $mappings -- sh -c "$MUST_NOT_START"
		[[ $output == *"denies it to user"* ]]
	done
}

@test "policy: LOWPORT_PUBLISH with the denied port" {
	LOWPORT_PUBLISH="444:8443" run -0 timeout -k 1 60 "$LOWPORT" -q -- \
	    "$ATTACK" report 1
	[ "$output" = 444 ]
	for publish in 666:8443 "443:9443 666:8443" "666:8443 443:9443"; do
		without_666 env LOWPORT_PUBLISH="$publish" "$LOWPORT" -- \
		    sh -c "$MUST_NOT_START"
		[[ $output == *"denies it to user"* ]]
	done
}

@test "policy: the server binds the denied port itself" {
	with_444 "$LOWPORT"
	run -1 timeout -k 1 60 "$LOWPORT" -q -p 443:8443 -- "$ATTACK" serve 666
	[[ $output == *"port 666: Permission denied"* ]]
	# A mapping for that very port, on an address the bind is not of.
	run -1 timeout -k 1 60 "$LOWPORT" -q -p 127.0.0.2:20443:666 -- \
	    "$ATTACK" serve 666
	[[ $output == *"port 666: Permission denied"* ]]
	nothing_left
}

@test "policy: variables that might name another, or another root" {
	forged=$TMPDIR/forged
	forge_policy "$forged"
	with_444 "$LOWPORT"
	for name in LOWPORT_POLICY LOWPORT_POLICY_FILE LOWPORT_CONFIG POLICY \
	    POLICY_FILE LOWPORT_CHECK_POLICY; do
		without_666 env "$name=$forged/policy" \
		    "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
	done
	for name in HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS SYSCONFDIR ROOT \
	    DESTDIR PREFIX CONFIGURATION_DIRECTORY PWD CHROOT; do
		without_666 env "$name=$forged" \
		    "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
	done
	rm -r "$forged"
}

@test "policy: variables that might name another user or another network" {
	forge_policy "$TMPDIR/forged"
	with_444 "$LOWPORT"
	for variables in "USER=root LOGNAME=root SUDO_USER=root SUDO_UID=0" \
	    "UID=0 EUID=0 PKEXEC_UID=0 LOWPORT_UID=0" \
	    "NSS_WRAPPER_PASSWD=$TMPDIR/forged/passwd UID_WRAPPER_ROOT=1" \
	    "PATH=$TMPDIR/forged:/usr/bin:/bin LANG=$TMPDIR/forged" \
	    "LOCALDOMAIN=forged HOSTALIASES=$TMPDIR/forged/policy" \
	    "RES_OPTIONS=debug LOCPATH=$TMPDIR/forged NLSPATH=$TMPDIR/forged" \
	    "GCONV_PATH=$TMPDIR/forged GETCONF_DIR=$TMPDIR/forged TZ=:/dev/zero" \
	    "LD_PRELOAD=libnss_wrapper.so LD_LIBRARY_PATH=$TMPDIR/forged" \
	    "LISTEN_FDS=3 LISTEN_PID=1 NOTIFY_SOCKET=/ container=lxc" \
	    "GLIBC_TUNABLES=glibc.malloc.check=3:glibc.rtld.nns=1" \
	    "JOURNAL_STREAM=0:0 LOWPORT_LEARN=observe LOWPORT_KERNEL=5.9"; do
		# shellcheck disable=SC2086
		without_666 env $variables \
		    "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
		[[ $output == *"denies it to user nobody"* ]]
	done
	rm -r "$TMPDIR/forged"
}

@test "policy: a forged one below the working directory" {
	forge_policy "$TMPDIR/forged"
	with_444 "$LOWPORT"
	for directory in "$TMPDIR/forged" "$TMPDIR/forged/etc" \
	    "$TMPDIR/forged/lowport"; do
		without_666 env -C "$directory" "$LOWPORT" -p 666:8443 -- \
		    sh -c "$MUST_NOT_START"
	done
	# And one that is there no more.
	without_666 bash -c 'cd "$TMPDIR/forged/lowport" && rm -r "$TMPDIR/forged"
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
}

@test "policy: forged and real ones at every descriptor that might be read" {
	forge_policy "$TMPDIR/forged"
	with_444 "$LOWPORT"
	without_666 bash -c 'exec 0<"$TMPDIR/forged/policy"
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
	without_666 bash -c 'for ((fd = 3; fd < 64; fd++)); do
		case $((fd % 4)) in
		0) eval "exec $fd<\"\$TMPDIR/forged/policy\"" ;;
		1) eval "exec $fd<\"\$TMPDIR/forged/etc/lowport\"" ;;
		2) eval "exec $fd</etc/lowport/policy" ;;
		3) eval "exec $fd</etc/lowport" ;;
		esac
	    done
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
	# Read to its end by somebody who shares the description.
	without_666 bash -c 'exec 3</etc/lowport/policy; cat <&3 >/dev/null
	    exec "$0" -p 666:8443 -- sh -c "$1"' "$LOWPORT" "$MUST_NOT_START"
	rm -r "$TMPDIR/forged"
}

@test "policy: the user can change neither it nor the way to it" {
	echo 'permit any tcp/1-65535' >"$TMPDIR/policy"
	ln -sfn "$TMPDIR/policy" "$TMPDIR/link"
	mv "$TMPDIR/policy" "$TMPDIR/moved"
	for file in /etc/lowport/policy /etc/lowport /etc; do
		[ ! -w "$file" ]
		run ! mv "$TMPDIR/moved" "$file"
		run ! mv "$file" "$file.old"
		run ! ln -sfn "$TMPDIR/moved" "$file"
		run ! chmod 777 "$file"
		run ! rm -rf "$file"
	done
	rm "$TMPDIR/link" "$TMPDIR/moved"
	without_666 "$LOWPORT" -p 666:8443 -- sh -c "$MUST_NOT_START"
}

@test "policy: a copy of lowport, set-user-ID or not" {
	with_444 "$LOWPORT"
	cp "$LOWPORT" "$TMPDIR/copy"
	for mode in 755 4755 6755; do
		chmod "$mode" "$TMPDIR/copy"
		without_666 "$TMPDIR/copy" -p 666:8443 -- \
		    sh -c "$MUST_NOT_START"
		[[ $output == *"this program has no capability"* ]]
	done
	rm "$TMPDIR/copy"
}

@test "policy: a copy of lowport that looks elsewhere" {
	forge_policy "$TMPDIR/forged"
	cd "$TMPDIR/forged"
	# Of the same length, and relative: who reads it reads the forged one.
	sed 's|/etc/lowport/policy|etc/lowport//policy|g' "$LOWPORT" \
	    >"$TMPDIR/copy"
	chmod 755 "$TMPDIR/copy"
	run "$TMPDIR/copy" --check-policy etc/lowport/policy
	[[ ${lines[0]} == *"etc/lowport/policy has no error; rules: 1" ]]
	run ! cmp -s "$LOWPORT" "$TMPDIR/copy"
	with_444 "$LOWPORT"
	without_666 "$TMPDIR/copy" -p 666:8443 -- sh -c "$MUST_NOT_START"
	[[ $output == *"this program has no capability"* ]]
	cd "$OLDPWD"
	rm -r "$TMPDIR/copy" "$TMPDIR/forged"
}

@test "policy: no_new_privs, under which it is not asked, gives nothing" {
	with_444 "$LOWPORT"
	run timeout -k 1 60 setpriv --no-new-privs "$LOWPORT" --check \
	    -p 666:8443
	[[ $output == *"not asked: under no_new_privs"* ]]
	for port in 666 444; do
		without_666 setpriv --no-new-privs "$LOWPORT" -p "$port:8443" \
		    -- sh -c "$MUST_NOT_START"
		[[ $output == *"no_new_privs was set"* ]]
	done
}

@test "policy: ambient and inheritable capabilities are not the user's to set" {
	needs "no user namespaces" unshare -Un true
	# Where they are, nobody asks the policy.
	with_444 unshare -Un --map-current-user --keep-caps "$PLAIN"
	run -0 timeout -k 1 60 unshare -Un --map-current-user --keep-caps \
	    "$PLAIN" -q -p 666:8443 -- true
	for sets in --inh-caps=+net_bind_service \
	    --ambient-caps=+net_bind_service --bounding-set=-all \
	    --securebits=+keep_caps \
	    "--inh-caps=+net_bind_service --ambient-caps=+net_bind_service"; do
		# shellcheck disable=SC2086
		run ! timeout -k 1 60 setpriv $sets "$LOWPORT" -p 666:8443 \
		    -- sh -c "$MUST_NOT_START"
		echo "$sets: $output"
		[ ! -e "$TMPDIR/started" ]
		nothing_left
	done
}

@test "policy: under lowport, lowport has no port to offer" {
	with_444 "$LOWPORT"
	for inner in "$LOWPORT" "$PLAIN"; do
		without_666 "$LOWPORT" -q -p 443:8443 -- \
		    "$inner" -p 666:9443 -- sh -c "$MUST_NOT_START"
		# But what the outer one maps that port to.
		"$LOWPORT" -q -p 20443:666 -- \
		    "$inner" -q -p 666:9443 -- python3 tests/hold.py 9443 &
		wait_until listening 20443
		not listening 666
		kill $!
		wait $! || true
	done
}

# In a user and mount namespace, with a policy of its own.
OWN_POLICY='mount --bind "$TMPDIR/forged" /etc/lowport/policy &&
    grep -q 65535 /etc/lowport/policy && exec "$@"'
OWN_DIRECTORY='mount -t tmpfs tmpfs /etc/lowport &&
    echo "permit any tcp/1-65535" >/etc/lowport/policy &&
    [ "$(stat -c %u /etc/lowport/policy)" = 0 ] && exec "$@"'

@test "policy: root of a user namespace, with a policy of his own over it" {
	needs "no user namespaces" unshare -Urnm true
	echo 'permit any tcp/1-65535' >"$TMPDIR/forged"
	for own in "$OWN_POLICY" "$OWN_DIRECTORY"; do
		run -0 timeout -k 1 60 unshare -Urnm sh -c "$own" - "$LOWPORT" \
		    -q -u root -p 666:8443 -- "$ATTACK" report 1
		[ "$output" = 666 ]
		without_666 unshare -Urm sh -c "$own" - "$LOWPORT" -u root \
		    -p 666:8443 -- sh -c "$MUST_NOT_START"
	done
	rm "$TMPDIR/forged"
}

@test "policy: somebody of a user namespace, with a policy of his own over it" {
	needs "no user namespaces" unshare -Urnm true
	echo 'permit any tcp/1-65535' >"$TMPDIR/forged"
	somebody='exec setpriv --inh-caps=-all --ambient-caps=-all "$@"'
	own="${OWN_POLICY%exec*}$somebody"
	for map in --map-current-user --map-user=1000; do
		# It is mounted, and the capability is there.
		run -0 timeout -k 1 60 unshare -Unm "$map" --keep-caps \
		    sh -c "$OWN_POLICY" - "$PLAIN" -q -p 666:8443 -- true
		for network in "-n" ""; do
			without_666 unshare -Um $network "$map" --keep-caps \
			    sh -c "$own" - "$LOWPORT" -p 666:8443 -- \
			    sh -c "$MUST_NOT_START"
		done
	done
	rm "$TMPDIR/forged"
}

@test "policy: uid 0 of a user namespace, who is not asked, gets nothing" {
	needs "no user namespaces" unshare -Urn true
	run -0 timeout -k 1 60 unshare -Urn "$LOWPORT" -q -u root -p 666:8443 \
	    -- "$ATTACK" report 1
	[ "$output" = 666 ]
	for user in "-r" "-r unshare -U" "-r unshare -Ur" "-c unshare -Ur"; do
		# shellcheck disable=SC2086
		without_666 unshare -U $user "$LOWPORT" -u root -p 666:8443 \
		    -- sh -c "$MUST_NOT_START"
	done
}
