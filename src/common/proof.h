/* SPDX-License-Identifier: ISC */
/*
 * The helper proves to the preload library that it knows the secret of their
 * rendezvous without sending it: by SipHash-2-4 of a nonce that the library
 * draws.  Part of the preload library too.
 */
#ifndef PROOF_H
#define PROOF_H

#include <stdint.h>

#include "request.h"

/* The answer to the nonce of a helper that knows the word. */
struct greeting proof_greet(const char word[REQUEST_WORD],
    const struct hello *hello);

#endif
