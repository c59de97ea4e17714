/* The properties of a message, compared with what its publisher sent. */
#include <string.h>

#include "harness/test.h"

enum { PAYLOAD_FORMAT = 0x01, USER_PROPERTY = 0x26 };

/* Those that a server hands on as they are, 3.3.2.3. */
static bool is_forwarded(const struct property *p)
{
	static const uint8_t ids[] = { PAYLOAD_FORMAT, 0x03, 0x08, 0x09, USER_PROPERTY };

	if (p->id == PAYLOAD_FORMAT && !p->number)
		return false; /* as good as absent */
	return p->id <= USER_PROPERTY && memchr(ids, (int)p->id, sizeof(ids));
}

static bool property_equal(const struct property *a, const struct property *b)
{
	return a->number == b->number && bytes_equal(a->value, b->value) &&
		bytes_equal(a->name, b->name);
}

/* The `n`th property with this id among the forwarded ones; NULL if there are fewer. */
static const struct property *find_nth(const struct properties *list, uint32_t id, size_t n)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->list[i].id == id && is_forwarded(&list->list[i]) && !n--)
			return &list->list[i];
	return NULL;
}

static size_t count_before(const struct properties *list, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < at; i++)
		n += list->list[i].id == list->list[at].id;
	return n;
}

/* The first property of `of` that `in` lacks, or has with a different value; NULL: none. */
static const struct property *first_missing(
	const struct properties *of, const struct properties *in)
{
	for (size_t i = 0; i < of->count; i++) {
		const struct property *one = &of->list[i];
		if (!is_forwarded(one))
			continue;
		const struct property *same = find_nth(in, one->id, count_before(of, i));
		if (!same || !property_equal(one, same))
			return one;
	}
	return NULL;
}

void check_forwarded_at(struct place at, struct test *t, const struct packet *packet,
	const struct properties *wanted)
{
	struct properties none = { 0 };
	const struct properties *want = wanted ? wanted : &none;
	const struct property *lost = first_missing(want, &packet->properties);
	const struct property *other = lost ? lost : first_missing(&packet->properties, want);

	if (!other)
		return;
	test_differ(t, at, DIFFERENCE(SPEC_PROPERTY, arena_printf(t->arena, "0x%02X", other->id)),
		arena_printf(t->arena, lost ? "%s as it was published" : "no %s but the published",
			spec_property(other->id)->name),
		wire_describe(t->arena, t->play->version, packet));
}
