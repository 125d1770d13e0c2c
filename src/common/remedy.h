/* SPDX-License-Identifier: ISC */
/*
 * The way out that a message about a limit of notify or preload may name.
 */
#ifndef REMEDY_H
#define REMEDY_H

#include <stdbool.h>

/* True if lowport was started with what --method bpf takes, and does not use it.
 * Both processes set it. */
void remedy_set(bool bpf_is_permitted);

/* "; --method bpf has no such limit", if that is so and there are control groups
 * and a kernel for it; otherwise "".  Looked up when it is asked for. */
const char *remedy_bpf(void);

#endif
