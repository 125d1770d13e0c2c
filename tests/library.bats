#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# What build/liblowport.so is linked to, and what it puts in front of others: it
# is loaded into programs of any C library.

load helpers

LIBRARY=build/liblowport.so

@test "the library needs no other (server_rebind, the control, does)" {
	[[ $(readelf -d build/server_rebind) == *"(NEEDED)"* ]]
	[[ $(readelf -d "$LIBRARY") == *"[liblowport.so]"* ]]
	[[ $(readelf -d "$LIBRARY") != *"(NEEDED)"* ]]
}

@test "it takes errno, the environment and syscall(2) from the program, no more" {
	[ "$(nm -D --undefined-only "$LIBRARY" | awk '{print $NF}' |
	    LC_ALL=C sort)" = \
	    "__errno_location
environ
syscall" ]
}

@test "it overrides bind and getsockname, and nothing else" {
	[ "$(nm -D --defined-only "$LIBRARY" | awk '{print $2, $3}' |
	    LC_ALL=C sort)" = \
	    "T bind
T getsockname" ]
}

@test "it has no executable stack and no text relocations" {
	[[ $(readelf -lW "$LIBRARY" | grep GNU_STACK) == *" RW "* ]]
	[[ $(readelf -d "$LIBRARY") != *TEXTREL* ]]
}
