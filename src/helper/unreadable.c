/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: /proc/PID/status, which everybody may read, and its owner: that is
 * root unless the process is dumpable (proc(5)).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confinement.h"
#include "descendants.h"
#include "message.h"
#include "process.h"
#include "sysctl.h"
#include "unreadable.h"

#define PROC_PATH 64

/* The properties of a process that everybody may see. */
struct credentials {
	bool known;
	unsigned long uid, owner; /* its effective user, and its files' */
	unsigned long long capabilities;
};

static struct credentials
credentials_of(pid_t task)
{
	struct credentials c = {.known = false};
	char path[PROC_PATH], text[2048];
	const char *uid, *permitted;
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return c;
	if (fstat(fd, &status) == 0 &&
	    process_text(task, "status", text, sizeof(text)) > 0) {
		c.owner = status.st_uid;
		uid = strstr(text, "\nUid:");
		permitted = strstr(text, "\nCapPrm:");
		/* The second number is the effective user. */
		c.known = uid != NULL && permitted != NULL &&
		    sscanf(uid, " Uid: %*u %lu", &c.uid) == 1 &&
		    sscanf(permitted, " CapPrm: %llx", &c.capabilities) == 1;
	}
	close(fd);
	return c;
}

/* In the order of the kernel's checks (ptrace(2), "Ptrace access mode
 * checking"). */
static void
explain_refusal(pid_t task, int error, char why[REASON_TEXT])
{
	const struct credentials own = credentials_of(getpid());
	const struct credentials its = credentials_of(task);
	const int scope = sysctl_digit("/proc/sys/kernel/yama/ptrace_scope");

	if (!its.known)
		reason_say(why, "its /proc/%d cannot be read (hidepid?)", task);
	else if (its.uid != own.uid)
		reason_say(why, "it runs as user %lu, and not as user %lu",
		    its.uid, own.uid);
	else if ((its.capabilities & ~own.capabilities) != 0)
		reason_say(why,
		    "it holds capabilities that the helper lacks "
		    "(--keep-caps, or a user namespace it has entered)");
	else if (its.owner != its.uid)
		reason_say(why,
		    "it is not dumpable (it has made itself so, or its file "
		    "may not be read)");
	else if (scope > 1)
		reason_say(why, "kernel.yama.ptrace_scope is %d", scope);
	else if (scope == 1 && !descendants_have(task))
		reason_say(why,
		    "kernel.yama.ptrace_scope is 1, and it is no descendant");
	else if (!confinement_explain_trace(why, getpid(), task))
		reason_say(why,
		    "%s (a security module or a sandbox refuses it)",
		    message_error(error));
}

const char *
unreadable_explain(pid_t task, int error, char why[REASON_TEXT])
{
	if (error == EMFILE || error == ENFILE)
		reason_say(why, "the helper has no file descriptor left");
	else if (error == ESRCH)
		reason_say(why,
		    "its main thread has ended (Linux before 6.9 shows no "
		    "other)");
	else
		explain_refusal(task, error, why);
	return why;
}
