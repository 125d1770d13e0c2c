/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: the kernel's clock.
 */
#include <time.h>

#include "clock.h"

long long
clock_microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

long long
clock_milliseconds(void)
{
	return clock_microseconds() / 1000;
}
