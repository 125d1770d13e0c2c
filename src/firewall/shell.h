/* SPDX-License-Identifier: ISC */
/*
 * Commands of iptables(8), nft(8) and firewall-cmd(1) in lines of scripts, unit
 * files and the like.  Nothing is expanded or executed.
 */
#ifndef SHELL_H
#define SHELL_H

#include <stdbool.h>

/* The word is the name of a program that the reader wants, with or without its
 * directory. */
struct shell_reader {
	bool (*wants)(const char *program, void *);
	/* The command, from its program's name on. */
	void (*take)(const char *command, void *);
	/* A command that has what a shell would expand. */
	void (*refuse)(const char *command, void *);
	void *argument;
};

void shell_read(const struct shell_reader *, const char *line);

#endif
