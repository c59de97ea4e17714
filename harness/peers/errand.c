#include "harness/capabilities.h"
#include "harness/peers/errand.h"

#include <poll.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/peers/demands.h"
#include "harness/peers/guest.h"
#include "harness/transport/pace.h"

enum {
	ERRAND_PACKET_MAX = 1024 * 1024,
	ERRAND_PACKETS = 10000, /* more is a flood */
};

bool errand_start(struct errand *e, struct arena *a, const struct endpoint *target,
	enum mqtt_version version, int64_t limit_us, const char **error)
{
	*e = (struct errand){
		.arena = a, .version = version, .login = target->login, .guest = target->guest
	};
	buf_init(&e->in, 2 * ERRAND_PACKET_MAX);
	if (target->guest)
		pace_wait(target->guest->pace);
	e->deadline_us = clock_now_us() + limit_us;
	e->pipe = endpoint_dial(a, target, e->deadline_us, error);
	return e->pipe != NULL;
}

/* False when the deadline has passed. Whoever reads until PIPE_AGAIN has left nothing pending. */
static bool wait_for(struct errand *e, short events)
{
	int64_t left_ms = (e->deadline_us - clock_now_us() + 999) / 1000;
	struct pollfd p = { .fd = e->pipe->fd, .events = events };

	return left_ms > 0 && poll(&p, 1, (int)left_ms) > 0;
}

bool errand_send(struct errand *e, const struct packet *packet)
{
	struct buf out;
	bool ok = true;

	buf_init(&out, ERRAND_PACKET_MAX);
	wire_build(&out, e->version, packet, NULL);
	while (ok && out.len) {
		ssize_t n = pipe_write(e->pipe, out.data, out.len);
		if (n > 0)
			buf_consume(&out, (size_t)n);
		else
			ok = n == PIPE_AGAIN && wait_for(e, POLLOUT);
	}
	buf_fini(&out);
	return ok;
}

/* The packet at the front of the input, in memory that stays. */
static enum wire_status take_packet(struct errand *e, struct packet *packet)
{
	struct wire_result r =
		wire_parse(e->arena, e->version, e->in.data, e->in.len, ERRAND_PACKET_MAX, packet);

	if (r.status == WIRE_NEED_MORE)
		return r.status;
	size_t len = r.consumed ? r.consumed : e->in.len;
	const uint8_t *copy = arena_copy(e->arena, e->in.data, len);
	wire_parse(e->arena, e->version, copy, len, ERRAND_PACKET_MAX, packet);
	buf_consume(&e->in, len);
	e->received++;
	return r.status;
}

static void take_bytes(struct errand *e, const uint8_t *data, size_t len)
{
	size_t kept = ERRAND_FIRST_BYTES - e->first_len;

	kept = len < kept ? len : kept;
	memcpy(e->first + e->first_len, data, kept);
	e->first_len += kept;
	buf_add(&e->in, data, len);
}

enum wire_status errand_receive(struct errand *e, struct packet *packet, bool *ended)
{
	*ended = e->received >= ERRAND_PACKETS;
	while (!*ended) {
		enum wire_status status = take_packet(e, packet);
		if (status != WIRE_NEED_MORE)
			return status;
		uint8_t chunk[4096];
		ssize_t n = pipe_read(e->pipe, chunk, sizeof(chunk));
		if (n > 0)
			take_bytes(e, chunk, (size_t)n);
		*ended = n == PIPE_END || n == PIPE_RESET;
		if (!*ended && n == PIPE_AGAIN && !wait_for(e, POLLIN))
			break;
	}
	return WIRE_NEED_MORE;
}

void errand_end(struct errand *e)
{
	if (e->pipe)
		pipe_close(e->pipe);
	buf_fini(&e->in);
}

struct packet errand_connect(const struct errand *e, const char *client_id)
{
	struct packet packet = wire_packet(CONNECT);

	packet.protocol_name = BYTES("MQTT");
	packet.level = (uint8_t)e->version;
	packet.connect_flags = CONNECT_CLEAN;
	packet.client_id = bytes_of(guest_client_id(e->arena, e->guest, client_id));
	packet.properties.present = version_traits(e->version).properties;
	demands_meet(&(const struct demands){ e->login, KEEP_ALIVE_INSTEAD_S }, &packet);
	return packet;
}
