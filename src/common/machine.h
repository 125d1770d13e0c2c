/* SPDX-License-Identifier: ISC */
/*
 * The machines lowport is for.  A 32-bit one has other system calls: a C library
 * makes some the filters do not know (clock_gettime64, socketcall), and the
 * helper would be killed by its own.
 */
#ifndef MACHINE_H
#define MACHINE_H

#ifndef __LP64__
#error "lowport is for 64-bit machines (x86-64, arm64), not for i386, x32 or \
another 32-bit one; build it for the kernel's own 64-bit architecture"
#endif

#endif
