/* SPDX-License-Identifier: ISC */
/*
 * The hand-off by LD_PRELOAD: the library in the server (liblowport.c) asks the
 * helper at a Unix socket, before bind(2).
 */
#ifndef PRELOAD_H
#define PRELOAD_H

struct handoff;

/* Receives one request and replies.  Neither waits nor ends the process. */
void preload_serve(struct handoff *);

#endif
