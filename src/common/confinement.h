/* SPDX-License-Identifier: ISC */
/*
 * The security module that confines a process by rules: AppArmor or SELinux.
 * Yama has no rules, but one setting for all (kernel.yama.ptrace_scope).
 */
#ifndef CONFINEMENT_H
#define CONFINEMENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "reason.h"

#define CONFINEMENT_NAME 128

struct confinement {
	enum {
		CONFINEMENT_NONE, /* no module of these is on */
		CONFINEMENT_APPARMOR,
		CONFINEMENT_SELINUX,
	} module;
	bool enforced; /* it refuses what its rules do not permit */
	char name[CONFINEMENT_NAME]; /* AppArmor's profile, SELinux's domain */
};

/* A process's confinement, as far as proc(5) says.  Everybody may read it. */
struct confinement confinement_of(pid_t task);

/*
 * Says that the module which confines this process has refused something for
 * lack of a rule of AppArmor, as its profile has it.  Only for what the kernel
 * has refused for no other reason.  Returns false if it is not confined.
 */
bool confinement_explain(char why[REASON_TEXT], const char *rule);

/* "; " and that, to end a message, or "". */
const char *confinement_remark(char text[REASON_TEXT], const char *rule);

/* Likewise, of a process that may not look at a task, as ptrace(2) does. */
bool confinement_explain_trace(char why[REASON_TEXT], pid_t tracer, pid_t task);

#endif
