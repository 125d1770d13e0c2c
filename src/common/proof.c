/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper after its drop; the server, as part of the preload
 * library.  Computes only.
 * Reads: a nonce, which anybody may have sent.
 */
#include "proof.h"

#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void
mix(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTATE(v[1], 13) ^ v[0];
	v[0] = ROTATE(v[0], 32);
	v[2] += v[3];
	v[3] = ROTATE(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTATE(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTATE(v[1], 17) ^ v[2];
	v[2] = ROTATE(v[2], 32);
}

static void
absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	mix(v);
	v[0] ^= word;
}

/* Sixteen hexadecimal digits. */
static uint64_t
number_of(const char *digits)
{
	uint64_t number = 0;
	int i;

	for (i = 0; i < 16; i++)
		number = number << 4 |
		    (uint64_t)(digits[i] <= '9' ? digits[i] - '0'
						: digits[i] - 'a' + 10);
	return number;
}

struct greeting
proof_greet(const char word[REQUEST_WORD], const struct hello *hello)
{
	const uint64_t k0 = number_of(word), k1 = number_of(word + 16);
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
	    k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};

	absorb(v, hello->nonce[0]);
	absorb(v, hello->nonce[1]);
	absorb(v, (uint64_t)sizeof(hello->nonce) << 56);
	v[2] ^= 0xff;
	mix(v);
	mix(v);
	mix(v);
	mix(v);
	return (struct greeting){v[0] ^ v[1] ^ v[2] ^ v[3]};
}
