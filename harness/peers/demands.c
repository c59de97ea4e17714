#include "harness/peers/demands.h"

#include "base/arena.h"
#include "base/buf.h"

static struct bytes password_of(const struct login *login)
{
	return login->secret.data ? login->secret : bytes_of(login->password);
}

/* Whether the packet names neither user nor password; then it gets the run's. */
static bool add_login(const struct login *login, struct packet *packet)
{
	const uint8_t own = CONNECT_USER_NAME | CONNECT_PASSWORD;

	if (!login || packet->connect_flags & own)
		return false;
	if (login->user_name)
		packet->connect_flags |= CONNECT_USER_NAME;
	packet->user_name = bytes_of(login->user_name);
	packet->password = password_of(login);
	if (packet->password.data)
		packet->connect_flags |= CONNECT_PASSWORD;
	return true;
}

static void set_keep_alive(const struct demands *d, struct packet *packet)
{
	if (!packet->keep_alive)
		packet->keep_alive = d->keep_alive;
}

size_t demands_meet(const struct demands *d, struct packet *packet)
{
	if (packet->type != CONNECT)
		return 0;
	set_keep_alive(d, packet);
	return add_login(d->login, packet) ? packet->password.len : 0;
}

static void add_field(struct buf *out, struct bytes field)
{
	buf_add_u16(out, (uint16_t)field.len);
	buf_add(out, field.data, field.len);
}

/* Spliced in, not built anew: whatever else is odd about the packet stays so. */
static struct bytes splice(
	struct arena *a, struct bytes bytes, const struct packet *packet, const struct buf *fields)
{
	size_t header = bytes.len - packet->remaining_length;
	size_t flags = header + 2 + packet->protocol_name.len + 1, rest = flags + 3;
	struct buf out;

	buf_init(&out, bytes.len + fields->len + WIRE_HEADER_MAX);
	buf_add(&out, bytes.data, 1);
	wire_add_variable(
		&out, packet->remaining_length + (uint32_t)fields->len, (unsigned)header - 1);
	buf_add(&out, bytes.data + header, flags - header);
	buf_add_u8(&out, packet->connect_flags);
	buf_add_u16(&out, packet->keep_alive);
	buf_add(&out, bytes.data + rest, bytes.len - rest);
	buf_add(&out, fields->data, fields->len);
	struct bytes spliced = { arena_copy(a, out.data, out.len), out.len };
	buf_fini(&out);
	return spliced;
}

size_t demands_meet_in_bytes(
	struct arena *a, const struct demands *d, enum mqtt_version version, struct bytes *bytes)
{
	struct packet packet;
	struct buf fields;

	if (!d->login && !d->keep_alive)
		return 0;
	struct wire_result r =
		wire_parse(a, version, bytes->data, bytes->len, WIRE_REMAINING_LENGTH_MAX, &packet);
	if (r.status != WIRE_PACKET || r.consumed != bytes->len || packet.type != CONNECT)
		return 0;
	buf_init(&fields, WIRE_REMAINING_LENGTH_MAX);
	set_keep_alive(d, &packet);
	bool added = add_login(d->login, &packet);
	if (added && packet.user_name.data)
		add_field(&fields, packet.user_name);
	if (added && packet.password.data)
		add_field(&fields, packet.password);
	*bytes = splice(a, *bytes, &packet, &fields);
	buf_fini(&fields);
	return added ? packet.password.len : 0;
}
