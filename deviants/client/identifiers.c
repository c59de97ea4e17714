/* Deviant clients: Packet Identifiers. */
#include "deviants/rows.h"

static const struct deviation table[] = {
	{ "client_identifier_zero_at_qos2", "3.1.1:MQTT-2.3.1-1 5.0:MQTT-2.2.1-3",
		"A QoS 2 message has Packet Identifier 0.",
		{ { TO_SERVER, P(PUBLISH), { is_qos2 }, set_id, 0 } } },
	{ "client_identifier_zero_beyond_255", "3.1.1:MQTT-2.3.1-1 5.0:MQTT-2.2.1-3",
		"After 255 messages the Packet Identifier is 0.",
		{ { TO_SERVER, P(PUBLISH), { is_acknowledged, is_beyond_255 }, set_id, 0 } } },
	{ "client_identifier_zero_beyond_65535", "3.1.1:MQTT-2.3.1-1 5.0:MQTT-2.2.1-3",
		"After 65,535 messages the Packet Identifier is 0.",
		{ { TO_SERVER, P(PUBLISH), { is_acknowledged, is_beyond_65535 }, set_id, 0 } } },
	{ "client_identifier_of_held",
		"3.1.1:MQTT-2.3.1-2 5.0:MQTT-2.2.1-3 5.0:U50-PKTID-SET 5.0:MQTT-4.3.2-1 "
		"5.0:U50-PKTID-REUSE 3.1.1:U311-PKTID-REUSE",
		"A QoS 1 message takes the identifier of a QoS 2 message that waits for PUBREC.",
		{ { TO_SERVER, P(PUBLISH), { is_qos2 }, hold_id, 0 },
			{ TO_CLIENT, P(PUBREC), { 0 }, release_held, 0 },
			{ TO_SERVER, P(PUBLISH), { is_qos1 }, use_held_id, 0 },
			{ TO_CLIENT, P(PUBACK), { 0 }, restore_id, 0 } } },
	{ "client_identifier_of_released",
		"3.1.1:MQTT-2.3.1-2 5.0:MQTT-2.2.1-3 5.0:U50-PKTID-SET 5.0:MQTT-4.3.2-1 "
		"5.0:U50-PKTID-REUSE 3.1.1:U311-PKTID-REUSE",
		"A QoS 1 message takes the identifier of a QoS 2 message that waits for PUBCOMP.",
		{ { TO_SERVER, P(PUBREL), { 0 }, hold_id, 0 },
			{ TO_CLIENT, P(PUBCOMP), { 0 }, release_held, 0 },
			{ TO_SERVER, P(PUBLISH), { is_qos1 }, use_held_id, 0 },
			{ TO_CLIENT, P(PUBACK), { 0 }, restore_id, 0 } } },
	{ "client_identifier_of_subscribe",
		"3.1.1:MQTT-2.3.1-2 5.0:MQTT-2.2.1-3 5.0:U50-PKTID-SET 5.0:MQTT-4.3.2-1 "
		"5.0:U50-PKTID-REUSE 3.1.1:U311-PKTID-REUSE",
		"A QoS 1 message takes the identifier of a SUBSCRIBE that waits for SUBACK.",
		{ { TO_SERVER, P(SUBSCRIBE), { 0 }, hold_id, 0 },
			{ TO_CLIENT, P(SUBACK), { 0 }, release_held, 0 },
			{ TO_SERVER, P(PUBLISH), { is_acknowledged }, use_held_id, 0 },
			{ TO_CLIENT, P(PUBACK), { 0 }, restore_id, 0 } } },
	{ "client_identifier_of_publish",
		"3.1.1:MQTT-2.3.1-2 5.0:MQTT-2.2.1-3 5.0:U50-PKTID-SET 5.0:MQTT-4.3.2-1 "
		"5.0:U50-PKTID-REUSE 3.1.1:U311-PKTID-REUSE",
		"SUBSCRIBE and UNSUBSCRIBE take the identifier of a message that waits for its "
		"acknowledgement.",
		{ { TO_SERVER, P(PUBLISH), { is_acknowledged }, hold_id, 0 },
			{ TO_CLIENT, P(PUBACK) | P(PUBCOMP), { 0 }, release_held, 0 },
			{ TO_SERVER, P(SUBSCRIBE) | P(UNSUBSCRIBE), { 0 }, use_held_id, 0 } } },
	{ "client_identifier_of_old",
		"3.1.1:MQTT-2.3.1-2 5.0:MQTT-2.2.1-3 5.0:U50-PKTID-SET 5.0:MQTT-4.3.2-1 "
		"5.0:U50-PKTID-REUSE 3.1.1:U311-PKTID-REUSE",
		"On the next connection a new message takes the identifier of one that is to be "
		"sent again.",
		{ { TO_SERVER, P(PUBLISH), { is_acknowledged, is_not_dup, is_resumed },
			  use_noted_id, 0 },
			{ TO_SERVER, P(PUBLISH), { is_acknowledged }, note_id, 0 } } },
	{ "client_answers_with_identifier_later",
		"3.1.1:MQTT-2.3.1-6 5.0:MQTT-2.2.1-5 3.1.1:MQTT-4.3.2-2 5.0:MQTT-4.3.2-4",
		"The third PUBACK of a connection has an identifier that is one too high.",
		{ { TO_SERVER, P(PUBACK), { is_third }, shift_id, 1 } } },
	{ "client_pubrec_wrong_identifier",
		"3.1.1:MQTT-2.3.1-6 5.0:MQTT-2.2.1-5 3.1.1:MQTT-4.3.3-2 5.0:MQTT-4.3.3-8",
		"PUBREC has an identifier that is one too high.",
		{ { TO_SERVER, P(PUBREC), { 0 }, shift_id, 1 } } },
	{ "client_puback_wrong_beyond_255",
		"3.1.1:MQTT-2.3.1-6 5.0:MQTT-2.2.1-5 3.1.1:MQTT-4.3.2-2 5.0:MQTT-4.3.2-4",
		"After 255 of them PUBACK has an identifier that is one too high.",
		{ { TO_SERVER, P(PUBACK), { is_beyond_255 }, shift_id, 1 } } },
};

DEVIATION_CHAPTER(client_identifiers, true, table);
