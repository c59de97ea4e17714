/* SUBACK and UNSUBACK to a client, 3.9 and 3.11: which answers end a request, what the client tells of them,
 * and the messages around them.
 */
#include <math.h>

#include "harness/client_case.h"

/* ---- what the client tells of SUBACK and UNSUBACK ------------------------------------------- */

/* A failure may be told as a code, or as a refusal or error of the command; not as success. */
static void expect_code_told(struct test *t, unsigned command, uint8_t code)
{
	struct told told = expect_answer(t, command);

	if (told.kind == TOLD_NOTHING)
		return;
	judging_as_asked(t);
	if (code >= 0x80 && (told.kind == TOLD_REFUSED || told.kind == TOLD_ERROR)) {
		if (told.code.set)
			check_eq(t, told.code.value, code);
		return;
	}
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	require(t, told.codes.len || code < 0x80, "the client does not tell Reason Codes");
	if (told.codes.len) {
		check_eq(t, told.codes.len, 1);
		check_eq(t, told.codes.data[0], code);
	}
}

#define TOLD(name, code)            \
	{                           \
		name, .extra = code \
	}
#define TOLD_V50(name, code)                         \
	{                                            \
		name, .versions = V50, .extra = code \
	}

static const struct vector suback_told[] = {
	TOLD("granted_0", "\x00"),
	TOLD("granted_1", "\x01"),
	TOLD("granted_2", "\x02"),
	TOLD("failed", "\x80"),
	TOLD_V50("implementation_specific", "\x83"),
	TOLD_V50("not_authorized", "\x87"),
	TOLD_V50("filter_invalid", "\x8F"),
	TOLD_V50("identifier_in_use", "\x91"),
	TOLD_V50("quota_exceeded", "\x97"),
	TOLD_V50("shared_not_supported", "\x9E"),
	TOLD_V50("identifiers_not_supported", "\xA1"),
	TOLD_V50("wildcards_not_supported", "\xA2"),
};

CLIENT_CASE(suback_told,
	.title = "What SUBACK says is told: the granted QoS, or that the server refused",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH, ROWS(suback_told))
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 2);
	struct packet subscribe = need(server, SUBSCRIBE);
	uint8_t code = *(const uint8_t *)row(t)->extra;
	send_suback(server, .id = subscribe.id, .codes = { &code, 1 });
	fence(server);
	expect_code_told(t, command, code);
}

/* One filter is refused, the others are not: the order of the codes counts. */
CLIENT_CASE(suback_told_in_order,
	.title = "The codes of several filters are told in the order of SUBACK",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/a", .qos = 1,
		.more = (const struct subscribe[]){
			{ .filter = "s/b", .qos = 1 }, { .filter = "s/c", .qos = 1 }, { 0 } });
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_eq(t, subscribe.filter_count, 3);
	send_suback(server, .id = subscribe.id, .codes = CODES(1, 0x80, 0));
	fence(server);
	struct told told = expect_answer(t, command);
	if (told.kind == TOLD_REFUSED || told.kind == TOLD_ERROR || told.kind == TOLD_NOTHING)
		return;
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	require(t, told.codes.len, "the client does not tell Reason Codes");
	check_eq(t, told.codes.len, 3);
	check_eq(t, told.codes.data[0], 1);
	check_eq(t, told.codes.data[1], 0x80);
	check_eq(t, told.codes.data[2], 0);
}

/*   client                        server
 *   SUBSCRIBE 1, 2, 3        -->
 *                            <--  SUBACK 2, SUBACK 3, SUBACK 1
 */
CLIENT_CASE(subacks_in_any_order,
	.title = "Each SUBACK answers the SUBSCRIBE of its identifier, in whatever order they come",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	enum { REQUESTS = 3, ANSWER_MS = 3000 };
	static const char *const filters[] = { "s/a", "s/b", "s/c" };
	static const size_t order[] = { 1, 2, 0 };
	unsigned commands[REQUESTS], ids[REQUESTS];
	struct peer *server = admit(t);
	for (size_t i = 0; i < REQUESTS; i++) {
		commands[i] = do_subscribe(t, .filter = filters[i], .qos = 2);
		require(t, !isnan(wait_packet_ms(server, SUBSCRIBE, ANSWER_MS)),
			"the client waits for one answer before it sends the next request");
		ids[i] = expect(server, SUBSCRIBE).id;
	}
	for (size_t i = 0; i < REQUESTS; i++) {
		uint8_t code = (uint8_t)order[i];
		send_suback(server, .id = ids[order[i]], .codes = { &code, 1 });
		expect_code_told(t, commands[order[i]], code);
	}
	for (size_t i = 0; i < REQUESTS; i++)
		check(t, !has_answer(t, commands[i]), "one answer to each request",
			"there is a second one");
	fence(server);
}

static const struct vector unsuback_told[] = {
	TOLD("success", "\x00"),
	TOLD("no_subscription_existed", "\x11"),
	TOLD("unspecified_error", "\x80"),
	TOLD("implementation_specific", "\x83"),
	TOLD("not_authorized", "\x87"),
	TOLD("filter_invalid", "\x8F"),
	TOLD("identifier_in_use", "\x91"),
};

CLIENT_CASE(unsuback_told,
	.title = "What UNSUBACK says is told; 0x11, no subscription existed, is a success",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50, ROWS(unsuback_told))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	unsigned command = do_unsubscribe(t, .filter = "s/t");
	struct packet unsubscribe = need(server, UNSUBSCRIBE);
	uint8_t code = *(const uint8_t *)row(t)->extra;
	send_unsuback(server, .id = unsubscribe.id, .codes = { &code, 1 });
	fence(server);
	expect_code_told(t, command, code);
}

CLIENT_CASE(suback_with_properties,
	.title = "SUBACK and UNSUBACK may carry a Reason String and User Properties",
	.refs = { "5.0:U50-PROP-ONCE", "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	const struct properties *props = PROPS(P_USER("name", "1"),
		P_REASON_STRING("for no reason"), P_USER("name", "1"), P_USER("", ""));
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet request = need(server, SUBSCRIBE);
	send_suback(server, .id = request.id, .codes = CODES(1), .props = props);
	fence(server);
	expect_acknowledged(t, command);
	command = do_unsubscribe(t, .filter = "s/t");
	request = need(server, UNSUBSCRIBE);
	send_unsuback(server, .id = request.id, .codes = CODES(0), .props = props);
	fence(server);
	expect_acknowledged(t, command);
}

/* ---- answers that are wrong ---------------------------------------------------------------- */

#define COUNT_REFS                                                                  \
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-3.8.4-5", "5.0:U50-ERR-CLIENT", \
		"5.0:MQTT-3.8.4-6" },                                               \
	.codes = { 0x82, 0x81 }

static const struct vector bad_suback[] = {
	{ "no_code", "90 r m1 p{}", COUNT_REFS },
	{ "two_codes_for_one_filter", "90 r m1 p{} 0000", COUNT_REFS },
	{ "many_codes_for_one_filter", "90 r m1 p{} 00*100", COUNT_REFS },
	{ "code_3", "90 r m1 p{} 03", .codes = { 0x82, 0x81 } },
	{ "code_55", "90 r m1 p{} 55", .codes = { 0x82, 0x81 } },
	{ "code_7f", "90 r m1 p{} 7F", .codes = { 0x82, 0x81 } },
	{ "code_81", "90 r m1 p{} 81", .codes = { 0x82, 0x81 } },
	{ "code_ff", "90 r m1 p{} FF", .codes = { 0x82, 0x81 } },
	{ "code_of_5_0", "90 r m1 87", .versions = V311 },
	{ "code_of_publish", "90 r m1 p{} 10", .versions = V50, .codes = { 0x82, 0x81 } },
	{ "code_of_unsuback", "90 r m1 p{} 11", .versions = V50, .codes = { 0x82, 0x81 } },
};

CLIENT_CASE(bad_suback,
	.title = "A SUBACK with the wrong number of codes, or an unknown one, ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-3.9.3-2", "5.0:U50-ERR-CLIENT",
		"5.0:MQTT-3.9.3-2" },
	.level = MUST, .versions = BOTH, .unaided = true, ROWS(bad_suback))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

static const struct vector bad_unsuback[] = {
	{ "no_code", "B0 r m1 p{}", .codes = { 0x82, 0x81 } },
	{ "two_codes_for_one_filter", "B0 r m1 p{} 0000", .codes = { 0x82, 0x81 } },
	{ "code_1", "B0 r m1 p{} 01", .codes = { 0x82, 0x81 } },
	{ "code_55", "B0 r m1 p{} 55", .codes = { 0x82, 0x81 } },
	{ "code_7f", "B0 r m1 p{} 7F", .codes = { 0x82, 0x81 } },
	{ "code_97", "B0 r m1 p{} 97", .codes = { 0x82, 0x81 } },
	{ "code_ff", "B0 r m1 p{} FF", .codes = { 0x82, 0x81 } },
};

CLIENT_CASE(bad_unsuback,
	.title = "An UNSUBACK with the wrong number of codes, or an unknown one, ends the "
		 "connection",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.11.3-2" }, .level = MUST, .versions = V50,
	.unaided = true, ROWS(bad_unsuback))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

/* The client was sent something that answers none of its requests, and has not told that one is done. */
static void check_still_under_way(struct test *t)
{
	synced(t);
	judging_as_asked(t);
	check(t, !told_waiting(t, TOLD_ACKNOWLEDGED),
		"the client does not tell that the request was answered",
		"it tells `acknowledged`");
}

static void send_wrong_answer(struct peer *server, enum packet_type type, unsigned id)
{
	misbehave(server);
	if (type == SUBACK)
		send_suback(server, .id = id, .codes = CODES(1));
	else if (type == UNSUBACK)
		send_unsuback(server, .id = id, .codes = CODES(0));
	else
		send_ack(server, type, id);
}

#define WRONG(name, type)                                \
	{                                                \
		name, .extra = &(const enum packet_type) \
		{                                        \
			type                             \
		}                                        \
	}

static const struct vector wrong_answer_to_subscribe[] = {
	WRONG("unsuback", UNSUBACK),
	WRONG("puback", PUBACK),
	WRONG("pubcomp", PUBCOMP),
};

/*   client                        server
 *   SUBSCRIBE 1              -->
 *                            <--  UNSUBACK 1
 *                                 (the client has closed, or waits on)
 *                            <--  SUBACK 1
 *                                 (now it has its answer)
 */
CLIENT_CASE(wrong_answer_to_subscribe, .title = "Nothing but its SUBACK answers a SUBSCRIBE",
	.refs = { AS_ASKED }, .level = SHOULD, .versions = BOTH, ROWS(wrong_answer_to_subscribe))
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = need(server, SUBSCRIBE);
	send_wrong_answer(server, *(const enum packet_type *)row(t)->extra, subscribe.id);
	if (!lives_on(server))
		return;
	check_still_under_way(t);
	send_suback(server, .id = subscribe.id, .codes = CODES(1));
	expect_acknowledged(t, command);
}

static const struct vector wrong_answer_to_unsubscribe[] = {
	WRONG("suback", SUBACK),
	WRONG("puback", PUBACK),
	WRONG("pubcomp", PUBCOMP),
};

CLIENT_CASE(wrong_answer_to_unsubscribe, .title = "Nothing but its UNSUBACK answers an UNSUBSCRIBE",
	.refs = { AS_ASKED }, .level = SHOULD, .versions = BOTH, ROWS(wrong_answer_to_unsubscribe))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	unsigned command = do_unsubscribe(t, .filter = "s/t");
	struct packet unsubscribe = need(server, UNSUBSCRIBE);
	send_wrong_answer(server, *(const enum packet_type *)row(t)->extra, unsubscribe.id);
	if (!lives_on(server))
		return;
	check_still_under_way(t);
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
	expect_acknowledged(t, command);
}

CLIENT_CASE(suback_of_another_identifier,
	.title = "A SUBACK with another identifier does not answer a SUBSCRIBE",
	.refs = { AS_ASKED }, .level = SHOULD, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = need(server, SUBSCRIBE);
	misbehave(server);
	send_suback(server, .id = subscribe.id % 65535 + 1, .codes = CODES(0));
	if (!lives_on(server))
		return;
	check_still_under_way(t);
	send_suback(server, .id = subscribe.id, .codes = CODES(1));
	expect_code_told(t, command, 1);
}

/* What a client does with answers to nothing is nowhere said; in both versions they are errors. */
static const struct vector stray_answers[] = {
	{ "suback", "90 r m1 p{} 00", .versions = BOTH },
	{ "unsuback_3_1_1", "B0 r m1", .versions = V311 },
	{ "unsuback_5_0", "B0 r m1 p{} 00", .versions = V50 },
};

CLIENT_CASE(stray_answers,
	.title = "A SUBACK or UNSUBACK that answers nothing is ignored or ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT" }, .level = MAY, .versions = BOTH,
	.unaided = true, ROWS(stray_answers))
{
	struct peer *server = admit(t);
	send_row(server);
	observe(t, lives_on(server) ? "it is ignored" : "it ends the connection");
}

CLIENT_CASE(suback_twice, .title = "A second SUBACK is ignored or ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT" }, .level = MAY, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = need(server, SUBSCRIBE);
	send_grants(server, &subscribe);
	expect_code_told(t, command, 1);
	misbehave(server);
	send_grants(server, &subscribe);
	observe(t, lives_on(server) ? "it is ignored" : "it ends the connection");
}

/* ---- messages ------------------------------------------------------------------------------ */

CLIENT_CASE(publish_before_suback, .title = "A message that comes before SUBACK is acknowledged",
	.refs = { "3.1.1:MQTT-3.3.4-1", "3.1.1:U311-PUBLISH-BEFORE-SUBACK", "5.0:MQTT-3.3.4-1",
		"5.0:U50-SUB-GRANT" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit(t);
	do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = need(server, SUBSCRIBE);
	unsigned id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "early", .qos = 1, .id = id);
	expect_ack(server, PUBACK, id);
	send_grants(server, &subscribe);
	fence(server);
}

CLIENT_CASE(publish_before_suback_told,
	.title = "A message that comes before SUBACK reaches the user",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:U311-PUBLISH-BEFORE-SUBACK", "5.0:MQTT-4.3.2-4",
		"5.0:U50-SUB-GRANT", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = need(server, SUBSCRIBE);
	unsigned id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "early", .qos = 1, .id = id);
	expect_ack(server, PUBACK, id);
	send_grants(server, &subscribe);
	fence(server);
	expect_acknowledged(t, command);
	expect_told(t, .topic = "s/t", .payload = "early");
}

CLIENT_CASE(message_at_granted_qos,
	.title = "Messages at the QoS that was granted, below that asked for, reach the user",
	.refs = { "3.1.1:MQTT-3.3.4-1", "3.1.1:U311-SUB-GRANT", "5.0:MQTT-3.3.4-1",
		"5.0:U50-SUB-GRANT", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	static const char *const topics[] = { "s/0", "s/1" };
	struct peer *server = admit(t);
	for (uint8_t granted = 0; granted < 2; granted++) {
		unsigned command = do_subscribe(t, .filter = topics[granted], .qos = 2);
		struct packet subscribe = need(server, SUBSCRIBE);
		send_suback(server, .id = subscribe.id, .codes = { &granted, 1 });
		expect_code_told(t, command, granted);
		unsigned id = granted ? next_id(server) : 0;
		send_publish(
			server, .topic = topics[granted], .payload = "m", .qos = granted, .id = id);
		if (granted)
			expect_ack(server, PUBACK, id);
		expect_told(t, .topic = topics[granted], .payload = "m", .qos = SET(granted));
	}
	fence(server);
}

CLIENT_CASE(message_after_unsuback,
	.title = "A message that comes after UNSUBACK is acknowledged all the same",
	.refs = { "3.1.1:MQTT-4.5.0-2", "3.1.1:U311-UNSUB-BUFFERED", "5.0:MQTT-4.5.0-2",
		"5.0:U50-UNSUB-BUFFERED" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 2);
	client_unsubscribes(server, .filter = "s/t");
	unsigned id = next_id(server); /* the server had sent it before, so to speak */
	send_publish(server, .topic = "s/t", .payload = "late", .qos = 1, .id = id);
	expect_ack(server, PUBACK, id);
	id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "later", .qos = 2, .id = id);
	expect_ack(server, PUBREC, id);
	send_ack(server, PUBREL, id);
	expect_ack(server, PUBCOMP, id);
}

static unsigned times_told(const struct told *told, uint32_t identifier)
{
	unsigned n = 0;

	for (size_t i = 0; i < told->properties.count; i++)
		n += told->properties.list[i].id == 0x0B &&
			told->properties.list[i].number == identifier;
	return n;
}

/* In whatever order: they are a set. */
CLIENT_CASE(message_with_subscription_ids,
	.title = "A message may have several Subscription Identifiers, and the user is told them",
	.refs = { "5.0:MQTT-4.5.0-2", "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(1)));
	client_subscribes(server, .filter = "s/+", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(1)));
	client_subscribes(
		server, .filter = "s/#", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(268435455)));
	unsigned id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "m", .qos = 1, .id = id,
		.props = PROPS(
			P_SUBSCRIPTION_ID(268435455), P_SUBSCRIPTION_ID(1), P_SUBSCRIPTION_ID(1)));
	expect_ack(server, PUBACK, id);
	struct told told = expect_told(t, .topic = "s/t", .payload = "m");
	require(t, properties_count(&told.properties, 0x0B),
		"the client does not tell Subscription Identifiers");
	unsigned small = times_told(&told, 1), large = times_told(&told, 268435455);
	judging(t, "5.0:UALL-AS-ASKED");
	check_properties(t, &told.properties, 0x0B, small + large);
	if (small != 2 || large != 1)
		observe(t, "%u of the three identifiers are told", small + large);
}

CHAPTER(client_suback, "SUBACK and UNSUBACK to a client, and the messages around them",
	&case_suback_told, &case_suback_told_in_order, &case_subacks_in_any_order,
	&case_unsuback_told, &case_suback_with_properties, &case_bad_suback, &case_bad_unsuback,
	&case_wrong_answer_to_subscribe, &case_wrong_answer_to_unsubscribe,
	&case_suback_of_another_identifier, &case_stray_answers, &case_suback_twice,
	&case_publish_before_suback, &case_publish_before_suback_told, &case_message_at_granted_qos,
	&case_message_after_unsuback, &case_message_with_subscription_ids);
