/* SPDX-License-Identifier: ISC */
/* The report of measure_mark to measure_start, at this descriptor. */
#ifndef MARK_H
#define MARK_H

#include <stdint.h>

#define MARK_FD 9

struct mark {
	uint64_t main_at, listen_at; /* nanoseconds, CLOCK_MONOTONIC */
};
#endif
