/* SPDX-License-Identifier: ISC */
/*
 * The server gets the caller's environment, with the changes that lowport(1)
 * names.  A program that gains a capability at exec runs with AT_SECURE set
 * (getauxval(3)), so glibc deletes LD_LIBRARY_PATH, TMPDIR and others before
 * main (ld.so(8), "Secure-execution mode").  The kernel's strings are still
 * there.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

/*
 * Returns the NULL-terminated environment that execve(2) was given, in its
 * order, duplicates included.  The strings lie between the last argument and
 * the string AT_EXECFN points to (Linux 2.6.27): fs/exec.c copies them in this
 * order.  argc is at least 1.  Returns environ(7) if something other than the
 * kernel has laid out the stack.
 */
char **environment_recover(int argc, char **argv);

/* Returns the value of a variable in such an environment, or NULL. */
const char *environment_get(char **environment, const char *name);

/* Returns a copy of an environment without name. */
char **environment_unset(char **environment, const char *name);

/* Returns a copy of an environment in which name has one value, as printf(3)
 * writes it. */
char **environment_set(char **environment, const char *name, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

#endif
