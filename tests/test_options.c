/* SPDX-License-Identifier: ISC */
/*
 * The command line and the LOWPORT_ variables: what is understood, and what is
 * said of the rest.
 */
#include <sched.h>

#include "options.h"
#include "status.h"
#include "unit.h"

#define WORDS 12

struct command_line {
	const char *words[WORDS]; /* after "lowport" */
	const char *environment[4];
};

static const char *const purposes[] = {
    [PURPOSE_RUN] = "",
    [PURPOSE_CHECK] = " check",
    [PURPOSE_CHECK_POLICY] = " policy ",
    [PURPOSE_DOCTOR] = " doctor",
    [PURPOSE_FROM_IPTABLES] = " from-iptables",
    [PURPOSE_ATTACH] = " attach",
    [PURPOSE_DETACH] = " detach",
    [PURPOSE_ATTACHED] = " attached",
};

static const char *const methods[] = {
    [METHOD_AUTO] = "",
    [METHOD_NOTIFY] = " notify",
    [METHOD_PRELOAD] = " preload",
    [METHOD_BPF] = " bpf",
};

/* What differs from nothing asked for. */
static void
print_supervision(const struct supervision *s)
{
	int i;

	if (s->group)
		printf(" group");
	if (s->warn)
		printf(" warn");
	if (s->pdeathsig != 0)
		printf(" death %u", s->pdeathsig);
	for (i = 0; i < PLAN_STATUSES; i++)
		if ((s->success[i / 8] >> i % 8 & 1) != 0)
			printf(" success %d", i);
	for (i = 1; i <= SIGNAL_MAX; i++)
		if (s->rewrite[i - 1] != SIGNAL_KEPT)
			printf(" %d:%d", i, signal_rewritten(s->rewrite, i));
}

/* Prints what was understood. */
static void
parse(const void *argument)
{
	const struct command_line *line = argument;
	char *argv[WORDS + 1] = {(char[]){"lowport"}}, text[MAPPING_TEXT];
	struct options options;
	int argc = 1;
	size_t i;

	for (; line->words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)line->words[argc - 1];
	options_parse(&options, argc, argv, (char **)line->environment);
	for (i = 0; i < options.mapping_count; i++)
		printf("%s ", mapping_format(&options.mappings[i], text));
	printf("| %s %u %d%s%s%s%s%s%s%s%s",
	    options.user == NULL ? "-" : options.user, options.spares,
	    options.verbosity, purposes[options.purpose],
	    options.policy_file == NULL ? "" : options.policy_file,
	    options.observe ? " observe" : "",
	    options.baseline ? " baseline" : "", methods[options.method],
	    options.method_given ? " given" : "",
	    options.show_expected ? " expected" : "",
	    options.new_privs ? " new-privs" : "");
	for (i = 0; i < options.keep_caps_count; i++)
		printf(" keep %s", options.keep_caps[i]);
	print_supervision(&options.supervision);
	printf(" |");
	for (; *options.command != NULL; options.command++)
		printf(" %s", *options.command);
	fflush(stdout);
}

/* The machine of these tests: so many processors, or more than can be told. */
static int processors = 4;

int
sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	int i;

	(void)pid;
	CPU_ZERO_S(size, set);
	for (i = 0; i < processors; i++)
		CPU_SET_S((size_t)i, size, set);
	return processors < 0 ? -1 : 0;
}

START_TEST(spares_go_with_the_processors)
{
	static const struct {
		int processors;
		unsigned int spares;
	} machines[] = {{1, 2}, {2, 2}, {3, 3}, {16, 16}, {17, 16}, {-1, 16}};

	processors = machines[_i].processors;
	ck_assert_uint_eq(options_default_spares(), machines[_i].spares);
}
END_TEST

/* Mappings | user spares verbosity | command */
static const struct understood {
	struct command_line line;
	const char *options;
} understood[] = {
    {{{"-p", "443:8443", "server"}, {NULL}}, "443:8443 | - 4 1 | server"},
    {{{"-p443:8443", "--", "server"}, {NULL}}, "443:8443 | - 4 1 | server"},
    {{{"-p", " 443:8443", "server"}, {NULL}}, "443:8443 | - 4 1 | server"},
    {{{"-p", "\t443:@https\r\n", "server"}, {NULL}}, "443:@ | - 4 1 | server"},
    {{{"server"}, {"LOWPORT_PUBLISH=443\r\n80 \t", NULL}},
	"443:443 80:80 | - 4 1 | server"},
    {{{"--publish", "443:8443", "server"}, {NULL}},
	"443:8443 | - 4 1 | server"},
    {{{"--check", "-p", "443:8443"}, {NULL}}, "443:8443 | - 4 1 check |"},
    {{{"-p", "443:8443", "--check", "--", "server", "--x"}, {NULL}},
	"443:8443 | - 4 1 check | server --x"},
    {{{"--check"}, {"LOWPORT_PUBLISH=443:8443", NULL}},
	"443:8443 | - 4 1 check |"},
    {{{"--doctor"}, {NULL}}, "443:8443 | - 4 1 doctor |"},
    {{{"--doctor", "-p", "80", "-u", "app"}, {NULL}},
	"80:80 | app 4 1 doctor |"},
    {{{"--check-policy", "draft"}, {NULL}}, "| - 4 1 policy draft |"},
    {{{"--check-policy=draft"}, {NULL}}, "| - 4 1 policy draft |"},
    {{{"--publish=443:8443", "server"}, {NULL}}, "443:8443 | - 4 1 | server"},
    {{{"-p", "443", "-p", "[::1]:80:8080", "server"}, {NULL}},
	"443:443 [::1]:80:8080 | - 4 1 | server"},
    /* The server's options are the server's. */
    {{{"-p", "443", "server", "-p", "80", "--help"}, {NULL}},
	"443:443 | - 4 1 | server -p 80 --help"},
    {{{"-p", "443", "--", "-server", "-v"}, {NULL}},
	"443:443 | - 4 1 | -server -v"},
    {{{"-p", "443", "server", "--", "x"}, {NULL}},
	"443:443 | - 4 1 | server -- x"},
    {{{"-p", "443", ""}, {NULL}}, "443:443 | - 4 1 | "},
    {{{"-u", "app:tls", "-p", "443", "server"}, {NULL}},
	"443:443 | app:tls 4 1 | server"},
    {{{"--user=app", "-p", "443", "server"}, {NULL}},
	"443:443 | app 4 1 | server"},
    {{{"-u", "a", "-u", "b", "-p", "443", "server"}, {NULL}},
	"443:443 | b 4 1 | server"},
    {{{"--spares", "1", "-p", "443", "server"}, {NULL}},
	"443:443 | - 1 1 | server"},
    {{{"--spares=64", "-p", "443", "server"}, {NULL}},
	"443:443 | - 64 1 | server"},
    {{{"-v", "-p", "443", "server"}, {NULL}}, "443:443 | - 4 2 | server"},
    {{{"-q", "-p", "443", "server"}, {NULL}}, "443:443 | - 4 0 | server"},
    {{{"-qvp443", "server"}, {NULL}}, "443:443 | - 4 2 | server"},
    {{{"-vq", "--verbose", "--quiet", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 0 | server"},
    /* What an init is asked, in the words of tini and of dumb-init. */
    {{{"-g", "-s", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 group | server"},
    {{{"--group", "--subreaper", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 group | server"},
    {{{"-g", "-c", "-w", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 warn | server"},
    {{{"--single-child", "--group", "--warn", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 group warn | server"},
    {{{"-c", "-p", "443", "server"}, {"LOWPORT_KILL_PROCESS_GROUP=1"}},
	"443:443 | - 4 1 | server"},
    {{{"-s", "-p", "443", "server", "-g"}, {NULL}},
	"443:443 | - 4 1 | server -g"},
    {{{"-e", "143", "-e0", "-e", "255", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 success 0 success 143 success 255 | server"},
    {{{"--success-exit-status=7", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 success 7 | server"},
    {{{"-r", "15:3", "--rewrite", "HUP:0", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 1:0 15:3 | server"},
    {{{"-r", "15:3", "-r15:2", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 15:2 | server"},
    {{{"--pdeathsig", "SIGTERM", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 death 15 | server"},
    {{{"--pdeathsig=1", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 death 1 | server"},
    /* The environment stands for what is not given. */
    {{{"-p", "443", "server"}, {"LOWPORT_REWRITE=15:3 HUP:0"}},
	"443:443 | - 4 1 1:0 15:3 | server"},
    {{{"-p", "443", "-r", "1:2", "server"}, {"LOWPORT_REWRITE=15:3"}},
	"443:443 | - 4 1 1:2 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_KILL_PROCESS_GROUP=1"}},
	"443:443 | - 4 1 group | server"},
    {{{"-p", "443", "-g", "server"}, {"LOWPORT_KILL_PROCESS_GROUP="}},
	"443:443 | - 4 1 group | server"},
    {{{"server"}, {"LOWPORT_PUBLISH=443:8443"}}, "443:8443 | - 4 1 | server"},
    {{{"server"}, {"LOWPORT_PUBLISH= 443\t80\n [::1]:81 "}},
	"443:443 80:80 [::1]:81:81 | - 4 1 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_PUBLISH=80"}},
	"443:443 | - 4 1 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_PUBLISH=nonsense"}},
	"443:443 | - 4 1 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_USER=app"}},
	"443:443 | app 4 1 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_USER="}}, "443:443 | - 4 1 | server"},
    {{{"-u", "me", "-p", "443", "server"}, {"LOWPORT_USER=app"}},
	"443:443 | me 4 1 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_LEARN=observe"}},
	"443:443 | - 4 1 observe | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_KERNEL=5.9"}},
	"443:443 | - 4 1 baseline | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_LEARN=", "LOWPORT_KERNEL="}},
	"443:443 | - 4 1 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_PUBLISHED=1", "XLOWPORT_USER=a"}},
	"443:443 | - 4 1 | server"},
    /* How the sockets get there. */
    {{{"--method", "auto", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 given | server"},
    {{{"--method", "notify", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 notify given | server"},
    {{{"--method=preload", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 preload given | server"},
    {{{"--method=preload", "--method=notify", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 notify given | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_METHOD=notify"}},
	"443:443 | - 4 1 notify | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_METHOD=preload"}},
	"443:443 | - 4 1 preload | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_METHOD=auto"}},
	"443:443 | - 4 1 | server"},
    {{{"-p", "443", "server"}, {"LOWPORT_METHOD="}},
	"443:443 | - 4 1 | server"},
    {{{"--method=notify", "-p", "443", "server"}, {"LOWPORT_METHOD=preload"}},
	"443:443 | - 4 1 notify given | server"},
    {{{"--method=auto", "-p", "443", "server"}, {"LOWPORT_METHOD=preload"}},
	"443:443 | - 4 1 given | server"},
    {{{"--method=auto", "-p", "443", "server"}, {"LOWPORT_METHOD=x"}},
	"443:443 | - 4 1 given | server"},
    {{{"--check", "--method=preload", "-p", "443"}, {NULL}},
	"443:443 | - 4 1 check preload given |"},
    {{{"--doctor"}, {"LOWPORT_METHOD=preload"}},
	"443:8443 | - 4 1 doctor preload |"},
    /* A policy is read without them. */
    {{{"--check-policy", "draft"}, {"LOWPORT_METHOD=x"}},
	"| - 4 1 policy draft |"},
    /* What the server is not deprived of. */
    {{{"--show-expected-port", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 expected | server"},
    {{{"--allow-new-privs", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 new-privs | server"},
    {{{"--keep-caps", "net_admin,setuid", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 keep net_admin,setuid | server"},
    {{{"--keep-caps=kill", "--keep-caps=chown", "-p", "443", "server"}, {NULL}},
	"443:443 | - 4 1 keep kill keep chown | server"},
    {{{"--show-expected-port", "--allow-new-privs", "--keep-caps=kill",
	  "--method=preload", "-p443", "server"},
	 {NULL}},
	"443:443 | - 4 1 preload given expected new-privs keep kill | server"},
};

/* The first line of each is refused; message is a part of what is said. */
static const struct refused {
	struct command_line twin;
	struct command_line line;
	const char *message;
} refused[] = {
    {{{"-p", "443", "server"}, {NULL}}, {{"server"}, {NULL}}, "no mapping"},
    {{{"-p", "443", "server"}, {NULL}}, {{NULL}, {NULL}}, "no mapping"},
    {{{"-p", "443", "server"}, {NULL}}, {{"-p", "443"}, {NULL}}, "no command"},
    {{{"-p", "443", "--", "server"}, {NULL}}, {{"-p", "443", "--"}, {NULL}},
	"no command"},
    {{{"-p", "443", "server"}, {NULL}}, {{"-p"}, {NULL}},
	"'-p' needs an argument"},
    {{{"-p", "443", "server"}, {NULL}}, {{"--publish"}, {NULL}},
	"'--publish' needs an argument"},
    {{{"-p", "443", "-u", "a", "server"}, {NULL}}, {{"-u"}, {NULL}},
	"'-u' needs an argument"},
    {{{"-p", "443", "server"}, {NULL}}, {{"-p", "x:8443", "server"}, {NULL}},
	"mapping 'x:8443': no port or tcp service"},
    {{{"-p", "443", "server"}, {NULL}}, {{"-p", "", "server"}, {NULL}},
	"mapping '': a port is missing"},
    {{{"-p", "443", "-p", "80", "server"}, {NULL}},
	{{"-p", "443:1", "-p", "127.0.0.1:443:2", "server"}, {NULL}},
	"mapping '127.0.0.1:443:2' overlaps mapping 443:1"},
    {{{"-p", "443", "server"}, {NULL}},
	{{"-p", "443", "-p", "443", "server"}, {NULL}}, "overlaps"},
    {{{"-v", "-p", "443", "server"}, {NULL}},
	{{"-x", "-p", "443", "server"}, {NULL}}, "unknown option '-x'"},
    {{{"-vq", "-p", "443", "server"}, {NULL}},
	{{"-vx", "-p", "443", "server"}, {NULL}}, "unknown option '-x'"},
    {{{"--verbose", "-p", "443", "server"}, {NULL}},
	{{"--nonsense", "-p", "443", "server"}, {NULL}},
	"unknown option '--nonsense'"},
    {{{"-p", "443", "-v", "server"}, {NULL}},
	{{"-p", "443", "-\xc3\xa9", "server"}, {NULL}},
	"unknown option '-\xc3\xa9'"},
    {{{"--verbose", "-p", "443", "server"}, {NULL}},
	{{"--verbose=1", "-p", "443", "server"}, {NULL}}, "'--verbose=1'"},
    {{{"--attach=7", "-p", "443"}, {NULL}}, {{"--attached=7"}, {NULL}},
	"option '--attached=7': it takes no argument"},
    {{{"--attach", "7", "-p", "443", "-q"}, {NULL}},
	{{"--attach", "7", "-p", "443", "-u", "1"}, {NULL}},
	"--user does not go with --attach;"},
    {{{"--attach", "-p", "443"}, {"LOWPORT_METHOD=bpf"}},
	{{"--method", "bpf", "-p", "443", "--attach"}, {NULL}},
	"--method does not go with --attach;"},
    {{{"--detach=7", "-v"}, {NULL}}, {{"--detach=7", "-p", "443"}, {NULL}},
	"--publish does not go with --detach;"},
    {{{"--from-iptables", "--unit", "web"}, {NULL}},
	{{"-p", "443", "--unit", "web", "server"}, {NULL}},
	"--unit is only for --from-iptables;"},
    {{{"--force", "--attach", "-p", "443"}, {NULL}},
	{{"--force", "-p", "443", "server"}, {NULL}},
	"--force is only for --attach;"},
    {{{"--check", "-g", "-p", "443"}, {NULL}},
	{{"--check-policy", "file", "-g"}, {NULL}},
	"--group does not go with --check-policy;"},
    {{{"--verb", "-p", "443", "server"}, {NULL}},
	{{"--ver", "-p", "443", "server"}, {NULL}}, "option '--ver'"},
    {{{"--spares", "1", "-p", "443", "server"}, {NULL}},
	{{"--spares", "0", "-p", "443", "server"}, {NULL}},
	"--spares '0' is not a number from 1 to 256"},
    {{{"--spares", "256", "-p", "443", "server"}, {NULL}},
	{{"--spares", "257", "-p", "443", "server"}, {NULL}}, "--spares '257'"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}},
	{{"--spares", "4294967300", "-p", "443", "server"}, {NULL}},
	"--spares '4294967300'"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}},
	{{"--spares", "18446744073709551620", "-p", "443", "x"}, {NULL}},
	"--spares '18446744073709551620'"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}},
	{{"--spares", "+4", "-p", "443", "server"}, {NULL}}, "--spares '+4'"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}},
	{{"--spares", "-4", "-p", "443", "server"}, {NULL}}, "--spares '-4'"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}},
	{{"--spares", " 4", "-p", "443", "server"}, {NULL}}, "--spares ' 4'"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}},
	{{"--spares", "4x", "-p", "443", "server"}, {NULL}}, "--spares '4x'"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}},
	{{"--spares", "", "-p", "443", "server"}, {NULL}}, "--spares ''"},
    {{{"--spares", "4", "-p", "443", "server"}, {NULL}}, {{"--spares"}, {NULL}},
	"'--spares' needs an argument"},
    {{{"-e", "255", "-p", "443", "server"}, {NULL}},
	{{"-e", "256", "-p", "443", "server"}, {NULL}},
	"exit status '256' is not a number from 0 to 255"},
    {{{"-e", "0", "-p", "443", "server"}, {NULL}},
	{{"-e", "-1", "-p", "443", "server"}, {NULL}}, "exit status '-1'"},
    {{{"-e", "1", "-p", "443", "server"}, {NULL}},
	{{"-e", "1x", "-p", "443", "server"}, {NULL}}, "exit status '1x'"},
    {{{"-e", "1", "-p", "443", "server"}, {NULL}},
	{{"-e", "", "-p", "443", "server"}, {NULL}}, "exit status ''"},
    {{{"-r", "1:2", "-p", "443", "server"}, {NULL}},
	{{"-r", "1", "-p", "443", "server"}, {NULL}},
	"rewrite '1': not FROM:TO"},
    {{{"-r", "10:9", "-p", "443", "server"}, {NULL}},
	{{"-r", "9:10", "-p", "443", "server"}, {NULL}},
	"rewrite '9:10': SIGKILL never reaches"},
    {{{"--pdeathsig", "TERM", "-p", "443", "server"}, {NULL}},
	{{"--pdeathsig", "KILL", "-p", "443", "server"}, {NULL}},
	"--pdeathsig 'KILL' cannot be forwarded"},
    {{{"--pdeathsig", "1", "-p", "443", "server"}, {NULL}},
	{{"--pdeathsig", "0", "-p", "443", "server"}, {NULL}},
	"--pdeathsig '0' is no signal"},
    {{{"-p", "443", "server"}, {"LOWPORT_REWRITE=1:2"}},
	{{"-p", "443", "server"}, {"LOWPORT_REWRITE=1:2,3:4"}},
	"rewrite '1:2,3:4': there is no signal"},
    {{{"-p", "443", "server"}, {"LOWPORT_KILL_PROCESS_GROUP=1"}},
	{{"-p", "443", "server"}, {"LOWPORT_KILL_PROCESS_GROUP=0"}},
	"LOWPORT_KILL_PROCESS_GROUP is '0'; it can only be '1'"},
    {{{"server"}, {"LOWPORT_PUBLISH=443"}}, {{"server"}, {"LOWPORT_PUBLISH="}},
	"no mapping"},
    {{{"server"}, {"LOWPORT_PUBLISH=443"}},
	{{"server"}, {"LOWPORT_PUBLISH= \t\n"}}, "no mapping"},
    {{{"server"}, {"LOWPORT_PUBLISH=443 80"}},
	{{"server"}, {"LOWPORT_PUBLISH=443 x"}}, "mapping 'x'"},
    {{{"server"}, {"LOWPORT_PUBLISH=443 80"}},
	{{"server"}, {"LOWPORT_PUBLISH=443,80"}},
	"mapping '443,80': one mapping goes with each -p"},
    {{{"-p", "443", "server"}, {NULL}}, {{"-p", "443,80", "server"}, {NULL}},
	"mapping '443,80': one mapping goes with each -p"},
    {{{"-p", "443", "server"}, {NULL}}, {{"-p", "443 80", "server"}, {NULL}},
	"mapping '443 80': one mapping goes with each -p"},
    {{{"-p", "443", "node", "server.js"}, {NULL}},
	{{"node", "server.js"}, {NULL}},
	"lowport -p 443:8443 [-u USER] -- node ...; try 'lowport --help'"},
    {{{"-p", "443", "server"}, {NULL}}, {{NULL}, {NULL}},
	"usage: lowport -p 443:8443 [-u USER] [--] COMMAND"},
    {{{"-p", "443:8443", "node", "server.js"}, {NULL}},
	{{"443:8443", "node", "server.js"}, {NULL}},
	"is -p missing before 443:8443?"},
    {{{"-p", "443:@https", "node", "server.js"}, {NULL}},
	{{"443:@https", "node", "server.js"}, {NULL}},
	"is -p missing before 443:@https?"},
    {{{"-p", "443", "node", "server.js"}, {NULL}},
	{{"443", "node", "server.js"}, {NULL}}, "is -p missing before 443?"},
    {{{"-p", "443", "-p", "80:8080", "node"}, {NULL}},
	{{"-p", "443", "80:8080", "node"}, {NULL}}, "is -p missing before it?"},
    {{{"-p", "443", "node", "server.js", "-p", "80"}, {NULL}},
	{{"node", "server.js", "-p", "443:8443"}, {NULL}},
	"-p comes after the command 'node'"},
    {{{"--publish=443", "run"}, {NULL}},
	{{"run", "--publish=443", "node"}, {NULL}},
	"--publish=443 comes after the command 'run'"},
    {{{"server"}, {"LOWPORT_PUBLISH=443 80"}},
	{{"server"}, {"LOWPORT_PUBLISH=443 443"}}, "overlaps"},
    {{{"-p", "443", "server"}, {"LOWPORT_LEARN=observe"}},
	{{"-p", "443", "server"}, {"LOWPORT_LEARN=Observe"}},
	"LOWPORT_LEARN is 'Observe'"},
    {{{"-p", "443", "server"}, {"LOWPORT_KERNEL=5.9"}},
	{{"-p", "443", "server"}, {"LOWPORT_KERNEL=5.90"}},
	"LOWPORT_KERNEL is '5.90'"},
    {{{"--method", "preload", "-p", "443", "server"}, {NULL}},
	{{"--method", "Preload", "-p", "443", "server"}, {NULL}},
	"--method 'Preload': it can be auto, notify, preload or bpf"},
    {{{"--method", "auto", "-p", "443", "server"}, {NULL}},
	{{"--method", "", "-p", "443", "server"}, {NULL}}, "--method ''"},
    {{{"--method", "notify", "-p", "443", "server"}, {NULL}},
	{{"--method", "notify,preload", "-p", "443", "server"}, {NULL}},
	"--method 'notify,preload'"},
    {{{"--method=notify", "-p", "443", "server"}, {NULL}},
	{{"--method"}, {NULL}}, "'--method' needs an argument"},
    {{{"-p", "443", "server"}, {"LOWPORT_METHOD=preload"}},
	{{"-p", "443", "server"}, {"LOWPORT_METHOD=preloaded"}},
	"LOWPORT_METHOD 'preloaded': it can be auto, notify, preload or bpf"},
    {{{"--doctor"}, {"LOWPORT_METHOD=notify"}},
	{{"--doctor"}, {"LOWPORT_METHOD=notif"}}, "LOWPORT_METHOD 'notif'"},
    {{{"--keep-caps=kill", "-p", "443", "server"}, {NULL}},
	{{"--keep-caps"}, {NULL}}, "'--keep-caps' needs an argument"},
    {{{"--show-expected-port", "-p", "443", "server"}, {NULL}},
	{{"--show-expected-port=1", "-p", "443", "server"}, {NULL}},
	"'--show-expected-port=1'"},
    {{{"--allow-new-privs", "-p", "443", "server"}, {NULL}},
	{{"--allow-new-privs=1", "-p", "443", "server"}, {NULL}},
	"'--allow-new-privs=1'"},
};

START_TEST(understands)
{
	const struct understood *row = &understood[_i];
	struct unit_output output;

	unit_capture(&output, parse, &row->line);
	ck_assert_str_eq(output.err, "");
	ck_assert_str_eq(output.out, row->options);
	ck_assert(unit_exited(output.status, 0));
}
END_TEST

START_TEST(refuses)
{
	const struct refused *row = &refused[_i];
	struct unit_output output;

	unit_capture(&output, parse, &row->twin);
	ck_assert_str_eq(output.err, "");
	ck_assert(unit_exited(output.status, 0));
	unit_capture(&output, parse, &row->line);
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
	ck_assert_msg(strstr(output.err, row->message) != NULL,
	    "'%s' is not in '%s'", row->message, output.err);
	ck_assert_str_eq(output.out, "");
}
END_TEST

static void
parse_many(const void *count)
{
	static char words[PLAN_MAPPINGS_MAX + 1][16];
	char *argv[2 * LENGTH(words) + 3] = {(char[]){"lowport"}};
	char *environment[] = {NULL};
	struct options options;
	int argc = 1, i;

	for (i = 0; i < *(const int *)count; i++) {
		sprintf(words[i], "-p%d:%d", 1 + i, 8001 + i);
		argv[argc++] = words[i];
	}
	argv[argc++] = (char[]){"server"};
	options_parse(&options, argc, argv, environment);
	_exit((int)options.mapping_count);
}

START_TEST(bounds_the_number_of_mappings)
{
	static const int most = PLAN_MAPPINGS_MAX, more = most + 1;
	struct unit_output output;

	unit_capture(&output, parse_many, &most);
	ck_assert(unit_exited(output.status, most));
	unit_capture(&output, parse_many, &more);
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
	ck_assert_ptr_nonnull(strstr(output.err, "more than 64 mappings"));
}
END_TEST

static void
keep_many(const void *count)
{
	static char word[] = "--keep-caps=kill";
	char *argv[OPTIONS_KEEP_CAPS + 5] = {(char[]){"lowport"}};
	char *environment[] = {NULL};
	struct options options;
	int argc = 1, i;

	for (i = 0; i < *(const int *)count; i++)
		argv[argc++] = word;
	argv[argc++] = (char[]){"-p443"};
	argv[argc++] = (char[]){"server"};
	options_parse(&options, argc, argv, environment);
	_exit((int)options.keep_caps_count);
}

START_TEST(bounds_the_number_of_lists)
{
	static const int most = OPTIONS_KEEP_CAPS, more = most + 1;
	struct unit_output output;

	unit_capture(&output, keep_many, &most);
	ck_assert(unit_exited(output.status, most));
	unit_capture(&output, keep_many, &more);
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
	ck_assert_ptr_nonnull(strstr(output.err, "more than 64 lists"));
}
END_TEST

START_TEST(prints_and_ends)
{
	static const struct {
		struct command_line line;
		const char *out;
	} rows[] = {
	    {{{"-h"}, {NULL}}, "usage: lowport "},
	    {{{"--help"}, {NULL}}, "usage: lowport "},
	    {{{"-p", "443", "-h", "server"}, {NULL}}, "usage: lowport "},
	    {{{"-V"}, {NULL}}, "lowport " LOWPORT_VERSION "\n"},
	    {{{"--version"}, {NULL}}, "lowport " LOWPORT_VERSION "\n"},
	};
	struct unit_output output;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		unit_capture(&output, parse, &rows[i].line);
		ck_assert(unit_exited(output.status, 0));
		ck_assert_int_eq(strncmp(output.out, rows[i].out,
				     strlen(rows[i].out)),
		    0);
		ck_assert_str_eq(output.err, "");
	}
}
END_TEST

static void
help_to_a_full_disk(const void *argument)
{
	if (freopen("/dev/full", "w", stdout) == NULL)
		_exit(99);
	parse(argument);
}

/* A status of 0 would say that the text has been read. */
START_TEST(help_that_cannot_be_written_is_a_failure)
{
	static const struct command_line line = {{"--help"}, {NULL}};
	struct unit_output output;

	unit_capture(&output, parse, &line);
	ck_assert(unit_exited(output.status, 0));
	unit_capture(&output, help_to_a_full_disk, &line);
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("options");

	tcase_add_loop_test(t, spares_go_with_the_processors, 0, 6);
	tcase_add_loop_test(t, understands, 0, LENGTH(understood));
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	tcase_add_test(t, bounds_the_number_of_mappings);
	tcase_add_test(t, bounds_the_number_of_lists);
	tcase_add_test(t, prints_and_ends);
	tcase_add_test(t, help_that_cannot_be_written_is_a_failure);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
