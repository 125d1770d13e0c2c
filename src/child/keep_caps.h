/* SPDX-License-Identifier: ISC */
/*
 * Names of capabilities, as --keep-caps takes them.
 */
#ifndef KEEP_CAPS_H
#define KEEP_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

/*
 * Reads names of capabilities(7) with commas between them, with or without the
 * leading CAP_.  False where there is one the kernel does not know, or
 * CAP_NET_BIND_SERVICE, which nobody keeps; and why.
 */
bool keep_caps_parse(const char *list, uint64_t *set, char why[REASON_TEXT]);

#endif
