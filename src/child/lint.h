/* SPDX-License-Identifier: ISC */
/*
 * --check-policy: what is wrong in a text, before it is the policy.
 */
#ifndef LINT_H
#define LINT_H

/*
 * Reads a file as the policy, tells each error, and whether others than root
 * could write it, where it is the policy itself.  Ends the process.
 */
_Noreturn void lint_policy(const char *path);

#endif
