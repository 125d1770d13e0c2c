/* SPDX-License-Identifier: ISC */
/*
 * The administrator's tools, as they are run: what they print is a matter of
 * test_rule.c.
 * The tools have fixed paths: here, each is a script that root of a mount
 * namespace has put there.
 */
#include <netinet/in.h>
#include <sys/stat.h>

#include "command.h"
#include "divert.h"
#include "redirect.h"
#include "unit.h"

#define PORT 443

#define NFT       "/usr/sbin/nft"
#define IPTABLES  "/usr/sbin/iptables-save"
#define IP6TABLES "/usr/sbin/ip6tables-save"

/* Where there is another directory behind the name, the shell goes with it. */
static bool
make_room(void)
{
	struct stat status;

	return lstat("/usr/sbin", &status) == 0 && S_ISDIR(status.st_mode) &&
	    unit_become_root(CLONE_NEWNS) &&
	    mount("tmpfs", "/usr/sbin", "tmpfs", 0, "mode=755") == 0;
}

/* Makes a tool that prints this, and ends so. */
static void
make_tool(const char *path, const char *lines, int status)
{
	char script[4096];

	snprintf(script, sizeof(script),
	    "#!/bin/sh\ncat <<'END'\n%s\nEND\nexit %d\n", lines, status);
	ck_assert(unit_write(path, script));
	ck_assert_int_eq(chmod(path, 0755), 0);
}

static struct rules rules;

/* The text of the rule that diverts the port, or "". */
static const char *
diverter(uint16_t port)
{
	const struct rule_packet packet = {.port = port,
	    .protocol = IPPROTO_TCP};
	struct divert d = divert_find(&rules, &packet, RULE_HOOK_PREROUTING);

	return d.rule == NULL ? "" : d.rule->text;
}

#define CHAIN                                                                  \
	"table inet nat {\n"                                                   \
	"\tchain prerouting {\n"                                               \
	"\t\ttype nat hook prerouting priority dstnat; policy accept;\n"

/* Each is run once, whatever ports are asked for. */
START_TEST(reads_what_each_tool_prints)
{
	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	make_tool(NFT, CHAIN "\t\ttcp dport 1 redirect to :8443\n\t}\n}", 0);
	make_tool(IPTABLES, "*nat\n-A PREROUTING -p tcp --dport 2 -j REDIRECT",
	    0);
	make_tool(IP6TABLES, "*nat\n-A PREROUTING -p tcp --dport 3 -j REDIRECT",
	    0);
	ck_assert_int_eq(redirect_list(&rules), REDIRECT_READ);
	ck_assert_str_eq(diverter(1), "tcp dport 1 redirect to :8443");
	ck_assert_str_eq(diverter(2),
	    "-A PREROUTING -p tcp --dport 2 -j REDIRECT");
	ck_assert_str_eq(diverter(3),
	    "-A PREROUTING -p tcp --dport 3 -j REDIRECT");
	ck_assert_str_eq(diverter(PORT), "");
}
END_TEST

/* One that failed might have told of a rule; and what it has said counts. */
START_TEST(all_tools_that_are_there_count)
{
	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	ck_assert_int_eq(redirect_list(&rules), REDIRECT_UNKNOWN);
	make_tool(IP6TABLES, "", 0);
	ck_assert_int_eq(redirect_list(&rules), REDIRECT_READ);
	make_tool(NFT, "", 1);
	ck_assert_int_eq(redirect_list(&rules), REDIRECT_FAILED);
	ck_assert_str_eq(diverter(PORT), "");
	make_tool(IPTABLES,
	    "*nat\n-A PREROUTING -p tcp --dport 443 -j REDIRECT", 1);
	ck_assert_int_eq(redirect_list(&rules), REDIRECT_FAILED);
	ck_assert_str_ne(diverter(PORT), "");
}
END_TEST

START_TEST(describes_and_suggests)
{
	const struct rule_packet packet = {.port = 8443,
	    .protocol = IPPROTO_TCP};
	const struct rule *rule;
	char text[REDIRECT_RULE], command[COMMAND_TEXT];

	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	make_tool(IPTABLES,
	    "*filter\n:INPUT DROP [0:0]\n"
	    "-A INPUT -p tcp --dport 8443 -j ACCEPT",
	    0);
	ck_assert_int_eq(redirect_list(&rules), REDIRECT_READ);
	rule = divert_admitted(&rules, &packet, PORT);
	ck_assert_ptr_nonnull(rule);
	ck_assert_str_eq(redirect_describe(&rules, rule, text),
	    "'-A INPUT -p tcp --dport 8443 -j ACCEPT' of iptables, table "
	    "filter");
	ck_assert(command_admit(&rules, rule, PORT, IPPROTO_TCP, command));
	ck_assert_str_eq(command,
	    "iptables -I INPUT -p tcp --dport 443 -j ACCEPT");
}
END_TEST

/* The tools want root: what an ordinary user hears is nothing. */
START_TEST(an_ordinary_user_learns_nothing)
{
	unit_become_ordinary();
	ck_assert_int_ne(redirect_list(&rules), REDIRECT_READ);
	ck_assert_str_eq(diverter(PORT), "");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("redirect");
	TCase *t = tcase_create("redirect");

	tcase_add_test(t, reads_what_each_tool_prints);
	tcase_add_test(t, all_tools_that_are_there_count);
	tcase_add_test(t, describes_and_suggests);
	tcase_add_test(t, an_ordinary_user_learns_nothing);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
