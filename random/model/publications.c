/* Messages on their way from their publishers, and Wills. */
#include "random/model/state.h"

struct message *message_of(const struct model *m, uint32_t number)
{
	return &m->messages[number - 1];
}

const char *message_text(const struct model *m, uint32_t number)
{
	const struct message *x = message_of(m, number);

	return arena_printf(m->arena, "%s n%u (q%u%s%s on %s, of client %u)",
		x->will ? "the Will" : "message", number, x->what.qos,
		x->what.retain ? ", retain" : "", x->what.empty ? ", empty" : "",
		topic_name(x->what.topic), x->publisher + 1u);
}

uint32_t message_add(
	struct model *m, const struct step_message *what, unsigned publisher, bool will)
{
	m->messages = arena_grow(m->arena, m->messages, m->message_count, &m->message_capacity,
		sizeof(*m->messages));
	m->messages[m->message_count++] = (struct message){
		.what = *what,
		.publisher = (uint8_t)publisher,
		.will = will,
		.waits = will,
		.sure = will || what->qos == 0,
		.times = 1,
		.sent_us = m->now_us,
		.batch = m->batch,
	};
	return (uint32_t)m->message_count;
}

void message_goes(struct model *m, uint32_t number)
{
	message_of(m, number)->waits = false;
	message_of(m, number)->sent_us = m->now_us;
	message_of(m, number)->batch = m->batch;
	dues_of_message(m, number);
	if (message_of(m, number)->what.retain)
		store_publishes(m, number);
}

uint32_t model_publishes(struct model *m, const struct step *s)
{
	uint32_t number = message_add(m, &s->message, s->client, false);

	message_goes(m, number);
	return number;
}

void model_acknowledged(struct model *m, uint32_t number)
{
	struct message *x = message_of(m, number);

	x->sure = true;
	/* Stored then or now, and whatever was stored meanwhile may have replaced it. */
	x->late = x->batch != m->batch;
	if (x->what.retain && x->late)
		store_publishes(m, number);
}

void model_refused(struct model *m, uint32_t number)
{
	struct message *x = message_of(m, number);

	x->refused =
		true; /* a server may have a policy; whether it delivers it all the same is its own affair */
	x->sure = false;
}

void model_repeats(struct model *m, uint32_t number)
{
	struct message *x = message_of(m, number);

	x->resent = true;
	/* At QoS 1 it is a new message to a server that had the first one already. */
	if (x->what.qos == 1)
		x->times++;
}

/* What its publisher had under way when the connection ended may have been lost, if nothing has told of it. */
void messages_break(struct model *m, unsigned client)
{
	for (size_t i = m->message_count; i-- > 0;) {
		struct message *x = &m->messages[i];
		if (x->publisher != client || x->settled || x->will)
			continue;
		if (x->what.qos == 0)
			x->sure = false;
	}
}

const struct step_message *model_message(
	const struct model *m, uint32_t number, unsigned *publisher)
{
	if (!number || number > m->message_count)
		return NULL;
	*publisher = message_of(m, number)->publisher;
	return &message_of(m, number)->what;
}

size_t model_message_count(const struct model *m)
{
	return m->message_count;
}
