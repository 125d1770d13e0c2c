/* SPDX-License-Identifier: ISC */
/*
 * The server's environment is the caller's, but for what lowport(1) says it
 * sets.  A program that gains a
 * capability at exec runs with AT_SECURE set (getauxval(3)), and glibc deletes
 * LD_LIBRARY_PATH, TMPDIR and others from its environment before main
 * (ld.so(8), "Secure-execution mode").  The kernel's strings are still there.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

/*
 * Returns the NULL-terminated environment that execve(2) was given, in its
 * order, duplicates included.  The strings lie between the last argument and
 * the string AT_EXECFN points to (fs/exec.c copies them there in this order
 * since Linux 2.6.26).  argc is at least 1.  Falls back to environ(7) where
 * something other than the kernel has laid out the stack.
 */
char **environment_recover(int argc, char **argv);

/* Returns the value of a variable in such an environment, or NULL. */
const char *environment_get(char **environment, const char *name);

/* Returns a copy of an environment without name. */
char **environment_unset(char **environment, const char *name);

/* Returns a copy of an environment in which name has this value alone. */
char **environment_set(char **environment, const char *name, const char *value);

#endif
