#include "broker/access/rights.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "broker/access/filter.h"
#include "broker/access/lines.h"
#include "mqtt/text.h"

enum { EXPANDED_MAX = 1 << 20 }; /* of a pattern with names in it */

struct rule {
	struct mqtt_view filter;
	unsigned rights; /* of enum right; 0: it denies */
};

struct rules {
	struct rule *list;
	size_t count, capacity;
};

struct user {
	const char *name; /* "": of those who give none */
	struct rules rules;
};

struct rights {
	struct user *users; /* by name */
	size_t count, capacity;
	struct rules patterns;
	struct buf expanded;
};

/* ---- reading ------------------------------------------------------------------------------- */

static struct user *user_make(struct rights *r, struct arena *a, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->users[i].name, name))
			return &r->users[i];
	r->users = arena_grow(a, r->users, r->count, &r->capacity, sizeof(*r->users));
	r->users[r->count] = (struct user){ .name = arena_text(a, name) };
	return &r->users[r->count++];
}

static void rule_add(struct rules *rules, struct arena *a, const char *filter, unsigned rights)
{
	rules->list =
		arena_grow(a, rules->list, rules->count, &rules->capacity, sizeof(*rules->list));
	rules->list[rules->count++] = (struct rule){ mqtt_view_of(arena_text(a, filter)), rights };
}

/* Cuts the first word off; what follows it, or "". */
static char *word_end(char *text)
{
	text += strcspn(text, " \t");
	if (*text)
		*text++ = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static bool right_read(const char *word, unsigned *rights)
{
	static const struct {
		const char *word;
		unsigned rights;
	} known[] = { { "read", RIGHT_READ }, { "write", RIGHT_WRITE },
		{ "readwrite", RIGHT_READ | RIGHT_WRITE }, { "deny", 0 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(known[i].word, word))
			continue;
		*rights = known[i].rights;
		return true;
	}
	return false;
}

/* "read TOPIC", "TOPIC". NULL, or what is wrong. */
static const char *rule_read(struct rules *rules, struct arena *a, char *value)
{
	unsigned rights = RIGHT_READ | RIGHT_WRITE;
	char *topic = word_end(value);

	if (!*value)
		return "a topic is missing";
	if (!*topic)
		topic = value;
	else if (!right_read(value, &rights))
		return arena_printf(
			a, "\"%s\" is not one of read, write, readwrite and deny", value);
	if (strlen(topic) > UINT16_MAX || !mqtt_filter_valid(mqtt_view_of(topic)))
		return arena_printf(a, "\"%.100s\" is not a Topic Filter", topic);
	rule_add(rules, a, topic, rights);
	return NULL;
}

/* NULL, or what is wrong. `*user`: the name that the lines to come are about. */
static const char *line_read(struct rights *r, struct arena *a, char *line, const char **user)
{
	char *value = word_end(line);

	if (!strcmp(line, "topic"))
		return rule_read(&user_make(r, a, *user)->rules, a, value);
	if (!strcmp(line, "pattern"))
		return rule_read(&r->patterns, a, value);
	if (strcmp(line, "user"))
		return arena_printf(a, "\"%.100s\" is not one of user, topic and pattern", line);
	if (!*value)
		return "a name is missing after user";
	*user = arena_text(a, value);
	return NULL;
}

static int user_compare(const void *a, const void *b)
{
	return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

struct rights *rights_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error)
{
	struct rights *r = arena_new(a, struct rights);
	struct lines l = lines_of(name, text, len);
	const char *user = "";
	char *line;

	while ((line = lines_next(&l))) {
		const char *wrong = line_read(r, a, line, &user);
		if (!wrong)
			continue;
		*error = lines_error(&l, a, "%s", wrong);
		return NULL;
	}
	if (r->count)
		qsort(r->users, r->count, sizeof(*r->users), user_compare);
	buf_init(&r->expanded, EXPANDED_MAX);
	return r;
}

struct rights *rights_read(struct arena *a, const char *path, const char **error)
{
	size_t len;
	char *text = file_text(path, a, &len, error);
	struct rights *r = text ? rights_parse(a, path, text, len, error) : NULL;

	free(text);
	return r;
}

void rights_fini(struct rights *r)
{
	if (r)
		buf_fini(&r->expanded);
}

/* ---- asking -------------------------------------------------------------------------------- */

static const struct rules *rules_of(const struct rights *r, struct mqtt_view name)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = r->users[middle].name;
		size_t len = strlen(other), least = name.len < len ? name.len : len;
		int order = least ? memcmp(name.data, other, least) : 0;
		if (!order && name.len == len)
			return &r->users[middle].rules;
		if (order < 0 || (!order && name.len < len))
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* A name that would change the meaning of a pattern. */
static bool is_tricky(struct mqtt_view name)
{
	return name.len && (memchr(name.data, '+', name.len) || memchr(name.data, '#', name.len));
}

/* The rule's filter, with the names of the client in the place of %c and %u. NULL data: it is not about this
 * client.
 */
static struct mqtt_view expand(
	struct rights *r, const struct rule *rule, const struct rights_client *client)
{
	const uint8_t *at = rule->filter.data, *end = at + rule->filter.len, *percent;

	buf_reset(&r->expanded);
	while ((percent = memchr(at, '%', (size_t)(end - at)))) {
		bool user = percent + 1 < end && percent[1] == 'u';
		bool id = percent + 1 < end && percent[1] == 'c';
		struct mqtt_view name = user ? client->user_name : client->client_id;
		if (user && !name.len)
			return (struct mqtt_view){ 0 };
		buf_add(&r->expanded, at, (size_t)(percent - at) + !(user || id));
		if (user || id)
			buf_add(&r->expanded, name.data, name.len);
		at = percent + (user || id ? 2 : 1);
	}
	buf_add(&r->expanded, at, (size_t)(end - at));
	if (r->expanded.failed)
		return (struct mqtt_view){ 0 };
	return (struct mqtt_view){ r->expanded.data, (uint32_t)r->expanded.len };
}

/* A question: about a topic and one right, or whether a filter could bring anything. */
struct question {
	const struct rights_client *client;
	struct mqtt_view text;
	unsigned rights;
	bool filter;
};

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_NONE };

static bool applies(const struct question *q, const struct rule *rule, struct mqtt_view filter)
{
	if (!filter.len || (rule->rights && !(rule->rights & q->rights)))
		return false;
	/* Not even a name makes a rule one about "$". */
	if (q->text.data[0] == '$' && rule->filter.data[0] != '$')
		return false;
	if (q->filter && rule->rights)
		return filter_meets(filter, q->text);
	return filter_covers(filter, q->text);
}

static enum answer ask(
	struct rights *r, const struct rules *rules, const struct question *q, bool expands)
{
	enum answer answer = ANSWER_NONE;

	for (size_t i = 0; rules && i < rules->count; i++) {
		const struct rule *rule = &rules->list[i];
		if (answer == ANSWER_YES && rule->rights)
			continue;
		struct mqtt_view filter = expands ? expand(r, rule, q->client) : rule->filter;
		if (!applies(q, rule, filter))
			continue;
		if (!rule->rights)
			return ANSWER_NO;
		answer = ANSWER_YES;
	}
	return answer;
}

static bool decide(struct rights *r, const struct question *q)
{
	enum answer answer = ask(r, rules_of(r, q->client->user_name), q, false);

	if (answer != ANSWER_NONE)
		return answer == ANSWER_YES;
	if (is_tricky(q->client->user_name) || is_tricky(q->client->client_id))
		return false;
	return ask(r, &r->patterns, q, true) == ANSWER_YES;
}

bool rights_allow(struct rights *r, const struct rights_client *client, struct mqtt_view topic,
	enum right right)
{
	return decide(r, &(struct question){ client, topic, right, false });
}

bool rights_allow_filter(
	struct rights *r, const struct rights_client *client, struct mqtt_view filter)
{
	struct mqtt_view name, path;

	if (mqtt_filter_is_shared(filter)) {
		if (!mqtt_filter_split_shared(filter, &name, &path))
			return false;
		filter = path;
	}
	return decide(r, &(struct question){ client, filter, RIGHT_READ, true });
}
