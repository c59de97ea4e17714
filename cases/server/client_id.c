/* The Client Identifier, 3.1.3.1: which ones a server must take, and what an empty one means. */
#include <stdio.h>
#include <string.h>

#include "harness/case.h"

enum {
	ID_MAX = 23,    /* bytes that every server must accept [MQTT-3.1.3-5] */
	PREFIX_MAX = 9, /* of them, at most, that tell case runs apart */
};

static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* The prefix of the case run, then `fill`, cut to `len` bytes. */
static void make_id(struct test *t, char id[ID_MAX + 1], size_t len, const char *fill)
{
	const char *prefix = client_id_prefix(t);
	size_t own = strlen(prefix), n = 0;

	for (; n < len && (n < own || fill[n - own]); n++)
		id[n] = n < own ? prefix[n] : fill[n - own];
	id[n] = '\0';
}

/* What a host wants before them leaves no choice of length and characters. */
static void require_plain_ids(struct test *t)
{
	require(t, strlen(client_id_prefix(t)) <= PREFIX_MAX,
		"the ClientIds of this run have a beginning of their own");
}

CASE(client_id_one_character, .title = "A ClientId of one character is accepted",
	.refs = { "3.1.1:MQTT-3.1.3-5", "5.0:MQTT-3.1.3-5" }, .level = MUST, .versions = BOTH)
{
	/* Case runs that share the target may choose the same, and take over: no more than a
	 * CONNACK can be demanded.
	 */
	char id[2] = { alphabet[random_below(t, sizeof(alphabet) - 1)] };
	struct peer *client = dial(t, "client");
	send_connect(client, .client_id = id);
	expect_accepted(client);
}

CASE(client_id_lengths, .title = "ClientIds of up to 23 characters are accepted",
	.refs = { "3.1.1:MQTT-3.1.3-5", "5.0:MQTT-3.1.3-5" }, .level = MUST, .versions = BOTH)
{
	require_plain_ids(t);
	for (size_t len = PREFIX_MAX + 1; len <= ID_MAX; len++) {
		char id[ID_MAX + 1];
		make_id(t, id, len, alphabet);
		struct peer *client = dial(t, "client");
		send_connect(client, .client_id = id);
		expect_accepted(client);
		fence(client);
	}
}

CASE(client_id_characters,
	.title = "ClientIds of all digits and letters are accepted, 23 of them at a time",
	.refs = { "3.1.1:MQTT-3.1.3-5", "5.0:MQTT-3.1.3-5" }, .level = MUST, .versions = BOTH)
{
	require_plain_ids(t);
	for (size_t from = 0; from < sizeof(alphabet) - 1; from += 10) {
		char id[ID_MAX + 1];
		make_id(t, id, ID_MAX, alphabet + from);
		struct peer *client = dial(t, "client");
		send_connect(client, .client_id = id);
		expect_accepted(client);
		fence(client);
	}
}

/* Whoever was taken for somebody else has been cut off by that one's CONNECT. */
static void expect_still_served(struct peer *client)
{
	send_pingreq(client);
	expect_one_of(client,
		OUTCOMES({ .type = PINGRESP },
			{ CLOSED, .verdict = VERDICT_FAIL,
				.says = "another client has taken the connection over" }));
}

CASE(client_id_case,
	.title = "ClientIds that differ in case, or by one character, are different clients",
	.refs = { "3.1.1:MQTT-3.1.3-2", "3.1.1:UALL-ONE-SESSION-PER-ID", "5.0:MQTT-3.1.3-2",
		"5.0:UALL-ONE-SESSION-PER-ID" },
	.level = MUST, .versions = BOTH)
{
	struct peer *lower = join(t, "same");
	struct peer *upper = join(t, "SAME");
	struct peer *longer = join(t, "same1");
	struct peer *shorter = join(t, "sam");
	expect_still_served(lower);
	expect_still_served(upper);
	expect_still_served(longer);
	expect_still_served(shorter);
}

/* Anything beyond that is the server's choice: the standard only says how it refuses. */
CASE(client_id_beyond,
	.title =
		"A ClientId that is longer or has other characters is accepted or properly refused",
	.refs = { "3.1.1:U311-CLIENTID-EXT", "3.1.1:MQTT-3.1.3-9", "5.0:U50-CLIENTID-EXT",
		"5.0:MQTT-3.1.3-8" },
	.level = MUST, .versions = BOTH)
{
	static const char *const fills[] = { "ThisIdHas24CharactersX01", "with blank", "a/b/#",
		"$dollar", "gr\xC3\xBC\xC3\x9F", "-_.:,;+*?!%&()[]{}<>=|~" };

	for (size_t i = 0; i < sizeof(fills) / sizeof(*fills); i++) {
		char id[128];
		snprintf(id, sizeof(id), "%s%s", fills[i], client_id_prefix(t));
		struct peer *client = dial(t, "client");
		send_connect(client, .client_id = id);
		struct packet answer = expect_one_of(client,
			OUTCOMES({ CONNACK, .code = SET(0) }, { CONNACK, .code = SET(2) },
				{ CONNACK, .code = SET(0x85) },
				{ CLOSED, .verdict = is_v5(t) ? VERDICT_PASS : VERDICT_FAIL,
					.says = "a refused ClientId is answered with CONNACK 2" }));
		if (answer.type == CONNACK && !answer.code) {
			fence(client);
			observe(t, "\"%s\" is accepted", fills[i]);
		} else {
			expect_closed(client);
			observe(t, "\"%s\" is refused", fills[i]);
		}
	}
}

/* ---- none ---------------------------------------------------------------------------------- */

/* A client without a ClientId and with Clean Start 1, or a note that the target takes none. */
static struct peer *join_nameless(struct test *t, const char *name)
{
	struct peer *client = dial(t, name);

	send_connect(client, .client_id = "");
	struct packet answer = expect_one_of(client,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .code = SET(2), .verdict = VERDICT_INAPPLICABLE,
				.says = "the target takes no empty ClientId" },
			{ CONNACK, .code = SET(0x85), .verdict = VERDICT_INAPPLICABLE,
				.says = "the target takes no empty ClientId" },
			{ CLOSED, .verdict = is_v5(t) ? VERDICT_INAPPLICABLE : VERDICT_FAIL,
				.says = "no CONNACK tells that the target takes no empty "
					"ClientId" }));
	if (is_v5(t))
		check_in(t, answer, properties_find(&answer.properties, 0x12) != NULL,
			"CONNACK has an Assigned Client Identifier");
	return client;
}

CASE(client_id_empty,
	.title = "Clients with an empty ClientId get an id each and do not disturb each other",
	.refs = { "3.1.1:MQTT-3.1.3-6", "5.0:MQTT-3.1.3-6", "5.0:MQTT-3.1.3-7",
		"5.0:MQTT-3.2.2-16" },
	.level = MUST, .versions = BOTH)
{
	enum { CLIENTS = 5 };
	struct peer *clients[CLIENTS];
	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i] = join_nameless(t, "nameless");
	for (unsigned i = 0; i < CLIENTS; i++)
		fence(clients[i]);
}

CASE(client_id_assigned_is_new, .title = "Assigned Client Identifiers are all different",
	.refs = { "5.0:MQTT-3.2.2-16", "5.0:MQTT-3.1.3-6" }, .level = MUST, .versions = V50)
{
	enum { CLIENTS = 20 };
	struct bytes ids[CLIENTS];
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct peer *client = dial(t, "nameless");
		send_connect(client, .client_id = "");
		struct packet answer = expect_one_of(client,
			OUTCOMES({ CONNACK, .code = SET(0) },
				{ CONNACK, .code = SET(0x85), .verdict = VERDICT_INAPPLICABLE,
					.says = "the target takes no empty ClientId" },
				{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
					.says = "the target takes no empty ClientId" }));
		const struct property *id = properties_find(&answer.properties, 0x12);
		check_in(t, answer, id != NULL, "CONNACK has an Assigned Client Identifier");
		check_in(t, answer, id->value.len > 0,
			"the Assigned Client Identifier is not empty");
		ids[i] = id->value;
		for (unsigned k = 0; k < i; k++)
			check(t, !bytes_equal(ids[k], ids[i]), "the id was not assigned before",
				"it is \"%.*s\" again", (int)ids[i].len, (const char *)ids[i].data);
		if (i % 2)
			drop(client);
	}
}

/*   client                    target
 *   CONNECT ""           -->
 *                        <--  CONNACK, Assigned Client Identifier X
 *   SUBSCRIBE, DISCONNECT ...
 *   CONNECT X            -->
 *                        <--  CONNACK, Session Present 1
 */
CASE(client_id_assigned_resumes,
	.title = "A session is resumed with the ClientId that the server assigned",
	.refs = { "5.0:MQTT-3.1.3-7", "5.0:MQTT-3.2.2-3" }, .level = MUST, .versions = V50)
{
	struct peer *client = dial(t, "nameless");
	send_connect(client, .client_id = "", .expiry = SET(60));
	struct packet answer = expect_one_of(client,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .code = SET(0x85), .verdict = VERDICT_INAPPLICABLE,
				.says = "the target takes no empty ClientId" },
			{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
				.says = "the target takes no empty ClientId" }));
	const struct property *id = properties_find(&answer.properties, 0x12);
	check_in(t, answer, id != NULL, "CONNACK has an Assigned Client Identifier");
	char assigned[256];
	snprintf(assigned, sizeof(assigned), "%.*s", (int)id->value.len,
		(const char *)id->value.data);
	subscribe(client, .filter = "assigned/t", .qos = 1);
	leave(client);

	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "assigned/t", .payload = "kept", .qos = 1);
	client = dial(t, "named");
	send_connect(client, .client_id = assigned, .kept = true);
	expect_resumed(client);
	expect_message(client, .topic = "assigned/t", .payload = "kept");
}

CASE(client_id_not_assigned, .title = "Who sends a ClientId gets none assigned",
	.refs = { "5.0:MQTT-3.2.2-16" }, .level = SHOULD, .versions = V50)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 0);
	struct packet answer = expect_accepted(client);
	check_in(t, answer, !properties_find(&answer.properties, 0x12),
		"CONNACK has no Assigned Client Identifier");
}

CASE(client_id_empty_kept,
	.title = "3.1.1 refuses an empty ClientId with CleanSession 0 by CONNACK 2",
	.refs = { "3.1.1:MQTT-3.1.3-8", "3.1.1:MQTT-3.1.3-7", "3.1.1:MQTT-3.2.2-4",
		"3.1.1:MQTT-3.2.2-5" },
	.level = MUST, .versions = V311)
{
	struct peer *client = dial(t, "client");
	send_template(client, "10 r s\"MQTT\" 04 00 n0 s\"\"");
	judging(t, "3.1.1:MQTT-3.1.3-8");
	struct packet answer = expect(client, CONNACK);
	check_eq(t, answer.code, 2);
	judging(t, "3.1.1:MQTT-3.2.2-4");
	check_eq(t, answer.ack_flags & 1, 0);
	judging(t, "3.1.1:MQTT-3.2.2-5");
	expect_closed(client);
}

CASE(client_id_empty_continued,
	.title = "5.0 serves an empty ClientId with Clean Start 0 as a new session, or refuses it",
	.refs = { "5.0:MQTT-3.1.3-6", "5.0:MQTT-3.1.3-7", "5.0:MQTT-3.2.2-3" }, .level = MUST,
	.versions = V50)
{
	struct peer *client = dial(t, "client");
	send_template(client, "10 r s\"MQTT\" 05 00 n0 p{} s\"\"");
	struct packet answer = expect_one_of(client,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .code = SET(0x85), .verdict = VERDICT_INAPPLICABLE,
				.says = "the target takes no empty ClientId" },
			{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
				.says = "the target takes no empty ClientId" }));
	check_eq(t, answer.ack_flags & 1, 0);
	check_in(t, answer, properties_find(&answer.properties, 0x12) != NULL,
		"CONNACK has an Assigned Client Identifier");
}

/* Long ones need not be accepted; whoever accepts them has to tell them apart. */
CASE(client_id_long,
	.title = "Long ClientIds that differ in their last character are different clients",
	.refs = { "3.1.1:MQTT-3.1.3-2", "3.1.1:UALL-ONE-SESSION-PER-ID", "5.0:MQTT-3.1.3-2",
		"5.0:UALL-ONE-SESSION-PER-ID" },
	.level = MUST, .versions = BOTH)
{
	enum { LONG = 220 };
	char ids[2][LONG + 1];
	struct peer *clients[2];

	for (size_t i = 0; i < 2; i++) {
		memset(ids[i], 'a', LONG);
		memcpy(ids[i], client_id_prefix(t), strlen(client_id_prefix(t)));
		ids[i][LONG - 1] = (char)('0' + i);
		ids[i][LONG] = '\0';
		clients[i] = dial(t, i ? "second" : "first");
		send_connect(clients[i], .client_id = ids[i]);
		expect_one_of(clients[i],
			OUTCOMES({ CONNACK, .code = SET(0) },
				{ CONNACK, .verdict = VERDICT_INAPPLICABLE,
					.says = "the target takes no long ClientIds" },
				{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
					.says = "the target takes no long ClientIds" }));
	}
	for (size_t i = 0; i < 2; i++)
		expect_still_served(clients[i]);
}

CHAPTER(client_id, "Client Identifiers", &case_client_id_one_character, &case_client_id_lengths,
	&case_client_id_characters, &case_client_id_case, &case_client_id_beyond,
	&case_client_id_empty, &case_client_id_assigned_is_new, &case_client_id_assigned_resumes,
	&case_client_id_not_assigned, &case_client_id_empty_kept, &case_client_id_empty_continued,
	&case_client_id_long);
