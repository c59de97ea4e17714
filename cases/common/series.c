#include "cases/common/series.h"

#include <math.h>

enum {
	HEAD_MAX = 256,     /* bytes of a PUBLISH besides its payload */
	PRESSING_MS = 3000, /* a slow target has enough by then */
};

void series_begin(struct series *s, struct peer *publisher, const char *topic, size_t size)
{
	struct test *t = test_of(publisher);
	uint32_t most = offers(t)->maximum_packet_size;

	require(t, most > 2 * HEAD_MAX, "a very small Maximum Packet Size");
	if (size > most - HEAD_MAX)
		size = most - HEAD_MAX;
	*s = (struct series){
		.test = t,
		.publisher = publisher,
		.topic = topic,
		.filler = filler(t, size),
	};
	off_the_record(publisher);
}

/* One that is held up has gone out, and is waited for no second time: a look tells whether it has its PUBACK. */
static bool publish_next(struct series *s)
{
	unsigned number = s->published + 1;
	struct bytes payload = { s->filler.data, s->filler.len - number };
	bool held_up = s->sent == number;

	if (!is_open(s->publisher) || s->published == SERIES_MAX - 1)
		return false;
	if (!held_up)
		send_publish(
			s->publisher, .topic = s->topic, .bytes = payload, .qos = 1, .id = number);
	s->sent = number;
	if (isnan(wait_packet_ms(s->publisher, PUBACK, held_up ? 0 : PRESSING_MS)))
		return false;
	if (expect_ack(s->publisher, PUBACK, number).code >= 0x80) {
		s->sent = 0; /* refused, so it may be published again */
		return false;
	}
	s->published = number;
	return true;
}

bool series_publish(struct series *s, unsigned count)
{
	int64_t since_us = now_us(s->test);

	while (count && now_us(s->test) - since_us < PRESSING_MS * 1000 && publish_next(s))
		count--;
	return !count;
}

void series_take(struct series *s, struct peer *subscriber)
{
	struct test *t = s->test;
	struct packet m = expect(subscriber, PUBLISH);
	unsigned number = (unsigned)(s->filler.len - m.payload.len);

	if (m.qos)
		send_ack(subscriber, PUBACK, m.id);
	check_in(t, m, number && number <= s->published + 1,
		"a message of those that were published");
	if (s->has[number])
		return;
	if (number < s->last) {
		judging(t, "3.1.1:MQTT-4.6.0-6");
		judging(t, "5.0:MQTT-4.6.0-5");
		fail(t, "the messages in the order of publishing", "message %u came after %u",
			number, s->last);
	}
	s->has[number] = true;
	s->last = number;
	s->taken++;
}
