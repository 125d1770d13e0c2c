#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The machines lowport is built for.

load helpers

# builds_for OPTION...: the compiler gets beyond what is refused.
builds_for() {
	run cc "$@" -E -nostdinc -iquote src/common -o /dev/null "$source"
	echo "$source $*: $output"
	[[ $output != *"is for 64-bit machines"* ]]
}

@test "a 32-bit machine is refused when lowport or its library is built" {
	for source in src/main.c src/server/syscall.h; do
		builds_for
		for option in -m32 -mx32; do
			cc "$option" -E -x c /dev/null >/dev/null 2>&1 ||
				skip "this compiler has no $option"
			run ! builds_for "$option"
		done
	done
}
