/* Every packet of a client, damaged in every place: the tables come from the facts of spec/, by cases/vectors/.
 * What is wrong with a packet is in the title of its row.
 *
 * What these packets break is judged in other chapters one by one, with a witness; here nobody else is
 * watched but who would be handed a message.
 */
#include "cases/common/damaged_server.h"
#include "harness/case.h"

static bool begins(const struct test *t, char type)
{
	return row(t)->template[0] == type;
}

/* A good DISCONNECT ends the connection as well, so a target need not say what it thought of a bad one. */
static void expect_end(struct test *t, struct peer *client)
{
	const char *code = row(t)->extra;

	if (is_v5(t) || !code) {
		expect_violation_closed(
			client, .quiet = begins(t, 'E') && row(t)->template[1] == '0');
		return;
	}
	expect_one_of(client,
		OUTCOMES({ CLOSED, .verdict = VERDICT_PASS },
			{ CONNACK, .code = SET((uint8_t)*code), .verdict = VERDICT_NONSTRICT,
				.says = "a malformed CONNECT is to be met with the close alone" }));
	expect_closed(client);
}

static void send_damaged(struct test *t)
{
	struct peer *watcher = watch_row(t, "#");
	struct peer *client = begins(t, '1') ? dial(t, "client") : join(t, "client");

	send_row(client);
	expect_end(t, client);
	expect_no_harm(watcher, client, .topic = "marker");
}

#define DAMAGED(name, words, old, new)                                                            \
	CASE(damaged_##name, .title = words, .refs = { "3.1.1:" old, "5.0:" new }, .level = MUST, \
		.versions = BOTH, ROWS(damaged_##name))                                           \
	{                                                                                         \
		send_damaged(t);                                                                  \
	}

DAMAGED(flags, "A packet with any other flags than those of its type ends the connection",
	"MQTT-2.2.2-2", "MQTT-4.13.1-1")
DAMAGED(lengths, "A packet of any type with a wrong Remaining Length ends the connection",
	"MQTT-4.8.0-1", "MQTT-4.13.1-1")
DAMAGED(fields, "A packet that ends before or within any of its fields ends the connection",
	"MQTT-4.8.0-1", "MQTT-4.13.1-1")
DAMAGED(options, "A SUBSCRIBE with any options that are not defined ends the connection",
	"MQTT-3.8.3-4", "MQTT-3.8.3-5")
DAMAGED(strings, "A string that is wrong in any way, in any field, ends the connection",
	"MQTT-1.5.3-1", "MQTT-1.5.4-1")
DAMAGED(property_strings, "A string that is wrong in any way, in any property, ends the connection",
	"MQTT-4.8.0-1", "MQTT-1.5.4-1")
DAMAGED(properties, "Properties that are wrong in any way end the connection", "MQTT-4.8.0-1",
	"MQTT-4.13.1-1")
DAMAGED(codes, "An acknowledgement with any Reason Code of others ends the connection",
	"MQTT-4.8.0-1", "MQTT-4.13.1-1")
DAMAGED(directions, "Whatever only a server may send ends the connection", "U311-PKT-TYPE",
	"U50-PKT-TYPE")
DAMAGED(pieces, "A packet that comes byte by byte is as wrong as in one piece", "MQTT-4.8.0-1",
	"MQTT-4.13.1-1")

/* ---- the wrong moment ---------------------------------------------------------------------- */

CASE(damaged_firsts, .title = "Whatever comes before CONNECT ends the connection",
	.refs = { "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1" }, .level = MUST, .versions = BOTH,
	ROWS(damaged_firsts))
{
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

CASE(damaged_second_connects, .title = "Whatever CONNECT comes second ends the connection",
	.refs = { "3.1.1:MQTT-3.1.0-2", "5.0:MQTT-3.1.0-2" }, .level = MUST, .versions = BOTH,
	ROWS(damaged_second_connects))
{
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

CASE(damaged_after_disconnect, .title = "Whatever comes after DISCONNECT is not answered",
	.refs = { "3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-1" }, .level = SHOULD, .versions = BOTH,
	ROWS(damaged_after_disconnect))
{
	struct peer *client = join(t, "client");
	send_row(client);
	expect_closed(client);
	for (enum packet_type type = CONNACK; type <= AUTH; type++)
		check_absent(client, type, "no answer");
}

CHAPTER(damaged, "Packets damaged in every place", &case_damaged_flags, &case_damaged_lengths,
	&case_damaged_fields, &case_damaged_options, &case_damaged_strings,
	&case_damaged_property_strings, &case_damaged_properties, &case_damaged_codes,
	&case_damaged_directions, &case_damaged_pieces, &case_damaged_firsts,
	&case_damaged_second_connects, &case_damaged_after_disconnect);
