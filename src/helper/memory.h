/* SPDX-License-Identifier: ISC */
/*
 * The memory of a task that made a trapped call.  It can be read and written if
 * the task has the same user and is dumpable, and if Yama allows an ancestor
 * (ptrace(2), "Ptrace access mode checking").
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads up to size bytes at an address.  Returns how many were read, or -1 with
 * errno.  (process_vm_readv(2), or /proc/PID/mem if a container runtime refuses
 * that.)
 */
ssize_t memory_read(pid_t task, uint64_t address, void *, size_t size);

/*
 * Writes where the task itself could write: process_vm_writev(2) respects the
 * protection of its pages, /proc/PID/mem does not.  Returns false if not all
 * was written.
 */
bool memory_write(pid_t task, uint64_t address, const void *, size_t size);

#endif
