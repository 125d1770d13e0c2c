/* SPDX-License-Identifier: ISC */
/*
 * A mapping, -p [ADDR:]PUBLIC[:SERVER][/PROTOCOL]: a server that binds the port
 * SERVER of an address the mapping covers gets PUBLIC of the same address.
 * PUBLIC and SERVER may be ranges of as many ports, mapped one to one.
 *
 * A mapping whose server_port is 0 is by descriptor: the server binds nothing,
 * and is given the sockets when it starts.  One whose public_port is 0 is
 * inherited: the helper binds nothing, as a service manager has passed the
 * sockets (activation.h).
 */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"

struct mapping {
	uint16_t family;      /* AF_UNSPEC: every address */
	uint16_t protocol;    /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t public_port; /* the first, host byte order; 0: inherited */
	uint16_t server_port; /* likewise; 0: by descriptor */
	uint32_t ports;       /* how many */
	uint32_t scope;       /* as in struct endpoint */
	uint8_t address[16];  /* as in struct endpoint */
};

/*
 * A variant is one kind of socket that a bind covered by the mapping may need:
 * address and IPV6_V6ONLY cannot change once a socket is bound (ip(7),
 * ipv6(7)), so the pool holds sockets of each.
 */
struct mapping_variant {
	struct endpoint endpoint; /* to bind: the first public port */
	bool implied;             /* not needed if the host lacks it */
	bool common;              /* servers bind it often: keep spares */
};

/* 0.0.0.0, ::ffff:0.0.0.0, [::] twice, 127.0.0.1, ::ffff:127.0.0.1, [::1] */
#define MAPPING_VARIANTS_MAX 7

/* The longest mapping, and its text with the final NUL. */
#define MAPPING_TEXT 96

bool mapping_by_descriptor(const struct mapping *);
bool mapping_inherited(const struct mapping *);
bool mapping_any_inherited(const struct mapping *, size_t count);

/* True if anybody can bind the public port, but not the server's: perhaps the
 * mapping is the wrong way round. */
bool mapping_looks_reversed(const struct mapping *);

/* Writes the mapping as -p takes it, without the name behind an '@'; returns
 * its argument. */
const char *mapping_format(const struct mapping *, char[MAPPING_TEXT]);

/* Lists the variants; returns their number. */
size_t mapping_variants(const struct mapping *,
    struct mapping_variant[MAPPING_VARIANTS_MAX]);

/* The public port for a port that the server was expected to bind.  0 if the
 * mapping does not cover it, is by descriptor, or is inherited. */
uint16_t mapping_public_port(const struct mapping *, uint16_t server_port);

/* True if two mappings cannot both be used: some bind would match both, or both
 * own one public port of one address. */
bool mapping_conflicts(const struct mapping *, const struct mapping *);

#endif
