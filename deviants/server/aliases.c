/* Deviant servers: Topic Aliases of a client, 5.0. */
#include "deviants/rows.h"

static const struct deviation table[] = {
	{ "alias_zero_accepted", "5.0:U50-ALIAS-INVALID~ 5.0:MQTT-3.3.2-8 5.0:MQTT-4.13.1-1",
		"Topic Alias 0 is ignored.",
		{ { TO_SERVER, P(PUBLISH), { alias_is_zero }, remove_property,
			PROP_TOPIC_ALIAS } } },
	{ "alias_above_maximum_accepted",
		"5.0:MQTT-3.3.2-9 5.0:U50-ALIAS-INVALID~ 5.0:MQTT-4.13.1-1 "
		"5.0:MQTT-3.2.2-17~",
		"A Topic Alias above the server's maximum is ignored.",
		{ { TO_SERVER, P(PUBLISH), { alias_is_too_high }, remove_property,
			PROP_TOPIC_ALIAS } } },
	{ "alias_unknown_ignored", "5.0:U50-ALIAS-UNKNOWN~ 5.0:MQTT-3.3.2-7 5.0:MQTT-4.13.1-1",
		"A PUBLISH with nothing but an alias that stands for nothing is ignored.",
		{ { TO_SERVER, P(PUBLISH), { alias_is_unknown }, drop, 0 } } },
	{ "alias_outlives_connection", "5.0:MQTT-3.3.2-7 5.0:U50-ALIAS-UNKNOWN",
		"Topic Aliases of the session's earlier connections are still understood.",
		{ { TO_SERVER, P(PUBLISH), { alias_is_unknown }, topic_of_session, 0 } } },
	{ "alias_of_others_understood", "5.0:MQTT-3.3.2-7 5.0:U50-ALIAS-UNKNOWN",
		"Topic Aliases of other clients are understood.",
		{ { TO_SERVER, P(PUBLISH), { alias_is_unknown }, topic_of_anybody, 0 } } },
	{ "alias_set_once", "5.0:U50-ALIAS-SET",
		"A Topic Alias goes on to stand for its first topic.",
		{ { TO_SERVER, P(PUBLISH), { is_v50 }, topic_of_before, 0 } } },
	{ "alias_refused_when_high", "5.0:MQTT-3.3.2-12 5.0:U50-ALIAS-SET",
		"Topic Aliases above 5 end the connection.",
		{ { TO_SERVER, P(PUBLISH), { alias_is_high }, end_instead, 0 } } },
	{ "alias_keeps_from_retaining", "5.0:U50-ALIAS-SET 5.0:MQTT-3.3.1-5",
		"A message that is published by its alias alone is not retained.",
		{ { TO_SERVER, P(PUBLISH), { is_v50, is_retained, has_alias_alone }, set_retain,
			0 } } },
	{ "alias_handed_on",
		"5.0:U50-ALIAS-INDEPENDENT 5.0:MQTT-3.1.2-27 5.0:MQTT-3.1.2-26 "
		"5.0:U50-ALIASMAX-DEFAULT",
		"The Topic Alias of a publisher is handed on.",
		{ { TO_CLIENT, P(PUBLISH), { is_v50, from_alias }, set_property,
			SET(PROP_TOPIC_ALIAS, 1) } } },
	{ "alias_message_lost_before_disconnect", "5.0:MQTT-4.5.0-1 5.0:U50-ALIAS-SET",
		"A message by its alias alone is lost where more comes with it.",
		{ { TO_SERVER, P(PUBLISH), { is_v50, has_alias_alone, is_pipelined }, drop, 0 } } },
};

DEVIATION_CHAPTER(aliases, false, table);
