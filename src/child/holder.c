/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, as the server's user, when a port is in use.
 * Reads: sock_diag(7), written by the kernel; names of processes.
 */
#include <dirent.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "holder.h"
#include "number.h"
#include "process.h"

/* TCP_BOUND_INACTIVE of the kernel's include/net/tcp_states.h, Linux 6.8. */
#define STATE_BOUND 13

/* Marks of a UDP socket that is parked (parking.h). */
#define DISCARD      9
#define NO_INTERFACE INT_MAX

/* lowport has bound it to no interface, or has connected it to the discard port
 * of its own address. */
static bool
is_parked(const struct diag_socket *s)
{
	return s->interface == NO_INTERFACE ||
	    (s->peer.port == DISCARD &&
		endpoint_same_address(&s->peer, &s->local));
}

static bool
is_bound_only(const struct diag_socket *s)
{
	return s->state == TCP_CLOSE || s->state == STATE_BOUND;
}

static enum holder_state
state_of(const struct diag_socket *s, int protocol)
{
	if (protocol == IPPROTO_UDP && is_parked(s))
		return HOLDER_PARKED;
	if (is_bound_only(s))
		return protocol == IPPROTO_UDP ? HOLDER_LISTENS : HOLDER_BOUND;
	return s->state == TCP_LISTEN ? HOLDER_LISTENS : HOLDER_CONNECTED;
}

/* Finds the socket in the first of the states, and there the first one. */
static enum holder_state
find_socket(struct diag_socket *found, const struct endpoint *wanted,
    int protocol)
{
	/* Of two alike, that of its own family is in the way. */
	const int families[] = {wanted->family,
	    wanted->family == AF_INET ? AF_INET6 : AF_INET};
	enum holder_state state = HOLDER_NONE;
	const int diag = diag_open();
	struct diag_answer answer;
	struct diag_socket s;
	size_t i;

	for (i = 0; i < 2; i++) {
		diag_ask(&answer, diag,
		    &(struct diag_query){families[i], protocol, ~0U,
			wanted->port});
		while (diag_next(&answer, &s))
			if (s.local.port == wanted->port &&
			    endpoint_overlaps(&s.local, wanted) &&
			    state_of(&s, protocol) < state) {
				*found = s;
				state = state_of(&s, protocol);
			}
	}
	close(diag);
	return state;
}

/* Any process that this one may look at and that holds the socket, or 0. */
static pid_t
find_process(ino_t inode)
{
	struct process_numbers processes, descriptors;
	bool found = false;
	int pid, fd;

	process_numbers_all(&processes);
	while (!found && (pid = process_numbers_next(&processes)) >= 0) {
		if (pid == getpid() ||
		    !process_numbers_of(&descriptors, pid, "fd"))
			continue;
		while (!found && (fd = process_numbers_next(&descriptors)) >= 0)
			found = process_socket(pid, fd) == inode;
		process_numbers_end(&descriptors);
	}
	process_numbers_end(&processes);
	return found ? pid : 0;
}

bool
holder_find(struct holder *holder, const struct endpoint *wanted, int protocol)
{
	struct diag_socket found;
	enum holder_state state = find_socket(&found, wanted, protocol);

	if (state == HOLDER_NONE)
		return false;
	*holder = (struct holder){.uid = found.uid,
	    .state = state,
	    .endpoint = found.local};
	/* A connection that nobody holds any more has no inode. */
	if (found.inode != 0)
		holder->pid = find_process(found.inode);
	if (holder->pid != 0)
		process_name(holder->pid, holder->name);
	return true;
}

/* True if the helper has bound TCP sockets of this port for the mapping. */
static bool
is_bound_for(const struct mapping *m, uint16_t port)
{
	return m->protocol == IPPROTO_TCP && !mapping_inherited(m) &&
	    port >= m->public_port && port - m->public_port < (int)m->ports;
}

/* The number of the helper's sockets of this variant that do not listen.  One by
 * descriptor listens by now. */
static unsigned int
own_sockets(const struct plan *plan, const struct mapping *m,
    const struct mapping_variant *v)
{
	if (mapping_by_descriptor(m))
		return 0;
	return v->common ? plan->spares : 1;
}

/* Counts the socket.  True as long as the helper has so many of this address. */
static bool
may_be_own(const struct plan *plan, const struct endpoint *there,
    unsigned int (*seen)[MAPPING_VARIANTS_MAX])
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	const struct mapping *m = plan->mappings;
	const struct mapping *end = m + plan->mapping_count;
	unsigned int *counts;
	size_t count, i;

	for (; m < end; seen += m->ports, m++) {
		if (!is_bound_for(m, there->port))
			continue;
		counts = seen[there->port - m->public_port];
		count = mapping_variants(m, list);
		for (i = 0; i < count; i++)
			if (endpoint_same_address(&list[i].endpoint, there))
				return ++counts[i] <=
				    own_sockets(plan, m, &list[i]);
	}
	return false;
}

static void
mark_shared(const struct plan *plan, const struct endpoint *there, bool *shared)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	const struct mapping *m;
	size_t count, i;
	uint32_t k;

	for (k = 0; k < plan->mapping_count; k++) {
		m = &plan->mappings[k];
		if (!is_bound_for(m, there->port))
			continue;
		count = mapping_variants(m, list);
		for (i = 0; i < count; i++)
			if (endpoint_overlaps(&list[i].endpoint, there))
				shared[k] = true;
	}
}

void
holder_find_shared(const struct plan *plan, bool shared[PLAN_MAPPINGS_MAX])
{
	/* For each variant of each port. */
	static unsigned int seen[PLAN_PORTS_MAX][MAPPING_VARIANTS_MAX];
	const struct diag_query query = {AF_UNSPEC, IPPROTO_TCP,
	    1U << STATE_BOUND, 0};
	const int diag = diag_open();
	struct diag_answer answer;
	struct diag_socket s;

	memset(seen, 0, sizeof(seen));
	memset(shared, 0, PLAN_MAPPINGS_MAX * sizeof(*shared));
	diag_ask(&answer, diag, &query);
	while (diag_next(&answer, &s))
		if (is_bound_only(&s) && !may_be_own(plan, &s.local, seen))
			mark_shared(plan, &s.local, shared);
	close(diag);
}

static bool
is_lowport(pid_t process)
{
	char name[PROCESS_NAME];

	return strcmp(process_name(process, name), "lowport") == 0;
}

pid_t
holder_lowport_above(const struct holder *holder)
{
	pid_t process = holder->pid;

	while (process != 0 && !is_lowport(process))
		process = process_parent(process);
	return process;
}

/* The helper of another lowport does not show its descriptors. */
bool
holder_find_lowport(struct holder *holder)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	unsigned long pid;
	bool found = false;

	if (directory == NULL)
		return false;
	while (!found && (entry = readdir(directory)) != NULL) {
		if (!number_parse(&pid, entry->d_name, 1, INT_MAX) ||
		    (pid_t)pid == getpid() || (pid_t)pid == getppid())
			continue;
		found = is_lowport((pid_t)pid);
	}
	closedir(directory);
	holder->pid = found ? (pid_t)pid : 0;
	process_name(holder->pid, holder->name);
	return found;
}
