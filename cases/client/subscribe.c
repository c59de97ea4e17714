/* SUBSCRIBE and UNSUBSCRIBE of a client, 3.8 to 3.11: what they say, which answers end them, and what the
 * client tells of those.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/client_case.h"

enum { ANSWER_MS = 3000 };

/* A SUBACK that grants every filter as it was asked for. */
static void grant(struct peer *server, const struct packet *subscribe)
{
	enum { MOST = 64 };
	uint8_t codes[MOST];
	size_t count = subscribe->filter_count < MOST ? subscribe->filter_count : MOST;

	for (size_t i = 0; i < count; i++)
		codes[i] = subscribe->filters[i].options & 3;
	send_suback(server, .id = subscribe->id, .codes = { codes, count });
}

static const struct filter *filter_in(const struct packet *packet, const char *text)
{
	for (size_t i = 0; i < packet->filter_count; i++)
		if (bytes_equal(packet->filters[i].text, bytes_of(text)))
			return &packet->filters[i];
	return NULL;
}

/* ---- the form of SUBSCRIBE ----------------------------------------------------------------- */

CLIENT_CASE(subscribe_sent,
	.title = "SUBSCRIBE has the flags of its type, a Packet Identifier and a filter",
	.refs = { "3.1.1:MQTT-3.8.1-1", "3.1.1:MQTT-2.3.1-1", "3.1.1:MQTT-3.8.3-3",
		"5.0:MQTT-3.8.1-1", "5.0:MQTT-2.2.1-3", "5.0:MQTT-3.8.3-2" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit(t);
	do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_eq(t, subscribe.flags, 2);
	judging(t, "3.1.1:MQTT-2.3.1-1");
	judging(t, "5.0:MQTT-2.2.1-3");
	check(t, subscribe.id != 0, "the Packet Identifier is not 0");
	judging(t, "3.1.1:MQTT-3.8.3-3");
	judging(t, "5.0:MQTT-3.8.3-2");
	check(t, subscribe.filter_count > 0, "there is a filter");
	grant(server, &subscribe);
	fence(server);
}

CLIENT_CASE(subscribe_as_asked, .title = "SUBSCRIBE asks for the filter and the QoS of the command",
	.refs = { "3.1.1:MQTT-3.8.3-3", "5.0:MQTT-3.8.3-2" }, .level = MUST, .versions = BOTH)
{
	static const char *const filters[] = { "s/t", "s/+/t", "s/#", "#", "+", "/", "$SYS/#",
		"s/\xC3\xA9t\xC3\xA9", "s/with blanks/t" };
	struct peer *server = admit(t);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		unsigned command = do_subscribe(t, .filter = filters[i], .qos = i % 3);
		struct packet subscribe = expect(server, SUBSCRIBE);
		check_eq(t, subscribe.filter_count, 1);
		check_text(t, subscribe.filters[0].text, filters[i]);
		check_eq(t, subscribe.filters[0].options, i % 3);
		grant(server, &subscribe);
		check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
	}
}

/*   user                          client                        server
 *   three filters            -->
 *                                         -->  one SUBSCRIBE
 *                                         <--  SUBACK 0x02 0x00 0x01, in the order of the packet
 *   the codes                <--
 */
CLIENT_CASE(subscribe_to_several_filters,
	.title = "Several filters go out in one SUBSCRIBE, each with the QoS asked for it",
	.refs = { "3.1.1:MQTT-3.8.3-3", "5.0:MQTT-3.8.3-2" }, .level = MUST, .versions = BOTH)
{
	static const struct subscribe all[] = { { .filter = "s/two", .qos = 2 },
		{ .filter = "s/zero", .qos = 0 }, { .filter = "s/one", .qos = 1 }, { 0 } };
	struct peer *server = admit(t);
	unsigned command =
		do_subscribe(t, .filter = all[0].filter, .qos = all[0].qos, .more = &all[1]);
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_eq(t, subscribe.filter_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct filter *filter = filter_in(&subscribe, all[i].filter);
		check(t, filter != NULL, "every filter of the command is there");
		check_eq(t, filter->options, all[i].qos);
	}
	grant(server, &subscribe);
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	for (size_t i = 0; i < told.codes.len && i < 3; i++)
		check_eq(t, told.codes.data[i], subscribe.filters[i].options);
}

CLIENT_CASE(subscribe_to_several_filters_alike,
	.title = "Several filters at one QoS go out in one SUBSCRIBE",
	.refs = { "3.1.1:MQTT-3.8.3-3", "5.0:MQTT-3.8.3-2" }, .level = MUST, .versions = BOTH)
{
	static const char *const filters[] = { "s/b", "s/a", "s/+/c" };
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = filters[0], .qos = 1,
		.more = (const struct subscribe[]){ { .filter = filters[1], .qos = 1 },
			{ .filter = filters[2], .qos = 1 }, { 0 } });
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_eq(t, subscribe.filter_count, 3);
	for (size_t i = 0; i < 3; i++)
		check(t, filter_in(&subscribe, filters[i]) != NULL,
			"every filter of the command is there");
	grant(server, &subscribe);
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
}

CLIENT_CASE(subscribe_options, .title = "The options of 5.0 are sent as the command says",
	.refs = { "5.0:MQTT-3.8.3-2" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit(t);
	for (unsigned i = 0; i < 12; i++) {
		char filter[16];
		snprintf(filter, sizeof(filter), "s/%u", i);
		bool no_local = i & 1, as_published = i & 2;
		do_subscribe(t, .filter = filter, .qos = i % 3, .no_local = no_local,
			.retain_as_published = as_published, .retain_handling = i / 4);
		struct packet subscribe = expect(server, SUBSCRIBE);
		check_eq(t, subscribe.filter_count, 1);
		uint8_t options = subscribe.filters[0].options;
		check_eq(t, options & 3, i % 3);
		check_eq(t, options >> 2 & 1, no_local);
		check_eq(t, options >> 3 & 1, as_published);
		check_eq(t, options >> 4, i / 4);
		grant(server, &subscribe);
	}
	fence(server);
}

CLIENT_CASE(subscribe_with_identifier,
	.title = "A Subscription Identifier is sent as given, in as few bytes as it needs",
	.refs = { "5.0:MQTT-1.5.5-1" }, .level = MUST, .versions = V50)
{
	static const uint32_t values[] = { 1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455 };
	static const unsigned bytes[] = { 1, 1, 2, 2, 3, 3, 4, 4 };
	struct peer *server = admit(t);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		do_subscribe(
			t, .filter = "s/t", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(values[i])));
		struct packet subscribe = expect(server, SUBSCRIBE);
		check_eq(t, properties_count(&subscribe.properties, 0x0B), 1);
		check_eq(t, properties_find(&subscribe.properties, 0x0B)->number, values[i]);
		if (subscribe.properties.count == 1)
			check_eq(t, subscribe.remaining_length, 2 + 1 + 1 + bytes[i] + 2 + 3 + 1);
		grant(server, &subscribe);
	}
	fence(server);
}

/* Every pair is there as often as it was given; a client may sort them by their names. */
static void check_user_properties(struct test *t, const struct properties *got)
{
	static const char *const names[] = { "name", "", "other" };
	static const unsigned counts[] = { 3, 1, 1 };
	unsigned found[3] = { 0 };

	check_eq(t, properties_count(got, 0x26), 5);
	for (size_t i = 0; i < got->count; i++)
		for (size_t k = 0; k < 3; k++)
			found[k] += got->list[i].id == 0x26 &&
				bytes_equal(got->list[i].name, bytes_of(names[k]));
	for (size_t k = 0; k < 3; k++)
		check_eq(t, found[k], counts[k]);
}

CLIENT_CASE(subscribe_with_user_properties,
	.title = "User Properties of SUBSCRIBE and UNSUBSCRIBE are sent, the same ones several "
		 "times",
	.refs = { "5.0:MQTT-1.5.7-1" }, .level = MUST, .versions = V50)
{
	const struct properties *props = PROPS(P_USER("name", "1"), P_USER("name", "1"),
		P_USER("", ""), P_USER("other", "\xE2\x82\xAC"), P_USER("name", "2"));
	struct peer *server = admit(t);
	do_subscribe(t, .filter = "s/t", .qos = 1, .props = props);
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_user_properties(t, &subscribe.properties);
	grant(server, &subscribe);
	do_unsubscribe(t, .filter = "s/t", .props = props);
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	check_user_properties(t, &unsubscribe.properties);
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
	fence(server);
}

CLIENT_CASE(subscribe_again, .title = "Subscribing again goes out with the new QoS",
	.refs = { "3.1.1:MQTT-3.8.3-3", "5.0:MQTT-3.8.3-2" }, .level = MAY, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 0);
	do_subscribe(t, .filter = "s/t", .qos = 2);
	require(t, !isnan(wait_packet_ms(server, SUBSCRIBE, ANSWER_MS)),
		"the client does not subscribe twice to a filter");
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_text(t, subscribe.filters[0].text, "s/t");
	check_eq(t, subscribe.filters[0].options & 3, 2);
	grant(server, &subscribe);
	fence(server);
}

/* ---- the form of UNSUBSCRIBE --------------------------------------------------------------- */

CLIENT_CASE(unsubscribe_sent,
	.title = "UNSUBSCRIBE has the flags of its type, a Packet Identifier and its filter",
	.refs = { "3.1.1:MQTT-3.10.1-1", "3.1.1:MQTT-2.3.1-1", "3.1.1:MQTT-3.10.3-2",
		"5.0:MQTT-3.10.1-1", "5.0:MQTT-2.2.1-3", "5.0:MQTT-3.10.3-2" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	unsigned command = do_unsubscribe(t, .filter = "s/t");
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	check_eq(t, unsubscribe.flags, 2);
	judging(t, "3.1.1:MQTT-2.3.1-1");
	judging(t, "5.0:MQTT-2.2.1-3");
	check(t, unsubscribe.id != 0, "the Packet Identifier is not 0");
	judging(t, "3.1.1:MQTT-3.10.3-2");
	judging(t, "5.0:MQTT-3.10.3-2");
	check_eq(t, unsubscribe.filter_count, 1);
	check_text(t, unsubscribe.filters[0].text, "s/t");
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
}

CLIENT_CASE(unsubscribe_several, .title = "Several filters go out in one UNSUBSCRIBE",
	.refs = { "3.1.1:MQTT-3.10.3-2", "5.0:MQTT-3.10.3-2" }, .level = MUST, .versions = BOTH)
{
	static const char *const filters[] = { "s/b", "s/a", "s/+/c" };
	struct peer *server = admit(t);
	for (size_t i = 0; i < 3; i++)
		client_subscribes(server, .filter = filters[i], .qos = 1);
	unsigned command = do_unsubscribe(t, .filter = filters[0],
		.more = (const struct subscribe[]){
			{ .filter = filters[1] }, { .filter = filters[2] }, { 0 } });
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	check_eq(t, unsubscribe.filter_count, 3);
	for (size_t i = 0; i < 3; i++)
		check(t, filter_in(&unsubscribe, filters[i]) != NULL,
			"every filter of the command is there");
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0, 0, 0));
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
}

/* ---- Packet Identifiers -------------------------------------------------------------------- */

/* The identifier of the next packet of this type, before anything is answered. */
static unsigned identifier_of(struct test *t, struct peer *server, enum packet_type type)
{
	require(t, !isnan(wait_packet_ms(server, type, ANSWER_MS)),
		"the client waits for one answer before it sends the next request");
	return expect(server, type).id;
}

/*   client                        server
 *   PUBLISH q1, PUBLISH q2   -->
 *   SUBSCRIBE, SUBSCRIBE     -->
 *   UNSUBSCRIBE              -->
 *                                 (answers none: five identifiers)
 */
CLIENT_CASE(request_identifiers_differ,
	.title = "Requests that are under way together have different Packet Identifiers",
	.refs = { "3.1.1:MQTT-2.3.1-2", "5.0:MQTT-2.2.1-3", "5.0:U50-PKTID-SET" }, .level = MUST,
	.versions = BOTH)
{
	enum { REQUESTS = 5 };
	unsigned ids[REQUESTS];
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/0", .qos = 1);
	do_publish(t, .topic = "p/1", .payload = "x", .qos = 1);
	ids[0] = identifier_of(t, server, PUBLISH);
	do_subscribe(t, .filter = "s/1", .qos = 1);
	ids[1] = identifier_of(t, server, SUBSCRIBE);
	do_unsubscribe(t, .filter = "s/0");
	ids[2] = identifier_of(t, server, UNSUBSCRIBE);
	do_publish(t, .topic = "p/2", .payload = "x", .qos = 2);
	ids[3] = identifier_of(t, server, PUBLISH);
	do_subscribe(t, .filter = "s/2", .qos = 1);
	ids[4] = identifier_of(t, server, SUBSCRIBE);
	for (size_t i = 0; i < REQUESTS; i++)
		for (size_t k = 0; k < i; k++)
			check(t, ids[i] != ids[k],
				"no two of the requests have the same identifier");
}

/* A message of the server with the identifier of the client's SUBSCRIBE: both have numbers of their own.
 *
 *   client                        server
 *   SUBSCRIBE 1              -->
 *                            <--  PUBLISH q2 1
 *   PUBREC 1                 -->
 *                            <--  SUBACK 1
 *                            <--  PUBREL 1
 *   PUBCOMP 1                -->
 */
CLIENT_CASE(request_identifier_of_both_sides,
	.title = "The server may use the identifier of the client's SUBSCRIBE for a message of its "
		 "own",
	.refs = { "3.1.1:U311-PKTID-SPACES", "3.1.1:MQTT-4.3.3-2", "5.0:U50-PKTID-SET",
		"5.0:MQTT-4.3.3-11" },
	.level = STATED, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit(t);
	do_subscribe(t, .filter = "s/t", .qos = 2);
	struct packet subscribe = expect(server, SUBSCRIBE);
	send_publish(server, .topic = "s/t", .payload = "x", .qos = 2, .id = subscribe.id);
	expect_ack(server, PUBREC, subscribe.id);
	grant(server, &subscribe);
	send_ack(server, PUBREL, subscribe.id);
	expect_ack(server, PUBCOMP, subscribe.id);
	fence(server);
}

/* ---- what the client tells of SUBACK and UNSUBACK ------------------------------------------- */

/* A failure may be told as a code, or as a refusal or error of the command; not as success. */
static void expect_code_told(struct test *t, unsigned command, uint8_t code)
{
	struct told told = expect_answer(t, command);

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
	.refs = { "3.1.1:MQTT-3.8.4-5", "5.0:U50-REASON-RANGE", "5.0:MQTT-3.8.4-7" },
	.level = STATED, .versions = BOTH, ROWS(suback_told))
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 2);
	struct packet subscribe = expect(server, SUBSCRIBE);
	uint8_t code = *(const uint8_t *)row(t)->extra;
	send_suback(server, .id = subscribe.id, .codes = { &code, 1 });
	expect_code_told(t, command, code);
	fence(server);
}

/* One filter is refused, the others are not: the order of the codes counts. */
CLIENT_CASE(suback_told_in_order,
	.title = "The codes of several filters are told in the order of SUBACK",
	.refs = { "3.1.1:MQTT-3.9.3-1", "5.0:MQTT-3.9.3-1" }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/a", .qos = 1,
		.more = (const struct subscribe[]){
			{ .filter = "s/b", .qos = 1 }, { .filter = "s/c", .qos = 1 }, { 0 } });
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_eq(t, subscribe.filter_count, 3);
	send_suback(server, .id = subscribe.id, .codes = CODES(1, 0x80, 0));
	struct told told = expect_answer(t, command);
	if (told.kind == TOLD_REFUSED || told.kind == TOLD_ERROR)
		return;
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	require(t, told.codes.len, "the client does not tell Reason Codes");
	check_eq(t, told.codes.len, 3);
	check_eq(t, told.codes.data[0], 1);
	check_eq(t, told.codes.data[1], 0x80);
	check_eq(t, told.codes.data[2], 0);
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
	.refs = { "5.0:U50-REASON-RANGE", "5.0:U50-UNSUB-NONE" }, .level = STATED, .versions = V50,
	ROWS(unsuback_told))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	unsigned command = do_unsubscribe(t, .filter = "s/t");
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	uint8_t code = *(const uint8_t *)row(t)->extra;
	send_unsuback(server, .id = unsubscribe.id, .codes = { &code, 1 });
	expect_code_told(t, command, code);
	fence(server);
}

CLIENT_CASE(suback_with_properties,
	.title = "SUBACK and UNSUBACK may carry a Reason String and User Properties",
	.refs = { "5.0:U50-PROP-ONCE" }, .level = STATED, .versions = V50)
{
	const struct properties *props = PROPS(P_USER("name", "1"),
		P_REASON_STRING("for no reason"), P_USER("name", "1"), P_USER("", ""));
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet request = expect(server, SUBSCRIBE);
	send_suback(server, .id = request.id, .codes = CODES(1), .props = props);
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
	command = do_unsubscribe(t, .filter = "s/t");
	request = expect(server, UNSUBSCRIBE);
	send_unsuback(server, .id = request.id, .codes = CODES(0), .props = props);
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
	fence(server);
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

/* True when the client has put up with what was sent, false when it has closed. */
static bool lives_on(struct peer *server)
{
	send_publish(server, .topic = "fence", .payload = "x", .qos = 1, .id = next_id(server));
	return expect_one_of(server,
		       OUTCOMES({ PUBACK, .verdict = VERDICT_PASS },
			       { CLOSED, .verdict = VERDICT_PASS }))
		       .type == PUBACK;
}

/* The client was sent something that answers none of its requests, and has not told that one is done. No
 * statement speaks of what is told, so this is no failure; the next answer would show what it did.
 */
static void check_still_under_way(struct test *t)
{
	synced(t);
	check(t, !told_waiting(t, TOLD_ACKNOWLEDGED),
		"the client does not tell that the request was answered");
}

static void send_wrong_answer(struct peer *server, enum packet_type type, unsigned id)
{
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
	.refs = { "3.1.1:MQTT-2.3.1-3", "5.0:U50-PKTID-REUSE" }, .level = SHOULD, .versions = BOTH,
	ROWS(wrong_answer_to_subscribe))
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = expect(server, SUBSCRIBE);
	send_wrong_answer(server, *(const enum packet_type *)row(t)->extra, subscribe.id);
	if (!lives_on(server))
		return;
	check_still_under_way(t);
	send_suback(server, .id = subscribe.id, .codes = CODES(1));
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
}

static const struct vector wrong_answer_to_unsubscribe[] = {
	WRONG("suback", SUBACK),
	WRONG("puback", PUBACK),
	WRONG("pubcomp", PUBCOMP),
};

CLIENT_CASE(wrong_answer_to_unsubscribe, .title = "Nothing but its UNSUBACK answers an UNSUBSCRIBE",
	.refs = { "3.1.1:MQTT-2.3.1-3", "5.0:U50-PKTID-REUSE" }, .level = SHOULD, .versions = BOTH,
	ROWS(wrong_answer_to_unsubscribe))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	unsigned command = do_unsubscribe(t, .filter = "s/t");
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	send_wrong_answer(server, *(const enum packet_type *)row(t)->extra, unsubscribe.id);
	if (!lives_on(server))
		return;
	check_still_under_way(t);
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
}

CLIENT_CASE(suback_of_another_identifier,
	.title = "A SUBACK with another identifier does not answer a SUBSCRIBE",
	.refs = { "3.1.1:MQTT-2.3.1-3", "5.0:U50-PKTID-REUSE" }, .level = SHOULD, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = expect(server, SUBSCRIBE);
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
	struct packet subscribe = expect(server, SUBSCRIBE);
	grant(server, &subscribe);
	expect_code_told(t, command, 1);
	grant(server, &subscribe);
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
	struct packet subscribe = expect(server, SUBSCRIBE);
	unsigned id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "early", .qos = 1, .id = id);
	expect_ack(server, PUBACK, id);
	grant(server, &subscribe);
	fence(server);
}

CLIENT_CASE(publish_before_suback_told,
	.title = "A message that comes before SUBACK reaches the user",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:U311-PUBLISH-BEFORE-SUBACK", "5.0:MQTT-4.3.2-4",
		"5.0:U50-SUB-GRANT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "s/t", .qos = 1);
	struct packet subscribe = expect(server, SUBSCRIBE);
	unsigned id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "early", .qos = 1, .id = id);
	expect_ack(server, PUBACK, id);
	grant(server, &subscribe);
	check_eq(t, expect_answer(t, command).kind, TOLD_ACKNOWLEDGED);
	expect_told(t, .topic = "s/t", .payload = "early");
}

CLIENT_CASE(message_at_granted_qos,
	.title = "Messages at the QoS that was granted, below that asked for, reach the user",
	.refs = { "3.1.1:MQTT-3.3.4-1", "3.1.1:U311-SUB-GRANT", "5.0:MQTT-3.3.4-1",
		"5.0:U50-SUB-GRANT" },
	.level = MUST, .versions = BOTH)
{
	static const char *const topics[] = { "s/0", "s/1" };
	struct peer *server = admit(t);
	for (uint8_t granted = 0; granted < 2; granted++) {
		unsigned command = do_subscribe(t, .filter = topics[granted], .qos = 2);
		struct packet subscribe = expect(server, SUBSCRIBE);
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
	unsigned id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "late", .qos = 1, .id = id);
	expect_ack(server, PUBACK, id);
	id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "later", .qos = 2, .id = id);
	expect_ack(server, PUBREC, id);
	send_ack(server, PUBREL, id);
	expect_ack(server, PUBCOMP, id);
}

CLIENT_CASE(message_with_subscription_ids,
	.title = "A message may have several Subscription Identifiers, and the user is told them",
	.refs = { "5.0:U50-PROP-ONCE", "5.0:MQTT-4.5.0-2" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(1)));
	unsigned id = next_id(server);
	send_publish(server, .topic = "s/t", .payload = "m", .qos = 1, .id = id,
		.props = PROPS(
			P_SUBSCRIPTION_ID(268435455), P_SUBSCRIPTION_ID(1), P_SUBSCRIPTION_ID(1)));
	expect_ack(server, PUBACK, id);
	struct told told = expect_told(t, .topic = "s/t", .payload = "m");
	require(t, properties_count(&told.properties, 0x0B),
		"the client does not tell Subscription Identifiers");
	check_eq(t, properties_find(&told.properties, 0x0B)->number, 268435455);
	if (properties_count(&told.properties, 0x0B) != 3)
		observe(t, "%zu of the three identifiers are told",
			properties_count(&told.properties, 0x0B));
}

/* ---- what may not be sent ------------------------------------------------------------------- */

/* The command before may or may not lead to a SUBSCRIBE; that of the next command does, and comes behind. */
static void subscribe_marker(struct test *t, struct peer *server)
{
	struct packet subscribe;

	do_subscribe(t, .filter = "marker", .qos = 1);
	do {
		if (isnan(wait_packet_ms(server, SUBSCRIBE, ANSWER_MS)))
			return;
		subscribe = expect(server, SUBSCRIBE);
		grant(server, &subscribe);
	} while (!filter_in(&subscribe, "marker"));
}

/* A SUBSCRIBE that the server has said it does not serve is a Protocol Error, and one of the client: the
 * monitor judges it, as it judges all that goes out.
 */

CLIENT_CASE(wildcards_not_available,
	.title = "A client told that there are no wildcard subscriptions asks for none",
	.refs = { "5.0:U50-WILDCARDAVAIL" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t, .connack = PROPS(P_WILDCARDS_AVAILABLE(0)));
	fence(server);
	do_subscribe(t, .filter = "s/+/t", .qos = 1);
	subscribe_marker(t, server);
}

CLIENT_CASE(subscription_ids_not_available,
	.title = "A client told that there are no Subscription Identifiers sends none",
	.refs = { "5.0:U50-SUBIDAVAIL" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t, .connack = PROPS(P_SUBSCRIPTION_IDS_AVAILABLE(0)));
	fence(server);
	do_subscribe(t, .filter = "s/t", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(7)));
	subscribe_marker(t, server);
}

CLIENT_CASE(shared_not_available,
	.title = "A client told that there are no shared subscriptions asks for none",
	.refs = { "5.0:U50-SHAREDAVAIL" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t, .connack = PROPS(P_SHARED_AVAILABLE(0)));
	fence(server);
	do_subscribe(t, .filter = "$share/group/s/t", .qos = 1);
	subscribe_marker(t, server);
}

CLIENT_CASE(shared_with_no_local, .title = "No Local is not sent for a shared subscription",
	.refs = { "5.0:MQTT-3.8.3-4" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "$share/group/s/t", .qos = 1);
	do_subscribe(t, .filter = "$share/group/s/u", .qos = 1, .no_local = true);
	subscribe_marker(t, server);
}

#define HASH_REFS  .refs = { "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1" }
#define PLUS_REFS  .refs = { "3.1.1:MQTT-4.7.1-3", "5.0:MQTT-4.7.1-2" }
#define EMPTY_REFS .refs = { "3.1.1:MQTT-4.7.3-1", "5.0:MQTT-4.7.3-1" }
#define NAME_REFS  .refs = { "5.0:MQTT-4.8.2-1" }, .versions = V50
#define SHARE_REFS .refs = { "5.0:MQTT-4.8.2-2" }, .versions = V50

static const struct vector illegal_filters[] = {
	{ "hash_behind_text", HASH_REFS, .extra = "s/t#" },
	{ "hash_before_the_end", HASH_REFS, .extra = "s/#/t" },
	{ "hash_twice", HASH_REFS, .extra = "s/##" },
	{ "plus_behind_text", PLUS_REFS, .extra = "s/t+" },
	{ "plus_before_text", PLUS_REFS, .extra = "s/+t/u" },
	{ "plus_twice", PLUS_REFS, .extra = "++" },
	{ "empty", EMPTY_REFS, .extra = "" },
	{ "share_without_name", NAME_REFS, .extra = "$share//s/t" },
	{ "share_without_filter", SHARE_REFS, .extra = "$share/group" },
	{ "share_with_empty_filter", SHARE_REFS, .extra = "$share/group/" },
	{ "share_name_with_plus", SHARE_REFS, .extra = "$share/g+/s/t" },
	{ "share_name_with_hash", SHARE_REFS, .extra = "$share/#/s/t" },
};

/* The monitor judges what goes out; nothing does, if all is well, and the client goes on. */
static void check_goes_on(struct test *t, struct peer *server)
{
	subscribe_marker(t, server);
	judging(t, "3.1.1:MQTT-4.5.0-2");
	judging(t, "5.0:MQTT-4.5.0-2");
	fence(server);
}

CLIENT_CASE(illegal_filters, .title = "A filter that is none is not sent in SUBSCRIBE",
	.refs = { "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1" }, .level = MUST, .versions = BOTH,
	ROWS(illegal_filters))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	do_subscribe(t, .filter = row(t)->extra, .qos = 1);
	check_goes_on(t, server);
}

CLIENT_CASE(illegal_filters_in_unsubscribe,
	.title = "A filter that is none is not sent in UNSUBSCRIBE",
	.refs = { "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1" }, .level = MUST, .versions = BOTH,
	ROWS(illegal_filters))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	do_unsubscribe(t, .filter = row(t)->extra);
	check_goes_on(t, server);
}

/* 65536 bytes: its length would be 0 in the two bytes that there are for it. */
CLIENT_CASE(filter_too_long, .title = "A filter of more than 65535 bytes is not sent",
	.refs = { "3.1.1:MQTT-4.7.3-3", "3.1.1:MQTT-4.5.0-2", "5.0:MQTT-4.7.3-3",
		"5.0:MQTT-4.5.0-2" },
	.level = MUST, .versions = BOTH)
{
	enum { TOO_LONG = 65536 };
	char filter[TOO_LONG + 1];

	memset(filter, 'f', TOO_LONG);
	filter[TOO_LONG] = 0;
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	do_subscribe(t, .filter = filter, .qos = 1);
	check_goes_on(t, server);
}

CLIENT_CASE(filter_longest, .title = "A filter of 65535 bytes is sent whole, or refused",
	.refs = { "3.1.1:MQTT-4.7.3-3", "5.0:MQTT-4.7.3-3" }, .level = MUST, .versions = BOTH)
{
	enum { LONGEST = 65535 };
	char filter[LONGEST + 1];

	memset(filter, 'f', LONGEST);
	filter[LONGEST] = 0;
	struct peer *server = admit(t);
	do_subscribe(t, .filter = filter, .qos = 1);
	synced(t);
	if (told_waiting(t, TOLD_ERROR) || isnan(wait_packet_ms(server, SUBSCRIBE, ANSWER_MS))) {
		observe(t, "a filter of 65535 bytes is not sent");
		return;
	}
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_text(t, subscribe.filters[0].text, filter);
	grant(server, &subscribe);
	fence(server);
}

CHAPTER(client_subscribe, "SUBSCRIBE and UNSUBSCRIBE of a client", &case_subscribe_sent,
	&case_subscribe_as_asked, &case_subscribe_to_several_filters,
	&case_subscribe_to_several_filters_alike, &case_subscribe_options,
	&case_subscribe_with_identifier, &case_subscribe_with_user_properties,
	&case_subscribe_again, &case_unsubscribe_sent, &case_unsubscribe_several,
	&case_request_identifiers_differ, &case_request_identifier_of_both_sides, &case_suback_told,
	&case_suback_told_in_order, &case_unsuback_told, &case_suback_with_properties,
	&case_bad_suback, &case_bad_unsuback, &case_wrong_answer_to_subscribe,
	&case_wrong_answer_to_unsubscribe, &case_suback_of_another_identifier, &case_stray_answers,
	&case_suback_twice, &case_publish_before_suback, &case_publish_before_suback_told,
	&case_message_at_granted_qos, &case_message_after_unsuback,
	&case_message_with_subscription_ids, &case_wildcards_not_available,
	&case_subscription_ids_not_available, &case_shared_not_available,
	&case_shared_with_no_local, &case_illegal_filters, &case_illegal_filters_in_unsubscribe,
	&case_filter_too_long, &case_filter_longest);
