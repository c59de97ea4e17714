/* Topics, ClientIds and ShareNames of a case run carry its prefix, so that many share one target. */
#include <string.h>

#include "harness/test.h"

enum {
	SHARED_LENGTH = 7, /* of "$share/" */
	TOPIC_ALIAS = 0x23,
	RUN_LENGTH = 3, /* what the prefixes of all case runs of a run begin with */
};

#define CHECKUP "CHECKUP" /* what follows it in those of checkups */

const struct guest *test_guest(const struct test *t)
{
	return t->play->target ? t->play->target->guest : NULL;
}

const char *topic_prefixed(struct test *t, const char *topic, bool raw)
{
	if (!topic || raw || !*topic || *topic == '$' || t->play->client)
		return topic;
	return arena_printf(t->arena, "%s/%s", t->topics, topic);
}

/* One that begins with a wildcard sees what other case runs do, but stays among the topics that we
 * may use.
 */
static const char *filter_raw(struct test *t, const char *filter)
{
	return *filter == '+' || *filter == '#' ? guest_topic(t->arena, test_guest(t), filter)
						: filter;
}

const char *filter_prefixed(struct test *t, const char *filter, bool raw)
{
	if (raw)
		return filter_raw(t, filter);
	if (t->play->client || strncmp(filter, "$share/", SHARED_LENGTH) != 0)
		return topic_prefixed(t, filter, false);
	const char *rest = strchr(filter + SHARED_LENGTH, '/');
	if (!rest || !rest[1])
		return filter;
	return arena_printf(t->arena, "%.*s%s/%s/%s", (int)(rest - filter), filter, t->play->prefix,
		t->topics, rest + 1);
}

bool filter_is_own(const struct test *t, struct bytes filter)
{
	const char *rest =
		filter.len > SHARED_LENGTH && !memcmp(filter.data, "$share/", SHARED_LENGTH)
		? memchr(filter.data + SHARED_LENGTH, '/', filter.len - SHARED_LENGTH)
		: NULL;

	if (rest) {
		size_t front = (size_t)(rest + 1 - (const char *)filter.data);
		filter = (struct bytes){ filter.data + front, filter.len - front };
	}
	return topic_stripped(t, filter).len < filter.len;
}

struct bytes topic_stripped(const struct test *t, struct bytes topic)
{
	size_t len = strlen(t->topics);

	if (!t->play->client && topic.len > len && !memcmp(topic.data, t->topics, len) &&
		topic.data[len] == '/')
		return (struct bytes){ topic.data + len + 1, topic.len - len - 1 };
	return topic;
}

bool topic_is_foreign(const struct peer *p, struct bytes topic)
{
	return p->raw_filters && topic.len && topic.data[0] != '$' &&
		topic_stripped(p->test, topic).len == topic.len;
}

/* What the server says on $SYS nobody has sent. */
static bool dollar_is_foreign(const struct test *t, struct bytes topic)
{
	return !(topic.len > 5 && !memcmp(topic.data, "$SYS/", 5)) &&
		!memmem(topic.data, topic.len, t->topics, strlen(t->topics));
}

bool message_is_foreign(const struct peer *p, const struct packet *publish)
{
	const struct test *t = p->test;

	if (!p->raw_filters || messages_have_topic(t, publish->topic))
		return false;
	if (!publish->topic.len)
		return !t->messages.nameless && !properties_find(&publish->properties, TOPIC_ALIAS);
	if (publish->topic.data[0] == '$')
		return dollar_is_foreign(t, publish->topic);
	return topic_is_foreign(p, publish->topic);
}

static bool is_of_number(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/* The run's three characters, a number as long as ours, and a slash. */
bool topic_is_of_another(const struct peer *p, struct bytes topic)
{
	const char *all = p->test->topics, *own = p->test->play->prefix;
	size_t len = strlen(own), before = strlen(all) - len;

	if (topic.len < before || memcmp(topic.data, all, before) != 0)
		return false;
	topic = (struct bytes){ topic.data + before, topic.len - before };
	if (p->test->play->client || p->test->messages.wide || len <= RUN_LENGTH ||
		topic.len <= len || memcmp(topic.data, own, RUN_LENGTH) ||
		!memcmp(topic.data, own, len))
		return false;
	if (topic.len > RUN_LENGTH + strlen(CHECKUP) &&
		!memcmp(topic.data + RUN_LENGTH, CHECKUP, strlen(CHECKUP)))
		return true;
	for (size_t i = RUN_LENGTH; i < len; i++)
		if (!is_of_number(topic.data[i]))
			return false;
	return topic.data[len] == '/';
}

const char *prefixed(struct test *t, const char *topic)
{
	return topic_prefixed(t, topic, false);
}

const char *client_id_prefix(struct test *t)
{
	return t->client_ids;
}
