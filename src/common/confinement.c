/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, when something was refused; the child with --doctor.
 * No call here allocates.
 * Reads: attr of proc(5), written by the kernel: names that the administrator
 * chose.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confinement.h"
#include "process.h"

#define TEXT 512

/* Without that file it is not known, and this is the default. */
static bool
selinux_enforces(void)
{
	const int fd = open("/sys/fs/selinux/enforce", O_RDONLY | O_CLOEXEC);
	char digit = '1';

	if (fd < 0)
		return true;
	if (read(fd, &digit, 1) != 1)
		digit = '1';
	close(fd);
	return digit != '0';
}

/* "profile (mode)" or "unconfined".  In mode complain or unconfined, a profile
 * refuses nothing (but for deny rules). */
static bool
parse_apparmor(struct confinement *c, char *text)
{
	char *mode = strrchr(text, ' ');

	if (strcmp(text, "unconfined") != 0 &&
	    (mode == NULL || mode[1] != '(' || text[strlen(text) - 1] != ')'))
		return false;
	c->module = CONFINEMENT_APPARMOR;
	c->enforced = mode != NULL && strcmp(mode, " (complain)") != 0 &&
	    strcmp(mode, " (unconfined)") != 0;
	if (mode != NULL)
		*mode = '\0';
	snprintf(c->name, sizeof(c->name), "%.*s", CONFINEMENT_NAME - 1, text);
	return true;
}

/* "user:role:domain", and perhaps ":level". */
static void
parse_selinux(struct confinement *c, const char *text)
{
	const char *role = strchr(text, ':');
	const char *domain = role == NULL ? NULL : strchr(role + 1, ':');

	if (domain == NULL)
		return;
	c->module = CONFINEMENT_SELINUX;
	c->enforced = selinux_enforces();
	snprintf(c->name, sizeof(c->name), "%.*s",
	    (int)strcspn(domain + 1, ":"), domain + 1);
}

struct confinement
confinement_of(pid_t task)
{
	struct confinement c = {.module = CONFINEMENT_NONE};
	char text[TEXT];

	/* The first is of Linux 5.8; the other one is shared by all modules. */
	if (process_text(task, "attr/apparmor/current", text, sizeof(text)) <=
		0 &&
	    process_text(task, "attr/current", text, sizeof(text)) <= 0)
		return c;
	text[strcspn(text, "\n")] = '\0';
	if (!parse_apparmor(&c, text))
		parse_selinux(&c, text);
	return c;
}

static bool
explain_rule(char why[REASON_TEXT], const char *profile, const char *rule)
{
	reason_say(why,
	    "AppArmor's profile %s lacks the rule '%s', or denies it", profile,
	    rule);
	return true;
}

bool
confinement_explain(char why[REASON_TEXT], const char *rule)
{
	const struct confinement own = confinement_of(getpid());

	if (!own.enforced)
		return false;
	if (own.module == CONFINEMENT_APPARMOR)
		return explain_rule(why, own.name, rule);
	reason_say(why,
	    "SELinux refuses it to the domain %s (ausearch -m AVC, or dmesg, "
	    "shows it)",
	    own.name);
	return true;
}

const char *
confinement_remark(char text[REASON_TEXT], const char *rule)
{
	char why[REASON_TEXT];

	*text = '\0';
	if (confinement_explain(why, rule))
		reason_say(text, "; %.700s", why);
	return text;
}

/* Both profiles must permit it, the one as tracer, the other as tracee; AppArmor
 * asks no profile of a tracer that is not confined. */
static bool
explain_two(char why[REASON_TEXT], const struct confinement *own,
    const struct confinement *its)
{
	if (strcmp(own->name, its->name) == 0)
		return explain_rule(why, own->name,
		    "ptrace (trace, read, tracedby, readby) "
		    "peer=@{profile_name},");
	if (its->enforced)
		reason_say(why,
		    "AppArmor's profile %s lacks the rule 'ptrace (trace, "
		    "read) peer=%s,', or %s 'ptrace (tracedby, readby) "
		    "peer=%s,'",
		    own->name, its->name, its->name, own->name);
	else
		explain_rule(why, own->name,
		    "ptrace (trace, read) peer=unconfined,");
	return true;
}

bool
confinement_explain_trace(char why[REASON_TEXT], pid_t tracer, pid_t task)
{
	const struct confinement own = confinement_of(tracer);
	const struct confinement its = confinement_of(task);

	if (!own.enforced || its.module != own.module)
		return false;
	if (own.module == CONFINEMENT_APPARMOR)
		return explain_two(why, &own, &its);
	reason_say(why,
	    "SELinux refuses it to the domain %s: its policy lacks 'allow %s "
	    "%s:process ptrace;'",
	    own.name, own.name,
	    strcmp(own.name, its.name) == 0 ? "self" : its.name);
	return true;
}
