# SPDX-License-Identifier: ISC
#
# Sourced where tests differ by the kernel.

# kernel_since VERSION: this one is that, or newer.
kernel_since() {
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}
