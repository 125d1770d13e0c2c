/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, without CAP_NET_BIND_SERVICE.  If root started it, it
 * still has other capabilities, none of them effective.
 * Reads: the caller's arguments and LOWPORT_ variables.
 */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "number.h"
#include "options.h"
#include "status.h"

#define TRY "; try 'lowport --help'"

#define BLANKS " \t\r\n"

enum {
	OPTION_SPARES = 256,
	OPTION_CHECK,
	OPTION_CHECK_POLICY,
	OPTION_DOCTOR,
	OPTION_FROM_IPTABLES,
	OPTION_UNIT,
	OPTION_ATTACH,
	OPTION_DETACH,
	OPTION_ATTACHED,
	OPTION_FORCE,
	OPTION_JSON,
	OPTION_METHOD,
	OPTION_SHOW_EXPECTED_PORT,
	OPTION_ALLOW_NEW_PRIVS,
	OPTION_KEEP_CAPS,
	OPTION_PDEATHSIG,
};

/* For --doctor without -p. */
#define USUAL_MAPPING "443:8443"

/* clang-format off */
static const char help[] =
    "usage: lowport -p [ADDR:]PUBLIC[:SERVER] [OPTION]... [--] COMMAND [ARG]...\n"
    "       lowport --check [-p ...]... [-u ...] [--] [COMMAND]\n"
    "       lowport --doctor [-p ...]... [-u ...]\n"
    "       lowport --check-policy FILE\n"
    "       lowport --from-iptables [--unit NAME] [FILE]...\n"
    "\n"
    "Runs COMMAND, a server that binds the port SERVER.  It gets the port PUBLIC\n"
    "instead, as an ordinary user and without any capability.\n"
    "\n"
    "  -p, --publish [ADDR:]PUBLIC[:SERVER][/tcp|/udp|/tcp+udp]\n"
    "                        map a port, as in 443:8443; repeatable\n"
    "  -u, --user USER[:GROUP]\n"
    "                        run the server as this user (from root)\n"
    "      --check           start nothing; say what would happen for this user\n"
    "      --doctor          look at kernel, container, capability and policy\n"
    "      --check-policy FILE\n"
    "                        say what is wrong in the text of a policy\n"
    "  -v, --verbose         say what is done, step by step\n"
    "  -q, --quiet           say only what ends the run, and a server on a wrong port\n"
    "  -h, --help [all]      print this, or all options\n"
    "  -V, --version         print the version\n"
    "\n"
    "Exit status: the server's, or 128+n if signal n ended it; 125: lowport failed;\n"
    "126: COMMAND cannot be executed; 127: COMMAND is not found.  See lowport(1).\n";

/* The rest of --help all. */
static const char help_rest[] =
    "\n"
    "More about mappings:\n"
    "  Without ADDR, a mapping covers IPv4, IPv6 and dual stack.  IPv6 goes in\n"
    "  brackets: [::1]:443:8443.  Without SERVER, it is the same as PUBLIC.  Ranges\n"
    "  have equal lengths: 990-995:8990-8995.\n"
    "  PUBLIC:@NAME gives the server the socket when it starts (LISTEN_FDS), and its\n"
    "  number in place of {NAME} in an ARG.\n"
    "  @NAME:SERVER is for a socket that lowport itself was given.\n"
    "\n"
    "More options:\n"
    "      --method auto|notify|preload|bpf\n"
    "                        how the server gets its sockets: notify answers its\n"
    "                        system calls, preload loads a library into it, bpf\n"
    "                        has the kernel map the ports (from root); auto, the\n"
    "                        default, is notify if that works, or else preload\n"
    "      --show-expected-port\n"
    "                        let getsockname(2) return SERVER, not PUBLIC, for\n"
    "                        programs that compare it with their configuration\n"
    "      --allow-new-privs do not set no_new_privs, so that sudo works; this\n"
    "                        needs preload, or a socket by descriptor\n"
    "      --keep-caps LIST  let the server keep these of the capabilities that\n"
    "                        lowport was started with (net_admin,setuid);\n"
    "                        repeatable; needs preload, or a socket by descriptor\n"
    "      --spares N        bind N sockets for each common kind of bind, 1 to 256\n"
    "                        (default: one a processor, from 2 to 16; 2 if there is\n"
    "                        a range).  So many SO_REUSEPORT workers, or UDP clients\n"
    "                        with a socket each, get one of their own\n"
    "  -g, --group           send signals to the server's whole process group\n"
    "  -c, --single-child    send signals to the server alone (the default)\n"
    "  -e, --success-exit-status STATUS\n"
    "                        exit with 0 in place of STATUS, 0 to 255; repeatable\n"
    "                        (143: SIGTERM ended the server)\n"
    "  -r, --rewrite FROM:TO send the server signal TO in place of FROM, or none if\n"
    "                        TO is 0; repeatable\n"
    "      --pdeathsig SIGNAL\n"
    "                        have this signal sent when lowport's parent ends\n"
    "  -s, --subreaper       no effect: orphans of the server are always reaped\n"
    "  -w, --warn            report each orphan that is reaped\n"
    "      --json            let --check, --doctor or --check-policy print one JSON\n"
    "                        object: its status, and the findings\n"
    "\n"
    "Without a process of lowport, from root: lowport-bpf(7)\n"
    "      --attach [PID|PATH]\n"
    "                        have the kernel map the ports of a control group, by\n"
    "                        default lowport's own\n"
    "      --force           attach to a group of many services, too\n"
    "      --detach [PID|PATH]\n"
    "                        take the mappings away from the group\n"
    "      --attached        list the groups and their mappings\n"
    "\n"
    "Without rules that redirect ports: lowport-from-iptables(7)\n"
    "      --from-iptables [FILE]... read such rules, and say how to do without\n"
    "      --unit NAME       the server's unit, if its port does not tell\n"
    "\n"
    "Environment:\n"
    "  LOWPORT_PUBLISH (mappings, separated by blanks), LOWPORT_USER, LOWPORT_METHOD\n"
    "  and LOWPORT_REWRITE (FROM:TO, separated by blanks) stand for -p, -u, --method\n"
    "  and -r if these are not given; LOWPORT_KILL_PROCESS_GROUP=1 stands for -g.\n";
/* clang-format on */

static bool
print(const char *text)
{
	const size_t length = strlen(text);

	return write(STDOUT_FILENO, text, length) == (ssize_t)length;
}

static _Noreturn void
print_and_exit(const char *text, const char *more)
{
	_exit(print(text) && print(more) ? EXIT_SUCCESS : STATUS_FAILURE);
}

const char *
options_format(const struct options *options, size_t mapping,
    char text[MAPPING_NAMED])
{
	return mapping_format_named(&options->mappings[mapping],
	    options->names[mapping], text);
}

static void
mapping_add(struct options *options, const struct mapping *m, const char *text,
    const char *name)
{
	char other[MAPPING_NAMED];
	size_t i;

	if (options->mapping_count == PLAN_MAPPINGS_MAX)
		fatalx("mapping '%.100s': there are more than %d mappings",
		    text, PLAN_MAPPINGS_MAX);
	options->ports += m->ports;
	if (options->ports > PLAN_PORTS_MAX)
		fatalx("mapping '%.100s': the mappings have more than %d ports",
		    text, PLAN_PORTS_MAX);
	for (i = 0; i < options->mapping_count; i++)
		if (mapping_conflicts(m, &options->mappings[i]))
			fatalx("mapping '%s' overlaps mapping %s; give each "
			       "port of an address to one mapping",
			    text, options_format(options, i, other));
	strcpy(options->names[i], name);
	options->mappings[options->mapping_count++] = *m;
}

static void
mappings_add_word(struct options *options, const char *text)
{
	char name[MAPPING_NAME], why[REASON_TEXT];
	struct mapping parsed[MAPPING_PROTOCOLS];
	size_t count = mapping_parse(parsed, name, text, why), i;

	if (count == 0)
		fatalx("mapping '%.100s': %s", text, why);
	for (i = 0; i < count; i++)
		mapping_add(options, &parsed[i], text, name);
}

/* Scripts and compose files leave blanks on either side. */
static void
mappings_add(struct options *options, const char *text)
{
	char *copy = strdup(text + strspn(text, BLANKS));
	size_t length;

	if (copy == NULL)
		fatal("cannot read a mapping");
	for (length = strlen(copy);
	     length > 0 && strchr(BLANKS, copy[length - 1]) != NULL; length--)
		copy[length - 1] = '\0';
	mappings_add_word(options, copy);
	free(copy);
}

/* A variable has a word for each time that an option would be repeated. */
static void
words_from_environment(struct options *options, char **environment,
    const char *name, void (*take)(struct options *, const char *))
{
	const char *value = environment_get(environment, name);
	char *copy, *word, *state = NULL;

	if (value == NULL)
		return;
	copy = strdup(value);
	if (copy == NULL)
		fatal("cannot read %s", name);
	for (word = strtok_r(copy, BLANKS, &state); word != NULL;
	     word = strtok_r(NULL, BLANKS, &state))
		take(options, word);
	free(copy);
}

static enum options_method
parse_method(const char *where, const char *text)
{
	static const char *const names[] = {
	    [METHOD_AUTO] = "auto",
	    [METHOD_NOTIFY] = "notify",
	    [METHOD_PRELOAD] = "preload",
	    [METHOD_BPF] = "bpf",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0)
			return (enum options_method)i;
	fatalx("%s '%.100s': it can be auto, notify, preload or bpf", where,
	    text);
}

/* NULL if the variable is unset or empty. */
static const char *
value_of(char **environment, const char *name)
{
	const char *value = environment_get(environment, name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* True if the variable has its one value; false if it has none. */
static bool
switch_from_environment(char **environment, const char *name, const char *on)
{
	const char *value = value_of(environment, name);

	if (value != NULL && strcmp(value, on) != 0)
		fatalx("%s is '%.100s'; it can only be '%s'", name, value, on);
	return value != NULL;
}

unsigned int
options_default_spares(void)
{
	cpu_set_t processors;
	unsigned int count = OPTIONS_SPARES_MIN;

	/* Fails on a machine with more than CPU_SETSIZE of them. */
	if (sched_getaffinity(0, sizeof(processors), &processors) != 0)
		return OPTIONS_SPARES_MAX;
	if ((unsigned int)CPU_COUNT(&processors) > count)
		count = (unsigned int)CPU_COUNT(&processors);
	return count < OPTIONS_SPARES_MAX ? count : OPTIONS_SPARES_MAX;
}

static unsigned int
parse_number(const char *what, const char *text, unsigned int least,
    unsigned int most)
{
	unsigned long number;

	if (!number_parse(&number, text, least, most))
		fatalx("%s '%.100s' is not a number from %u to %u", what, text,
		    least, most);
	return (unsigned int)number;
}

static void
success_add(struct options *options, const char *text)
{
	const unsigned int number = parse_number("exit status", text, 0,
	    PLAN_STATUSES - 1);

	options->supervision.success[number / 8] |= (uint8_t)(1 << number % 8);
}

static void
rewrite_add(struct options *options, const char *text)
{
	char why[REASON_TEXT];

	options->rewrites = true;
	if (!signal_rewrite(options->supervision.rewrite, text, why))
		fatalx("rewrite '%.100s': %s", text, why);
}

static void
keep_caps_add(struct options *options, const char *text)
{
	if (options->keep_caps_count == OPTIONS_KEEP_CAPS)
		fatalx("--keep-caps '%.100s': there are more than %d lists; "
		       "one list can name many capabilities, as in "
		       "net_admin,setuid",
		    text, OPTIONS_KEEP_CAPS);
	options->keep_caps[options->keep_caps_count++] = text;
}

/* A signal that is not forwarded would leave the server running, unnoticed. */
static uint32_t
parse_pdeathsig(const char *text)
{
	int signal = signal_parse(text);

	if (signal == 0)
		fatalx("--pdeathsig '%.100s' is no signal; write, for example, "
		       "--pdeathsig TERM",
		    text);
	if (!signal_forwarded(signal))
		fatalx("--pdeathsig '%.100s' cannot be forwarded to the "
		       "server; use TERM, or a signal that -r rewrites",
		    text);
	return (uint32_t)signal;
}

static const char *const purposes[] = {
    [PURPOSE_CHECK] = "--check",
    [PURPOSE_CHECK_POLICY] = "--check-policy",
    [PURPOSE_DOCTOR] = "--doctor",
    [PURPOSE_FROM_IPTABLES] = "--from-iptables",
    [PURPOSE_ATTACH] = "--attach",
    [PURPOSE_DETACH] = "--detach",
    [PURPOSE_ATTACHED] = "--attached",
};

#define PURPOSES (sizeof(purposes) / sizeof(purposes[0]))

static void
purpose_set(struct options *options, enum purpose purpose)
{
	if (options->purpose != PURPOSE_RUN && options->purpose != purpose)
		fatalx("%s and %s do not go together" TRY,
		    purposes[options->purpose], purposes[purpose]);
	options->purpose = purpose;
}

/* Behind "=", or the next argument if it is no option: a number or a path. */
static void
take_group(struct options *options, const char *argument)
{
	const char *next = *options->command;

	if (argument == NULL && next != NULL && *next != '-') {
		argument = next;
		optind++;
	}
	options->group_name = argument;
}

static void
take_purpose(struct options *options, int option, const char *argument)
{
	switch (option) {
	case OPTION_CHECK:
		purpose_set(options, PURPOSE_CHECK);
		break;
	case OPTION_CHECK_POLICY:
		purpose_set(options, PURPOSE_CHECK_POLICY);
		options->policy_file = argument;
		break;
	case OPTION_DOCTOR:
		purpose_set(options, PURPOSE_DOCTOR);
		break;
	case OPTION_FROM_IPTABLES:
		purpose_set(options, PURPOSE_FROM_IPTABLES);
		break;
	case OPTION_UNIT:
		options->unit = argument;
		break;
	case OPTION_ATTACH:
	case OPTION_DETACH:
		purpose_set(options,
		    option == OPTION_ATTACH ? PURPOSE_ATTACH : PURPOSE_DETACH);
		take_group(options, argument);
		break;
	case OPTION_ATTACHED:
		purpose_set(options, PURPOSE_ATTACHED);
		break;
	case OPTION_FORCE:
		options->force = true;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	}
}

/* Options about the server's process, and about the way of its sockets. */
static void
take_server(struct options *options, int option, const char *argument)
{
	switch (option) {
	case 'p':
		mappings_add(options, argument);
		break;
	case 'u':
		options->user = argument;
		break;
	case OPTION_METHOD:
		options->method = parse_method("--method", argument);
		options->method_given = true;
		break;
	case OPTION_SHOW_EXPECTED_PORT:
		options->show_expected = true;
		break;
	case OPTION_ALLOW_NEW_PRIVS:
		options->new_privs = true;
		break;
	case OPTION_KEEP_CAPS:
		keep_caps_add(options, argument);
		break;
	case OPTION_SPARES:
		options->spares = parse_number("--spares", argument, 1,
		    PLAN_SPARES_MAX);
		break;
	}
}

static void
take_supervision(struct options *options, int option, const char *argument)
{
	switch (option) {
	case 'g':
	case 'c':
		options->supervision.group = option == 'g';
		options->group_given = true;
		break;
	case 'e':
		success_add(options, argument);
		break;
	case 'r':
		rewrite_add(options, argument);
		break;
	case OPTION_PDEATHSIG:
		options->supervision.pdeathsig = parse_pdeathsig(argument);
		break;
	case 'w':
		options->supervision.warn = 1;
		break;
	case 's': /* tini(1) needs it; lowport always adopts orphans */
		break;
	}
}

static void
take_output(struct options *options, int option, const char *argument)
{
	const char *next = *options->command;

	switch (option) {
	case 'v':
		options->verbosity = VERBOSITY_VERBOSE;
		break;
	case 'q':
		options->verbosity = VERBOSITY_QUIET;
		break;
	case 'V':
		print_and_exit("lowport " LOWPORT_VERSION "\n", "");
	case 'h':
		if (argument != NULL && strcmp(argument, "all") != 0)
			fatalx("unknown option '--help=%.100s'" TRY, argument);
		/* No command runs after --help, so an "all" is none. */
		print_and_exit(help,
		    argument != NULL ||
			    (next != NULL && strcmp(next, "all") == 0)
			? help_rest
			: "");
	}
}

/* The purposes that an option is for. */
#define FOR(purpose) (1U << (purpose))
#define FOR_ALL      (~0U)
#define FOR_SERVER   (FOR(PURPOSE_RUN) | FOR(PURPOSE_CHECK) | FOR(PURPOSE_DOCTOR))
#define FOR_MAPPINGS (FOR_SERVER | FOR(PURPOSE_ATTACH))
#define FOR_REPORT                                                             \
	(FOR(PURPOSE_CHECK) | FOR(PURPOSE_CHECK_POLICY) | FOR(PURPOSE_DOCTOR))

static const struct option_row {
	const char *name;
	int argument; /* as in struct option */
	int option;   /* the letter, or OPTION_ */
	void (*take)(struct options *, int option, const char *argument);
	unsigned int purposes; /* FOR_; those that set one are for all */
} known[] = {
    {"publish", required_argument, 'p', take_server, FOR_MAPPINGS},
    {"user", required_argument, 'u', take_server, FOR_SERVER},
    {"method", required_argument, OPTION_METHOD, take_server, FOR_SERVER},
    {"show-expected-port", no_argument, OPTION_SHOW_EXPECTED_PORT, take_server,
	FOR_MAPPINGS},
    {"allow-new-privs", no_argument, OPTION_ALLOW_NEW_PRIVS, take_server,
	FOR_SERVER},
    {"keep-caps", required_argument, OPTION_KEEP_CAPS, take_server, FOR_SERVER},
    {"spares", required_argument, OPTION_SPARES, take_server, FOR_SERVER},
    {"group", no_argument, 'g', take_supervision, FOR_SERVER},
    {"single-child", no_argument, 'c', take_supervision, FOR_SERVER},
    {"success-exit-status", required_argument, 'e', take_supervision,
	FOR_SERVER},
    {"rewrite", required_argument, 'r', take_supervision, FOR_SERVER},
    {"pdeathsig", required_argument, OPTION_PDEATHSIG, take_supervision,
	FOR_SERVER},
    {"subreaper", no_argument, 's', take_supervision, FOR_SERVER},
    {"warn", no_argument, 'w', take_supervision, FOR_SERVER},
    {"check", no_argument, OPTION_CHECK, take_purpose, FOR_ALL},
    {"check-policy", required_argument, OPTION_CHECK_POLICY, take_purpose,
	FOR_ALL},
    {"doctor", no_argument, OPTION_DOCTOR, take_purpose, FOR_ALL},
    {"json", no_argument, OPTION_JSON, take_purpose, FOR_REPORT},
    {"from-iptables", no_argument, OPTION_FROM_IPTABLES, take_purpose, FOR_ALL},
    {"unit", required_argument, OPTION_UNIT, take_purpose,
	FOR(PURPOSE_FROM_IPTABLES)},
    {"attach", optional_argument, OPTION_ATTACH, take_purpose, FOR_ALL},
    {"detach", optional_argument, OPTION_DETACH, take_purpose, FOR_ALL},
    {"attached", no_argument, OPTION_ATTACHED, take_purpose, FOR_ALL},
    {"force", no_argument, OPTION_FORCE, take_purpose, FOR(PURPOSE_ATTACH)},
    {"verbose", no_argument, 'v', take_output, FOR_ALL},
    {"quiet", no_argument, 'q', take_output, FOR_ALL},
    {"help", optional_argument, 'h', take_output, FOR_ALL},
    {"version", no_argument, 'V', take_output, FOR_ALL},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

/* '+': the first argument that is no option begins the server's command. */
static const char letters[] = "+:p:u:gce:r:swvqhV";

/* getopt_long(3) leaves the letter in optopt, and 0 there for a long option. */
static _Noreturn void
refuse_option(const char *argument)
{
	if (argument[1] != '-' && optopt > ' ' && optopt < 0x7f)
		fatalx("unknown option '-%c'" TRY, optopt);
	if (argument[1] == '-' && optopt != 0)
		fatalx("option '%.100s': it takes no argument behind '='" TRY,
		    argument);
	fatalx("unknown option '%.100s'" TRY, argument);
}

static _Noreturn void
refuse_without_purpose(const struct option_row *row)
{
	char list[128] = "";
	size_t i, length = 0;

	for (i = PURPOSE_RUN + 1; i < PURPOSES; i++)
		if ((row->purposes & FOR(i)) != 0)
			length += (size_t)snprintf(list + length,
			    sizeof(list) - length, "%s%s",
			    length == 0 ? "" : " or ", purposes[i]);
	fatalx("--%s is only for %s" TRY, row->name, list);
}

static void
require_purpose(const struct options *options, const bool given[KNOWN])
{
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		if (!given[i] ||
		    (known[i].purposes & FOR(options->purpose)) != 0)
			continue;
		if (options->purpose == PURPOSE_RUN)
			refuse_without_purpose(&known[i]);
		fatalx("--%s does not go with %s; leave it out" TRY,
		    known[i].name, purposes[options->purpose]);
	}
}

static void
read_arguments(struct options *options, int argc, char **argv)
{
	bool given[KNOWN] = {false};
	struct option names[KNOWN + 1] = {{NULL}};
	int option, at = optind;
	size_t i;

	for (i = 0; i < KNOWN; i++)
		names[i] = (struct option){known[i].name, known[i].argument,
		    NULL, known[i].option};
	while ((option = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (option == ':')
			fatalx("option '%.100s' needs an argument" TRY,
			    argv[optind - 1]);
		if (option == '?')
			refuse_option(argv[at]);
		at = optind;
		options->command = argv + optind;
		for (i = 0; i < KNOWN; i++)
			if (known[i].option == option) {
				known[i].take(options, option, optarg);
				given[i] = true;
			}
	}
	options->command = argv + optind;
	require_purpose(options, given);
}

static void
read_environment(struct options *options, char **environment)
{
	const char *method = value_of(environment, "LOWPORT_METHOD");

	if (options->mapping_count == 0)
		words_from_environment(options, environment, "LOWPORT_PUBLISH",
		    mappings_add);
	if (options->user == NULL)
		options->user = value_of(environment, "LOWPORT_USER");
	if (!options->method_given && method != NULL)
		options->method = parse_method("LOWPORT_METHOD", method);
	if (!options->rewrites)
		words_from_environment(options, environment, "LOWPORT_REWRITE",
		    rewrite_add);
	if (!options->group_given &&
	    switch_from_environment(environment, "LOWPORT_KILL_PROCESS_GROUP",
		"1"))
		options->supervision.group = 1;
	options->observe = switch_from_environment(environment, "LOWPORT_LEARN",
	    "observe");
	options->baseline = switch_from_environment(environment,
	    "LOWPORT_KERNEL", "5.9");
}

/* Finds the first argument that looks like this option. */
static const char *
find_option(char **command, const char *letter, const char *word)
{
	for (; *command != NULL; command++)
		if (strcmp(*command, letter) == 0 ||
		    strncmp(*command, word, strlen(word)) == 0)
			return *command;
	return NULL;
}

static bool
is_mapping(const char *text)
{
	struct mapping parsed[MAPPING_PROTOCOLS];
	char name[MAPPING_NAME], why[REASON_TEXT];

	return (text[strspn(text, "0123456789.")] == '\0' ||
		   strchr(text, ':') != NULL) &&
	    mapping_parse(parsed, name, text, why) > 0;
}

static _Noreturn void
refuse_without_mapping(char **command)
{
	const char *option;

	if (*command == NULL)
		fatalx("no mapping; usage: lowport -p 443:8443 [-u USER] "
		       "[--] COMMAND [ARG...]" TRY);
	if (is_mapping(*command))
		fatalx("no mapping; is -p missing before %.100s?" TRY,
		    *command);
	option = find_option(command, "-p", "--publish");
	if (option != NULL)
		fatalx("no mapping; %.100s comes after the command '%.100s', "
		       "so it is an argument of the command; put lowport's "
		       "options before the command" TRY,
		    option, *command);
	fatalx("no mapping; say which port the server is to own: "
	       "lowport -p 443:8443 [-u USER] -- %.100s ..." TRY,
	    *command);
}

static bool
takes_mappings(enum purpose purpose)
{
	return (FOR_MAPPINGS & FOR(purpose)) != 0;
}

static bool
takes_words(enum purpose purpose)
{
	return ((FOR_SERVER | FOR(PURPOSE_FROM_IPTABLES)) & FOR(purpose)) != 0;
}

static void
require_enough(struct options *options)
{
	if (options->mapping_count == 0 && options->purpose == PURPOSE_DOCTOR)
		mappings_add(options, USUAL_MAPPING);
	if (!takes_words(options->purpose) && *options->command != NULL)
		fatalx("'%.100s' is one argument too many: nothing is run "
		       "here" TRY,
		    *options->command);
	if (options->mapping_count == 0 && takes_mappings(options->purpose))
		refuse_without_mapping(options->command);
	if (options->mapping_count > 0 && *options->command != NULL &&
	    strchr(*options->command, ':') != NULL &&
	    is_mapping(*options->command))
		fatalx("'%.100s' is a mapping, not a command; is -p missing "
		       "before it?" TRY,
		    *options->command);
	if (*options->command == NULL && options->purpose == PURPOSE_RUN)
		fatalx(
		    "no command; name the server to run after the options" TRY);
}

void
options_parse(struct options *options, int argc, char **argv,
    char **environment)
{
	*options = (struct options){.verbosity = VERBOSITY_NORMAL,
	    .journal = message_is_journal(
		environment_get(environment, "JOURNAL_STREAM"))};
	message_set(options->verbosity, options->journal);
	read_arguments(options, argc, argv);
	if (takes_mappings(options->purpose))
		read_environment(options, environment);
	if (options->spares == 0)
		options->spares = options->ports > options->mapping_count
		    ? OPTIONS_SPARES_MIN
		    : options_default_spares();
	require_enough(options);
}
