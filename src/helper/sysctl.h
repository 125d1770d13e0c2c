/* SPDX-License-Identifier: ISC */
/*
 * Settings of the kernel (sysctl(8)).
 */
#ifndef SYSCTL_H
#define SYSCTL_H

/* Returns the digit in this file of /proc/sys, 0 if it cannot be read. */
int sysctl_digit(const char *path);

#endif
