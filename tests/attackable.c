/* SPDX-License-Identifier: ISC */
/*
 * Makes of lowport one whose child can be attacked, build/lowport_attackable:
 * its launch.o calls this in place of channel_send_plan (ld(1), --wrap).  The
 * child shows itself before its plan is sent, not after, and waits a while:
 * attack_forging.bats has it send anything, to see what the helper makes of that.
 */
#include <time.h>

#include "channel.h"
#include "privilege.h"

/* The names are the linker's. */
bool __real_channel_send_plan(int channel, const struct plan *);
bool __wrap_channel_send_plan(int channel, const struct plan *);

bool
__wrap_channel_send_plan(int channel, const struct plan *plan)
{
	const struct timespec window = {0, 20 * 1000000};

	privilege_show();
	nanosleep(&window, NULL);
	return __real_channel_send_plan(channel, plan);
}
