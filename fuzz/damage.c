/* How an exchange is broken, as situation.h says. */
#include "base/arena.h"
#include "fuzz/mutation.h"
#include "fuzz/situation.h"

enum { PLACES_MAX = 3, ATTEMPTS = 8 };

struct damaging {
	struct grammar grammar; /* its version is that of the connection at hand */
	struct exchange *exchange;
};

/* A step that sends; SIZE_MAX: there is none. */
static size_t any_send(struct damaging *d)
{
	size_t sends = 0, chosen;

	for (size_t i = 0; i < d->exchange->count; i++)
		sends += d->exchange->steps[i].kind == STEP_SEND;
	if (!sends)
		return SIZE_MAX;
	chosen = draw_below(d->grammar.draw, sends);
	for (size_t i = 0;; i++)
		if (d->exchange->steps[i].kind == STEP_SEND && !chosen--)
			return i;
}

static bool mutate(struct damaging *d, size_t at)
{
	struct step *s = &d->exchange->steps[at];
	struct bytes out;

	mutation_any(&d->grammar, s->bytes, &out);
	s->bytes = out;
	if (s->id_at != EXCHANGE_NO_ID && s->id_at + 2U > out.len)
		s->id_at = EXCHANGE_NO_ID;
	s->damaged = true;
	return true;
}

static bool repeat(struct damaging *d, size_t at)
{
	struct step again = d->exchange->steps[at];

	again.damaged = true;
	exchange_insert(d->grammar.arena, d->exchange, at + 1, again);
	return true;
}

/* What follows on this connection is out of place then. */
static void mark_next(struct damaging *d, size_t at, unsigned connection)
{
	for (size_t i = at; i < d->exchange->count; i++) {
		struct step *s = &d->exchange->steps[i];
		if (s->kind == STEP_SEND && s->connection == connection) {
			s->damaged = true;
			return;
		}
	}
}

static bool leave_out(struct damaging *d, size_t at)
{
	unsigned connection = d->exchange->steps[at].connection;

	exchange_remove(d->exchange, at, 1);
	mark_next(d, at, connection);
	return true;
}

/* Goes before the one sent before it on its connection. */
static bool hurry(struct damaging *d, size_t at)
{
	struct step moved = d->exchange->steps[at];

	for (size_t i = at; i-- > 0;) {
		const struct step *s = &d->exchange->steps[i];
		if (s->connection != moved.connection || s->kind == STEP_AWAIT)
			continue;
		if (s->kind != STEP_SEND)
			return false;
		moved.damaged = true;
		exchange_remove(d->exchange, at, 1);
		exchange_insert(d->grammar.arena, d->exchange, i, moved);
		return true;
	}
	return false;
}

/* Any packet, of the other side, too. */
static bool intrude(struct damaging *d, size_t at)
{
	struct grammar g = d->grammar;

	if (draw_chance(g.draw, 50))
		g.sender = g.sender == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
	enum packet_type type = draw_chance(g.draw, 20) ? CONNECT
		: draw_chance(g.draw, 10)               ? CONNACK
							: grammar_type(&g);
	struct packet packet = grammar_packet(&g, type);
	exchange_insert(g.arena, d->exchange, at + 1,
		(struct step){ .kind = STEP_SEND,
			.connection = d->exchange->steps[at].connection,
			.bytes = grammar_bytes(&g, &packet),
			.id_at = EXCHANGE_NO_ID,
			.damaged = true });
	return true;
}

/* The connection ends after a part of the packet. */
static bool break_off(struct damaging *d, size_t at)
{
	struct step *s = &d->exchange->steps[at];
	unsigned connection = s->connection;

	s->bytes.len = draw_below(d->grammar.draw, s->bytes.len);
	s->damaged = true;
	s->id_at = EXCHANGE_NO_ID;
	if (!s->bytes.len)
		exchange_remove(d->exchange, at--, 1);
	for (size_t i = at + 1; i < d->exchange->count;)
		if (d->exchange->steps[i].connection == connection &&
			d->exchange->steps[i].kind != STEP_TELL)
			exchange_remove(d->exchange, i, 1);
		else
			i++;
	exchange_insert(d->grammar.arena, d->exchange, at + 1,
		(struct step){ .kind = draw_chance(d->grammar.draw, 50) ? STEP_RESET : STEP_CLOSE,
			.connection = connection,
			.id_at = EXCHANGE_NO_ID });
	return true;
}

/* The same bytes in two writes: no damage. */
static bool split(struct damaging *d, size_t at)
{
	struct step *s = &d->exchange->steps[at], rest = *s;

	if (s->bytes.len < 2 || s->id_at != EXCHANGE_NO_ID)
		return false;
	s->bytes.len = draw_between(d->grammar.draw, 1, (uint32_t)s->bytes.len - 1);
	rest.bytes.data += s->bytes.len;
	rest.bytes.len -= s->bytes.len;
	exchange_insert(d->grammar.arena, d->exchange, at + 1, rest);
	return true;
}

static bool damage_once(struct damaging *d)
{
	size_t at = any_send(d);

	if (at == SIZE_MAX)
		return false;
	d->grammar.version = exchange_version(d->exchange, at);
	unsigned way = draw_below(d->grammar.draw, 100);
	if (way < 66)
		return mutate(d, at);
	if (way < 72)
		return repeat(d, at);
	if (way < 78)
		return leave_out(d, at);
	if (way < 84)
		return hurry(d, at);
	if (way < 92)
		return intrude(d, at);
	if (way < 96)
		return break_off(d, at);
	return split(d, at);
}

void damage_do(struct arena *a, struct draw *draw, enum side sender, struct exchange *e)
{
	struct damaging d = { .grammar = { .arena = a, .draw = draw, .sender = sender },
		.exchange = e };
	unsigned places = draw_between(draw, 1, PLACES_MAX), attempts = ATTEMPTS;

	while (places && attempts--)
		places -= damage_once(&d);
}
