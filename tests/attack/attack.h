/* SPDX-License-Identifier: ISC */
/*
 * What an ordinary user can do to $LOWPORT, which has a file capability, while
 * it starts and while it runs.  Each attack prints what came of it, for
 * attack_*.bats.  main.c has the table of them; they stand in looking.c,
 * typing.c, forging.c and pressing.c, by what the attacker does.
 *
 * Of the public ports, tests/policy denies 666 alone.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <linux/filter.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Anybody can see whether the pool is bound, by its mapping of an ordinary
 * port: while a socket of the pool is bound there, listening or not, a bind(2)
 * without SO_REUSEADDR fails.
 */
#define TELLTALE      20443
#define TELLTALE_TEXT "20443:9443"

#define PATIENCE    20000 /* milliseconds for what should come at once */
#define CATCHES     40    /* how often a hijack is tried */
#define DENIED      666   /* the port tests/policy denies */
#define SERVER_SELF "build/attacker"

extern const char *lowport, *attackable; /* $LOWPORT, $ATTACKABLE */
extern volatile pid_t running;           /* the helper, for the alarm */
extern volatile pid_t hostage;           /* its child */

/* ---- scene.c: what can be seen, and starting and ending. */

long long microseconds(void);
void milliseconds_pass(long count);

pid_t parent_of(pid_t pid);
pid_t child_of(pid_t parent);
/* The child that a helper has just started; -1 while there is none. */
pid_t child_if_there(pid_t helper);
/* Everything a process holds, or could pass on by exec. */
unsigned long long capabilities_of(pid_t pid);
/* How many processes of this user hold any capability. */
unsigned int count_capable(void);

/* A TCP socket of IPv4, bound; -1 with errno. */
int bind_port(uint16_t port);
bool port_bound(uint16_t port);
/* Whether sock_diag(7) lists a socket there. */
bool port_listed(uint16_t port);
/* "bound", "free", or "unseen" where the kernel does not list sockets that are
 * bound only: of a port that takes the capability, no bind(2) can tell. */
const char *port_state(bool listed);
void await_port(uint16_t port);

/* So many variables that lowport is busy with them for a while. */
char **slow_environment(void);
/* Starts a program; when it returns, exec has happened. */
pid_t start(char **arguments, char **environment);
/* Waits so many milliseconds for a child of ours.  False: it hangs. */
bool await_end(pid_t pid, int *status, int patience);
/* Kills and reaps what is left; orphans have become ours. */
void end_all(void);
/* From root, becomes an ordinary user. */
void become_nobody(void);

/* The outcomes of an attempt: its exit status.  0 is a success, 2 the status of
 * err(3). */
#define ATTEMPT_OUTCOMES 4
#define ATTEMPT_BROKEN   2
/* Makes so many attempts, until one has succeeded, each in a process of its own.
 * Counts the outcomes. */
void attempt_all(unsigned int counts[ATTEMPT_OUTCOMES], int attempts,
    int (*attempt)(char **), char **command);

void describe_status(int status, char text[32]);
int exit_status(int status);

/* Returns where to read what a server reports to the descriptor named. */
int open_report(char name[16]);
/* The port it reported, 0 if it did not. */
int take_report(int report);

/* Prints what nothing may have left behind; returns 0. */
int print_rest(void);

/* Installs a filter; with SECCOMP_FILTER_FLAG_NEW_LISTENER, returns it. */
int install_filter(struct sock_filter *filter, size_t length,
    unsigned int flags);

/* ---- hijack.c: the child, stopped before it sends its plan. */

struct hijack {
	pid_t helper, child;
	int report;  /* where the server, if one runs, writes its port */
	int channel; /* the child's end, a duplicate */
	unsigned long long message; /* where the message is in its memory */
	struct msghdr header;
	struct iovec vector;       /* of what it is about to send */
	unsigned long long caught; /* the child's capabilities, then */
	unsigned int mappings;     /* of the plan */
	bool no_plan;              /* but something else, without an answer */
	bool silent;               /* no answer is waited for */
	bool kill;                 /* it sends nothing, ever */
};

struct hijack hijack(const char *option);
/* Seizes the child of h->helper, as soon as the kernel lets us. */
bool seize_child(struct hijack *h);
/* On to where the child is about to call sendmsg; false if it does something
 * else first that ends a step of the protocol. */
bool advance_to_send(struct hijack *h);
void release(struct hijack *h);
void await_helper(struct hijack *h, char ended[32]);

/* On to the next system call's entry or exit. */
bool next_stop(pid_t child);
struct __ptrace_syscall_info stopped_at(pid_t child);
void copy_memory(pid_t child, unsigned long long address, void *bytes,
    size_t size, bool write);
/* The child's plan is for this public port, in its second mapping. */
void name_port(struct hijack *h, size_t port);

/* ---- The attacks.  Each takes its arguments, with a null at the end, and
 * returns an exit status. */

int attack_reach(char **);
int attack_seize(char **);
int attack_steps(char **);
int attack_catch(char **);
int attack_watch(char **);
int attack_during(char **);
int attack_bound(char **);
int attack_core(char **);

int attack_type(char **);

int attack_forge(char **);

int attack_storm(char **);
int attack_squeeze(char **);
int attack_starve(char **);
int attack_traced(char **);
int attack_fake(char **);
int attack_share(char **);

#endif
