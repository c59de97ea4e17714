/* Packets of a table for clients, each sent where one of its type may come. */
#include <stdlib.h>
#include <string.h>

#include "harness/client_case.h"
#include "harness/test.h"

static unsigned row_type(const struct test *t)
{
	char digits[3] = { 0 };

	memcpy(digits, t->play->row->template, 2);
	return (unsigned)strtoul(digits, NULL, 16) >> 4;
}

static struct peer *greeted(struct place at, struct test *t, struct connect c)
{
	do_connect_at(at, t, c);
	struct peer *server = accept_client_at(at, t);
	expect_at(at, server, CONNECT);
	return server;
}

/* A PUBLISH that the client makes, at this QoS; its identifier. */
static unsigned begin_publish(struct place at, struct peer *server, unsigned qos)
{
	struct test *t = server->test;

	do_publish_at(at, t, (struct publish){ .topic = "row", .payload = "row", .qos = qos });
	struct packet m = expect_at(at, server, PUBLISH);
	if (m.qos != qos)
		test_end(t, at, VERDICT_INAPPLICABLE,
			arena_printf(t->arena, "the client publishes at QoS %u", m.qos));
	return m.id;
}

/* The identifier of the SUBSCRIBE or UNSUBSCRIBE that comes, which must have one filter. */
static unsigned expect_request_at(struct place at, struct peer *server, enum packet_type type)
{
	struct packet request = expect_at(at, server, type);

	if (request.filter_count != 1)
		test_end(server->test, at, VERDICT_INAPPLICABLE,
			"the client asks for several filters at once");
	return request.id;
}

/* Begins what a packet of this type answers; the identifier that it carries. */
static unsigned begin_exchange(struct place at, struct peer *server, unsigned type)
{
	struct test *t = server->test;
	const struct subscribe one = { .filter = "row", .qos = 1 };
	unsigned id;

	switch (type) {
	case PUBACK: return begin_publish(at, server, 1);
	case PUBREC: return begin_publish(at, server, 2);
	case PUBREL:
		id = next_id(server);
		send_publish_at(at, server,
			(struct publish){ .topic = "row", .payload = "row", .qos = 2, .id = id });
		expect_ack_at(at, server, PUBREC, id);
		return id;
	case PUBCOMP:
		id = begin_publish(at, server, 2);
		send_ack_at(at, server, PUBREC, id, (struct ack){ 0 });
		expect_ack_at(at, server, PUBREL, id);
		return id;
	case SUBACK: do_subscribe_at(at, t, one); return expect_request_at(at, server, SUBSCRIBE);
	case UNSUBACK:
		client_subscribes_at(at, server, one);
		do_unsubscribe_at(at, t, one);
		return expect_request_at(at, server, UNSUBSCRIBE);
	default: return next_id(server);
	}
}

/* The row's template with this identifier in the place of m1. */
static const char *with_identifier(struct test *t, unsigned id)
{
	const char *template = t->play->row->template;
	const char *m1 = strstr(template, " m1");

	if (!m1 || (m1[3] && m1[3] != ' '))
		return template;
	return arena_printf(t->arena, "%.*s m%u%s", (int)(m1 - template), template, id, m1 + 3);
}

/* The CONNACK is for clients that have seen nothing wrong: only after it can there be a fence. */
static struct peer *play_auth(struct place at, struct test *t)
{
	const struct properties *props = PROPS(P_AUTH_METHOD("mqttspec"));

	t->setting_up++;
	struct peer *server = greeted(at, t, (struct connect){ .props = props });
	t->setting_up--;
	send_row_at(at, server);
	send_connack_at(at, server, (struct connack){ .props = props });
	return server;
}

struct peer *play_row_at(struct place at, struct test *t)
{
	unsigned type = row_type(t), id = 0;
	struct peer *server;

	if (type == AUTH && version_traits(t->play->version).auth)
		return play_auth(at, t);
	t->setting_up++;
	if (type == CONNACK) {
		server = greeted(at, t, (struct connect){ 0 });
	} else {
		server = admit_at(at, t, (struct connect){ 0 });
		id = begin_exchange(at, server, type);
	}
	t->setting_up--;
	test_send_row(at, server, with_identifier(t, id));
	return server;
}
