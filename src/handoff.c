/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: the arguments of the server's bind(2), once, into a copy.
 *
 * For each call: what it asks for is read and then the call's id checked, so
 * that the bytes are those of the task that waits.  The answer rests on the
 * copy alone: another thread may rewrite the address meanwhile, and the
 * outcome is that of one address or the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "handoff.h"
#include "message.h"
#include "process.h"
#include "seccomp.h"
#include "socket.h"
#include "target.h"

/* The longest address of interest; bind(2) looks at no byte beyond. */
#define ADDRESS_MAX sizeof(struct sockaddr_in6)

/* bind(fd, address, length) */
struct request {
	struct seccomp_notif call;
	pid_t task;
	int fd;
	uint8_t address[ADDRESS_MAX]; /* the copy */
	socklen_t length;
	struct endpoint asked; /* what it says */
};

/* A bind nobody can look at might be one a mapping is for. */
static void
tell_unreadable(struct handoff *h, pid_t task)
{
	if (!h->told_unreadable)
		alertx("cannot look at a bind(2) of process %d: %s; it gets no "
		       "mapped port (not dumpable, or Yama ptrace_scope above "
		       "1?)",
		    task, strerror(errno));
	h->told_unreadable = true;
}

/*
 * Reads what the call asks for.  False: nothing lowport has to do with, or
 * something the kernel refuses; it shall say so itself.
 */
static bool
request_read(struct handoff *h, struct request *r)
{
	const __u64 *arguments = r->call.data.args;
	int length = (int)arguments[2];
	ssize_t read;

	r->task = (pid_t)r->call.pid;
	r->fd = (int)arguments[0];
	if (length < 0 || length > (int)sizeof(struct sockaddr_storage))
		return false;
	r->length = length > (int)ADDRESS_MAX ? ADDRESS_MAX : (socklen_t)length;
	read = process_read(r->task, arguments[1], r->address, r->length);
	/* EIO, EFAULT: the kernel cannot read the address either. */
	if (read < 0 && errno != EIO && errno != EFAULT && errno != ESRCH)
		tell_unreadable(h, r->task);
	if (!seccomp_valid(h->listener, &r->call))
		return false;
	return read == (ssize_t)r->length &&
	    endpoint_from_sockaddr(&r->asked, r->address, r->length);
}

/*
 * Lets a bind through.  The kernel would read the address again, after another
 * thread may have changed it: where the server's socket can be had, the copy is
 * bound instead, with the server's own rights, as the helper has none either.
 * Not where a signal can repeat the call: the second time it would fail.  Nor
 * where the server has put itself into a sandbox, or a security module has: it
 * judges the server's own binds, not ours.
 */
static void
let_through(struct handoff *h, const struct request *r)
{
	int fd = -1, error;

	if (h->killable && !h->observe && !h->sandboxed &&
	    process_same_label(r->task))
		fd = target_fetch(r->task, r->fd);
	if (fd < 0) {
		seccomp_continue(h->listener, &r->call);
		return;
	}
	error = socket_bind_bytes(fd, r->address, r->length) == 0 ? 0 : errno;
	close(fd);
	seccomp_answer(h->listener, &r->call, error);
}

static bool
is_recent(const struct handoff *h, ino_t inode)
{
	size_t i;

	for (i = 0; i < HANDOFF_RECENT; i++)
		if (h->recent[i] == inode)
			return true;
	return false;
}

static void
remember(struct handoff *h, int socket)
{
	h->recent[h->handed++ % HANDOFF_RECENT] = socket_inode(socket);
}

/* A Multipath TCP listener is answered with what the pool has, a TCP one. */
static int
protocol_of(const struct target *target)
{
	return target->protocol == IPPROTO_MPTCP ? IPPROTO_TCP
						 : target->protocol;
}

static bool
can_be_mapped(int protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* The mapping that would have covered this bind. */
static struct mapping
mapping_suggested(const struct handoff *h, const struct endpoint *asked,
    int protocol)
{
	const struct mapping *m = h->plan->mappings;
	const struct mapping *end = m + h->plan->mapping_count;
	struct mapping suggested = {0};

	while (m < end && mapping_public_port(m, asked->port) == 0)
		m++;
	if (m == end) /* inherited, of the other protocol */
		return (struct mapping){.protocol = (uint16_t)protocol,
		    .public_port = asked->port,
		    .server_port = asked->port,
		    .ports = 1};
	suggested.protocol = (uint16_t)protocol;
	suggested.public_port = mapping_public_port(m, asked->port);
	suggested.server_port = asked->port;
	suggested.ports = 1;
	/* Of the other protocol, the same mapping will do. */
	if (m->family == AF_UNSPEC && m->protocol != protocol)
		return suggested;
	suggested.family = asked->family;
	suggested.scope = asked->scope;
	memcpy(suggested.address, asked->address, sizeof(asked->address));
	return suggested;
}

/* And remembers that it is now. */
static bool
was_told(struct handoff *h, const struct endpoint *e, int protocol)
{
	struct handoff_told *told = h->told;

	for (; told < h->told + HANDOFF_TOLD; told++)
		if (told->endpoint.port == e->port &&
		    endpoint_same_address(&told->endpoint, e) &&
		    told->protocol == protocol)
			return true;
	h->told[h->told_count++ % HANDOFF_TOLD] = (struct handoff_told){*e,
	    protocol};
	return false;
}

/* The address a client shows is of the socket's family, and a server of the
 * other would read it wrong. */
static void
tell_other_family(const char *asked, const struct pool_variant *v)
{
	char passed[ENDPOINT_TEXT];

	alertx("the server binds %s, and keeps that port: the socket that was "
	       "passed for it, %s, is of another family; pass one of that too "
	       "(ListenStream=%s%u)",
	    asked, endpoint_format(&v->endpoint, passed),
	    v->endpoint.family == AF_INET6 ? "0.0.0.0:" : "[::]:",
	    v->endpoint.port);
}

static void
tell_uncovered(struct handoff *h, const struct request *r, int protocol)
{
	const struct pool_variant *inherited = pool_find_inherited(h->pool,
	    r->asked.port, protocol);
	char text[ENDPOINT_TEXT], mapping[MAPPING_TEXT];
	struct mapping suggested;

	if (was_told(h, &r->asked, protocol))
		return;
	endpoint_format(&r->asked, text);
	if (!can_be_mapped(protocol)) {
		alertx("the server binds %s for another protocol than TCP and "
		       "UDP, and keeps that port; no mapping can be for it",
		    text);
		return;
	}
	if (inherited != NULL) {
		tell_other_family(text, inherited);
		return;
	}
	suggested = mapping_suggested(h, &r->asked, protocol);
	alertx("the server binds %s, which no mapping covers, and keeps that "
	       "port; give it -p '%s'",
	    text, mapping_format(&suggested, mapping));
}

static void
tell_handed(const struct handoff *h, const struct request *r,
    const struct pool_variant *v)
{
	char asked[ENDPOINT_TEXT], given[ENDPOINT_TEXT];

	verbose("process %d asked for %s and got %s%s", r->task,
	    endpoint_format(&r->asked, asked),
	    endpoint_format(&v->endpoint, given), h->probing ? " (probe)" : "");
}

/* Hands a socket of the variant over.  Returns 0 or what bind(2) is to fail
 * with: never the unmapped port in silence. */
static int
hand_over(struct handoff *h, const struct request *r,
    const struct target *target, struct pool_variant *v)
{
	bool reuseport = sockopt_integer(&target->options, SOL_SOCKET,
			     SO_REUSEPORT) != 0;
	int socket, error;

	pool_refresh(h->pool, 1);
	error = pool_pick(v, reuseport, &socket);
	if (error != 0)
		return error;
	/* What the probe borrows goes back as it was. */
	if (!h->probing)
		pool_prepare(h->pool, v, socket, &target->options,
		    (target->flags & O_NONBLOCK) != 0);
	error = seccomp_replace(h->listener, &r->call, socket, r->fd,
	    (target->flags & O_CLOEXEC) != 0);
	if (error != 0)
		return error;
	remember(h, socket);
	tell_handed(h, r, v);
	if (h->probing)
		return 0;
	h->used[v->mapping] = true;
	pool_commit(v, socket, (struct process_descriptor){r->task, r->fd});
	return 0;
}

static void
resolve_v6only(struct endpoint *asked, const struct target *target)
{
	asked->v6only = asked->family == AF_INET6 &&
	    sockopt_integer(&target->options, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
}

/* The port is one the server was expected to bind. */
static void
serve_expected(struct handoff *h, struct request *r, struct target *target)
{
	const int protocol = protocol_of(target);
	struct pool_variant *v = NULL;

	resolve_v6only(&r->asked, target);
	if (target->family == r->asked.family)
		v = pool_find(h->pool, &r->asked, protocol);
	if (v == NULL) {
		if (target->family == r->asked.family)
			tell_uncovered(h, r, protocol);
		let_through(h, r);
	} else if (is_recent(h, target->inode)) {
		/* A call that a signal repeated has been answered already;
		 * otherwise it is a second bind of one socket. */
		seccomp_answer(h->listener, &r->call, h->killable ? EINVAL : 0);
	} else {
		seccomp_answer(h->listener, &r->call,
		    hand_over(h, r, target, v));
	}
}

/*
 * What is no socket, the kernel refuses.  A socket that cannot be looked at,
 * for whatever reason, is not left with the port nobody is to use: the bind
 * fails, and that is told.
 */
static void
refuse_unknown(struct handoff *h, const struct request *r)
{
	if (errno == ENOENT || errno == ENOTSOCK) {
		seccomp_continue(h->listener, &r->call);
		return;
	}
	tell_unreadable(h, r->task);
	seccomp_answer(h->listener, &r->call, EACCES);
}

static void
serve_bind(struct handoff *h, struct request *r)
{
	struct target target;

	if (!request_read(h, r)) {
		seccomp_continue(h->listener, &r->call);
	} else if (!pool_expects(h->pool, r->asked.port)) {
		let_through(h, r);
	} else if (!target_learn(&target, r->task, r->fd, h->observe)) {
		refuse_unknown(h, r);
	} else {
		serve_expected(h, r, &target);
		if (target.fd >= 0)
			close(target.fd);
	}
}

void
handoff_inherit(struct handoff *h, int channel, uint32_t count)
{
	struct inheritance inheritance;
	int fd;

	for (; count > 0; count--) {
		fd = channel_receive_inherited(channel, &inheritance);
		if (fd < 0)
			return;
		if (!pool_inherit(h->pool, h->plan, inheritance.mapping, fd))
			close(fd);
	}
}

void
handoff_serve(struct handoff *h)
{
	struct request r;

	if (!seccomp_receive(h->listener, &r.call)) {
		/* ENOENT: the task died meanwhile.  Else it is no listener. */
		if (errno != ENOENT && errno != EINTR) {
			close(h->listener);
			h->listener = -1;
		}
	} else if (r.call.data.nr == SYS_bind) {
		serve_bind(h, &r);
	} else {
		if (r.call.data.nr == SYS_setsockopt)
			target_observe(h->listener, &r.call);
		else
			h->sandboxed = true;
		seccomp_continue(h->listener, &r.call);
	}
}

void
handoff_report_unused(struct handoff *h, const char *when)
{
	char text[MAPPING_TEXT];
	size_t i;

	for (i = 0; i < h->plan->mapping_count; i++) {
		const struct mapping *m = &h->plan->mappings[i];

		if (!h->used[i] && !mapping_by_descriptor(m))
			warnx("mapping %s was not used: the server %s bound "
			      "%s %u%s as it covers it; is it configured so?",
			    mapping_format(m, text), when,
			    m->protocol == IPPROTO_UDP ? "UDP port" : "port",
			    m->server_port, m->ports == 1 ? "" : " or so");
		h->used[i] = true;
	}
}
