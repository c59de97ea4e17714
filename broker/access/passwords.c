#include "broker/access/passwords.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "broker/access/lines.h"
#include "broker/access/secret.h"

struct user {
	const char *name;
	unsigned line;
	struct password password;
};

struct passwords {
	struct user *users; /* by name */
	size_t count;
	size_t capacity;
	struct password nobodys; /* as expensive as the most expensive one of them */
};

static int user_compare(const void *a, const void *b)
{
	return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

static bool is_dearer(const struct password *a, const struct password *b)
{
	return a->kind != b->kind ? a->kind > b->kind : a->iterations > b->iterations;
}

static void nobody_set(struct passwords *p)
{
	p->nobodys = (struct password){
		.kind = PASSWORD_PBKDF2, .iterations = PASSWORD_ITERATIONS, .salt_bytes = 12
	};
	for (size_t i = 0; i < p->count; i++)
		if (!i || is_dearer(&p->users[i].password, &p->nobodys))
			p->nobodys = p->users[i].password;
	explicit_bzero(p->nobodys.hash, sizeof(p->nobodys.hash));
	p->nobodys.never = true;
}

/* False, with the error, if a name stands there twice. */
static bool users_sort(
	struct passwords *p, struct arena *a, const struct lines *l, const char **error)
{
	if (p->count)
		qsort(p->users, p->count, sizeof(*p->users), user_compare);
	for (size_t i = 1; i < p->count; i++) {
		const struct user *one = &p->users[i - 1], *other = &p->users[i];
		if (strcmp(one->name, other->name))
			continue;
		unsigned first = one->line < other->line ? one->line : other->line;
		struct lines at = *l;
		at.number = one->line + other->line - first;
		*error = lines_error(
			&at, a, "the user \"%s\" stands in line %u already", one->name, first);
		return false;
	}
	return true;
}

/* NULL, or what is wrong. */
static const char *user_read(struct user *u, struct arena *a, struct lines *l, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return "there is no colon: it takes NAME:PASSWORD";
	*colon = '\0';
	if (!*line)
		return "there is no name before the colon";
	if (colon - line > UINT16_MAX)
		return "the name is longer than 65535 bytes";
	u->name = arena_text(a, line);
	u->line = l->number;
	return password_read(&u->password, colon + 1);
}

/* Users are collected in memory that is wiped when it moves. */
static bool user_room(struct passwords *p)
{
	if (p->count < p->capacity)
		return true;
	size_t larger = p->capacity ? p->capacity * 2 : 16;
	struct user *users = secret_take(larger * sizeof(*users));
	if (!users)
		return false;
	if (p->count)
		memcpy(users, p->users, p->count * sizeof(*users));
	secret_give(p->users, p->capacity * sizeof(*users));
	p->users = users;
	p->capacity = larger;
	return true;
}

struct passwords *passwords_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error)
{
	struct passwords *p = arena_new(a, struct passwords);
	struct lines l = lines_of(name, text, len);
	char *line;

	while ((line = lines_next(&l))) {
		const char *wrong =
			user_room(p) ? user_read(&p->users[p->count], a, &l, line) : "no memory";
		if (wrong) {
			*error = lines_error(&l, a, "%s", wrong);
			passwords_clear(p);
			return NULL;
		}
		p->count++;
	}
	if (!users_sort(p, a, &l, error)) {
		passwords_clear(p);
		return NULL;
	}
	nobody_set(p);
	return p;
}

struct passwords *passwords_read(struct arena *a, const char *path, const char **error)
{
	size_t len;
	char *text = file_text(path, a, &len, error);

	if (!text)
		return NULL;
	struct passwords *p = passwords_parse(a, path, text, len, error);
	explicit_bzero(text, len);
	free(text);
	return p;
}

static int name_compare(struct mqtt_view name, const char *other)
{
	size_t len = strlen(other), least = name.len < len ? name.len : len;
	int order = least ? memcmp(name.data, other, least) : 0;

	return order ? order : (name.len > len) - (name.len < len);
}

const struct password *passwords_find(const struct passwords *p, struct mqtt_view name)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = name_compare(name, p->users[middle].name);
		if (!order)
			return &p->users[middle].password;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return &p->nobodys;
}

void passwords_clear(struct passwords *p)
{
	if (!p)
		return;
	secret_give(p->users, p->capacity * sizeof(*p->users));
	*p = (struct passwords){ 0 };
}
