#include "broker/access/filter.h"

/* Levels, one after the other. */
struct walk {
	const uint8_t *at, *end; /* `at` is NULL after the last level */
	struct mqtt_view level;
};

static struct walk walk_of(struct mqtt_view text)
{
	return (struct walk){ .at = text.data, .end = text.data + text.len };
}

/* False when there was no further level. */
static bool walk_on(struct walk *w)
{
	if (!w->at)
		return false;
	const uint8_t *slash = memchr(w->at, '/', (size_t)(w->end - w->at));
	const uint8_t *end = slash ? slash : w->end;
	w->level = (struct mqtt_view){ w->at, (uint32_t)(end - w->at) };
	w->at = slash ? slash + 1 : NULL;
	return true;
}

static bool is(struct mqtt_view level, char c)
{
	return level.len == 1 && level.data[0] == (uint8_t)c;
}

static bool is_wild(struct mqtt_view level)
{
	return is(level, '+') || is(level, '#');
}

/* A wildcard at the very beginning does not stand for "$". */
static bool stands_for(struct mqtt_view wild, struct mqtt_view level, bool first)
{
	return is_wild(wild) && !(first && level.len && level.data[0] == '$');
}

bool filter_matches(struct mqtt_view filter, struct mqtt_view topic)
{
	return filter_covers(filter, topic); /* a topic is a filter that matches itself alone */
}

/* How the two levels compare, for filter_covers and filter_meets: false settles it. */
static bool covers_level(struct mqtt_view a, struct mqtt_view b, bool first)
{
	return stands_for(a, b, first) || (!is_wild(a) && mqtt_view_equal(a, b));
}

bool filter_covers(struct mqtt_view filter, struct mqtt_view other)
{
	struct walk a = walk_of(filter), b = walk_of(other);

	for (bool first = true;; first = false) {
		bool more_a = walk_on(&a), more_b = walk_on(&b);
		if (more_a && is(a.level, '#')) /* also of the level above: 4.7.1.2 */
			return !more_b || stands_for(a.level, b.level, first);
		if (!more_a || !more_b)
			return more_a == more_b;
		if (is(b.level, '#') || !covers_level(a.level, b.level, first))
			return false;
	}
}

bool filter_meets(struct mqtt_view filter, struct mqtt_view other)
{
	struct walk a = walk_of(filter), b = walk_of(other);

	for (bool first = true;; first = false) {
		bool more_a = walk_on(&a), more_b = walk_on(&b);
		if (more_a && is(a.level, '#'))
			return !more_b || stands_for(a.level, b.level, first);
		if (more_b && is(b.level, '#'))
			return !more_a || stands_for(b.level, a.level, first);
		if (!more_a || !more_b)
			return more_a == more_b;
		if (!covers_level(a.level, b.level, first) &&
			!covers_level(b.level, a.level, first))
			return false;
	}
}
