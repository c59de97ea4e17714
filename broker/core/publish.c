#include "broker/core/publish.h"

#include "broker/core/commit.h"
#include "broker/core/core.h"
#include "broker/core/deliver.h"
#include "broker/core/draw.h"
#include "broker/core/link.h"
#include "broker/core/permit.h"
#include "broker/core/record.h"
#include "broker/core/session.h"

static void retain_nothing(struct broker *b, struct mqtt_view topic)
{
	if (retained_remove(&b->retained, topic))
		record_retained_gone(b, topic);
}

/* A message that was refused has replaced nothing. */
static void retain_again(struct broker *b, struct mqtt_view topic, struct message *old)
{
	if (old)
		(void)retained_put(&b->retained, old);
	else
		retained_remove(&b->retained, topic);
}

/* False without memory or room in the store. What is staged then counts as not published; any other
 * message replaces an older one even so: [MQTT-3.3.1-7] of 3.1.1.
 */
static bool retain(struct broker *b, struct publication *p)
{
	struct retained *r = &b->retained;
	struct message *old = retained_get(r, p->topic);

	if (!p->payload.len || (!old && r->count >= b->config.limits.retained_topics)) {
		retain_nothing(b, p->topic); /* [MQTT-3.3.1-6] [MQTT-3.3.1-7] */
		return true;
	}
	if (old)
		message_hold(old);
	bool kept = publication_message(&b->memory, p) && retained_put(r, p->message);
	bool stored = kept && record_retained(b, p->message);
	if (kept && !stored && b->staging)
		retain_again(b, p->topic, old);
	if (!kept && !b->staging)
		retained_remove(r, p->topic);
	if (old && !stored && !b->staging)
		record_retained_gone(b, p->topic);
	message_drop(&b->memory, old);
	return stored;
}

__attribute__((noinline)) static void publish_stage(struct broker *b)
{
	b->staging = true;
	b->staged_changes = b->changes;
	buf_reset(&b->staged);
}

/* All of it is in the store, or nothing of it, before any of it is sent: that it was refused must be true. */
static void publish_settle(struct broker *b, struct publication *p, bool ok)
{
	b->staging = false;
	if (ok)
		deliver_staged(b, p);
	else
		deliver_unstage(b);
}

static void count(struct publish_result *all, enum deliver_result one)
{
	all->matches += one != DELIVER_NOBODY;
	all->reached += one == DELIVER_OK;
	all->failed |= one == DELIVER_FAILED;
}

/* Whether everybody who wants it gets the same bytes: QoS 0, and nothing to ask or to write over. */
static bool is_plain(const struct broker *b, const struct publication *p)
{
	return p->forms && !p->qos && !p->retain && !b->config.access.deliver;
}

/* Such a publication for this target, if its output ends with the last one that many got: most of a
 * fan-out is this. False, with nothing done, if not.
 */
static inline bool pass_on(
	const struct target *t, const struct publication *p, uint32_t congested_bytes)
{
	struct link *l = session_of(t->subscriber)->link;

	if (t->ids || t->no_local || !l || l->state != LINK_UP ||
		l->output.bytes >= congested_bytes)
		return false;
	return forward_again(l, p);
}

static inline void target_deliver(struct broker *b, const struct match *m, const struct target *t,
	struct publication *p, bool staging, struct publish_result *all)
{
	struct session *s = session_of(t->subscriber);

	/* [MQTT-3.8.3-3] */
	if ((t->no_local && t->subscriber == p->publisher) || !may_get(b, s, p->topic))
		return;
	/* [MQTT-3.3.1-12] [MQTT-3.3.1-13], [MQTT-3.3.1-9] of 3.1.1 */
	struct sending how = { .ids = m->ids,
		.first_id = t->ids,
		.qos = qos_least(p->qos, t->qos),
		.retain = p->retain && t->retain_as_published };
	count(all, (staging ? deliver_stage : deliver)(b, s, p, &how, NULL));
}

static void targets_deliver(
	struct broker *b, const struct match *m, struct publication *p, struct publish_result *all)
{
	uint32_t passed = 0, congested_bytes = b->config.limits.output_bytes;
	bool plain = is_plain(b, p);

	for (uint32_t i = 0; i < m->target_count; i++) {
		if (plain && pass_on(&m->targets[i], p, congested_bytes))
			passed++;
		else
			target_deliver(b, m, &m->targets[i], p, false, all);
	}
	all->matches += passed;
	all->reached += passed;
	b->figures.messages_sent += passed;
}

__attribute__((noinline)) static void targets_stage(
	struct broker *b, const struct match *m, struct publication *p, struct publish_result *all)
{
	for (uint32_t i = 0; i < m->target_count && !all->failed; i++)
		target_deliver(b, m, &m->targets[i], p, true, all);
}

static void shares_deliver(
	struct broker *b, const struct match *m, struct publication *p, struct publish_result *all)
{
	for (uint32_t i = 0; i < m->share_count; i++)
		count(all, deliver_to_share(b, m->shares[i], p));
}

__attribute__((noinline)) static void publish_answered(
	struct broker *b, const struct match *m, struct publication *p, struct publish_result *all)
{
	publish_stage(b);
	targets_stage(b, m, p, all);
	shares_deliver(b, m, p, all);
	if (!all->failed && p->retain && !b->config.limits.no_retained)
		all->failed = !retain(b, p);
	publish_settle(b, p, !all->failed);
	struct link *publisher = session_of(p->publisher)->link;
	if (!all->failed && publisher && b->changes != b->staged_changes)
		link_hold(publisher);
	if (all->failed)
		all->reached = 0;
}

static inline void publish_at_once(
	struct broker *b, const struct match *m, struct publication *p, struct publish_result *all)
{
	if (p->retain && !b->config.limits.no_retained)
		all->failed |= !retain(b, p);
	targets_deliver(b, m, p, all);
	if (m->share_count)
		shares_deliver(b, m, p, all);
}

struct publish_result publish(struct broker *b, struct publication *p)
{
	struct publish_result all = { 0 };
	struct forms forms;

	const struct match *m = routes_match(&b->routes, p->topic, p->publisher);
	all.failed = m->failed;
	draws_overtake(b, p->topic);
	if (m->target_count + m->share_count > 1) {
		forms_init(&forms);
		p->forms = &forms;
	}
	if (p->answered && b->config.store.put)
		publish_answered(b, m, p, &all);
	else
		publish_at_once(b, m, p, &all);
	p->forms = NULL;
	return all;
}

/* The retained message comes first: it may be put again, and what is staged can be taken back whatever the store
 * has room for.
 */
bool publish_will(struct broker *b, struct publication *p, const struct session *lasts)
{
	struct publish_result all = { 0 };
	struct forms forms;

	const struct match *m = routes_match(&b->routes, p->topic, p->publisher);
	if (m->failed)
		return false;
	draws_overtake(b, p->topic);
	publish_stage(b);
	all.failed = p->retain && !b->config.limits.no_retained && !retain(b, p);
	forms_init(&forms);
	p->forms = &forms;
	targets_stage(b, m, p, &all);
	shares_deliver(b, m, p, &all);
	all.failed = all.failed || (lasts && !record_session(b, lasts));
	publish_settle(b, p, !all.failed);
	p->forms = NULL;
	return !all.failed;
}

bool publish_to_share(struct broker *b, struct share *share, struct publication *p)
{
	publish_stage(b);
	bool ok = deliver_to_share(b, share, p) != DELIVER_FAILED;
	publish_settle(b, p, ok);
	return ok;
}
