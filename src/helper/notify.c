/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: the arguments of the server's calls, once, into a copy.  Writes, with
 * --show-expected-port, what getsockname(2) is to answer.
 *
 * The helper reads the arguments and then checks the call's id: so the bytes
 * are those of the task that waits.  It decides on this copy alone.  Another
 * thread may rewrite the address meanwhile; then the outcome is that of one
 * address or the other.
 *
 * Before Linux 5.19 a signal may interrupt a call that has been carried out; then
 * the kernel, or the server that sees EINTR, makes it again, and the helper
 * answers 0 again.  The same bind of the same socket, before it listens, may be
 * such a repeat.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "constants.h"
#include "expected.h"
#include "handoff.h"
#include "memory.h"
#include "message.h"
#include "notify.h"
#include "process.h"
#include "remedy.h"
#include "seccomp.h"
#include "socket.h"
#include "sockstate.h"
#include "task.h"
#include "unreadable.h"

/* bind(fd, address, length) */
struct trapped {
	struct seccomp_notif call;
	uint8_t address[ENDPOINT_BYTES]; /* the copy */
	socklen_t length;
	struct handoff_bind bind; /* what it says */
	bool unreadable;
};

/*
 * Reports a bind that cannot be looked at, once for each process: a mapping may
 * be meant for it.  If the process was killed meanwhile, its memory is gone and
 * nothing else is wrong.
 */
static void
tell_unreadable(struct handoff *h, const struct trapped *t, bool refused)
{
	const int error = errno;
	pid_t process;
	char why[REASON_TEXT];

	/* The child reports what follows from its trial. */
	if (h->in_trial || !seccomp_valid(h->listener, &t->call))
		return;
	process = task_process(t->bind.task);
	if (process <= 0)
		process = t->bind.task;
	unreadable_explain(t->bind.task, error, why);
	h->unused.unreadable = true;
	if (!warned_first_process(&h->warned, WARNED_UNREADABLE, process))
		return;
	if (refused)
		alertx("cannot look at a bind(2) of process %d: %s; it fails "
		       "(EACCES); --method preload needs no such look%s",
		    process, why, remedy_bpf());
	else
		alertx("cannot look at a bind(2) of process %d: %s; it gets no "
		       "mapped port; --method preload needs no such look%s",
		    process, why, remedy_bpf());
}

/* fd is a duplicate of the socket. */
static void
note_done(struct handoff *h, const struct trapped *t, int fd)
{
	struct notify *n = &h->notify;
	struct notify_done *done = &n->done[n->done_count % NOTIFY_DONE];

	if (!n->interruptible)
		return;
	n->done_count++;
	done->inode = socket_inode(fd);
	memcpy(done->address, t->address, sizeof(done->address));
}

/* fd is a duplicate of the socket, or -1. */
static bool
may_be_repeated(const struct handoff *h, const struct trapped *t, ino_t inode,
    int fd)
{
	const struct notify_done *done = h->notify.done;
	const struct notify_done *end = done + NOTIFY_DONE;

	if (!h->notify.interruptible || inode == 0 ||
	    (fd >= 0 && sockstate_is_listening(fd)))
		return false;
	for (; done < end; done++)
		if (done->inode == inode &&
		    memcmp(done->address, t->address, sizeof(t->address)) == 0)
			return true;
	return false;
}

/*
 * Reads what the call asks for.  Returns false if this is invalid or unreadable;
 * then the kernel answers.  An unreadable bind may be any, of a Unix socket too:
 * so it is reported, and not refused.
 */
static bool
trapped_read(struct handoff *h, struct trapped *t)
{
	const __u64 *arguments = t->call.data.args;
	int length = (int)arguments[2];
	ssize_t read;

	t->bind.task = (pid_t)t->call.pid;
	t->bind.fd = (int)arguments[0];
	t->bind.delivery = -1;
	t->bind.uncovered = false;
	t->unreadable = false;
	memset(t->address, 0, sizeof(t->address));
	if (length < 0 || length > (int)sizeof(struct sockaddr_storage))
		return false;
	t->length = length > ENDPOINT_BYTES ? ENDPOINT_BYTES
					    : (socklen_t)length;
	read = memory_read(t->bind.task, arguments[1], t->address, t->length);
	/* EIO, EFAULT: the kernel cannot read the address either. */
	t->unreadable = read < 0 && errno != EIO && errno != EFAULT;
	if (t->unreadable)
		tell_unreadable(h, t, false);
	if (!seccomp_valid(h->listener, &t->call))
		return false;
	return read == (ssize_t)t->length;
}

/*
 * Returns true if the bind is of another network namespace than the helper's;
 * the kernel binds it there.  The namespace is that of fd, a duplicate of the
 * socket, or of the task if there is none.
 */
static bool
is_in_other_network(const struct handoff *h, pid_t task, int fd)
{
	const uint64_t network = h->plan->baseline || fd < 0
	    ? 0
	    : socket_network(fd);
	ino_t its;

	if (h->network != 0 && network != 0)
		return network != h->network;
	its = process_namespace(task, "net");
	return its != 0 && its != process_namespace(getpid(), "net");
}

/* The helper owns the user namespaces that its user makes and has every
 * capability there.  It uses none of them for a server. */
static bool
may_act_for(const struct handoff *h, pid_t task, int fd)
{
	const ino_t user = process_namespace(getpid(), "user");

	return !is_in_other_network(h, task, fd) &&
	    process_namespace(task, "user") == user;
}

/* No other socket can have a port that is mapped, whatever the address says. */
static bool
is_internet(int fd)
{
	const int family = socket_option(fd, SOL_SOCKET, SO_DOMAIN);

	return family == AF_INET || family == AF_INET6;
}

/* Binds fd, a duplicate of the server's socket.  Returns 0 or an errno(3)
 * value. */
static int
bind_copy(struct handoff *h, const struct trapped *t, int fd)
{
	int error = socket_bind_bytes(fd, t->address, t->length) == 0 ? 0
								      : errno;

	if (error == EINVAL && may_be_repeated(h, t, socket_inode(fd), fd))
		return 0;
	if (error == 0)
		note_done(h, t, fd);
	return error;
}

/*
 * Lets a bind through.  The kernel would read the address again, and another
 * thread may have changed it.  So the helper binds a duplicate of the server's
 * socket to the copy, with no rights that the server lacks.  The kernel binds it
 * in two cases.  The server is in a sandbox, or a security module confines it:
 * these judge its own binds, not ours.  It is in other namespaces: there the
 * helper may have rights that it lacks.  Returns 0, an errno(3) value, or
 * UNUSED_UNKNOWN if the kernel binds it.
 */
static int
let_through(struct handoff *h, const struct trapped *t)
{
	int fd = -1, error;

	if (!h->notify.observe && !h->notify.landlock.sandboxed &&
	    task_same_label(t->bind.task))
		fd = server_socket_fetch(t->bind.task, t->bind.fd);
	if (fd >= 0 &&
	    (!is_internet(fd) || !may_act_for(h, t->bind.task, fd))) {
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		seccomp_continue(h->listener, &t->call);
		return UNUSED_UNKNOWN;
	}
	error = bind_copy(h, t, fd);
	close(fd);
	seccomp_answer(h->listener, &t->call, error);
	return error;
}

/* While a mapping is unused, a bind that no mapping expects tells which port the
 * server is configured for. */
static void
let_through_examined(struct handoff *h, struct trapped *t)
{
	struct server_socket *own = &t->bind.own;
	const bool known = !h->in_trial && unused_examines(&h->unused) &&
	    server_socket_learn(own, t->bind.task, t->bind.fd,
		h->notify.observe);
	const bool elsewhere = known &&
	    is_in_other_network(h, t->bind.task, own->fd);
	const int error = let_through(h, t);

	if (!known)
		return;
	if (!elsewhere)
		handoff_note_let_through(h, &t->bind, error);
	if (own->fd >= 0)
		close(own->fd);
}

/*
 * The kernel refuses what is no socket.  If a socket cannot be looked at, its
 * bind fails and is reported: the expected port must not be bound by mistake.
 */
static void
refuse_unknown(struct handoff *h, const struct trapped *t)
{
	if (errno == ENOENT || errno == ENOTSOCK) {
		seccomp_continue(h->listener, &t->call);
		return;
	}
	tell_unreadable(h, t, true);
	seccomp_answer(h->listener, &t->call, EACCES);
}

/* While the server waits, it pays for what is done: so the rest is done when it
 * has its answer. */
static void
deliver(struct handoff *h, struct trapped *t, const struct handoff_decision *d)
{
	const int error = seccomp_replace(h->listener, &t->call, d->socket->fd,
	    t->bind.fd, (t->bind.own.flags & O_CLOEXEC) != 0);

	if (error != 0)
		handoff_cancel(h, d);
	seccomp_answer(h->listener, &t->call, error);
	if (error != 0)
		return;
	note_done(h, t, d->socket->fd);
	handoff_commit(h, &t->bind, d);
}

/* The server listens on the expected port there, for that network. */
static void
leave_in_other_network(struct handoff *h, const struct trapped *t)
{
	const pid_t process = task_process(t->bind.task);

	if (warned_first_process(&h->warned, WARNED_FOREIGN, process))
		alertx("process %d binds port %u in another network namespace, "
		       "and keeps that port there; start it in this one to "
		       "have the public port%s",
		    process, t->bind.asked.port, remedy_bpf());
	seccomp_continue(h->listener, &t->call);
}

/* Returns true if Landlock forbids the task to bind this port, or may forbid
 * it. */
static bool
is_forbidden(struct handoff *h, const struct trapped *t)
{
	const int protocol = t->bind.own.protocol;
	pid_t process;

	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP) ||
	    !landlock_restricts(&h->notify.landlock, t->bind.task))
		return false;
	process = task_process(t->bind.task);
	if (warned_first_process(&h->warned, WARNED_FORBIDDEN, process))
		alertx("process %d is not handed port %u (EACCES): it runs in "
		       "a sandbox with rules about TCP ports (landlock(7)), "
		       "which cannot be seen from here; --method preload asks "
		       "them%s",
		    process, t->bind.asked.port, remedy_bpf());
	return true;
}

static void
serve_mapped(struct handoff *h, struct trapped *t)
{
	const struct server_socket *own = &t->bind.own;
	struct handoff_decision d;

	if (is_in_other_network(h, t->bind.task, own->fd)) {
		leave_in_other_network(h, t);
		return;
	}
	if (may_be_repeated(h, t, own->inode, own->fd)) {
		seccomp_answer(h->listener, &t->call, 0);
		return;
	}
	d = handoff_decide(h, &t->bind);
	if (d.outcome == HANDOFF_LET_THROUGH)
		handoff_note_let_through(h, &t->bind, let_through(h, t));
	else if (d.outcome == HANDOFF_ANSWER)
		seccomp_answer(h->listener, &t->call, d.error);
	else if (is_forbidden(h, t))
		seccomp_answer(h->listener, &t->call, EACCES);
	else
		deliver(h, t, &d);
}

static void
serve_bind(struct handoff *h, struct trapped *t)
{
	struct server_socket *own = &t->bind.own;

	if (!trapped_read(h, t)) {
		/* EACCES says to the child why its trial fails. */
		if (h->in_trial && t->unreadable)
			seccomp_answer(h->listener, &t->call, EACCES);
		else
			seccomp_continue(h->listener, &t->call);
	} else if (!endpoint_from_sockaddr(&t->bind.asked, t->address,
		       t->length)) {
		let_through(h, t);
	} else if (!pool_expects(h->pool, t->bind.asked.port)) {
		let_through_examined(h, t);
	} else if (!server_socket_learn(own, t->bind.task, t->bind.fd,
		       h->notify.observe)) {
		refuse_unknown(h, t);
	} else {
		serve_mapped(h, t);
		if (own->fd >= 0)
			close(own->fd);
	}
}

/* Writes the name of a task's socket with the port that the server expects.
 * Returns false if that is the port it has, or if it is no such socket. */
static bool
name_expected(const struct handoff *h, pid_t task, int fd,
    struct sockaddr_in6 *name, socklen_t *length)
{
	int socket = server_socket_fetch(task, fd);
	struct table table;
	uint16_t port = 0;

	if (socket < 0)
		return false;
	handoff_table(h, &table);
	if (socket_name(socket, name, length) == 0)
		port = expected_port(&table,
		    socket_option(socket, SOL_SOCKET, SO_PROTOCOL), name);
	close(socket);
	name->sin6_port = htons(port);
	return port != 0;
}

/*
 * Does what the kernel does for getsockname(fd, address, length): writes no more
 * bytes than there is room for, and the full length.  Returns false if the task
 * cannot write there itself; then the kernel answers EFAULT.  The id is checked
 * before the first write.  If the task is killed after that, its memory goes
 * with it, and its number is not used again so soon.
 */
static bool
name_write(const struct handoff *h, const struct seccomp_notif *call,
    const struct sockaddr_in6 *name, socklen_t length)
{
	const __u64 *arguments = call->data.args;
	const pid_t task = (pid_t)call->pid;
	int room;

	if (memory_read(task, arguments[2], &room, sizeof(room)) !=
		sizeof(room) ||
	    room < 0 || !seccomp_valid(h->listener, call))
		return false;
	if (room > (int)length)
		room = (int)length;
	return (room == 0 ||
		   memory_write(task, arguments[1], name, (size_t)room)) &&
	    memory_write(task, arguments[2], &length, sizeof(length));
}

static void
serve_name(struct handoff *h, const struct seccomp_notif *call)
{
	struct sockaddr_in6 name = {0};
	socklen_t length = sizeof(name);

	if (name_expected(h, (pid_t)call->pid, (int)call->data.args[0], &name,
		&length) &&
	    name_write(h, call, &name, length))
		seccomp_answer(h->listener, call, 0);
	else
		seccomp_continue(h->listener, call);
}

void
notify_serve(struct handoff *h)
{
	struct trapped t;

	if (!seccomp_receive(h->listener, &t.call)) {
		/* ENOENT: the task has died.  Else this is no listener. */
		if (errno != ENOENT && errno != EINTR)
			handoff_close(h);
		return;
	}
	switch (t.call.data.nr) {
	case SYS_bind:
		serve_bind(h, &t);
		return;
	case SYS_getsockname:
		serve_name(h, &t.call);
		return;
	case SYS_setsockopt:
		server_socket_observe(h->listener, &t.call);
		break;
	case SYS_landlock_create_ruleset:
		landlock_note_ruleset(&h->notify.landlock, &t.call);
		break;
	case SYS_landlock_restrict_self:
		landlock_note_restriction(&h->notify.landlock,
		    (pid_t)t.call.pid);
		break;
	}
	/* These were only noted: the kernel carries them out. */
	seccomp_continue(h->listener, &t.call);
}
