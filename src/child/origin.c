/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child.  It looks before it drops anything; causes are looked for
 * when it holds nothing any more.
 * Reads: its own state, files of /proc and of this program.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "origin.h"
#include "privilege.h"
#include "process.h"

#define SELF "/proc/self/exe"

struct origin
origin_look(void)
{
	return (struct origin){
	    .permitted = (privilege_permitted() & PRIVILEGE_BIND) != 0,
	    .ambient = cap_get_ambient(CAP_NET_BIND_SERVICE) == CAP_SET,
	    .bounded = cap_get_bound(CAP_NET_BIND_SERVICE) == CAP_SET,
	    .root = getuid() == 0,
	    .no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
	    .gained = privilege_gained(),
	    .seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0),
	};
}

const char *
origin_path(void)
{
	static char path[256];
	ssize_t length = readlink(SELF, path, sizeof(path) - 1);

	if (length <= 0)
		return "lowport";
	path[length] = '\0';
	return path;
}

static bool
on_nosuid_mount(void)
{
	struct statvfs status;

	return statvfs(SELF, &status) == 0 && (status.f_flag & ST_NOSUID) != 0;
}

/* NFS, many FUSE and old container file systems: setcap(8) would fail. */
static bool
cannot_have_capability(void)
{
	return getxattr(SELF, "security.capability", NULL, 0) < 0 &&
	    errno == ENOTSUP;
}

bool
origin_file_is_effective(void)
{
	struct vfs_ns_cap_data data;
	ssize_t length = getxattr(SELF, "security.capability", &data,
	    sizeof(data));

	return length >= (ssize_t)sizeof(data.magic_etc) &&
	    (le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE) != 0;
}

static bool
has_file_capability(void)
{
	/* EOVERFLOW: it is of a user namespace that is not seen here. */
	return getxattr(SELF, "security.capability", NULL, 0) > 0 ||
	    errno == EOVERFLOW;
}

/*
 * A capability counts in the user namespace that owns the network namespace.
 * An owner that is neither this process's own nor below it is not to be seen
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

enum origin_lack
origin_lack(const struct origin *origin)
{
	if (network_is_foreign())
		return ORIGIN_FOREIGN;
	if (origin->permitted)
		return ORIGIN_LACKS_NOTHING;
	if (!origin->bounded)
		return ORIGIN_NOT_BOUNDED;
	if (cannot_have_capability())
		return ORIGIN_NO_XATTRS;
	if (!has_file_capability())
		return ORIGIN_NO_XATTR;
	if (on_nosuid_mount())
		return ORIGIN_NOSUID;
	if (origin->no_new_privs)
		return ORIGIN_NO_NEW_PRIVS;
	/* The process that was executed is the helper. */
	if (process_is_traced(getppid()))
		return ORIGIN_TRACED;
	return ORIGIN_NOT_GRANTED;
}
