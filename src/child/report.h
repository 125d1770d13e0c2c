/* SPDX-License-Identifier: ISC */
/*
 * What --check and --doctor print: a line per fact on standard output, which
 * says whether all is well, what it is about, and what to do.
 */
#ifndef REPORT_H
#define REPORT_H

/* The subject is a word or two; the rest as printf(3). */
void report_ok(const char *subject, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void report_note(const char *subject, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void report_problem(const char *subject, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the process: status 0, or STATUS_FAILURE where there was a problem or
 * the report could not be written. */
_Noreturn void report_end(void);

#endif
