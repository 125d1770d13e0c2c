/* SPDX-License-Identifier: ISC */
/*
 * The preload library from outside: where it is found, which programs it gets
 * into, and with which variables.  This program stands beside it, as lowport
 * does.
 */
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "environment.h"
#include "ld_preload.h"
#include "program.h"
#include "request.h"
#include "unit.h"

#define FILE_NAME "liblowport.so"

/* What a copy of this program is told to do. */
#define FIND "find"

static char *no_variables[] = {NULL};
static char library[LD_PRELOAD_PATH], why[REASON_TEXT];

/* ---- Where it is */

static void
directory_enter(void)
{
	const char *above = getenv("TMPDIR");
	char directory[256];

	unit_become_ordinary();
	ck_assert(ld_preload_find(library, why));
	snprintf(directory, sizeof(directory), "%s/lowport-test.XXXXXX",
	    above == NULL ? "/tmp" : above);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void
file_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char bytes[65536];
	ssize_t length;

	while ((length = read(in, bytes, sizeof(bytes))) > 0)
		ck_assert_int_eq(write(out, bytes, (size_t)length), length);
	ck_assert_int_eq(length, 0);
	close(in);
	close(out);
}

/* A directory with this program in it, and the library perhaps. */
static void
place_make(const char *place, bool with_library)
{
	char to[64];

	ck_assert_int_eq(mkdir(place, 0755), 0);
	snprintf(to, sizeof(to), "%s/program", place);
	file_copy("/proc/self/exe", to);
	snprintf(to, sizeof(to), "%s/" FILE_NAME, place);
	if (with_library)
		file_copy(library, to);
}

static void
find_there(const void *place)
{
	char program[64];

	snprintf(program, sizeof(program), "%s/program", (const char *)place);
	execl(program, FIND, (char *)NULL);
	_exit(99);
}

/* What the copy runs: prints the path, or why there is none. */
static int
find(void)
{
	bool found = ld_preload_find(library, why);

	printf("%s", found ? library : why);
	return found ? EXIT_SUCCESS : EXIT_FAILURE;
}

START_TEST(stands_beside_the_program)
{
	char program[LD_PRELOAD_PATH];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program));

	ck_assert_int_gt(length, 0);
	program[length] = '\0';
	strcpy(strrchr(program, '/') + 1, FILE_NAME);
	ck_assert(ld_preload_find(library, why));
	ck_assert_str_eq(library, program);
}
END_TEST

START_TEST(goes_with_the_program)
{
	struct unit_output output;

	place_make("with", true);
	unit_capture(&output, find_there, "with");
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	ck_assert_ptr_nonnull(strstr(output.out, "/with/" FILE_NAME));
	place_make("without", false);
	unit_capture(&output, find_there, "without");
	if (access(LIBRARY_FILE, R_OK) == 0) {
		ck_assert_str_eq(output.out, LIBRARY_FILE);
		return;
	}
	ck_assert(unit_exited(output.status, EXIT_FAILURE));
	ck_assert_ptr_nonnull(strstr(output.out, "is neither beside "));
	ck_assert_ptr_nonnull(
	    strstr(output.out, "/without/program nor at " LIBRARY_FILE));
}
END_TEST

/* What is beside it, but not to be read, is of no use. */
START_TEST(unreadable_library_is_none)
{
	struct unit_output output;

	place_make("closed", true);
	unit_capture(&output, find_there, "closed");
	ck_assert_ptr_nonnull(strstr(output.out, "/closed/" FILE_NAME));
	ck_assert_int_eq(chmod("closed/" FILE_NAME, 0), 0);
	unit_capture(&output, find_there, "closed");
	if (access(LIBRARY_FILE, R_OK) == 0) {
		ck_assert_str_eq(output.out, LIBRARY_FILE);
		return;
	}
	ck_assert(unit_exited(output.status, EXIT_FAILURE));
	ck_assert_ptr_nonnull(strstr(output.out,
	    "/closed/" FILE_NAME
	    ": Permission denied; it holds no secret: chmod a+r /"));
}
END_TEST

/* LD_PRELOAD has a list, and no way to quote. */
START_TEST(paths_are_of_one_word)
{
	static const char *const places[] = {"a:b", "a b", "a\tb", "a\nb"};
	struct unit_output output;

	place_make("a-b", true);
	unit_capture(&output, find_there, "a-b");
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	place_make(places[_i], true);
	unit_capture(&output, find_there, places[_i]);
	ck_assert(unit_exited(output.status, EXIT_FAILURE));
	ck_assert_ptr_nonnull(strstr(output.out, "no path with a blank"));
}
END_TEST

static bool
mount_noexec(const char *path)
{
	struct statvfs status;

	return unit_become_root(CLONE_NEWNS) && statvfs(path, &status) == 0 &&
	    mount(path, path, NULL, MS_BIND, NULL) == 0 &&
	    mount(NULL, path, NULL,
		MS_BIND | MS_REMOUNT | MS_NOEXEC |
		    (status.f_flag & (ST_NOSUID | ST_NODEV)),
		NULL) == 0;
}

START_TEST(noexec_is_told)
{
	struct unit_output output;

	place_make("mounted", true);
	unit_capture(&output, find_there, "mounted");
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	UNIT_NEEDS(mount_noexec("mounted/" FILE_NAME),
	    "no user namespace can be had");
	unit_capture(&output, find_there, "mounted");
	ck_assert(unit_exited(output.status, EXIT_FAILURE));
	ck_assert_ptr_nonnull(strstr(output.out, "mounted noexec"));
}
END_TEST

/* ---- Which programs it gets into */

/* A program of a header, a program header, and a note. */
struct program {
	ElfW(Ehdr) head;
	ElfW(Phdr) segment;
	Elf32_Nhdr note;
	char name[4];
};

static void
program_write(const char *name, uint32_t type, uint16_t machine)
{
	const struct program program =
	    {.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
			  sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32},
		 .e_machine = machine,
		 .e_phoff = offsetof(struct program, segment),
		 .e_phentsize = sizeof(ElfW(Phdr)),
		 .e_phnum = 1},
		.segment = {.p_type = type,
		    .p_offset = offsetof(struct program, note),
		    .p_filesz = sizeof(program) -
			offsetof(struct program, note)},
		.note = {4, 0, 4},
		.name = "Go"};
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	ck_assert_int_eq(write(fd, &program, sizeof(program)),
	    (ssize_t)sizeof(program));
	close(fd);
}

/* True where it is said, with these words, of the file it is about. */
static bool
is_refused_for(const char *command, const char *file, bool gains,
    const char *words)
{
	*why = '\0';
	if (ld_preload_can_load(library, command, no_variables, gains, why))
		return false;
	ck_assert_msg(strstr(why, words) != NULL, "no '%s' in '%s'", words,
	    why);
	ck_assert_ptr_nonnull(strstr(why, file));
	return true;
}

static bool
is_refused(const char *command, bool gains, const char *words)
{
	return is_refused_for(command, command, gains, words);
}

static bool
is_reached(const char *command, bool gains)
{
	return ld_preload_can_load(library, command, no_variables, gains, why);
}

START_TEST(reaches_what_a_loader_loads)
{
	const uint16_t own = program_binary(library, no_variables).machine;

	ck_assert(is_reached("sh", false));
	ck_assert(is_reached("/bin/sh", true));
	program_write("dynamic", PT_INTERP, own);
	ck_assert(is_reached("./dynamic", false));
	ck_assert(is_reached("./dynamic", true));
	program_write("foreign", PT_INTERP, own + 1);
	ck_assert(is_refused("./foreign", false, "another architecture"));
	program_write("static", PT_LOAD, own);
	ck_assert(is_refused("./static", false, "statically linked"));
	program_write("static", PT_LOAD, own + 1);
	ck_assert(is_refused("./static", true, "statically linked"));
	program_write("go", PT_NOTE, own);
	ck_assert(is_refused("./go", false, "a Go program"));
}
END_TEST

START_TEST(reaches_what_a_script_is_run_by)
{
	const uint16_t own = program_binary(library, no_variables).machine;

	program_write("dynamic", PT_INTERP, own);
	program_write("static", PT_LOAD, own);
	ck_assert(unit_write("script", "#!./dynamic\n"));
	ck_assert_int_eq(chmod("script", 0755), 0);
	ck_assert(is_reached("./script", false));
	ck_assert(unit_write("script", "#!./static\n"));
	ck_assert(is_refused_for("./script", "'./static'", false,
	    "statically linked"));
}
END_TEST

/* The kernel will say what is wrong, and the server's start what is missing. */
START_TEST(says_nothing_of_what_is_unknown)
{
	ck_assert(is_reached("nonesuch", false));
	ck_assert(is_reached("./nonesuch", false));
	ck_assert(is_reached("/", false));
	ck_assert(is_reached("", false));
	ck_assert(unit_write("text", "echo\n"));
	ck_assert(is_reached("./text", false));
	ck_assert_int_eq(chmod("text", 0755), 0);
	ck_assert(is_reached("./text", true));
}
END_TEST

/* Under no_new_privs it gains nothing, and the loader obeys. */
START_TEST(set_id_programs_are_refused_where_they_gain)
{
	const uint16_t own = program_binary(library, no_variables).machine;

	program_write("program", PT_INTERP, own);
	ck_assert(is_reached("./program", true));
	ck_assert_int_eq(chmod("program", 04755), 0);
	ck_assert(is_reached("./program", false));
	ck_assert(is_refused("./program", true, "ignores LD_PRELOAD"));
	ck_assert_int_eq(chmod("program", 04111), 0);
	ck_assert(is_refused("./program", true, "ignores LD_PRELOAD"));
}
END_TEST

START_TEST(the_command_is_looked_up)
{
	char *environment[] = {(char[]){"PATH=nonesuch:one"}, NULL};
	const uint16_t own = program_binary(library, no_variables).machine;

	ck_assert_int_eq(mkdir("one", 0755), 0);
	program_write("one/server", PT_LOAD, own);
	ck_assert(is_reached("server", false));
	ck_assert(
	    !ld_preload_can_load(library, "server", environment, false, why));
	ck_assert_ptr_nonnull(strstr(why, "'one/server'"));
}
END_TEST

/* ---- Its variables */

#define PATH_  "/l/" FILE_NAME
#define NAME   "0123456789abcdef0123456789abcdef"
#define WORDS  NAME NAME NAME NAME /* of a struct rendezvous */
#define PORTS  "@8443,9990-9992"
#define OUTER  "fedcba9876543210fedcba9876543210"
#define OTHER  "00000000000000000000000000000000"
#define LOADED "LD_PRELOAD="
#define ASKED  REQUEST_VARIABLE "="

static const struct {
	const char *before[4];
	bool table;
	const char *preload, *names;
} variables[] = {
    {{NULL}, false, PATH_, WORDS PORTS},
    {{NULL}, true, PATH_, WORDS "+" PORTS},
    {{LOADED, ASKED}, false, PATH_, WORDS PORTS},
    {{LOADED "/x.so"}, false, "/x.so:" PATH_, WORDS PORTS},
    {{LOADED "/x.so /y.so"}, false, "/x.so /y.so:" PATH_, WORDS PORTS},
    {{"A=1", LOADED "/x.so", "B=2"}, false, "/x.so:" PATH_, WORDS PORTS},
    /* That of a lowport around this one. */
    {{LOADED PATH_, ASKED OUTER}, false, PATH_, WORDS PORTS ":" OUTER},
    {{LOADED PATH_, ASKED OUTER "+"}, false, PATH_, WORDS PORTS ":" OUTER "+"},
    {{LOADED PATH_, ASKED OUTER}, true, PATH_, WORDS "+" PORTS ":" OUTER},
    {{LOADED PATH_, ASKED OUTER "+:" OTHER}, true, PATH_,
	WORDS "+" PORTS ":" OUTER "+:" OTHER},
    {{LOADED "/x.so:" PATH_}, false, "/x.so:" PATH_, WORDS PORTS},
    {{LOADED "/x.so " PATH_}, false, "/x.so " PATH_, WORDS PORTS},
    /* Another one, whose path ends alike. */
    {{LOADED "/opt" PATH_}, false, "/opt" PATH_ ":" PATH_, WORDS PORTS},
    {{LOADED "/x.so:/opt" PATH_}, false, "/x.so:/opt" PATH_ ":" PATH_,
	WORDS PORTS},
    {{LOADED PATH_ ".1"}, false, PATH_ ".1:" PATH_, WORDS PORTS},
    {{LOADED FILE_NAME}, false, FILE_NAME ":" PATH_, WORDS PORTS},
};

START_TEST(preloads)
{
	char **before = (char **)variables[_i].before;
	struct plan plan = {.mapping_count = 3,
	    .show_expected = variables[_i].table,
	    .mappings = {{.ports = 1, .server_port = 8443},
		{.ports = 2, .server_port = 0},
		{.ports = 3, .server_port = 9990}}};
	struct rendezvous place;
	char **after;
	size_t i;

	memcpy(&place, WORDS, sizeof(place));
	after = ld_preload_set(before, PATH_, &place, &plan);

	ck_assert_str_eq(environment_get(after, "LD_PRELOAD"),
	    variables[_i].preload);
	ck_assert_str_eq(environment_get(after, REQUEST_VARIABLE),
	    variables[_i].names);
	for (i = 0; before[i] != NULL; i++)
		if (before[i][1] == '=')
			ck_assert_str_eq(environment_get(after,
					     (char[]){*before[i], 0}),
			    before[i] + 2);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ld_preload");
	TCase *t = tcase_create("ld_preload");

	tcase_add_checked_fixture(t, directory_enter, NULL);
	tcase_add_test(t, stands_beside_the_program);
	tcase_add_test(t, goes_with_the_program);
	tcase_add_test(t, unreadable_library_is_none);
	tcase_add_loop_test(t, paths_are_of_one_word, 0, 4);
	tcase_add_test(t, noexec_is_told);
	tcase_add_test(t, reaches_what_a_loader_loads);
	tcase_add_test(t, reaches_what_a_script_is_run_by);
	tcase_add_test(t, says_nothing_of_what_is_unknown);
	tcase_add_test(t, set_id_programs_are_refused_where_they_gain);
	tcase_add_test(t, the_command_is_looked_up);
	tcase_add_loop_test(t, preloads, 0, LENGTH(variables));
	suite_add_tcase(s, t);
	return s;
}

int
main(int argc, char **argv)
{
	(void)argc;
	return strcmp(argv[0], FIND) == 0 ? find() : unit_run(suite());
}
