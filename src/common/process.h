/* SPDX-License-Identifier: ISC */
/*
 * Other processes, through proc(5): the helper's view of the server.  All of
 * it needs the same user and a dumpable target (ptrace(2), "Ptrace access mode
 * checking"); process_read also needs Yama to allow an ancestor.
 *
 * A task is named by thread id, as seccomp_unotify(2) reports it.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads up to size bytes of the task's memory at an address.  Returns how many
 * were read, or -1 with errno.  (process_vm_readv(2), and /proc/PID/mem where a
 * container runtime refuses that.)
 */
ssize_t process_read(pid_t task, uint64_t address, void *, size_t size);

/*
 * Writes to the task's memory where the task itself could write: the protection
 * of its pages is respected (process_vm_writev(2); /proc/PID/mem respects none).
 * False where not all was written.
 */
bool process_write(pid_t task, uint64_t address, const void *, size_t size);

/* True where that call is not refused to this process as a whole, as some
 * container profiles do. */
bool process_may_write(void);

/* Reads the head of a small file of /proc/PID as text.  Returns its length, or
 * -1 with errno. */
ssize_t process_text(pid_t task, const char *file, char *text, size_t size);

/* When it has started, in ticks since the machine has; 0 where it is gone. */
uint64_t process_started(pid_t);

/* True where it holds this capability, permitted (capabilities(7)). */
bool process_has_capability(pid_t, int capability);

/* True when a tracer is attached to it. */
bool process_is_traced(pid_t);

/* True when the process ignores the signal, and has no handler for it. */
bool process_ignores(pid_t, int signal);

/* True when this process is among the ancestors of that one, or is it. */
bool process_is_descendant(pid_t);

enum process_descent {
	PROCESS_STRANGE,  /* this process is none of its ancestors */
	PROCESS_DESCENDS, /* it is, or it is this process */
	PROCESS_UNPLACED, /* it, or one of them, cannot be looked at */
};

enum process_descent process_descent(pid_t);

/* The process a task belongs to, or -1. */
pid_t process_of(pid_t task);

/* The inode of the socket at a descriptor, or 0 with errno; ENOTSOCK where it
 * is something else. */
ino_t process_socket(pid_t task, int fd);

/* True where one of its descriptors is a link to this: "anon_inode:...". */
bool process_has_link(pid_t, const char *link);

/* True where its mapped files have this in their name, of its first ones. */
bool process_maps(pid_t, const char *name);

/* The descriptor's O_NONBLOCK and O_CLOEXEC (/proc/PID/fdinfo), or -1. */
int process_descriptor_flags(pid_t task, int fd);

/*
 * The name the kernel gives to the protocol of the socket at a descriptor:
 * "TCP", "TCPv6", "MPTCP", "UDP"... (xattr "system.sockprotoname" of sockfs,
 * Linux 2.6.39).  Returns false with errno.
 */
bool process_socket_protocol(pid_t task, int fd, char *name, size_t size);

/* A descriptor of some process. */
struct process_descriptor {
	pid_t pid;
	int fd;
};

enum process_holding {
	PROCESS_NONE_HOLDS,
	PROCESS_MAY_HOLD, /* a descendant that cannot be read may */
	PROCESS_HOLDS,
};

/*
 * Says whether orphans of the server become children of this process: then all
 * it has are found below it, and what these searches cost is the server's affair
 * alone.  Until then, they go through all of /proc.
 */
void process_set_adopting(bool);

/*
 * Calls visit with each socket that a descendant of this process holds, until
 * it returns true: that is PROCESS_HOLDS.  Otherwise, what is to be said of
 * those it was not called with.  (Without process_set_adopting: any process that
 * this one may look at.)
 */
enum process_holding process_each_socket(bool (*visit)(ino_t,
					     struct process_descriptor, void *),
    void *argument);

/* Finds a descendant that holds the socket. */
enum process_holding process_find_holder(ino_t, struct process_descriptor *);

/* As process_each_socket, and with each that any other process holds which this one may look
 * at: that costs a walk of all of /proc. */
enum process_holding process_each_socket_anywhere(bool (*visit)(ino_t,
						      struct process_descriptor,
						      void *),
    void *argument);

/* Finds any other process of the machine that holds the socket, if this one may
 * look at it. */
bool process_find_anybody(ino_t, struct process_descriptor *);

/*
 * Call visit for each child of this process, and for each descendant: once, also
 * for those that appear meanwhile; but no longer than a bounded time.
 */
void process_each_child(void (*visit)(pid_t, void *), void *argument);
void process_each_descendant(void (*visit)(pid_t, void *), void *argument);

/* The parent of a process, or 0 where it is gone. */
pid_t process_parent(pid_t);

/* The number of the task's namespace of this kind, "net" or "user", or 0 with
 * errno. */
ino_t process_namespace(pid_t task, const char *kind);

/* True when the task and this process are confined alike by the security
 * module of this host, as far as proc(5), attr/current, tells. */
bool process_same_label(pid_t task);

#endif
