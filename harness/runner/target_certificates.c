#include "harness/runner/target_certificates.h"

#include <string.h>

#include "base/arena.h"
#include "harness/launch/words.h"
#include "harness/runner/ini_file.h"

const char *certificate_word(enum certificate certificate)
{
	static const char *const words[CERTIFICATE_COUNT] = { NULL, "missing", "expired", "early",
		"foreign", "revoked" };

	return words[certificate];
}

static const char *set_urls(struct arena *a, struct target_certificates *c, const char *text)
{
	if (c->urls)
		return "is given twice";
	c->urls = words_split(a, text);
	return c->urls && *c->urls ? NULL : "must be URLs, one for each transport with TLS";
}

static bool refuse(struct target_certificates *c, const char *word)
{
	for (unsigned i = CERTIFICATE_MISSING; i < CERTIFICATE_COUNT; i++) {
		if (strcmp(word, certificate_word(i)) != 0)
			continue;
		c->those.refused[i] = true;
		return true;
	}
	return false;
}

static const char *set_refused(struct arena *a, struct target_certificates *c, const char *text)
{
	const char *const *words = words_split(a, text);

	if (c->has_refused)
		return "is given twice";
	c->has_refused = true;
	if (!words || !*words)
		return "must be some of missing, expired, early, foreign and revoked";
	for (; *words; words++)
		if (!refuse(c, *words))
			return "must be some of missing, expired, early, foreign and revoked";
	return NULL;
}

static const char *set_folder(
	struct arena *a, struct target_certificates *c, const char *folder, const char *path)
{
	if (c->those.folder)
		return "is given twice";
	c->those.folder =
		*path == '/' ? arena_text(a, path) : arena_printf(a, "%s/%s", folder, path);
	return *path ? NULL : "must be the path of a folder";
}

const char *target_certificates_read(struct arena *a, struct target_certificates *c,
	const char *folder, const struct ini_setting *s)
{
	c->line = s->section_line;
	if (!strcmp(s->name, "url"))
		return set_urls(a, c, s->value);
	if (!strcmp(s->name, "refused"))
		return set_refused(a, c, s->value);
	if (!strcmp(s->name, "folder"))
		return set_folder(a, c, folder, s->value);
	return "[certificates] has `url`, `refused` and `folder`";
}

const char *target_certificates_finish(struct target_certificates *c)
{
	if (!c->line)
		return NULL;
	if (!c->urls)
		return "[certificates] needs a `url`";
	for (unsigned i = CERTIFICATE_MISSING; i < CERTIFICATE_REVOKED && !c->has_refused; i++)
		c->those.refused[i] = true;
	return NULL;
}
