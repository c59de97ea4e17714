#include "broker/core/deliver.h"

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_out.h"
#include "broker/core/permit.h"
#include "broker/core/session.h"

static inline bool send_at_once(
	struct broker *b, struct session *s, struct publication *p, const struct sending *how)
{
	return s->link && link_can_send(s->link) && forward_send(b, s->link, p, how) == SEND_OK;
}

enum deliver_result deliver(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share)
{
	enum deliver_result result = DELIVER_DROPPED;

	if (how->qos)
		result = outgoing_add(b, s, p, how, share);
	else if (send_at_once(b, s, p, how))
		result = DELIVER_OK;
	if (result != DELIVER_OK)
		b->figures.messages_dropped++;
	return result;
}

/* ---- all or nothing ------------------------------------------------------------------------ */

static enum deliver_result stage(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share)
{
	size_t len = b->staged.len;
	struct staged entry = { .session = s, .how = *how };

	if (!how->qos && !(s->link && link_can_send(s->link)))
		return DELIVER_DROPPED;
	if (share && how->first_id)
		entry.own = how->ids[how->first_id - 1];
	if (!buf_add(&b->staged, &entry, sizeof(entry)))
		return DELIVER_FAILED;
	enum deliver_result result = how->qos ? outgoing_add(b, s, p, how, share) : DELIVER_OK;
	if (result != DELIVER_OK)
		b->staged.len = len;
	return result;
}

enum deliver_result deliver_stage(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share)
{
	enum deliver_result result = stage(b, s, p, how, share);

	b->figures.messages_dropped += result == DELIVER_DROPPED;
	return result;
}

static struct staged *staged_at(const struct broker *b, size_t i)
{
	return (struct staged *)(void *)b->staged.data + i;
}

void deliver_staged(struct broker *b, struct publication *p)
{
	size_t count = b->staged.len / sizeof(struct staged);

	for (size_t i = 0; i < count; i++) {
		struct staged *s = staged_at(b, i);
		if (s->own.id)
			s->how.ids = &s->own;
		if (s->how.qos)
			outgoing_pump(b, s->session);
		else if (!send_at_once(b, s->session, p, &s->how))
			b->figures.messages_dropped++;
	}
}

void deliver_unstage(struct broker *b)
{
	size_t count = b->staged.len / sizeof(struct staged);

	while (count--)
		if (staged_at(b, count)->how.qos)
			outgoing_unstage(b, staged_at(b, count)->session);
}

/* ---- shares -------------------------------------------------------------------------------- */

enum {
	RANK_AT_ONCE,
	RANK_LATER,     /* it is kept until the member can take more */
	RANK_WHEN_BACK, /* it is kept until the member comes back */
	RANK_FULL,      /* no more is kept */
	RANK_AWAY,      /* QoS 0 is not kept */
	RANK_NEVER,     /* it is not allowed */
};

/* How gladly a member would take a message. */
static unsigned member_rank(
	struct broker *b, const struct subscription *member, const struct publication *p)
{
	const struct session *s = session_of(member->subscriber);
	uint8_t qos = qos_least(p->qos, member->qos);

	if (!may_get(b, s, p->topic))
		return RANK_NEVER;
	if (!s->link && !qos)
		return RANK_AWAY;
	if (qos && s->link && outgoing_is_ready(s))
		return RANK_AT_ONCE;
	if (qos && !outgoing_has_room(b, s, publication_size(p)))
		return RANK_FULL;
	if (qos)
		return s->link ? RANK_LATER : RANK_WHEN_BACK;
	return link_is_congested(s->link) ? RANK_LATER : RANK_AT_ONCE;
}

enum deliver_result deliver_to_share(struct broker *b, struct share *share, struct publication *p)
{
	uint32_t count = share->list.count, best = 0;
	unsigned best_rank = RANK_NEVER;

	for (uint32_t i = 0; i < count && best_rank != RANK_AT_ONCE; i++) {
		uint32_t at = (share->turn + i) % count;
		unsigned rank = member_rank(b, subscription_at(&share->list, at), p);
		if (rank < best_rank) {
			best_rank = rank;
			best = at;
		}
	}
	if (best_rank == RANK_NEVER)
		return DELIVER_NOBODY;
	if (best_rank == RANK_AWAY) {
		b->figures.messages_dropped++;
		return DELIVER_DROPPED;
	}
	share->turn = best + 1;
	const struct subscription *member = subscription_at(&share->list, best);
	struct target_id id = { member->id, 0 };
	struct sending how = { .ids = &id,
		.first_id = member->id ? 1 : 0,        /* its own only: U50-SUBID-SHARED */
		.qos = qos_least(p->qos, member->qos), /* [MQTT-4.8.2-3] */
		.retain = p->retain && member->retain_as_published };
	return (b->staging ? deliver_stage : deliver)(
		b, session_of(member->subscriber), p, &how, share);
}
