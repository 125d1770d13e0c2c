/* SPDX-License-Identifier: ISC */
/*
 * Strays: processes of the server that have the expected port itself, because
 * the preload library is not in them.  Notification has none.
 */
#ifndef STRAY_H
#define STRAY_H

struct handoff;

/* Looks for one, and tells of the first there is. */
void stray_look(struct handoff *);

#endif
