/* SPDX-License-Identifier: ISC */
/*
 * The grammar of the policy, whom and what a rule is about, and the rule that
 * is suggested.  Users and groups are of a database of the test's own.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "mapping_text.h"
#include "policy.h"
#include "unit.h"
#include "user.h"

#define LONG_NAME "a-name-of-thirty-three-characters"

/* Some are called as words of the grammar are, or as the number of another. */
static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "app:x:1000:2000::/srv/app:/bin/sh\n"
			     "7:x:1007:2007::/srv/seven:/bin/sh\n"
			     "on:x:1010:2010::/srv/on:/bin/sh\n"
			     "any:x:1011:2011::/srv/any:/bin/sh\n" LONG_NAME
			     ":x:1033:2033::/srv/long:/bin/sh\n";

static const char group[] = "root:x:0:\n"
			    "app:x:2000:\n"
			    "tls:x:2001:app\n"
			    "log:x:2002:app\n"
			    "on:x:2010:\n"
			    "42:x:2042:\n";

#define TEMPLATE "/tmp/lowport-test.XXXXXX"

static char directory[sizeof(TEMPLATE)];

static void
database_make(void)
{
	strcpy(directory, TEMPLATE);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	user_database = directory;
	ck_assert(unit_write("passwd", passwd));
	ck_assert(unit_write("group", group));
}

static void
database_remove(void)
{
	unlink("passwd");
	unlink("group");
	rmdir(directory);
}

/* A policy in memory of its own: the sanitizer watches where it ends. */
static struct policy_reader
reader_of(const char *text, size_t length)
{
	char *copy = malloc(length == 0 ? 1 : length);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, length);
	return (struct policy_reader){.rest = copy, .length = length};
}

/* Reads a policy of one rule. */
static struct policy_rule
rule_of(const char *text)
{
	struct policy_reader reader = reader_of(text, strlen(text));
	struct policy_rule rule, other;
	char why[REASON_TEXT] = "";

	ck_assert_msg(policy_next(&reader, &rule, why) == POLICY_RULE,
	    "'%s': %s", text, why);
	ck_assert_int_eq(policy_next(&reader, &other, why), POLICY_END);
	return rule;
}

static void
assert_refused(const char *text, const char *expected)
{
	struct policy_reader reader = reader_of(text, strlen(text));
	struct policy_rule rule;
	char why[REASON_TEXT] = "";

	ck_assert_msg(policy_next(&reader, &rule, why) == POLICY_ERROR, "'%s'",
	    text);
	ck_assert_msg(strstr(why, expected) != NULL, "'%s': %s", text, why);
	ck_assert_int_eq(policy_next(&reader, &rule, why), POLICY_END);
}

/* ---- The grammar of a rule */

#define TCP(first, last)                                                       \
	{                                                                      \
		true, false, first, last                                       \
	}
#define UDP(first, last)                                                       \
	{                                                                      \
		false, true, first, last                                       \
	}
#define BOTH(first, last)                                                      \
	{                                                                      \
		true, true, first, last                                        \
	}
#define ANY  POLICY_ANY, 0
#define T443 {TCP(443, 443)}, 1
#define ON4(bits, ...)                                                         \
	AF_INET, bits,                                                         \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define ON6(bits, ...)                                                         \
	AF_INET6, bits,                                                        \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

static const struct accepted {
	const char *text;
	struct policy_rule rule;
} accepted[] = {
    {"permit any tcp/443", {true, ANY, T443}},
    {"deny any tcp/443", {false, ANY, T443}},
    {"permit user app tcp/443", {true, POLICY_USER, 1000, T443}},
    {"deny user app tcp/443", {false, POLICY_USER, 1000, T443}},
    {"permit user root tcp/443", {true, POLICY_USER, 0, T443}},
    {"permit user 0 tcp/443", {true, POLICY_USER, 0, T443}},
    {"permit user 1000 tcp/443", {true, POLICY_USER, 1000, T443}},
    {"permit user 4242 tcp/443", {true, POLICY_USER, 4242, T443}},
    {"permit user 4294967294 tcp/443", {true, POLICY_USER, 4294967294, T443}},
    {"permit group tls tcp/443", {true, POLICY_GROUP, 2001, T443}},
    {"permit group 2001 tcp/443", {true, POLICY_GROUP, 2001, T443}},
    {"permit group 4243 tcp/443", {true, POLICY_GROUP, 4243, T443}},
    {"deny group root tcp/443", {false, POLICY_GROUP, 0, T443}},
    /* A name comes before a number, as chown(1) has it. */
    {"permit user 7 tcp/443", {true, POLICY_USER, 1007, T443}},
    {"permit user 07 tcp/443", {true, POLICY_USER, 7, T443}},
    {"permit group 42 tcp/443", {true, POLICY_GROUP, 2042, T443}},
    /* A word of the grammar may be a name. */
    {"permit user on tcp/443", {true, POLICY_USER, 1010, T443}},
    {"permit user any tcp/443", {true, POLICY_USER, 1011, T443}},
    {"permit group on tcp/443", {true, POLICY_GROUP, 2010, T443}},
    /* Ports. */
    {"permit any udp/53", {true, ANY, {UDP(53, 53)}, 1}},
    {"permit any tcp+udp/53", {true, ANY, {BOTH(53, 53)}, 1}},
    {"permit any tcp/1", {true, ANY, {TCP(1, 1)}, 1}},
    {"permit any tcp/65535", {true, ANY, {TCP(65535, 65535)}, 1}},
    {"permit any tcp/1-65535", {true, ANY, {TCP(1, 65535)}, 1}},
    {"permit any tcp/8000-8099", {true, ANY, {TCP(8000, 8099)}, 1}},
    {"permit any tcp/443-443", {true, ANY, T443}},
    {"permit any tcp/0443", {true, ANY, T443}},
    {"permit any tcp/00000000000443", {true, ANY, T443}},
    {"permit any tcp+udp/0000065534-0000065535",
	{true, ANY, {BOTH(65534, 65535)}, 1}},
    {"permit any tcp/443 udp/443 tcp+udp/80-81",
	{true, ANY, {TCP(443, 443), UDP(443, 443), BOTH(80, 81)}, 3}},
    {"permit any tcp/443 tcp/443",
	{true, ANY, {TCP(443, 443), TCP(443, 443)}, 2}},
    /* Addresses. */
    {"permit any tcp/443 on 192.0.2.7",
	{true, ANY, T443, ON4(32, 192, 0, 2, 7)}},
    {"permit any tcp/443 on 192.0.2.7/32",
	{true, ANY, T443, ON4(32, 192, 0, 2, 7)}},
    {"deny any tcp/443 on 192.0.2.0/24",
	{false, ANY, T443, ON4(24, 192, 0, 2)}},
    {"permit any tcp/443 on 192.0.2.0/024",
	{true, ANY, T443, ON4(24, 192, 0, 2)}},
    {"permit any tcp/443 on 192.0.2.4/30",
	{true, ANY, T443, ON4(30, 192, 0, 2, 4)}},
    {"permit any tcp/443 on 128.0.0.0/1", {true, ANY, T443, ON4(1, 128)}},
    {"permit any tcp/443 on 0.0.0.0/0", {true, ANY, T443, ON4(0, 0)}},
    {"permit any tcp/443 on 0.0.0.0", {true, ANY, T443, ON4(32, 0)}},
    {"permit any tcp/443 on 255.255.255.255",
	{true, ANY, T443, ON4(32, 255, 255, 255, 255)}},
    {"permit any tcp/443 on ::1", {true, ANY, T443, ON6(128, [15] = 1)}},
    {"permit any tcp/443 on ::1/128", {true, ANY, T443, ON6(128, [15] = 1)}},
    {"permit any tcp/443 on ::2/127", {true, ANY, T443, ON6(127, [15] = 2)}},
    {"permit any tcp/443 on ::/0", {true, ANY, T443, ON6(0, 0)}},
    {"permit any tcp/443 on ::", {true, ANY, T443, ON6(128, 0)}},
    {"permit any tcp/443 on 8000::/1", {true, ANY, T443, ON6(1, 128)}},
    {"permit any tcp/443 on 2001:DB8::/32",
	{true, ANY, T443, ON6(32, 0x20, 1, 0xd, 0xb8)}},
    {"permit any tcp/443 on ::192.0.2.7",
	{true, ANY, T443, ON6(128, [12] = 192, 0, 2, 7)}},
    {"permit user app tcp/443 udp/53 on 192.0.2.7",
	{true, POLICY_USER, 1000, {TCP(443, 443), UDP(53, 53)}, 2,
	    ON4(32, 192, 0, 2, 7)}},
    /* Blanks and comments. */
    {" \tpermit \t any\ttcp/443 \t", {true, ANY, T443}},
    {"permit any tcp/443\r", {true, ANY, T443}},
    {"permit any tcp/443 # any of tcp/80", {true, ANY, T443}},
    {"permit any tcp/443#on 192.0.2.7", {true, ANY, T443}},
    {"permit any tcp/443 on ::1#", {true, ANY, T443, ON6(128, [15] = 1)}},
};

START_TEST(accepts)
{
	const struct policy_rule *wanted = &accepted[_i].rule;
	struct policy_rule rule = rule_of(accepted[_i].text);

	ck_assert_int_eq(rule.permit, wanted->permit);
	ck_assert_int_eq(rule.who, wanted->who);
	ck_assert_uint_eq(rule.id, wanted->id);
	ck_assert_uint_eq(rule.target_count, wanted->target_count);
	ck_assert_mem_eq(rule.targets, wanted->targets,
	    rule.target_count * sizeof(rule.targets[0]));
	ck_assert_uint_eq(rule.family, wanted->family);
	ck_assert_uint_eq(rule.bits, wanted->bits);
	ck_assert_mem_eq(rule.address, wanted->address, 16);
}
END_TEST

#define RULE "permit any tcp/443"

/* Each text that is refused stands beside one that differs in what is wrong
 * alone; why is a part of what the administrator reads. */
static const struct refused {
	const char *twin;
	const char *text;
	const char *why;
} refused[] = {
    {RULE, "Permit any tcp/443",
	"a rule begins with permit or deny, not 'Permit'"},
    {RULE, "allow any tcp/443", "not 'allow'"},
    {RULE, "permitany tcp/443", "not 'permitany'"},
    {RULE, "permi any tcp/443", "not 'permi'"},
    {RULE, "any tcp/443", "not 'any'"},
    {RULE, "permit,any tcp/443", "not 'permit,any'"},
    {RULE, "; permit any tcp/443", "not ';'"},
    {RULE, "\xef\xbb\xbfpermit any tcp/443", "a rule begins with"},
    {RULE, "a-word-of-thirty-three-characters any tcp/443",
	"not 'a-word-of-thirty-three-character'"},
    /* Whom. */
    {RULE, "permit", "whom is it for? write user NAME, group NAME or any"},
    {RULE, "deny", "whom is it for?"},
    {RULE, "permit tcp/443", "whom is it for?"},
    {"permit user app tcp/443", "permit app tcp/443", "whom is it for?"},
    {"permit user app tcp/443", "permit User app tcp/443", "whom is it for?"},
    {"permit user app tcp/443", "permit users app tcp/443", "whom is it for?"},
    {"permit user app tcp/443", "permit use app tcp/443", "whom is it for?"},
    {RULE, "permit ANY tcp/443", "whom is it for?"},
    {RULE, "permit any# tcp/443", "no port"},
    {"permit user app tcp/443", "permit user",
	"a name or number is missing after 'user'"},
    {"permit group app tcp/443", "permit group",
	"a name or number is missing after 'group'"},
    {"permit user app tcp/443", "permit user # app tcp/443",
	"is missing after 'user'"},
    {"permit user app tcp/443", "permit user tcp/443",
	"there is no user 'tcp/443'"},
    {"permit user app tcp/443", "permit user app:tls tcp/443",
	"there is no user 'app:tls'"},
    {"permit user 1000 tcp/443", "permit user +1000 tcp/443",
	"there is no user '+1000'"},
    {"permit user 1 tcp/443", "permit user -1 tcp/443",
	"there is no user '-1'"},
    {"permit user 4294967294 tcp/443", "permit user 4294967295 tcp/443",
	"there is no user '4294967295'"},
    {"permit user 0 tcp/443", "permit user 4294967296 tcp/443",
	"there is no user '4294967296'"},
    {"permit group 4294967294 tcp/443", "permit group 4294967295 tcp/443",
	"there is no group '4294967295'"},
    {"permit user app tcp/443", "permit user app app tcp/443",
	"'app' is no port"},
    /* Ports. */
    {RULE, "permit any", "no port; write some, as in tcp/443"},
    {"permit user app tcp/443", "permit user app", "no port; write some"},
    {"permit any tcp/443 on ::1", "permit any on ::1", "no port; write some"},
    {RULE, "permit any tcp",
	"'tcp' is no port; write tcp/443, udp/53, tcp+udp/443 or "
	"tcp/8000-8099"},
    {RULE, "permit any 443", "'443' is no port"},
    {RULE, "permit any /443", "'/443' is no port"},
    {RULE, "permit any tcp/", "'tcp/' is no port"},
    {RULE, "permit any tcp /443", "'tcp' is no port"},
    {RULE, "permit any tcp/ 443", "'tcp/' is no port"},
    {RULE, "permit any TCP/443", "lower case"},
    {RULE, "permit any sctp/443", "'sctp/443' is no port"},
    {"permit any tcp+udp/443", "permit any udp+tcp/443",
	"'udp+tcp/443' is no port"},
    {"permit any tcp+udp/443", "permit any tcp+/443", "'tcp+/443' is no port"},
    {"permit any tcp+udp/443", "permit any tcp,udp/443", "commas"},
    {"permit any tcp+udp/443", "permit any tcp+udp+tcp/443", "is no port"},
    {"permit any tcp/1", "permit any tcp/0", "'tcp/0' is no port"},
    {"permit any tcp/65535", "permit any tcp/65536", "'tcp/65536' is no port"},
    {RULE, "permit any tcp/65979", "is no port"},                /* 2^16 + */
    {RULE, "permit any tcp/4294967739", "is no port"},           /* 2^32 + */
    {RULE, "permit any tcp/18446744073709552059", "is no port"}, /* 2^64 + */
    {RULE, "permit any tcp/+443", "'tcp/+443' is no port"},
    {RULE, "permit any tcp/-443", "'tcp/-443' is no port"},
    {RULE, "permit any tcp/443/", "'tcp/443/' is no port"},
    {RULE, "permit any tcp/443/tcp", "'tcp/443/tcp' is no port"},
    {RULE, "permit any tcp/0x1bb", "'tcp/0x1bb' is no port"},
    {RULE, "permit any tcp/443x", "'tcp/443x' is no port"},
    {RULE, "permit any tcp/4e2", "'tcp/4e2' is no port"},
    {RULE, "permit any tcp/https", "as a number"},
    {RULE, "permit any tcp/*", "'tcp/*' is no port"},
    {RULE, "permit any tcp/443,80", "blanks, not commas"},
    {RULE, "permit any tcp/443,", "commas"},
    {RULE, "permit any tcp/443:8443", "'tcp/443:8443' is no port"},
    {RULE, "permit any tcp/\xd9\xa4\xd9\xa4\xd9\xa3", "is no port"},
    {"permit any tcp/80-443", "permit any tcp/443-80",
	"'tcp/443-80' is no port"},
    {"permit any tcp/442-442", "permit any tcp/443-442", "is no port"},
    {"permit any tcp/1-443", "permit any tcp/0-443", "is no port"},
    {"permit any tcp/443-65535", "permit any tcp/443-65536", "is no port"},
    {"permit any tcp/443-444", "permit any tcp/443-", "'tcp/443-' is no port"},
    {"permit any tcp/443-444", "permit any tcp/-", "'tcp/-' is no port"},
    {"permit any tcp/443-444", "permit any tcp/443--444", "is no port"},
    {"permit any tcp/443-444", "permit any tcp/443-+444", "is no port"},
    {"permit any tcp/443-444", "permit any tcp/443-444-445", "is no port"},
    {"permit any tcp/443-444", "permit any tcp/443 -444", "'-444' is no port"},
    {"permit any tcp/443-444", "permit any tcp/443- 444", "is no port"},
    {"permit any tcp/443-444", "permit any tcp/443-tcp/444", "is no port"},
    {"permit any tcp/443 tcp/80", "permit any tcp/443 tcp/0",
	"'tcp/0' is no port"},
    {"permit any tcp/443 tcp/80", "permit any tcp/443 any", "'any' is no port"},
    {"permit any tcp/443 on ::1", "permit any tcp/443 ON ::1",
	"'ON' is no port"},
    {"permit any tcp/443 on ::1", "permit any tcp/443 ::1", "'::1' is no port"},
    /* Addresses. */
    {"permit any tcp/443 on ::1", "permit any tcp/443 on",
	"an address is missing after 'on'"},
    {"permit any tcp/443 on ::1", "permit any tcp/443 on # ::1",
	"an address is missing after 'on'"},
    {"permit any tcp/443 on 127.0.0.1", "permit any tcp/443 on localhost",
	"'localhost' is no address, as 192.0.2.0/24 or 2001:db8::/32 are"},
    {"permit any tcp/443 on 127.0.0.1", "permit any tcp/443 on lo",
	"'lo' is no address"},
    {"permit any tcp/443 on 192.0.2.7", "permit any tcp/443 on 192.0.2",
	"'192.0.2' is no address"},
    {"permit any tcp/443 on 192.0.2.7", "permit any tcp/443 on 192.0.2.07",
	"is no address"},
    {"permit any tcp/443 on 192.0.2.255", "permit any tcp/443 on 192.0.2.256",
	"is no address"},
    {"permit any tcp/443 on 192.0.2.7", "permit any tcp/443 on 192.0.2.7:443",
	"is no address"},
    {"permit any tcp/443 on 192.0.2.7", "permit any tcp/443 on on 192.0.2.7",
	"'on' is no address"},
    {"permit any tcp/443 on 0.0.0.0/0", "permit any tcp/443 on any",
	"'any' is no address"},
    {"permit any tcp/443 on 0.0.0.0/0", "permit any tcp/443 on /0",
	"'' is no address"},
    {"permit any tcp/443 on ::1", "permit any tcp/443 on [::1]",
	"'[::1]' is no address"},
    {"permit any tcp/443 on fe80::1", "permit any tcp/443 on fe80::1%lo",
	"'fe80::1%lo' is no address"},
    {"permit any tcp/443 on ::1",
	"permit any tcp/443 on ::1::", "is no address"},
    {"permit any tcp/443 on 192.0.2.0/32", "permit any tcp/443 on 192.0.2.0/33",
	"'/33' is no number of bits from 0 to 32"},
    {"permit any tcp/443 on ::/128", "permit any tcp/443 on ::/129",
	"'/129' is no number of bits from 0 to 128"},
    {"permit any tcp/443 on ::/32", "permit any tcp/443 on 0.0.0.0/128",
	"'/128' is no number of bits from 0 to 32"},
    {"permit any tcp/443 on 0.0.0.0/0", "permit any tcp/443 on 0.0.0.0/",
	"'/' is no number of bits"},
    {"permit any tcp/443 on 0.0.0.0/1", "permit any tcp/443 on 0.0.0.0/-1",
	"'/-1' is no number of bits"},
    {"permit any tcp/443 on 0.0.0.0/1", "permit any tcp/443 on 0.0.0.0/+1",
	"'/+1' is no number of bits"},
    {"permit any tcp/443 on 0.0.0.0/8", "permit any tcp/443 on 0.0.0.0/8x",
	"'/8x' is no number of bits"},
    {"permit any tcp/443 on 0.0.0.0/8", "permit any tcp/443 on 0.0.0.0/8/8",
	"'/8/8' is no number of bits"},
    {"permit any tcp/443 on 0.0.0.0/8", "permit any tcp/443 on 0.0.0.0/ 8",
	"'/' is no number of bits"},
    {"permit any tcp/443 on 0.0.0.0/8",
	"permit any tcp/443 on 0.0.0.0/4294967304", "is no number of bits"},
    {"permit any tcp/443 on 0.0.0.0/8",
	"permit any tcp/443 on 0.0.0.0/255.0.0.0", "is no number of bits"},
    {"permit any tcp/443 on 192.0.2.0/24", "permit any tcp/443 on 192.0.2.1/24",
	"192.0.2.1 has bits beyond its /24"},
    {"permit any tcp/443 on 192.0.2.1/32", "permit any tcp/443 on 192.0.2.1/31",
	"192.0.2.1 has bits beyond its /31"},
    {"permit any tcp/443 on 192.0.0.0/2", "permit any tcp/443 on 192.0.0.0/1",
	"192.0.0.0 has bits beyond its /1"},
    {"permit any tcp/443 on 128.0.0.0/1", "permit any tcp/443 on 128.0.0.0/0",
	"128.0.0.0 has bits beyond its /0"},
    {"permit any tcp/443 on 0.0.0.1/32", "permit any tcp/443 on 0.0.0.1/0",
	"0.0.0.1 has bits beyond its /0"},
    {"permit any tcp/443 on 2001:db8::/32",
	"permit any tcp/443 on 2001:db8::1/32",
	"2001:db8::1 has bits beyond its /32"},
    {"permit any tcp/443 on ::1/128", "permit any tcp/443 on ::1/127",
	"::1 has bits beyond its /127"},
    {"permit any tcp/443 on ::1/128", "permit any tcp/443 on ::1/0",
	"::1 has bits beyond its /0"},
    {"permit any tcp/443 on 192.0.2.7",
	"permit any tcp/443 on ::ffff:192.0.2.7",
	"write IPv4 addresses without ::ffff:"},
    {"permit any tcp/443 on 0.0.0.0/0", "permit any tcp/443 on ::ffff:0:0/96",
	"write IPv4 addresses without ::ffff:"},
    {"permit any tcp/443 on ::fffe:0:0/95",
	"permit any tcp/443 on ::ffff:0:0/95", "bits beyond its /95"},
    {"permit any tcp/443 on 192.0.2.7",
	"permit any tcp/443 on 192.0.2.7 192.0.2.8",
	"'192.0.2.8' after the address; begin another rule"},
    {"permit any tcp/443 tcp/80 on 192.0.2.7",
	"permit any tcp/443 on 192.0.2.7 tcp/80", "'tcp/80' after the address"},
    {"permit any tcp/443 on 192.0.2.7",
	"permit any tcp/443 on 192.0.2.7 on 192.0.2.8",
	"'on' after the address"},
    {"permit any tcp/443 on 192.0.2.7", "permit any tcp/443 on 192.0.2.7 /32",
	"'/32' after the address"},
};

START_TEST(refuses)
{
	rule_of(refused[_i].twin);
	assert_refused(refused[_i].text, refused[_i].why);
}
END_TEST

START_TEST(bounds_the_ports_of_a_rule)
{
	char text[POLICY_LINE_MAX] = "permit any";
	struct policy_rule rule;
	unsigned int i;

	for (i = 1; i <= POLICY_TARGETS_MAX; i++)
		sprintf(text + strlen(text), " tcp/%u", i);
	rule = rule_of(text);
	ck_assert_uint_eq(rule.target_count, POLICY_TARGETS_MAX);
	for (i = 1; i <= POLICY_TARGETS_MAX; i++)
		ck_assert_uint_eq(rule.targets[i - 1].first, i);
	strcat(text, " on ::1");
	rule_of(text);
	*strstr(text, " on") = '\0';
	strcat(text, " tcp/65");
	assert_refused(text, "more than 64 ports; begin another rule");
}
END_TEST

/* What a rule says of whom and where must not be what the one before said. */
START_TEST(nothing_is_left_of_the_rule_before)
{
	static const char text[] = "permit user app tcp/443 tcp/80 on ::1\n"
				   "deny any udp/53\n";
	struct policy_reader reader = reader_of(text, strlen(text));
	struct policy_rule rule, fresh = rule_of("deny any udp/53");
	char why[REASON_TEXT];

	ck_assert_int_eq(policy_next(&reader, &rule, why), POLICY_RULE);
	ck_assert_int_eq(policy_next(&reader, &rule, why), POLICY_RULE);
	ck_assert_mem_eq(&rule, &fresh, sizeof(rule));
}
END_TEST

/* ---- The reader */

#define TEXT(literal) literal, sizeof(literal) - 1

/* What a text has, item by item: 'r' a rule, 'e' an error, and its line. */
static const struct reading {
	const char *text;
	size_t length;
	const char *items;
} readings[] = {
    {TEXT(""), ""},
    {TEXT("\n"), ""},
    {TEXT("\n\n\n"), ""},
    {TEXT(" \t\r\n \t"), ""},
    {TEXT("# permit any tcp/443"), ""},
    {TEXT("  # permit any tcp/443\n#\n"), ""},
    {TEXT(RULE "\n"), "r1 "},
    {TEXT(RULE), "r1 "},
    {TEXT(RULE "\r\n" RULE "\r\n"), "r1 r2 "},
    {TEXT(RULE "\n" RULE), "r1 r2 "},
    {TEXT("\n# comment\n\n" RULE "\n\n" RULE "\n\n"), "r4 r6 "},
    {TEXT("nonsense\n" RULE "\n"), "e1 r2 "},
    {TEXT(RULE "\nnonsense"), "r1 e2 "},
    {TEXT("x\n\ny\n" RULE "\nz\n"), "e1 e3 r4 e5 "},
    /* A line ends with a newline alone. */
    {TEXT(RULE "\r" RULE), "e1 "},
    {TEXT(RULE "\f\n" RULE), "e1 r2 "},
    {TEXT("permit any \\\ntcp/443\n"), "e1 e2 "},
    /* A byte 0 is nowhere right, and hides nothing. */
    {TEXT("\0"), "e1 "},
    {TEXT(RULE "\0\n" RULE "\n"), "e1 r2 "},
    {TEXT(RULE "\0 tcp/80\n"), "e1 "},
    {TEXT("# comment\0\n" RULE "\n"), "e1 r2 "},
    {TEXT("\0\n\0\n" RULE), "e1 e2 r3 "},
    {TEXT(RULE "\n\0"), "r1 e2 "},
};

static void
describe(struct policy_reader *reader, char *items)
{
	struct policy_rule rule;
	char why[REASON_TEXT];
	enum policy_item item;

	*items = '\0';
	while ((item = policy_next(reader, &rule, why)) != POLICY_END)
		items += sprintf(items, "%c%u ",
		    item == POLICY_RULE ? 'r' : 'e', reader->line);
	/* The end is the end. */
	ck_assert_int_eq(policy_next(reader, &rule, why), POLICY_END);
	ck_assert_uint_eq(reader->length, 0);
}

START_TEST(reads_on)
{
	const struct reading *row = &readings[_i];
	struct policy_reader reader = reader_of(row->text, row->length);
	char items[64];

	describe(&reader, items);
	ck_assert_str_eq(items, row->items);
}
END_TEST

/* A line of this length, with what it begins with, and a rule behind it. */
static void
assert_line(const char *head, size_t length, const char *items)
{
	char text[2 * POLICY_LINE_MAX], found[64];
	struct policy_reader reader;

	memset(text, ' ', length);
	memcpy(text, head, strlen(head));
	strcpy(text + length, "\n" RULE);
	reader = reader_of(text, strlen(text));
	describe(&reader, found);
	ck_assert_msg(strcmp(found, items) == 0, "%s..., %zu bytes: %s", head,
	    length, found);
	/* The last line need not end. */
	reader = reader_of(text, length);
	describe(&reader, found);
	ck_assert_int_eq(strncmp(found, items, strlen(found)), 0);
}

/* The newline counts. */
START_TEST(bounds_the_length_of_a_line)
{
	assert_line(RULE, POLICY_LINE_MAX - 2, "r1 r2 ");
	assert_line(RULE, POLICY_LINE_MAX - 1, "r1 r2 ");
	assert_line(RULE, POLICY_LINE_MAX, "e1 r2 ");
	assert_line(RULE, POLICY_LINE_MAX + 1, "e1 r2 ");
	assert_line("#", POLICY_LINE_MAX - 1, "r2 ");
	assert_line("#", POLICY_LINE_MAX, "e1 r2 ");
	assert_line("", POLICY_LINE_MAX - 1, "r2 ");
	assert_line("", POLICY_LINE_MAX, "e1 r2 ");
}
END_TEST

START_TEST(says_why_a_line_is_none)
{
	char text[POLICY_LINE_MAX + 1];

	memset(text, 'x', POLICY_LINE_MAX);
	text[POLICY_LINE_MAX - 1] = '\0';
	assert_refused(text, "a rule begins with permit or deny");
	text[POLICY_LINE_MAX - 1] = 'x';
	text[POLICY_LINE_MAX] = '\0';
	assert_refused(text, "it is longer than 1023 bytes");
}
END_TEST

START_TEST(says_that_there_is_a_byte_0)
{
	struct policy_reader reader = reader_of(TEXT(RULE "\0"));
	struct policy_rule rule;
	char why[REASON_TEXT] = "";

	ck_assert_int_eq(policy_next(&reader, &rule, why), POLICY_ERROR);
	ck_assert_str_eq(why, "it has a byte 0 in it");
}
END_TEST

/* xorshift64*: the same bytes on every run. */
static uint8_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint8_t)((*state * 0x2545f4914f6cdd1dull) >> 56);
}

static void
assert_bounds(const struct policy_rule *rule)
{
	size_t i;

	ck_assert_uint_ge(rule->target_count, 1);
	ck_assert_uint_le(rule->target_count, POLICY_TARGETS_MAX);
	for (i = 0; i < rule->target_count; i++) {
		ck_assert(rule->targets[i].tcp || rule->targets[i].udp);
		ck_assert_uint_ge(rule->targets[i].first, 1);
		ck_assert_uint_le(rule->targets[i].first,
		    rule->targets[i].last);
	}
	ck_assert_uint_le(rule->bits,
	    rule->family == AF_INET        ? 32
		: rule->family == AF_INET6 ? 128
					   : 0);
}

/* Reads all of it; returns how many rules there are. */
static unsigned int
read_all(const char *text, size_t length)
{
	struct policy_reader reader = reader_of(text, length);
	const char *start = reader.rest;
	unsigned int rules = 0;
	struct policy_rule rule;
	char why[REASON_TEXT];
	enum policy_item item;

	while ((item = policy_next(&reader, &rule, why)) != POLICY_END) {
		if (item == POLICY_RULE)
			assert_bounds(&rule);
		else
			ck_assert_ptr_nonnull(memchr(why, '\0', sizeof(why)));
		rules += item == POLICY_RULE;
	}
	free((void *)start);
	return rules;
}

/* One byte of a good policy changed: each line is a rule or it is not, and a
 * rule keeps the bounds. */
START_TEST(mutations_keep_the_bounds)
{
	static const char good[] = "permit user 1000 tcp/443 udp/53-54\n"
				   "deny group 2001 tcp+udp/1-65535 on ::/0\n"
				   "permit any tcp/80 on 192.0.2.0/24 # x\n";
	unsigned int all = 0, some = 0, rules;
	uint64_t state = 1;
	char text[sizeof(good)];
	size_t i;

	ck_assert_uint_eq(read_all(good, strlen(good)), 3);
	for (i = 0; i < 40 * strlen(good); i++) {
		strcpy(text, good);
		text[i / 40] = (char)next_random(&state);
		rules = read_all(text, strlen(good));
		all += rules == 3;
		some += rules < 3;
	}
	ck_assert_uint_gt(all, 0);
	ck_assert_uint_gt(some, 0);
}
END_TEST

/* The words of the grammar in any order. */
START_TEST(random_words_keep_the_bounds)
{
	static const char *const words[] = {"permit", "deny", "user", "group",
	    "any", "on", "tcp/443", "udp/1-2", "::/0", "192.0.2.0/24", "1000",
	    "#", "\n", "\n", "\n", "\r"};
	char text[1024], *at;
	unsigned int rules = 0, i;
	uint64_t state = 2;

	for (i = 0; i < 2000; i++) {
		for (at = text; at < text + 900;)
			at += sprintf(at, "%s ",
			    words[next_random(&state) % LENGTH(words)]);
		rules += read_all(text, (size_t)(at - text));
	}
	ck_assert_uint_gt(rules, 0);
}
END_TEST

/* ---- Whom and what a rule is about */

static struct mapping
mapping_of(const char *text)
{
	struct mapping m;
	char why[REASON_TEXT] = "";

	ck_assert_msg(mapping_parse(&m, (char[MAPPING_NAME]){0}, text, why),
	    "'%s': %s", text, why);
	return m;
}

static const gid_t groups[] = {2001, 2002};
static const struct policy_caller app = {1000, 2000, groups, LENGTH(groups)};

static bool
matches(const char *rule, const struct policy_caller *caller,
    const char *mapping)
{
	struct policy_rule r = rule_of(rule);
	struct mapping m = mapping_of(mapping);

	return policy_matches(&r, caller, &m);
}

START_TEST(knows_its_caller)
{
	static const struct {
		const char *who;
		bool matches;
	} rows[] = {
	    {"any", true},
	    {"user app", true},
	    {"user 1000", true},
	    {"user 1001", false},
	    {"user root", false},
	    /* The primary group, the first of the others, the last. */
	    {"group app", true},
	    {"group tls", true},
	    {"group log", true},
	    {"group 2003", false},
	    {"group root", false},
	    /* An id of the other kind. */
	    {"user 2000", false},
	    {"user 2001", false},
	    {"group 1000", false},
	};
	char rule[64];
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		sprintf(rule, "%s %s tcp/443", _i == 0 ? "permit" : "deny",
		    rows[i].who);
		ck_assert_msg(matches(rule, &app, "443") == rows[i].matches,
		    "%s", rule);
	}
}
END_TEST

/* One without supplementary groups has the primary one. */
START_TEST(groups_may_be_none)
{
	const struct policy_caller alone = {1000, 2000, NULL, 0};

	ck_assert(matches("permit group app tcp/443", &alone, "443"));
	ck_assert(matches("permit group tls tcp/443", &app, "443"));
	ck_assert(!matches("permit group tls tcp/443", &alone, "443"));
}
END_TEST

/* What lies behind the groups is none. */
START_TEST(groups_are_counted)
{
	const struct policy_caller fewer = {1000, 2000, groups, 1};

	ck_assert(matches("permit group log tcp/443", &app, "443"));
	ck_assert(matches("permit group tls tcp/443", &fewer, "443"));
	ck_assert(!matches("permit group log tcp/443", &fewer, "443"));
}
END_TEST

/* Nobody is exempt. */
START_TEST(root_is_a_user_like_others)
{
	const struct policy_caller root = {0, 0, NULL, 0};

	ck_assert(matches("permit user root tcp/443", &root, "443"));
	ck_assert(matches("permit group root tcp/443", &root, "443"));
	ck_assert(!matches("permit user app tcp/443", &root, "443"));
}
END_TEST

static const struct port_row {
	const char *targets;
	const char *mapping;
	bool tcp; /* what comes of it, */
	bool udp; /* and of the same one of UDP */
} port_rows[] = {
    {"tcp/443", "442:8443", false, false},
    {"tcp/443", "443:8443", true, false},
    {"tcp/443", "444:8443", false, false},
    {"udp/443", "443:8443", false, true},
    {"tcp+udp/443", "443:8443", true, true},
    {"tcp+udp/443", "444:8443", false, false},
    {"tcp/8000-8099", "7999", false, false},
    {"tcp/8000-8099", "8000", true, false},
    {"tcp/8000-8099", "8050", true, false},
    {"tcp/8000-8099", "8099", true, false},
    {"tcp/8000-8099", "8100", false, false},
    {"tcp/1-65535", "1", true, false},
    {"tcp/1-65535", "65535", true, false},
    {"tcp/2-65534", "1", false, false},
    {"tcp/2-65534", "65535", false, false},
    {"tcp/80 tcp/443 tcp/25", "80", true, false},
    {"tcp/80 tcp/443 tcp/25", "443", true, false},
    {"tcp/80 tcp/443 tcp/25", "25", true, false},
    {"tcp/80 tcp/443 tcp/25", "81", false, false},
    {"udp/443 tcp/80", "443", false, true},
    {"udp/443 tcp/80", "80", true, false},
    /* The public port, and not the server's, is what is permitted. */
    {"tcp/8443", "443:8443", false, false},
    {"tcp/8443", "8443:443", true, false},
    /* 443 is 0x01bb: bytes in their order. */
    {"tcp/443", "47873", false, false},
};

START_TEST(knows_its_ports)
{
	const struct port_row *row = &port_rows[_i];
	struct mapping m = mapping_of(row->mapping);
	struct policy_rule rule;
	char text[128];

	sprintf(text, "permit any %s", row->targets);
	rule = rule_of(text);
	ck_assert_int_eq(policy_matches(&rule, &app, &m), row->tcp);
	m.protocol = IPPROTO_UDP;
	ck_assert_int_eq(policy_matches(&rule, &app, &m), row->udp);
}
END_TEST

/* What "permit" says of it, and what "deny" does. */
enum match {
	NEITHER, /* none of the mapping's addresses is of the network */
	TOUCHES, /* some are, or may be: for "deny" that is enough */
	COVERS,  /* all are */
};

static const struct address_row {
	const char *network;
	const char *mapping;
	enum match match;
} address_rows[] = {
    /* On every address. */
    {"", "443", COVERS},
    {"", "0.0.0.0:443", COVERS},
    {"", "[::]:443", COVERS},
    {"", "192.0.2.7:443", COVERS},
    {"", "[2001:db8::7]:443", COVERS},
    /* On each of IPv4.  [::] may become a dual-stack socket. */
    {"on 0.0.0.0/0", "443", TOUCHES},
    {"on 0.0.0.0/0", "0.0.0.0:443", COVERS},
    {"on 0.0.0.0/0", "[::]:443", TOUCHES},
    {"on 0.0.0.0/0", "192.0.2.7:443", COVERS},
    {"on 0.0.0.0/0", "255.255.255.255:443", COVERS},
    {"on 0.0.0.0/0", "[::ffff:192.0.2.7]:443", COVERS},
    {"on 0.0.0.0/0", "[::ffff:0.0.0.0]:443", COVERS},
    {"on 0.0.0.0/0", "[::1]:443", NEITHER},
    {"on 0.0.0.0/0", "[2001:db8::7]:443", NEITHER},
    /* On each of IPv6. */
    {"on ::/0", "443", TOUCHES},
    {"on ::/0", "[::]:443", TOUCHES},
    {"on ::/0", "0.0.0.0:443", NEITHER},
    {"on ::/0", "192.0.2.7:443", NEITHER},
    {"on ::/0", "[::ffff:192.0.2.7]:443", NEITHER},
    {"on ::/0", "[::1]:443", COVERS},
    {"on ::/0", "[fe80::1%7]:443", COVERS},
    /* A network: its first address, its last, and those next to it. */
    {"on 192.0.2.0/24", "192.0.1.255:443", NEITHER},
    {"on 192.0.2.0/24", "192.0.2.0:443", COVERS},
    {"on 192.0.2.0/24", "192.0.2.255:443", COVERS},
    {"on 192.0.2.0/24", "192.0.3.0:443", NEITHER},
    {"on 192.0.2.0/24", "443", TOUCHES},
    {"on 192.0.2.0/24", "0.0.0.0:443", TOUCHES},
    {"on 192.0.2.0/24", "[::]:443", TOUCHES},
    {"on 192.0.2.0/24", "[::c000:207]:443", NEITHER},
    {"on 192.0.2.4/30", "192.0.2.3:443", NEITHER},
    {"on 192.0.2.4/30", "192.0.2.4:443", COVERS},
    {"on 192.0.2.4/30", "192.0.2.7:443", COVERS},
    {"on 192.0.2.4/30", "192.0.2.8:443", NEITHER},
    {"on 192.0.2.128/25", "192.0.2.127:443", NEITHER},
    {"on 192.0.2.128/25", "192.0.2.128:443", COVERS},
    {"on 192.0.2.6/31", "192.0.2.5:443", NEITHER},
    {"on 192.0.2.6/31", "192.0.2.7:443", COVERS},
    {"on 192.0.2.7", "192.0.2.6:443", NEITHER},
    {"on 192.0.2.7", "192.0.2.7:443", COVERS},
    {"on 192.0.2.7", "0.0.0.0:443", TOUCHES},
    {"on 128.0.0.0/1", "127.255.255.255:443", NEITHER},
    {"on 128.0.0.0/1", "128.0.0.0:443", COVERS},
    {"on 128.0.0.0/1", "0.0.0.0:443", TOUCHES},
    {"on 0.0.0.0/1", "127.255.255.255:443", COVERS},
    {"on 0.0.0.0/1", "0.0.0.0:443", TOUCHES},
    {"on 0.0.0.0", "0.0.0.0:443", TOUCHES},
    {"on 0.0.0.0", "192.0.2.7:443", NEITHER},
    {"on 2001:db8::/33", "[2001:db8::]:443", COVERS},
    {"on 2001:db8::/33", "[2001:db8:7fff:ffff:ffff:ffff:ffff:ffff]:443",
	COVERS},
    {"on 2001:db8::/33", "[2001:db8:8000::]:443", NEITHER},
    {"on 2001:db8::/33", "[2001:db7::7]:443", NEITHER},
    {"on 2001:db8::/33", "443", TOUCHES},
    {"on 2001:db8::/33", "[::]:443", TOUCHES},
    {"on 2001:db8::/33", "0.0.0.0:443", NEITHER},
    {"on 2001:db8::6/127", "[2001:db8::5]:443", NEITHER},
    {"on 2001:db8::6/127", "[2001:db8::7]:443", COVERS},
    {"on 8000::/1", "[7fff::1]:443", NEITHER},
    {"on 8000::/1", "[8000::1]:443", COVERS},
    {"on ::1", "[::1]:443", COVERS},
    {"on ::1", "[::2]:443", NEITHER},
    {"on ::1", "127.0.0.1:443", NEITHER},
    {"on ::1", "[::]:443", TOUCHES},
    {"on ::", "[::]:443", TOUCHES},
    {"on ::", "[::1]:443", NEITHER},
    {"on ::", "0.0.0.0:443", NEITHER},
    /* The interface is no part of it. */
    {"on fe80::/10", "[fe80::1%7]:443", COVERS},
    {"on fe80::/10", "[febf::1%8]:443", COVERS},
    {"on fe80::1", "[fe80::1%7]:443", COVERS},
    /* The first four bytes of either are the same. */
    {"on 32.1.13.184", "[2001:db8::]:443", NEITHER},
    {"on 2001:db8::/32", "32.1.13.184:443", NEITHER},
};

START_TEST(permits_what_it_covers_and_denies_what_it_touches)
{
	const struct address_row *row = &address_rows[_i];
	char rule[128];

	sprintf(rule, "permit any tcp/443 %s", row->network);
	ck_assert_int_eq(matches(rule, &app, row->mapping),
	    row->match == COVERS);
	sprintf(rule, "deny any tcp/443 %s", row->network);
	ck_assert_int_eq(matches(rule, &app, row->mapping),
	    row->match != NEITHER);
}
END_TEST

/* Each of the three has to be right. */
/* "permit" must have all ports of a range, "deny" one. */
START_TEST(a_range_is_permitted_whole)
{
	const struct policy_caller caller = {.uid = 1000, .gid = 1000};
	static const struct {
		const char *rule, *mapping;
		bool matches;
	} rows[] = {
	    {"permit any tcp/990-1000", "990-1000", true},
	    {"permit any tcp/990-1000", "990-1001", false},
	    {"permit any tcp/990-1000", "989-1000", false},
	    {"permit any tcp/990-995 tcp/996-1000", "990-1000", true},
	    {"permit any tcp/990-995 tcp/997-1000", "990-1000", false},
	    {"deny any tcp/1000", "990-1000", true},
	    {"deny any tcp/990", "990-1000", true},
	    {"deny any tcp/995", "990-1000", true},
	    {"deny any tcp/989 tcp/1001", "990-1000", false},
	    {"deny any udp/995", "990-1000", false},
	};
	struct policy_rule rule;
	struct mapping m;
	char why[REASON_TEXT];
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		struct policy_reader reader = {.rest = rows[i].rule,
		    .length = strlen(rows[i].rule)};

		ck_assert_int_eq(policy_next(&reader, &rule, why), POLICY_RULE);
		ck_assert_uint_eq(mapping_parse(&m, (char[MAPPING_NAME]){0},
				      rows[i].mapping, why),
		    1);
		ck_assert_msg(policy_matches(&rule, &caller, &m) ==
			rows[i].matches,
		    "%s: %s", rows[i].rule, rows[i].mapping);
	}
}
END_TEST

START_TEST(a_match_is_of_caller_port_and_address)
{
	ck_assert(matches("permit user app tcp/443 on ::1", &app, "[::1]:443"));
	ck_assert(
	    !matches("permit user root tcp/443 on ::1", &app, "[::1]:443"));
	ck_assert(!matches("permit user app tcp/80 on ::1", &app, "[::1]:443"));
	ck_assert(
	    !matches("permit user app tcp/443 on ::2", &app, "[::1]:443"));
}
END_TEST

/* ---- The rule that is suggested */

static const char *const addresses[] = {"",
    "0.0.0.0:", "[::]:", "127.0.0.1:", "127.0.0.2:", "192.0.2.7:",
    "255.255.255.255:", "128.0.0.0:", "[::ffff:192.0.2.7]:", "[::1]:",
    "[2001:db8::7]:", "[2001:db8:1111:2222:3333:4444:5555:6666]:",
    "[::192.0.2.7]:", "[fe80::1%7]:", "[fe80::1%8]:", "[8000::]:"};
static const unsigned int ports[] = {1, 442, 443, 444, 65535};

#define MAPPINGS (LENGTH(addresses) * LENGTH(ports) * 2)

/* Every address with every port, of TCP and of UDP. */
static struct mapping
mapping_at(size_t i)
{
	struct mapping m;
	char text[MAPPING_TEXT];

	snprintf(text, sizeof(text), "%s%u:%zu", addresses[i / 2 / 5],
	    ports[i / 2 % 5], 8000 + i);
	m = mapping_of(text);
	m.protocol = i % 2 == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	return m;
}

static bool
is_wild(const struct mapping *m)
{
	static const uint8_t zero[16];

	return memcmp(m->address, zero, sizeof(zero)) == 0;
}

/* True when who has the one may have the other: a rule knows no interface, and
 * to be of both families is to be of all addresses. */
static bool
includes(const struct mapping *m, const struct mapping *other)
{
	if (m->protocol != other->protocol ||
	    m->public_port != other->public_port)
		return false;
	if (is_wild(m) && m->family != AF_INET)
		return true;
	if (m->family != other->family)
		return false;
	return is_wild(m) || memcmp(m->address, other->address, 16) == 0;
}

static struct policy_rule
suggested(const struct mapping *m, const char *user)
{
	char text[POLICY_RULE_TEXT];

	ck_assert_ptr_eq(policy_suggest(m, user, text), text);
	return rule_of(text);
}

START_TEST(suggests_the_mapping_and_not_more)
{
	const struct mapping m = mapping_at((size_t)_i);
	struct policy_rule rule = suggested(&m, "app");
	struct mapping other;
	size_t i;

	ck_assert(rule.permit);
	ck_assert(policy_matches(&rule, &app, &m));
	for (i = 0; i < MAPPINGS; i++) {
		other = mapping_at(i);
		ck_assert_msg(policy_matches(&rule, &app, &other) ==
			includes(&m, &other),
		    "%d, %zu", _i, i);
	}
}
END_TEST

START_TEST(suggests_it_for_the_user_alone)
{
	const struct policy_caller other = {1001, 2000, groups, LENGTH(groups)};
	const struct policy_caller group_is_1000 = {1001, 1000, NULL, 0};
	static const char *const names[] = {"app", "1000"};
	const struct mapping m = mapping_of("443:8443");
	struct policy_rule rule;
	size_t i;

	for (i = 0; i < LENGTH(names); i++) {
		rule = suggested(&m, names[i]);
		ck_assert(policy_matches(&rule, &app, &m));
		ck_assert(!policy_matches(&rule, &other, &m));
		ck_assert(!policy_matches(&rule, &group_is_1000, &m));
	}
}
END_TEST

START_TEST(suggests_what_a_person_would_write)
{
	static const struct {
		const char *mapping;
		const char *rule;
	} rows[] = {
	    {"443:8443", "permit user app tcp/443"},
	    {"[::]:443:8443", "permit user app tcp/443"},
	    {"0.0.0.0:443", "permit user app tcp/443 on 0.0.0.0/0"},
	    {"192.0.2.7:80", "permit user app tcp/80 on 192.0.2.7"},
	    {"[2001:db8::7]:443", "permit user app tcp/443 on 2001:db8::7"},
	    {"[fe80::1%7]:443", "permit user app tcp/443 on fe80::1"},
	};
	char text[POLICY_RULE_TEXT];
	struct mapping m;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		m = mapping_of(rows[i].mapping);
		ck_assert_str_eq(policy_suggest(&m, "app", text), rows[i].rule);
	}
	m.protocol = IPPROTO_UDP;
	ck_assert_str_eq(policy_suggest(&m, "app", text),
	    "permit user app udp/443 on fe80::1");
}
END_TEST

/* One that is cut short would name nobody, which is an error in the policy and
 * takes everything from everybody; or it would name another user. */
START_TEST(suggests_long_names_whole)
{
	const struct policy_caller caller = {1033, 2033, NULL, 0};
	const struct mapping m = mapping_of(
	    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535:1");
	struct policy_rule rule = rule_of(
	    "permit user " LONG_NAME " tcp/65535");

	ck_assert(policy_matches(&rule, &caller, &m));
	rule = suggested(&m, LONG_NAME);
	ck_assert(policy_matches(&rule, &caller, &m));
}
END_TEST

static void
add_reader(Suite *s)
{
	TCase *t = tcase_create("reader");

	tcase_add_unchecked_fixture(t, database_make, database_remove);
	tcase_add_loop_test(t, reads_on, 0, LENGTH(readings));
	tcase_add_test(t, bounds_the_length_of_a_line);
	tcase_add_test(t, says_why_a_line_is_none);
	tcase_add_test(t, says_that_there_is_a_byte_0);
	tcase_add_test(t, mutations_keep_the_bounds);
	tcase_add_test(t, random_words_keep_the_bounds);
	suite_add_tcase(s, t);
}

static void
add_matches(Suite *s)
{
	TCase *t = tcase_create("matches");

	tcase_add_unchecked_fixture(t, database_make, database_remove);
	tcase_add_loop_test(t, knows_its_caller, 0, 2);
	tcase_add_test(t, groups_may_be_none);
	tcase_add_test(t, groups_are_counted);
	tcase_add_test(t, root_is_a_user_like_others);
	tcase_add_loop_test(t, knows_its_ports, 0, LENGTH(port_rows));
	tcase_add_loop_test(t,
	    permits_what_it_covers_and_denies_what_it_touches, 0,
	    LENGTH(address_rows));
	tcase_add_test(t, a_range_is_permitted_whole);
	tcase_add_test(t, a_match_is_of_caller_port_and_address);
	suite_add_tcase(s, t);
}

static void
add_suggestions(Suite *s)
{
	TCase *t = tcase_create("suggestions");

	tcase_add_unchecked_fixture(t, database_make, database_remove);
	tcase_add_loop_test(t, suggests_the_mapping_and_not_more, 0, MAPPINGS);
	tcase_add_test(t, suggests_it_for_the_user_alone);
	tcase_add_test(t, suggests_what_a_person_would_write);
	tcase_add_test(t, suggests_long_names_whole);
	suite_add_tcase(s, t);
}

static const struct gone {
	const char *text, *why;
} gone[] = {
    {"permit user ap tcp/443", "there is no user 'ap', so this rule matches"},
    {"permit user App tcp/443", "there is no user 'App'"},
    {"deny user tls tcp/443", "there is no user 'tls'"},
    {"permit group ap tcp/443", "there is no group 'ap'"},
    {"deny group any tcp/443", "there is no group 'any'"},
};

/* Neither permits nor denies anything to anybody. */
START_TEST(a_rule_of_an_account_that_is_gone_is_about_nobody)
{
	const gid_t some[] = {0, 2000, 2001};
	const struct policy_caller caller = {.groups = some,
	    .group_count = LENGTH(some)};
	struct policy_reader reader = reader_of(gone[_i].text,
	    strlen(gone[_i].text));
	struct policy_rule rule;
	struct mapping m;
	char why[REASON_TEXT] = "";

	ck_assert_int_eq(policy_next(&reader, &rule, why), POLICY_VOID);
	ck_assert_msg(strstr(why, gone[_i].why) != NULL, "%s", why);
	ck_assert(mapping_parse(&m, (char[MAPPING_NAME]){0}, "443", why));
	ck_assert(!policy_matches(&rule, &caller, &m));
}
END_TEST

/* What cannot be read does not say who is gone. */
START_TEST(without_the_database_a_name_is_an_error)
{
	user_database = "none";
	assert_refused("deny user app tcp/443", "cannot look up user 'app'");
	assert_refused("permit group tls tcp/443", "cannot look up group");
	ck_assert_uint_eq(rule_of("permit user 1234 tcp/443").id, 1234);
	/* A directory is opened, and cannot be read. */
	ck_assert_int_eq(mkdir("none", 0755), 0);
	ck_assert_int_eq(mkdir("none/passwd", 0755), 0);
	assert_refused("deny user app tcp/443", "Is a directory");
	rmdir("none/passwd");
	rmdir("none");
	user_database = directory;
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("grammar");

	tcase_add_unchecked_fixture(t, database_make, database_remove);
	tcase_add_loop_test(t, accepts, 0, LENGTH(accepted));
	tcase_add_loop_test(t,
	    a_rule_of_an_account_that_is_gone_is_about_nobody, 0, LENGTH(gone));
	tcase_add_test(t, without_the_database_a_name_is_an_error);
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	tcase_add_test(t, bounds_the_ports_of_a_rule);
	tcase_add_test(t, nothing_is_left_of_the_rule_before);
	suite_add_tcase(s, t);
	add_reader(s);
	add_matches(s);
	add_suggestions(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
