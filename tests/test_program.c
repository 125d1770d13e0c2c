/* SPDX-License-Identifier: ISC */
/*
 * Programs: whether execvp(3) would find one, and what a tool prints.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "program.h"
#include "status.h"
#include "unit.h"

static char directory[] = "/tmp/lowport-test.XXXXXX";

static void
make_file(const char *name, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
make_script(const char *path, const char *text)
{
	ck_assert(unit_write(path, text));
	ck_assert_int_eq(chmod(path, 0755), 0);
}

/* A program with its loader, and once more with another's name in its place. */
static void
copy_program(void)
{
	static char bytes[1 << 20];
	int from = open("/usr/bin/env", O_RDONLY), to;
	ssize_t length = read(from, bytes, sizeof(bytes));
	char *loader;

	ck_assert_int_gt(length, 0);
	close(from);
	loader = memmem(bytes, (size_t)length, "/ld-linux", 9);
	ck_assert_ptr_nonnull(loader);
	to = open("loaded", O_WRONLY | O_CREAT, 0755);
	ck_assert_int_eq(write(to, bytes, (size_t)length), length);
	close(to);
	loader[1] = 'x';
	to = open("unloaded", O_WRONLY | O_CREAT, 0755);
	ck_assert_int_eq(write(to, bytes, (size_t)length), length);
	close(to);
}

/* Not root, who may execute whatever anybody may. */
static void
directories_make(void)
{
	unit_become_ordinary();
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	ck_assert_int_eq(mkdir("one", 0755), 0);
	ck_assert_int_eq(mkdir("two", 0755), 0);
	ck_assert_int_eq(mkdir("one/place", 0755), 0);
	ck_assert_int_eq(mkdir("closed", 0), 0);
	make_file("one/text", 0644);
	make_file("two/text", 0755);
	make_file("two/program", 0755);
	make_file("here", 0755);
	make_script("script", "#! /bin/sh -e\n");
	make_script("orphan", "#!/nonesuch/sh\n");
	make_script("barred", "#!/etc/passwd");
	copy_program();
}

static void
directories_remove(void)
{
	char command[64];

	snprintf(command, sizeof(command), "exec rm -r %s", directory);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system(command), 0);
}

static const struct {
	const char *command, *path;
	int error; /* 0: it is there */
} searches[] = {
    {"program", "PATH=one:two", 0},
    {"program", "PATH=two", 0},
    {"program", "PATH=one", ENOENT},
    {"program", "PATH=", ENOENT},
    {"program", "PATH=nonesuch:two", 0},
    {"program", "PATH=closed:two", 0},
    {"program", "PATH=closed", EACCES},
    /* What may not be executed is passed by. */
    {"text", "PATH=one:two", 0},
    {"text", "PATH=one", EACCES},
    {"place", "PATH=one", EACCES},
    /* An empty element is the working directory. */
    {"here", "PATH=:one", 0},
    {"here", "PATH=one:", 0},
    {"here", "PATH=one::two", 0},
    {"here", "PATH=one:two", ENOENT},
    {"two/program", "PATH=", 0},
    {"./here", "PATH=one", 0},
    {"one/text", "PATH=two", EACCES},
    {"one", "PATH=one", ENOENT},
    {"./one", "PATH=one", EACCES},
    {"./nonesuch", "PATH=one", ENOENT},
    {"here/nonesuch", "PATH=one", ENOTDIR},
    {"nonesuch", "PATH=here:one", ENOENT},
    {"", "PATH=one", ENOENT},
    /* A script, and a program, of which what runs them is missing. */
    {"./script", "PATH=one", 0},
    {"./orphan", "PATH=one", ENOENT},
    {"orphan", "PATH=:one", ENOENT},
    {"./barred", "PATH=one", EACCES},
    {"./loaded", "PATH=one", 0},
    {"./unloaded", "PATH=one", ENOENT},
    {"sh", "HOME=/", 0},
};

/* What POSIX says execvp(3) does with PATH. */
START_TEST(finds_what_exec_finds)
{
	char *environment[] = {(char *)searches[_i].path, NULL};
	char path[PROGRAM_PATH];
	int error = program_find(searches[_i].command, environment, path);

	ck_assert_int_eq(error, searches[_i].error);
	if (error == 0)
		ck_assert_int_eq(access(path, X_OK), 0);
}
END_TEST

static void
collect(const char *line, void *argument)
{
	strcat(argument, line);
	strcat(argument, "|");
}

START_TEST(reads_lines)
{
	static char *const print[] = {"/usr/bin/printf", "a\n\nb c\nd", NULL};
	static char *const fail[] = {"/bin/sh", "-c", "echo x; exit 3", NULL};
	static char *const missing[] = {"/nonesuch", NULL};
	static char *const environment[] = {"/usr/bin/env", NULL};
	char text[64] = "";
	int before = unit_descriptors();

	ck_assert_int_eq(program_read(print, collect, text), PROGRAM_READ);
	ck_assert_str_eq(text, "a||b c|d|");
	*text = '\0';
	ck_assert_int_eq(program_read(fail, collect, text), PROGRAM_FAILED);
	ck_assert_str_eq(text, "x|");
	ck_assert_int_eq(program_read(missing, collect, text), PROGRAM_ABSENT);
	*text = '\0';
	ck_assert_int_eq(program_read(environment, collect, text),
	    PROGRAM_READ);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

START_TEST(knows_its_path)
{
	static const char end[] = "/test_program";
	const char *path = program_own_path();

	ck_assert_int_eq(path[0], '/');
	ck_assert_uint_gt(strlen(path), strlen(end));
	ck_assert_str_eq(path + strlen(path) - strlen(end), end);
	ck_assert_int_eq(access(path, X_OK), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("program");
	TCase *t = tcase_create("program");

	tcase_add_checked_fixture(t, directories_make, directories_remove);
	tcase_add_loop_test(t, finds_what_exec_finds, 0, LENGTH(searches));
	tcase_add_test(t, reads_lines);
	tcase_add_test(t, knows_its_path);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
