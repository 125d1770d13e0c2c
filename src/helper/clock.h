/* SPDX-License-Identifier: ISC */
/*
 * The time that nobody can set: CLOCK_MONOTONIC (clock_gettime(2)).
 */
#ifndef CLOCK_H
#define CLOCK_H

long long clock_milliseconds(void);
long long clock_microseconds(void);

#endif
