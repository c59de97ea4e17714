#include "cli/site_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/output.h"

static const char list_name[] = ".mqttspec-site";

enum { OF_EVERY_FOLDER = 2 }; /* entries: itself and its parent */

static bool fail(struct site_folder *f, const char *way)
{
	f->error = arena_printf(
		f->arena, "%s%s%s: %s", f->path, *way ? "/" : "", way, strerror(errno));
	return false;
}

static const char *path_of(struct site_folder *f, const char *way)
{
	return arena_printf(f->arena, "%s/%s", f->path, way);
}

/* ---- what is there ---- */

static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	if (!folder)
		return errno == ENOENT || errno == ENOTDIR;
	while (readdir(folder))
		count++;
	closedir(folder);
	return count <= OF_EVERY_FOLDER;
}

/* Below the folder, whatever the list has become since. */
static bool is_inside(const char *way)
{
	return *way && *way != '/' && !strstr(way, "..");
}

static void read_list(struct site_folder *f, FILE *list)
{
	char *line = NULL;
	size_t size = 0, capacity = 0;

	while (getline(&line, &size, list) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!is_inside(line))
			continue;
		f->earlier = arena_grow(
			f->arena, f->earlier, f->earlier_count, &capacity, sizeof(*f->earlier));
		f->earlier[f->earlier_count++] = arena_text(f->arena, line);
	}
	free(line);
}

bool site_folder_open(struct arena *a, const char *path, struct site_folder *out)
{
	*out = (struct site_folder){ .arena = a, .path = path, .last_made = "" };
	const char *name = path_of(out, list_name);
	FILE *list = fopen(name, "re");

	if (list) {
		read_list(out, list);
		fclose(list);
	} else if (!is_empty(path)) {
		out->error = arena_printf(a,
			"%s: what lies there is no site of mqttspec; --out takes a folder that is "
			"new, empty, or an earlier site",
			path);
		return false;
	}
	if (!output_make_folder(a, path))
		return fail(out, "");
	out->list = fopen(name, "ae");
	return out->list || fail(out, list_name);
}

/* ---- what is written ---- */

/* Pages come folder by folder. */
static bool make_folder_of(struct site_folder *f, const char *way)
{
	const char *slash = strrchr(way, '/');
	size_t length = slash ? (size_t)(slash - way) : 0;

	if (!slash || (strlen(f->last_made) == length && !strncmp(f->last_made, way, length)))
		return true;
	f->last_made = arena_printf(f->arena, "%.*s", (int)length, way);
	return output_make_folder(f->arena, path_of(f, f->last_made));
}

static void note(struct site_folder *f, const char *way)
{
	f->names =
		arena_grow(f->arena, f->names, f->name_count, &f->name_capacity, sizeof(*f->names));
	f->names[f->name_count++] = arena_text(f->arena, way);
	fprintf(f->list, "%s\n", way);
}

static FILE *open_way(struct site_folder *f, const char *way)
{
	if (!make_folder_of(f, way))
		return NULL;
	FILE *to = fopen(path_of(f, way), "we");
	if (to)
		note(f, way);
	return to;
}

bool site_folder_put(void *context, const char *way, const char *text, size_t size)
{
	struct site_folder *f = context;
	FILE *to = open_way(f, way);

	if (!to)
		return fail(f, way);
	bool ok = fwrite(text, 1, size, to) == size;
	ok &= fclose(to) == 0;
	return ok || fail(f, way);
}

static bool move(FILE *from, FILE *to)
{
	char block[16384];
	size_t size;

	while ((size = fread(block, 1, sizeof(block), from)) > 0)
		if (fwrite(block, 1, size, to) != size)
			return false;
	return !ferror(from);
}

bool site_folder_copy(struct site_folder *f, const char *file, const char *way)
{
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *from = fd < 0 ? NULL : fdopen(fd, "r");

	if (!from)
		return true;
	FILE *to = open_way(f, way);
	bool ok = to && move(from, to);
	ok &= to && fclose(to) == 0;
	ok = ok || fail(f, way);
	fclose(from);
	return ok;
}

/* ---- what is left of an earlier one ---- */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* With the folders that are empty then. */
static void remove_file(struct site_folder *f, const char *way)
{
	char *copy = arena_text(f->arena, way);

	unlink(path_of(f, way));
	for (char *slash = strrchr(copy, '/'); slash; slash = strrchr(copy, '/')) {
		*slash = '\0';
		if (rmdir(path_of(f, copy)))
			return;
	}
}

static void remove_earlier(struct site_folder *f)
{
	if (f->name_count)
		qsort(f->names, f->name_count, sizeof(*f->names), compare_texts);
	for (size_t i = 0; i < f->earlier_count; i++)
		if (!bsearch(&f->earlier[i], f->names, f->name_count, sizeof(*f->names),
			    compare_texts))
			remove_file(f, f->earlier[i]);
}

bool site_folder_close(struct site_folder *f)
{
	FILE *list = NULL;

	if (f->list)
		fclose(f->list);
	f->list = NULL;
	if (f->error)
		return false;
	remove_earlier(f);
	list = fopen(path_of(f, list_name), "we");
	for (size_t i = 0; list && i < f->name_count; i++)
		fprintf(list, "%s\n", f->names[i]);
	return (list && fclose(list) == 0) || fail(f, list_name);
}
