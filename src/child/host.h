/* SPDX-License-Identifier: ISC */
/*
 * The kernel that this process runs on, its settings, the user namespace.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

/* Reads a number under /proc/sys; false if there is none. */
bool host_setting(const char *path, unsigned int *value);

/* False in the first user namespace, which maps every id to itself
 * (user_namespaces(7)).  Another one could do the same. */
bool host_in_user_namespace(void);

/* True if it has processes of its own, as containers do (pid_namespaces(7)). */
bool host_in_container(void);

/* The program that translates this one for another machine (qemu-user), or NULL. */
const char *host_emulator(void);

/* True in gVisor, whose kernel is not Linux. */
bool host_is_gvisor(void);

/* True if uname(2) names an older Linux.  For messages only: lowport tries a
 * feature to learn whether it works. */
bool host_kernel_before(unsigned int major, unsigned int minor);

/* kernel.yama.ptrace_scope, or 0 without Yama. */
#define HOST_YAMA "/proc/sys/kernel/yama/ptrace_scope"
unsigned int host_yama_scope(void);

/* The ports below this one take the capability (ip(7)); 1024 if it cannot be
 * read.  Linux 4.11. */
#define HOST_PORT_START "/proc/sys/net/ipv4/ip_unprivileged_port_start"
unsigned int host_port_start(void);

/* No hand-off works without it. */
bool host_has_proc(void);

/* False only if this process has neither a controlling terminal nor a descriptor
 * of a terminal, which it could make that (TIOCSCTTY). */
bool host_has_terminal(void);

#endif
