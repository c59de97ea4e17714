#include "broker/core/deliver.h"

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_out.h"
#include "broker/core/permit.h"
#include "broker/core/session.h"

/* On its own, as few messages go this way. */
__attribute__((noinline)) static enum deliver_result stage(struct broker *b, struct session *s,
	struct publication *p, const struct sending *how, struct share *share)
{
	size_t len = b->staged.len;

	if (!buf_add(&b->staged, &s, sizeof(struct session *)))
		return DELIVER_FAILED;
	enum deliver_result result = outgoing_add(b, s, p, how, share);
	if (result != DELIVER_OK)
		b->staged.len = len;
	return result;
}

enum deliver_result deliver(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share)
{
	enum deliver_result result = DELIVER_DROPPED;

	if (how->qos)
		result =
			b->staging ? stage(b, s, p, how, share) : outgoing_add(b, s, p, how, share);
	else if (s->link && link_can_send(s->link) && forward_send(b, s->link, p, how) == SEND_OK)
		result = DELIVER_OK;
	if (result != DELIVER_OK)
		b->figures.messages_dropped++;
	return result;
}

enum {
	RANK_AT_ONCE,
	RANK_LATER,     /* it is kept until the member can take more */
	RANK_WHEN_BACK, /* it is kept until the member comes back */
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
	if (!s->link)
		return qos ? RANK_WHEN_BACK : RANK_AWAY;
	if (qos)
		return outgoing_is_ready(s) ? RANK_AT_ONCE : RANK_LATER;
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
	return deliver(b, session_of(member->subscriber), p, &how, share);
}

void deliver_hand_on(struct broker *b, struct session *s)
{
	const struct delivery *d;

	for (uint32_t at = 0; (d = outgoing_next(s->outgoing, &at));) {
		struct share *share = d->extra ? d->extra->share : NULL;
		/* A QoS 2 message that was under way stays with this client. [MQTT-4.8.2-5] */
		bool free =
			d->state == DELIVERY_WAITING || (d->state == DELIVERY_SENT && d->qos == 1);
		if (!share || !share->node || !free ||
			is_expired(d->message->expires_ms, b->now_ms))
			continue;
		struct publication p = publication_of(d->message);
		deliver_to_share(b, share, &p);
	}
}
