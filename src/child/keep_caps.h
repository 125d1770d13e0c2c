/* SPDX-License-Identifier: ISC */
/*
 * The list of --keep-caps.
 */
#ifndef KEEP_CAPS_H
#define KEEP_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

/*
 * Reads names of capabilities(7) with commas between them, with or without the
 * leading CAP_.  Returns false and says why if the kernel does not know a name,
 * or if it is CAP_NET_BIND_SERVICE, which no server keeps.
 */
bool keep_caps_parse(const char *list, uint64_t *set, char why[REASON_TEXT]);

#endif
