/* SPDX-License-Identifier: ISC */
/* Facts that proc(5) has of a task: a process, or one thread of it. */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The process a task belongs to, or -1. */
pid_t task_process(pid_t task);

/* Numbers of fields of /proc/PID/stat (proc(5)). */
enum task_field {
	TASK_NAME = 2,
	TASK_PARENT = 4,
	TASK_THREADS = 20,
	TASK_STARTED = 22,
	TASK_MEMORY = 23,
};

/* Reads one of them; false if the process is gone, or cannot be seen. */
bool task_stat(pid_t process, enum task_field, unsigned long *value);

/* The parent of a process, or 0 if it is gone. */
pid_t task_parent(pid_t process);

/* When the process started, in ticks since the machine did; 0 if it is gone. */
uint64_t task_started(pid_t process);

/* True if it holds this capability, permitted (capabilities(7)). */
bool task_has_capability(pid_t process, int capability);

/* True if the process ignores the signal, and has no handler for it. */
bool task_ignores(pid_t process, int signal);

/* True if the task and this process are confined alike by the security module
 * of this host, as far as attr/current of proc(5) says. */
bool task_same_label(pid_t task);

/* True if one of its descriptors is a link to this: "anon_inode:...". */
bool task_has_link(pid_t process, const char *link);

/* True if one of the first files it has mapped has this in its name. */
bool task_maps(pid_t process, const char *name);

/* The descriptor's O_NONBLOCK and O_CLOEXEC (/proc/PID/fdinfo), or -1. */
int task_descriptor_flags(pid_t task, int fd);

/*
 * The name the kernel gives to the protocol of the socket at a descriptor:
 * "TCP", "TCPv6", "MPTCP", "UDP"... (xattr "system.sockprotoname" of sockfs).
 * Returns false with errno.
 */
bool task_socket_protocol(pid_t task, int fd, char *name, size_t size);

#endif
