#include "deviants/course.h"

#include <string.h>

#include "base/clock.h"
#include "deviants/properties.h"

enum {
	WORD_BITS = 64,
	QUOTA_DEFAULT = 65535,
	US_PER_S = 1000000,
};

bool ids_has(const struct ids *ids, uint16_t id)
{
	return ids->words[id / WORD_BITS] >> (id % WORD_BITS) & 1;
}

void ids_add(struct ids *ids, uint16_t id)
{
	ids->words[id / WORD_BITS] |= (uint64_t)1 << (id % WORD_BITS);
}

void ids_remove(struct ids *ids, uint16_t id)
{
	ids->words[id / WORD_BITS] &= ~((uint64_t)1 << (id % WORD_BITS));
}

static uint32_t number_of(const struct packet *p, uint32_t id, uint32_t otherwise)
{
	const struct property *found = properties_find(&p->properties, id);

	return found ? found->number : otherwise;
}

static struct bytes kept(struct arena *a, struct bytes text)
{
	return (struct bytes){ text.len ? arena_copy(a, text.data, text.len) : NULL, text.len };
}

void course_connect(struct course *c, struct arena *a, const struct packet *connect)
{
	const struct property *method = properties_find(&connect->properties, PROP_AUTH_METHOD);

	c->user = kept(a, connect->user_name);
	c->password = kept(a, connect->password);
	c->method = kept(a, method ? method->value : (struct bytes){ NULL, 0 });
	c->level = connect->level;
	c->reserved_flag = connect->connect_flags & CONNECT_RESERVED;
	c->expires_at_once = !number_of(connect, PROP_SESSION_EXPIRY, 0);
	c->quota = number_of(connect, PROP_RECEIVE_MAXIMUM, QUOTA_DEFAULT);
	c->packet_size = number_of(connect, PROP_MAXIMUM_PACKET_SIZE, 0);
}

void course_connack(struct course *c, const struct packet *connack)
{
	c->alias_maximum = number_of(connack, PROP_TOPIC_ALIAS_MAXIMUM, 0);
}

void course_message(struct course *c, struct bytes topic, struct bytes payload)
{
	c->topic_len = c->payload_len = 0;
	if (topic.len + payload.len > LATEST_SIZE)
		return;
	if (topic.len)
		memcpy(c->latest, topic.data, topic.len);
	if (payload.len)
		memcpy(c->latest + topic.len, payload.data, payload.len);
	c->topic_len = topic.len;
	c->payload_len = payload.len;
}

static void settle(struct course_way *back, uint16_t id)
{
	ids_remove(&back->under_way, id);
	ids_add(&back->settled, id);
}

void course_pass(struct course_way *way, struct course_way *back, const struct packet *p)
{
	way->latest_us = clock_now_us();
	if (p->type == PUBACK || p->type == PUBCOMP)
		settle(back, p->id);
	if (p->type != PUBLISH || !p->qos)
		return;
	ids_add(&way->under_way, p->id);
	const struct property *expiry = properties_find(&p->properties, PROP_MESSAGE_EXPIRY);
	way->expires_us = expiry ? way->latest_us + (int64_t)expiry->number * US_PER_S : 0;
}
