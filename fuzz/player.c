#include "fuzz/player.h"

#include <string.h>

#include "base/clock.h"

enum {
	ANSWER_US = 300000, /* to what is legal, so that an answer is likely */
	ODD_US = 20000,     /* the same after damage */
	WRITE_US = 1000000, /* for a target that does not read */
	OPEN_US = 2000000,  /* for a client that is to connect */
};

void player_init(struct player *p, const struct player_host *host)
{
	*p = (struct player){ .host = host };
	arena_init(&p->arena);
}

static void talks_end(struct player *p)
{
	for (unsigned i = 0; i < p->talk_count; i++)
		if (p->talks[i])
			talk_fini(p->talks[i]);
	p->talk_count = 0;
}

void player_fini(struct player *p)
{
	talks_end(p);
	arena_fini(&p->arena);
}

void player_begin(struct player *p, const struct exchange *e, unsigned stamp, struct tape *tape)
{
	talks_end(p);
	arena_reset(&p->arena);
	p->exchange = e;
	p->stamp = stamp;
	p->tape = tape;
	p->state = PLAYER_PLAYS;
	p->at = 0;
	p->due_us = 0;
	p->damaged = false;
	p->unreached = NULL;
	p->talk_count = exchange_connections(e) + 1;
	p->talks = arena_alloc(&p->arena, p->talk_count * sizeof(*p->talks));
}

void player_stop(struct player *p)
{
	if (p->state != PLAYER_IDLE)
		p->state = PLAYER_DONE;
	for (unsigned i = 0; i < p->talk_count; i++)
		if (p->talks[i])
			talk_close(p->talks[i], true);
}

/* ---- steps --------------------------------------------------------------------------------- */

/* True when the wait that began with the first call is over. */
static bool is_over(struct player *p, int64_t limit_us)
{
	int64_t now_us = clock_now_us();

	if (!p->due_us)
		p->due_us = now_us + limit_us;
	return now_us >= p->due_us;
}

static const struct monitor *last_monitor(const struct player *p, unsigned below)
{
	while (below-- > 0)
		if (p->talks[below])
			return p->talks[below]->monitor;
	return NULL;
}

/* All of these say whether the step is done. */

static bool play_open(struct player *p, const struct step *s)
{
	struct pipe *pipe = NULL;
	const char *error = NULL;

	switch (p->host->open(p->host->user, &p->arena, &pipe, &error)) {
	case OPENED_LATER: return is_over(p, OPEN_US);
	case OPENED_NEVER: p->unreached = error; return true;
	case OPENED: break;
	}
	struct talk *l = arena_new(&p->arena, struct talk);
	talk_init(l, &p->arena, pipe, s->version, p->host->ours, last_monitor(p, s->connection),
		p->tape, arena_printf(&p->arena, "connection %u", s->connection));
	p->talks[s->connection] = l;
	return true;
}

static bool play_send(struct player *p, const struct step *s, struct talk *l)
{
	if (!p->due_us) { /* the first time */
		struct bytes bytes = exchange_stamp(&p->arena, s->bytes, p->stamp);
		uint8_t *data = (uint8_t *)bytes.data;
		if (s->id_at != EXCHANGE_NO_ID && l->last_id) {
			data[s->id_at] = (uint8_t)(l->last_id >> 8);
			data[s->id_at + 1] = (uint8_t)l->last_id;
		}
		size_t secret =
			demands_meet_in_bytes(&p->arena, &p->host->demands, l->version, &bytes);
		p->damaged |= s->damaged;
		l->damaged |= s->damaged;
		talk_send(l, bytes, secret);
	}
	return !l->out.len || is_over(p, WRITE_US);
}

static bool play_await(struct player *p, const struct step *s, struct talk *l)
{
	if (!(l->came & SPEC_PACKET(s->type)) && !is_over(p, p->damaged ? ODD_US : ANSWER_US))
		return false;
	l->came &= ~SPEC_PACKET(s->type);
	return true;
}

static bool play_step(struct player *p, const struct step *s)
{
	struct talk *l = p->talks[s->kind == STEP_TELL ? 0 : s->connection];

	if (s->kind == STEP_OPEN)
		return l || play_open(p, s);
	if (s->kind == STEP_TELL) {
		if (p->host->tell)
			p->host->tell(p->host->user, exchange_first_version(p->exchange), s->what);
		return true;
	}
	if (!l || !talk_is_open(l))
		return true;
	switch (s->kind) {
	case STEP_SEND: return play_send(p, s, l);
	case STEP_AWAIT: return play_await(p, s, l);
	default: talk_close(l, s->kind == STEP_RESET); return true;
	}
}

/* ---- the end ------------------------------------------------------------------------------- */

static void begin_drain(struct player *p)
{
	struct packet ping = wire_packet(PINGREQ);

	p->state = PLAYER_DRAINS;
	p->due_us = 0;
	for (unsigned i = 1; i < p->talk_count; i++) {
		struct talk *l = p->talks[i];
		if (!l || !talk_is_open(l) || p->host->ours != SIDE_CLIENT)
			continue;
		l->came &= ~SPEC_PACKET(PINGRESP);
		talk_send_packet(l, &ping);
	}
}

static bool is_drained(struct player *p)
{
	bool odd = false;
	bool all = true;

	for (unsigned i = 1; i < p->talk_count; i++) {
		const struct talk *l = p->talks[i];
		if (!l || !talk_is_open(l) || l->flooded || l->came & SPEC_PACKET(PINGRESP))
			continue;
		all = false;
		odd |= l->damaged || l->said_lost;
	}
	return all || is_over(p, odd || p->host->ours != SIDE_CLIENT ? ODD_US : ANSWER_US);
}

static void read_all(struct player *p)
{
	for (unsigned i = 1; i < p->talk_count; i++)
		if (p->talks[i])
			talk_turn(p->talks[i]);
}

enum player_state player_turn(struct player *p)
{
	if (p->state == PLAYER_IDLE || p->state == PLAYER_DONE)
		return p->state;
	read_all(p);
	while (p->state == PLAYER_PLAYS && p->at < p->exchange->count && !p->unreached) {
		if (!play_step(p, &p->exchange->steps[p->at]))
			return p->state;
		p->at++;
		p->due_us = 0;
	}
	if (p->state == PLAYER_PLAYS) {
		begin_drain(p);
		read_all(p);
	}
	if (p->state == PLAYER_DRAINS && is_drained(p)) {
		for (unsigned i = 1; i < p->talk_count; i++)
			if (p->talks[i])
				talk_close(p->talks[i], false);
		p->state = PLAYER_DONE;
	}
	return p->state;
}

size_t player_poll(const struct player *p, struct pollfd *fds, size_t count, size_t max)
{
	for (unsigned i = 1; i < p->talk_count && count < max; i++) {
		const struct talk *l = p->talks[i];
		if (!l || !talk_is_open(l) || l->flooded)
			continue;
		fds[count++] = (struct pollfd){ .fd = l->pipe->fd,
			.events = (short)(POLLIN | (l->out.len ? POLLOUT : 0)) };
	}
	return count;
}

/* ---- what it was like ----------------------------------------------------------------------- */

uint64_t player_packets(const struct player *p)
{
	uint64_t packets = 0;

	for (unsigned i = 1; i < p->talk_count; i++)
		packets += p->talks[i] ? p->talks[i]->packets_out : 0;
	return packets;
}

const struct finding *player_finding(const struct player *p, const char *statement)
{
	for (unsigned i = 1; i < p->talk_count; i++)
		for (size_t k = 0; p->talks[i] && k < p->talks[i]->finding_count; k++)
			if (!statement || !strcmp(statement, p->talks[i]->findings[k].statement))
				return &p->talks[i]->findings[k];
	return NULL;
}
