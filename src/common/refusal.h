/* SPDX-License-Identifier: ISC */
/* Files that the kernel refuses to open or to execute. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <sys/types.h>

#include "reason.h"

/*
 * "; " and the reason for which the kernel has refused a file with EACCES, to end
 * a message: the mode that has to be changed, or else the security module.  right
 * is S_IROTH or S_IXOTH, for what was to be done with the file.  Keeps errno(3).
 */
const char *refusal_remark(char text[REASON_TEXT], const char *path,
    mode_t right);

#endif
