/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: lines of the administrator's scripts.
 */
#include <string.h>

#include "shell.h"
#include "words.h"

/* Longer commands are cut. */
#define COMMAND 4096
#define WORD    256

/* The end of what is in quotes here, or of this character. */
static const char *
skip_quoted(const char *at)
{
	const char quote = *at;

	if (quote == '\\')
		return at + (at[1] != '\0' ? 2 : 1);
	if (quote != '"' && quote != '\'')
		return at + 1;
	for (at++; *at != '\0' && *at != quote; at++)
		at += *at == '\\' && quote == '"' && at[1] != '\0';
	return *at == quote ? at + 1 : at;
}

static const char *
word_end(const char *at)
{
	while (*at != '\0' && strchr(" \t\r", *at) == NULL)
		at = skip_quoted(at);
	return at;
}

/* Words that others stand behind: of the shell, of sudo(8), of crontab(5), of
 * interfaces(5), of lists. */
static bool
is_prefix(const char *word)
{
	const size_t length = strlen(word);

	return IS(word, "if", "then", "else", "elif", "while", "until", "do",
		   "!", "{", "(", "time", "exec", "command", "builtin", "env",
		   "function", "sudo", "doas", "nohup", "@reboot", "root", "up",
		   "post-up", "pre-up", "RUN") ||
	    (length > 0 && word[strspn(word, "0123456789*/,-")] == '\0') ||
	    *word == '-' || (length > 0 && word[length - 1] == ')') ||
	    (strchr(word, '=') != NULL && strchr(word, '/') == NULL);
}

/* "ExecStart=-/sbin/iptables": the program behind what a unit file has there. */
static const char *
program_in(const char *word)
{
	const char *value = strncmp(word, "Exec", 4) == 0 ? strchr(word, '=')
							  : NULL;

	if (value == NULL)
		return word + strspn(word, "(`");
	return value + 1 + strspn(value + 1, "-+!@:");
}

/* A variable, a command's output or a list in braces. */
static bool
is_expanded(const char *command)
{
	for (; *command != '\0'; command = skip_quoted(command)) {
		const char *end = skip_quoted(command);

		if (*command != '\'' && *command != '\\' &&
		    (memchr(command, '$', (size_t)(end - command)) != NULL ||
			memchr(command, '`', (size_t)(end - command)) != NULL ||
			(*command == '{' && strchr(" \t", command[1]) == NULL)))
			return true;
	}
	return false;
}

/* A variable stands for the program, and the options are those of iptables(8). */
static bool
is_variable_command(const char *program, const char *rest)
{
	return *program == '$' &&
	    (strstr(rest, " -A ") != NULL || strstr(rest, " -I ") != NULL ||
		strstr(rest, " --append ") != NULL ||
		strstr(rest, " --insert ") != NULL);
}

/* Takes the command, or refuses it, if it is one that is wanted. */
static bool
is_command(const struct shell_reader *r, const char *program,
    const char *command, const char *rest)
{
	const bool is_wanted = r->wants(program, r->argument);

	if (is_variable_command(program, rest) ||
	    (is_wanted && is_expanded(rest)))
		r->refuse(command, r->argument);
	else if (is_wanted)
		r->take(command, r->argument);
	else
		return false;
	return true;
}

/* "-c 'iptables ...'": the command of a shell in a shell. */
static void
read_inner(const struct shell_reader *r, const char *options)
{
	char word[COMMAND];
	bool is_cut;

	while (words_cut(&options, word, sizeof(word), &is_cut) && *word == '-')
		if (word[1] != '-' && strchr(word, 'c') != NULL &&
		    words_cut(&options, word, sizeof(word), &is_cut)) {
			shell_read(r, word);
			return;
		}
}

static bool
is_shell(const char *program)
{
	const char *slash = strrchr(program, '/');

	return IS(slash != NULL ? slash + 1 : program, "sh", "bash", "dash",
	    "ash");
}

static void
read_command(const struct shell_reader *r, const char *command)
{
	const char *at = words_skip_blanks(command), *end, *program;
	char word[WORD];
	bool is_cut;

	for (; *at != '\0'; at = words_skip_blanks(end)) {
		end = at;
		if (!words_cut(&end, word, sizeof(word), &is_cut) || is_cut)
			return;
		program = program_in(word);
		if (is_command(r, program, at + (program - word), end))
			return;
		if (is_shell(program)) {
			read_inner(r, end);
			return;
		}
		/* sudo(8)'s user. */
		if (IS(word, "-u", "-g"))
			end = word_end(words_skip_blanks(end));
		else if (!is_prefix(word))
			return;
	}
}

/* Files and descriptors to redirect to come last. */
static size_t
cut_redirection(const char *command, size_t length)
{
	if (length > 1 && command[length - 1] >= '0' &&
	    command[length - 1] <= '9' &&
	    (command[length - 2] == ' ' || command[length - 2] == '\t'))
		length--;
	return length;
}

/* The length of the command that begins here: to ';', '|', '&' or the end. */
static size_t
command_length(const char *at)
{
	const char *begin = at;

	while (*at != '\0' && strchr(";|&", *at) == NULL &&
	    !(*at == '#' && (at == begin || at[-1] == ' ')))
		if ((*at == '>' || *at == '<') && at > begin &&
		    strchr(" \t0123456789", at[-1]) != NULL)
			break;
		else
			at = skip_quoted(at);
	return (size_t)(at - begin);
}

/* From the file to redirect to, to the next command. */
static const char *
skip_redirection(const char *at)
{
	while (*at != '\0' && strchr(";|", *at) == NULL &&
	    !(*at == '&' && at[-1] != '>' && at[1] != '>'))
		at = skip_quoted(at);
	return at;
}

void
shell_read(const struct shell_reader *r, const char *line)
{
	char command[COMMAND];
	size_t length, kept;

	for (;;) {
		line += strspn(line, " \t\r;|&(");
		if (*line == '\0' || *line == '#')
			return;
		length = command_length(line);
		kept = length;
		if (line[length] == '>' || line[length] == '<')
			kept = cut_redirection(line, length);
		if (kept >= COMMAND)
			kept = COMMAND - 1;
		memcpy(command, line, kept);
		while (kept > 0 && strchr(" \t\r", command[kept - 1]) != NULL)
			kept--;
		command[kept] = '\0';
		read_command(r, command);
		line += length;
		if (*line == '#')
			return;
		if (*line == '>' || *line == '<')
			line = skip_redirection(line + 1);
	}
}
