#include "deviants/then_layer.h"

#include <string.h>
#include <strings.h>

#include "deviants/frame.h"
#include "harness/transport/opening.h"

/* ---- heads of HTTP ------------------------------------------------------------------------- */

/* What a field becomes; NULL: it is left out. */
static const struct {
	const char *field, *value;
} edits[] = {
	[EDIT_PROTOCOL_NONE] = { "Sec-WebSocket-Protocol", NULL },
	[EDIT_PROTOCOL_OLD] = { "Sec-WebSocket-Protocol", "mqttv3.1" },
	[EDIT_PROTOCOL_CHAT] = { "Sec-WebSocket-Protocol", "chat" },
	[EDIT_PROTOCOL_MQTT] = { "Sec-WebSocket-Protocol", "mqtt" },
	[EDIT_ACCEPT_NONE] = { "Sec-WebSocket-Accept", NULL },
	[EDIT_ACCEPT_WRONG] = { "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
	[EDIT_VERSION_NONE] = { "Sec-WebSocket-Version", NULL },
	[EDIT_VERSION_8] = { "Sec-WebSocket-Version", "8" },
	[EDIT_VERSION_13] = { "Sec-WebSocket-Version", "13" },
	[EDIT_KEY] = { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==" },
	[EDIT_KEY_NONE] = { "Sec-WebSocket-Key", NULL },
	[EDIT_KEY_SHORT] = { "Sec-WebSocket-Key", "AAAAAAAAAAA=" },
	[EDIT_UPGRADE] = { "Upgrade", "websocket" },
	[EDIT_UPGRADE_NONE] = { "Upgrade", NULL },
	[EDIT_CONNECTION] = { "Connection", "Upgrade" },
	[EDIT_CONNECTION_NONE] = { "Connection", NULL },
	[EDIT_HOST_NONE] = { "Host", NULL },
	[EDIT_EXTENSION] = { "Sec-WebSocket-Extensions", "permessage-deflate" },
	[EDIT_EXTENSION_NONE] = { "Sec-WebSocket-Extensions", NULL },
};

static bool line_is(const char *line, size_t len, const char *field)
{
	size_t n = strlen(field);

	return len > n && !strncasecmp(line, field, n) && line[n] == ':';
}

/* All lines of this field, and one of this value at the end; NULL: none. */
static void set_field(struct passing *it, const char *field, const char *value)
{
	size_t len = it->head->len;
	const char *text = arena_copy(it->arena, it->head->data, len), *end;

	buf_reset(it->head);
	for (size_t at = 0; at + 2 < len; at = (size_t)(end - text) + 2) {
		end = memmem(text + at, len - at, "\r\n", 2);
		size_t line = (size_t)(end - text) - at;
		if (!line_is(text + at, line, field))
			buf_add(it->head, text + at, line + 2);
	}
	if (value)
		buf_printf(it->head, "%s: %s\r\n", field, value);
	buf_add_text(it->head, "\r\n");
}

void edit_field(struct passing *it, long edit)
{
	set_field(it, edits[edit].field, edits[edit].value);
}

/* The value of a field, in the arena of what passes. */
static const char *value_of(struct passing *it, const char *field)
{
	struct http_head head = { 0 };

	(it->way == TO_SERVER ? http_read_request : http_read_response)(
		(const char *)it->raw.data, it->raw.len, &head);
	const struct http_text *value = http_field(&head, field);
	return value ? arena_printf(it->arena, "%.*s", (int)value->len, value->at) : NULL;
}

void keep_key(struct passing *it, long none)
{
	const char *key = value_of(it, "Sec-WebSocket-Key");

	(void)none;
	if (key && strlen(key) < sizeof(it->x->key))
		memcpy(it->x->key, key, strlen(key) + 1);
}

void answer_key(struct passing *it, long none)
{
	char accept[OPENING_ACCEPT_SIZE];

	(void)none;
	opening_accept((struct http_text){ it->x->key, strlen(it->x->key) }, accept);
	set_field(it, "Sec-WebSocket-Accept", accept);
}

void choose_first(struct passing *it, long none)
{
	const char *list = value_of(it, "Sec-WebSocket-Protocol");

	(void)none;
	if (list)
		set_field(it, "Sec-WebSocket-Protocol",
			arena_printf(it->arena, "%.*s", (int)strcspn(list, ", "), list));
}

void open_anyway(struct passing *it, long none)
{
	char accept[OPENING_ACCEPT_SIZE];

	(void)none;
	opening_accept((struct http_text){ it->x->key, strlen(it->x->key) }, accept);
	buf_reset(it->head);
	opening_answer(it->head, accept, true);
}

void refuse_upgrade(struct passing *it, long none)
{
	(void)none;
	buf_reset(it->head);
	opening_refusal(it->head, "the deviant says no");
	it->ends = true;
}

/* The request line, anew: its parts as they are, or others. */
static void begin_anew(struct passing *it, const char *method, const char *path)
{
	size_t len = it->head->len;
	const char *text = arena_copy(it->arena, it->head->data, len);
	const char *target = memchr(text, ' ', len), *version = memchr(target + 1, ' ', len);

	buf_reset(it->head);
	if (method)
		buf_add_text(it->head, method);
	else
		buf_add(it->head, text, (size_t)(target - text));
	if (path)
		buf_printf(it->head, " %s", path);
	else
		buf_add(it->head, target, (size_t)(version - target));
	buf_add(it->head, version, len - (size_t)(version - text));
}

void set_path(struct passing *it, long none)
{
	(void)none;
	begin_anew(it, NULL, "/");
}

void set_method(struct passing *it, long none)
{
	(void)none;
	begin_anew(it, "POST", NULL);
}

/* ---- frames -------------------------------------------------------------------------------- */

void set_opcode(struct passing *it, long opcode)
{
	it->frame->opcode = (uint8_t)opcode;
	it->changed = true;
}

void set_reserved_bits(struct passing *it, long bits)
{
	it->frame->reserved = (uint8_t)bits;
	it->changed = true;
}

void set_masked(struct passing *it, long masked)
{
	it->frame->masked = masked;
	memset(it->frame->mask, 0, FRAME_MASK_SIZE);
	it->changed = true;
}

void cut_frame(struct passing *it, long none)
{
	size_t first = frame_packet(it->frame);

	(void)none;
	if (first && first < it->frame->len)
		it->frame->len = first;
	it->changed = true;
}

void change_frame(struct passing *it, long none)
{
	(void)none;
	if (it->frame->len)
		it->frame->payload[0] ^= 1;
	it->changed = true;
}

void say_disconnect(struct passing *it, long none)
{
	enum { DISCONNECT_BYTE = 0xE0 };
	uint8_t packet[] = { DISCONNECT_BYTE, 0 };
	struct frame f = { .opcode = OPCODE_BINARY,
		.final = true,
		.masked = it->way == TO_SERVER,
		.payload = packet,
		.len = sizeof(packet) };
	struct buf written;

	(void)none;
	buf_init(&written, FRAME_HEAD_SIZE + sizeof(packet));
	frame_write(&written, &f);
	exchange_write(it->x, it->way, (struct bytes){ written.data, written.len });
	buf_fini(&written);
}

/* ---- the connections ----------------------------------------------------------------------- */

void strike(struct passing *it, long none)
{
	(void)none;
	it->x->world->struck = true;
}

void trust(struct passing *it, long whom)
{
	(void)it, (void)whom;
}
