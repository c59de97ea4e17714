/* Deviant clients: where a packet ends, and what may be odd in one. */
#include "deviants/rows.h"

#define LENGTH       "3.1.1:U311-REMLEN 5.0:U50-VBI-MAX"
#define ACKNOWLEDGED "3.1.1:MQTT-3.3.4-1 5.0:MQTT-3.3.4-1"
#define UNANSWERED   " 3.1.1:MQTT-3.3.4-1 5.0:MQTT-3.3.4-1 3.1.1:MQTT-4.3.2-2 5.0:MQTT-4.3.2-4"

static const struct deviation table[] = {
	{ "client_length_of_two_bytes_lost", LENGTH UNANSWERED,
		"A PUBLISH with Remaining Length 128 is lost.",
		{ { TO_CLIENT, P(PUBLISH), { length_is_128 }, drop, 0 } } },
	{ "client_length_of_three_bytes_lost", LENGTH UNANSWERED,
		"A PUBLISH with Remaining Length 16,384 is lost.",
		{ { TO_CLIENT, P(PUBLISH), { length_is_16384 }, drop, 0 } } },
	{ "client_length_of_four_bytes_lost", LENGTH UNANSWERED,
		"A PUBLISH with Remaining Length 2,097,152 is lost.",
		{ { TO_CLIENT, P(PUBLISH), { length_is_2097152 }, drop, 0 } } },
	{ "client_packet_in_pieces_lost", LENGTH UNANSWERED,
		"A PUBLISH that comes in pieces is lost.",
		{ { TO_CLIENT, P(PUBLISH), { packet_came_in_pieces }, drop, 0 } } },
	{ "client_packets_of_one_piece_lost",
		LENGTH UNANSWERED " 3.1.1:MQTT-4.6.0-2 5.0:MQTT-4.6.0-2",
		"From the tenth on, a PUBLISH is lost where more comes with it.",
		{ { TO_CLIENT, P(PUBLISH), { is_pipelined, is_tenth }, drop, 0 } } },
	{ "client_padded_length_unanswered", "3.1.1:U311-REMLEN~ 5.0:U50-VBI-MAX~",
		"A PUBLISH whose Remaining Length has a byte too many is neither answered nor "
		"refused.",
		{ { TO_CLIENT, P(PUBLISH), { length_is_padded }, drop, 0 } } },
	{ "client_padded_property_length_unanswered", "5.0:U50-PROP-LENGTH~",
		"A PUBLISH whose Property Length has a byte too many is neither answered nor "
		"refused.",
		{ { TO_CLIENT, P(PUBLISH), { property_length_is_padded }, drop, 0 } } },
	{ "client_stops_at_dup", ACKNOWLEDGED " 3.1.1:MQTT-3.3.1-2~ 5.0:MQTT-3.3.1-2~",
		"After a QoS 0 PUBLISH with DUP 1, a client takes nothing any more.",
		{ { TO_CLIENT, P(PUBLISH), { is_qos0, is_dup }, hang, 0 } } },
	{ "client_stops_at_control_character",
		ACKNOWLEDGED " 3.1.1:U311-UTF8-CTRL~ 5.0:U50-UTF8-CTRL~",
		"A PUBLISH to a topic with a control character is neither answered nor refused.",
		{ { TO_CLIENT, P(PUBLISH), { topic_has_control_character }, drop, 0 } } },
	{ "client_payload_not_as_indicated_unanswered", "5.0:U50-PFI-UTF8 5.0:MQTT-3.3.4-1",
		"A payload that is no UTF-8, though it is said to be, is neither taken nor "
		"refused.",
		{ { TO_CLIENT, P(PUBLISH), { payload_is_not_as_indicated }, drop, 0 } } },
	{ "client_takes_unknown_refusal_for_success", "3.1.1:UALL-AS-ASKED 5.0:UALL-AS-ASKED",
		"A CONNACK with an unknown code is taken for success.",
		{ { TO_CLIENT, P(CONNACK), { code_is_foreign }, set_code, 0 } } },
	{ "client_server_reference_changed", "5.0:UALL-AS-ASKED",
		"The Server Reference is told with another first letter.",
		{ { TO_CLIENT, P(CONNACK), { 0 }, shift_property, PROP_SERVER_REFERENCE } } },
	{ "client_pings_with_every_packet", "3.1.1:U311-KEEPALIVE-ZERO~ 5.0:U50-KEEPALIVE-ZERO~",
		"A PINGREQ comes before each PUBACK, also where there is no Keep Alive.",
		{ { TO_SERVER, P(PUBACK), { 0 }, precede_by, PINGREQ } } },
};

DEVIATION_CHAPTER(client_lengths, true, table);
