#include "check/tolerance.h"

#include <string.h>

/* What a sender must not do, and what its receiver must do about it, may be two statements. */
static const char *of_receiver(const char *statement)
{
	if (!strcmp(statement, "3.1.1:MQTT-2.2.2-1"))
		return "3.1.1:MQTT-2.2.2-2";
	return statement;
}

static const char *duty(const char *statement)
{
	const struct spec_statement *s = spec_find(of_receiver(statement));

	if (!s || !(s->shows_server & SPEC_SHOWS(SPEC_OPEN)))
		return NULL;
	if (version_traits(s->version).errors_may_pass && !(s->receivers & RECEIVER_SERVER))
		return NULL;
	/* What has no number is a protocol violation all the same. */
	return !s->numbered && s->version == MQTT_311 ? "3.1.1:MQTT-4.8.0-1" : s->name;
}

void tolerance_breach(
	struct tolerance *t, const char *statement, uint64_t packet, enum packet_type type)
{
	const char *broken = t->statement || t->told ? NULL : duty(statement);

	if (!broken)
		return;
	t->statement = broken;
	t->packet = packet;
	t->pings_before = t->pings - (type == PINGREQ);
	t->mark_count = 0;
}

void tolerance_client_malformed(struct tolerance *t, enum packet_type type)
{
	t->pings += type == PINGREQ;
}

static uint8_t answer_to(const struct packet *p)
{
	switch (p->type) {
	case PUBLISH: return p->qos == 1 ? PUBACK : p->qos == 2 ? PUBREC : 0;
	case SUBSCRIBE: return SUBACK;
	case UNSUBSCRIBE: return UNSUBACK;
	default: return 0;
	}
}

void tolerance_client(struct tolerance *t, const struct packet *p, bool in_use)
{
	uint8_t answer = answer_to(p);

	t->pings += p->type == PINGREQ;
	if (t->statement && answer && p->id && !in_use && t->mark_count < TOLERANCE_MARKS)
		t->marks[t->mark_count++] = (struct tolerance_mark){ answer, p->id };
}

static bool shows(const struct tolerance *t, const struct packet *p)
{
	if (p->type == PINGRESP)
		return !t->unsure && t->pongs > t->pings_before;
	for (unsigned i = 0; i < t->mark_count; i++)
		if (t->marks[i].answer == p->type && t->marks[i].id == p->id)
			return true;
	return false;
}

bool tolerance_server(struct tolerance *t, const struct packet *p)
{
	t->pongs += p->type == PINGRESP;
	t->unsure |= t->pongs > t->pings;
	if (!t->statement || t->told || !shows(t, p))
		return false;
	t->told = true;
	return true;
}
