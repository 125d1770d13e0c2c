/* SPDX-License-Identifier: ISC */
/*
 * --check-policy: finds the errors in a text before it becomes the policy.
 */
#ifndef LINT_H
#define LINT_H

/*
 * Reads a file as the policy, and reports each error.  If the file is the policy
 * itself, reports whether others than root could write it.  Ends the process.
 */
_Noreturn void lint_policy(const char *path);

#endif
