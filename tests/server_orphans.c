/* SPDX-License-Identifier: ISC */
/*
 * usage: server_orphans COUNT
 *
 * Prints "ready", leaves so many processes without a parent, which end at once,
 * and prints "adopted by PID", who the last one's parent was then, and "reaped"
 * when there is no zombie; or after some seconds how many there are.  SIGUSR1 is
 * ignored.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 60 /* seconds */

/* In the one that is left: until its parent is another. */
static void
await_adoption(pid_t parent)
{
	while (getppid() == parent)
		usleep(1000);
	printf("adopted by %d\n", getppid());
	fflush(stdout);
}

static void
leave_orphan(bool last)
{
	pid_t child = fork(), parent;

	if (child == 0) {
		parent = getpid();
		if (fork() != 0)
			_exit(EXIT_SUCCESS);
		if (last)
			await_adoption(parent);
		_exit(EXIT_SUCCESS);
	}
	waitpid(child, NULL, 0);
}

/* For the last one: a pipe of which only it has the one end. */
static void
await_last(void)
{
	char byte;
	int ends[2];

	if (pipe(ends) != 0)
		exit(EXIT_FAILURE);
	leave_orphan(true);
	close(ends[1]);
	while (read(ends[0], &byte, 1) > 0)
		continue;
	close(ends[0]);
}

static bool
is_zombie(const char *name)
{
	char path[300], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/stat", name);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state == 'Z';
}

static int
count_zombies(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	if (proc == NULL)
		exit(EXIT_FAILURE);
	while ((entry = readdir(proc)) != NULL)
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			count += is_zombie(entry->d_name);
	closedir(proc);
	return count;
}

int
main(int argc, char **argv)
{
	const time_t end = time(NULL) + PATIENCE;
	int left = argc > 1 ? atoi(argv[1]) : 1, zombies;

	signal(SIGUSR1, SIG_IGN);
	printf("ready\n");
	fflush(stdout);
	for (; left > 1; left--)
		leave_orphan(false);
	await_last();
	while ((zombies = count_zombies()) > 0 && time(NULL) < end)
		usleep(1000);
	if (zombies > 0)
		printf("%d zombies\n", zombies);
	else
		printf("reaped\n");
	return EXIT_SUCCESS;
}
