#include "harness/login.h"

#include "base/arena.h"
#include "base/buf.h"

/* Whether the packet wants it. */
static bool add(const struct login *login, struct packet *packet)
{
	const uint8_t own = CONNECT_USER_NAME | CONNECT_PASSWORD;

	if (!login || packet->type != CONNECT || packet->connect_flags & own)
		return false;
	packet->connect_flags |= CONNECT_USER_NAME;
	packet->user_name = bytes_of(login->user_name);
	if (login->password)
		packet->connect_flags |= CONNECT_PASSWORD;
	packet->password = bytes_of(login->password);
	return true;
}

size_t login_add(const struct login *login, struct packet *packet)
{
	return add(login, packet) ? packet->password.len : 0;
}

static void add_field(struct buf *out, struct bytes field)
{
	buf_add_u16(out, (uint16_t)field.len);
	buf_add(out, field.data, field.len);
}

/* Spliced in, not built anew: whatever else is odd about the packet stays so. */
size_t login_add_to_bytes(
	struct arena *a, const struct login *login, enum mqtt_version version, struct bytes *bytes)
{
	struct packet packet;
	struct buf fields, out;

	if (!login)
		return 0;
	struct wire_result r =
		wire_parse(a, version, bytes->data, bytes->len, WIRE_REMAINING_LENGTH_MAX, &packet);
	if (r.status != WIRE_PACKET || r.consumed != bytes->len || !add(login, &packet))
		return 0;
	buf_init(&fields, WIRE_REMAINING_LENGTH_MAX);
	add_field(&fields, packet.user_name);
	if (login->password)
		add_field(&fields, packet.password);

	size_t header = bytes->len - packet.remaining_length;
	size_t flags = header + 2 + packet.protocol_name.len + 1;
	buf_init(&out, bytes->len + fields.len + WIRE_HEADER_MAX);
	buf_add(&out, bytes->data, 1);
	wire_add_variable(
		&out, packet.remaining_length + (uint32_t)fields.len, (unsigned)header - 1);
	buf_add(&out, bytes->data + header, flags - header);
	buf_add_u8(&out, packet.connect_flags);
	buf_add(&out, bytes->data + flags + 1, bytes->len - flags - 1);
	buf_add(&out, fields.data, fields.len);
	*bytes = (struct bytes){ arena_copy(a, out.data, out.len), out.len };
	buf_fini(&out);
	buf_fini(&fields);
	return packet.password.len;
}
