/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, which holds no capability but those of --keep-caps.
 * Reads: the caller's environment.
 */
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel.h"
#include "environment.h"
#include "manager.h"
#include "message.h"
#include "number.h"
#include "socket.h"
#include "start.h"

static bool
names_helper(char **environment, const char *name)
{
	const char *value = environment_get(environment, name);
	unsigned long number;

	return value != NULL && number_parse(&number, value, 1, INT_MAX) &&
	    number == (unsigned long)getppid();
}

/* sd_watchdog_enabled(3), sd_listen_fds(3), systemd.exec(5). */
static void
rename_process(struct start *start)
{
	static const char *const names[] = {"WATCHDOG_PID", "LISTEN_PID",
	    "SYSTEMD_EXEC_PID"};
	size_t i;

	/* It would name the helper's another way. */
	if (names_helper(start->environment, "LISTEN_PID"))
		start->environment = environment_unset(start->environment,
		    "LISTEN_PIDFDID");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names_helper(start->environment, names[i]))
			start->environment = environment_set(start->environment,
			    names[i], "%d", getpid());
}

/* Returns a socket that sends to the manager's, or -1. */
static int
connect_manager(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t length = strlen(name);
	int fd;

	if ((*name != '/' && *name != '@') ||
	    length >= sizeof(address.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, name, length);
	if (*name == '@')
		address.sun_path[0] = '\0';
	if (connect(fd, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) ==
	    0)
		return fd;
	close(fd);
	return -1;
}

/* The kernel chooses an abstract name (unix(7)). */
static int
open_reports(struct sockaddr_un *address)
{
	const sa_family_t any = AF_UNIX;
	socklen_t size = sizeof(*address);
	const int on = 1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(address, 0, sizeof(*address));
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
	    socket_bind_bytes(fd, &any, sizeof(any)) == 0 &&
	    getsockname(fd, (struct sockaddr *)address, &size) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
relay_reports(struct start *start, int manager)
{
	struct sockaddr_un address;
	const int reports = open_reports(&address);

	if (reports < 0)
		return;
	if (channel_send_offer(start->channel,
		&(struct offer){.kind = OFFER_MANAGER}, manager) &&
	    channel_send_offer(start->channel,
		&(struct offer){.kind = OFFER_REPORTS}, reports))
		start->environment = environment_set(start->environment,
		    "NOTIFY_SOCKET", "@%.*s", (int)sizeof(address.sun_path) - 1,
		    address.sun_path + 1);
	close(reports);
	verbose("the server's sd_notify(3) goes through lowport");
}

void
manager_introduce(struct start *start)
{
	const char *name = environment_get(start->environment, "NOTIFY_SOCKET");
	int manager;

	rename_process(start);
	if (name == NULL)
		return;
	/* The server would not reach it either. */
	manager = connect_manager(name);
	if (manager < 0)
		return;
	relay_reports(start, manager);
	close(manager);
}
