/* SPDX-License-Identifier: ISC */
/*
 * Finding a rule that diverts a port, in what the administrator's tools print.
 * The tools have fixed paths: here, each is a script that root of a mount
 * namespace has put there.
 */
#include <netinet/in.h>
#include <sys/stat.h>

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

static const struct row {
	const char *tool;
	const char *line;
	enum redirect found;
} rows[] = {
    /* nft list ruleset. */
    {NFT, "tcp dport 443 redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport 443 counter packets 0 bytes 0 redirect to :8443",
	REDIRECT_FOUND},
    {NFT, "iif \"lo\" tcp dport 443 dnat to 192.0.2.7:8443", REDIRECT_FOUND},
    {NFT, "ip daddr 192.0.2.7 tcp dport 443 dnat to 192.0.2.8", REDIRECT_FOUND},
    {NFT, "tcp dport { 443 } redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport { 80, 443 } redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport { 443, 444 } redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport 400-500 redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport 443-500 redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport 400-443 redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport { 80, 400-500 } redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport 0-1023 redirect to :8443", REDIRECT_FOUND},
    {NFT, "tcp dport 444 redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport 4430 redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport 44 redirect to :3", REDIRECT_NONE},
    {NFT, "tcp dport 65979 redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport { 80, 444 } redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport { 400, 500 } redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport 444-500 redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport 400-442 redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport { 80-90, 500 } redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport 80 redirect to :443", REDIRECT_NONE},
    {NFT, "tcp sport 443 redirect to :8443", REDIRECT_NONE},
    {NFT, "tcp dport 443 accept", REDIRECT_NONE},
    {NFT, "tcp dport 443 counter packets 0 bytes 0 drop", REDIRECT_NONE},
    {NFT, "table ip nat {", REDIRECT_NONE},
    {NFT, "type nat hook prerouting priority dstnat; policy accept;",
	REDIRECT_NONE},
    {NFT, "", REDIRECT_NONE},
    /* Only TCP has connections. */
    {NFT, "udp dport 443 redirect to :8443", REDIRECT_NONE},
    /* iptables-save -t nat. */
    {IPTABLES,
	"-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443",
	REDIRECT_FOUND},
    {IPTABLES,
	"-A OUTPUT -o lo -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443",
	REDIRECT_FOUND},
    {IPTABLES,
	"-A DOCKER ! -i docker0 -p tcp -m tcp --dport 443 -j DNAT "
	"--to-destination 172.17.0.2:8443",
	REDIRECT_FOUND},
    {IPTABLES,
	"-A PREROUTING -p tcp -m tcp --dport 400:500 -j REDIRECT "
	"--to-ports 8443",
	REDIRECT_FOUND},
    {IPTABLES,
	"-A PREROUTING -p tcp -m tcp --dport 0:1023 -j REDIRECT "
	"--to-ports 8443",
	REDIRECT_FOUND},
    {IPTABLES,
	"-A PREROUTING -p tcp -m multiport --dports 80,443 -j REDIRECT "
	"--to-ports 8443",
	REDIRECT_FOUND},
    {IPTABLES,
	"-A PREROUTING -p tcp -m multiport --dports 80,444 -j REDIRECT "
	"--to-ports 8443",
	REDIRECT_NONE},
    {IPTABLES,
	"-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 443",
	REDIRECT_NONE},
    {IPTABLES,
	"-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT "
	"--to-destination 192.0.2.7:443",
	REDIRECT_NONE},
    {IPTABLES, "-A PREROUTING -p tcp -m tcp --dport 443 -j ACCEPT",
	REDIRECT_NONE},
    {IPTABLES, "-A POSTROUTING -j MASQUERADE", REDIRECT_NONE},
    {IPTABLES, ":PREROUTING ACCEPT [443:8443]", REDIRECT_NONE},
    {IPTABLES,
	"-A PREROUTING -p udp -m udp --dport 443 -j REDIRECT --to-ports 8443",
	REDIRECT_NONE},
    {IP6TABLES,
	"-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443",
	REDIRECT_FOUND},
};

START_TEST(knows_a_rule_that_diverts)
{
	const struct row *row = &rows[_i];
	char rule[REDIRECT_RULE] = "x";

	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	make_tool(row->tool, row->line, 0);
	ck_assert_msg(redirect_find(PORT, IPPROTO_TCP, rule) == row->found, "%s", row->line);
	if (row->found == REDIRECT_FOUND)
		ck_assert_int_eq(strncmp(rule, row->line, sizeof(rule) - 1), 0);
	else
		ck_assert_str_eq(rule, "");
}
END_TEST

/* Of many lines, the first that is one, without the blanks in front. */
START_TEST(tells_the_first_rule)
{
	char rule[REDIRECT_RULE];

	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	make_tool(NFT,
	    "table ip nat {\n"
	    "\tchain prerouting {\n"
	    "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
	    "\t\ttcp dport 80 redirect to :8080\n"
	    " \t tcp dport 443 redirect to :8443\n"
	    "\t\ttcp dport 443 redirect to :9443\n"
	    "\t}\n"
	    "}",
	    0);
	make_tool(IPTABLES, "--dport 443 -j REDIRECT --to-ports 7443", 0);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_TCP, rule), REDIRECT_FOUND);
	ck_assert_str_eq(rule, "tcp dport 443 redirect to :8443");
	ck_assert_int_eq(redirect_find(80, IPPROTO_TCP, rule), REDIRECT_FOUND);
	ck_assert_str_eq(rule, "tcp dport 80 redirect to :8080");
	ck_assert_int_eq(redirect_find(81, IPPROTO_TCP, rule), REDIRECT_NONE);
}
END_TEST

START_TEST(cuts_a_long_rule)
{
	char line[300] = "tcp dport 443 redirect to :8443 comment \"";
	char rule[REDIRECT_RULE];

	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	memset(line + strlen(line), 'x', 200);
	make_tool(NFT, line, 0);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_TCP, rule), REDIRECT_FOUND);
	ck_assert_uint_eq(strlen(rule), REDIRECT_RULE - 1);
	ck_assert_mem_eq(rule, line, REDIRECT_RULE - 1);
}
END_TEST

/* One that failed might have told of a rule; and what it has said counts. */
START_TEST(all_tools_that_are_there_count)
{
	char rule[REDIRECT_RULE];

	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_TCP, rule), REDIRECT_UNKNOWN);
	make_tool(IP6TABLES, "", 0);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_TCP, rule), REDIRECT_NONE);
	make_tool(NFT, "", 1);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_TCP, rule),
	    REDIRECT_FAILED);
	make_tool(IPTABLES, "--dport 443 -j REDIRECT --to-ports 8443", 1);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_TCP, rule), REDIRECT_FOUND);
}
END_TEST

START_TEST(the_protocol_counts)
{
	char rule[REDIRECT_RULE];

	UNIT_NEEDS(make_room(), "no user namespaces here, or no /usr/sbin");
	make_tool(NFT, "udp dport 443 redirect to :8443", 0);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_UDP, rule),
	    REDIRECT_FOUND);
	make_tool(NFT, "tcp dport 443 redirect to :8443", 0);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_UDP, rule),
	    REDIRECT_NONE);
	make_tool(NFT, "tcp dport != 443 redirect to :8443", 0);
	ck_assert_int_eq(redirect_find(PORT, IPPROTO_TCP, rule),
	    REDIRECT_NONE);
}
END_TEST

/* The tools want root: what an ordinary user hears is nothing. */
START_TEST(an_ordinary_user_learns_nothing)
{
	char rule[REDIRECT_RULE] = "x";

	unit_become_ordinary();
	ck_assert_int_ne(redirect_find(PORT, IPPROTO_TCP, rule), REDIRECT_FOUND);
	ck_assert_str_eq(rule, "");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("redirect");
	TCase *t = tcase_create("redirect");

	tcase_add_loop_test(t, knows_a_rule_that_diverts, 0, LENGTH(rows));
	tcase_add_test(t, tells_the_first_rule);
	tcase_add_test(t, cuts_a_long_rule);
	tcase_add_test(t, all_tools_that_are_there_count);
	tcase_add_test(t, the_protocol_counts);
	tcase_add_test(t, an_ordinary_user_learns_nothing);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
