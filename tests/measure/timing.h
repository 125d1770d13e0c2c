/* SPDX-License-Identifier: ISC */
/* The clock of the measuring programs, and how they print many times. */
#ifndef TIMING_H
#define TIMING_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t
now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline double
us_since(uint64_t start)
{
	return (double)(now_ns() - start) / 1e3;
}

static inline int
compare_times(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them.  Prints: name, and the 5th, 25th, 50th, 75th and 95th of a hundred. */
static inline void
print_times(const char *name, double *times, int count)
{
	static const int parts[] = {5, 25, 50, 75, 95};
	size_t i;

	qsort(times, (size_t)count, sizeof(*times), compare_times);
	printf("%s", name);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		printf(" %.4f", times[(count - 1) * parts[i] / 100]);
	printf("\n");
}
#endif
