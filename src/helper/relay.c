/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: reports from anybody, as anybody can send to an abstract name.  Those of
 * the server's user and of descendants are passed on, with their descriptors.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "channel.h"
#include "clock.h"
#include "descendants.h"
#include "message.h"
#include "relay.h"
#include "socket.h"

/* The last reports are passed on for so long once the server has ended, in
 * milliseconds. */
#define LAST_REPORTS_WAIT 5000

static bool
is_for_datagrams(int fd)
{
	return socket_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX &&
	    socket_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM;
}

bool
relay_set_manager(struct relay *relay, int socket)
{
	if (relay->manager != 0 || !is_for_datagrams(socket))
		return false;
	relay->manager = socket;
	return true;
}

bool
relay_set_reports(struct relay *relay, int socket)
{
	if (relay->manager == 0 || relay->reports != 0 ||
	    !is_for_datagrams(socket))
		return false;
	relay->reports = socket;
	return true;
}

/* The helper waits for nobody: a report stays with the kernel, and its sender
 * waits, until the manager has room. */
struct pollfd
relay_await(const struct relay *relay)
{
	if (relay->reports == 0)
		return (struct pollfd){.fd = -1};
	if (relay->waiting)
		return (struct pollfd){relay->manager, POLLOUT, 0};
	return (struct pollfd){relay->reports, POLLIN, 0};
}

/*
 * MAINPID= stays here.  The manager learns the end and the status of a child of
 * its own only: lowport, which has the server's.
 */
static void
leave_out_main(struct report *report)
{
	static const char name[] = "MAINPID";
	char *line = report->text, *end = line + report->length, *next;

	while (line < end) {
		next = memchr(line, '\n', (size_t)(end - line));
		next = next == NULL ? end : next + 1;
		if (next - line > (ptrdiff_t)strlen(name) &&
		    memcmp(line, name, strlen(name)) == 0) {
			memmove(line, next, (size_t)(end - next));
			end -= next - line;
		} else {
			line = next;
		}
	}
	report->length = (size_t)(end - report->text);
}

/* A process of the user may have ended since.  One that the server made another
 * user's is looked for. */
static bool
is_of_server(const struct report *report, uid_t user)
{
	return report->sender.uid == user ||
	    descendants_have(report->sender.pid);
}

/* False: there was none. */
static bool
pass_on(const struct relay *relay, uid_t user)
{
	static struct report report;

	if (!channel_receive_report(relay->reports, &report))
		return errno != EAGAIN;
	if (is_of_server(&report, user)) {
		leave_out_main(&report);
		if (report.length > 0)
			channel_send_report(relay->manager, &report);
	}
	channel_end_report(&report);
	return true;
}

void
relay_attend(struct relay *relay, uid_t user)
{
	if (relay->waiting)
		pass_on(relay, user);
	relay->waiting = !relay->waiting;
}

/* Waits for so many milliseconds.  poll(2) fails under a limit of no descriptors:
 * then the next call shows. */
static bool
is_ready(int socket, short event, long long milliseconds)
{
	struct pollfd fd = {socket, event, 0};
	const struct timespec wait = {milliseconds / 1000,
	    milliseconds % 1000 * 1000000};

	return ppoll(&fd, 1, &wait, NULL) != 0;
}

void
relay_finish(const struct relay *relay, uid_t user)
{
	const long long end = clock_milliseconds() + LAST_REPORTS_WAIT;
	long long left;

	if (relay->reports == 0)
		return;
	while (is_ready(relay->reports, POLLIN, 0)) {
		left = end - clock_milliseconds();
		/* Anybody can keep sending. */
		if (left <= 0 || !is_ready(relay->manager, POLLOUT, left)) {
			warnx("the service manager did not take all reports "
			      "within %d s of the server's end: the last may "
			      "be lost",
			    LAST_REPORTS_WAIT / 1000);
			return;
		}
		if (!pass_on(relay, user))
			return;
	}
}
