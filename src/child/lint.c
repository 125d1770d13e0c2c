/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, before it has become the user of -u.
 * Reads: a file the caller names, as a policy.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "constants.h"
#include "file.h"
#include "lint.h"
#include "message.h"
#include "policy.h"
#include "refusal.h"
#include "report.h"
#include "trust.h"
#include "verdict.h"

static char text[VERDICT_POLICY_MAX];

/* A draft, or what is named by mistake, may hold a secret. */
static _Noreturn void
refuse_unread(const char *path)
{
	char remark[REASON_TEXT] = "";

	if (errno == EACCES && strcmp(path, verdict_policy) == 0)
		refusal_remark(remark, path, S_IROTH);
	fatalx("cannot read the policy '%.200s': %s%.500s", path,
	    strerror(errno), remark);
}

/*
 * Unlike trust_read, this takes any regular file: it may be a draft.  Root
 * follows no symbolic link: an error quotes the text, and somebody else's link
 * may lead to a file that only root can read.  Before Linux 5.6, and if a sandbox
 * refuses openat2(2), only the last name on the path is checked.
 */
static int
find_draft(const char *path)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
	    .resolve = RESOLVE_NO_SYMLINKS};
	int fd;

	if (geteuid() != 0)
		return open(path, O_PATH | O_CLOEXEC);
	fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

/* Opening a device can have effects, so the file is opened only when it is known
 * to be a regular one. */
static int
open_draft(const char *path, struct stat *status)
{
	char again[32];
	int at = find_draft(path), fd;

	if (at < 0 && errno == ELOOP)
		fatalx("policy '%.200s': the path has a symbolic link; name "
		       "the file it leads to (realpath)",
		    path);
	if (at < 0 || fstat(at, status) != 0)
		refuse_unread(path);
	if (S_ISLNK(status->st_mode))
		fatalx("policy '%.200s' is a symbolic link; name the file it "
		       "leads to (realpath)",
		    path);
	if (!S_ISREG(status->st_mode))
		fatalx("policy '%.200s' is no regular file", path);
	snprintf(again, sizeof(again), "/proc/self/fd/%d", at);
	fd = open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fatalx("policy '%.200s' cannot be opened without /proc; mount "
		       "it",
		    path);
	close(at);
	return fd;
}

static size_t
read_draft(const char *path, struct stat *status)
{
	int fd = open_draft(path, status);
	ssize_t length = -1;

	if (fd >= 0)
		length = file_read(fd, text, sizeof(text));
	if (length < 0)
		refuse_unread(path);
	close(fd);
	if (length == sizeof(text))
		fatalx("policy '%.200s' is longer than %zu bytes", path,
		    sizeof(text) - 1);
	return (size_t)length;
}

/* Reports the errors.  Returns their number, and in *rules that of the rules. */
static unsigned int
lint_rules(const char *path, size_t length, unsigned int *rules)
{
	struct policy_reader reader = {.rest = text, .length = length};
	enum policy_item item;
	struct policy_rule rule;
	char why[REASON_TEXT];
	unsigned int errors = 0;

	while ((item = policy_next(&reader, &rule, why)) != POLICY_END) {
		++*(item == POLICY_RULE ? rules : &errors);
		if (item != POLICY_RULE)
			report_problem("policy", "%s:%u: %s", path, reader.line,
			    why);
	}
	return errors;
}

static bool
is_in_force(const struct stat *draft)
{
	struct stat policy;

	return stat(verdict_policy, &policy) == 0 &&
	    policy.st_dev == draft->st_dev && policy.st_ino == draft->st_ino;
}

void
lint_policy(const char *path)
{
	struct stat status;
	size_t length = read_draft(path, &status);
	const bool in_force = is_in_force(&status);
	unsigned int rules = 0, errors;
	char why[REASON_TEXT];

	errors = lint_rules(path, length, &rules);
	if (errors == 0 && in_force)
		report_ok("policy", "%s has no error; rules: %u", path, rules);
	else if (errors == 0)
		report_ok("policy",
		    "%s has no error, and is not in force; rules: %u", path,
		    rules);
	if (in_force && trust_read(verdict_policy, text, sizeof(text), why) < 0)
		report_problem("policy", "%s", why);
	report_end();
}
