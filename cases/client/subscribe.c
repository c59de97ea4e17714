/* SUBSCRIBE and UNSUBSCRIBE of a client, 3.8 and 3.10: what they say, and their identifiers. */
#include <math.h>
#include <stdio.h>

#include "harness/client_case.h"

enum { ANSWER_MS = 3000 };

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
	check_in(t, subscribe, subscribe.id != 0, "the Packet Identifier is not 0");
	judging(t, "3.1.1:MQTT-3.8.3-3");
	judging(t, "5.0:MQTT-3.8.3-2");
	check_in(t, subscribe, subscribe.filter_count > 0, "there is a filter");
	send_grants(server, &subscribe);
	fence(server);
}

CLIENT_CASE(subscribe_as_asked, .title = "SUBSCRIBE asks for the filter and the QoS of the command",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	static const char *const filters[] = { "s/t", "s/+/t", "s/#", "#", "+", "/", "$SYS/#",
		"s/\xC3\xA9t\xC3\xA9", "s/with blanks/t", "S/Capital/#" };
	struct peer *server = admit(t);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		unsigned command = do_subscribe(t, .filter = filters[i], .qos = i % 3);
		struct packet subscribe = expect(server, SUBSCRIBE);
		check_eq(t, subscribe.filter_count, 1);
		check_text(t, subscribe.filters[0].text, filters[i]);
		check_eq(t, subscribe.filters[0].options, i % 3);
		send_grants(server, &subscribe);
		expect_acknowledged(t, command);
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
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
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
		check_in(t, subscribe, filter != NULL, "every filter of the command is there");
		check_eq(t, filter->options, all[i].qos);
	}
	send_grants(server, &subscribe);
	struct told told = expect_acknowledged(t, command);
	for (size_t i = 0; i < told.codes.len && i < 3; i++)
		check_eq(t, told.codes.data[i], subscribe.filters[i].options);
}

CLIENT_CASE(subscribe_to_several_filters_alike,
	.title = "Several filters at one QoS go out in one SUBSCRIBE", .refs = { AS_ASKED },
	.level = STATED, .versions = BOTH)
{
	static const char *const filters[] = { "s/b", "s/a", "s/+/c" };
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = filters[0], .qos = 1,
		.more = (const struct subscribe[]){ { .filter = filters[1], .qos = 1 },
			{ .filter = filters[2], .qos = 1 }, { 0 } });
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_eq(t, subscribe.filter_count, 3);
	for (size_t i = 0; i < 3; i++)
		check_in(t, subscribe, filter_in(&subscribe, filters[i]) != NULL,
			"every filter of the command is there");
	send_grants(server, &subscribe);
	expect_acknowledged(t, command);
}

CLIENT_CASE(subscribe_options, .title = "The options of 5.0 are sent as the command says",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
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
		send_grants(server, &subscribe);
	}
	fence(server);
}

CLIENT_CASE(subscribe_with_identifier,
	.title = "A Subscription Identifier is sent as given, in as few bytes as it needs",
	.refs = { "5.0:UALL-AS-ASKED", "5.0:MQTT-1.5.5-1" }, .level = MUST, .versions = V50)
{
	static const uint32_t values[] = { 1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455 };
	static const unsigned bytes[] = { 1, 1, 2, 2, 3, 3, 4, 4 };
	struct peer *server = admit(t);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		do_subscribe(
			t, .filter = "s/t", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(values[i])));
		struct packet subscribe = expect(server, SUBSCRIBE);
		judging(t, "5.0:UALL-AS-ASKED");
		check_properties(t, &subscribe.properties, 0x0B, 1);
		check_value(t, &subscribe.properties, 0x0B, values[i]);
		judging(t, "5.0:MQTT-1.5.5-1");
		if (subscribe.properties.count == 1)
			check_eq(t, subscribe.remaining_length, 2 + 1 + 1 + bytes[i] + 2 + 3 + 1);
		send_grants(server, &subscribe);
	}
	fence(server);
}

/* Every pair is there as often as it was given; a client may sort them by their names. */
static void check_user_properties(struct test *t, const struct properties *got)
{
	static const char *const names[] = { "name", "", "other" };
	static const char *const whose[] = { "User Properties with the name \"name\"",
		"User Properties with an empty name", "User Properties with the name \"other\"" };
	static const unsigned counts[] = { 3, 1, 1 };
	unsigned found[3] = { 0 };

	check_properties(t, got, 0x26, 5);
	for (size_t i = 0; i < got->count; i++)
		for (size_t k = 0; k < 3; k++)
			found[k] += got->list[i].id == 0x26 &&
				bytes_equal(got->list[i].name, bytes_of(names[k]));
	for (size_t k = 0; k < 3; k++)
		check_number(t, whose[k], found[k], counts[k]);
}

CLIENT_CASE(subscribe_with_user_properties,
	.title = "User Properties of SUBSCRIBE and UNSUBSCRIBE are sent, the same ones several "
		 "times",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	const struct properties *props = PROPS(P_USER("name", "1"), P_USER("name", "1"),
		P_USER("", ""), P_USER("other", "\xE2\x82\xAC"), P_USER("name", "2"));
	struct peer *server = admit(t);
	do_subscribe(t, .filter = "s/t", .qos = 1, .props = props);
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_user_properties(t, &subscribe.properties);
	send_grants(server, &subscribe);
	do_unsubscribe(t, .filter = "s/t", .props = props);
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	check_user_properties(t, &unsubscribe.properties);
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
	fence(server);
}

CLIENT_CASE(subscribe_again, .title = "Subscribing again goes out with the new QoS",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 0);
	do_subscribe(t, .filter = "s/t", .qos = 2);
	require(t, !isnan(wait_packet_ms(server, SUBSCRIBE, ANSWER_MS)),
		"the client does not subscribe twice to a filter");
	struct packet subscribe = expect(server, SUBSCRIBE);
	check_text(t, subscribe.filters[0].text, "s/t");
	check_eq(t, subscribe.filters[0].options & 3, 2);
	send_grants(server, &subscribe);
	fence(server);
}

/* ---- the form of UNSUBSCRIBE --------------------------------------------------------------- */

CLIENT_CASE(unsubscribe_sent,
	.title = "UNSUBSCRIBE has the flags of its type, a Packet Identifier and its filter",
	.refs = { "3.1.1:MQTT-3.10.1-1", "3.1.1:MQTT-2.3.1-1", "3.1.1:MQTT-3.10.3-2",
		"5.0:MQTT-3.10.1-1", "5.0:MQTT-2.2.1-3", "5.0:MQTT-3.10.3-2", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	unsigned command = do_unsubscribe(t, .filter = "s/t");
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	check_eq(t, unsubscribe.flags, 2);
	judging(t, "3.1.1:MQTT-2.3.1-1");
	judging(t, "5.0:MQTT-2.2.1-3");
	check_in(t, unsubscribe, unsubscribe.id != 0, "the Packet Identifier is not 0");
	judging(t, "3.1.1:MQTT-3.10.3-2");
	judging(t, "5.0:MQTT-3.10.3-2");
	check_in(t, unsubscribe, unsubscribe.filter_count > 0, "there is a filter");
	judging_as_asked(t);
	check_eq(t, unsubscribe.filter_count, 1);
	check_text(t, unsubscribe.filters[0].text, "s/t");
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
	expect_acknowledged(t, command);
}

CLIENT_CASE(unsubscribe_several, .title = "Several filters go out in one UNSUBSCRIBE",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
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
		check_in(t, unsubscribe, filter_in(&unsubscribe, filters[i]) != NULL,
			"every filter of the command is there");
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0, 0, 0));
	expect_acknowledged(t, command);
}

CLIENT_CASE(requests_each_as_asked,
	.title = "Of several SUBSCRIBEs and UNSUBSCRIBEs, one after the other, each has its own "
		 "filter",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	static const char *const filters[] = { "s/a", "s/+/b", "s/c/#" };
	struct peer *server = admit(t);
	for (size_t i = 0; i < 3; i++) {
		do_subscribe(t, .filter = filters[i], .qos = 1);
		struct packet subscribe = expect(server, SUBSCRIBE);
		check_eq(t, subscribe.filter_count, 1);
		check_text(t, subscribe.filters[0].text, filters[i]);
		send_grants(server, &subscribe);
	}
	for (size_t i = 0; i < 3; i++) {
		unsigned command = do_unsubscribe(t, .filter = filters[i]);
		struct packet unsubscribe = expect(server, UNSUBSCRIBE);
		check_eq(t, unsubscribe.filter_count, 1);
		check_text(t, unsubscribe.filters[0].text, filters[i]);
		send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
		expect_acknowledged(t, command);
	}
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
				"no two of the requests have the same identifier", "%u twice",
				ids[i]);
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
	send_grants(server, &subscribe);
	send_ack(server, PUBREL, subscribe.id);
	expect_ack(server, PUBCOMP, subscribe.id);
	fence(server);
}

CHAPTER(client_subscribe, "SUBSCRIBE and UNSUBSCRIBE of a client", &case_subscribe_sent,
	&case_subscribe_as_asked, &case_subscribe_to_several_filters,
	&case_subscribe_to_several_filters_alike, &case_subscribe_options,
	&case_subscribe_with_identifier, &case_subscribe_with_user_properties,
	&case_subscribe_again, &case_unsubscribe_sent, &case_unsubscribe_several,
	&case_requests_each_as_asked, &case_request_identifiers_differ,
	&case_request_identifier_of_both_sides);
