/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: when a process has started, by proc(5).
 */
#include <string.h>

#include "clock.h"
#include "message.h"
#include "process.h"
#include "told.h"

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
is_known(const struct told *told, uint64_t cause)
{
	size_t i;

	for (i = 0; i < TOLD_KNOWN && i < told->count; i++)
		if (told->known[i] == cause)
			return true;
	return false;
}

static void
rest_report(struct told_rate *rate)
{
	if (rate->left_out > 0)
		alertx("%u more messages of this kind were left out; "
		       "at most %d are printed a minute",
		    rate->left_out, TOLD_BURST);
	rate->left_out = 0;
}

static bool
is_too_many(struct told_rate *rate)
{
	const long long time = clock_milliseconds();

	if (rate->lately == 0 || time - rate->since >= MINUTE) {
		rest_report(rate);
		rate->since = time;
		rate->lately = 0;
	}
	if (rate->lately < TOLD_BURST) {
		rate->lately++;
		return false;
	}
	rate->left_out++;
	return true;
}

bool
told_first(struct told *told, enum told_kind kind, const void *cause,
    size_t size)
{
	const uint8_t first = (uint8_t)kind;
	uint64_t hashed = hash(UINT64_C(0xcbf29ce484222325), &first, 1);

	hashed = hash(hashed, cause, size);
	/* What is left out now is printed when it comes again later. */
	if (is_known(told, hashed) || is_too_many(&told->rates[kind]))
		return false;
	told->known[told->count++ % TOLD_KNOWN] = hashed;
	return true;
}

bool
told_first_process(struct told *told, enum told_kind kind, pid_t process)
{
	const uint64_t cause[] = {(uint64_t)process, process_started(process)};

	return told_first(told, kind, cause, sizeof(cause));
}

bool
told_first_endpoint(struct told *told, enum told_kind kind,
    const struct endpoint *e, int protocol, int detail)
{
	uint32_t cause[8] = {e->family, e->port, e->scope, (uint32_t)protocol};

	cause[3] |= (uint32_t)detail << 16;
	memcpy(&cause[4], e->address, sizeof(e->address));
	return told_first(told, kind, cause, sizeof(cause));
}

void
told_report_rest(struct told *told)
{
	struct told_rate *rate = told->rates;

	for (; rate < told->rates + TOLD_KINDS; rate++)
		rest_report(rate);
}
