/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, when it looks for causes.
 * Reads: files of /proc.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host.h"
#include "process.h"

/* PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFC

bool
host_setting(const char *path, unsigned int *value)
{
	FILE *file = fopen(path, "re");
	bool known;

	if (file == NULL)
		return false;
	known = fscanf(file, "%u", value) == 1;
	fclose(file);
	return known;
}

bool
host_in_user_namespace(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inside, outside, count;
	bool initial;

	if (file == NULL)
		return false;
	initial = fscanf(file, "%u %u %u", &inside, &outside, &count) == 3 &&
	    inside == 0 && outside == 0 && count == 0xffffffff;
	fclose(file);
	return !initial;
}

bool
host_in_container(void)
{
	const ino_t own = process_namespace(getpid(), "pid");

	return own != 0 && own != FIRST_PID_NAMESPACE;
}

/* An emulator answers for /proc/self/exe, and not for the same by its other
 * name. */
const char *
host_emulator(void)
{
	static char real[256];
	char claimed[sizeof(real)];
	ssize_t length = readlink("/proc/thread-self/exe", real,
	    sizeof(real) - 1);

	real[length < 0 ? 0 : length] = '\0';
	length = readlink("/proc/self/exe", claimed, sizeof(claimed) - 1);
	claimed[length < 0 ? 0 : length] = '\0';
	return *real == '\0' || *claimed == '\0' || strcmp(real, claimed) == 0
	    ? NULL
	    : real;
}

bool
host_is_gvisor(void)
{
	return access("/proc/sentry-meminfo", F_OK) == 0;
}

bool
host_kernel_before(unsigned int major, unsigned int minor)
{
	unsigned int here[2] = {0};
	struct utsname name;

	return uname(&name) == 0 &&
	    sscanf(name.release, "%u.%u", &here[0], &here[1]) == 2 &&
	    (here[0] < major || (here[0] == major && here[1] < minor));
}

unsigned int
host_yama_scope(void)
{
	unsigned int scope;

	return host_setting(HOST_YAMA, &scope) ? scope : 0;
}

unsigned int
host_port_start(void)
{
	unsigned int port;

	return host_setting(HOST_PORT_START, &port) ? port : 1024;
}

bool
host_has_proc(void)
{
	return access("/proc/self/fd", R_OK) == 0;
}

static bool
has_descriptor_of_terminal(void)
{
	DIR *descriptors = opendir("/proc/self/fd");
	const struct dirent *entry;
	bool found = descriptors == NULL;

	while (!found && (entry = readdir(descriptors)) != NULL)
		found = *entry->d_name != '.' && isatty(atoi(entry->d_name));
	if (descriptors != NULL)
		closedir(descriptors);
	return found;
}

bool
host_has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENXIO || has_descriptor_of_terminal();
}
