#include "harness/runner/target_users.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "harness/launch/words.h"
#include "harness/peers/demands.h"
#include "harness/peers/scram.h"
#include "harness/runner/ini_file.h"
#include "harness/runner/password.h"

/* ---- [users] ------------------------------------------------------------------------------- */

static struct user *find(const struct target_users *u, const char *name)
{
	for (size_t i = 0; i < u->count; i++)
		if (!strcmp(u->list[i].name, name))
			return &u->list[i];
	return NULL;
}

static bool is_name(const char *text)
{
	size_t len = strlen(text);

	return len && len <= LOGIN_SIZE_MAX && !strchr(text, '\n') &&
		utf8_check((const uint8_t *)text, len) == len;
}

static const char *begin_user(struct arena *a, struct target_users *u, const char *name)
{
	if (!is_name(name))
		return "a user name is one line of UTF-8, of 1 to 65535 bytes";
	if (find(u, name))
		return "there is a user of this name above";
	u->list = arena_grow(a, u->list, u->count, &u->capacity, sizeof(*u->list));
	u->list[u->count++] = (struct user){ .name = name };
	u->has_refused = false;
	return NULL;
}

/* Any line of text: it may hold blanks at its ends, after a bar. */
static const char *set_password(struct user *user, const char *text)
{
	if (user->password)
		return "this user has a password already";
	if (strchr(text, '\n') || strlen(text) > LOGIN_SIZE_MAX)
		return "must be one line, of at most 65535 bytes";
	user->password = text;
	return NULL;
}

static const char *set_password_file(
	struct arena *a, struct user *user, const char *folder, const char *path)
{
	const char *error = NULL;

	if (user->password)
		return "this user has a password already";
	if (*path != '/')
		path = arena_printf(a, "%s/%s", folder, path);
	user->password = password_read(a, path, &error);
	return error;
}

static const char *set_yes(bool *out, bool *given, const char *text)
{
	if (*given)
		return "is given twice";
	*given = true;
	*out = !strcmp(text, "yes");
	return *out || !strcmp(text, "no") ? NULL : "must be `yes` or `no`";
}

static const char *set_strangers(struct target_users *u, const char *text)
{
	bool welcome;
	const char *fault = set_yes(&welcome, &u->has_strangers, text);

	u->no_strangers = !fault && !welcome;
	return fault;
}

static const char *set_urls(struct arena *a, struct target_users *u, const char *text)
{
	if (u->urls)
		return "is given twice";
	u->urls = words_split(a, text);
	return u->urls && *u->urls ? NULL : "must be URLs, one for each transport";
}

const char *target_users_read(
	struct arena *a, struct target_users *u, const char *folder, const struct ini_setting *s)
{
	struct user *last = u->count ? &u->list[u->count - 1] : NULL;

	if (!u->line)
		u->line = s->section_line;
	if (!strcmp(s->name, "url"))
		return set_urls(a, u, s->value);
	if (!strcmp(s->name, "anonymous"))
		return set_strangers(u, s->value);
	if (!strcmp(s->name, "user"))
		return begin_user(a, u, s->value);
	if (!last)
		return "each user begins with `user`";
	if (!strcmp(s->name, "password"))
		return set_password(last, s->value);
	if (!strcmp(s->name, "password_file"))
		return set_password_file(a, last, folder, s->value);
	if (!strcmp(s->name, "refused"))
		return set_yes(&last->refused, &u->has_refused, s->value);
	return "there is no such name in [users]";
}

/* ---- [access] ------------------------------------------------------------------------------ */

static bool is_topic(const char *text)
{
	return *text && *text != '/' && !strpbrk(text, "+#");
}

static const char *set_topics(struct arena *a, const char *const **out, const char *text)
{
	if (*out)
		return "is given twice for this user";
	*out = words_split(a, text);
	if (!*out || !**out)
		return "must be topics, with blanks between";
	for (const char *const *word = *out; *word; word++)
		if (!is_topic(*word))
			return "a topic stands for what is below it, too: it has no wildcards, and "
			       "does not begin with a slash";
	return NULL;
}

static const char *begin_access(struct target_users *u, const char *name)
{
	u->privileged = find(u, name);
	if (!u->privileged)
		return "[users] has no such user above";
	if (u->privileged == u->list)
		return "the first of the [users] may do everything";
	return NULL;
}

const char *target_users_read_access(
	struct arena *a, struct target_users *u, const struct ini_setting *s)
{
	static const char *const names[RIGHT_COUNT] = {
		[TO_PUBLISH] = "publish",
		[TO_SUBSCRIBE] = "subscribe",
		[TO_RECEIVE] = "receive",
	};
	const bool denied = !strncmp(s->name, "no_", 3);
	const char *name = s->name + (denied ? 3 : 0);

	if (!strcmp(s->name, "user"))
		return begin_access(u, s->value);
	for (unsigned i = 0; i < RIGHT_COUNT; i++) {
		struct user *one = u->privileged;
		if (strcmp(name, names[i]) != 0)
			continue;
		if (!one)
			return "the rights of each user begin with `user`";
		return set_topics(a, denied ? &one->may_not[i] : &one->may[i], s->value);
	}
	return "[access] has `user`, `publish`, `subscribe`, `receive`, and the same after `no_`";
}

/* ---- [auth] -------------------------------------------------------------------------------- */

const char *target_users_read_auth(
	struct arena *a, struct target_users *u, const struct ini_setting *s)
{
	const char **field = !strcmp(s->name, "method") ? &u->method
		: !strcmp(s->name, "user")              ? &u->by_method
							: NULL;

	u->auth_line = s->section_line;
	if (!field)
		return "[auth] has `method` and `user`";
	if (*field)
		return "is given twice";
	*field = arena_text(a, s->value);
	if (field == &u->method && !scram_knows(u->method))
		return "the methods that can be spoken are SCRAM-SHA-256 and SCRAM-SHA-1";
	if (field == &u->by_method && !find(u, u->by_method))
		return "[users] has no such user above";
	return NULL;
}

/* ---- the whole ----------------------------------------------------------------------------- */

const char *target_users_missing(const struct target_users *u)
{
	if (u->line && !u->count)
		return "[users] needs a `user`";
	if (u->count && u->list[0].refused)
		return "the first of the [users] may do everything, so it is not refused";
	if (u->auth_line && (!u->method || !u->count))
		return "[auth] needs a `method`, and a user of [users]";
	return NULL;
}

struct users *target_users_all(struct arena *a, const struct target_users *u)
{
	struct users *all = arena_new(a, struct users);
	const struct user *by_method = u->by_method ? find(u, u->by_method) : u->list;

	*all = (struct users){
		.list = u->list,
		.count = u->count,
		.no_strangers = u->no_strangers,
		.method = u->method,
		.by_method = u->method ? by_method : NULL,
	};
	return all;
}
