#include "harness/peers/guest.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

#define SHARE "$share/"

/* ---- what is asked for --------------------------------------------------------------------- */

static bool is_utf8(const char *text)
{
	size_t len = strlen(text);

	return utf8_check((const uint8_t *)text, len) == len;
}

const char *guest_topics_objection(const char *text)
{
	size_t len = strlen(text);

	if (!len || !strcmp(text, "/"))
		return "what topics are put below must not be empty";
	if (len > GUEST_TEXT_MAX)
		return "what topics are put below has at most 64 bytes";
	if (strpbrk(text, "+#"))
		return "what topics are put below must not have a wildcard, + or #";
	if (*text == '$')
		return "what topics are put below must not begin with $, which is the server's own";
	if (!is_utf8(text))
		return "what topics are put below must be UTF-8";
	return NULL;
}

const char *guest_client_ids_objection(const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return "what ClientIds begin with must not be empty";
	if (len > GUEST_TEXT_MAX)
		return "what ClientIds begin with has at most 64 bytes";
	if (!is_utf8(text))
		return "what ClientIds begin with must be UTF-8";
	return NULL;
}

const char *guest_topics(struct arena *a, const char *text)
{
	size_t len = strlen(text);

	return arena_printf(a, "%.*s", (int)(len - (len && text[len - 1] == '/')), text);
}

/* ---- what comes of it ---------------------------------------------------------------------- */

const char *guest_topic(struct arena *a, const struct guest *guest, const char *topic)
{
	return guest && guest->topics ? arena_printf(a, "%s/%s", guest->topics, topic) : topic;
}

const char *guest_client_id(struct arena *a, const struct guest *guest, const char *id)
{
	return guest && guest->client_ids ? arena_printf(a, "%s%s", guest->client_ids, id) : id;
}

static bool begins_with(struct bytes text, const char *begin)
{
	size_t len = strlen(begin);

	return text.len >= len && !memcmp(text.data, begin, len);
}

/* What follows "$share/name/"; NULL: such a filter, but malformed; anything else as it is. */
static const uint8_t *after_share(struct bytes filter)
{
	size_t name = strlen(SHARE);

	if (!begins_with(filter, SHARE))
		return filter.data;
	const uint8_t *slash = memchr(filter.data + name, '/', filter.len - name);
	bool is_well_formed = slash && slash > filter.data + name &&
		slash + 1 < filter.data + filter.len &&
		!memchr(filter.data, '+', (size_t)(slash - filter.data)) &&
		!memchr(filter.data, '#', (size_t)(slash - filter.data));
	return is_well_formed ? slash + 1 : NULL;
}

bool guest_may_name(const struct guest *guest, struct bytes topic)
{
	if (!guest || !guest->topics || !topic.len || memchr(topic.data, '\0', topic.len))
		return true;
	const uint8_t *rest = after_share(topic);
	if (!rest)
		return true;
	size_t len = strlen(guest->topics);
	topic.len -= (size_t)(rest - topic.data);
	topic.data = rest;
	return begins_with(topic, guest->topics) && topic.len > len && topic.data[len] == '/';
}

bool guest_may_be(const struct guest *guest, struct bytes client_id)
{
	return !guest || !guest->client_ids || begins_with(client_id, guest->client_ids);
}
