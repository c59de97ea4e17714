/* Every packet of a server, damaged in every place: the tables come from the facts of spec/, by cases/vectors/.
 * What is wrong with a packet is in the title of its row.
 */
#include "cases/common/damaged_client.h"
#include "harness/client_case.h"

/* A good DISCONNECT ends the connection as well, and so does an authentication that fails. */
static void send_damaged(struct test *t)
{
	const char type = row(t)->template[0];
	struct peer *server = play_row(t);

	expect_violation_closed(server, .quiet = type == 'E' || type == 'F');
}

#define DAMAGED(name, words, old, plain)                                                         \
	CLIENT_CASE(client_damaged_##name, .title = words,                                       \
		.refs = { "3.1.1:" old, "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = BOTH, \
		.unaided = plain, ROWS(damaged_##name))                                          \
	{                                                                                        \
		send_damaged(t);                                                                 \
	}

DAMAGED(flags, "A packet with any other flags than those of its type ends the connection",
	"MQTT-2.2.2-2", true)
DAMAGED(lengths, "A packet of any type with a wrong Remaining Length ends the connection",
	"MQTT-4.8.0-1", true)
DAMAGED(fields, "A packet that ends before or within any of its fields ends the connection",
	"MQTT-4.8.0-1", true)
DAMAGED(strings, "A topic that is wrong in any way ends the connection", "MQTT-1.5.3-1", true)
DAMAGED(property_strings, "A string that is wrong in any way, in any property, ends the connection",
	"MQTT-4.8.0-1", true)
DAMAGED(properties, "Properties that are wrong in any way end the connection", "MQTT-4.8.0-1", true)
DAMAGED(codes, "A packet with any Reason Code of others ends the connection", "MQTT-4.8.0-1", true)
DAMAGED(directions, "Whatever only a client may send ends the connection", "U311-PKT-TYPE", true)
DAMAGED(pieces, "A packet that comes byte by byte is as wrong as in one piece", "MQTT-4.8.0-1",
	true)
DAMAGED(auth, "An AUTH that is wrong in any way ends the connection", "MQTT-4.8.0-1", false)

/* The CONNACK is for clients that have seen nothing wrong: only after it can there be a fence. */
CLIENT_CASE(client_damaged_firsts, .title = "Whatever comes before CONNACK ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = BOTH,
	.unaided = true, ROWS(damaged_firsts))
{
	do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	send_row(server);
	send_connack(server);
	expect_violation_closed(server, .quiet = true);
}

CHAPTER(client_damaged, "Packets to a client, damaged in every place", &case_client_damaged_flags,
	&case_client_damaged_lengths, &case_client_damaged_fields, &case_client_damaged_strings,
	&case_client_damaged_property_strings, &case_client_damaged_properties,
	&case_client_damaged_codes, &case_client_damaged_directions, &case_client_damaged_pieces,
	&case_client_damaged_auth, &case_client_damaged_firsts);
