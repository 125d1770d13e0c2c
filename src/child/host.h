/* SPDX-License-Identifier: ISC */
/*
 * What this process runs on: the kernel, its settings, its namespaces.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

/* Reads a number under /proc/sys, as '%u'; false where there is none. */
bool host_setting(const char *path, unsigned int *value);

/* True when this process may run in a user namespace other than the first:
 * that one maps every id to itself (user_namespaces(7)). */
bool host_in_user_namespace(void);

/* True in gVisor, whose kernel is not Linux. */
bool host_is_gvisor(void);

/* True where uname(2) tells of a Linux before this one.  For a reason alone:
 * what the kernel can is tried. */
bool host_kernel_before(unsigned int major, unsigned int minor);

/* kernel.yama.ptrace_scope, 0 where there is no Yama. */
unsigned int host_yama_scope(void);

/* The ports below this one take the capability (ip(7)); 1024 where it cannot be
 * read.  Linux 4.11. */
#define HOST_PORT_START "/proc/sys/net/ipv4/ip_unprivileged_port_start"
unsigned int host_port_start(void);

/* Without it no hand-off works. */
bool host_has_proc(void);

#endif
