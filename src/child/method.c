/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, which holds no capability but those of --keep-caps.
 * Reads: the helper's answer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "channel.h"
#include "confinement.h"
#include "constants.h"
#include "explain.h"
#include "host.h"
#include "ld_preload.h"
#include "limit.h"
#include "mapped.h"
#include "message.h"
#include "method.h"
#include "privilege.h"
#include "process.h"
#include "reason.h"
#include "remedy.h"
#include "rendezvous.h"
#include "seccomp.h"
#include "socket.h"
#include "trial.h"

static bool
offer(const struct start *start, struct offer offer, int fd,
    char why[REASON_TEXT])
{
	return channel_send_offer(start->channel, &offer, fd) ||
	    reason_say(why, "the helper has ended");
}

static bool
offer_passed(const struct start *start, char why[REASON_TEXT])
{
	const struct passed_sockets *passed = &start->passed;
	unsigned int i;

	for (i = 0; i < passed->count; i++)
		if (!offer(start,
			(struct offer){OFFER_INHERITED,
			    passed->sockets[i].mapping},
			passed->sockets[i].fd, why))
			return false;
	return true;
}

/* This writes nothing.  A profile that refuses the call refuses it as well. */
static bool
may_write(void)
{
	return process_vm_writev(getpid(), NULL, 0, NULL, 0, 0) == 0;
}

/* Likewise: a process may duplicate its own descriptors. */
static bool
may_fetch(void)
{
	if (seccomp_is_deadly())
		return false;
	const int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	const int fd = (int)syscall(SYS_pidfd_getfd, self, STDERR_FILENO, 0);

	close(self);
	close(fd);
	return fd >= 0;
}

/* Some options do not go with notify, on any kernel or under some profiles.  The
 * answer may not be there yet. */
static bool
notify_can(const struct start *start, char why[REASON_TEXT])
{
	if (start->kept != 0)
		return reason_say(why,
		    "with --keep-caps the server holds more than the helper, "
		    "which then cannot read its bind(2) calls");
	if (start->options.new_privs)
		return reason_say(why,
		    "with --allow-new-privs no seccomp filter can be "
		    "installed");
	if (start->options.show_expected &&
	    (start->answer.observe || start->options.observe || !may_fetch()))
		return reason_say(why,
		    "--show-expected-port takes pidfd_getfd(2), which is "
		    "refused here");
	if (start->options.show_expected && !may_write())
		return reason_say(why,
		    "--show-expected-port takes process_vm_writev(2), which is "
		    "refused here");
	return true;
}

static enum seccomp_traps
traps_for(const struct start *start)
{
	if (start->options.show_expected)
		return SECCOMP_EXPECTED;
	return start->answer.observe ? SECCOMP_OBSERVE : SECCOMP_FETCH;
}

/* Gives this process the filter, for good. */
static bool
notify_install(const struct start *start, struct method *method)
{
	struct seccomp_listener listener = seccomp_listen(traps_for(start),
	    start->plan.baseline != 0);
	bool offered;

	if (listener.fd < 0) {
		explain_no_listener(method->why, errno);
		return false;
	}
	method->interruptible = listener.interruptible;
	offered = offer(start,
	    (struct offer){OFFER_NOTIFY,
		.interruptible = listener.interruptible},
	    listener.fd, method->why);
	close(listener.fd);
	return offered;
}

static void
notify_try(const struct start *start, struct method *method)
{
	if (notify_install(start, method) &&
	    trial_run(NULL, &start->plan, &start->answer, &start->passed,
		method->why))
		method->taken = METHOD_NOTIFY;
}

static bool
explain_no_process(char why[REASON_TEXT], int error)
{
	char limit[REASON_TEXT];

	limit_explain(limit, error);
	return reason_say(why, "cannot start a process: %.640s", limit);
}

struct attempt {
	const struct start *start;
	struct method method;
};

static int
attempt_notify(void *argument)
{
	struct attempt *attempt = argument;

	notify_try(attempt->start, &attempt->method);
	return 0;
}

/* Binds nothing: the descriptor is no socket.  If nobody listens any more, the
 * call fails. */
static _Noreturn void
rehearse_bind(void)
{
	const struct endpoint nothing = {.family = AF_INET};

	/* Its user may trace this process then: it holds nothing. */
	process_close_from(STDIN_FILENO);
	privilege_show();
	socket_bind(STDERR_FILENO, &nothing);
	_exit(0);
}

/* As the helper must: it may do what it can do with the memory of the task. */
static bool
may_look(pid_t task)
{
	const int memory = process_open(task, "mem");

	close(memory);
	return memory >= 0;
}

/* Returns 0 or an errno(3) value. */
static int
rehearse_answer(int listener)
{
	struct seccomp_notif call;
	int error;

	if (!seccomp_receive(listener, &call))
		return errno;
	error = may_look((pid_t)call.pid)
	    ? seccomp_replace(listener, &call, STDERR_FILENO, STDERR_FILENO,
		  false)
	    : EACCES;
	seccomp_answer(listener, &call, 0);
	return error;
}

/* Plays helper and server, as long as the helper is not there yet. */
static int
attempt_alone(void *argument)
{
	struct attempt *attempt = argument;
	struct method *method = &attempt->method;
	const struct seccomp_listener listener = seccomp_listen(SECCOMP_FETCH,
	    attempt->start->options.baseline);
	int error;
	pid_t pid;

	if (listener.fd < 0) {
		explain_no_listener(method->why, errno);
		return 0;
	}
	pid = fork();
	if (pid == 0)
		rehearse_bind();
	error = pid < 0 ? errno : rehearse_answer(listener.fd);
	close(listener.fd);
	waitpid(pid, NULL, 0);
	if (pid < 0)
		explain_no_process(method->why, error);
	else if (error == 0)
		method->taken = METHOD_NOTIFY;
	else
		explain_trial(method->why, error, true);
	return 0;
}

/* A filter cannot be removed, and a listener that does not work would obstruct
 * preload. */
static bool
notify_works(const struct start *start, int (*try)(void *),
    char why[REASON_TEXT])
{
	struct attempt attempt = {start, {METHOD_NONE}};

	if (apart_run(try, &attempt) == -1)
		return explain_no_process(why, errno);
	memcpy(why, attempt.method.why, REASON_TEXT);
	return attempt.method.taken == METHOD_NOTIFY;
}

static bool
preload_install(struct start *start, struct method *method,
    char why[REASON_TEXT])
{
	const char *command = start->options.command[0];
	struct offer words = {OFFER_PRELOAD};
	char path[LD_PRELOAD_PATH];
	struct rendezvous place;
	char remark[REASON_TEXT];
	bool offered;
	int requests;

	if (!ld_preload_find(path, why) ||
	    (command != NULL &&
		!ld_preload_can_load(path, command, start->environment,
		    start->options.new_privs, why)))
		return false;
	requests = rendezvous_open(&place);
	if (requests < 0)
		return reason_say(why, "cannot make a Unix socket: %s%s",
		    strerror(errno),
		    errno == EACCES ? confinement_remark(remark, "unix,") : "");
	memcpy(words.key, place.key, sizeof(words.key));
	memcpy(words.proof, place.proof, sizeof(words.proof));
	offered = offer(start, words, requests, why);
	close(requests);
	if (!offered ||
	    !trial_run(&place, &start->plan, &start->answer, &start->passed,
		why))
		return false;
	start->environment = ld_preload_set(start->environment, path, &place,
	    &start->plan);
	method->taken = METHOD_PRELOAD;
	return true;
}

/*
 * True if no try is needed to know that notify works: the helper has looked at
 * this process in each way that it takes, no filter can refuse its other calls,
 * and the kernel has them.  So the trial's process, its filter and the turns of
 * helper and child that they take are saved: a tenth of the start.
 */
static bool
notify_is_certain(const struct start *start)
{
	return start->answer.looks && start->rights.seccomp == 0 &&
	    !start->plan.baseline && seccomp_is_complete();
}

/* Returns true if preload is not to be tried: notify works, or was asked for.
 * After notify_works there is no second trial: it would take a tenth of the
 * start. */
static bool
notify_settles(const struct start *start, struct method *method)
{
	const enum options_method asked = start->options.method;

	if (asked == METHOD_PRELOAD)
		return false;
	if (!notify_can(start, method->why))
		return asked == METHOD_NOTIFY;
	if (asked == METHOD_NOTIFY || notify_is_certain(start))
		notify_try(start, method);
	else if (!notify_works(start, attempt_notify, method->why))
		return false;
	else if (notify_install(start, method))
		method->taken = METHOD_NOTIFY;
	return true;
}

/* All that can be known before the helper drops what bpf takes. */
static bool
notify_is_refused(const struct start *start, char why[REASON_TEXT])
{
	if (!notify_can(start, why))
		return true;
	if (explain_yama(why))
		return true;
	/* A profile may refuse what it takes, and no call can be listened to
	 * twice.  Only an attempt says so (seccomp(2)). */
	return (start->rights.seccomp != 0 ||
		   confinement_of(getpid()).enforced) &&
	    !notify_works(start, attempt_alone, why);
}

enum plan_bpf
method_wants_bpf(struct start *start)
{
	const struct options *options = &start->options;

	if (options->method == METHOD_BPF &&
	    mapping_any_inherited(options->mappings, options->mapping_count))
		fatalx("--method bpf: a socket that was passed to lowport is "
		       "bound already, and the kernel maps only what the "
		       "server binds; use another method");
	if (options->method == METHOD_BPF)
		return PLAN_BPF_ALONE;
	if (options->method == METHOD_AUTO && start->rights.root &&
	    !mapping_any_inherited(options->mappings, options->mapping_count) &&
	    trial_needed(&start->plan) &&
	    notify_is_refused(start, start->no_notify))
		return PLAN_BPF_IF_IT_CAN;
	return PLAN_BPF_NO;
}

const char *
method_name(enum options_method method)
{
	switch (method) {
	case METHOD_NOTIFY:
		return "notify";
	case METHOD_PRELOAD:
		return "preload";
	case METHOD_BPF:
		return "bpf";
	default:
		return "auto";
	}
}

/* The helper has made the group, and this process is in it; or, in a dry run, the
 * helper was. */
static void
bpf_settle(const struct start *start, struct method *method)
{
	struct answer answer = start->answer;
	size_t mapping = start->plan.mapping_count;

	if (!start->plan.dry)
		mapping = mapped_try(&start->plan, answer.results);
	if (mapping == start->plan.mapping_count) {
		method->taken = METHOD_BPF;
		reason_say(method->why, "%s", start->no_notify);
	} else {
		explain_result(method->why, &start->plan, &answer, mapping,
		    &start->rights);
	}
}

bool
method_is_bpf(const struct start *start)
{
	return start->plan.bpf != PLAN_BPF_NO &&
	    start->answer.group.step == GROUP_MADE;
}

/* Also by this method it does not work.  Without /proc all fail for the same
 * reason. */
static void
add_reason(char all[REASON_TEXT], const char *method, const char *why)
{
	char before[REASON_TEXT];

	memcpy(before, all, sizeof(before));
	if (*before == '\0')
		reason_say(all, "%s", why);
	else if (host_has_proc())
		reason_say(all, "%.400s; nor by --method %s: %s", before,
		    method, why);
}

static struct method
install(struct start *start)
{
	struct method method = {METHOD_NONE};
	char why[REASON_TEXT];

	if (method_is_bpf(start)) {
		bpf_settle(start, &method);
		return method;
	}
	if (start->plan.bpf == PLAN_BPF_ALONE) {
		explain_group(method.why, &start->answer.group, &start->rights);
		return method;
	}
	if (!offer_passed(start, method.why) || notify_settles(start, &method))
		return method;
	if (start->plan.bpf == PLAN_BPF_IF_IT_CAN) {
		explain_group(why, &start->answer.group, &start->rights);
		add_reason(method.why, "bpf", why);
	}
	if (!preload_install(start, &method, why))
		add_reason(method.why, "preload", why);
	return method;
}

struct method
method_install(struct start *start)
{
	struct method method = install(start);
	const size_t used = strlen(method.why);

	if (method.taken == METHOD_NONE)
		snprintf(method.why + used, sizeof(method.why) - used, "%s",
		    remedy_bpf());
	return method;
}
