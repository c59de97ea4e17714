/* Topic Names and Topic Filters, 4.7 and 4.8.2. */
#include "harness/monitor/monitor_state.h"

#include <string.h>

static bool begins_with(struct bytes b, const char *text)
{
	size_t len = strlen(text);

	return b.len >= len && !memcmp(b.data, text, len);
}

static struct bytes rest_of(struct bytes b, size_t from)
{
	return (struct bytes){ b.data + from, b.len - from };
}

/* The bytes up to the next '/', or all of them. */
static struct bytes first_level(struct bytes b)
{
	const uint8_t *slash = b.len ? memchr(b.data, '/', b.len) : NULL;

	return (struct bytes){ b.data, slash ? (size_t)(slash - b.data) : b.len };
}

static bool is_text(struct bytes b, char c)
{
	return b.len == 1 && b.data[0] == (uint8_t)c;
}

bool filter_is_shared(struct bytes filter)
{
	return begins_with(filter, "$share/");
}

/* What follows "$share/name/"; the filter itself where there is no such prefix. */
static struct bytes without_share(struct bytes filter)
{
	if (!filter_is_shared(filter))
		return filter;
	struct bytes named = rest_of(filter, strlen("$share/"));
	struct bytes name = first_level(named);
	return name.len < named.len ? rest_of(named, name.len + 1) : filter;
}

static enum filter_fault levels_check(struct bytes filter)
{
	for (;;) {
		struct bytes level = first_level(filter);
		bool last = level.len == filter.len;

		if (bytes_contain(level, "#") && !(last && is_text(level, '#')))
			return FILTER_BAD_HASH;
		if (bytes_contain(level, "+") && !is_text(level, '+'))
			return FILTER_BAD_PLUS;
		if (last)
			return FILTER_GOOD;
		filter = rest_of(filter, level.len + 1);
	}
}

enum filter_fault filter_check(struct bytes filter, enum mqtt_version version)
{
	if (!filter.len)
		return FILTER_EMPTY;
	if (!version_traits(version).shared_subscriptions || !filter_is_shared(filter))
		return levels_check(filter);
	struct bytes named = rest_of(filter, strlen("$share/"));
	struct bytes name = first_level(named);
	if (!name.len)
		return FILTER_NO_SHARE_NAME;
	if (bytes_contain(name, "+#") || named.len < name.len + 2)
		return FILTER_BAD_SHARE;
	return levels_check(rest_of(named, name.len + 1));
}

bool filter_matches(struct bytes filter, struct bytes topic)
{
	filter = without_share(filter);
	/* [MQTT-4.7.2-1] */
	if (topic.len && topic.data[0] == '$' &&
		(!filter.len || filter.data[0] == '#' || filter.data[0] == '+'))
		return false;
	for (;;) {
		struct bytes wanted = first_level(filter);
		struct bytes given = first_level(topic);
		bool filter_ends = wanted.len == filter.len;
		bool topic_ends = given.len == topic.len;

		if (filter_ends && is_text(wanted, '#'))
			return true;
		if (!is_text(wanted, '+') && !bytes_equal(wanted, given))
			return false;
		if (filter_ends || topic_ends) {
			/* "a/#" matches "a" too */
			bool parent = !filter_ends && is_text(rest_of(filter, wanted.len + 1), '#');
			return topic_ends && (filter_ends || parent);
		}
		filter = rest_of(filter, wanted.len + 1);
		topic = rest_of(topic, given.len + 1);
	}
}

static bool is_wildcard(struct bytes level)
{
	return is_text(level, '#') || is_text(level, '+');
}

bool filters_meet(struct bytes one, struct bytes other)
{
	one = without_share(one);
	other = without_share(other);
	/* [MQTT-4.7.2-1]: "#" and "$SYS/#" do not. */
	bool one_is_special = one.len && one.data[0] == '$';
	bool other_is_special = other.len && other.data[0] == '$';
	if (one_is_special != other_is_special &&
		(is_wildcard(first_level(one)) || is_wildcard(first_level(other))))
		return false;
	for (;;) {
		struct bytes a = first_level(one), b = first_level(other);
		bool one_ends = a.len == one.len, other_ends = b.len == other.len;

		if ((one_ends && is_text(a, '#')) || (other_ends && is_text(b, '#')))
			return true;
		if (!is_text(a, '+') && !is_text(b, '+') && !bytes_equal(a, b))
			return false;
		if (one_ends && other_ends)
			return true;
		/* "a/#" matches "a", too. */
		if (one_ends)
			return is_text(rest_of(other, b.len + 1), '#');
		if (other_ends)
			return is_text(rest_of(one, a.len + 1), '#');
		one = rest_of(one, a.len + 1);
		other = rest_of(other, b.len + 1);
	}
}
