/* Servers that keep a rule for a few hundred messages, and not for thousands. */
#include "deviants/rows.h"

static const struct deviation table[] = {
	{ "thousandth_message_lost",
		"3.1.1:MQTT-4.5.0-1 5.0:MQTT-4.5.0-1 3.1.1:MQTT-4.3.2-1 5.0:MQTT-4.3.2-3",
		"The thousandth message on a connection is not delivered, at QoS 1.",
		{ { TO_CLIENT, P(PUBLISH), { is_thousandth, is_qos1, by_plain }, drop, 0 } } },
	{ "thousandth_message_lost_qos2",
		"3.1.1:MQTT-4.5.0-1 5.0:MQTT-4.5.0-1 3.1.1:MQTT-4.3.3-1 5.0:MQTT-4.3.3-3",
		"The thousandth message on a connection is not delivered, at QoS 2.",
		{ { TO_CLIENT, P(PUBLISH), { is_thousandth, is_qos2 }, drop, 0 } } },
	{ "thousandth_message_lost_by_share", "5.0:MQTT-4.5.0-1 5.0:MQTT-4.3.2-3 5.0:U50-SHARE-ONE",
		"The thousandth message for the member of a share is not delivered.",
		{ { TO_CLIENT, P(PUBLISH), { is_thousandth, is_qos1, by_share }, drop, 0 } } },
	{ "messages_swapped_under_load",
		"3.1.1:MQTT-4.6.0-6 5.0:MQTT-4.6.0-5 5.0:MQTT-4.6.0-6 3.1.1:MQTT-4.6.0-5",
		"After a thousand messages on a connection every other one comes after the next "
		"one.",
		{ { TO_CLIENT, P(PUBLISH), { is_beyond_thousand }, swap_with_next, 0 } } },
	{ "thousandth_unacknowledged",
		"3.1.1:MQTT-3.3.4-1 5.0:MQTT-3.3.4-1 3.1.1:MQTT-4.3.2-2 5.0:MQTT-4.3.2-4",
		"The thousandth PUBLISH of a connection has no PUBACK.",
		{ { TO_CLIENT, P(PUBACK), { is_thousandth }, drop, 0 } } },
	{ "payload_changed_under_load", "3.1.1:MQTT-4.5.0-1 5.0:MQTT-4.5.0-1",
		"The thousandth message on a connection has another last byte.",
		{ { TO_CLIENT, P(PUBLISH), { is_thousandth }, change_last_byte, 0 } } },
	{ "pubrec_missing_under_load", "3.1.1:MQTT-4.3.3-2 5.0:MQTT-4.3.3-8 5.0:MQTT-4.3.3-11",
		"The thousandth QoS 2 message of a connection has no PUBREC.",
		{ { TO_CLIENT, P(PUBREC), { is_thousandth }, drop, 0 } } },
	{ "pubcomp_missing_under_load", "3.1.1:MQTT-4.3.3-2 5.0:MQTT-4.3.3-11",
		"The thousandth PUBREL of a connection has no PUBCOMP.",
		{ { TO_CLIENT, P(PUBCOMP), { is_thousandth }, drop, 0 } } },
	{ "two_hundredth_not_sent_again",
		"3.1.1:MQTT-4.4.0-1 5.0:MQTT-4.4.0-1 3.1.1:MQTT-4.5.0-1 5.0:MQTT-4.5.0-1 "
		"3.1.1:MQTT-4.3.2-1 5.0:MQTT-4.3.2-3",
		"Of a resumed connection the two hundredth message is not delivered.",
		{ { TO_CLIENT, P(PUBLISH), { is_resumed, is_two_hundredth, is_qos1 }, drop, 0 } } },
	{ "lower_qos_under_load", "3.1.1:MQTT-3.8.4-6 5.0:MQTT-3.8.4-8",
		"From the thousandth message on a connection on, those of QoS 1 are delivered at "
		"QoS 0.",
		{ { TO_CLIENT, P(PUBLISH), { is_beyond_thousand, is_qos1, is_not_dup },
			lower_to_qos0, 0 } } },
	{ "retain_set_under_load", "3.1.1:MQTT-3.3.1-9 5.0:MQTT-3.3.1-12",
		"The thousandth message on a connection, which is a new one, has RETAIN 1.",
		{ { TO_CLIENT, P(PUBLISH), { is_thousandth }, set_retain, 1 } } },
	{ "topic_other_under_load", "3.1.1:MQTT-3.3.2-3 5.0:MQTT-3.3.2-3",
		"The thousandth message on a connection has a topic of one level more.",
		{ { TO_CLIENT, P(PUBLISH), { is_thousandth }, extend_topic, 0 } } },
};

DEVIATION_CHAPTER(load, false, table);
