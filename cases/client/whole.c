/* PUBLISH compared whole with the command that led to it: QoS, RETAIN, DUP, topic, payload and every property, at each
 * QoS, with a payload and without one, the first time and each time that it is sent again.
 */
#include <string.h>

#include "harness/client_case.h"

enum { TOPIC_ALIAS = 0x23, MESSAGE_EXPIRY = 0x02, BREAKS = 2 };

struct whole {
	unsigned qos;
	bool retain;
	const char *payload;
};

#define WHOLE(...) (&(const struct whole){ __VA_ARGS__ })

static const struct vector first_time[] = {
	{ "q0", .extra = WHOLE(0, false, "payload") },
	{ "q0_retain", .extra = WHOLE(0, true, "payload") },
	{ "q0_empty", .extra = WHOLE(0, false, "") },
	{ "q0_empty_retain", .extra = WHOLE(0, true, "") },
	{ "q1", .extra = WHOLE(1, false, "payload") },
	{ "q1_retain", .extra = WHOLE(1, true, "payload") },
	{ "q1_empty", .extra = WHOLE(1, false, "") },
	{ "q1_empty_retain", .extra = WHOLE(1, true, "") },
	{ "q2", .extra = WHOLE(2, false, "payload") },
	{ "q2_retain", .extra = WHOLE(2, true, "payload") },
	{ "q2_empty", .extra = WHOLE(2, false, "") },
	{ "q2_empty_retain", .extra = WHOLE(2, true, "") },
};

/* Those of QoS 0 are not sent again. */
enum { AGAIN_FROM = 4, AGAIN = sizeof(first_time) / sizeof(*first_time) - AGAIN_FROM };

/* None of these lists reads the same from either end, nor is it sorted. */
#define ALL                                                                                   \
	PROPS(P_PAYLOAD_FORMAT(1), P_MESSAGE_EXPIRY(70000), P_CONTENT_TYPE("text/plain"),     \
		P_RESPONSE_TOPIC("back/to/\xC3\xA9"), P_CORRELATION_DATA("\x00\xFF\x01"),     \
		P_USER("b", "2"), P_USER("a", "1"), P_USER("b", "3"), P_USER("", "nameless"), \
		P_USER("c", ""))

#define PAIRS PROPS(P_USER("b", "2"), P_USER("a", "1"), P_USER("c", "3"))

/* ---- what is compared ------------------------------------------------------------------------ */

/* The next property that is the message's own: an alias is a matter between client and server. */
static const struct property *next_own(const struct properties *list, size_t *at)
{
	while (*at < list->count && list->list[*at].id == TOPIC_ALIAS)
		(*at)++;
	return *at < list->count ? &list->list[(*at)++] : NULL;
}

static size_t own_count(const struct properties *list)
{
	return list->count - properties_count(list, TOPIC_ALIAS);
}

static const struct property *same_kind(
	const struct properties *list, const struct property *wanted, size_t n)
{
	const struct property *p;
	size_t at = 0;

	while ((p = next_own(list, &at)))
		if (p->id == wanted->id && !n--)
			return p;
	return NULL;
}

/* Of a message that is sent again some of the time has gone by. */
static bool is_as_asked(const struct property *sent, const struct property *asked, bool again)
{
	bool ages = again && asked->id == MESSAGE_EXPIRY && sent->number < asked->number;

	return (sent->number == asked->number || ages) && bytes_equal(sent->value, asked->value) &&
		bytes_equal(sent->name, asked->name);
}

static void check_properties_whole(
	struct test *t, struct packet m, const struct properties *asked, bool again)
{
	for (size_t i = 0; i < asked->count; i++) {
		const struct property *one = &asked->list[i];
		size_t n = 0;
		for (size_t k = 0; k < i; k++)
			n += asked->list[k].id == one->id;
		const struct property *sent = same_kind(&m.properties, one, n);
		check_in(t, m, sent, spec_property(one->id)->name);
		check_in(t, m, is_as_asked(sent, one, again),
			one->id == 0x26 ? "User Properties with the values of the command, in "
					  "their order"
					: "each property with the value of the command");
	}
	check_number(t, "properties of the message", own_count(&m.properties), asked->count);
}

static void check_message(struct test *t, struct packet m, const struct whole *w,
	const struct properties *asked, bool again)
{
	judging_as_asked(t);
	check_eq(t, m.qos, w->qos);
	check_eq(t, m.retain, w->retain);
	check_text(t, m.topic, "p/whole");
	check_text(t, m.payload, w->payload);
	if (is_v5(t))
		check_properties_whole(t, m, asked, again);
}

static void settle(struct peer *server, const struct packet *m)
{
	if (m->qos == 1) {
		send_ack(server, PUBACK, m->id);
	} else if (m->qos == 2) {
		send_ack(server, PUBREC, m->id);
		expect_ack(server, PUBREL, m->id);
		send_ack(server, PUBCOMP, m->id);
	}
}

/* ---- the first time --------------------------------------------------------------------------- */

static void publish_whole(struct test *t, const struct properties *asked)
{
	const struct whole *w = row(t)->extra;
	struct peer *server = admit(t);
	unsigned command = do_publish(t, .topic = "p/whole", .payload = w->payload, .qos = w->qos,
		.retain = w->retain, .props = asked);
	struct packet m = expect(server, PUBLISH);

	check_message(t, m, w, asked, false);
	check_eq(t, m.dup, 0);
	settle(server, &m);
	expect_acknowledged(t, command);
	/* Without any: nothing of the first is left. */
	command = do_publish(t, .topic = "p/whole", .payload = "bare", .qos = w->qos);
	m = expect(server, PUBLISH);
	check_eq(t, m.qos, w->qos);
	check_eq(t, m.retain, 0);
	check_text(t, m.payload, "bare");
	if (is_v5(t))
		check_number(t, "properties of the message", own_count(&m.properties), 0);
	settle(server, &m);
	expect_acknowledged(t, command);
}

CLIENT_CASE(published_whole,
	.title = "PUBLISH is as the command says in all its parts, and the next has none of them",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH, ROWS(first_time))
{
	publish_whole(t, ALL);
}

/* For clients that cannot do all of it. */
CLIENT_CASE(published_with_pairs,
	.title = "PUBLISH has the User Properties of the command in their order, and no others",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50, ROWS(first_time))
{
	publish_whole(t, PAIRS);
}

/* ---- and again -------------------------------------------------------------------------------- */

/*   client                    server
 *   PUBLISH id N         -->
 *             the connection breaks, the session goes on
 *   PUBLISH id N dup     -->       the same, but for DUP
 *             once more
 */
static void publish_again(struct test *t, const struct properties *asked)
{
	const struct whole *w = row(t)->extra;
	struct peer *server = admit(t, .kept = true);

	do_publish(t, .topic = "p/whole", .payload = w->payload, .qos = w->qos, .retain = w->retain,
		.props = asked);
	struct packet first = need(server, PUBLISH);
	for (unsigned i = 0; i < BREAKS; i++) {
		client_loses(server);
		server = admit(t, .kept = true, .resumed = true);
		judging(t, "3.1.1:MQTT-4.4.0-1");
		judging(t, "5.0:MQTT-4.4.0-1");
		struct packet again = expect(server, PUBLISH);
		check_eq(t, again.id, first.id);
		check_message(t, again, w, asked, true);
	}
	settle(server, &first);
}

#define AGAIN_REFS                                                                 \
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:UALL-AS-ASKED", "5.0:MQTT-4.4.0-1", \
		"5.0:UALL-AS-ASKED" }

CLIENT_CASE(published_whole_again,
	.title = "A PUBLISH that is sent again is as the command says in all its parts", AGAIN_REFS,
	.level = MUST, .versions = BOTH, .rows = first_time + AGAIN_FROM, .row_count = AGAIN)
{
	publish_again(t, ALL);
}

CLIENT_CASE(published_with_pairs_again,
	.title = "A PUBLISH that is sent again has its User Properties in their order",
	.refs = { "5.0:MQTT-4.4.0-1", "5.0:UALL-AS-ASKED" }, .level = MUST, .versions = V50,
	.rows = first_time + AGAIN_FROM, .row_count = AGAIN)
{
	publish_again(t, PAIRS);
}

CHAPTER(client_whole, "Messages of clients, compared whole", &case_published_whole,
	&case_published_with_pairs, &case_published_whole_again, &case_published_with_pairs_again);
