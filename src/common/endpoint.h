/* SPDX-License-Identifier: ISC */
/*
 * An endpoint is what a bind(2) names: family, address, scope and port; and,
 * for the IPv6 wildcard, whether the socket takes IPv4 too.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
	uint16_t family;     /* AF_INET or AF_INET6 */
	uint16_t port;       /* host byte order */
	uint32_t scope;      /* IPv6 interface index, 0 for none */
	uint8_t address[16]; /* network byte order; IPv4: the first four */
	bool v6only;         /* IPV6_V6ONLY; it matters for [::] only */
};

/* sizeof(struct sockaddr_in6): bind(2) looks at no byte beyond. */
#define ENDPOINT_BYTES 28

/* "[" IPv6 address "%" interface index "]:" port, and the final NUL. */
#define ENDPOINT_TEXT 72

/*
 * Reads a socket address as bind(2) of an AF_INET or AF_INET6 socket would.
 * Returns false if bind(2) would refuse its family or length (ip(7): 16 bytes;
 * ipv6(7): 24, with RFC 2133's shorter form).
 */
bool endpoint_from_sockaddr(struct endpoint *, const void *, size_t length);

/* Writes the socket address; returns its length. */
socklen_t endpoint_to_sockaddr(const struct endpoint *,
    struct sockaddr_storage *);

/* Writes "0.0.0.0:443", "[::]:443" and so on; returns its argument. */
const char *endpoint_format(const struct endpoint *, char[ENDPOINT_TEXT]);

/* True for 0.0.0.0, :: and ::ffff:0.0.0.0. */
bool endpoint_is_wildcard(const struct endpoint *);

/* True if a socket bound to one is right for a bind to the other; ports do not
 * matter. */
bool endpoint_same_address(const struct endpoint *, const struct endpoint *);

/* True if packets for some address may come to either: they are the same, or
 * one is a wildcard of the other's family, or of both.  Ports do not matter. */
bool endpoint_overlaps(const struct endpoint *, const struct endpoint *);

#endif
