/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, when a file was refused.
 * Reads: the modes of the file and of the directories on its path.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confinement.h"
#include "message.h"
#include "refusal.h"

/* Room for a path in a remedy. */
#define PLAIN 300

static bool
mode_permits(const struct stat *status, mode_t right)
{
	if (status->st_uid == geteuid())
		right <<= 6;
	else if (status->st_gid == getegid() || group_member(status->st_gid))
		right <<= 3;
	return (status->st_mode & right) != 0;
}

/* True if a shell takes the path for one word, as it is printed. */
static bool
is_plain(const char *path)
{
	char printed[PLAIN];

	snprintf(printed, sizeof(printed), "%s", path);
	message_make_printable(printed);
	return strcmp(printed, path) == 0 &&
	    strpbrk(path, " !\"#$&'()*;<>?[\\]`{|}~") == NULL;
}

static bool
say_chmod(char why[REASON_TEXT], const char *path, mode_t right)
{
	const char *reason = right == S_IROTH ? "it holds no secret: " : "";
	const char what = right == S_IROTH ? 'r' : 'x';

	if (is_plain(path))
		reason_say(why, "%schmod a+%c %s", reason, what, path);
	else
		reason_say(why, "%suse chmod(1) to give a+%c to '%.*s'", reason,
		    what, PLAIN, path);
	return true;
}

/* What is below a directory that may not be searched cannot be seen.  So from the
 * file up to "/" the first that can be seen refuses it, if any mode does.  Cuts
 * the path. */
static bool
explain_mode(char why[REASON_TEXT], char *path, mode_t right)
{
	struct stat status;
	char *slash;

	while (stat(path, &status) != 0) {
		slash = strrchr(path, '/');
		if (slash == NULL || slash[1] == '\0')
			return false;
		slash[slash == path] = '\0';
		right = S_IXOTH;
	}
	return !mode_permits(&status, right) && say_chmod(why, path, right);
}

/* The kernel asks the modes first, and a module only if they permit it.  As the
 * path was given, it may begin in a directory that could not be reached anew; as
 * realpath(3) has followed it, it shows the directories of links. */
const char *
refusal_remark(char text[REASON_TEXT], const char *path, mode_t right)
{
	char given[PATH_MAX], real[PATH_MAX] = "", rule[PATH_MAX + 8];
	char why[REASON_TEXT];
	const int error = errno;

	snprintf(given, sizeof(given), "%s", path);
	/* On failure it has written how far it came, with some C libraries. */
	if (realpath(path, real) == NULL && *real == '\0')
		snprintf(real, sizeof(real), "%s", path);
	snprintf(rule, sizeof(rule), "%s %s,", real,
	    right == S_IROTH ? "r" : "mrix");
	if (explain_mode(why, given, right) ||
	    (access(path, F_OK) != 0 && explain_mode(why, real, right)) ||
	    confinement_explain(why, rule))
		reason_say(text, "; %.700s", why);
	else
		reason_say(text,
		    "; an access control list (getfacl shows it) or a sandbox "
		    "refuses it");
	errno = error;
	return text;
}
