/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, as the server's user, with --check and --doctor and when
 * something has failed.
 * Reads: the policy, files of /proc and of this program, to find causes.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "confinement.h"
#include "explain.h"
#include "holder.h"
#include "host.h"
#include "policy.h"
#include "privilege.h"
#include "program.h"
#include "remedy.h"
#include "seccomp.h"
#include "user.h"

static bool
policy_is_missing(void)
{
	struct stat status;

	/* A dangling link counts as there: nothing is to be written through it. */
	return lstat(verdict_policy, &status) != 0 && errno == ENOENT;
}

/* A rule appended to a line without a newline would become a part of it. */
static bool
policy_ends_within_a_line(void)
{
	struct stat status;
	int last = '\n';
	FILE *file;

	/* Opening a pipe would block. */
	if (lstat(verdict_policy, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	file = fopen(verdict_policy, "re");
	if (file == NULL)
		return false;
	if (fseek(file, -1, SEEK_END) == 0)
		last = fgetc(file);
	fclose(file);
	return last != '\n';
}

/* Writes a command that adds a rule and changes no other. */
static void
suggest(char text[REASON_TEXT], const struct mapping *m, const char *user)
{
	const char *slash = strrchr(verdict_policy, '/');
	char rule[POLICY_RULE_TEXT];

	policy_suggest(m, user, rule);
	if (policy_is_missing())
		reason_say(text, "umask 022 && mkdir -p %.*s && echo '%s' >>%s",
		    (int)(slash - verdict_policy), verdict_policy, rule,
		    verdict_policy);
	else if (policy_ends_within_a_line())
		reason_say(text, "(echo; echo '%s') >>%s", rule,
		    verdict_policy);
	else
		reason_say(text, "echo '%s' >>%s", rule, verdict_policy);
}

/* A rule whose account is gone was perhaps meant for this user. */
static void
say_gone(char text[REASON_TEXT], const struct verdict *verdict)
{
	*text = '\0';
	if (verdict->gone_line != 0)
		reason_say(text, " (%s:%u matches nobody: there is no %s)",
		    verdict_policy, verdict->gone_line, verdict->gone);
}

/* The remedy is not to override the administrator. */
static void
explain_denial(char text[REASON_TEXT], const struct verdict *verdict,
    const char *user)
{
	char gone[REASON_TEXT];

	say_gone(gone, verdict);
	reason_say(text,
	    "%s:%u denies it to user %s%.160s, as the administrator of this "
	    "host wants; map another port or address",
	    verdict_policy, verdict->line, user, gone);
}

void
explain_verdict(char text[REASON_TEXT], const struct mapping *m,
    const struct verdict *verdict, const char *why)
{
	char remedy[REASON_TEXT], gone[REASON_TEXT], name[USER_NAME];
	const char *user = user_name(getuid(), name);

	if (verdict->line != 0) {
		explain_denial(text, verdict, user);
		return;
	}
	suggest(remedy, m, user);
	say_gone(gone, verdict);
	if (why == NULL)
		reason_say(text,
		    "no rule of %s is about user %s and this port%.160s; to "
		    "permit it, as root: %.256s",
		    verdict_policy, user, gone, remedy);
	else if (policy_is_missing())
		reason_say(text,
		    "%s, so only root may use this program's capability; to "
		    "permit it to user %s, as root: %.256s",
		    why, user, remedy);
	else
		reason_say(text, "the policy permits nothing: %s", why);
}

bool
explain_mapping(char text[REASON_TEXT], const struct mapping *m)
{
	struct mapping other = *m;
	char here[MAPPING_TEXT], turned[MAPPING_TEXT];

	if (!mapping_looks_reversed(m))
		return false;
	other.public_port = m->server_port;
	other.server_port = m->public_port;
	reason_say(text,
	    "%s: the server is to bind %u and gets %u; for the other way "
	    "round, write -p %s",
	    mapping_format(m, here), m->server_port, m->public_port,
	    mapping_format(&other, turned));
	return true;
}

/* lowport has its capability from an exec by the runtime alone. */
static void
explain_forerunners(char text[REASON_TEXT])
{
	char names[REASON_TEXT];
	const bool is_entrypoint = rights_forerunners(names);

	reason_say(text,
	    "no_new_privs was set before lowport started, which voids its file "
	    "capability behind another program: %.160s; %s",
	    names,
	    is_entrypoint
		? "make lowport the entrypoint itself, without a shell or "
		  "--init, as it is an init, by a runtime that gives the "
		  "capability to the user of the container (Docker 25, podman "
		  "--cap-add)"
		: "start lowport outside of that, or give it the capability "
		  "by AmbientCapabilities=");
}

/* SELinux alone hides no capability that it refuses. */
static bool
explain_selinux(char text[REASON_TEXT])
{
	return confinement_of(getpid()).module == CONFINEMENT_SELINUX &&
	    confinement_explain(text, "");
}

void
explain_lack(char text[REASON_TEXT], enum rights_lack lack)
{
	/* %s is the path of this program. */
	/* clang-format off */
	static const char *const sentences[] = {
	    [RIGHTS_SUFFICE] =
		"CAP_NET_BIND_SERVICE is there, and a security module of this "
		"host, or a sandbox around lowport (landlock(7)), forbids the "
		"bind; see the log (dmesg, ausearch), or have the sandbox "
		"permit the port",
	    [RIGHTS_FOREIGN] =
		"a capability of a user namespace that does not own this "
		"network namespace counts for nothing; use a network namespace "
		"of the container's own, or lower "
		"net.ipv4.ip_unprivileged_port_start",
	    [RIGHTS_NOT_BOUNDED] =
		"CAP_NET_BIND_SERVICE is not in the bounding set; add it "
		"(docker run --cap-add NET_BIND_SERVICE; Kubernetes "
		"capabilities.add: [\"NET_BIND_SERVICE\"]; systemd "
		"CapabilityBoundingSet=)",
	    [RIGHTS_NO_XATTR] =
		"this program has no capability; run once as root: "
		"setcap cap_net_bind_service=p %s",
	    [RIGHTS_NO_XATTR_HERE] =
		"this program has no capability; if its image gives it one, "
		"the runtime lost it as it gave the files to the users of this "
		"user namespace (hostUsers: false by containerd 1.7): use "
		"containerd 2; if not, run once as root: setcap "
		"cap_net_bind_service=p %s",
	    [RIGHTS_NO_XATTRS] =
		"%s is on a file system without extended attributes, where "
		"setcap fails; install it on another one (ext4, xfs, btrfs, "
		"tmpfs)",
	    [RIGHTS_NOSUID] =
		"%s is on a file system mounted nosuid, which voids its "
		"capability; install it elsewhere",
	    [RIGHTS_NO_NEW_PRIVS] =
		"no_new_privs was set before lowport started, which voids its "
		"file capability; start it without (NoNewPrivileges= of a "
		"unit), or give it the capability by AmbientCapabilities=",
	    [RIGHTS_NO_NEW_PRIVS_AS_INIT] =
		"no_new_privs was set before lowport started, which voids its "
		"file capability; start the container without it, or make "
		"lowport the entrypoint, behind no shell, with a runtime that "
		"gives the capability to the user of the container (Docker 25, "
		"podman --cap-add)",
	    [RIGHTS_TRACED] =
		"a tracer (strace, gdb) voids the file capability; attach it "
		"to the server instead",
	    [RIGHTS_NOT_GRANTED] =
		"the file capability of %s was not granted: it is of another "
		"user namespace, or not '=p'; run setcap "
		"cap_net_bind_service=p here",
	};
	/* clang-format on */

	if (lack == RIGHTS_NO_NEW_PRIVS_BEHIND)
		explain_forerunners(text);
	else if (lack == RIGHTS_HIDDEN)
		confinement_explain(text, "capability net_bind_service,");
	else if (lack != RIGHTS_SUFFICE || !explain_selinux(text))
		reason_say(text, sentences[lack], program_own_path());
}

static const char *
how_held(enum holder_state state, int protocol)
{
	switch (state) {
	case HOLDER_PARKED:
		return ", another lowport, which keeps it for its server";
	case HOLDER_BOUND:
		return ", which does not listen";
	case HOLDER_CONNECTED:
		return protocol == IPPROTO_UDP
		    ? ", connected to one peer"
		    : ", by connections alone: without SO_REUSEADDR they keep "
		      "it for a minute or so";
	default:
		return "";
	}
}

/* If the holder has one address alone, says which, and how to map another one.
 * The address of a parked socket may not be its own. */
static void
say_where(char at[REASON_TEXT], char way_out[REASON_TEXT],
    const struct holder *holder, const struct endpoint *wanted,
    const struct mapping *m)
{
	struct mapping every = *m;
	char text[MAPPING_TEXT];

	*at = '\0';
	reason_say(way_out, "map another port or address");
	if (endpoint_same_address(&holder->endpoint, wanted) ||
	    holder->state == HOLDER_PARKED)
		return;
	reason_say(at, " at %s", endpoint_format(&holder->endpoint, text));
	if (m->family != AF_UNSPEC || endpoint_is_wildcard(&holder->endpoint))
		return;
	every.family = AF_UNSPEC;
	reason_say(way_out,
	    "map another address of this host alone, -p ADDR:%s",
	    mapping_format(&every, text));
}

/* The check of a container's health may be a second lowport, by mistake. */
static const char *
say_health(char text[REASON_TEXT], const struct mapping *m)
{
	reason_say(text,
	    "to see that its server is well, %s port %u, as --check is for "
	    "before the start",
	    m->protocol == IPPROTO_UDP ? "ask at" : "connect to",
	    m->public_port);
	return text;
}

/* Nothing, if no lowport serves the holder. */
static const char *
say_server(char text[REASON_TEXT], const struct holder *holder,
    const struct mapping *m)
{
	const pid_t lowport = holder_lowport_above(holder);
	char health[REASON_TEXT];

	*text = '\0';
	if (lowport == holder->pid)
		reason_say(text, "; %.160s", say_health(health, m));
	else if (lowport != 0)
		reason_say(text, ", the server of lowport (process %d); %.160s",
		    lowport, say_health(health, m));
	return text;
}

static void
explain_in_use(char text[REASON_TEXT], const struct endpoint *where,
    const struct mapping *m)
{
	const char kind = m->protocol == IPPROTO_UDP ? 'u' : 't';
	char at[REASON_TEXT], way_out[REASON_TEXT], user[USER_NAME];
	char server[REASON_TEXT];
	struct holder holder;
	const char *how;

	if (!holder_find(&holder, where, m->protocol)) {
		reason_say(text,
		    "the port is in use by a socket that cannot be seen from "
		    "here; ss -%canp 'sport = :%u' may name it to root",
		    kind, where->port);
		return;
	}
	say_where(at, way_out, &holder, where, m);
	how = how_held(holder.state, m->protocol);
	if (holder.pid != 0)
		reason_say(text,
		    "the port is in use%.80s by process %d (%s)%s%.240s; stop "
		    "it, or %.160s",
		    at, holder.pid, holder.name, how,
		    say_server(server, &holder, m), way_out);
	else if (holder.state == HOLDER_PARKED && holder_find_lowport(&holder))
		reason_say(text,
		    "the port is in use by another lowport, perhaps process "
		    "%d, which keeps it for its server; %.160s; stop it, or "
		    "%.160s",
		    holder.pid, say_health(server, m), way_out);
	else
		reason_say(text,
		    "the port is in use%.80s by a process of user %s (uid "
		    "%u)%s; ss -%canp 'sport = :%u' names it to root; stop it, "
		    "or %.160s",
		    at, user_name(holder.uid, user), holder.uid, how, kind,
		    where->port, way_out);
}

static void
explain_shared(char text[REASON_TEXT], const struct mapping *m)
{
	char health[REASON_TEXT];
	struct holder holder;

	if (holder_find_lowport(&holder))
		reason_say(text,
		    "cannot share port %u: another process has bound it and "
		    "does not listen yet, perhaps process %d (%s); %.160s; "
		    "stop it, or map another port or address",
		    m->public_port, holder.pid, holder.name,
		    say_health(health, m));
	else
		reason_say(text,
		    "cannot share port %u: another process has bound it and "
		    "does not listen yet; stop it (ss -Btanp names it to "
		    "root), or map another port or address",
		    m->public_port);
}

/* The reason for which bind(2) failed. */
static void
explain_bind(char text[REASON_TEXT], const struct result *result,
    const struct mapping *m, const struct rights *rights)
{
	switch (result->error) {
	case EACCES:
		explain_lack(text, rights_lack(rights));
		break;
	case EADDRINUSE:
		explain_in_use(text, &result->endpoint, m);
		break;
	case EPERM:
		reason_say(text,
		    "a seccomp profile, or a BPF program of this control "
		    "group, forbids it");
		break;
	case EPROTO:
		reason_say(text,
		    "another BPF program of this control group, or of one "
		    "above, changes the port too (bpftool cgroup tree shows "
		    "it)");
		break;
	case EADDRNOTAVAIL:
		reason_say(text,
		    "no interface has this address; see 'ip address'");
		break;
	default:
		reason_say(text, "%s", strerror(result->error));
	}
}

static const char *
remark_on_network(char text[REASON_TEXT], const struct endpoint *where,
    const struct mapping *m)
{
	char rule[REASON_TEXT];

	reason_say(rule, "network %s %s,",
	    where->family == AF_INET ? "inet" : "inet6",
	    m->protocol == IPPROTO_TCP ? "stream" : "dgram");
	return confinement_remark(text, rule);
}

static void
explain_socket(char text[REASON_TEXT], const struct answer *answer,
    const struct result *result, const struct mapping *m)
{
	struct rlimit limit = {0};
	char where[ENDPOINT_TEXT], remark[REASON_TEXT];

	if (result->error != EMFILE) {
		reason_say(text, "cannot make a socket for %s: %s%s",
		    endpoint_format(&result->endpoint, where),
		    strerror(result->error),
		    result->error == EACCES
			? remark_on_network(remark, &result->endpoint, m)
			: "");
		return;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	reason_say(text,
	    "cannot make the %" PRIu32 " sockets for these mappings with %ju "
	    "file descriptors; raise 'ulimit -Hn' or lower --spares%s",
	    answer->sockets, (uintmax_t)limit.rlim_max, remedy_bpf());
}

static void
explain_denied(char text[REASON_TEXT], const struct mapping *m,
    const struct rights *rights)
{
	const enum rights_lack lack = rights_lack(rights);
	char why[REASON_TEXT];
	struct verdict verdict;
	bool reached;

	/* Without the capability no rule would help. */
	if (lack != RIGHTS_SUFFICE) {
		explain_lack(text, lack);
		return;
	}
	reached = verdict_reach(&verdict, m, 1, why);
	if (verdict.permitted)
		reason_say(text, "%s has been changed meanwhile; start again",
		    verdict_policy);
	else
		explain_verdict(text, m, &verdict, reached ? NULL : why);
}

void
explain_result(char text[REASON_TEXT], const struct plan *plan,
    const struct answer *answer, size_t mapping, const struct rights *rights)
{
	const struct result *result = &answer->results[mapping];
	char where[ENDPOINT_TEXT], why[REASON_TEXT];

	switch (result->outcome) {
	case OUTCOME_DENIED:
		explain_denied(why, &plan->mappings[mapping], rights);
		break;
	case OUTCOME_NOT_BOUND:
		explain_bind(why, result, &plan->mappings[mapping], rights);
		break;
	case OUTCOME_NO_SOCKET:
		explain_socket(text, answer, result, &plan->mappings[mapping]);
		return;
	case OUTCOME_SHARED:
		explain_shared(text, &plan->mappings[mapping]);
		return;
	default:
		reason_say(text,
		    "the helper refused the plan; lowport was tampered with "
		    "while it started");
		return;
	}
	reason_say(text, "cannot bind %s: %.640s",
	    endpoint_format(&result->endpoint, where), why);
}

#define NO_FILTER "cannot confine the helper: "

void
explain_no_filter(char text[REASON_TEXT], int error)
{
	const char *emulator = host_emulator();

	if (seccomp_is_deadly())
		reason_say(text,
		    "a seccomp filter ends a process that makes seccomp(2) or "
		    "pidfd_getfd(2), and lowport takes both; in a unit of "
		    "systemd: SystemCallFilter=@system-service seccomp "
		    "pidfd_getfd");
	else if (emulator != NULL)
		reason_say(text,
		    NO_FILTER "an emulator runs this program, %.160s, and has "
			      "no seccomp(2); use a lowport, and an image, of "
			      "this machine's own kind",
		    emulator);
	else
		reason_say(text,
		    NO_FILTER "%s; have the seccomp profile or sandbox allow "
			      "the system call seccomp",
		    strerror(error));
}

#define NO_LISTENER "cannot intercept bind(2) with seccomp: "

void
explain_no_listener(char text[REASON_TEXT], int error)
{
	if (error == EBUSY)
		reason_say(text,
		    NO_LISTENER
		    "another program intercepts calls of this process already "
		    "(a sandbox, or lowport itself); start lowport outside of "
		    "it");
	else if (host_is_gvisor())
		reason_say(text, NO_LISTENER EXPLAIN_GVISOR);
	else if (host_kernel_before(5, 9))
		reason_say(text,
		    NO_LISTENER "this kernel is older than Linux 5.9");
	/* The profile chooses the error. */
	else if (error == EINVAL || error == ENOSYS || error == EPERM ||
	    error == EACCES)
		reason_say(text,
		    NO_LISTENER
		    "a seccomp profile or sandbox forbids it (%s); have it "
		    "allow the system call seccomp, with a new listener",
		    strerror(error));
	else
		reason_say(text, NO_LISTENER "%s", strerror(error));
}

#define TRIAL_FAILED "the trial hand-off before the start failed: "

/* Once it is 3, nothing changes it until a reboot (Yama's documentation). */
bool
explain_yama(char text[REASON_TEXT])
{
	const unsigned int scope = host_yama_scope();

	if (scope <= 1)
		return false;
	reason_say(text,
	    "Yama forbids the helper to read the server's bind(2) calls "
	    "(kernel.yama.ptrace_scope is %u); %s",
	    scope,
	    scope == 2 ? "a static server takes 1"
		       : "a static server takes 1, and 3 stays until a reboot: "
			 "have sysctl.d(5) set 1");
	return true;
}

static void
explain_unread(char text[REASON_TEXT])
{
	char why[REASON_TEXT];

	if (explain_yama(text))
		return;
	if (!confinement_explain_trace(why, getpid(), getpid()))
		reason_say(why, "a security module or a sandbox refuses it");
	reason_say(text,
	    "the helper cannot read the server's bind(2) calls: %.600s", why);
}

void
explain_trial(char text[REASON_TEXT], int error, bool by_notify)
{
	char why[REASON_TEXT];

	if (!host_has_proc())
		reason_say(text, TRIAL_FAILED EXPLAIN_NO_PROC);
	else if (by_notify && error == EACCES)
		explain_unread(text);
	else if (error == 0)
		reason_say(text, TRIAL_FAILED "bind(2) was not intercepted");
	/* Nobody listens to the call any more (seccomp_unotify(2), ask.c). */
	else if (error == ENOSYS)
		reason_say(text, TRIAL_FAILED "the helper has ended");
	else
		reason_say(text, TRIAL_FAILED "%s%s", strerror(error),
		    error == EACCES ? confinement_remark(why, "unix,") : "");
}

#define FROM_THE_HOST "from the host: lowport --attach PID"

/* The kernel refuses bpf(2), whatever else is there; false if it need not. */
static bool
explain_no_right(char text[REASON_TEXT], const struct rights *rights)
{
	const uint64_t no_bpf = rights->no_bpf;
	char rule[RIGHTS_RULE], why[REASON_TEXT];

	if (host_is_gvisor())
		reason_say(text,
		    "gVisor has no bpf(2), and preload is the only hand-off: "
		    "use --method preload");
	else if (no_bpf != 0 && !rights->root)
		reason_say(text,
		    "only root of the host can have the kernel map ports");
	else if (host_in_user_namespace())
		reason_say(text,
		    "only root of the host can have the kernel map ports, and "
		    "this is a user namespace; " FROM_THE_HOST);
	else if (rights->bpf_hidden &&
	    confinement_explain(why, rights_rule(rule, no_bpf)))
		reason_say(text, "the kernel does not map ports here: %.600s",
		    why);
	else if (no_bpf != 0)
		reason_say(text,
		    "root was started without %s, which the kernel takes to "
		    "map ports; add that (docker run --cap-add, Kubernetes "
		    "capabilities.add), or " FROM_THE_HOST,
		    no_bpf == PRIVILEGE_BPF ? "CAP_BPF and CAP_NET_ADMIN"
			: no_bpf == UINT64_C(1) << CAP_BPF ? "CAP_BPF"
							   : "CAP_NET_ADMIN");
	else
		return false;
	return true;
}

static void
explain_refused_bpf(char text[REASON_TEXT], int error,
    const struct rights *rights)
{
	const char *cause = "a security module of this host forbids it";
	char why[REASON_TEXT];

	if (rights->seccomp != 0)
		cause = "a seccomp profile or sandbox forbids it; have it "
			"allow that call";
	else if (error == ENOSYS)
		cause = "this kernel was built without it";
	else if (explain_selinux(why))
		cause = why;
	reason_say(text, "bpf(2) fails: %s; %.700s", strerror(error), cause);
}

/* EINVAL: it does not know the type, or not the result that permits a port. */
static void
explain_not_loaded(char text[REASON_TEXT], int error,
    const struct rights *rights)
{
	if (error == EPERM || error == EACCES || error == ENOSYS)
		explain_refused_bpf(text, error, rights);
	else if (error != EINVAL)
		reason_say(text, "bpf(2) fails: %s", strerror(error));
	else if (host_kernel_before(5, 12))
		reason_say(text,
		    "no program of this kernel can permit a low port; that "
		    "takes Linux 5.12 or later");
	else
		reason_say(text,
		    "this kernel takes no programs of control groups; that "
		    "takes CONFIG_CGROUP_BPF");
}

static void
explain_not_made(char text[REASON_TEXT], int error)
{
	if (error == EAGAIN)
		reason_say(text,
		    "no control group can be made below lowport's own: "
		    "cgroup.max.depth or cgroup.max.descendants there, or "
		    "above, permits no more");
	else if (error == EROFS)
		reason_say(text,
		    "the control groups are mounted read-only here, as in a "
		    "container or by ProtectControlGroups= of a unit; mount "
		    "them writable, or " FROM_THE_HOST);
	else
		reason_say(text,
		    "cannot make a control group below lowport's own: %s%s",
		    strerror(error),
		    error == EPERM ? "; this takes CAP_CHOWN too" : "");
}

/* The helper could not open its own. */
static void
explain_no_mount(char text[REASON_TEXT])
{
	struct cgroup own;

	if (!host_has_proc())
		reason_say(text, EXPLAIN_NO_PROC);
	else if (cgroup_open_of(&own, 0, text))
		reason_say(text, "cannot open lowport's own control group");
}

static void
explain_step(char text[REASON_TEXT], enum group_step step, int error,
    const struct rights *rights)
{
	switch (step) {
	case GROUP_NO_MOUNT:
		explain_no_mount(text);
		return;
	case GROUP_LOCKED:
		reason_say(text,
		    "another process locks the directory of lowport's control "
		    "groups");
		return;
	case GROUP_NOT_MADE:
		explain_not_made(text, error);
		return;
	case GROUP_NOT_LOADED:
		explain_not_loaded(text, error, rights);
		return;
	case GROUP_NOT_ATTACHED:
		reason_say(text, "cannot attach to a control group: %s%s",
		    strerror(error),
		    error == EPERM
			? "; the group, or one above, has a program that "
			  "permits no other (bpftool cgroup tree shows it)"
			: error == E2BIG
			? "; the group has as many programs as the kernel "
			  "permits (bpftool cgroup tree shows them)"
			: "");
		return;
	default:
		reason_say(text,
		    "cannot move the server to its control group: %s",
		    error == EOPNOTSUPP
			? "those beside it are threaded (cgroup.type); start "
			  "lowport in another group"
			: strerror(error));
	}
}

/* In a unit with Delegate=, and so in a user's own service manager. */
void
explain_group(char text[REASON_TEXT], const struct group_result *group,
    const struct rights *rights)
{
	char why[REASON_TEXT], user[USER_NAME];

	if (explain_no_right(text, rights))
		return;
	explain_step(why, group->step, group->error, rights);
	if (group->owner == 0)
		reason_say(text, "%s", why);
	else
		reason_say(text,
		    "%.600s; lowport is in a control group of user %s (uid "
		    "%u), who can cause this: start it in one of root's: "
		    "systemd-run --scope lowport ...",
		    why, user_name(group->owner, user), group->owner);
}
