#include "reports/site/way.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "record/record.h"

/* FNV-1a: names of which no letter can stand in a way are told apart. */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619;
	return hash;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_' || c == '.';
}

/* Letters, digits, "_" and "." stay; what is between them becomes one "-". The first is no ".". */
static const char *plain(struct arena *a, const char *text, bool lower)
{
	char *out = arena_alloc(a, strlen(text) + 1);
	size_t length = 0;

	for (const char *c = text; *c; c++) {
		if (is_plain(*c) && (length || *c != '.'))
			out[length++] = lower ? (char)tolower((unsigned char)*c) : *c;
		else if (length && out[length - 1] != '-')
			out[length++] = '-';
	}
	while (length && out[length - 1] == '-')
		length--;
	out[length] = '\0';
	return length ? out : arena_printf(a, "named-%08x", (unsigned)hash_of(text));
}

const char *way_target(struct arena *a, const struct record_run *run)
{
	return arena_printf(
		a, "%ss/%s/", plain(a, run->role, true), plain(a, run->target_name, true));
}

const char *way_version(struct arena *a, const struct record_run *run)
{
	const char *version = run->target_version ? run->target_version : "unversioned";

	return arena_printf(a, "%s%s/", way_target(a, run), plain(a, version, true));
}

const char *way_statement(struct arena *a, const char *name)
{
	const char *colon = strchr(name, ':');

	if (!colon)
		return arena_printf(a, "statements/%s.html", plain(a, name, false));
	return arena_printf(a, "statements/%s/%s.html",
		plain(a, arena_printf(a, "%.*s", (int)(colon - name), name), false),
		plain(a, colon + 1, false));
}

size_t way_case_length(const char *id)
{
	return strcspn(id, "/");
}

bool way_is_same_case(const char *id, const char *other)
{
	return way_case_length(id) == way_case_length(other) &&
		!strncmp(id, other, way_case_length(id));
}

const char *way_case(struct arena *a, const char *id)
{
	const char *base = arena_printf(a, "%.*s", (int)way_case_length(id), id);

	return arena_printf(a, "cases/%s.html", plain(a, base, false));
}

const char *way_transport(struct arena *a, const char *transport)
{
	return arena_printf(a, "matrix/%s.html", plain(a, transport, false));
}

const char *way_back(struct arena *a, const char *way)
{
	size_t depth = 0;

	for (; *way; way++)
		depth += *way == '/';
	char *back = arena_alloc(a, 3 * depth + 1);
	for (size_t i = 0; i < depth; i++)
		memcpy(back + 3 * i, "../", 3);
	return back;
}
