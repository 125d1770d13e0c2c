/* SPDX-License-Identifier: ISC */
/*
 * Looking at other processes.  The child of each test does what it is to be
 * seen doing, says so by a byte, and waits until the test lets go of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "constants.h"
#include "descendants.h"
#include "memory.h"
#include "process.h"
#include "search.h"
#include "task.h"
#include "unit.h"

struct child {
	pid_t pid;
	int ready; /* a byte arrives when it is */
	int leash; /* closed: the child ends */
};

static void
do_nothing(void)
{
}

static struct child own; /* the child's ends of these */

static _Noreturn void
child_wait(void)
{
	char byte = '.';

	if (write(own.ready, &byte, 1) != 1 || read(own.leash, &byte, 1) != 0)
		_exit(99);
	_exit(EXIT_SUCCESS);
}

static _Noreturn void
child_run(void (*prepare)(void), int ready, int leash)
{
	own.ready = ready;
	own.leash = leash;
	prepare();
	child_wait();
}

/* Descriptors: ready and leash are the child's alone, for it to end. */
static struct child
child_start(void (*prepare)(void))
{
	int ready[2], leash[2];
	struct child child;
	char byte;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(leash, O_CLOEXEC), 0);
	child.pid = fork();
	ck_assert_int_ge(child.pid, 0);
	if (child.pid == 0) {
		close(ready[0]);
		close(leash[1]);
		child_run(prepare, ready[1], leash[0]);
	}
	close(ready[1]);
	close(leash[0]);
	child.ready = ready[0];
	child.leash = leash[1];
	ck_assert_int_eq(read(child.ready, &byte, 1), 1);
	return child;
}

static void
child_end(struct child child)
{
	close(child.ready);
	close(child.leash);
	ck_assert(unit_exited(unit_wait(child.pid), EXIT_SUCCESS));
}

/* ---- Descriptors of its own */

static void
refuse_close_range(void)
{
	struct sock_filter refusal[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {4, refusal};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
	    0);
}

static void
close_most(void)
{
	int fd;

	for (fd = 100; fd < 400; fd += 3)
		ck_assert_int_eq(dup2(STDERR_FILENO, fd), fd);
	ck_assert(process_close_from(103));
	ck_assert_int_ge(fcntl(100, F_GETFD), 0);
	for (fd = 101; fd < 400; fd++)
		ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

START_TEST(closes_its_descriptors)
{
	close_most();
	refuse_close_range();
	close_most();
}
END_TEST

/* ---- Memory */

static char secret[16] = "parent";
static char *two_pages; /* the second cannot be read */

static void
write_secret(void)
{
	strcpy(secret, "child");
}

static void
map_two_pages(void)
{
	long page = sysconf(_SC_PAGESIZE);

	two_pages = mmap(NULL, (size_t)(2 * page), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(two_pages, MAP_FAILED);
	ck_assert_int_eq(munmap(two_pages + page, (size_t)page), 0);
	memset(two_pages, 'x', (size_t)page);
}

static void
become_undumpable(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

START_TEST(reads_memory_of_a_child)
{
	struct child child = child_start(write_secret);
	char copy[16];

	ck_assert_int_eq(memory_read(child.pid, (uintptr_t)secret, copy,
			     sizeof(copy)),
	    sizeof(copy));
	ck_assert_str_eq(copy, "child");
	ck_assert_str_eq(secret, "parent");
	child_end(child);
}
END_TEST

START_TEST(reads_no_more_than_there_is_room_for)
{
	struct child child = child_start(write_secret);
	char copy[4] = {'.', '.', '.', '.'};

	ck_assert_int_eq(memory_read(child.pid, (uintptr_t)secret, copy, 3), 3);
	ck_assert_mem_eq(copy, "chi.", 4);
	ck_assert_int_eq(memory_read(child.pid, (uintptr_t)secret, copy, 0), 0);
	ck_assert_mem_eq(copy, "chi.", 4);
	child_end(child);
}
END_TEST

START_TEST(reads_up_to_the_end_of_a_mapping)
{
	uintptr_t end;
	struct child child;
	char copy[16];

	map_two_pages();
	end = (uintptr_t)two_pages + (uintptr_t)sysconf(_SC_PAGESIZE);
	child = child_start(do_nothing);
	ck_assert_int_eq(memory_read(child.pid, end - 16, copy, 16), 16);
	ck_assert_int_lt(memory_read(child.pid, end - 4, copy, 16), 16);
	ck_assert_int_eq(memory_read(child.pid, end, copy, 16), -1);
	child_end(child);
}
END_TEST

START_TEST(bad_addresses_are_errors)
{
	static const uint64_t bad[] = {0, 1, INT64_MAX, (uint64_t)1 << 63,
	    UINT64_MAX - 15, UINT64_MAX};
	struct child child = child_start(do_nothing);
	char copy[16];
	size_t i;

	ck_assert_int_eq(memory_read(child.pid, (uintptr_t)secret, copy, 16),
	    16);
	for (i = 0; i < LENGTH(bad); i++)
		ck_assert_int_eq(memory_read(child.pid, bad[i], copy, 16), -1);
	child_end(child);
}
END_TEST

/* What tell_unreadable of the hand-off looks for. */
START_TEST(undumpable_memory_is_refused)
{
	struct child child;
	char copy[16];

	unit_become_ordinary();
	child = child_start(do_nothing);
	ck_assert_int_eq(memory_read(child.pid, (uintptr_t)secret, copy, 16),
	    16);
	child_end(child);
	child = child_start(become_undumpable);
	ck_assert_int_eq(memory_read(child.pid, (uintptr_t)secret, copy, 16),
	    -1);
	ck_assert_int_eq(errno, EACCES);
	child_end(child);
}
END_TEST

/* ---- Tasks */

static void *
task_id(void *id)
{
	pid_t task = (pid_t)syscall(SYS_gettid), *process = id;

	*process = task == getpid() ? -2 : task_process(task);
	return NULL;
}

START_TEST(a_thread_belongs_to_its_process)
{
	pid_t process = -3;
	pthread_t thread;

	ck_assert_int_eq(task_process(getpid()), getpid());
	ck_assert_int_eq(pthread_create(&thread, NULL, task_id, &process), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(process, getpid());
}
END_TEST

/* A process that has ended and been waited for. */
static pid_t
nobody_there(void)
{
	struct child child = child_start(do_nothing);

	child_end(child);
	return child.pid;
}

START_TEST(ended_process_is_an_error)
{
	pid_t pid = nobody_there();
	char copy[16];

	ck_assert_int_eq(task_process(pid), -1);
	ck_assert_int_eq(memory_read(pid, (uintptr_t)secret, copy, 16), -1);
	ck_assert_uint_eq(process_socket(pid, 0), 0);
	ck_assert_int_eq(task_descriptor_flags(pid, 0), -1);
	ck_assert(!task_socket_protocol(pid, 0, copy, sizeof(copy)));
}
END_TEST

/* ---- Descriptors */

static ino_t
inode_of(int fd)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	return status.st_ino;
}

START_TEST(names_sockets_by_inode)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct child child = child_start(do_nothing);

	ck_assert_uint_ne(inode_of(fd), 0);
	ck_assert_uint_eq(process_socket(child.pid, fd), inode_of(fd));
	ck_assert_uint_eq(process_socket(getpid(), fd), inode_of(fd));
	child_end(child);
}
END_TEST

START_TEST(other_descriptors_are_no_sockets)
{
	int ends[2], closed;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_uint_ne(process_socket(getpid(), ends[0]), 0);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_uint_eq(process_socket(getpid(), ends[0]), 0);
	ck_assert_int_eq(errno, ENOTSOCK);
	closed = open("/dev/null", O_RDONLY);
	ck_assert_uint_eq(process_socket(getpid(), closed), 0);
	ck_assert_int_eq(errno, ENOTSOCK);
	close(closed);
	ck_assert_uint_eq(process_socket(getpid(), closed), 0);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_uint_eq(process_socket(getpid(), -1), 0);
}
END_TEST

/* The link of a file may say what it wants. */
START_TEST(a_file_called_like_a_socket_is_none)
{
	char directory[] = "/tmp/lowport-test.XXXXXX";
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	fd = open("socket:[1]", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	unlink("socket:[1]");
	rmdir(directory);
	ck_assert_uint_eq(process_socket(getpid(), fd), 0);
	ck_assert_int_eq(errno, ENOTSOCK);
}
END_TEST

START_TEST(reads_descriptor_flags)
{
	static const int flags[] = {0, SOCK_NONBLOCK, SOCK_CLOEXEC,
	    SOCK_NONBLOCK | SOCK_CLOEXEC};
	static const int expected[] = {0, O_NONBLOCK, O_CLOEXEC,
	    O_NONBLOCK | O_CLOEXEC};
	int fd = socket(AF_INET, SOCK_STREAM | flags[_i], 0);
	struct child child = child_start(do_nothing);

	ck_assert_int_eq(task_descriptor_flags(child.pid, fd), expected[_i]);
	child_end(child);
	close(fd);
	ck_assert_int_eq(task_descriptor_flags(getpid(), fd), -1);
}
END_TEST

static const struct protocol {
	int family;
	int type;
	int protocol;
	const char *name;
} protocols[] = {
    {AF_INET, SOCK_STREAM, 0, "TCP"},
    {AF_INET6, SOCK_STREAM, 0, "TCPv6"},
    {AF_INET, SOCK_DGRAM, 0, "UDP"},
    {AF_INET6, SOCK_DGRAM, 0, "UDPv6"},
    {AF_INET, SOCK_STREAM, IPPROTO_MPTCP, "MPTCP"},
    {AF_INET6, SOCK_STREAM, IPPROTO_MPTCP, "MPTCPv6"},
    {AF_UNIX, SOCK_DGRAM, 0, "UNIX"},
    {AF_NETLINK, SOCK_RAW, 0, "NETLINK"},
};

START_TEST(names_protocols)
{
	const struct protocol *p = &protocols[_i];
	int fd = socket(p->family, p->type, p->protocol);
	struct child child;
	char name[32] = "";

	UNIT_NEEDS(fd >= 0, p->name);
	child = child_start(do_nothing);
	ck_assert(task_socket_protocol(child.pid, fd, name, sizeof(name)));
	ck_assert_str_eq(name, p->name);
	child_end(child);
}
END_TEST

START_TEST(only_sockets_have_a_protocol)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), ends[2];
	char name[32] = "";

	ck_assert(task_socket_protocol(getpid(), fd, name, sizeof(name)));
	close(fd);
	ck_assert(!task_socket_protocol(getpid(), fd, name, sizeof(name)));
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert(!task_socket_protocol(getpid(), ends[0], name, sizeof(name)));
}
END_TEST

/* The kernel counts the NUL too (sockfs_xattr_get). */
START_TEST(protocol_keeps_to_its_room)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char name[8] = "abcdefg";

	ck_assert(task_socket_protocol(getpid(), fd, name, 5));
	ck_assert_str_eq(name, "TCP");
	memcpy(name, "abcdefg", sizeof(name));
	ck_assert(!task_socket_protocol(getpid(), fd, name, 3));
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_mem_eq(name + 3, "defg", 4);
}
END_TEST

/* ---- Who holds a socket */

static int held; /* the socket the test is about */

static void
close_held(void)
{
	close(held);
}

static void
close_held_undumpable(void)
{
	close(held);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void
move_held(void)
{
	ck_assert_int_eq(dup2(held, 700), 700);
	close(held);
}

static void
setup_held(void)
{
	unit_become_ordinary();
	held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(held, 0);
}

/* Descendants alone are looked at then. */
static void
setup_adopting(void)
{
	setup_held();
	descendants_set_adopting(true);
}

/* Finds a process that holds the socket. */
static enum process_holding
find_holder(ino_t wanted, struct process_descriptor *holder, bool anywhere)
{
	struct process_descriptor at;
	struct search walk;
	ino_t inode = 0;

	search_begin(&walk, anywhere);
	while (inode != wanted && search_next(&walk, &inode, &at))
		if (inode == wanted)
			*holder = at;
	return search_end(&walk);
}

/* No holder is named but where one is known. */
static void
assert_found(enum process_holding expected)
{
	struct process_descriptor holder = {-2, -3};

	ck_assert_int_eq(find_holder(inode_of(held), &holder, false), expected);
	if (expected == PROCESS_HOLDS)
		return;
	ck_assert_int_eq(holder.pid, -2);
	ck_assert_int_eq(holder.fd, -3);
}

static void
assert_holds(pid_t pid, int fd)
{
	struct process_descriptor holder = {-2, -3};

	ck_assert_int_eq(find_holder(inode_of(held), &holder, false),
	    PROCESS_HOLDS);
	ck_assert_int_eq(holder.pid, pid);
	ck_assert_int_eq(holder.fd, fd);
}

START_TEST(finds_a_child_that_holds)
{
	struct child child = child_start(do_nothing);

	assert_holds(child.pid, held);
	child_end(child);
	assert_found(PROCESS_NONE_HOLDS);
}
END_TEST

START_TEST(passes_over_a_child_that_closed)
{
	struct child child = child_start(do_nothing);

	assert_found(PROCESS_HOLDS);
	child_end(child);
	child = child_start(close_held);
	assert_found(PROCESS_NONE_HOLDS);
	child_end(child);
}
END_TEST

START_TEST(finds_it_at_another_descriptor)
{
	struct child child = child_start(move_held);

	assert_holds(child.pid, 700);
	child_end(child);
}
END_TEST

/* Started by a child that has ended: a daemon, of this subreaper. */
static int grandchild_ready;

static void
leave_a_grandchild(void)
{
	char byte = '.';
	int never[2];

	if (pipe(never) != 0)
		_exit(99);
	if (fork() > 0)
		return;
	if (write(grandchild_ready, &byte, 1) != 1)
		_exit(98);
	_exit(read(never[0], &byte, 1) == 0);
}

static void
leave_an_undumpable_grandchild(void)
{
	become_undumpable();
	leave_a_grandchild();
}

/* Returns when both run and the one between has ended. */
static void
daemon_start(void (*prepare)(void))
{
	struct child child;
	int ready[2];
	char byte;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	ck_assert_int_eq(pipe(ready), 0);
	grandchild_ready = ready[1];
	child = child_start(prepare);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	child_end(child);
	close(ready[0]);
	close(ready[1]);
}

static void
daemon_end(void)
{
	struct descendants walk;
	pid_t pid;

	descendants_begin(&walk, DESCENDANTS_CHILDREN);
	pid = descendants_next(&walk);
	descendants_end(&walk);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	unit_wait(pid);
}

START_TEST(finds_a_daemon_that_holds)
{
	daemon_start(leave_a_grandchild);
	assert_found(PROCESS_HOLDS);
	daemon_end();
	assert_found(PROCESS_NONE_HOLDS);
}
END_TEST

START_TEST(undumpable_daemon_may_hold)
{
	daemon_start(leave_an_undumpable_grandchild);
	assert_found(PROCESS_MAY_HOLD);
	daemon_end();
	assert_found(PROCESS_NONE_HOLDS);
}
END_TEST

/* It may: the socket must not be taken away from it. */
START_TEST(undumpable_descendant_may_hold)
{
	struct child child = child_start(close_held);

	assert_found(PROCESS_NONE_HOLDS);
	child_end(child);
	child = child_start(close_held_undumpable);
	assert_found(PROCESS_MAY_HOLD);
	child_end(child);
	assert_found(PROCESS_NONE_HOLDS);
	child = child_start(become_undumpable);
	assert_found(PROCESS_MAY_HOLD);
	child_end(child);
}
END_TEST

/* Whichever of the two is come across first. */
START_TEST(holder_is_found_beside_an_unreadable_one)
{
	void (*const prepare[])(void) = {do_nothing, become_undumpable};
	struct child first = child_start(prepare[_i]);
	struct child second = child_start(prepare[1 - _i]);

	assert_holds(_i == 0 ? first.pid : second.pid, held);
	child_end(second);
	assert_found(_i == 0 ? PROCESS_HOLDS : PROCESS_MAY_HOLD);
	child_end(first);
	assert_found(PROCESS_NONE_HOLDS);
}
END_TEST

/* A shell that started lowport, say: what cannot be read there is not ours. */
START_TEST(undumpable_stranger_holds_nothing)
{
	int status;
	pid_t child;

	become_undumpable();
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		_exit(process_socket(getppid(), held) != 0 || errno != EACCES ||
		    find_holder(inode_of(held), &(struct process_descriptor){0},
			false) != PROCESS_NONE_HOLDS);
	}
	status = unit_wait(child);
	ck_assert(unit_exited(status, 0));
}
END_TEST

/*
 * Its descriptors can be listed, but not looked at: it has capabilities this
 * process has not (ptrace(2), "Ptrace access mode checking").
 */
START_TEST(unreadable_links_may_hold)
{
	struct child child;
	cap_t none = cap_init();

	UNIT_NEEDS(unshare(CLONE_NEWUSER) == 0, "no user namespaces here");
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	child = child_start(close_held);
	assert_found(PROCESS_NONE_HOLDS);
	ck_assert_int_eq(cap_set_proc(none), 0);
	cap_free(none);
	ck_assert_uint_eq(process_socket(child.pid, 0), 0);
	ck_assert_int_eq(errno, EACCES);
	assert_found(PROCESS_MAY_HOLD);
	child_end(child);
	assert_found(PROCESS_NONE_HOLDS);
}
END_TEST

/* One that waits to be reaped holds nothing any more. */
START_TEST(zombie_holds_nothing)
{
	void (*const prepare[])(void) = {do_nothing, become_undumpable};
	struct child child = child_start(prepare[_i]);
	siginfo_t info;

	assert_found(_i == 0 ? PROCESS_HOLDS : PROCESS_MAY_HOLD);
	close(child.leash);
	ck_assert_int_eq(waitid(P_PID, (id_t)child.pid, &info,
			     WEXITED | WNOWAIT),
	    0);
	assert_found(PROCESS_NONE_HOLDS);
	unit_wait(child.pid);
}
END_TEST

/* 'Z' once it has let go of everything: /proc/PID/stat, after the name. */
static char
main_thread_state(void)
{
	char text[512] = "", *at;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		_exit(97);
	close(fd);
	at = strrchr(text, ')');
	return at == NULL ? '?' : at[2];
}

static void *
outlive_main_thread(void *unused)
{
	(void)unused;
	while (main_thread_state() != 'Z')
		sched_yield();
	child_wait();
}

static void
go_on_in_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, outlive_main_thread, NULL) != 0)
		_exit(96);
	pthread_exit(NULL);
}

static void
assert_may_hold_without_main_thread(void)
{
	struct child child = child_start(do_nothing);

	assert_holds(child.pid, held);
	child_end(child);
	child = child_start(go_on_in_a_thread);
	assert_found(PROCESS_MAY_HOLD);
	child_end(child);
	assert_found(PROCESS_NONE_HOLDS);
}

/* It looks as if it had ended, but its other thread has the descriptors. */
START_TEST(process_without_main_thread_may_hold)
{
	assert_may_hold_without_main_thread();
}
END_TEST

/*
 * The /proc/PID/fd of such a process belongs to root, and is empty.  A helper
 * of user 0, which has no capability either, can open it.
 */
START_TEST(roots_process_without_main_thread_may_hold)
{
	cap_t none = cap_init();

	held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(held, 0);
	ck_assert_int_eq(cap_set_proc(none), 0);
	cap_free(none);
	assert_may_hold_without_main_thread();
}
END_TEST

/* Each walk has one or two descriptors open when its caller stops early. */
START_TEST(a_walk_that_stops_early_leaks_no_descriptor)
{
	struct process_descriptor holder;
	struct process_numbers numbers;
	struct descendants below;
	struct search walk;
	ino_t inode;
	int before;

	child_start(do_nothing);
	before = unit_descriptors();
	search_begin(&walk, true);
	ck_assert(search_next(&walk, &inode, &holder));
	ck_assert_int_gt(unit_descriptors(), before);
	ck_assert_int_eq(search_end(&walk), PROCESS_HOLDS);
	ck_assert_int_eq(unit_descriptors(), before);
	descendants_begin(&below, DESCENDANTS_ALL);
	ck_assert_int_gt(descendants_next(&below), 0);
	descendants_end(&below);
	ck_assert_int_eq(unit_descriptors(), before);
	process_numbers_all(&numbers);
	ck_assert_int_ge(process_numbers_next(&numbers), 0);
	ck_assert_int_eq(unit_descriptors(), before + 1);
	process_numbers_end(&numbers);
	ck_assert(!task_has_link(getpid(), "nothing"));
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

START_TEST(search_leaks_no_descriptor)
{
	struct child child = child_start(do_nothing);
	int before = unit_descriptors();
	char name[32];

	assert_found(PROCESS_HOLDS);
	child_end(child);
	before -= 2;
	assert_found(PROCESS_NONE_HOLDS);
	process_socket(getpid(), held);
	task_descriptor_flags(getpid(), held);
	task_socket_protocol(getpid(), held, name, sizeof(name));
	memory_read(getpid(), (uintptr_t)secret, name, 1);
	task_process(getpid());
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* ---- Children */

#define CHILDREN 5

struct visited {
	pid_t pids[2 * CHILDREN];
	size_t count;
};

static struct visited
visit(enum descendants_wanted wanted)
{
	struct visited visited = {{0}, 0};
	struct descendants walk;
	pid_t pid;

	descendants_begin(&walk, wanted);
	while ((pid = descendants_next(&walk)) != 0) {
		ck_assert_uint_lt(visited.count, LENGTH(visited.pids));
		visited.pids[visited.count++] = pid;
	}
	return visited;
}

static bool
was_visited(const struct visited *visited, pid_t pid)
{
	size_t i;

	for (i = 0; i < visited->count; i++)
		if (visited->pids[i] == pid)
			return true;
	return false;
}

/* Its name looks like the fields of /proc/PID/stat that follow it. */
static void
rename_and_have_a_child(void)
{
	prctl(PR_SET_NAME, "a) S 1 (b)", 0, 0, 0);
	child_start(do_nothing);
}

START_TEST(visits_children_alone)
{
	struct child children[CHILDREN];
	struct visited visited;
	size_t i;

	descendants_set_adopting(_i == 1);
	ck_assert_uint_eq(visit(DESCENDANTS_CHILDREN).count, 0);
	for (i = 0; i < CHILDREN; i++)
		children[i] = child_start(
		    i == 2 ? rename_and_have_a_child : do_nothing);
	visited = visit(DESCENDANTS_CHILDREN);
	ck_assert_uint_eq(visited.count, CHILDREN);
	for (i = 0; i < CHILDREN; i++) {
		ck_assert(was_visited(&visited, children[i].pid));
		child_end(children[CHILDREN - 1 - i]);
	}
	ck_assert_uint_eq(visit(DESCENDANTS_CHILDREN).count, 0);
}
END_TEST

/* A child that ends with its parent. */
static void *
fork_below(void *nothing)
{
	char byte;

	if (fork() == 0)
		_exit(read(own.leash, &byte, 1) != 0);
	return nothing;
}

/* One of them is of a thread that has ended. */
static void
have_two_children(void)
{
	pthread_t thread;

	fork_below(NULL);
	if (pthread_create(&thread, NULL, fork_below, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		_exit(97);
}

static void *
fork_and_stay(void *forked)
{
	fork_below(NULL);
	sem_post(forked);
	pause();
	return NULL;
}

static void
have_a_child_of_a_thread_that_stays(void)
{
	static sem_t forked;
	pthread_t thread;

	sem_init(&forked, 0, 0);
	if (pthread_create(&thread, NULL, fork_and_stay, &forked) != 0)
		_exit(97);
	sem_wait(&forked);
}

START_TEST(visits_every_descendant_once)
{
	struct visited visited;
	struct child child;
	size_t i;

	descendants_set_adopting(_i % 2 == 1);
	child = child_start(
	    _i < 2 ? have_two_children : have_a_child_of_a_thread_that_stays);
	visited = visit(DESCENDANTS_ALL);
	ck_assert_uint_eq(visited.count, _i < 2 ? 3 : 2);
	ck_assert(was_visited(&visited, child.pid));
	for (i = 1; i < visited.count; i++)
		ck_assert_int_ne(visited.pids[i], visited.pids[i - 1]);
	child_end(child);
}
END_TEST

/* Each that is visited is let fork once more. */
static int
visit_and_fork(int forks)
{
	struct descendants walk;
	int count = 0;

	descendants_begin(&walk, DESCENDANTS_ALL);
	for (; descendants_next(&walk) > 0; count++)
		if (forks-- > 0)
			child_start(do_nothing);
	return count;
}

START_TEST(visits_those_that_appear_meanwhile)
{
	struct descendants walk;
	pid_t pid;

	descendants_set_adopting(true);
	child_start(do_nothing);
	ck_assert_int_eq(visit_and_fork(4), 5);
	/* But not without end. */
	ck_assert_int_lt(visit_and_fork(INT_MAX), 10000);
	descendants_begin(&walk, DESCENDANTS_ALL);
	while ((pid = descendants_next(&walk)) > 0)
		kill(pid, SIGKILL);
	while (wait(NULL) > 0)
		continue;
}
END_TEST

/* The sibling of the one that looks. */
START_TEST(strangers_are_looked_at_where_anybody_is_sought)
{
	struct process_descriptor holder = {-2, -3};
	const ino_t inode = inode_of(held);
	pid_t seeker = fork();

	if (seeker == 0) {
		close(held);
		descendants_set_adopting(false);
		if (find_holder(inode, &holder, false) != PROCESS_HOLDS)
			_exit(1);
		descendants_set_adopting(true);
		if (find_holder(inode, &holder, false) != PROCESS_NONE_HOLDS)
			_exit(2);
		if (find_holder(inode, &holder, true) != PROCESS_HOLDS)
			_exit(3);
		_exit(holder.pid == getppid() ? 0 : 4);
	}
	ck_assert(unit_exited(unit_wait(seeker), 0));
}
END_TEST

START_TEST(tells_who_ignores_a_signal)
{
	ck_assert(!task_ignores(getpid(), SIGTERM));
	signal(SIGTERM, SIG_IGN);
	/* A shell has its background jobs ignore it. */
	signal(SIGQUIT, SIG_DFL);
	ck_assert(task_ignores(getpid(), SIGTERM));
	ck_assert(!task_ignores(getpid(), SIGQUIT));
	ck_assert(!task_ignores(nobody_there(), SIGTERM));
}
END_TEST

static void
add_holders(Suite *s, const char *name, void (*setup)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, finds_a_child_that_holds);
	tcase_add_test(t, passes_over_a_child_that_closed);
	tcase_add_test(t, finds_it_at_another_descriptor);
	tcase_add_test(t, finds_a_daemon_that_holds);
	tcase_add_test(t, undumpable_daemon_may_hold);
	tcase_add_test(t, undumpable_descendant_may_hold);
	tcase_add_loop_test(t, holder_is_found_beside_an_unreadable_one, 0, 2);
	tcase_add_test(t, undumpable_stranger_holds_nothing);
	tcase_add_test(t, unreadable_links_may_hold);
	tcase_add_loop_test(t, zombie_holds_nothing, 0, 2);
	tcase_add_test(t, process_without_main_thread_may_hold);
	tcase_add_test(t, a_walk_that_stops_early_leaks_no_descriptor);
	tcase_add_test(t, search_leaks_no_descriptor);
	tcase_add_test(t, strangers_are_looked_at_where_anybody_is_sought);
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("process");
	TCase *t = tcase_create("process");

	tcase_add_test(t, closes_its_descriptors);
	tcase_add_test(t, reads_memory_of_a_child);
	tcase_add_test(t, reads_no_more_than_there_is_room_for);
	tcase_add_test(t, reads_up_to_the_end_of_a_mapping);
	tcase_add_test(t, bad_addresses_are_errors);
	tcase_add_test(t, undumpable_memory_is_refused);
	tcase_add_test(t, a_thread_belongs_to_its_process);
	tcase_add_test(t, ended_process_is_an_error);
	tcase_add_test(t, names_sockets_by_inode);
	tcase_add_test(t, other_descriptors_are_no_sockets);
	tcase_add_test(t, a_file_called_like_a_socket_is_none);
	tcase_add_loop_test(t, reads_descriptor_flags, 0, 4);
	tcase_add_loop_test(t, names_protocols, 0, LENGTH(protocols));
	tcase_add_test(t, only_sockets_have_a_protocol);
	tcase_add_test(t, protocol_keeps_to_its_room);
	tcase_add_loop_test(t, visits_children_alone, 0, 2);
	tcase_add_loop_test(t, visits_every_descendant_once, 0, 4);
	tcase_add_test(t, visits_those_that_appear_meanwhile);
	tcase_add_test(t, tells_who_ignores_a_signal);
	/* An ordinary user cannot be it; with user 0 alone it can go wrong. */
	if (getuid() == 0)
		tcase_add_test(t, roots_process_without_main_thread_may_hold);
	suite_add_tcase(s, t);
	add_holders(s, "holder", setup_held);
	add_holders(s, "holder below", setup_adopting);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
