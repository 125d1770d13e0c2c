/* SPDX-License-Identifier: ISC */
/* Comparing bytes without a C library, for the preload library too. */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool
bytes_zero(const uint8_t *bytes, size_t size)
{
	while (size > 0 && *bytes++ == 0)
		size--;
	return size == 0;
}

static inline bool
bytes_equal(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	while (size > 0 && *x++ == *y++)
		size--;
	return size == 0;
}

#endif
