#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/targets.h"
#include "harness/case.h"
#include "harness/versions.h"
#include "reports/text.h"

static const char *judged(const struct known_target *t)
{
	return t->is_client ? "client" : "broker";
}

/* "2.0.11"; "yes" for one that does not say; "-" for one that is not there. */
static const char *state(const struct known_target *t)
{
	if (!t->is_there)
		return "-";
	return t->version ? t->version : "yes";
}

static size_t widest(const struct known_target *targets, size_t count,
	const char *(*text)(const struct known_target *t))
{
	size_t most = 0;

	for (size_t i = 0; i < count; i++) {
		size_t width = text_width(text(&targets[i]));
		most = width > most ? width : most;
	}
	return most;
}

static const char *name_of(const struct known_target *t)
{
	return t->name;
}

void targets_print(const struct known_target *targets, size_t count)
{
	size_t name_width = widest(targets, count, name_of);
	size_t state_width = widest(targets, count, state);
	size_t there = 0;

	for (size_t i = 0; i < count; i++) {
		const struct known_target *t = &targets[i];
		printf("  ");
		text_pad(stdout, t->name, name_width);
		printf("  %s  %-9s  ", judged(t), versions_text(t->file.versions));
		text_pad(stdout, state(t), state_width);
		printf("  ");
		text_put(stdout, t->file.name);
		if (!t->is_there && *t->how)
			printf(": %s", t->how);
		putchar('\n');
		there += t->is_there;
	}
	printf("\n%zu %s, of which %zu %s there\n", count, count == 1 ? "target" : "targets", there,
		there == 1 ? "is" : "are");
}

void targets_print_json(const struct known_target *targets, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct known_target *t = &targets[i];
		json_t *versions = json_array();
		if (t->file.versions & V311)
			json_array_append_new(versions, json_string("3.1.1"));
		if (t->file.versions & V50)
			json_array_append_new(versions, json_string("5.0"));
		json_t *one = json_pack("{s:s, s:s, s:s, s:o, s:b}", "name", t->name, "title",
			t->file.name, "judged", judged(t), "versions", versions, "there",
			t->is_there);
		if (t->version)
			json_object_set_new(one, "version", json_string(t->version));
		if (*t->how)
			json_object_set_new(one, "how", json_string(t->how));
		json_array_append_new(array, one);
	}
	char *text = json_dumps(array, JSON_INDENT(2));
	puts(text);
	free(text);
	json_decref(array);
}
