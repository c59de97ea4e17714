/* The host's side of a link: it is opened, read from and written. Its end is in link_end.c. */
#include "broker/core/broker.h"
#include "broker/core/commit.h"
#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_end.h"
#include "broker/core/link_out.h"
#include "broker/core/restore.h"
#include "broker/core/session.h"
#include "broker/core/session_life.h"

struct link *link_open(struct broker *b, void *owner)
{
	if (b->shutting_down || b->figures.links - b->ending >= b->config.limits.connections)
		return NULL;
	struct link *l = memory_take_zeroed(&b->memory, sizeof(*l));
	if (!l)
		return NULL;
	if (b->restoring)
		restore_done(b);
	l->broker = b;
	l->owner = owner;
	l->heard_ms = b->now_ms;
	l->packet_max = UINT32_MAX;
	l->receive_maximum = UINT16_MAX;
	if (!timer_make(&b->timers, &l->timer, TIMER_LINK)) {
		memory_give(&b->memory, l, sizeof(*l));
		return NULL;
	}
	timer_set(&b->timers, &l->timer, b->now_ms + b->config.limits.connect_wait_ms);
	b->figures.links++;
	b->figures.connections_total++;
	return l;
}

void link_set_realm(struct link *l, uint8_t realm)
{
	l->realm = realm;
}

bool link_set_mount(struct link *l, struct mqtt_view mount)
{
	if (!link_extra_make(l))
		return false;
	l->extra->mount = mount;
	return true;
}

/* Links that wait for a commit are handed out like any other, with less to write. */
struct link *broker_next(struct broker *b)
{
	struct link *l;

	if (b->uncommitted)
		commit_begin(b);
	while ((l = b->pending_first)) {
		b->pending_first = l->pending_next;
		if (!b->pending_first)
			b->pending_last = NULL;
		l->pending = false;
		if (!l->gone)
			return l;
		if (!link_awaits_commit(l)) /* else it comes once more */
			memory_give(&b->memory, l, sizeof(*l));
	}
	return NULL;
}

bool link_wants_input(const struct link *l)
{
	bool kept_waiting = (l->stopped | l->held |
				    l->under_way) && /* all at once, as most links do not wait */
		(l->stopped || commit_is_clogged(l->broker));

	return l->state == LINK_ENDS || (!kept_waiting && !link_is_congested(l));
}

bool link_awaits_room(const struct link *l)
{
	return l->state == LINK_UP && link_backlog_is_full(l);
}

size_t link_output(const struct link *l, struct broker_piece *pieces, size_t max)
{
	return link_awaits_commit(l) ? commit_pieces(l, pieces, max)
				     : output_pieces(&l->output, pieces, max);
}

size_t link_output_bytes(const struct link *l)
{
	return l->output.bytes;
}

void link_written(struct link *l, size_t bytes)
{
	struct broker *b = l->broker;
	bool congested = link_is_congested(l);

	if (link_awaits_commit(l))
		commit_written(l, (uint32_t)bytes);
	b->figures.bytes_sent += bytes;
	output_written(&l->output, &b->memory, bytes);
	if (!l->output.bytes) {
		l->waits = false;
	} else if (bytes || !l->waits) {
		l->taken_ms = b->now_ms;
		if (!l->waits)
			link_waits(l);
	}
	if (l->draws && l->session) {
		l->draws = false;
		draws_wake(&b->draws, l->session->draws);
	}
	if (!congested || link_is_congested(l))
		return;
	link_mark(l); /* it may be read from again */
	link_resume(l);
	if (l->session)
		session_pump_later(b, l->session);
}

void *link_owner(const struct link *l)
{
	return l->owner;
}
