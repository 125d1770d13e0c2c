/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: when a process has started, by proc(5).
 */
#include <string.h>

#include "clock.h"
#include "message.h"
#include "task.h"
#include "warned.h"

#define MINUTE 60000

/* FNV-1a (RFC 9923). */
static uint64_t
hash(uint64_t so_far, const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (; size > 0; size--)
		so_far = (so_far ^ *b++) * UINT64_C(0x100000001b3);
	return so_far;
}

static bool
is_known(const struct warned *warned, uint64_t cause)
{
	size_t i;

	for (i = 0; i < WARNED_KNOWN && i < warned->count; i++)
		if (warned->known[i] == cause)
			return true;
	return false;
}

static void
rest_report(struct warned_rate *rate)
{
	if (rate->left_out > 0)
		alertx("%u more messages of this kind were left out; "
		       "at most %d are printed a minute",
		    rate->left_out, WARNED_BURST);
	rate->left_out = 0;
}

static bool
is_too_many(struct warned_rate *rate)
{
	const long long time = clock_milliseconds();

	if (rate->lately == 0 || time - rate->since >= MINUTE) {
		rest_report(rate);
		rate->since = time;
		rate->lately = 0;
	}
	if (rate->lately < WARNED_BURST) {
		rate->lately++;
		return false;
	}
	rate->left_out++;
	return true;
}

bool
warned_first(struct warned *warned, enum warned_kind kind, const void *cause,
    size_t size)
{
	const uint8_t first = (uint8_t)kind;
	uint64_t hashed = hash(UINT64_C(0xcbf29ce484222325), &first, 1);

	hashed = hash(hashed, cause, size);
	/* A message that is left out is printed when it comes again later. */
	if (is_known(warned, hashed) || is_too_many(&warned->rates[kind]))
		return false;
	warned->known[warned->count++ % WARNED_KNOWN] = hashed;
	return true;
}

bool
warned_first_process(struct warned *warned, enum warned_kind kind,
    pid_t process)
{
	const uint64_t cause[] = {(uint64_t)process, task_started(process)};

	return warned_first(warned, kind, cause, sizeof(cause));
}

bool
warned_first_endpoint(struct warned *warned, enum warned_kind kind,
    const struct endpoint *e, int protocol, int detail)
{
	uint32_t cause[8] = {e->family, e->port, e->scope, (uint32_t)protocol};

	cause[3] |= (uint32_t)detail << 16;
	memcpy(&cause[4], e->address, sizeof(e->address));
	return warned_first(warned, kind, cause, sizeof(cause));
}

void
warned_report_rest(struct warned *warned)
{
	struct warned_rate *rate = warned->rates;

	for (; rate < warned->rates + WARNED_KINDS; rate++)
		rest_report(rate);
}
