/* SPDX-License-Identifier: ISC */
/*
 * The output of --check and --doctor: a line per fact on standard output, which
 * says whether all is well, what it is about, and what to do.  Or all of them in
 * one JSON object, at the end.
 */
#ifndef REPORT_H
#define REPORT_H

enum report_kind {
	REPORT_OK,
	REPORT_NOTE,
	REPORT_PROBLEM,
};

/* From here on facts are kept, and report_end prints the object; so does fatal
 * (message.h), with its line as a problem. */
void report_as_json(void);

/* The subject is a word or two; the rest as printf(3). */
void report(enum report_kind, const char *subject, const char *, ...)
    __attribute__((format(printf, 3, 4)));

#define report_ok(...)      report(REPORT_OK, __VA_ARGS__)
#define report_note(...)    report(REPORT_NOTE, __VA_ARGS__)
#define report_problem(...) report(REPORT_PROBLEM, __VA_ARGS__)

/* Ends the process: with STATUS_FAILURE if there was a problem or the report
 * could not be written, otherwise with 0. */
_Noreturn void report_end(void);

#endif
