/* SPDX-License-Identifier: ISC */
/*
 * Rules of a packet filter, in chains, in tables: as much as decides the way of
 * a packet to a port.  The readers of listings (iptables.h, nftables.h) put
 * them here, and divert.h follows them.  If a reader does not understand a part
 * of a rule, it keeps that as a condition that may hold or not: no rule is
 * dropped.
 */
#ifndef RULE_H
#define RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room, with the NUL.  A longer text is cut, and so is a condition. */
#define RULE_NAME 64
#define RULE_TEXT 512

#define RULE_CONDITIONS 8 /* any more are not kept */
#define RULE_MATCHES    4 /* of ports, in one rule */

/* Of a longer listing, no more is kept: is_cut then says so. */
#define RULES_MAX       32768
#define RULE_CHAINS_MAX 16384
#define RULE_PORTS_MAX  262144

#define RULE_NO_CHAIN UINT16_MAX

enum rule_action {
	RULE_CONTINUE,
	RULE_ACCEPT,
	RULE_DROP,
	RULE_RETURN,
	RULE_JUMP,
	RULE_GOTO,
	RULE_DIVERT,  /* to another port, address or program */
	RULE_UNKNOWN, /* it may be any of these */
};

/* A packet passes prerouting and input, or output if this host sent it. */
enum rule_hook {
	RULE_HOOK_NONE, /* a chain that others jump to */
	RULE_HOOK_PREROUTING,
	RULE_HOOK_INPUT,
	RULE_HOOK_OUTPUT,
	RULE_HOOK_OTHER,
};

/* Whether a rule is for a packet. */
enum rule_fit {
	RULE_NEVER,
	RULE_PERHAPS,
	RULE_ALWAYS,
};

/* An IPv4 address has the first four bytes. */
struct rule_address {
	uint16_t family; /* AF_UNSPEC: none is named */
	uint8_t bytes[16];
};

/* Ports from first to last, and their value in a map. */
struct rule_port {
	struct rule_address address;
	uint16_t first, last;
	uint16_t to;      /* port; 0: none is named */
	uint16_t chain;   /* of RULE_JUMP and RULE_GOTO */
	uint8_t protocol; /* 0: any */
	uint8_t action;   /* enum rule_action, in a map of verdicts */
	bool partial;     /* the element has other parts, too */
};

/* Some of the ports of the rules: a list, or a named set or map. */
struct rule_ports {
	uint32_t begin, count;
	bool negated;
	bool unknown; /* a part of it was not understood */
};

/* The subject of a condition. */
enum rule_subject {
	RULE_ABOUT_OTHER, /* or it was not understood */
	RULE_ABOUT_SOURCE,
	RULE_ABOUT_DESTINATION,
	RULE_ABOUT_IN, /* the interface a packet comes from */
	RULE_ABOUT_OUT,
	RULE_ABOUT_OWNER, /* of the socket that sends it */
};

/* The place of a condition in the rule's text, and of the value in it. */
struct rule_condition {
	uint16_t begin, length;
	uint16_t value, value_length;
	uint8_t subject; /* enum rule_subject */
	bool negated;
};

/* To what RULE_DIVERT diverts. */
enum rule_way {
	RULE_TO_HOST,    /* this one: REDIRECT */
	RULE_TO_ADDRESS, /* DNAT */
	RULE_TO_PROGRAM, /* TPROXY */
	RULE_TO_OTHERS,  /* to one of many, or not understood */
};

struct rule {
	char text[RULE_TEXT];
	struct rule_condition conditions[RULE_CONDITIONS];
	struct rule_ports matches[RULE_MATCHES];
	struct rule_ports map; /* gives action or port, if is_mapped */
	uint32_t next;         /* the next rule of its chain, or RULES_MAX */
	uint16_t chain;
	uint16_t target; /* the chain of RULE_JUMP and RULE_GOTO */
	uint16_t to;     /* the port of RULE_DIVERT; 0: the same */
	uint16_t to_last;
	uint16_t base;   /* of a shift: the port that becomes to; 0: none */
	uint16_t family; /* AF_UNSPEC, AF_INET or AF_INET6 */
	struct rule_address address;
	uint32_t handle; /* nft(8)'s number; 0: not known */
	uint32_t line;   /* of the listing; 0: not known */
	uint8_t way;     /* enum rule_way */
	uint8_t condition_count, match_count;
	uint8_t action; /* enum rule_action */
	bool is_tcp, is_udp;
	bool is_never; /* a condition holds of no new packet to this host */
	bool is_of_diverted; /* for connections alone that a rule diverted */
	bool is_for_local;   /* for packets to an address of this host alone */
	bool is_mapped;
	bool is_cut; /* a condition or a part of the text is missing */
	/* RULE_DIVERT to another host, or without a change of the packet: a
	 * packet that comes to this host still has its port. */
	bool is_beyond;
};

struct rule_chain {
	char table[RULE_NAME], name[RULE_NAME];
	uint32_t first, last; /* of its rules, or RULES_MAX */
	uint32_t hash;
	uint16_t family; /* of the table */
	bool is_nft;     /* of a listing by nft(8) */
	bool is_legacy;  /* of iptables-legacy(8), as the command says */
	bool is_zone;    /* of firewalld(1): the name is the zone's */
	bool is_shown;   /* nft(8) lists it as well */
	bool is_defined; /* and not only jumped to */
	bool drops;      /* the policy */
	enum rule_hook hook;
};

struct rules {
	struct rule *list;
	struct rule_chain *chains;
	struct rule_port *ports;
	size_t count, room;
	size_t chain_count, chain_room;
	size_t port_count, port_room;
	bool is_cut;   /* more was read than was kept */
	uint32_t line; /* that is read; 0 if nobody counts them */
};

/* All bytes are 0 at first, and after this again. */
void rules_free(struct rules *);

/* The number of the chain, which is made if there is none; or RULE_NO_CHAIN. */
uint16_t rules_chain(struct rules *, const struct rule_chain *);

/* A rule of that text, to be filled; valid until the next is made.  NULL if
 * there is no room. */
struct rule *rules_begin(struct rules *, const char *text, size_t length);

/* Puts the rule of rules_begin at the end of the chain, or at the front. */
void rules_add(struct rules *, uint16_t chain, bool in_front);

/* Adds ports to a list, which must be the last one. */
void rules_add_port(struct rules *, struct rule_ports *,
    const struct rule_port *);

/* Adds length bytes of the rule's text, from at on, as a condition, and returns
 * that.  Its subject is another one, and the value is empty. */
struct rule_condition *rule_add_condition(struct rule *, size_t at,
    size_t length);

/* Reads an address, without a port or brackets. */
bool rule_parse_address(struct rule_address *, const char *text);

/* Restricts the rule to some ports. */
void rule_add_match(struct rule *, const struct rule_ports *);

/* True for 127.0.0.0/8 and ::1. */
bool rule_is_loopback(const struct rule_address *);

/* Knows whether a rule of RULE_TO_ADDRESS leads beyond this host: not to its
 * loopback, nor to another port alone. */
void rule_settle(struct rule *);

/* Reads a port: a number, or the name of a service (services(5)) of this
 * protocol. */
bool rule_parse_port(uint16_t *port, const char *text, int protocol);

/* Reads "443", "https", "400-500" or "400:500" into first and last. */
bool rule_parse_ports(struct rule_port *, const char *text, char between,
    int protocol);

/* Writes "a, b" of the rule's conditions; returns its argument. */
const char *rule_conditions(const struct rule *, char *text, size_t size);

/* The action of a target of iptables(8); RULE_UNKNOWN for a chain. */
enum rule_action rule_target(const char *name);

/* The first packet of a connection, to this host and port. */
struct rule_packet {
	uint16_t port;
	uint16_t family; /* AF_UNSPEC: either */
	int protocol;
	bool is_diverted; /* a rule has diverted it before */
};

/* False if protocol, family or state rule the packet out, whatever its port. */
bool rule_is_for(const struct rules *, const struct rule *,
    const struct rule_packet *);

enum rule_fit rule_fits(const struct rules *, const struct rule *,
    const struct rule_packet *);

/* The next entry of a list or map that has the packet's port, from the first
 * for NULL; NULL if there is none. */
const struct rule_port *rule_next_port(const struct rules *,
    const struct rule_ports *, const struct rule_packet *,
    const struct rule_port *);

#endif
