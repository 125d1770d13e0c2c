/* SPDX-License-Identifier: ISC */
/*
 * The preload library (liblowport.c), seen from outside: where it is, whether
 * it will get into the server, and what has it get there.
 */
#ifndef LD_PRELOAD_H
#define LD_PRELOAD_H

#include <stdbool.h>

#include "reason.h"
#include "request.h"

/* Room for its path. */
#define LD_PRELOAD_PATH 300

/*
 * Finds the library beside this program or where it was installed.  False where
 * there is none that a loader would take, and why.
 */
bool ld_preload_find(char path[LD_PRELOAD_PATH], char why[REASON_TEXT]);

/*
 * False where the loader of this command's program is known not to load it, and
 * why: there is none, or it would be in vain.  gains tells whether executing a
 * file may raise privilege.
 */
bool ld_preload_can_load(const char *path, const char *command,
    char **environment, bool gains, char why[REASON_TEXT]);

/*
 * Returns an environment with the library behind what LD_PRELOAD had, so that a
 * library of the caller's which overrides bind(2) goes on doing so, and with
 * the name to ask at before those of any lowport around this one.
 */
char **ld_preload_set(char **environment, const char *path,
    const struct rendezvous *, const struct plan *);

/*
 * True where a lowport around this one awaits, by preload, that a public port
 * of these mappings is bound, which is one of them, *port: as the library is
 * not in this program, that would not come to hear of it.
 */
bool ld_preload_awaited(char **environment, const struct mapping *,
    size_t count, uint16_t *port);

#endif
