#include "random/names.h"

#include <stddef.h>
#include <string.h>

static const char *const topics[TOPIC_COUNT] = { "a", "b", "a/b", "a/c", "a/b/c", "b/", "/b",
	"d/e/f/g/h/i/j/k/l", "s/t/u/v", "s/t/u/w" };

static const char *const filters[FILTER_COUNT + 1] = { "a", "b", "a/b", "a/+", "a/#", "+", "+/b",
	"a/+/c", "b/", "+/+", "d/#", "d/e/f/g/h/i/j/k/l", "$share/g/s/#", "$share/h/s/#",
	"$share/g/s/t/u/v", "#" };

static const char *const ways[WAY_COUNT] = { "usual", "tcp", "tls", "ws", "wss", "unix" };

const char *topic_name(unsigned topic)
{
	return topics[topic];
}

const char *filter_name(unsigned filter)
{
	return filters[filter];
}

static int find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

int topic_find(const char *name)
{
	return find(topics, TOPIC_COUNT, name);
}

int filter_find(const char *name)
{
	return find(filters, FILTER_COUNT, name);
}

const char *way_name(unsigned way)
{
	return ways[way];
}

int way_find(const char *name)
{
	return find(ways, WAY_COUNT, name);
}

bool filter_is_of_share(unsigned filter)
{
	return *filters[filter] == '$';
}

bool filter_is_wild(unsigned filter)
{
	return strpbrk(filters[filter], "+#");
}

/* Level by level; `#` also stands for the level above it. */
static bool matches(const char *filter, const char *topic)
{
	for (;;) {
		size_t wanted = strcspn(filter, "/"), there = strcspn(topic, "/");
		bool any = *filter == '+' && wanted == 1;

		if (*filter == '#')
			return true;
		if (!any && (wanted != there || memcmp(filter, topic, wanted) != 0))
			return false;
		filter += wanted;
		topic += there;
		if (!*filter || !*topic)
			return *filter == *topic || !strcmp(filter, "/#");
		filter++;
		topic++;
	}
}

bool filter_lets_through(unsigned filter, unsigned topic)
{
	const char *text = filters[filter];

	if (filter_is_of_share(filter))
		text = strchr(text + sizeof("$share/") - 1, '/') + 1;
	return matches(text, topics[topic]);
}
