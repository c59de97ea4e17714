/* Deviant clients: Keep Alive. */
#include "deviants/rows.h"

#define IN_TIME "3.1.1:MQTT-3.1.2-23 5.0:MQTT-3.1.2-20"

static const struct deviation table[] = {
	{ "client_ping_never", IN_TIME, "A client sends no PINGREQ.",
		{ { TO_SERVER, P(PINGREQ), { 0 }, drop, 0 } } },
	{ "client_ping_once", IN_TIME, "A client sends one PINGREQ, and then none.",
		{ { TO_SERVER, P(PINGREQ), { is_not_first }, drop, 0 } } },
	{ "client_ping_twice", IN_TIME, "A client sends two PINGREQ, and then none.",
		{ { TO_SERVER, P(PINGREQ), { is_not_first, is_not_second }, drop, 0 } } },
	{ "client_ping_late", IN_TIME, "Each PINGREQ comes 1.5 s late.",
		{ { TO_SERVER, P(PINGREQ), { 0 }, delay, 1500 } } },
	{ "client_ping_later_each_time", IN_TIME,
		"From the second on, each PINGREQ comes 3 s late.",
		{ { TO_SERVER, P(PINGREQ), { is_not_first }, delay, 3000 } } },
	{ "client_ping_unless_it_receives", IN_TIME,
		"A client that has received a message sends no PINGREQ.",
		{ { TO_SERVER, P(PINGREQ), { has_received }, drop, 0 } } },
	{ "client_ping_never_later", IN_TIME, "A client sends no PINGREQ on its second connection.",
		{ { TO_SERVER, P(PINGREQ), { is_not_first_connection }, drop, 0 } } },
	{ "client_server_keep_alive_ignored", "5.0:MQTT-3.1.2-21 5.0:MQTT-3.2.2-21",
		"Server Keep Alive is ignored.",
		{ { TO_CLIENT, P(CONNACK), { 0 }, remove_property, PROP_SERVER_KEEP_ALIVE } } },
	{ "client_server_keep_alive_longer", "5.0:MQTT-3.1.2-21 5.0:MQTT-3.2.2-21",
		"A client takes a Server Keep Alive for 255 s.",
		{ { TO_CLIENT, P(CONNACK), { has_server_keep_alive }, set_property,
			SET(PROP_SERVER_KEEP_ALIVE, 255) } } },
	{ "client_server_keep_alive_outlives", "5.0:MQTT-3.1.2-20 5.0:MQTT-3.1.2-21",
		"A Server Keep Alive holds for all connections after it.",
		{ { TO_CLIENT, P(CONNACK), { is_not_first_connection }, set_property,
			SET(PROP_SERVER_KEEP_ALIVE, 600) } } },
};

DEVIATION_CHAPTER(client_keep_alive, true, table);
