/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --check, --doctor and --check-policy.
 * Reads: nothing; the arguments are ours.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "report.h"
#include "status.h"

#define LINE_MAX_BYTES 1024

static const char *const kinds[] = {"ok", "note", "problem"};

static enum report_kind worst;
static bool unwritten;

/* The findings, as JSON has them; without a stream, each is printed at once. */
static struct {
	FILE *stream;
	char *text;
	size_t length;
} findings;

static void
end_unfinished(const char *line)
{
	report_problem("lowport", "%s", line);
	report_end();
}

void
report_as_json(void)
{
	findings.stream = open_memstream(&findings.text, &findings.length);
	if (findings.stream == NULL)
		fatal("cannot keep a report");
	message_at_end(end_unfinished);
}

/* A printable text: nothing else in it has to be escaped (RFC 8259). */
static void
put_string(const char *text)
{
	fputc('"', findings.stream);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', findings.stream);
		fputc(*text, findings.stream);
	}
	fputc('"', findings.stream);
}

static void
keep(enum report_kind kind, const char *subject, const char *line)
{
	fprintf(findings.stream, "%s\n  {\"level\": \"%s\", \"subject\": ",
	    ftell(findings.stream) == 0 ? "" : ",", kinds[kind]);
	put_string(subject);
	fputs(", \"text\": ", findings.stream);
	put_string(line);
	fputc('}', findings.stream);
}

void
report(enum report_kind kind, const char *subject, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	message_make_printable(line);
	if (kind > worst)
		worst = kind;
	if (findings.stream != NULL)
		keep(kind, subject, line);
	else if (dprintf(STDOUT_FILENO, "%-8s %-12s %s\n", kinds[kind], subject,
		     line) < 0)
		unwritten = true;
}

void
report_end(void)
{
	if (findings.stream != NULL &&
	    (fclose(findings.stream) != 0 ||
		dprintf(STDOUT_FILENO,
		    "{\"status\": \"%s\", \"findings\": [%s\n]}\n",
		    kinds[worst], findings.text) < 0))
		unwritten = true;
	_exit(worst == REPORT_PROBLEM || unwritten ? STATUS_FAILURE
						   : EXIT_SUCCESS);
}
