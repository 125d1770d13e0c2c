/* SPDX-License-Identifier: ISC */
/*
 * Files of proc(5) that describe a process.  They can be read if the process
 * has the same user and is dumpable (ptrace(2), "Ptrace access mode checking").
 *
 * A task is named by thread id, as seccomp_unotify(2) reports it.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor of some process. */
struct process_descriptor {
	pid_t pid;
	int fd;
};

/* Opens a file of /proc/PID.  Returns -1 with errno. */
int process_open(pid_t task, const char *file);

/* Reads the head of a small file of /proc/PID as text.  Returns its length, or
 * -1 with errno. */
ssize_t process_text(pid_t task, const char *file, char *text, size_t size);

/* Reads the number that follows a key at the start of a line of such a file. */
bool process_number(pid_t task, const char *file, const char *key, int base,
    uint64_t *value);

/* The process's parent, or 0: it cannot be seen, as it is in another namespace. */
pid_t process_parent(pid_t);

/* Reads a link of /proc/PID as text.  Returns false with errno. */
bool process_link(pid_t task, const char *file, char *text, size_t size);

/* Room for the name of a process (proc(5), comm). */
#define PROCESS_NAME 32

/* Returns the name, "?" if it cannot be read. */
const char *process_name(pid_t task, char name[PROCESS_NAME]);

/* The inode of the socket at a descriptor, or 0 with errno; ENOTSOCK if it is
 * something else. */
ino_t process_socket(pid_t task, int fd);

/* The number of the task's namespace of this kind, "net" or "user", or 0 with
 * errno. */
ino_t process_namespace(pid_t task, const char *kind);

/*
 * The entries of a directory whose names are numbers: processes, threads or
 * descriptors.  The walk has a descriptor open until it has named all of them;
 * a caller that stops before that ends it.
 */
struct process_numbers {
	int directory;
	bool failed; /* some entries were not seen */
	ssize_t length, at;
	char buffer[4096] __attribute__((aligned(8)));
};

/* Begins with all processes; or with a directory of /proc/PID, if it can be
 * opened: returns false with errno otherwise, and there are no entries. */
void process_numbers_all(struct process_numbers *);
bool process_numbers_of(struct process_numbers *, pid_t, const char *directory);

/* The next number, or -1 at the end. */
int process_numbers_next(struct process_numbers *);

void process_numbers_end(struct process_numbers *);

/* Closes this process's descriptors from first on.  Returns false with errno if
 * some may be open still. */
bool process_close_from(int first);

#endif
