/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child of --attach, as root; the helper, before the drop.
 * Reads: what the kernel says of the programs of a group.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "bpf.h"

/* The kernel checks the licence of programs that call helpers: these do not. */
#define LICENCE "ISC"

/* More than a group has of one kind (BPF_CGROUP_MAX_PROGS). */
#define PROGRAMS_MAX 64

/* Maps of a program: the note and the counts. */
#define MAPS_MAX 2

/* Room for the note of another version. */
#define VALUE_MAX 16384

static const struct {
	enum bpf_attach_type type;
	const char *name; /* BPF_OBJ_NAME_LEN bytes with its NUL at the most */
} hooks[BIND_HOOKS] = {
    [BIND_HOOK_BIND4] = {BPF_CGROUP_INET4_BIND, "lowport_bind4"},
    [BIND_HOOK_BIND6] = {BPF_CGROUP_INET6_BIND, "lowport_bind6"},
    [BIND_HOOK_NAME4] = {BPF_CGROUP_INET4_GETSOCKNAME, "lowport_name4"},
    [BIND_HOOK_NAME6] = {BPF_CGROUP_INET6_GETSOCKNAME, "lowport_name6"},
};

static int
try_call(void *unused)
{
	(void)unused;
	return (int)syscall(SYS_bpf, -1, NULL, 0);
}

/* A filter that ends the process is one that refuses the call. */
static bool
is_deadly(void)
{
	static enum { NOT_KNOWN, NO, YES } deadly;

	if (deadly == NOT_KNOWN)
		deadly = apart_is_deadly(try_call) ? YES : NO;
	return deadly == YES;
}

static int
call(enum bpf_cmd command, union bpf_attr *attributes)
{
	if (is_deadly()) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static uint64_t
pointer(const void *to)
{
	return (uintptr_t)to;
}

/* Keeps errno.  Returns -1, which is no descriptor. */
static int
close_quietly(int fd)
{
	const int error = errno;

	close(fd);
	errno = error;
	return -1;
}

/* A map that holds the note, and that nothing changes any more (BPF_MAP_FREEZE,
 * Linux 5.2). */
static int
make_note(const struct bind_note *note)
{
	union bpf_attr create = {.map_type = BPF_MAP_TYPE_ARRAY,
	    .key_size = sizeof(uint32_t),
	    .value_size = sizeof(*note),
	    .max_entries = 1,
	    .map_flags = BPF_F_RDONLY_PROG,
	    .map_name = "lowport_note"};
	union bpf_attr update = {0}, freeze = {0};
	const uint32_t first = 0;
	int map = call(BPF_MAP_CREATE, &create);

	if (map < 0)
		return -1;
	update.map_fd = freeze.map_fd = (uint32_t)map;
	update.key = pointer(&first);
	update.value = pointer(note);
	if (call(BPF_MAP_UPDATE_ELEM, &update) != 0 ||
	    call(BPF_MAP_FREEZE, &freeze) != 0)
		return close_quietly(map);
	return map;
}

int
bpf_make_counts(const struct bind_counts **counts)
{
	union bpf_attr create = {.map_type = BPF_MAP_TYPE_ARRAY,
	    .key_size = sizeof(uint32_t),
	    .value_size = sizeof(**counts),
	    .max_entries = 1,
	    .map_flags = BPF_F_MMAPABLE,
	    .map_name = "lowport_counts"};
	int map = call(BPF_MAP_CREATE, &create);
	void *memory;

	if (map < 0)
		return -1;
	memory = mmap(NULL, sizeof(**counts), PROT_READ, MAP_SHARED, map, 0);
	if (memory == MAP_FAILED)
		return close_quietly(map);
	*counts = memory;
	return map;
}

static int
load_one(const struct bind_program *program, enum bind_hook hook)
{
	union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	    .expected_attach_type = hooks[hook].type,
	    .insns = pointer(program->instructions),
	    .insn_cnt = (uint32_t)program->count,
	    .license = pointer(LICENCE)};

	snprintf(load.prog_name, sizeof(load.prog_name), "%s",
	    hooks[hook].name);
	return call(BPF_PROG_LOAD, &load);
}

static bool
is_wanted(const struct bind_note *note, enum bind_hook hook)
{
	return note->names || hook == BIND_HOOK_BIND4 ||
	    hook == BIND_HOOK_BIND6;
}

bool
bpf_load(int programs[BIND_HOOKS], const struct bind_note *note, int counts)
{
	static struct bind_program program;
	const struct bind_maps maps = {make_note(note), counts};
	unsigned int hook;

	for (hook = 0; hook < BIND_HOOKS && maps.note >= 0; hook++) {
		programs[hook] = -1;
		if (!is_wanted(note, hook))
			continue;
		bind_program_write(&program, hook, note->mappings,
		    note->mapping_count, &maps);
		programs[hook] = load_one(&program, hook);
		if (programs[hook] < 0)
			break;
	}
	close_quietly(maps.note);
	return maps.note >= 0 && hook == BIND_HOOKS;
}

bool
bpf_is_permitted(void)
{
	static const struct bind_program program = {2,
	    {{.code = BPF_ALU | BPF_MOV | BPF_K, .imm = BIND_PROGRAM_PERMITS},
		{.code = BPF_JMP | BPF_EXIT}}};
	int fd = load_one(&program, BIND_HOOK_BIND4);

	close(fd);
	return fd >= 0;
}

/* BPF_F_ALLOW_MULTI: where one program alone may be, anybody who can open the group
 * may detach it, since Linux 5.8 (tests/root/attack_group.bats). */
int
bpf_attach(int group, enum bind_hook hook, int program, int old)
{
	union bpf_attr attach = {.target_fd = (uint32_t)group,
	    .attach_bpf_fd = (uint32_t)program,
	    .attach_type = hooks[hook].type,
	    .attach_flags = BPF_F_ALLOW_MULTI};

	if (old >= 0) {
		attach.attach_flags |= BPF_F_REPLACE;
		attach.replace_bpf_fd = (uint32_t)old;
	}
	return call(BPF_PROG_ATTACH, &attach);
}

int
bpf_detach(int group, enum bind_hook hook, int program)
{
	union bpf_attr detach = {.target_fd = (uint32_t)group,
	    .attach_bpf_fd = (uint32_t)program,
	    .attach_type = hooks[hook].type};

	return call(BPF_PROG_DETACH, &detach);
}

/* Copies the only value of a map.  Returns its size, 0 if the map is of another
 * shape, or -1 with errno. */
static ssize_t
read_value(uint32_t id, uint8_t value[VALUE_MAX])
{
	union bpf_attr open = {.map_id = id}, ask = {0}, look = {0};
	struct bpf_map_info info = {0};
	const uint32_t first = 0;
	int map = call(BPF_MAP_GET_FD_BY_ID, &open);
	ssize_t size = -1;

	if (map < 0)
		return -1;
	ask.info.bpf_fd = look.map_fd = (uint32_t)map;
	ask.info.info = pointer(&info);
	ask.info.info_len = sizeof(info);
	look.key = pointer(&first);
	look.value = pointer(value);
	if (call(BPF_OBJ_GET_INFO_BY_FD, &ask) == 0) {
		if (info.type != BPF_MAP_TYPE_ARRAY || info.max_entries != 1 ||
		    info.value_size > VALUE_MAX)
			size = 0;
		else if (call(BPF_MAP_LOOKUP_ELEM, &look) == 0)
			size = info.value_size;
	}
	close_quietly(map);
	return size;
}

/* Returns 1 if the map holds a note, 0 if not, or -1 with errno.  A note this
 * version cannot read still says whose the program is. */
static int
read_note(uint32_t map, struct bind_note *note)
{
	static uint8_t value[VALUE_MAX];
	const ssize_t size = read_value(map, value);
	const size_t head = offsetof(struct bind_note, mapping_count);

	*note = (struct bind_note){0};
	if (size < (ssize_t)head)
		return size < 0 ? -1 : 0;
	memcpy(note, value, head);
	if (size == sizeof(*note) && note->version == BIND_NOTE_VERSION)
		memcpy(note, value, sizeof(*note));
	if (note->mapping_count > PLAN_MAPPINGS_MAX)
		note->mapping_count = 0;
	return note->magic == BIND_NOTE_MAGIC;
}

/* Returns 1 if the program is lowport's, 0 if not, or -1 with errno. */
static int
examine(int program, enum bind_hook hook, struct bind_note *note)
{
	uint32_t maps[MAPS_MAX] = {0}, i;
	struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX,
	    .map_ids = pointer(maps)};
	union bpf_attr ask = {0};
	int found = 0;

	ask.info.bpf_fd = (uint32_t)program;
	ask.info.info = pointer(&info);
	ask.info.info_len = sizeof(info);
	if (call(BPF_OBJ_GET_INFO_BY_FD, &ask) != 0)
		return -1;
	if (strcmp(info.name, hooks[hook].name) != 0)
		return 0;
	for (i = 0; i < info.nr_map_ids && i < MAPS_MAX && found == 0; i++)
		found = read_note(maps[i], note);
	return found;
}

int
bpf_find(int group, enum bind_hook hook, struct bind_note *note)
{
	uint32_t ids[PROGRAMS_MAX] = {0}, i;
	union bpf_attr query = {0};
	int program, found;

	query.query.target_fd = (uint32_t)group;
	query.query.attach_type = hooks[hook].type;
	query.query.prog_ids = pointer(ids);
	query.query.prog_cnt = PROGRAMS_MAX;
	if (call(BPF_PROG_QUERY, &query) != 0)
		return -1;
	for (i = 0; i < query.query.prog_cnt; i++) {
		union bpf_attr open = {.prog_id = ids[i]};

		program = call(BPF_PROG_GET_FD_BY_ID, &open);
		if (program < 0 && errno != ENOENT)
			return -1;
		if (program < 0)
			continue;
		found = examine(program, hook, note);
		if (found > 0)
			return program;
		close_quietly(program);
		if (found < 0)
			return -1;
	}
	errno = ENOENT;
	return -1;
}
