/* SPDX-License-Identifier: ISC */
/*
 * Time that nobody sets.
 */
#ifndef CLOCK_H
#define CLOCK_H

/* Milliseconds of CLOCK_MONOTONIC (clock_gettime(2)). */
long long clock_milliseconds(void);
long long clock_microseconds(void);

#endif
