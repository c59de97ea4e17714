#include "harness/pattern.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/case.h"
#include "harness/versions.h"

_Static_assert(V311 == 1u << 0 && V50 == 1u << 1, "the bit of a version is that of its place");

/* A run compares each pattern with the name of every case run and the statements of each. */
static bool glob_matches(const char *pattern, const char *text)
{
	if (!strpbrk(pattern, "*?[\\"))
		return strcasecmp(pattern, text) == 0;
	return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

/* The text after `prefix`, or NULL if it does not begin so. */
static const char *text_after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncasecmp(text, prefix, len) ? NULL : text + len;
}

static const char *without_mqtt(const char *id)
{
	const char *rest = text_after(id, "MQTT-");

	return rest ? rest : id;
}

/* Whether "3.1" is the section, or the number of a statement, "3.1.2-24", or one above it. */
static bool section_holds(const char *section, const char *inner)
{
	const char *rest = text_after(inner, section);

	return isdigit((unsigned char)*section) && rest && strchr(".-", *rest);
}

/* The text after the version's name and its colon, or NULL if it does not begin so. */
static const char *behind_version(const char *text, enum mqtt_version version)
{
	const char *rest = text_after(text, spec_version_name(version));

	return rest && *rest == ':' ? rest + 1 : NULL;
}

static bool ref_matches(const char *pattern, const char *ref, enum mqtt_version version)
{
	const char *id = behind_version(ref, version);

	if (!id)
		return false;
	const char *rest = behind_version(pattern, version);
	if (rest)
		pattern = rest;
	if (glob_matches(pattern, id))
		return true;
	pattern = without_mqtt(pattern);
	if (glob_matches(pattern, without_mqtt(id)) || section_holds(pattern, without_mqtt(id)))
		return true;
	const struct spec_statement *statement =
		isdigit((unsigned char)*pattern) ? spec_find(ref) : NULL;
	return statement && section_holds(pattern, statement->section);
}

static bool id_matches(const char *pattern, const struct case_def *def, const struct vector *row)
{
	char whole[256];

	if (glob_matches(pattern, def->id))
		return true;
	if (!row)
		return false;
	snprintf(whole, sizeof(whole), "%s/%s", def->id, row->id);
	return glob_matches(pattern, whole);
}

bool pattern_matches(const char *pattern, const struct case_def *def, const struct vector *row,
	enum mqtt_version version)
{
	char chapter[CHAPTER_SIZE];

	if (id_matches(pattern, def, row) || glob_matches(pattern, case_chapter(def, chapter)))
		return true;
	size_t count;
	const char *const *refs = case_refs(def, row, &count);
	for (size_t i = 0; i < count; i++)
		if (ref_matches(pattern, refs[i], version))
			return true;
	return false;
}

const char *pattern_find(const char *const *patterns, size_t count, const struct case_def *def,
	const struct vector *row, enum mqtt_version version)
{
	for (size_t i = 0; i < count; i++)
		if (pattern_matches(patterns[i], def, row, version))
			return patterns[i];
	return NULL;
}

bool pattern_matches_statement(const char *pattern, const char *name)
{
	return ref_matches(pattern, name, ref_version(name));
}

unsigned case_versions(const struct case_def *def, const struct vector *row)
{
	return row && row->versions ? row->versions : def->versions;
}

bool case_has_version(
	const struct case_def *def, const struct vector *row, enum mqtt_version version)
{
	return case_versions(def, row) & version_bit(version);
}

const char *const *case_refs(const struct case_def *def, const struct vector *row, size_t *count)
{
	bool own = row && row->refs[0];
	const char *const *refs = own ? row->refs : def->refs;
	size_t room = own ? sizeof(row->refs) / sizeof(*row->refs) : CASE_REFS;

	*count = 0;
	while (*count < room && refs[*count])
		(*count)++;
	return refs;
}

bool ref_has_version(const char *ref, enum mqtt_version version)
{
	return behind_version(ref, version);
}

enum mqtt_version ref_version(const char *ref)
{
	return version_at(ref_has_version(ref, version_at(1)));
}

const char *case_chapter(const struct case_def *def, char out[static CHAPTER_SIZE])
{
	static const char *const prefixes[] = {
		[ROLE_SERVER] = "",
		[ROLE_CLIENT] = "client_",
		[ROLE_AGENT] = "",
	};
	const char *slash = strrchr(def->file, '/');
	const char *stem = slash ? slash + 1 : def->file;

	snprintf(out, CHAPTER_SIZE, "%s%.*s", prefixes[def->role], (int)strcspn(stem, "."), stem);
	return out;
}
