/* A file of records: the lines of one run, or of several after each other. */
#include "record/record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* The lists of a record_file while they grow. */
struct lists {
	struct arena *arena;
	struct record_run *runs;
	struct record_case *cases;
	struct record_death *deaths;
	struct record_end *ends;
	size_t *foreigns; /* line numbers */
	size_t run_capacity, case_capacity, death_capacity, end_capacity, foreign_capacity;
};

#define PUSH(lists, file, noun, value)                                                   \
	do {                                                                             \
		(lists)->noun##s = arena_grow((lists)->arena, (lists)->noun##s,          \
			(file)->noun##_count, &(lists)->noun##_capacity, sizeof(value)); \
		(lists)->noun##s[(file)->noun##_count++] = (value);                      \
		(file)->noun##s = (lists)->noun##s;                                      \
	} while (0)

/* Every other record belongs to the run record before it. */
static const char *add(struct lists *lists, struct record_file *file, const struct record_line *l)
{
	if (l->kind != RECORD_RUN && !file->run_count)
		return "the first record must be a \"run\"";
	switch (l->kind) {
	case RECORD_RUN: PUSH(lists, file, run, l->run); break;
	case RECORD_CASE: PUSH(lists, file, case, l->result); break;
	case RECORD_DEATH: PUSH(lists, file, death, l->death); break;
	case RECORD_END: PUSH(lists, file, end, l->end); break;
	}
	return NULL;
}

/* A line that was torn is no JSON: its first brace is never closed. */
static bool is_json(const char *line, size_t len)
{
	json_t *value = json_loadb(line, len, JSON_DECODE_ANY, NULL);

	json_decref(value);
	return value;
}

/* Whether it claims to be a record; one that does and is wrong must not be skipped. */
static bool claims_a_type(const char *line, size_t len)
{
	json_t *value = json_loadb(line, len, JSON_DECODE_ANY, NULL);
	bool claims = json_is_string(json_object_get(value, "type"));

	json_decref(value);
	return claims;
}

/* False, with a sentence about the line in *error, when the file cannot be read past it. */
static bool load_line(struct lists *lists, const char *line, size_t len, size_t number,
	struct record_file *out, const char **error)
{
	struct record_line record;
	bool whole = line[len - 1] == '\n';

	len -= whole;
	if (!len)
		return true;
	if (record_parse(lists->arena, line, len, &record, error)) {
		*error = add(lists, out, &record);
		return !*error;
	}
	if (!whole && !is_json(line, len)) {
		out->truncated = true;
		return true;
	}
	if (claims_a_type(line, len))
		return false;
	PUSH(lists, out, foreign, number);
	return true;
}

static bool load_lines(
	struct arena *a, FILE *from, const char *path, struct record_file *out, const char **error)
{
	struct lists lists = { .arena = a };
	char *line = NULL;
	size_t capacity = 0, number = 0;
	ssize_t len;
	bool ok = true;

	while (ok && (len = getline(&line, &capacity, from)) > 0) {
		number++;
		ok = load_line(&lists, line, (size_t)len, number, out, error);
	}
	if (!ok) {
		*error = arena_printf(a, "%s:%zu: %s", path, number, *error);
	} else if (ferror(from)) {
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
		ok = false;
	} else if (!out->run_count) {
		*error = arena_printf(
			a, "%s: no whole record in it; mqttspec run writes one to run.jsonl", path);
		ok = false;
	}
	free(line);
	return ok;
}

bool record_load(struct arena *a, const char *path, struct record_file *out, const char **error)
{
	FILE *from = fopen(path, "re");

	*out = (struct record_file){ 0 };
	*error = NULL;
	if (!from) {
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
		return false;
	}
	bool ok = load_lines(a, from, path, out, error);
	fclose(from);
	return ok;
}
