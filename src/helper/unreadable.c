/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: /proc/PID/status, which everybody may read, and its owner, by which
 * the kernel says whether the process is dumpable (proc(5)).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descendants.h"
#include "message.h"
#include "process.h"
#include "unreadable.h"

#define PROC_PATH 64

/* What the kernel says of a process to everybody. */
struct standing {
	bool known;
	unsigned long uid, owner; /* its effective user, and its files' */
	unsigned long long capabilities;
};

static unsigned long long
value_behind(const char *text, const char *key, int skip, int base)
{
	const char *at = strstr(text, key);

	if (at == NULL)
		return 0;
	for (at += strlen(key); skip > 0 && at != NULL; skip--) {
		at = strchr(at, '\t');
		at = at == NULL ? NULL : at + 1;
	}
	return at == NULL ? 0 : strtoull(at, NULL, base);
}

static struct standing
standing_of(pid_t task)
{
	struct standing s = {.known = false};
	char path[PROC_PATH], text[2048];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return s;
	if (fstat(fd, &status) == 0 &&
	    process_text(task, "status", text, sizeof(text)) > 0) {
		s.known = true;
		s.owner = status.st_uid;
		/* "Uid:\treal\teffective\t..." */
		s.uid = value_behind(text, "\nUid:\t", 1, 10);
		s.capabilities = value_behind(text, "\nCapPrm:\t", 0, 16);
	}
	close(fd);
	return s;
}

/* The setting of the Yama security module, 0 where there is none. */
static int
yama_scope(void)
{
	int fd = open("/proc/sys/kernel/yama/ptrace_scope",
	    O_RDONLY | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return 0;
	if (pread(fd, &digit, 1, 0) != 1)
		digit = '0';
	close(fd);
	return digit - '0';
}

/* The order is the kernel's (ptrace(2), "Ptrace access mode checking"). */
static void
explain_refusal(pid_t task, int error, char why[REASON_TEXT])
{
	const struct standing own = standing_of(getpid());
	const struct standing its = standing_of(task);
	const int scope = yama_scope();

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
	else if (scope > 1 || (scope == 1 && !descendants_have(task)))
		reason_say(why, "kernel.yama.ptrace_scope is %d%s", scope,
		    scope > 1 ? "" : ", and it is no descendant");
	else
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
