/* SPDX-License-Identifier: ISC */
/*
 * Listings of rules, read and followed: what diverts a port, surely or
 * perhaps, and on which conditions; and what admits it.
 */
#include <netinet/in.h>

#include "divert.h"
#include "iptables.h"
#include "nftables.h"
#include "unit.h"

static struct rules rules;

static void
each_line(const char *text, void (*read)(const char *, void *), void *reader)
{
	char *copy = strdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		read(line, reader);
	free(copy);
}

static void
read_nft_line(const char *line, void *reader)
{
	nftables_read(reader, line);
}

static void
read_iptables_line(const char *line, void *reader)
{
	iptables_read(reader, line);
}

static void
read_nft(const char *text)
{
	struct nftables_reader reader = {.rules = &rules};

	each_line(text, read_nft_line, &reader);
	nftables_end(&reader);
}

static void
read_iptables(const char *text)
{
	struct iptables_reader reader = {.rules = &rules, .family = AF_INET};

	each_line(text, read_iptables_line, &reader);
}

/* In front of a rule. */
#define NFT                                                                    \
	"table inet t {\n"                                                     \
	"	set web {\n		type inet_service\n"                                    \
	"		elements = { 80,\n			     443 "                                     \
	"}\n	}\n"                                                              \
	"	set far {\n		type inet_service\n		"                                  \
	"flags interval\n"                                                     \
	"		elements = { 1-79, 1000-2000 }\n	}\n"                               \
	"	set none {\n		type inet_service\n	}\n"                               \
	"	set pair {\n		typeof ip daddr . tcp dport\n"                         \
	"		elements = { 10.0.0.1 . 443 timeout 3h }\n	}\n"                     \
	"	map to {\n		type inet_service : inet_service\n"                      \
	"		elements = { 80 : 8080, 443 : 8443 }\n	}\n"                         \
	"	map how {\n		type inet_service : verdict\n"                          \
	"		elements = { 80 : accept, 443 : jump away }\n	}\n"                  \
	"	chain away {\n		meta l4proto tcp redirect to "                       \
	":8443\n	}\n"                                                          \
	"	chain prerouting {\n"                                                \
	"		type nat hook prerouting priority dstnat; policy "                  \
	"accept;\n"                                                            \
	"		"
#define IPTABLES                                                               \
	"*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:AWAY - "       \
	"[0:0]\n:BACK - [0:0]\n"                                               \
	"-A AWAY -p tcp -j REDIRECT --to-ports 8443\n-A BACK -j RETURN\n"
#define PRE   IPTABLES "-A PREROUTING "
#define TO    " -j REDIRECT --to-ports 8443"
#define NEVER RULE_NEVER, 0, ""
#define SURE  RULE_ALWAYS, 8443, ""

/* Of what comes for TCP port 443. */
static const struct row {
	void (*read)(const char *);
	const char *listing;
	enum rule_fit fit;
	uint16_t to;
	const char *conditions;
} rows[] = {
    {read_nft, NFT "tcp dport 443 redirect to :8443", SURE},
    {read_nft, NFT "tcp dport https redirect to :8443", SURE},
    {read_nft, NFT "tcp dport 0x1bb redirect to :8443", SURE},
    {read_nft, NFT "tcp dport 443 counter packets 0 bytes 0 redirect to :8443",
	SURE},
    {read_nft, NFT "tcp dport { 80, 443 } redirect to :8443", SURE},
    {read_nft, NFT "tcp dport { 80,\n443 } redirect to :8443", SURE},
    {read_nft, NFT "tcp dport 400-500 redirect to :8443", SURE},
    {read_nft, NFT "tcp dport { 80, 400-443 } redirect to :8443", SURE},
    {read_nft, NFT "tcp dport { 80, 444 } redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport 444-500 redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport 4430 redirect to :443", NEVER},
    {read_nft, NFT "tcp sport 443 redirect to :8443", RULE_PERHAPS, 8443,
	"tcp sport 443"},
    {read_nft, NFT "tcp dport != 22 redirect to :8443", SURE},
    {read_nft, NFT "tcp dport != 443 redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport != { 22, 443 } redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport != { 22, 80 } redirect to :8443", SURE},
    {read_nft, NFT "tcp dport != 400-500 redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport < 1024 redirect to :8443", SURE},
    {read_nft, NFT "tcp dport >= 443 tcp dport != 444 redirect to :8443", SURE},
    {read_nft, NFT "tcp dport > 443 redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport <= 442 redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport & 65520 == 432 redirect to :8443", RULE_PERHAPS,
	8443, "tcp dport & 65520 == 432"},
    {read_nft, NFT "tcp dport @web redirect to :8443", SURE},
    {read_nft, NFT "tcp dport != @web redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport @far redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport != @far redirect to :8443", SURE},
    {read_nft, NFT "tcp dport @none redirect to :8443", NEVER},
    {read_nft, NFT "tcp dport @unheard redirect to :8443", RULE_PERHAPS, 8443,
	""},
    {read_nft, NFT "ip daddr . tcp dport @pair redirect to :8443", RULE_PERHAPS,
	8443, "ip daddr . tcp dport @pair"},
    {read_nft, NFT "ip daddr . tcp dport { 10.0.0.1 . 80 } redirect", NEVER},
    {read_nft, NFT "tcp dport 443 redirect", RULE_ALWAYS, 0, ""},
    {read_nft,
	NFT "tcp sport . tcp dport { 0-65535 . 443, 443 . 0-65535 } redirect "
	    "to :8443",
	RULE_PERHAPS, 8443,
	"tcp sport . tcp dport { 0-65535 . 443, 443 . 0-65535 }"},
    {read_nft, NFT "meta l4proto tcp redirect to :tcp dport map { 443 : 8443 }",
	SURE},
    {read_nft, NFT "meta l4proto tcp redirect to :tcp dport map { 80 : 8443 }",
	NEVER},
    {read_nft, NFT "meta l4proto tcp redirect to :tcp dport map @to", SURE},
    {read_nft, NFT "dnat ip to tcp dport map { 443 : 10.0.0.1 . 8443 }", SURE},
    {read_nft, NFT "dnat ip to tcp dport map { 80 : 10.0.0.1 . 8443 }", NEVER},
    {read_nft, NFT "tcp dport vmap { 80 : accept, 443 : jump away }", SURE},
    {read_nft, NFT "tcp dport vmap { 443 : accept, 80 : goto away }", NEVER},
    {read_nft, NFT "tcp dport vmap @how", SURE},
    {read_nft, NFT "iifname vmap { \"lo\" : accept, \"eth0\" : jump away }",
	RULE_PERHAPS, 8443,
	"iifname vmap { \"lo\" : accept, \"eth0\" : jump away }"},
    {read_nft, NFT "meta l4proto tcp th dport 443 redirect to :8443", SURE},
    {read_nft, NFT "meta l4proto { tcp, udp } th dport 443 redirect to :8443",
	SURE},
    {read_nft, NFT "meta l4proto udp th dport 443 redirect to :8443", NEVER},
    {read_nft, NFT "meta l4proto != tcp redirect to :8443", NEVER},
    {read_nft, NFT "ip protocol tcp redirect to :8443", SURE},
    {read_nft,
	NFT "meta l4proto . th dport { tcp . 443, udp . 80 } redirect to :8443",
	SURE},
    {read_nft, NFT "meta l4proto . th dport { udp . 443 } redirect to :8443",
	NEVER},
    {read_nft, NFT "udp dport 443 redirect to :8443", NEVER},
    {read_nft, NFT "meta l4proto tcp redirect to :8443", SURE},
    {read_nft, NFT "ip daddr != { 10.0.0.0/8 } tcp dport 443 redirect to :8443",
	RULE_PERHAPS, 8443, "ip daddr != { 10.0.0.0/8 }"},
    {read_nft,
	NFT "tcp dport 443 ip daddr != { 127.0.0.0/8, 10.0.0.0/8 } redirect "
	    "to :8443",
	RULE_PERHAPS, 8443, "ip daddr != { 127.0.0.0/8, 10.0.0.0/8 }"},
    {read_nft, NFT "iifname != \"wg0\" tcp dport 443 redirect to :8443",
	RULE_PERHAPS, 8443, "iifname != \"wg0\""},
    {read_nft,
	NFT "meta mark 0x1 ip saddr 10.0.0.1 tcp dport 443 redirect to :8443",
	RULE_PERHAPS, 8443, "meta mark 0x1, ip saddr 10.0.0.1"},
    {read_nft, NFT "fib daddr type local tcp dport 443 redirect to :8443",
	SURE},
    {read_nft, NFT "fib daddr type != local tcp dport 443 redirect to :8443",
	NEVER},
    {read_nft, NFT "ct state new tcp dport 443 redirect to :8443", SURE},
    {read_nft, NFT "ct status dnat tcp dport 443 redirect to :8443", NEVER},
    {read_nft, NFT "ct status snat tcp dport 443 redirect to :8443",
	RULE_PERHAPS, 8443, "ct status snat"},
    {read_nft,
	NFT "tcp flags syn / fin,syn,rst,ack tcp dport 443 redirect to :8443",
	SURE},
    {read_nft, NFT "tcp flags & (fin | syn) == syn redirect to :8443", SURE},
    {read_nft, NFT "tcp flags & (fin | syn) == fin redirect to :8443",
	RULE_PERHAPS, 8443, "tcp flags & (fin | syn) == fin"},
    {read_iptables, PRE "-p tcp --dport 443 --tcp-flags FIN,SYN,RST,ACK SYN" TO,
	SURE},
    {read_iptables, PRE "-p tcp --dport 443 --tcp-flags FIN,SYN FIN" TO,
	RULE_PERHAPS, 8443, "--tcp-flags FIN,SYN FIN"},
    {read_iptables,
	"iptables -t nat -N E\n" PRE "-p tcp -j E\n"
	"-A PREROUTING -p tcp --dport 443" TO,
	SURE},
    {read_nft, NFT "tcp dport 443 something new here redirect to :8443",
	RULE_PERHAPS, 8443, "something new here"},
    {read_nft,
	NFT "tcp dport 443 log prefix \"tcp dport != 443 accept\" redirect to "
	    ":8443 comment \"tcp dport 22 \\\" accept\"",
	SURE},
    {read_nft, NFT "tcp dport 443 tproxy ip to 127.0.0.1:8443 accept", SURE},
    {read_nft, NFT "tcp dport 443 dnat ip to 192.0.2.1:8443-8450", SURE},
    {read_nft, NFT "tcp dport 443 dnat ip6 to [2001:db8::1]:8443", SURE},
    {read_nft, NFT "tcp dport set 8443", SURE},
    {read_nft,
	NFT "tcp dport 443 dnat ip to ip saddr map { 10.0.0.1 : 10.0.0.2 }",
	RULE_PERHAPS, 0, "dnat ip to ip saddr map { 10.0.0.1 : 10.0.0.2 }"},
    {read_nft,
	NFT "tcp dport 443 dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1 }",
	RULE_ALWAYS, 0, ""},
    {read_nft,
	"table ip off {\n	flags dormant\n	chain prerouting {\n"
	"		type nat hook prerouting priority 0;\n"
	"		tcp dport 443 redirect\n	}\n}\n" NFT
	"tcp dport 443 redirect to :8443",
	SURE},
    {read_nft,
	"table ip off {\n	comment \"{\"\n	flowtable f {\n"
	"		hook ingress priority 0\n		devices = { lo "
	"}\n"
	"	}\n	chain prerouting {\n"
	"		type nat hook prerouting priority 0;\n"
	"		tcp dport 443 redirect to :8443\n	}\n}",
	SURE},
    {read_nft, NFT "tcp dport 443 XT target REDIRECT not found", RULE_ALWAYS, 0,
	""},
    {read_nft, NFT "tcp dport 443 accept\n tcp dport 443 redirect to :8443",
	NEVER},
    {read_nft, NFT "tcp dport 443 jump away", SURE},
    {read_nft, NFT "ip saddr 10.0.0.1 jump away", RULE_PERHAPS, 8443,
	"ip saddr 10.0.0.1"},
    {read_nft, NFT "ip saddr 10.0.0.1 accept\n tcp dport 443 redirect to :8443",
	RULE_PERHAPS, 8443, "unless before it 'ip saddr 10.0.0.1 accept'"},
    {read_nft, NFT "tcp dport 443 accept", NEVER},
    {read_nft, NFT "", NEVER},
    /* iptables-save. */
    {read_iptables, PRE "-p tcp -m tcp --dport 443" TO, SURE},
    {read_iptables, PRE "-p tcp -m tcp --dport https" TO, SURE},
    {read_iptables, PRE "-p tcp -m tcp --dport 400:500" TO, SURE},
    {read_iptables, PRE "-p tcp -m tcp --dport 400:" TO, SURE},
    {read_iptables, PRE "-p tcp -m tcp ! --dport 22" TO, SURE},
    {read_iptables, PRE "-p tcp -m tcp ! --dport 443" TO, NEVER},
    {read_iptables, PRE "-p tcp -m tcp --dport ! 443" TO, NEVER},
    {read_iptables, PRE "-p tcp -m tcp --dport 444" TO, NEVER},
    {read_iptables, PRE "-p tcp -m multiport --dports 80,443" TO, SURE},
    {read_iptables, PRE "-p tcp -m multiport --dports 80,400:500" TO, SURE},
    {read_iptables, PRE "-p tcp -m multiport --dports 80,444" TO, NEVER},
    {read_iptables, PRE "-p tcp -m multiport ! --dports 80,443" TO, NEVER},
    {read_iptables, PRE "-p tcp -m multiport ! --dports 80,22" TO, SURE},
    {read_iptables, PRE "-p tcp -m multiport --ports 80,443" TO, SURE},
    {read_iptables, PRE "-p tcp" TO, SURE},
    {read_iptables, PRE "-p 6 -m tcp --dport 443" TO, SURE},
    {read_iptables, PRE "-p udp -m udp --dport 443" TO, NEVER},
    {read_iptables, PRE "! -p tcp" TO, NEVER},
    {read_iptables, PRE "! -i wg0 -p tcp -m tcp --dport 443" TO, RULE_PERHAPS,
	8443, "! -i wg0"},
    {read_iptables, PRE "-i ! wg0 -p tcp --dport 443" TO, RULE_PERHAPS, 8443,
	"-i ! wg0"},
    {read_iptables, PRE "! -d 10.0.0.0/8 -i e0 -p tcp --dport 443" TO,
	RULE_PERHAPS, 8443, "! -d 10.0.0.0/8, -i e0"},
    {read_iptables, PRE "-s 0.0.0.0/0 -d 0/0 -p tcp --dport 443" TO, SURE},
    {read_iptables,
	PRE "-p tcp --dport 443 -m comment --comment \"it\\'s ! --dport 9 "
	    "-j ACCEPT \\\" -i x\"" TO,
	SURE},
    {read_iptables, PRE "-p tcp --dport 443 -m comment --comment '\"a -i x'" TO,
	SURE},
    {read_iptables, PRE "-p tcp -m addrtype --dst-type LOCAL --dport 443" TO,
	SURE},
    {read_iptables, PRE "-p tcp -m addrtype ! --dst-type LOCAL --dport 443" TO,
	NEVER},
    {read_iptables, PRE "-p tcp -m mark --mark 0x1 -m tcp --dport 443" TO,
	RULE_PERHAPS, 8443, "-m mark --mark 0x1"},
    {read_iptables, PRE "-m set ! --match-set bad src -p tcp --dport 443" TO,
	RULE_PERHAPS, 8443, "-m set ! --match-set bad src"},
    {read_iptables, PRE "-p tcp --dport 443 --what is this" TO, RULE_PERHAPS,
	8443, "--what is this"},
    {read_iptables, PRE "-p tcp -m state --state NEW --dport 443" TO, SURE},
    {read_iptables, PRE "-p tcp --dport 443 -j AWAY", SURE},
    {read_iptables, PRE "-j AWAY", SURE},
    {read_iptables, PRE "-g AWAY", SURE},
    {read_iptables, PRE "-p tcp --dport 444 -j AWAY", NEVER},
    {read_iptables, PRE "-p tcp --dport 443 -j BACK", NEVER},
    {read_iptables, PRE "-i e0 -j AWAY", RULE_PERHAPS, 8443, "-i e0"},
    {read_iptables, PRE "-p tcp --dport 443 -j ODD", RULE_PERHAPS, 0, ""},
    {read_iptables, PRE "-p tcp --dport 443 -j ACCEPT\n-A PREROUTING -p tcp" TO,
	NEVER},
    {read_iptables, PRE "-p tcp --dport 443 -j LOG\n-A PREROUTING -p tcp" TO,
	SURE},
    {read_iptables,
	PRE "-p tcp --dport 443 -j DNAT --to-destination 192.0.2.7:8443", SURE},
    {read_iptables, PRE "-p tcp --dport 443 -j DNAT --to-destination 192.0.2.7",
	RULE_ALWAYS, 0, ""},
    {read_iptables,
	PRE "-p tcp --dport 443 -j DNAT --to-destination [2001:db8::1]:8443",
	SURE},
    {read_iptables, "*nat\n[1:60] -A PREROUTING -p tcp --dport 443" TO, SURE},
    {read_iptables, "iptables -t nat -A PREROUTING -p tcp --dport 443" TO,
	SURE},
    {read_iptables,
	"iptables -A PREROUTING -t nat -p tcp --dport 443 -j ACCEPT\n"
	"iptables -t nat -I PREROUTING 1 -p tcp --dport 443" TO,
	SURE},
    {read_iptables, PRE "-p tcp --dport 443 -j ACCEPT", NEVER},
    {read_iptables, "*nat\n-A POSTROUTING -j MASQUERADE", NEVER},
    {read_iptables, "*nat\n:PREROUTING ACCEPT [443:8443]", NEVER},
    {read_iptables, "*nat\n-A AWAY -p tcp --dport 443" TO, NEVER},
};

static struct divert
find(uint16_t port, int protocol)
{
	const struct rule_packet packet = {.port = port, .protocol = protocol};

	return divert_find(&rules, &packet, RULE_HOOK_PREROUTING);
}

START_TEST(follows_a_listing)
{
	const struct row *row = &rows[_i];
	char conditions[RULE_TEXT] = "";
	struct divert d;

	row->read(row->listing);
	d = find(443, IPPROTO_TCP);
	if (d.rule != NULL)
		divert_conditions(&d, conditions, sizeof(conditions));
	ck_assert_msg(d.fit == row->fit && d.to == row->to &&
		strcmp(conditions, row->conditions) == 0,
	    "fit %d, to %u, '%s': %s", d.fit, d.to, conditions, row->listing);
}
END_TEST

START_TEST(the_protocol_counts)
{
	read_iptables(PRE "-p udp --dport domain" TO);
	ck_assert_int_eq(find(53, IPPROTO_UDP).fit, RULE_ALWAYS);
	ck_assert_int_eq(find(53, IPPROTO_TCP).fit, RULE_NEVER);
}
END_TEST

START_TEST(the_family_counts)
{
	struct rule_packet packet = {.port = 443,
	    .protocol = IPPROTO_TCP,
	    .family = AF_INET6};

	read_iptables(PRE "-p tcp --dport 443" TO);
	ck_assert_int_eq(divert_find(&rules, &packet, RULE_HOOK_PREROUTING).fit,
	    RULE_NEVER);
	packet.family = AF_INET;
	ck_assert_int_eq(divert_find(&rules, &packet, RULE_HOOK_PREROUTING).fit,
	    RULE_ALWAYS);
}
END_TEST

START_TEST(output_is_of_this_host_alone)
{
	const struct rule_packet packet = {.port = 443,
	    .protocol = IPPROTO_TCP};
	struct divert d;

	read_iptables(IPTABLES
	    "-A OUTPUT -p tcp -m owner ! --uid-owner squid -m multiport "
	    "--dports 80,443 -j REDIRECT --to-ports 3129");
	d = divert_find(&rules, &packet, RULE_HOOK_OUTPUT);
	ck_assert_int_eq(d.fit, RULE_PERHAPS);
	ck_assert(d.is_local);
	ck_assert_int_eq(find(443, IPPROTO_TCP).fit, RULE_NEVER);
}
END_TEST

/* A way round and round, and one that doubles at each chain. */
START_TEST(ends_in_any_listing)
{
	char line[128];
	int i;

	read_iptables("*nat\n-A PREROUTING -j A\n-A A -j B\n-A B -j A");
	find(443, IPPROTO_TCP);
	rules_free(&rules);
	read_iptables("*nat\n-A PREROUTING -j C0");
	for (i = 0; i < 100; i++) {
		snprintf(line, sizeof(line),
		    "*nat\n-A C%d -s 1.2.3.4 -j C%d\n-A C%d -j C%d\n"
		    "-A C%d -j C%d\n:C%d - [0:0]",
		    i, i + 1, i, i + 1, i, i + 1, i + 1);
		read_iptables(line);
	}
	ck_assert_int_eq(find(443, IPPROTO_TCP).fit, RULE_PERHAPS);
}
END_TEST

START_TEST(many_rules_and_long_lines)
{
	static char line[200000];
	size_t length;
	int i;

	for (i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line),
		    "*nat\n-A PREROUTING -p tcp --dport %d" TO, 1024 + i);
		read_iptables(line);
	}
	ck_assert_int_eq(find(443, IPPROTO_TCP).fit, RULE_NEVER);
	ck_assert_int_eq(find(20000, IPPROTO_TCP).fit, RULE_ALWAYS);
	length = (size_t)snprintf(line, sizeof(line), NFT "tcp dport { 443");
	for (i = 2000; i < 20000; i++)
		length += (size_t)snprintf(line + length, sizeof(line) - length,
		    ", %d", i);
	snprintf(line + length, sizeof(line) - length, " } redirect to :8443");
	read_nft(line);
	ck_assert_int_eq(find(443, IPPROTO_TCP).fit, RULE_ALWAYS);
	for (i = 0; i < RULES_MAX; i++)
		read_iptables("*nat\n-A NOBODY -j ACCEPT");
	ck_assert_int_eq(find(442, IPPROTO_TCP).fit, RULE_PERHAPS);
	ck_assert_ptr_null(find(442, IPPROTO_TCP).rule);
}
END_TEST

#define FILTER                                                                 \
	"*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n"               \
	"-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
#define NFT_INPUT                                                              \
	"table inet f {\n	chain input {\n"                                     \
	"		type filter hook input priority filter; policy "                    \
	"drop;\n"                                                              \
	"		ct state established,related accept\n"                              \
	"		iif \"lo\" accept\n		"

static const struct input {
	void (*read)(const char *);
	const char *listing;
	bool lacks;
} inputs[] = {
    {read_iptables, FILTER "-A INPUT -p tcp --dport 8443 -j ACCEPT", true},
    {read_iptables,
	FILTER "-A INPUT -s 10.0.0.0/8 -p tcp --dport 8443 -j ACCEPT", true},
    {read_iptables,
	FILTER "-A INPUT -p tcp -m multiport --dports 443,8443 "
	       "-j ACCEPT",
	false},
    {read_iptables,
	FILTER "-A INPUT -p tcp --dport 8443 -j ACCEPT\n"
	       "-A INPUT -p tcp --dport 443 -j ACCEPT",
	false},
    {read_iptables,
	FILTER "-A INPUT -p tcp --dport 8443 -j ACCEPT\n"
	       "-A INPUT -j ACCEPT",
	false},
    {read_iptables, FILTER "-A INPUT -p udp --dport 8443 -j ACCEPT", false},
    {read_iptables, FILTER, false},
    {read_iptables,
	"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 8443 -j ACCEPT",
	false},
    {read_iptables,
	"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 8443 -j ACCEPT\n"
	"-A INPUT -j REJECT --reject-with icmp-host-prohibited",
	true},
    {read_iptables,
	FILTER ":WEB - [0:0]\n-A INPUT -p tcp -j WEB\n"
	       "-A WEB -p tcp --dport 8443 -j ACCEPT",
	true},
    {read_iptables, FILTER "-A INPUT -m conntrack --ctstate DNAT -j ACCEPT",
	true},
    {read_iptables,
	"iptables -P INPUT DROP\niptables -A INPUT -p tcp --dport 8443 -j "
	"ACCEPT",
	true},
    {read_iptables,
	FILTER "-A INPUT -m conntrack --ctorigdstport 443 -j ACCEPT\n"
	       "-A INPUT -p tcp --dport 8443 -j ACCEPT",
	false},
    {read_nft,
	NFT_INPUT "ct original proto-dst 443 accept\ntcp dport 8443 accept",
	false},
    {read_nft, NFT_INPUT "ct status dnat accept", true},
    {read_nft, NFT_INPUT "tcp dport 8443 accept", true},
    {read_nft, NFT_INPUT "tcp dport { 22, 8443 } ct state new accept", true},
    {read_nft, NFT_INPUT "tcp dport vmap { 22 : accept, 8443 : accept }", true},
    {read_nft, NFT_INPUT "tcp dport { 443, 8443 } accept", false},
    {read_nft, NFT_INPUT "tcp dport != 22 accept", false},
};

START_TEST(says_what_must_be_admitted)
{
	const struct input *input = &inputs[_i];
	const struct rule_packet packet = {.port = 8443,
	    .protocol = IPPROTO_TCP,
	    .is_diverted = true};
	const struct rule *rule;

	input->read(input->listing);
	rule = divert_admitted(&rules, &packet, 443);
	ck_assert_msg((rule != NULL) == input->lacks, "%s", input->listing);
	if (rule != NULL)
		ck_assert(
		    strstr(rule->text, "8443") != NULL || rule->is_of_diverted);
}
END_TEST

/* iptables-save(8) says more of a table that nft(8) lists, too. */
START_TEST(tables_are_read_once)
{
	read_iptables("# Generated by iptables-save v1.8.9 (nf_tables)\n" PRE
		      "-p tcp --dport 80" TO);
	read_nft("# Warning: table ip nat is managed by iptables-nft, do not "
		 "touch!\ntable ip nat {\n	chain PREROUTING {\n"
		 "		type nat hook prerouting priority dstnat;\n"
		 "		xt match \"odd\" counter redirect to :1\n"
		 "	}\n}\ntable ip more {\n	chain PREROUTING {\n"
		 "		type nat hook prerouting priority dstnat;\n"
		 "		tcp dport 81 redirect to :1\n	}\n}");
	ck_assert_int_eq(find(443, IPPROTO_TCP).fit, RULE_NEVER);
	ck_assert_int_eq(find(81, IPPROTO_TCP).fit, RULE_ALWAYS);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("rule");
	TCase *t = tcase_create("rule");

	tcase_add_loop_test(t, follows_a_listing, 0, LENGTH(rows));
	tcase_add_loop_test(t, says_what_must_be_admitted, 0, LENGTH(inputs));
	tcase_add_test(t, the_protocol_counts);
	tcase_add_test(t, the_family_counts);
	tcase_add_test(t, output_is_of_this_host_alone);
	tcase_add_test(t, ends_in_any_listing);
	tcase_add_test(t, many_rules_and_long_lines);
	tcase_add_test(t, tables_are_read_once);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
