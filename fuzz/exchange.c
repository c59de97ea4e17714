#include "fuzz/exchange.h"

#include <string.h>

#include "base/arena.h"
#include "harness/versions.h"

enum { MARK_SIZE = sizeof(EXCHANGE_MARK) - 1 };

void exchange_add(struct arena *a, struct exchange *e, struct step step)
{
	exchange_insert(a, e, e->count, step);
}

void exchange_insert(struct arena *a, struct exchange *e, size_t at, struct step step)
{
	e->steps = arena_grow(a, e->steps, e->count, &e->capacity, sizeof(*e->steps));
	memmove(e->steps + at + 1, e->steps + at, (e->count - at) * sizeof(*e->steps));
	e->steps[at] = step;
	e->count++;
}

void exchange_remove(struct exchange *e, size_t at, size_t count)
{
	memmove(e->steps + at, e->steps + at + count, (e->count - at - count) * sizeof(*e->steps));
	e->count -= count;
}

struct exchange exchange_copy(struct arena *a, const struct exchange *e)
{
	struct exchange copy = { 0 };

	for (size_t i = 0; i < e->count; i++) {
		struct step step = e->steps[i];
		step.bytes.data = arena_copy(a, step.bytes.data, step.bytes.len);
		step.what = step.what ? arena_text(a, step.what) : NULL;
		exchange_add(a, &copy, step);
	}
	return copy;
}

unsigned exchange_connections(const struct exchange *e)
{
	unsigned most = 0;

	for (size_t i = 0; i < e->count; i++)
		most = e->steps[i].connection > most ? e->steps[i].connection : most;
	return most;
}

static bool step_equal(const struct step *a, const struct step *b)
{
	return a->kind == b->kind && a->connection == b->connection && a->version == b->version &&
		bytes_equal(a->bytes, b->bytes) && a->damaged == b->damaged &&
		a->id_at == b->id_at && a->type == b->type && !a->what == !b->what &&
		(!a->what || !strcmp(a->what, b->what));
}

bool exchange_equal(const struct exchange *a, const struct exchange *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!step_equal(&a->steps[i], &b->steps[i]))
			return false;
	return true;
}

static bool is_open_at_end(const struct exchange *e, unsigned connection)
{
	bool open = false;

	for (size_t i = 0; i < e->count; i++) {
		const struct step *s = &e->steps[i];
		if (s->connection != connection)
			continue;
		open |= s->kind == STEP_OPEN;
		open &= s->kind != STEP_CLOSE && s->kind != STEP_RESET;
	}
	return open;
}

void exchange_append(struct arena *a, struct exchange *e, const struct exchange *from)
{
	unsigned before = exchange_connections(e);

	for (unsigned c = 1; c <= before; c++)
		if (is_open_at_end(e, c))
			exchange_add(a, e,
				(struct step){ .kind = STEP_CLOSE,
					.connection = c,
					.id_at = EXCHANGE_NO_ID });
	for (size_t i = 0; i < from->count; i++) {
		struct step step = from->steps[i];
		if (step.kind != STEP_TELL)
			step.connection += before;
		exchange_add(a, e, step);
	}
}

void exchange_drop_connection(struct exchange *e, unsigned connection)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->count; i++)
		if (e->steps[i].connection != connection)
			e->steps[kept++] = e->steps[i];
	e->count = kept;
}

struct bytes exchange_stamp(struct arena *a, struct bytes bytes, unsigned number)
{
	char stamp[MARK_SIZE + 1];
	uint8_t *copy = arena_copy(a, bytes.data, bytes.len);
	uint8_t *at = copy, *end = copy + bytes.len;

	snprintf(stamp, sizeof(stamp), "fz%04x", number & 0xffff);
	while ((at = memmem(at, (size_t)(end - at), EXCHANGE_MARK, MARK_SIZE))) {
		memcpy(at, stamp, MARK_SIZE);
		at += MARK_SIZE;
	}
	return (struct bytes){ copy, bytes.len };
}

enum mqtt_version exchange_version(const struct exchange *e, size_t at)
{
	unsigned connection = e->steps[at].connection;

	for (size_t i = at + 1; i-- > 0;)
		if (e->steps[i].kind == STEP_OPEN && e->steps[i].connection == connection)
			return e->steps[i].version;
	return MQTT_50;
}

enum mqtt_version exchange_first_version(const struct exchange *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->steps[i].kind == STEP_OPEN)
			return e->steps[i].version;
	return MQTT_50;
}

unsigned exchange_versions(const struct exchange *e)
{
	unsigned mask = 0;

	for (size_t i = 0; i < e->count; i++)
		if (e->steps[i].kind == STEP_OPEN)
			mask |= version_bit(e->steps[i].version);
	return mask;
}

unsigned exchange_sends(const struct exchange *e)
{
	unsigned sends = 0;

	for (size_t i = 0; i < e->count; i++)
		sends += e->steps[i].kind == STEP_SEND;
	return sends;
}
