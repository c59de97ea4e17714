#include "broker/core/publish.h"

#include "broker/core/core.h"
#include "broker/core/deliver.h"
#include "broker/core/draw.h"
#include "broker/core/record.h"
#include "broker/core/session.h"

/* False without memory. */
static bool retain(struct broker *b, struct publication *p)
{
	struct retained *r = &b->retained;
	bool ok = true;

	if (!p->payload.len) { /* [MQTT-3.3.1-6] [MQTT-3.3.1-7] */
		if (retained_remove(r, p->topic))
			record_retained_gone(b, p->topic);
		return true;
	}
	if (r->count < b->config.limits.retained_topics || retained_get(r, p->topic)) {
		ok = publication_message(&b->memory, p) && retained_put(r, p->message);
		if (ok) {
			record_retained(b, p->message);
			return true;
		}
	}
	if (retained_remove(r, p->topic)) /* never an older one: [MQTT-3.3.1-7] of 3.1.1 */
		record_retained_gone(b, p->topic);
	return ok;
}

static void count(struct publish_result *all, enum deliver_result one)
{
	all->matches += one != DELIVER_NOBODY;
	all->reached += one == DELIVER_OK;
	all->failed |= one == DELIVER_FAILED;
}

struct publish_result publish(struct broker *b, struct publication *p)
{
	struct publish_result all = { 0 };
	struct forms forms;

	const struct match *m = routes_match(&b->routes, p->topic, p->publisher);
	all.failed = m->failed;
	draws_overtake(b, p, m);
	if (p->retain && !b->config.limits.no_retained)
		all.failed |= !retain(b, p);
	if (m->target_count + m->share_count > 1) {
		forms_init(&forms);
		p->forms = &forms;
	}
	for (uint32_t i = 0; i < m->target_count; i++) {
		const struct target *t = &m->targets[i];
		struct session *s = session_of(t->subscriber);
		/* [MQTT-3.8.3-3] */
		if ((t->no_local && t->subscriber == p->publisher) || !may_get(b, s, p->topic))
			continue;
		/* [MQTT-3.3.1-12] [MQTT-3.3.1-13], [MQTT-3.3.1-9] of 3.1.1 */
		struct sending how = { .ids = m->ids,
			.first_id = t->ids,
			.qos = qos_least(p->qos, t->qos),
			.retain = p->retain && t->retain_as_published };
		count(&all, deliver(b, s, p, &how, NULL));
	}
	for (uint32_t i = 0; i < m->share_count; i++)
		count(&all, deliver_to_share(b, m->shares[i], p));
	p->forms = NULL;
	return all;
}
