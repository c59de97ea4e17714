#include "harness/transport/tap.h"

#include "base/arena.h"
#include "base/clock.h"

void tap_init(struct tap *tap, struct arena *a)
{
	*tap = (struct tap){ .arena = a };
}

static void add(struct tapped *t, enum tap_kind kind, const void *data, size_t size)
{
	struct tap *tap = t->tap;

	tap->events = arena_grow(
		tap->arena, tap->events, tap->count, &tap->capacity, sizeof(*tap->events));
	tap->events[tap->count++] = (struct tap_event){
		.at_us = clock_now_us(),
		.kind = kind,
		.of = t,
		.data = size ? arena_copy(tap->arena, data, size) : NULL,
		.size = size,
	};
}

struct tapped *tap_open(struct tap *tap, const struct sockaddr_storage *local,
	const struct sockaddr_storage *remote, bool accepted)
{
	if (!tap)
		return NULL;
	struct tapped *t = arena_new(tap->arena, struct tapped);
	t->tap = tap;
	t->local = *local;
	t->remote = *remote;
	t->accepted = accepted;
	t->secrets = "";
	add(t, TAP_OPENED, NULL, 0);
	return t;
}

void tap_name(struct tap *tap, const char *name)
{
	for (; tap->named < tap->count; tap->named++)
		if (tap->events[tap->named].kind == TAP_OPENED)
			tap->events[tap->named].of->name = name;
}

/* A stream with a gap cannot be read beyond it, least of all if it is encrypted. */
static void add_data(struct tapped *t, enum tap_kind kind, const void *data, size_t size)
{
	if (!t || t->full)
		return;
	t->full = t->tap->bytes + size > TAP_BYTES_MAX;
	if (t->full) {
		add(t, TAP_FULL, NULL, 0);
		return;
	}
	t->tap->bytes += size;
	add(t, kind, data, size);
}

void tap_sent(struct tapped *t, const void *data, size_t size)
{
	add_data(t, TAP_SENT, data, size);
}

void tap_received(struct tapped *t, const void *data, size_t size)
{
	add_data(t, TAP_RECEIVED, data, size);
}

void tap_ended(struct tapped *t, enum tap_kind how)
{
	bool out = how == TAP_FIN_OUT || how == TAP_RESET_OUT;
	bool is_reset = how == TAP_RESET_OUT || how == TAP_RESET_IN;

	if (!t || t->full || (is_reset ? t->reset : out ? t->ended_out : t->ended_in))
		return;
	t->ended_out |= out || is_reset;
	t->ended_in |= !out || is_reset;
	t->reset |= is_reset;
	add(t, how, NULL, 0);
}

void tap_shut(struct tapped *t)
{
	if (t && !t->full)
		add(t, TAP_SHUT, NULL, 0);
}

void tap_secret(struct tapped *t, const char *line)
{
	if (t)
		t->secrets = arena_printf(t->tap->arena, "%s%s\n", t->secrets, line);
}
