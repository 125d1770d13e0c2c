/* SPDX-License-Identifier: ISC */
/*
 * A service manager started lowport, and means the server: by the process
 * numbers in the environment, and by the socket of sd_notify(3).
 */
#ifndef MANAGER_H
#define MANAGER_H

struct start;

/*
 * Variables that name the helper's process, as the one the manager started, name
 * this one, which becomes the server.  The server's reports by NOTIFY_SOCKET
 * go through the helper: the manager takes them from the process it started
 * (NotifyAccess=main).
 */
void manager_introduce(struct start *);

#endif
