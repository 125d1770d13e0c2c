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
#include "refusal.h"

static bool
mode_permits(const struct stat *status, mode_t right)
{
	if (status->st_uid == geteuid())
		right <<= 6;
	else if (status->st_gid == getegid() || group_member(status->st_gid))
		right <<= 3;
	return (status->st_mode & right) != 0;
}

/* From the file up to "/", to the first that can be seen and whose mode does not
 * suffice: what is below a directory that may not be searched cannot be seen.
 * Cuts the path. */
static bool
explain_mode(char why[REASON_TEXT], char *path, mode_t right)
{
	struct stat status;
	char *slash;

	while (stat(path, &status) != 0 || mode_permits(&status, right)) {
		slash = strrchr(path, '/');
		if (slash == NULL || slash[1] == '\0')
			return false;
		slash[slash == path] = '\0';
		right = S_IXOTH;
	}
	reason_say(why, "%schmod a+%c %.300s",
	    right == S_IROTH ? "it holds no secret: " : "",
	    right == S_IROTH ? 'r' : 'x', path);
	return true;
}

/* The kernel asks the modes first, and a module only if they permit it. */
const char *
refusal_remark(char text[REASON_TEXT], const char *path, mode_t right)
{
	char real[PATH_MAX], rule[PATH_MAX + 8], why[REASON_TEXT];
	const int error = errno;

	/* On failure it has written how far it came (realpath(3)). */
	if (realpath(path, real) == NULL && errno != EACCES)
		snprintf(real, sizeof(real), "%s", path);
	snprintf(rule, sizeof(rule), "%s %s,", real,
	    right == S_IROTH ? "r" : "mrix");
	if (explain_mode(why, real, right) || confinement_explain(why, rule))
		reason_say(text, "; %.700s", why);
	else
		reason_say(text,
		    "; an access control list (getfacl shows it) or a sandbox "
		    "refuses it");
	errno = error;
	return text;
}
