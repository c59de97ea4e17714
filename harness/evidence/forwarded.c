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

/* ---- what differs ---------------------------------------------------------------------------- */

/* Names of properties, each once. */
struct names {
	const char *text; /* "Content Type, User Property" */
	uint32_t first;   /* the id of the first; 0: there is none */
	uint64_t seen;    /* bit n: property n */
};

struct changes {
	struct names missing, altered, added;
};

static void add_name(struct arena *a, struct names *names, const struct property *p)
{
	const char *name = spec_property(p->id)->name;

	if (names->seen >> p->id & 1)
		return;
	names->seen |= UINT64_C(1) << p->id;
	names->text = names->first ? arena_printf(a, "%s, %s", names->text, name) : name;
	names->first = names->first ? names->first : p->id;
}

static struct changes find_changes(
	struct arena *a, const struct properties *want, const struct properties *came)
{
	struct changes c = { 0 };

	for (size_t i = 0; i < want->count; i++) {
		const struct property *one = &want->list[i];
		if (!is_forwarded(one))
			continue;
		const struct property *same = find_nth(came, one->id, count_before(want, i));
		if (!same)
			add_name(a, &c.missing, one);
		else if (!property_equal(one, same))
			add_name(a, &c.altered, one);
	}
	for (size_t i = 0; i < came->count; i++)
		if (is_forwarded(&came->list[i]) &&
			!find_nth(want, came->list[i].id, count_before(came, i)))
			add_name(a, &c.added, &came->list[i]);
	return c;
}

/* The same User Properties, in another order. */
static bool only_order_differs(
	const struct changes *c, const struct properties *want, const struct properties *came)
{
	if (c->missing.first || c->added.first || c->altered.first != USER_PROPERTY ||
		c->altered.seen != UINT64_C(1) << USER_PROPERTY)
		return false;
	for (size_t i = 0; i < want->count; i++) {
		size_t due = 0, found = 0;

		for (size_t n = 0; n < want->count; n++)
			due += want->list[n].id == USER_PROPERTY &&
				property_equal(&want->list[n], &want->list[i]);
		for (size_t n = 0; n < came->count; n++)
			found += came->list[n].id == USER_PROPERTY &&
				property_equal(&came->list[n], &want->list[i]);
		if (want->list[i].id == USER_PROPERTY && due != found)
			return false;
	}
	return true;
}

static void add_part(
	struct buf *b, const struct names *names, const char *before, const char *after)
{
	if (names->first)
		buf_printf(b, "%s%s%s%s", b->len ? "; " : "", before, names->text, after);
}

static const char *in_arena(struct arena *a, struct buf *b)
{
	const char *text = arena_text(a, buf_text(b));

	buf_fini(b);
	return text;
}

/* "Content Type, User Property as published; no Topic Alias but the published" */
static const char *what_was_due(struct arena *a, const struct changes *c)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	add_part(&b, &c->missing, "", " as published");
	add_part(&b, &c->altered, "", " as published");
	add_part(&b, &c->added, "no ", " but the published");
	return in_arena(a, &b);
}

/* "Content Type missing; User Property altered: PUBLISH ..." */
static const char *what_came(struct test *t, const struct changes *c, const struct packet *packet)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	add_part(&b, &c->missing, "", " missing");
	add_part(&b, &c->altered, "", " altered");
	add_part(&b, &c->added, "", " added");
	buf_printf(&b, ": %s", wire_describe(t->arena, t->play->version, packet));
	return in_arena(t->arena, &b);
}

void check_forwarded_at(struct place at, struct test *t, const struct packet *packet,
	const struct properties *wanted)
{
	struct properties none = { 0 };
	struct changes c = find_changes(t->arena, wanted ? wanted : &none, &packet->properties);
	uint32_t first = c.missing.first ? c.missing.first
		: c.altered.first        ? c.altered.first
					 : c.added.first;

	const char *about = only_order_differs(&c, wanted ? wanted : &none, &packet->properties)
		? "0x26/order"
		: arena_printf(t->arena, "0x%02X", (unsigned)first);

	if (first)
		test_differ(t, at, DIFFERENCE(SPEC_PROPERTY, about), what_was_due(t->arena, &c),
			what_came(t, &c, packet));
}
