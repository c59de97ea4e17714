/* Deviant servers: where a packet ends, and what its neighbours feel of it. */
#include "deviants/rows.h"

#define LENGTH "3.1.1:U311-REMLEN 5.0:U50-VBI-MAX"
#define LOST   " 3.1.1:MQTT-4.5.0-1 5.0:MQTT-4.5.0-1 3.1.1:MQTT-3.3.4-1 5.0:MQTT-3.3.4-1"

static const struct deviation table[] = {
	{ "length_of_two_bytes_lost", LENGTH LOST, "A PUBLISH with Remaining Length 128 is lost.",
		{ { TO_SERVER, P(PUBLISH), { length_is_128 }, drop, 0 } } },
	{ "length_of_three_bytes_lost", LENGTH LOST,
		"A PUBLISH with Remaining Length 16,384 is lost.",
		{ { TO_SERVER, P(PUBLISH), { length_is_16384 }, drop, 0 } } },
	{ "length_of_four_bytes_lost", LENGTH LOST,
		"A PUBLISH with Remaining Length 2,097,152 is lost.",
		{ { TO_SERVER, P(PUBLISH), { length_is_2097152 }, drop, 0 } } },
	{ "padded_length_unanswered", "3.1.1:MQTT-3.12.4-1 5.0:MQTT-4.13.1-1",
		"A PINGREQ whose Remaining Length has a byte too many is neither answered nor "
		"refused.",
		{ { TO_SERVER, P(PINGREQ), { length_is_padded }, drop, 0 } } },
	{ "padded_property_length_unanswered", "5.0:MQTT-4.13.1-1",
		"A SUBSCRIBE whose Property Length has a byte too many is neither answered nor "
		"refused.",
		{ { TO_SERVER, P(SUBSCRIBE), { property_length_is_padded }, drop, 0 } } },
	{ "packet_in_pieces_lost", LENGTH LOST, "A PUBLISH that comes in pieces is lost.",
		{ { TO_SERVER, P(PUBLISH), { packet_came_in_pieces }, drop, 0 } } },
	{ "packets_of_one_piece_lost", LENGTH LOST,
		"From the tenth on, a PUBLISH is lost where more comes with it.",
		{ { TO_SERVER, P(PUBLISH), { is_pipelined, is_tenth }, drop, 0 } } },
	{ "giant_packet_costs_others", LENGTH,
		"A packet that is announced with more than 200 MB costs somebody else its "
		"connection.",
		{ { TO_SERVER, EVENT_BEGUN, { announces_giant }, note_world, 1 },
			{ TO_SERVER, P(PINGREQ), { is_world_noted }, end_instead, 0 },
			{ TO_SERVER, P(PINGREQ), { is_world_noted }, note_world, 0 } } },
};

DEVIATION_CHAPTER(lengths, false, table);
