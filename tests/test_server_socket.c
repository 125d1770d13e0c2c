/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "server_socket.h"
#include "socket.h"
#include "unit.h"

/* The number of the socket in each process. */
#define AT 700

static pid_t
process_with(int socket)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	if (dup2(socket, AT) != AT)
		_exit(1);
	raise(SIGSTOP);
	_exit(0);
}

static pid_t
process_ready(ino_t *inode)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	const pid_t pid = process_with(fd);
	int status;

	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	*inode = socket_inode(fd);
	close(fd);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static ino_t
fetched(pid_t pid)
{
	const int fd = server_socket_fetch(pid, AT);
	ino_t inode;

	ck_assert_msg(fd >= 0, "%s", strerror(errno));
	inode = socket_inode(fd);
	close(fd);
	return inode;
}

/* Loop 1 has the kernel's ways before Linux 6.9. */
START_TEST(a_socket_is_of_the_task_that_is_asked)
{
	ino_t first, second;
	pid_t one = process_ready(&first), two = process_ready(&second);
	int i;

	if (_i == 1)
		server_socket_set_baseline();
	ck_assert_uint_ne(first, second);
	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(fetched(one), first);
		ck_assert_uint_eq(fetched(one), first);
		ck_assert_uint_eq(fetched(two), second);
	}
	ck_assert_int_eq(server_socket_fetch(two, AT + 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_uint_eq(fetched(two), second);
	end(two);
	ck_assert_int_eq(server_socket_fetch(two, AT), -1);
	ck_assert_uint_eq(fetched(one), first);
	end(one);
}
END_TEST

/* Runs as process 1 of a namespace.  Its exit status says which step failed. */
static void
ask_for_a_number_twice(const void *unused)
{
	ino_t first, second;
	pid_t pid = process_ready(&first);
	char before[16];

	(void)unused;
	if (fetched(pid) != first)
		_exit(1);
	end(pid);
	snprintf(before, sizeof(before), "%d", pid - 1);
	if (!unit_write("/proc/sys/kernel/ns_last_pid", before) ||
	    process_ready(&second) != pid || first == second)
		_exit(2);
	_exit(fetched(pid) == second ? 0 : 3);
}

START_TEST(a_number_may_be_of_another_task_later)
{
	const int fd = (int)syscall(SYS_pidfd_open, getpid(), O_EXCL);
	struct unit_output output;

	if (fd < 0)
		return; /* before Linux 6.9 nothing is kept */
	UNIT_NEEDS(unit_become_root(CLONE_NEWPID), "no namespaces here");
	unit_capture(&output, ask_for_a_number_twice, NULL);
	ck_assert_msg(unit_exited(output.status, 0), "status %d: %s",
	    output.status, output.err);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("server_socket");
	TCase *t = tcase_create("server_socket");

	tcase_add_loop_test(t, a_socket_is_of_the_task_that_is_asked, 0, 2);
	tcase_add_test(t, a_number_may_be_of_another_task_later);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
