/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, without the capability.
 * Reads: the names of --keep-caps.
 */
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#include "keep_caps.h"

/* cap_from_name(3) ignores what follows a name. */
static bool
is_word(const char *name)
{
	return name[strspn(name,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")] ==
	    '\0';
}

static bool
parse_one(const char *name, uint64_t *set, char why[REASON_TEXT])
{
	char full[64];
	cap_value_t capability;

	snprintf(full, sizeof(full), "%s%.40s",
	    strncasecmp(name, "cap_", 4) == 0 ? "" : "cap_", name);
	if (!is_word(name) || cap_from_name(full, &capability) != 0 ||
	    capability >= cap_max_bits())
		return reason_say(why,
		    "'%.40s' is no capability of this kernel; see "
		    "capabilities(7)",
		    name);
	*set |= UINT64_C(1) << capability;
	return capability != CAP_NET_BIND_SERVICE ||
	    reason_say(why,
		"a server gets its ports without net_bind_service, and cannot "
		"keep it");
}

bool
keep_caps_parse(const char *list, uint64_t *set, char why[REASON_TEXT])
{
	char copy[1024], *name, *rest = copy;

	*set = 0;
	if (strlen(list) >= sizeof(copy))
		return reason_say(why,
		    "a list of %zu bytes is too long; name each capability "
		    "once",
		    strlen(list));
	strcpy(copy, list);
	while ((name = strsep(&rest, ",")) != NULL)
		if (!parse_one(name, set, why))
			return false;
	return true;
}
