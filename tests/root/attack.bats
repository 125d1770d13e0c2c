#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# The attacks of attack_looking.bats that take another user's lowport: root of the
# sandbox's namespaces starts it (SANDBOX_USER=root), an ordinary user attacks.

load ../helpers

# uncaught COMMAND...: put before lowport, it makes one whose child others of the
# server's user cannot trace before the plan is sent: the attackable one's they
# can.
uncaught() {
	run -0 timeout -k 1 300 build/attacker catch "$@" \
	    build/lowport_attackable -q -u nobody -p 443:8443 -- true
	[[ $output == *"before its plan caught"* ]]
	run -0 timeout -k 1 300 build/attacker catch "$@" \
	    "$PLAIN" -q -u nobody -p 443:8443 -- true
	[[ $output == *"before its plan never, later caught"* ]]
}

@test "root's child of -u cannot be traced before it has sent its plan" {
	uncaught env
}

@test "nor can the child of who has the capability in the ambient set" {
	uncaught setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    --inh-caps=+net_bind_service --ambient-caps=+net_bind_service
}
