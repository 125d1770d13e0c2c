/* SPDX-License-Identifier: ISC */
/*
 * The grammar of -p:
 *
 *   [ADDR:]PUBLIC[:SERVER][/PROTOCOL]
 *   [ADDR:]PUBLIC:@NAME[/PROTOCOL]      by descriptor
 *   @NAME:SERVER[/PROTOCOL]             inherited
 *
 * PUBLIC and SERVER are ports: decimal numbers from 1 to 65535, ranges of them,
 * or names of services(5).
 */
#ifndef MAPPING_TEXT_H
#define MAPPING_TEXT_H

#include "mapping.h"
#include "reason.h"

/* One text can stand for two mappings: /tcp+udp. */
#define MAPPING_PROTOCOLS 2

/* Room for NAME, and for a mapping with its NAME. */
#define MAPPING_NAME  64
#define MAPPING_NAMED (MAPPING_TEXT + MAPPING_NAME)

/*
 * Parses a text, and copies its NAME, which is empty if there is none.  Returns
 * the number of mappings; or 0, and says why the text is no mapping.
 */
size_t mapping_parse(struct mapping *, char name[MAPPING_NAME],
    const char *text, char why[REASON_TEXT]);

/* Writes a mapping with its NAME, as mapping_parse reads it; returns text. */
const char *mapping_format_named(const struct mapping *, const char *name,
    char text[MAPPING_NAMED]);

#endif
