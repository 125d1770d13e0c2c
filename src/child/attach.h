/* SPDX-License-Identifier: ISC */
/*
 * --attach, --detach and --attached: the kernel maps the ports of a control group
 * (bind_program.h), and no process of lowport stays.
 */
#ifndef ATTACH_H
#define ATTACH_H

#include "options.h"
#include "rights.h"

/*
 * Each ends the process, with 0 or after saying why not.  They take root of the
 * host with CAP_BPF, CAP_NET_ADMIN and, to find what is attached, CAP_SYS_ADMIN,
 * all effective.
 *
 * attach_group attaches the programs to the group the options name, in place of
 * those it has attached there before: all of them, or none.
 */
_Noreturn void attach_group(const struct options *, const struct rights *);
_Noreturn void attach_remove(const struct options *, const struct rights *);

/* Lists the groups and their mappings on standard output, a line each. */
_Noreturn void attach_list(void);

#endif
