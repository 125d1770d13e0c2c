/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child: rights_look before it drops anything, rights_lack when it
 * holds no capability but those of --keep-caps.
 * Reads: its own state, files of /proc and of this program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "confinement.h"
#include "host.h"
#include "privilege.h"
#include "process.h"
#include "rights.h"

#define SELF "/proc/self/exe"

/* Nothing else takes these from root: exec gives what the bounding set has. */
bool
rights_hidden(uint64_t set)
{
	uint64_t missing;
	cap_value_t c;

	if (getuid() != 0)
		return false;
	missing = set & ~privilege_permitted();
	if (missing == 0 || privilege_gained() ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return false;
	for (c = 0; missing >> c != 0; c++)
		if ((missing >> c & 1) != 0 && cap_get_bound(c) != CAP_SET)
			return false;
	return true;
}

const char *
rights_rule(char text[RIGHTS_RULE], uint64_t set)
{
	size_t used = (size_t)snprintf(text, RIGHTS_RULE, "capability");
	cap_value_t c;
	char *name;

	for (c = 0; set >> c != 0 && used < RIGHTS_RULE; c++) {
		if ((set >> c & 1) == 0 || (name = cap_to_name(c)) == NULL)
			continue;
		used += (size_t)snprintf(text + used, RIGHTS_RULE - used, " %s",
		    name + strlen("cap_"));
		cap_free(name);
	}
	if (used < RIGHTS_RULE)
		snprintf(text + used, RIGHTS_RULE - used, ",");
	return text;
}

struct rights
rights_look(void)
{
	return (struct rights){
	    .permitted = (privilege_permitted() & PRIVILEGE_BIND) != 0,
	    .ambient = cap_get_ambient(CAP_NET_BIND_SERVICE) == CAP_SET,
	    .bounded = cap_get_bound(CAP_NET_BIND_SERVICE) == CAP_SET,
	    .root = getuid() == 0,
	    .no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
	    .gained = privilege_gained(),
	    .seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0),
	    .no_bpf = PRIVILEGE_BPF & ~privilege_permitted(),
	    .hidden = rights_hidden(PRIVILEGE_BIND),
	    .bpf_hidden = rights_hidden(PRIVILEGE_BPF),
	};
}

bool
rights_file_is_effective(void)
{
	cap_flag_value_t effective = CAP_CLEAR;
	cap_t file = cap_get_file(SELF);

	if (file == NULL)
		return false;
	cap_get_flag(file, CAP_NET_BIND_SERVICE, CAP_EFFECTIVE, &effective);
	cap_free(file);
	return effective == CAP_SET;
}

static bool
is_confined(void)
{
	const struct confinement own = confinement_of(getpid());

	return own.module == CONFINEMENT_APPARMOR && own.enforced;
}

static enum rights_lack
file_lack(void)
{
	cap_flag_value_t permitted = CAP_CLEAR;
	cap_t file = cap_get_file(SELF);
	struct statvfs status;

	/* On NFS, many FUSE and old container file systems setcap(8) fails. */
	if (file == NULL && errno == ENOTSUP)
		return RIGHTS_NO_XATTRS;
	/* EOVERFLOW: it is of another user namespace. */
	if (file == NULL && errno != EOVERFLOW)
		return host_in_user_namespace() && host_in_container()
		    ? RIGHTS_NO_XATTR_HERE
		    : RIGHTS_NO_XATTR;
	if (file != NULL) {
		cap_get_flag(file, CAP_NET_BIND_SERVICE, CAP_PERMITTED,
		    &permitted);
		cap_free(file);
	}
	if (statvfs(SELF, &status) == 0 && (status.f_flag & ST_NOSUID) != 0)
		return RIGHTS_NOSUID;
	return permitted == CAP_SET ? RIGHTS_SUFFICE : RIGHTS_NOT_GRANTED;
}

/*
 * A capability counts in the user namespace that owns the network namespace.  If
 * that is neither this process's own nor below it, it cannot be opened
 * (ioctl_nsfs(2): EPERM).
 */
static bool
network_is_foreign(void)
{
	int network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int owner;
	bool foreign;

	if (network < 0)
		return false;
	owner = ioctl(network, NS_GET_USERNS);
	foreign = owner < 0 && errno == EPERM;
	close(network);
	if (owner >= 0)
		close(owner);
	return foreign;
}

static bool
is_traced(pid_t process)
{
	uint64_t tracer;

	return process_number(process, "status", "\nTracerPid:", 10, &tracer) &&
	    tracer != 0;
}

static bool
is_sealed(pid_t process)
{
	uint64_t sealed;

	return process_number(process, "status", "\nNoNewPrivs:", 10,
		   &sealed) &&
	    sealed == 1;
}

bool
rights_forerunners(char names[REASON_TEXT])
{
	char name[PROCESS_NAME], rest[REASON_TEXT];
	pid_t process = process_parent(getppid()), last = 0;

	*names = '\0';
	for (; is_sealed(process); process = process_parent(process)) {
		memcpy(rest, names, sizeof(rest));
		reason_say(names, "%s (process %d)%s%.160s",
		    process_name(process, name), process,
		    *rest == '\0' ? "" : ", ", rest);
		last = process;
	}
	return last == 1;
}

/* The parent is the helper, the process that was executed. */
static enum rights_lack
lack_of_new_privs(void)
{
	if (getppid() == 1)
		return RIGHTS_NO_NEW_PRIVS_AS_INIT;
	return is_sealed(process_parent(getppid())) ? RIGHTS_NO_NEW_PRIVS_BEHIND
						    : RIGHTS_NO_NEW_PRIVS;
}

enum rights_lack
rights_lack(const struct rights *rights)
{
	enum rights_lack lack;

	if (network_is_foreign())
		return RIGHTS_FOREIGN;
	if (rights->permitted)
		return RIGHTS_SUFFICE;
	if (!rights->bounded)
		return RIGHTS_NOT_BOUNDED;
	/* An ambient capability is permitted, whatever capget(2) says. */
	if ((rights->ambient || rights->hidden) && is_confined())
		return RIGHTS_HIDDEN;
	lack = file_lack();
	if (lack != RIGHTS_SUFFICE)
		return lack;
	if (rights->no_new_privs)
		return lack_of_new_privs();
	if (is_traced(getppid()))
		return RIGHTS_TRACED;
	return is_confined() ? RIGHTS_HIDDEN : RIGHTS_NOT_GRANTED;
}
