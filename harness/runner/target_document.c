#include "harness/runner/target_document.h"

#include <string.h>

#include "base/arena.h"
#include "harness/runner/ini_file.h"

/* A name must not lead out of the folder that it is meant for. */
static bool is_inside(const char *name)
{
	if (!*name || *name == '/')
		return false;
	for (const char *p = name; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (!strncmp(p, "..", 2) && (!p[2] || p[2] == '/'))
			return false;
	return true;
}

static struct target_document *find(struct target_document *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

static const char *begin(struct arena *a, struct target_documents *all, const char *name,
	const struct ini_setting *s)
{
	if (!is_inside(name))
		return "the file's name must stay inside of its folder";
	if (find(all->list, all->count, name))
		return "there is a [file] of this name above";
	all->list = arena_grow(a, all->list, all->count, &all->capacity, sizeof(*all->list));
	all->list[all->count++] = (struct target_document){ .name = name, .line = s->section_line };
	all->section = s->section_line;
	return NULL;
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && !strcmp(name + len - end_len, end);
}

static void note_indentation(
	struct target_documents *all, const char *name, const struct ini_setting *s)
{
	bool matters = ends_in(name, ".yml") || ends_in(name, ".yaml") || ends_in(name, ".py");

	if (!matters || !s->uneven_line || all->uneven_line)
		return;
	all->uneven_line = s->uneven_line;
	all->uneven = name;
}

const char *target_document_read(struct arena *a, struct target_documents *all, const char *name,
	const struct ini_setting *s, bool *with_section)
{
	const char *fault = s->section_line == all->section ? NULL : begin(a, all, name, s);

	*with_section = fault;
	if (fault)
		return fault;
	struct target_document *d = &all->list[all->count - 1];
	if (d->content || d->link)
		return "a file has one `content` or one `link`";
	if (!strcmp(s->name, "content"))
		d->content = s->value;
	else if (!strcmp(s->name, "link"))
		d->link = s->value;
	else
		return "a [file] has `content` or `link`";
	note_indentation(all, name, s);
	return NULL;
}

const struct target_document *target_documents_merge(struct arena *a,
	const struct target_document *all, size_t all_count, const struct target_documents *instead,
	size_t *count)
{
	struct target_document *merged =
		arena_alloc(a, (all_count + instead->count + 1) * sizeof(*merged));

	*count = all_count;
	if (all_count)
		memcpy(merged, all, all_count * sizeof(*merged));
	for (size_t i = 0; i < instead->count; i++) {
		struct target_document *same = find(merged, *count, instead->list[i].name);
		*(same ? same : &merged[(*count)++]) = instead->list[i];
	}
	return merged;
}
