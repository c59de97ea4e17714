#include "deviants/when_layer.h"

#include <string.h>

#include "deviants/frame.h"
#include "harness/transport/http.h"
#include "harness/transport/opening.h"

/* ---- heads of HTTP ------------------------------------------------------------------------- */

static struct http_head head_of(const struct passing *it)
{
	struct http_head head = { 0 };

	(it->way == TO_SERVER ? http_read_request : http_read_response)(
		(const char *)it->raw.data, it->raw.len, &head);
	return head;
}

bool is_101(const struct passing *it)
{
	struct http_head head = head_of(it);

	return head.field_count && http_is(head.start[1], "101");
}

bool is_no_101(const struct passing *it)
{
	return !is_101(it);
}

bool came_in_pieces(const struct passing *it)
{
	return it->lane->in_pieces;
}

static bool says(const struct passing *it, const char *text)
{
	return memmem(it->raw.data, it->raw.len, text, strlen(text));
}

bool has_field_in_capitals(const struct passing *it)
{
	return says(it, "\nUPGRADE:");
}

bool has_unknown_field(const struct passing *it)
{
	struct http_head head = head_of(it);

	return http_count(&head, "X-Note");
}

bool has_strange_reason(const struct passing *it)
{
	struct http_head head = head_of(it);

	return !http_is(head.start[2], "Switching Protocols");
}

bool has_many_protocols(const struct passing *it)
{
	struct http_head head = head_of(it);
	const struct http_text *list = http_field(&head, "Sec-WebSocket-Protocol");

	return list && memchr(list->at, ',', list->len);
}

bool has_no_key(const struct passing *it)
{
	struct http_head head = head_of(it);

	return !http_count(&head, "Sec-WebSocket-Key");
}

bool has_wrong_accept(const struct passing *it)
{
	struct http_head head = head_of(it);
	const struct http_text *accept = http_field(&head, "Sec-WebSocket-Accept");
	char right[OPENING_ACCEPT_SIZE];

	opening_accept((struct http_text){ it->x->key, strlen(it->x->key) }, right);
	return !accept || !http_is(*accept, right);
}

bool has_no_upgrade(const struct passing *it)
{
	struct http_head head = head_of(it);

	return !http_lists(&head, "Upgrade", "websocket");
}

bool has_no_connection(const struct passing *it)
{
	struct http_head head = head_of(it);

	return !http_lists(&head, "Connection", "Upgrade");
}

bool has_other_protocol(const struct passing *it)
{
	struct http_head head = head_of(it);
	const struct http_text *chosen = http_field(&head, "Sec-WebSocket-Protocol");

	return chosen && !http_is(*chosen, "mqtt");
}

bool has_extension(const struct passing *it)
{
	struct http_head head = head_of(it);

	return http_count(&head, "Sec-WebSocket-Extensions");
}

/* ---- frames -------------------------------------------------------------------------------- */

bool is_text_frame(const struct passing *it)
{
	return it->frame->opcode == OPCODE_TEXT;
}

bool is_data_frame(const struct passing *it)
{
	return it->frame->opcode <= OPCODE_BINARY;
}

bool is_later_frame(const struct passing *it)
{
	return it->lane->frames > 1;
}

bool is_fragment(const struct passing *it)
{
	return it->frame->opcode == OPCODE_MORE;
}

bool is_fragment_after_ping(const struct passing *it)
{
	return is_fragment(it) && it->lane->last_opcode == OPCODE_PING;
}

bool is_ping_frame(const struct passing *it)
{
	return it->frame->opcode == OPCODE_PING;
}

bool is_pong_frame(const struct passing *it)
{
	return it->frame->opcode == OPCODE_PONG;
}

bool is_close_frame(const struct passing *it)
{
	return it->frame->opcode == OPCODE_CLOSE;
}

bool is_unmasked(const struct passing *it)
{
	return !it->frame->masked;
}

bool is_masked(const struct passing *it)
{
	return it->frame->masked;
}

bool has_reserved_bits(const struct passing *it)
{
	return it->frame->reserved;
}

bool has_reserved_kind(const struct passing *it)
{
	return (it->frame->opcode > OPCODE_BINARY && it->frame->opcode < OPCODE_CLOSE) ||
		it->frame->opcode > OPCODE_PONG;
}

bool has_one_byte(const struct passing *it)
{
	return is_data_frame(it) && it->frame->len == 1;
}

bool holds_more(const struct passing *it)
{
	size_t first = frame_packet(it->frame);

	return is_data_frame(it) && first && first < it->frame->len;
}

bool holds_no_whole(const struct passing *it)
{
	struct frame rest = *it->frame;
	size_t n;

	while (rest.len && (n = frame_packet(&rest)) && n <= rest.len) {
		rest.payload += n;
		rest.len -= n;
	}
	return is_data_frame(it) && rest.len;
}

bool came_with_head(const struct passing *it)
{
	return it->lane->with_head;
}

/* ---- bytes of TLS -------------------------------------------------------------------------- */

enum { HANDSHAKE_RECORD = 0x16 };

bool is_no_tls(const struct passing *it)
{
	return !it->lane->opened && it->raw.len && it->raw.data[0] != HANDSHAKE_RECORD;
}

bool is_in_handshake(const struct passing *it)
{
	return it->x->shakes_hands;
}

bool another_shakes_hands(const struct passing *it)
{
	return it->x->world->shaking_hands > (it->x->shakes_hands ? 1 : 0);
}
