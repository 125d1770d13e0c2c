/* SPDX-License-Identifier: ISC */
/*
 * What a program's file is: ELF files and scripts made here, whole and broken,
 * and real ones.
 */
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "program.h"
#include "unit.h"

#define PARTS_MAX 80

/* What the kernel follows: so many scripts, and then a program. */
#define SCRIPTS_MAX 5

static char directory[] = "/tmp/lowport-test.XXXXXX";
static char *no_variables[] = {NULL};

/* ---- Files */

static struct {
	uint8_t bytes[16384];
	size_t size;
} image;

struct part {
	uint32_t type;
	const void *bytes;
	size_t size;
};

/* The classes, for loops. */
static const uint8_t classes[] = {ELFCLASS32, ELFCLASS64};

static size_t
header_size(uint8_t class)
{
	return class == ELFCLASS64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t
segment_size(uint8_t class)
{
	return class == ELFCLASS64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static void
elf_head(uint8_t class, size_t count)
{
	Elf64_Ehdr wide = {.e_type = ET_DYN,
	    .e_machine = EM_X86_64,
	    .e_phoff = sizeof(wide),
	    .e_phnum = (uint16_t)count,
	    .e_phentsize = sizeof(Elf64_Phdr)};
	Elf32_Ehdr narrow = {.e_type = ET_EXEC,
	    .e_machine = EM_386,
	    .e_phoff = sizeof(narrow),
	    .e_phnum = (uint16_t)count,
	    .e_phentsize = sizeof(Elf32_Phdr)};

	memcpy(image.bytes, class == ELFCLASS64 ? (void *)&wide : &narrow,
	    header_size(class));
	memcpy(image.bytes, ELFMAG, SELFMAG);
	image.bytes[EI_CLASS] = class;
}

static void
elf_segment(uint8_t class, size_t i, const struct part *part)
{
	Elf64_Phdr wide = {.p_type = part->type,
	    .p_offset = image.size,
	    .p_filesz = part->size};
	Elf32_Phdr narrow = {.p_type = part->type,
	    .p_offset = (uint32_t)image.size,
	    .p_filesz = (uint32_t)part->size};

	memcpy(image.bytes + header_size(class) + i * segment_size(class),
	    class == ELFCLASS64 ? (void *)&wide : &narrow, segment_size(class));
	if (part->size > 0)
		memcpy(image.bytes + image.size, part->bytes, part->size);
	image.size += part->size;
}

/* A header, program headers, and what they are about. */
static void
elf_make(uint8_t class, const struct part *parts, size_t count)
{
	size_t i;

	memset(&image, 0, sizeof(image));
	image.size = header_size(class) + count * segment_size(class);
	elf_head(class, count);
	for (i = 0; i < count; i++)
		elf_segment(class, i, &parts[i]);
}

/* A place in the header of either class. */
#define HEAD(class, field)                                                     \
	((class) == ELFCLASS64                                                 \
		? (void *)&((Elf64_Ehdr *)(void *)image.bytes)->field          \
		: (void *)&((Elf32_Ehdr *)(void *)image.bytes)->field)

/* Sets an offset, whose size goes with the class. */
static void
offset_set(uint8_t class, void *field, uint64_t value)
{
	memcpy(field, &value, class == ELFCLASS64 ? 8 : 4);
}

static void
image_write(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, image.bytes, image.size),
	    (ssize_t)image.size);
	close(fd);
}

static const struct part loaded = {PT_LOAD, NULL, 0};
static const struct part interpreted = {PT_INTERP, "/bin/sh", 8};

static void
elf_write(const char *name, bool dynamic)
{
	const struct part parts[] = {loaded, interpreted};

	elf_make(ELFCLASS64, parts, dynamic ? 2 : 1);
	image_write(name);
}

static void
script_write(const char *name, const char *text)
{
	ck_assert(unit_write(name, text));
	ck_assert_int_eq(chmod(name, 0755), 0);
}

/* What the image is when it is a file. */
static enum binary_kind
image_kind(void)
{
	image_write("image");
	return program_binary("image", no_variables).kind;
}

static void
directory_enter(void)
{
	unit_become_ordinary();
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

/* ---- ELF */

START_TEST(interpreter_means_a_loader)
{
	const struct part parts[] = {loaded, interpreted, loaded};
	const uint8_t class = classes[_i];
	struct binary b;

	elf_make(class, parts, 3);
	image_write("dynamic");
	b = program_binary("dynamic", no_variables);
	ck_assert_int_eq(b.kind, BINARY_DYNAMIC);
	ck_assert_uint_eq(b.class, class);
	ck_assert_uint_eq(b.machine, class == ELFCLASS64 ? EM_X86_64 : EM_386);
	ck_assert(!b.gains);
	elf_make(class, parts, 1);
	image_write("static");
	b = program_binary("static", no_variables);
	ck_assert_int_eq(b.kind, BINARY_STATIC);
	ck_assert_uint_eq(b.class, class);
}
END_TEST

/* As far as the file goes, all program headers have to be there. */
START_TEST(truncated_file_is_unknown)
{
	const struct part parts[] = {interpreted, loaded, loaded};
	const uint8_t class = classes[_i];
	const size_t needed = header_size(class) + 3 * segment_size(class);
	size_t whole;

	elf_make(class, parts, 3);
	whole = image.size;
	for (image.size = 0; image.size <= whole; image.size++)
		ck_assert_int_eq(image_kind(),
		    image.size < needed ? BINARY_UNKNOWN : BINARY_DYNAMIC);
}
END_TEST

START_TEST(what_is_no_elf_file_is_unknown)
{
	const uint8_t class = classes[_i];

	elf_make(class, &interpreted, 1);
	ck_assert_int_eq(image_kind(), BINARY_DYNAMIC);
	image.bytes[EI_MAG3] = 'G';
	ck_assert_int_eq(image_kind(), BINARY_UNKNOWN);
	image.bytes[EI_MAG3] = ELFMAG3;
	image.bytes[EI_CLASS] = ELFCLASSNONE;
	ck_assert_int_eq(image_kind(), BINARY_UNKNOWN);
	image.bytes[EI_CLASS] = 3;
	ck_assert_int_eq(image_kind(), BINARY_UNKNOWN);
	image.bytes[EI_CLASS] = class;
	ck_assert_int_eq(image_kind(), BINARY_DYNAMIC);
}
END_TEST

START_TEST(bounds_the_program_headers)
{
	struct part parts[PARTS_MAX];
	const uint8_t class = classes[_i];
	size_t i;

	for (i = 0; i < PARTS_MAX; i++)
		parts[i] = loaded;
	parts[63] = interpreted;
	elf_make(class, parts, 64);
	ck_assert_int_eq(image_kind(), BINARY_DYNAMIC);
	elf_make(class, parts, 65);
	ck_assert_int_eq(image_kind(), BINARY_UNKNOWN);
	elf_make(class, parts, 64);
	memset(HEAD(class, e_phnum), 0xff, 2);
	ck_assert_int_eq(image_kind(), BINARY_UNKNOWN);
}
END_TEST

START_TEST(program_headers_beyond_the_end)
{
	static const uint64_t offsets[] = {16383, 0x7fffffff, 0xffffffff,
	    INT64_MAX, UINT64_MAX};
	const struct part parts[] = {interpreted, loaded};
	const uint8_t class = classes[_i];
	size_t i;

	elf_make(class, parts, 2);
	ck_assert_int_eq(image_kind(), BINARY_DYNAMIC);
	for (i = 0; i < LENGTH(offsets); i++) {
		offset_set(class, HEAD(class, e_phoff), offsets[i]);
		ck_assert_int_eq(image_kind(), BINARY_UNKNOWN);
	}
	/* One of them: */
	elf_make(class, parts, 2);
	memset(HEAD(class, e_phentsize), 0xff, 2);
	ck_assert_int_eq(image_kind(), BINARY_UNKNOWN);
}
END_TEST

/* ---- Notes */

static struct {
	uint8_t bytes[2048];
	size_t size;
} notes;

static void
note_add_raw(uint32_t name_size, uint32_t size, const char *name, size_t bytes)
{
	const Elf64_Nhdr head = {name_size, size, 4};

	memcpy(notes.bytes + notes.size, &head, sizeof(head));
	memcpy(notes.bytes + notes.size + sizeof(head), name, strlen(name));
	notes.size += sizeof(head) + bytes;
}

/* Name and description, each padded. */
static void
note_add(const char *name, uint32_t name_size, uint32_t size)
{
	note_add_raw(name_size, size, name,
	    ((name_size + 3) & ~3u) + ((size + 3) & ~3u));
}

static void
notes_begin(void)
{
	memset(&notes, 0, sizeof(notes));
}

/* Of a file with a segment of these notes, behind another. */
static enum binary_kind
notes_kind(uint8_t class)
{
	const struct part parts[] = {loaded,
	    {PT_NOTE, notes.bytes, notes.size}};

	elf_make(class, parts, 2);
	return image_kind();
}

START_TEST(go_is_told_by_its_note)
{
	const uint8_t class = classes[_i];

	notes_begin();
	note_add("Go", 4, 83);
	ck_assert_int_eq(notes_kind(class), BINARY_GO);
	/* Behind others, whose sizes take padding. */
	notes_begin();
	note_add("GNU", 4, 20);
	note_add("Linux", 6, 3);
	note_add("", 0, 0);
	ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
	note_add("Go", 4, 4);
	ck_assert_int_eq(notes_kind(class), BINARY_GO);
	/* Without a description, at the very end. */
	notes_begin();
	note_add("Go", 4, 0);
	ck_assert_int_eq(notes_kind(class), BINARY_GO);
}
END_TEST

/* With cgo it has a loader, and makes its calls itself all the same. */
START_TEST(go_is_go_whatever_loads_it)
{
	struct part parts[3] = {interpreted, loaded};

	notes_begin();
	note_add("Go", 4, 4);
	parts[2] = (struct part){PT_NOTE, notes.bytes, notes.size};
	elf_make(classes[_i], parts, 3);
	ck_assert_int_eq(image_kind(), BINARY_GO);
	parts[2].type = PT_LOAD;
	elf_make(classes[_i], parts, 3);
	ck_assert_int_eq(image_kind(), BINARY_DYNAMIC);
	parts[0] = (struct part){PT_NOTE, notes.bytes, notes.size};
	elf_make(classes[_i], parts, 3);
	ck_assert_int_eq(image_kind(), BINARY_GO);
}
END_TEST

START_TEST(other_notes_are_not_go)
{
	static const struct {
		const char *name;
		uint32_t size;
	} names[] = {{"GNU", 4}, {"GO", 3}, {"go", 3}, {"Go", 3}, {"Go", 2},
	    {"Gox", 4}, {"Go", 5}, {"", 0}};
	const uint8_t class = classes[_i];
	size_t i;

	for (i = 0; i < LENGTH(names); i++) {
		notes_begin();
		note_add(names[i].name, names[i].size, 8);
		ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
	}
	/* The name as a description. */
	notes_begin();
	note_add("GNU", 4, 4);
	memcpy(notes.bytes + notes.size - 4, "Go", 3);
	ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
	/* Cut off in the middle of the name. */
	notes_begin();
	note_add("Go", 4, 0);
	notes.size -= 2;
	ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
	/* Of another segment. */
	notes_begin();
	ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
}
END_TEST

/* Where a size leads beyond what is read, or back, the notes end. */
START_TEST(absurd_sizes_end_the_notes)
{
	static const uint32_t sizes[] = {1025, 0x7fffffff, 0x80000000,
	    0xfffffff0, 0xfffffff4, 0xfffffff8, 0xfffffffc, 0xffffffff};
	const uint8_t class = classes[_i];
	size_t i;

	for (i = 0; i < LENGTH(sizes); i++) {
		notes_begin();
		note_add_raw(sizes[i], 0, "GNU", 4);
		note_add("Go", 4, 4);
		ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
		notes_begin();
		note_add_raw(4, sizes[i], "GNU", 4);
		note_add("Go", 4, 4);
		ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
		notes_begin();
		note_add_raw(sizes[i], sizes[i], "GNU", 4);
		note_add("Go", 4, 4);
		ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
	}
	notes_begin();
	note_add_raw(4, 0, "GNU", 4);
	note_add("Go", 4, 4);
	ck_assert_int_eq(notes_kind(class), BINARY_GO);
}
END_TEST

/* A megabyte of notes is not read for it. */
START_TEST(notes_are_bounded)
{
	const uint8_t class = classes[_i];

	notes_begin();
	note_add("GNU", 4, 1024 - 2 * 16);
	note_add("Go", 4, 0);
	ck_assert_int_eq(notes_kind(class), BINARY_GO);
	notes_begin();
	note_add("GNU", 4, 1024 - 2 * 16 + 4);
	note_add("Go", 4, 0);
	ck_assert_int_eq(notes_kind(class), BINARY_STATIC);
}
END_TEST

/* Says where the notes are, and how many bytes. */
static void
segment_set(uint8_t class, size_t i, uint64_t offset, uint64_t size)
{
	uint8_t *at = image.bytes + header_size(class) +
	    i * segment_size(class);

	if (class == ELFCLASS64) {
		offset_set(class, at + offsetof(Elf64_Phdr, p_offset), offset);
		offset_set(class, at + offsetof(Elf64_Phdr, p_filesz), size);
	} else {
		offset_set(class, at + offsetof(Elf32_Phdr, p_offset), offset);
		offset_set(class, at + offsetof(Elf32_Phdr, p_filesz), size);
	}
}

START_TEST(notes_beyond_the_end)
{
	static const uint64_t offsets[] = {16383, 0x7fffffff, 0xffffffff,
	    INT64_MAX, UINT64_MAX};
	const uint8_t class = classes[_i];
	const size_t at = header_size(class) + 2 * segment_size(class);
	size_t i;

	notes_begin();
	note_add("Go", 4, 4);
	ck_assert_int_eq(notes_kind(class), BINARY_GO);
	/* More than there is: what there is counts. */
	segment_set(class, 1, at, UINT64_MAX);
	ck_assert_int_eq(image_kind(), BINARY_GO);
	segment_set(class, 1, at, 0);
	ck_assert_int_eq(image_kind(), BINARY_STATIC);
	for (i = 0; i < LENGTH(offsets); i++) {
		segment_set(class, 1, offsets[i], notes.size);
		ck_assert_int_eq(image_kind(), BINARY_STATIC);
	}
}
END_TEST

/* ---- Scripts */

static void
programs_make(void)
{
	char text[64];

	directory_enter();
	ck_assert_int_eq(mkdir("one", 0755), 0);
	ck_assert_int_eq(mkdir("two", 0755), 0);
	elf_write("one/static", false);
	elf_write("one/dynamic", true);
	elf_write("one/env", false);
	elf_write("one/environ", false);
	elf_write("two/static", true);
	elf_write("data", false);
	ck_assert_int_eq(chmod("data", 0644), 0);
	ck_assert_int_eq(mkfifo("pipe", 0755), 0);
	script_write("loop", "#!loop\n");
	snprintf(text, sizeof(text), "#!%s/one/static\n", directory);
	script_write("absolute", text);
}

static const struct {
	const char *text;
	enum binary_kind kind; /* with PATH=one:two */
} scripts[] = {
    {"#!one/static\n", BINARY_STATIC},
    {"#!one/dynamic\n", BINARY_DYNAMIC},
    {"#!one/static\n#!one/dynamic\n", BINARY_STATIC},
    {"#! \t one/static\n", BINARY_STATIC},
    {"#!one/static \t \n", BINARY_STATIC},
    {"#!one/static one/dynamic\n", BINARY_STATIC},
    {"#!one/static", BINARY_STATIC},
    {"#!one/dynamic -x", BINARY_DYNAMIC},
    {"#!./absolute\n", BINARY_STATIC},
    /* Behind env it is looked up. */
    {"#!one/env dynamic\n", BINARY_DYNAMIC},
    {"#!one/env\tdynamic -x\n", BINARY_DYNAMIC},
    {"#! one/env  dynamic", BINARY_DYNAMIC},
    {"#!one/env static\n", BINARY_STATIC},
    {"#!one/env two/static\n", BINARY_DYNAMIC},
    {"#!one/env nonesuch\n", BINARY_UNKNOWN},
    {"#!one/environ dynamic\n", BINARY_STATIC},
    /* What has options or variables is not followed. */
    {"#!one/env\n", BINARY_STATIC},
    {"#!one/env -S dynamic -x\n", BINARY_STATIC},
    {"#!one/env -i dynamic\n", BINARY_STATIC},
    {"#!one/env A=dynamic dynamic\n", BINARY_STATIC},
    /* Nothing to follow. */
    {"", BINARY_UNKNOWN},
    {"#", BINARY_UNKNOWN},
    {"#!", BINARY_UNKNOWN},
    {"#!\n", BINARY_UNKNOWN},
    {"#! \t\n", BINARY_UNKNOWN},
    {"#!\none/static\n", BINARY_UNKNOWN},
    {"# !one/static\n", BINARY_UNKNOWN},
    {" #!one/static\n", BINARY_UNKNOWN},
    {"echo\n", BINARY_UNKNOWN},
    {"#!one/nonesuch\n", BINARY_UNKNOWN},
    {"#!./one\n", BINARY_UNKNOWN},
    {"#!./data\n", BINARY_UNKNOWN},
    {"#!./pipe\n", BINARY_UNKNOWN},
    {"#!./loop\n", BINARY_UNKNOWN},
};

START_TEST(follows_scripts)
{
	char *environment[] = {(char[]){"PATH=one:two"}, NULL};
	int before = unit_descriptors();

	script_write("script", scripts[_i].text);
	ck_assert_int_eq(program_binary("script", environment).kind,
	    scripts[_i].kind);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

START_TEST(path_is_the_servers)
{
	char *first[] = {(char[]){"PATH=one:two"}, NULL};
	char *second[] = {(char[]){"PATH=two:one"}, NULL};

	script_write("script", "#!one/env static\n");
	ck_assert_int_eq(program_binary("script", first).kind, BINARY_STATIC);
	ck_assert_int_eq(program_binary("script", second).kind, BINARY_DYNAMIC);
}
END_TEST

/* The kernel reads so much, and no more, of the first line. */
/* A path up to the last byte that the kernel reads might go on: a shell gets the
 * script.  In a line, what comes behind may be cut. */
START_TEST(a_path_that_is_cut_is_no_interpreter)
{
	char text[512];

	snprintf(text, sizeof(text), "#!/%0252d\n", 0);
	script_write("script", text);
	ck_assert_int_eq(strlen(binary_read("script").runner), 253);
	snprintf(text, sizeof(text), "#!/%0253d\n", 0);
	script_write("script", text);
	ck_assert_str_eq(binary_read("script").runner, "");
	snprintf(text, sizeof(text), "#!/%0252d %0100d\n", 0, 0);
	script_write("script", text);
	ck_assert_int_eq(strlen(binary_read("script").runner), 253);
}
END_TEST

START_TEST(long_lines_are_cut)
{
	char text[600];

	snprintf(text, sizeof(text), "#!%*s\n", 240, "one/static");
	script_write("script", text);
	ck_assert_int_eq(program_binary("script", no_variables).kind,
	    BINARY_STATIC);
	snprintf(text, sizeof(text), "#!one/static %*s\n", 500, "x");
	script_write("script", text);
	ck_assert_int_eq(program_binary("script", no_variables).kind,
	    BINARY_STATIC);
	snprintf(text, sizeof(text), "#!%*s\n", 500, "one/static");
	script_write("script", text);
	ck_assert_int_eq(program_binary("script", no_variables).kind,
	    BINARY_UNKNOWN);
}
END_TEST

/* script1 to scriptN, each by the one before. */
static void
scripts_chain(const char *program, int count)
{
	char name[32], text[64];
	int i;

	for (i = 1; i <= count; i++) {
		if (i == 1)
			snprintf(text, sizeof(text), "#!%s\n", program);
		else
			snprintf(text, sizeof(text), "#!./script%d\n", i - 1);
		snprintf(name, sizeof(name), "script%d", i);
		script_write(name, text);
	}
}

static int
execution_status(const char *path)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		execl(path, path, (char *)NULL);
		_exit(errno);
	}
	return WEXITSTATUS(unit_wait(child));
}

START_TEST(follows_as_many_scripts_as_the_kernel)
{
	char name[32];
	int i;

	scripts_chain("/bin/true", SCRIPTS_MAX + 1);
	ck_assert_int_eq(execution_status("./script5"), 0);
	ck_assert_int_eq(execution_status("./script6"), ELOOP);
	scripts_chain("one/static", SCRIPTS_MAX + 1);
	for (i = 1; i <= SCRIPTS_MAX + 1; i++) {
		snprintf(name, sizeof(name), "script%d", i);
		ck_assert_int_eq(program_binary(name, no_variables).kind,
		    i <= SCRIPTS_MAX ? BINARY_STATIC : BINARY_UNKNOWN);
	}
}
END_TEST

/* ---- Modes, and what is no program */

START_TEST(what_cannot_be_read_is_unknown)
{
	int before = unit_descriptors();

	elf_write("program", false);
	ck_assert_int_eq(program_binary("program", no_variables).kind,
	    BINARY_STATIC);
	ck_assert_int_eq(chmod("program", 0111), 0);
	ck_assert_int_eq(program_binary("program", no_variables).kind,
	    BINARY_UNKNOWN);
	ck_assert_int_eq(program_binary("nonesuch", no_variables).kind,
	    BINARY_UNKNOWN);
	ck_assert_int_eq(program_binary("one", no_variables).kind,
	    BINARY_UNKNOWN);
	ck_assert_int_eq(program_binary("/dev/null", no_variables).kind,
	    BINARY_UNKNOWN);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* Nobody writes to it: opening it waits for nobody. */
START_TEST(pipes_are_not_waited_for)
{
	ck_assert_int_eq(program_binary("pipe", no_variables).kind,
	    BINARY_UNKNOWN);
}
END_TEST

static bool
gains_with(const char *name, mode_t mode)
{
	ck_assert_int_eq(chmod(name, mode), 0);
	return program_binary(name, no_variables).gains;
}

START_TEST(set_id_programs_gain)
{
	elf_write("program", _i != 0);
	ck_assert(!gains_with("program", 0755));
	ck_assert(gains_with("program", 04755));
	ck_assert(gains_with("program", 02755));
	ck_assert(gains_with("program", 06755));
	ck_assert(!gains_with("program", 01755));
	/* Some distributions install sudo so. */
	ck_assert(gains_with("program", 04111));
	ck_assert(!gains_with("program", 0111));
}
END_TEST

/* The kernel ignores these bits of a script, not those of its interpreter. */
START_TEST(set_id_scripts_do_not_gain)
{
	script_write("script", "#!one/static\n");
	ck_assert(!gains_with("script", 0755));
	ck_assert(!gains_with("script", 06755));
	ck_assert(gains_with("one/static", 04755));
	ck_assert(program_binary("script", no_variables).gains);
	script_write("script", "echo\n");
	ck_assert(!gains_with("script", 06755));
}
END_TEST

/* ---- Real ones */

START_TEST(real_programs)
{
	struct binary own = program_binary("/proc/self/exe", no_variables);
	struct binary sh = program_binary("/bin/sh", no_variables);
	struct binary lowport;

	ck_assert_int_eq(own.kind, BINARY_DYNAMIC);
	ck_assert_int_eq(sh.kind, BINARY_DYNAMIC);
	ck_assert_uint_eq(sh.class, own.class);
	ck_assert_uint_eq(sh.machine, own.machine);
	lowport = program_binary("build/lowport", no_variables);
#ifdef SANITIZED
	ck_assert_int_eq(lowport.kind, BINARY_DYNAMIC);
#else
	ck_assert_int_eq(lowport.kind, BINARY_STATIC);
#endif
	ck_assert_uint_eq(lowport.machine, own.machine);
	ck_assert(!lowport.gains);
}
END_TEST

START_TEST(file_capabilities_gain)
{
	const char *plain = getenv("PLAIN"), *capable = getenv("LOWPORT");

	UNIT_NEEDS(plain != NULL && capable != NULL,
	    "no program with a file capability: run it in the sandbox");
	ck_assert(!program_binary(plain, no_variables).gains);
	ck_assert(program_binary(capable, no_variables).gains);
}
END_TEST

static void
add_elf(Suite *s)
{
	TCase *t = tcase_create("elf");

	tcase_add_checked_fixture(t, directory_enter, NULL);
	tcase_add_loop_test(t, interpreter_means_a_loader, 0, LENGTH(classes));
	tcase_add_loop_test(t, truncated_file_is_unknown, 0, LENGTH(classes));
	tcase_add_loop_test(t, what_is_no_elf_file_is_unknown, 0,
	    LENGTH(classes));
	tcase_add_loop_test(t, bounds_the_program_headers, 0, LENGTH(classes));
	tcase_add_loop_test(t, program_headers_beyond_the_end, 0,
	    LENGTH(classes));
	tcase_add_loop_test(t, go_is_told_by_its_note, 0, LENGTH(classes));
	tcase_add_loop_test(t, go_is_go_whatever_loads_it, 0, LENGTH(classes));
	tcase_add_loop_test(t, other_notes_are_not_go, 0, LENGTH(classes));
	tcase_add_loop_test(t, absurd_sizes_end_the_notes, 0, LENGTH(classes));
	tcase_add_loop_test(t, notes_are_bounded, 0, LENGTH(classes));
	tcase_add_loop_test(t, notes_beyond_the_end, 0, LENGTH(classes));
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("binary");
	TCase *t = tcase_create("files");

	add_elf(s);
	tcase_add_checked_fixture(t, programs_make, NULL);
	tcase_add_loop_test(t, follows_scripts, 0, LENGTH(scripts));
	tcase_add_test(t, path_is_the_servers);
	tcase_add_test(t, a_path_that_is_cut_is_no_interpreter);
	tcase_add_test(t, long_lines_are_cut);
	tcase_add_test(t, follows_as_many_scripts_as_the_kernel);
	tcase_add_test(t, what_cannot_be_read_is_unknown);
	tcase_add_test(t, pipes_are_not_waited_for);
	tcase_add_loop_test(t, set_id_programs_gain, 0, 2);
	tcase_add_test(t, set_id_scripts_do_not_gain);
	suite_add_tcase(s, t);
	t = tcase_create("real");
	tcase_add_test(t, real_programs);
	tcase_add_test(t, file_capabilities_gain);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
