/* SPDX-License-Identifier: ISC */
/*
 * LD_PRELOAD: where the preload library (liblowport.c) is, whether the loader of
 * the server will load it, and the variables that make it do so.
 */
#ifndef LD_PRELOAD_H
#define LD_PRELOAD_H

#include <stdbool.h>

#include "reason.h"
#include "request.h"

/* Room for the path of the library. */
#define LD_PRELOAD_PATH 300

/*
 * Finds the library beside this program or where it was installed.  Returns
 * false and says why if there is none that a loader would take.
 */
bool ld_preload_find(char path[LD_PRELOAD_PATH], char why[REASON_TEXT]);

/*
 * Returns false and says why if it is known that the program of this command
 * will not load the library, or would not use it.  gains: executing a file may
 * raise privilege.
 */
bool ld_preload_can_load(const char *path, const char *command,
    char **environment, bool gains, char why[REASON_TEXT]);

/*
 * Returns an environment for the server.  In LD_PRELOAD the library comes last:
 * a library of the caller that overrides bind(2) goes on doing so.  The place to
 * ask at comes before those of lowports around this one.
 */
char **ld_preload_set(char **environment, const char *path,
    const struct rendezvous *, const struct plan *);

/*
 * True if a public port of these mappings, *port, is one that a lowport around
 * this one expects its server to bind, by preload.  This program does not load
 * the library, so the other lowport would not learn of the bind.
 */
bool ld_preload_awaited(char **environment, const struct mapping *,
    size_t count, uint16_t *port);

#endif
