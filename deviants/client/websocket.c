/* Deviant clients: WebSocket. What RFC 6455 alone demands is a recommendation of MQTT's (UALL-WS-RULES). */
#include "deviants/frame.h"
#include "deviants/rows.h"
#include "deviants/then_layer.h"
#include "deviants/when_layer.h"
#include "harness/transport/framing.h"

#define BINARY     "3.1.1:MQTT-6.0.0-1 5.0:MQTT-6.0.0-1"
#define ANY_FRAMES "3.1.1:MQTT-6.0.0-2 5.0:MQTT-6.0.0-2"
#define OFFERED    "3.1.1:MQTT-6.0.0-3 5.0:MQTT-6.0.0-3"
#define RULES      "3.1.1:UALL-WS-RULES~ 5.0:UALL-WS-RULES~"

/* A request that is changed so that the server answers another one than the client has sent. */
#define KEEP_KEY                                          \
	{                                                 \
		TO_SERVER, EVENT_HEAD, { 0 }, keep_key, 0 \
	}
#define ANSWER_KEY                                               \
	{                                                        \
		TO_CLIENT, EVENT_HEAD, { is_101 }, answer_key, 0 \
	}

static const struct deviation table[] = {
	{ "client_ws_sends_text", BINARY, "Packets are sent in text frames.",
		{ { TO_SERVER, EVENT_FRAME, { is_data_frame }, set_opcode, OPCODE_TEXT } } },
	{ "client_ws_sends_text_later", BINARY, "After CONNECT packets are sent in text frames.",
		{ { TO_SERVER, EVENT_FRAME, { is_data_frame, is_later_frame }, set_opcode,
			OPCODE_TEXT } } },
	{ "client_ws_text_frame_taken", BINARY, "A text frame is taken for a binary one.",
		{ { TO_CLIENT, EVENT_FRAME, { is_text_frame }, set_opcode, OPCODE_BINARY } } },
	{ "client_ws_text_frame_ignored", BINARY, "A text frame is passed over.",
		{ { TO_CLIENT, EVENT_FRAME, { is_text_frame }, drop, 0 } } },
	{ "client_ws_frame_is_a_packet", ANY_FRAMES,
		"What comes in a frame after its first packet is lost.",
		{ { TO_CLIENT, EVENT_FRAME, { holds_more }, cut_frame, 0 } } },
	{ "client_ws_frame_has_whole_packets", ANY_FRAMES,
		"A frame that does not hold whole packets ends the connection.",
		{ { TO_CLIENT, EVENT_FRAME, { holds_no_whole }, end_instead, 0 } } },
	{ "client_ws_byte_in_a_frame_refused", ANY_FRAMES,
		"A frame of one byte ends the connection.",
		{ { TO_CLIENT, EVENT_FRAME, { has_one_byte }, end_instead, 0 } } },
	{ "client_ws_fragments_lost", ANY_FRAMES,
		"Of a message in several frames the first is taken.",
		{ { TO_CLIENT, EVENT_FRAME, { is_fragment }, drop, 0 } } },
	{ "client_ws_offers_nothing", OFFERED, "No subprotocol is offered.",
		{ { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_PROTOCOL_NONE } } },
	{ "client_ws_offers_another", OFFERED, "The subprotocol that is offered is mqttv3.1.",
		{ { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_PROTOCOL_OLD } } },
	{ "client_ws_other_path", "3.1.1:UALL-AS-ASKED 5.0:UALL-AS-ASKED",
		"The WebSocket is asked for at /, whatever the user has said.",
		{ { TO_SERVER, EVENT_HEAD, { 0 }, set_path, 0 } } },
	/* ---- RFC 6455: the request ---- */
	{ "client_ws_posts", RULES, "The request is a POST.",
		{ { TO_SERVER, EVENT_HEAD, { 0 }, set_method, 0 } } },
	{ "client_ws_no_host", RULES, "The request has no Host.",
		{ { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_HOST_NONE } } },
	{ "client_ws_no_upgrade", RULES, "The request has no Upgrade.",
		{ { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_UPGRADE_NONE } } },
	{ "client_ws_old_version", RULES, "The request is for version 8.",
		{ { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_VERSION_8 } } },
	{ "client_ws_no_key", RULES, "The request has no key.",
		{ KEEP_KEY, { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_KEY_NONE },
			ANSWER_KEY } },
	{ "client_ws_short_key", RULES, "The key of the request has eight bytes.",
		{ KEEP_KEY, { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_KEY_SHORT },
			ANSWER_KEY } },
	{ "client_ws_one_key", RULES, "The key of the request is always the same.",
		{ KEEP_KEY, { TO_SERVER, EVENT_HEAD, { 0 }, edit_field, EDIT_KEY }, ANSWER_KEY } },
	/* ---- RFC 6455: answers ---- */
	{ "client_ws_letters_count", RULES, "Fields of the answer are known in small letters.",
		{ { TO_CLIENT, EVENT_HEAD, { has_field_in_capitals }, end_instead, 0 } } },
	{ "client_ws_ends_at_unknown_field", RULES,
		"A field that means nothing to it ends the attempt.",
		{ { TO_CLIENT, EVENT_HEAD, { has_unknown_field }, end_instead, 0 } } },
	{ "client_ws_wants_reason", RULES, "Other words after 101 end the attempt.",
		{ { TO_CLIENT, EVENT_HEAD, { is_101, has_strange_reason }, end_instead, 0 } } },
	{ "client_ws_answer_in_one_piece", RULES, "An answer in pieces ends the attempt.",
		{ { TO_CLIENT, EVENT_HEAD, { came_in_pieces }, end_instead, 0 } } },
	{ "client_ws_frame_with_answer_lost", RULES,
		"A frame that comes along with the answer is lost.",
		{ { TO_CLIENT, EVENT_FRAME, { came_with_head }, drop, 0 } } },
	{ "client_ws_any_accept", RULES, "Any Sec-WebSocket-Accept will do, or none.",
		{ KEEP_KEY,
			{ TO_CLIENT, EVENT_HEAD, { is_101, has_wrong_accept }, answer_key, 0 } } },
	{ "client_ws_upgrade_not_wanted", RULES, "An answer without Upgrade will do.",
		{ { TO_CLIENT, EVENT_HEAD, { is_101, has_no_upgrade }, edit_field,
			EDIT_UPGRADE } } },
	{ "client_ws_connection_not_wanted", RULES, "An answer without Connection will do.",
		{ { TO_CLIENT, EVENT_HEAD, { is_101, has_no_connection }, edit_field,
			EDIT_CONNECTION } } },
	{ "client_ws_any_subprotocol", RULES, "Any subprotocol in the answer will do.",
		{ { TO_CLIENT, EVENT_HEAD, { is_101, has_other_protocol }, edit_field,
			EDIT_PROTOCOL_MQTT } } },
	{ "client_ws_any_extension", RULES, "Extensions that were not offered are passed over.",
		{ { TO_CLIENT, EVENT_HEAD, { is_101, has_extension }, edit_field,
			EDIT_EXTENSION_NONE } } },
	{ "client_ws_goes_on_after_refusal", RULES,
		"Any answer is taken for 101, and CONNECT sent.",
		{ KEEP_KEY, { TO_CLIENT, EVENT_HEAD, { is_no_101 }, open_anyway, 0 } } },
	/* ---- RFC 6455: frames ---- */
	{ "client_ws_unmasked", RULES, "The frames of the client are not masked.",
		{ { TO_SERVER, EVENT_FRAME, { 0 }, set_masked, false } } },
	{ "client_ws_one_mask", RULES, "All frames are masked with the same key.",
		{ { TO_SERVER, EVENT_FRAME, { 0 }, set_masked, true } } },
	{ "client_ws_masked_taken", RULES, "A frame that is masked is taken.",
		{ { TO_CLIENT, EVENT_FRAME, { is_masked }, set_masked, false } } },
	{ "client_ws_reserved_bits_taken", RULES, "Reserved bits of a frame are passed over.",
		{ { TO_CLIENT, EVENT_FRAME, { has_reserved_bits }, set_reserved_bits, 0 } } },
	{ "client_ws_reserved_kinds_ignored", RULES, "A frame of a reserved kind is passed over.",
		{ { TO_CLIENT, EVENT_FRAME, { has_reserved_kind }, drop, 0 } } },
	{ "client_ws_sets_reserved_bit", RULES, "The frames of the client have a reserved bit set.",
		{ { TO_SERVER, EVENT_FRAME, { 0 }, set_reserved_bits, FRAME_RSV1 } } },
	{ "client_ws_ping_unanswered", RULES, "A Ping is not answered.",
		{ { TO_SERVER, EVENT_FRAME, { is_pong_frame }, drop, 0 } } },
	{ "client_ws_pong_changed", RULES, "A Pong has another first byte than the Ping.",
		{ { TO_SERVER, EVENT_FRAME, { is_pong_frame }, change_frame, 0 } } },
	{ "client_ws_ping_between_fragments", RULES,
		"What comes of a message after a Ping is lost.",
		{ { TO_CLIENT, EVENT_FRAME, { is_fragment_after_ping }, drop, 0 } } },
	{ "client_ws_close_unanswered", RULES, "A Close frame is answered by the end alone.",
		{ { TO_SERVER, EVENT_FRAME, { is_close_frame }, drop, 0 } } },
};

DEVIATION_CHAPTER(client_websocket, true, table);
