/* SPDX-License-Identifier: ISC */
/*
 * How the helper proves to the preload library that it knows the proof of their
 * rendezvous, and does not send it: by SipHash-2-4 of a nonce the library draws.
 * Part of the preload library too.
 */
#ifndef PROOF_H
#define PROOF_H

#include <stdint.h>

#include "request.h"

/* What a helper that knows the word says to the nonce. */
struct greeting proof_greet(const char word[REQUEST_WORD],
    const struct hello *hello);

#endif
