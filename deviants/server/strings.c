/* Deviant servers: strings that are none, and characters that are to be kept. */
#include "deviants/rows.h"

#define STRINGS    "3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1"
#define PROPERTIES "5.0:MQTT-1.5.4-1 5.0:MQTT-1.5.7-1 5.0:U50-UTF8-MALFORMED"
#define NUL        "3.1.1:MQTT-1.5.3-2 5.0:MQTT-1.5.4-2"
#define TOPICS                                                                      \
	STRINGS                                                                     \
	" 3.1.1:MQTT-3.3.2-1 5.0:MQTT-3.3.2-1 3.1.1:MQTT-3.8.3-1 5.0:MQTT-3.8.3-1 " \
	"3.1.1:MQTT-3.10.3-1 5.0:MQTT-3.10.3-1 5.0:U50-UTF8-MALFORMED"

static const struct deviation table[] = {
	{ "ill_formed_id_accepted",
		"3.1.1:MQTT-3.1.3-4 5.0:MQTT-3.1.3-4 3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1 "
		"5.0:U50-UTF8-MALFORMED 5.0:MQTT-3.1.4-1",
		"A ClientId of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(CONNECT), { has_ill_formed_id }, mend_strings, 0 } } },
	{ "ill_formed_will_topic_accepted",
		"3.1.1:MQTT-3.1.3-10 5.0:MQTT-3.1.3-11 3.1.1:MQTT-1.5.3-1 "
		"5.0:MQTT-1.5.4-1 5.0:U50-UTF8-MALFORMED 5.0:MQTT-3.1.4-1",
		"A Will Topic of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(CONNECT), { has_ill_formed_will_topic }, mend_strings, 0 } } },
	{ "ill_formed_user_name_accepted",
		"3.1.1:MQTT-3.1.3-11 5.0:MQTT-3.1.3-12 3.1.1:MQTT-1.5.3-1 "
		"5.0:MQTT-1.5.4-1 5.0:U50-UTF8-MALFORMED 5.0:MQTT-3.1.4-1",
		"A user name of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(CONNECT), { has_ill_formed_user_name }, mend_strings, 0 } } },
	{ "ill_formed_will_property_accepted", PROPERTIES " 5.0:MQTT-3.1.4-1",
		"Properties of a Will may be ill-formed UTF-8.",
		{ { TO_SERVER, P(CONNECT), { has_ill_formed_will_property }, mend_strings, 0 } } },
	{ "ill_formed_pair_in_connect_accepted",
		PROPERTIES " 5.0:MQTT-3.1.4-1 5.0:U50-STRINGPAIR-MALFORMED",
		"A User Property of CONNECT may be ill-formed UTF-8.",
		{ { TO_SERVER, P(CONNECT), { has_ill_formed_pair }, mend_strings, 0 } } },
	{ "ill_formed_topic_accepted",
		"3.1.1:MQTT-3.3.2-1 5.0:MQTT-3.3.2-1 3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1~",
		"A topic of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(PUBLISH), { has_ill_formed_topic }, mend_strings, 0 } } },
	{ "ill_formed_filter_accepted",
		"3.1.1:MQTT-3.8.3-1 5.0:MQTT-3.8.3-1 3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1~",
		"A filter of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(SUBSCRIBE), { has_ill_formed_filter }, mend_strings, 0 } } },
	{ "ill_formed_filter_unsubscribed",
		"3.1.1:MQTT-3.10.3-1 5.0:MQTT-3.10.3-1 3.1.1:MQTT-1.5.3-1 "
		"5.0:MQTT-1.5.4-1~",
		"A filter of ill-formed UTF-8 is accepted in UNSUBSCRIBE.",
		{ { TO_SERVER, P(UNSUBSCRIBE), { has_ill_formed_filter }, mend_strings, 0 } } },
	{ "surrogate_accepted",
		"3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1~ 3.1.1:MQTT-3.3.2-1 5.0:MQTT-3.3.2-1 "
		"3.1.1:MQTT-3.8.3-1 5.0:MQTT-3.8.3-1 3.1.1:MQTT-3.10.3-1 "
		"5.0:MQTT-3.10.3-1 5.0:U50-UTF8-MALFORMED",
		"Topics and filters may have surrogates.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE),
			{ has_surrogate_in_topic }, mend_strings, 0 } } },
	{ "overlong_form_accepted",
		"3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1~ 3.1.1:MQTT-3.3.2-1 5.0:MQTT-3.3.2-1 "
		"3.1.1:MQTT-3.8.3-1 5.0:MQTT-3.8.3-1 3.1.1:MQTT-3.10.3-1 "
		"5.0:MQTT-3.10.3-1 5.0:U50-UTF8-MALFORMED",
		"Topics and filters may have characters in more bytes than needed.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE),
			{ has_overlong_in_topic }, mend_strings, 0 } } },
	{ "far_character_accepted",
		"3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1~ 3.1.1:MQTT-3.3.2-1 5.0:MQTT-3.3.2-1 "
		"3.1.1:MQTT-3.8.3-1 5.0:MQTT-3.8.3-1 3.1.1:MQTT-3.10.3-1 "
		"5.0:MQTT-3.10.3-1 5.0:U50-UTF8-MALFORMED",
		"Topics and filters may have characters beyond U+10FFFF.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE),
			{ has_far_character_in_topic }, mend_strings, 0 } } },
	{ "nul_in_id_accepted", "3.1.1:MQTT-1.5.3-2 5.0:MQTT-1.5.4-2 5.0:MQTT-3.1.4-1",
		"A ClientId may have U+0000.",
		{ { TO_SERVER, P(CONNECT), { has_nul_in_id }, mend_strings, 0 } } },
	{ "nul_in_topic_accepted",
		"3.1.1:MQTT-1.5.3-2 5.0:MQTT-1.5.4-2~ 3.1.1:MQTT-4.7.3-2 "
		"5.0:MQTT-4.7.3-2~",
		"A topic may have U+0000.",
		{ { TO_SERVER, P(PUBLISH), { has_nul_in_topic }, mend_strings, 0 } } },
	{ "nul_in_filter_accepted",
		"3.1.1:MQTT-1.5.3-2 5.0:MQTT-1.5.4-2~ 3.1.1:MQTT-4.7.3-2 "
		"5.0:MQTT-4.7.3-2~",
		"A filter may have U+0000.",
		{ { TO_SERVER, P(SUBSCRIBE) | P(UNSUBSCRIBE), { has_nul_in_filter }, mend_strings,
			0 } } },
	{ "nul_in_pair_accepted", "5.0:MQTT-1.5.4-2 5.0:MQTT-1.5.7-1~",
		"A User Property may have U+0000.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE), { has_nul_in_pair },
			mend_strings, 0 } } },
	{ "ill_formed_response_topic_accepted",
		"5.0:MQTT-3.3.2-13 5.0:MQTT-1.5.4-1~ 5.0:MQTT-1.5.7-1 "
		"5.0:U50-UTF8-MALFORMED",
		"A Response Topic of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(PUBLISH), { has_ill_formed_response_topic }, mend_strings, 0 } } },
	{ "ill_formed_content_type_accepted",
		"5.0:MQTT-3.3.2-19 5.0:MQTT-1.5.4-1~ 5.0:MQTT-1.5.7-1 "
		"5.0:U50-UTF8-MALFORMED",
		"A Content Type of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(PUBLISH), { has_ill_formed_content_type }, mend_strings, 0 } } },
	{ "ill_formed_pair_accepted",
		"5.0:MQTT-1.5.4-1 5.0:MQTT-1.5.7-1~ 5.0:U50-UTF8-MALFORMED "
		"5.0:U50-STRINGPAIR-MALFORMED",
		"A User Property of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE), { has_ill_formed_pair },
			mend_strings, 0 } } },
	{ "ill_formed_reason_accepted",
		"5.0:MQTT-1.5.4-1~ 5.0:MQTT-1.5.7-1 5.0:U50-UTF8-MALFORMED "
		"5.0:MQTT-4.13.1-1",
		"An acknowledgement with a Reason String of ill-formed UTF-8 is accepted.",
		{ { TO_SERVER, P(PUBACK) | P(PUBREC) | P(PUBREL) | P(PUBCOMP),
			{ has_ill_formed_reason }, mend_strings, 0 } } },
	{ "byte_order_mark_stripped",
		"3.1.1:MQTT-1.5.3-3 5.0:MQTT-1.5.4-3 3.1.1:MQTT-3.3.2-3 5.0:MQTT-3.3.2-3",
		"U+FEFF is left out of topics and filters.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE), { 0 }, strip_marks,
			0 } } },
	{ "slashes_squeezed",
		"3.1.1:MQTT-4.7.3-4 5.0:MQTT-4.7.3-4 3.1.1:UALL-LEVELS 5.0:UALL-LEVELS "
		"3.1.1:MQTT-3.3.2-3 5.0:MQTT-3.3.2-3",
		"Several slashes in a row are taken for one.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE), { 0 }, squeeze_slashes,
			0 } } },
	{ "last_slash_ignored",
		"3.1.1:MQTT-4.7.3-4 5.0:MQTT-4.7.3-4 3.1.1:UALL-LEVELS 5.0:UALL-LEVELS "
		"3.1.1:MQTT-3.3.2-3 5.0:MQTT-3.3.2-3",
		"A slash at the end of topics and filters is left out.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE), { 0 }, strip_last_slash,
			0 } } },
	{ "first_slash_ignored",
		"3.1.1:MQTT-4.7.3-4 5.0:MQTT-4.7.3-4 3.1.1:UALL-LEVELS 5.0:UALL-LEVELS "
		"3.1.1:MQTT-3.3.2-3 5.0:MQTT-3.3.2-3",
		"A slash at the beginning of topics and filters is left out.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE), { 0 }, strip_first_slash,
			0 } } },
	{ "blanks_ignored",
		"3.1.1:MQTT-4.7.3-4 5.0:MQTT-4.7.3-4 3.1.1:MQTT-3.3.2-3 5.0:MQTT-3.3.2-3 "
		"3.1.1:UALL-TOPIC-CASE 5.0:UALL-TOPIC-CASE",
		"Blanks are left out of topics and filters.",
		{ { TO_SERVER, P(PUBLISH) | P(SUBSCRIBE) | P(UNSUBSCRIBE), { 0 }, strip_blanks,
			0 } } },
	{ "topic_cut", "3.1.1:MQTT-4.7.3-3 5.0:MQTT-4.7.3-3 3.1.1:MQTT-4.5.0-1 5.0:MQTT-4.5.0-1",
		"A topic of more than 60,000 bytes is cut.",
		{ { TO_SERVER, P(PUBLISH), { 0 }, cut_topic, 60000 } } },
	{ "wide_characters_lost",
		"3.1.1:MQTT-1.5.3-1 5.0:MQTT-1.5.4-1 3.1.1:MQTT-4.5.0-1 5.0:MQTT-4.5.0-1",
		"A message to a topic with characters of four bytes is lost.",
		{ { TO_SERVER, P(PUBLISH), { topic_has_wide_character }, drop, 0 } } },
};

DEVIATION_CHAPTER(strings, false, table);
