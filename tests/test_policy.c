/* SPDX-License-Identifier: ISC */
/*
 * The policy: what is a rule, what is said of the rest, and which mappings a
 * rule is about.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "policy.h"
#include "unit.h"

/* One line: how many of what, or the beginning of why not. */
static const struct {
	const char *line;
	const char *expected;
} lines[] = {
    {"permit any tcp/443", "permit any * tcp/443-443"},
    {"deny any udp/53", "deny any * udp/53-53"},
    {"permit any tcp+udp/1-65535", "permit any * both/1-65535"},
    {" \tpermit\tany  tcp/443\t", "permit any * tcp/443-443"},
    {"permit any tcp/443\r", "permit any * tcp/443-443"},
    {"permit any tcp/443#x", "permit any * tcp/443-443"},
    {"permit any tcp/80 udp/443 tcp/8000-8099",
     "permit any * tcp/80-80 udp/443-443 tcp/8000-8099"},
    {"permit user root tcp/443", "permit user 0 * tcp/443-443"},
    {"permit user 4294967294 tcp/443", "permit user 4294967294 * tcp/443-443"},
    {"permit group root tcp/443", "permit group 0 * tcp/443-443"},
    {"deny group 7 tcp/443", "deny group 7 * tcp/443-443"},
    {"permit any tcp/0443", "permit any * tcp/443-443"},
    {"permit any tcp/443 on 192.0.2.7", "permit any 192.0.2.7/32 tcp/443-443"},
    {"permit any tcp/443 on 192.0.2.0/24",
     "permit any 192.0.2.0/24 tcp/443-443"},
    {"permit any tcp/443 on 0.0.0.0/0", "permit any 0.0.0.0/0 tcp/443-443"},
    {"permit any tcp/443 on ::/0", "permit any ::/0 tcp/443-443"},
    {"permit any tcp/443 on ::1", "permit any ::1/128 tcp/443-443"},
    {"permit any tcp/443 on 2001:db8::/33",
     "permit any 2001:db8::/33 tcp/443-443"},
    {"", "nothing"},
    {" \t\r", "nothing"},
    {"# permit any tcp/443", "nothing"},
    {"allow any tcp/443", "a rule begins with permit or deny, not 'allow'"},
    {"Permit any tcp/443", "a rule begins with"},
    {"permit", "whom is it for?"},
    {"permit tcp/443", "whom is it for?"},
    {"permit user", "a name or number is missing after 'user'"},
    {"permit group", "a name or number is missing after 'group'"},
    {"permit user nonesuch tcp/443", "there is no user 'nonesuch'"},
    {"permit user -1 tcp/443", "there is no user '-1'"},
    {"permit user 4294967295 tcp/443", "there is no user '4294967295'"},
    {"permit user 0x1 tcp/443", "there is no user '0x1'"},
    {"permit group nonesuch tcp/443", "there is no group 'nonesuch'"},
    {"permit any", "no port"},
    {"permit user tcp/443", "there is no user 'tcp/443'"},
    {"permit any on 10.0.0.0/8", "no port"},
    {"permit any 443", "'443' is no port"},
    {"permit any sctp/443", "'sctp/443' is no port"},
    {"permit any tcp/", "'tcp/' is no port"},
    {"permit any tcp/0", "'tcp/0' is no port"},
    {"permit any tcp/65536", "'tcp/65536' is no port"},
    {"permit any tcp/4294967739", "'tcp/4294967739' is no port"},
    {"permit any tcp/18446744073709552059", "'tcp/18446744073709552059' is"},
    {"permit any tcp/443-", "'tcp/443-' is no port"},
    {"permit any tcp/-443", "'tcp/-443' is no port"},
    {"permit any tcp/443-80", "'tcp/443-80' is no port"},
    {"permit any tcp/1-65536", "'tcp/1-65536' is no port"},
    {"permit any tcp/1-2-3", "'tcp/1-2-3' is no port"},
    {"permit any tcp/+443", "'tcp/+443' is no port"},
    {"permit any tcp/https", "'tcp/https' is no port"},
    {"permit any tcp/443/", "'tcp/443/' is no port"},
    {"permit any udp+tcp/443", "'udp+tcp/443' is no port"},
    {"permit any tcp/443 on", "an address is missing"},
    {"permit any tcp/443 on host", "'host' is no address"},
    {"permit any tcp/443 on 10.0.0", "'10.0.0' is no address"},
    {"permit any tcp/443 on ::g", "'::g' is no address"},
    {"permit any tcp/443 on 10.0.0.0/33", "'/33' is no number of bits"},
    {"permit any tcp/443 on ::/129", "'/129' is no number of bits"},
    {"permit any tcp/443 on 10.0.0.0/", "'/' is no number of bits"},
    {"permit any tcp/443 on 10.0.0.0/-1", "'/-1' is no number of bits"},
    {"permit any tcp/443 on 10.0.0.1/8", "10.0.0.1 has bits beyond its /8"},
    {"permit any tcp/443 on 128.0.0.0/0", "128.0.0.0 has bits beyond its /0"},
    {"permit any tcp/443 on ::1/127", "::1 has bits beyond its /127"},
    {"permit any tcp/443 on ::ffff:10.0.0.1", "write IPv4 addresses without"},
    {"permit any tcp/443 on ::1 tcp/80", "'tcp/80' after the address"},
    {"permit any tcp/443 on ::1 on ::2", "'on' after the address"},
};

static void
describe(const struct policy_rule *rule, char *text, size_t size)
{
	static const char *const who[] = {"any", "user", "group"};
	char address[INET6_ADDRSTRLEN];
	const struct policy_target *t = rule->targets;
	FILE *out = fmemopen(text, size, "w");

	fprintf(out, "%s %s", rule->permit ? "permit" : "deny", who[rule->who]);
	if (rule->who != POLICY_ANY)
		fprintf(out, " %u", rule->id);
	if (rule->family == AF_UNSPEC)
		fprintf(out, " *");
	else
		fprintf(out, " %s/%u",
			inet_ntop(rule->family, rule->address, address,
				  sizeof(address)),
			rule->bits);
	for (; t < rule->targets + rule->target_count; t++)
		fprintf(out, " %s/%u-%u",
			!t->udp ? "tcp" : t->tcp ? "both" : "udp", t->first,
			t->last);
	fclose(out);
}

START_TEST(reads_a_line)
{
	const char *line = lines[_i].line;
	struct policy_reader reader = {line, strlen(line), 0};
	char why[POLICY_WHY], text[256] = "nothing";
	struct policy_rule rule;

	switch (policy_next(&reader, &rule, why)) {
	case POLICY_RULE:
		describe(&rule, text, sizeof(text));
		ck_assert_str_eq(text, lines[_i].expected);
		break;
	case POLICY_ERROR:
		ck_assert_msg(strncmp(why, lines[_i].expected,
				      strlen(lines[_i].expected)) == 0,
			      "%s: %s", line, why);
		break;
	case POLICY_END:
		ck_assert_str_eq(lines[_i].expected, "nothing");
	}
	ck_assert_uint_eq(reader.length, 0);
	ck_assert_uint_eq(reader.line, *line == '\0' ? 0 : 1);
}
END_TEST

static enum policy_item
next(struct policy_reader *reader)
{
	struct policy_rule rule;
	char why[POLICY_WHY];

	return policy_next(reader, &rule, why);
}

START_TEST(goes_on_behind_an_error)
{
	static const char text[] = "\n# a\npermit any tcp/1\nx\n\0\n"
				   "deny any tcp/2\n\npermit any tcp/3";
	struct policy_reader reader = {text, sizeof(text) - 1, 0};

	ck_assert_int_eq(next(&reader), POLICY_RULE);
	ck_assert_uint_eq(reader.line, 3);
	ck_assert_int_eq(next(&reader), POLICY_ERROR);
	ck_assert_uint_eq(reader.line, 4);
	ck_assert_int_eq(next(&reader), POLICY_ERROR);
	ck_assert_uint_eq(reader.line, 5);
	ck_assert_int_eq(next(&reader), POLICY_RULE);
	ck_assert_uint_eq(reader.line, 6);
	ck_assert_int_eq(next(&reader), POLICY_RULE);
	ck_assert_uint_eq(reader.line, 8);
	ck_assert_int_eq(next(&reader), POLICY_END);
	ck_assert_int_eq(next(&reader), POLICY_END);
}
END_TEST

START_TEST(a_line_has_its_length)
{
	char text[POLICY_LINE_MAX + 1];
	struct policy_reader reader = {text, POLICY_LINE_MAX - 1, 0};

	memset(text, ' ', sizeof(text));
	memcpy(text, "permit any tcp/443", strlen("permit any tcp/443"));
	ck_assert_int_eq(next(&reader), POLICY_RULE);
	reader = (struct policy_reader){text, POLICY_LINE_MAX, 0};
	ck_assert_int_eq(next(&reader), POLICY_ERROR);
}
END_TEST

START_TEST(a_rule_has_64_ports)
{
	char text[POLICY_LINE_MAX] = "permit any";
	struct policy_reader reader = {text, 0, 0};
	int i;

	for (i = 0; i < POLICY_TARGETS_MAX; i++)
		strcat(text, " tcp/443");
	reader.length = strlen(text);
	ck_assert_int_eq(next(&reader), POLICY_RULE);
	strcat(text, " tcp/443");
	reader = (struct policy_reader){text, strlen(text), 0};
	ck_assert_int_eq(next(&reader), POLICY_ERROR);
}
END_TEST

/* Not even the byte behind the text is looked at. */
START_TEST(text_ends_where_its_length_says)
{
	static const char text[] = "permit any tcp/44";
	struct policy_reader reader = {text, sizeof(text) - 2, 0};
	char why[POLICY_WHY];
	struct policy_rule rule;

	ck_assert_int_eq(policy_next(&reader, &rule, why), POLICY_RULE);
	ck_assert_uint_eq(rule.targets[0].first, 4);
}
END_TEST

/* ---- Which mappings. */

static struct policy_rule
rule_of(const char *text)
{
	struct policy_reader reader = {text, strlen(text), 0};
	struct policy_rule rule;
	char why[POLICY_WHY];

	ck_assert_msg(policy_next(&reader, &rule, why) == POLICY_RULE, "%s: %s",
		      text, why);
	return rule;
}

static struct mapping
mapping_of(const char *text)
{
	char why[MAPPING_WHY];
	struct mapping m;

	ck_assert_msg(mapping_parse(&m, text, why), "%s: %s", text, why);
	return m;
}

/* A rule, and what it is about: '+' yes, '-' no, in the order of mappings. */
static const char *const mappings[] = {
    "443",	     "0.0.0.0:443",	   "[::]:443",
    "127.0.0.1:443", "127.128.0.1:443",	   "192.0.2.7:443",
    "[::1]:443",     "[2001:db8::7]:443",  "[::ffff:127.0.0.1]:443",
    "444:443",	     "127.0.0.1:8443:443",
};

static const struct {
	const char *rule;
	const char *about;
} about[] = {
    {"permit any tcp/443", "+++++++++--"},
    {"deny any tcp/443", "+++++++++--"},
    {"permit any udp/443", "-----------"},
    {"permit any tcp+udp/1-65535", "+++++++++++"},
    {"permit any tcp/444-8443", "---------++"},
    {"permit any tcp/443 on 0.0.0.0/0", "-+-+++--+--"},
    {"deny any tcp/443 on 0.0.0.0/0", "++++++--+--"},
    {"permit any tcp/443 on 0.0.0.0/1", "---++---+--"},
    {"permit any tcp/443 on 127.0.0.0/8", "---++---+--"},
    {"deny any tcp/443 on 127.0.0.0/8", "+++++---+--"},
    {"permit any tcp/443 on 127.0.0.0/9", "---+----+--"},
    {"permit any tcp/443 on 127.0.0.1", "---+----+--"},
    {"deny any tcp/443 on 127.0.0.1", "++++----+--"},
    {"permit any tcp/443 on ::/0", "------++---"},
    {"deny any tcp/443 on ::/0", "+-+---++---"},
    {"permit any tcp/443 on 2001:db8::/32", "-------+---"},
    {"permit any tcp/443 on ::1", "------+----"},
    {"deny any tcp/443 on ::1", "+-+---+----"},
    {"deny any tcp/443 on 10.0.0.0/8", "+++--------"},
};

START_TEST(is_about_these_mappings)
{
	const struct policy_caller caller = {.uid = 1000, .gid = 1000};
	struct policy_rule rule = rule_of(about[_i].rule);
	char found[LENGTH(mappings) + 1] = "";
	struct mapping m;
	size_t i;

	for (i = 0; i < LENGTH(mappings); i++) {
		m = mapping_of(mappings[i]);
		found[i] = policy_matches(&rule, &caller, &m) ? '+' : '-';
	}
	ck_assert_msg(strcmp(found, about[_i].about) == 0, "%s: %s",
		      about[_i].rule, found);
}
END_TEST

START_TEST(is_about_these_callers)
{
	const gid_t groups[] = {7, 8};
	const struct policy_caller caller = {1000, 2000, groups, 2};
	static const struct {
		const char *rule;
		bool matches;
	} rules[] = {
	    {"permit any tcp/443", true},
	    {"permit user 1000 tcp/443", true},
	    {"permit user 2000 tcp/443", false},
	    {"permit user 7 tcp/443", false},
	    {"permit group 2000 tcp/443", true},
	    {"permit group 7 tcp/443", true},
	    {"permit group 8 tcp/443", true},
	    {"permit group 9 tcp/443", false},
	    {"permit group 1000 tcp/443", false},
	};
	struct mapping m = mapping_of("443:8443");
	struct policy_rule rule;
	size_t i;

	for (i = 0; i < LENGTH(rules); i++) {
		rule = rule_of(rules[i].rule);
		ck_assert_msg(policy_matches(&rule, &caller, &m) ==
				  rules[i].matches,
			      "%s", rules[i].rule);
	}
}
END_TEST

/* It permits the mapping, to this user, and no other port or address. */
START_TEST(suggests_what_is_enough)
{
	const struct policy_caller caller = {.uid = 1000, .gid = 1000};
	struct mapping m = mapping_of(mappings[_i]), other;
	char text[POLICY_RULE_TEXT];
	struct policy_rule rule;
	size_t i;

	rule = rule_of(policy_suggest(&m, "1000", text));
	ck_assert_msg(policy_matches(&rule, &caller, &m), "%s", text);
	for (i = 0; i < LENGTH(mappings); i++) {
		other = mapping_of(mappings[i]);
		if (other.public_port != m.public_port)
			ck_assert(!policy_matches(&rule, &caller, &other));
		else if (strchr(text, '.') != NULL && other.family == AF_INET6)
			ck_assert(!policy_matches(&rule, &caller, &other));
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_loop_test(t, reads_a_line, 0, LENGTH(lines));
	tcase_add_test(t, goes_on_behind_an_error);
	tcase_add_test(t, a_line_has_its_length);
	tcase_add_test(t, a_rule_has_64_ports);
	tcase_add_test(t, text_ends_where_its_length_says);
	tcase_add_loop_test(t, is_about_these_mappings, 0, LENGTH(about));
	tcase_add_test(t, is_about_these_callers);
	tcase_add_loop_test(t, suggests_what_is_enough, 0, LENGTH(mappings));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
