/* SPDX-License-Identifier: ISC */
/*
 * The exit statuses of lowport, as docker run(1) and env(1) use them.  Any
 * other status is the server's own.  lowport(1), EXIT STATUS, lists them too.
 */
#ifndef STATUS_H
#define STATUS_H

enum status {
	STATUS_FAILURE = 125,        /* lowport failed; no server ran */
	STATUS_NOT_EXECUTABLE = 126, /* the command is there, exec failed */
	STATUS_NOT_FOUND = 127,      /* the command is not there */
	STATUS_SIGNAL = 128,         /* plus n: the server died of signal n */
};

#endif
