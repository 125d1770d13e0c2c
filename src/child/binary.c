/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, which holds no capability but those of --keep-caps.
 * Reads: the files of the server's command.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "binary.h"

/* The kernel reads so much of a script (BINPRM_BUF_SIZE). */
#define HEAD 256

/* More program headers than any linker writes. */
#define HEADERS_MAX 64

/* The name of the notes the Go linker writes, its NUL included. */
static const char go_note[4] = "Go";

/* More bytes of notes than any linker writes. */
#define NOTES_MAX 1024

/* A program header, of either class. */
struct segment {
	uint32_t type;
	uint64_t offset, size; /* in the file */
};

static bool
segment_read(int fd, const struct binary *b, uint64_t at, struct segment *s)
{
	Elf64_Phdr wide;
	Elf32_Phdr narrow;

	if (b->class == ELFCLASS64) {
		if (pread(fd, &wide, sizeof(wide), (off_t)at) != sizeof(wide))
			return false;
		*s = (struct segment){wide.p_type, wide.p_offset,
		    wide.p_filesz};
		return true;
	}
	if (pread(fd, &narrow, sizeof(narrow), (off_t)at) != sizeof(narrow))
		return false;
	*s = (struct segment){narrow.p_type, narrow.p_offset, narrow.p_filesz};
	return true;
}

/* In 64 bits: in 32 the sum of two such sizes could overflow, and the walk would
 * stand still or go back. */
static uint64_t
padded(uint64_t size)
{
	return (size + 3) & ~UINT64_C(3);
}

/* True if a note of the segment is the Go linker's. */
static bool
has_go_note(int fd, const struct segment *s)
{
	char notes[NOTES_MAX];
	ssize_t length = pread(fd, notes,
	    s->size < NOTES_MAX ? s->size : NOTES_MAX, (off_t)s->offset);
	Elf64_Nhdr note; /* alike in both classes */
	uint64_t at = 0;

	while (length > 0 &&
	    at + sizeof(note) + sizeof(go_note) <= (uint64_t)length) {
		memcpy(&note, notes + at, sizeof(note));
		at += sizeof(note);
		if (note.n_namesz == sizeof(go_note) &&
		    memcmp(notes + at, go_note, sizeof(go_note)) == 0)
			return true;
		at += padded(note.n_namesz) + padded(note.n_descsz);
	}
	return false;
}

/* Reads the path of the loader, or nothing if it is no path. */
static void
loader_read(int fd, struct binary *b, const struct segment *s)
{
	ssize_t length = pread(fd, b->runner, sizeof(b->runner),
	    (off_t)s->offset);

	if (length <= 0 || *b->runner != '/' ||
	    memchr(b->runner, '\0', (size_t)length) == NULL)
		*b->runner = '\0';
}

static void
segments_judge(int fd, struct binary *b, uint64_t at, unsigned int count,
    unsigned int size)
{
	bool go = false, interpreted = false;
	struct segment s;

	for (; count > 0; count--, at += size) {
		if (!segment_read(fd, b, at, &s))
			return;
		if (s.type == PT_INTERP) {
			interpreted = true;
			loader_read(fd, b, &s);
		}
		go |= s.type == PT_NOTE && has_go_note(fd, &s);
	}
	b->kind = go ? BINARY_GO : interpreted ? BINARY_DYNAMIC : BINARY_STATIC;
}

static void
elf_judge(int fd, struct binary *b, const char head[HEAD])
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	memcpy(&wide, head, sizeof(wide));
	memcpy(&narrow, head, sizeof(narrow));
	b->class = wide.e_ident[EI_CLASS];
	b->machine = wide.e_machine;
	if (b->class == ELFCLASS64 && wide.e_phnum <= HEADERS_MAX)
		segments_judge(fd, b, wide.e_phoff, wide.e_phnum,
		    wide.e_phentsize);
	else if (b->class == ELFCLASS32 && narrow.e_phnum <= HEADERS_MAX)
		segments_judge(fd, b, narrow.e_phoff, narrow.e_phnum,
		    narrow.e_phentsize);
}

/* Works for a file that is not readable, too: some distributions install sudo
 * like that. */
static void
gains_judge(struct binary *b, const char *path)
{
	struct stat status;

	b->capable = getxattr(path, "security.capability", NULL, 0) > 0;
	b->gains = b->capable ||
	    (stat(path, &status) == 0 &&
		(status.st_mode & (S_ISUID | S_ISGID)) != 0);
}

/* "#!interpreter argument" */
static void
script_judge(struct binary *b, char *line)
{
	char *state, *word;

	line[strcspn(line, "\n")] = '\0';
	b->kind = BINARY_SCRIPT;
	word = strtok_r(line + 2, " \t", &state);
	/* If the kernel has not read the path to its end, a shell takes it all. */
	if (word == NULL || word + strlen(word) == line + HEAD)
		return;
	snprintf(b->runner, sizeof(b->runner), "%s", word);
	word = strtok_r(NULL, " \t", &state);
	if (word != NULL)
		snprintf(b->argument, sizeof(b->argument), "%s", word);
}

struct binary
binary_read(const char *path)
{
	struct binary b = {BINARY_UNKNOWN};
	/* O_NONBLOCK: do not wait for the writer of a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[HEAD + 1] = "";
	ssize_t length;

	snprintf(b.path, sizeof(b.path), "%s", path);
	if (fd < 0) {
		gains_judge(&b, path);
		return b;
	}
	length = pread(fd, head, HEAD, 0);
	if (length >= (ssize_t)sizeof(Elf64_Ehdr) &&
	    memcmp(head, ELFMAG, SELFMAG) == 0) {
		gains_judge(&b, path);
		elf_judge(fd, &b, head);
	} else if (strncmp(head, "#!", 2) == 0) {
		/* The kernel ignores the set-user-ID bit of a script. */
		script_judge(&b, head);
	}
	close(fd);
	return b;
}
