#include "bench/load/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/stream.h"
#include "harness/transport/endpoint.h"

enum {
	OUT_MAX = 64 * 1024 * 1024,
	PORTS = 20000, /* connections from one address: fewer than there are ports */
};

static bool fail(struct client *c, const char *what, const char *why)
{
	if (!*c->fault)
		snprintf(c->fault, sizeof(c->fault), "%s%s%s", what, why ? ": " : "",
			why ? why : "");
	return false;
}

static void wait_for(struct client *c, int operation, bool room)
{
	struct epoll_event e = { .events = c->deaf ? 0 : EPOLLIN, .data.u32 = c->index };

	if (room)
		e.events |= EPOLLOUT;
	c->wants_room = room;
	epoll_ctl(c->epoll, operation, c->fd, &e);
}

/* ---- connecting ---------------------------------------------------------------------------- */

/* The ports of one source address run out; on the loopback interface there are others. */
static void spread(const struct client *c, const struct endpoint *to, uint64_t serial)
{
	const struct sockaddr_in *at = (const struct sockaddr_in *)&to->address;
	uint32_t network = htonl(INADDR_LOOPBACK) & htonl(0xff000000);

	if (to->address.ss_family != AF_INET ||
		(at->sin_addr.s_addr & htonl(0xff000000)) != network)
		return;
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(serial / PORTS % 65536)) };
	setsockopt(c->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	/* where it cannot be had, the system chooses */
	(void)bind(c->fd, (struct sockaddr *)&from, sizeof(from));
}

static bool begin_stream(struct client *c, const struct endpoint *to)
{
	if (!stream_is_needed(to))
		return true;
	c->stream = malloc(sizeof(*c->stream));
	if (!c->stream)
		abort();
	stream_init(c->stream, to);
	return !c->stream->fault || fail(c, c->stream->fault, NULL);
}

bool client_dial(struct client *c, const struct endpoint *to, uint64_t serial)
{
	*c->fault = '\0';
	if (!c->out.limit_bytes) {
		buf_init(&c->out, OUT_MAX);
		buf_init(&c->in, CLIENT_CHUNK);
	}
	c->fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return fail(c, "no socket", strerror(errno));
	if (to->address.ss_family != AF_UNIX)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	spread(c, to, serial);
	if (connect(c->fd, (const struct sockaddr *)&to->address, to->address_len) &&
		errno != EINPROGRESS)
		return fail(c, "no connection", strerror(errno));
	wait_for(c, EPOLL_CTL_ADD, true);
	return begin_stream(c, to);
}

/* ---- writing ------------------------------------------------------------------------------- */

bool client_flush(struct client *c)
{
	struct buf *out = &c->out;
	size_t done = 0;

	if (out->failed)
		return fail(c, "too much waits to be sent", NULL);
	if (c->stream) {
		stream_write(c->stream, out);
		if (c->stream->fault)
			return fail(c, c->stream->fault, NULL);
		out = &c->stream->wire;
	}
	while (done < out->len) {
		ssize_t n = send(c->fd, out->data + done, out->len - done, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
			break;
		if (n < 0)
			return fail(c, c->accepted ? "a connection broke" : "no connection",
				strerror(errno));
		done += (size_t)n;
	}
	buf_consume(out, done);
	if (c->wants_room != (out->len != 0))
		wait_for(c, EPOLL_CTL_MOD, out->len != 0);
	return true;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Returns how many bytes were whole packets; SIZE_MAX with a fault. */
static size_t take_packets(
	struct client *c, const uint8_t *data, size_t len, client_take *take, void *user)
{
	size_t used = 0;

	while (len - used >= 2) {
		const uint8_t *packet = data + used;
		size_t rest = 0, at = 1;
		unsigned shift = 0;
		bool more = true;
		while (more && at < len - used && at <= 4) {
			rest |= (size_t)(packet[at] & 0x7f) << shift;
			shift += 7;
			more = packet[at++] & 0x80;
		}
		if (more && at > 4) {
			fail(c, "the broker sent a packet without a proper length", NULL);
			return SIZE_MAX;
		}
		if (!more && at + rest > CLIENT_CHUNK) {
			fail(c, "the broker sent a packet that nobody has published", NULL);
			return SIZE_MAX;
		}
		if (more || at + rest > len - used)
			break;
		if (!take(user, c, packet[0], packet + at, rest))
			return SIZE_MAX;
		used += at + rest;
	}
	return used;
}

/* Bytes of MQTT in `to`; 0: none by now; -1 with a fault. */
static ssize_t read_some(struct client *c, uint8_t *to, size_t room)
{
	uint8_t wire[STREAM_READ_MAX];
	size_t most = room < CLIENT_RECEIVE ? room : CLIENT_RECEIVE;
	ssize_t n = c->stream ? recv(c->fd, wire, sizeof(wire), 0) : recv(c->fd, to, most, 0);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		const char *what = c->accepted ? "the broker closed a connection"
			: n < 0                ? "no connection"
					       : "the broker closed a connection instead of "
						 "accepting it";
		fail(c, what, n < 0 ? strerror(errno) : NULL);
		return -1;
	}
	if (!c->stream)
		return n;
	n = (ssize_t)stream_read(c->stream, wire, (size_t)n, to);
	if (c->stream->fault) {
		fail(c, c->stream->fault, NULL);
		return -1;
	}
	return n;
}

bool client_receive(struct client *c, uint8_t *chunk, client_take *take, void *user)
{
	size_t kept = c->in.len;

	if (kept)
		memcpy(chunk, c->in.data, kept);
	ssize_t got = read_some(c, chunk + kept, CLIENT_CHUNK - kept);
	if (got < 0)
		return false;
	size_t len = kept + (size_t)got;
	size_t used = take_packets(c, chunk, len, take, user);
	if (used == SIZE_MAX)
		return false;
	if (c->fd < 0)
		return true;
	buf_reset(&c->in);
	buf_add(&c->in, chunk + used, len - used);
	return (!c->out.len && !(c->stream && c->stream->wire.len)) || client_flush(c);
}

/* ---- the end ------------------------------------------------------------------------------- */

void client_deafen(struct client *c)
{
	c->deaf = true;
	wait_for(c, EPOLL_CTL_MOD, c->wants_room);
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->stream)
		stream_fini(c->stream);
	free(c->stream);
	c->stream = NULL;
	buf_fini(&c->out);
	buf_fini(&c->in);
	c->accepted = c->at_work = c->deaf = c->wants_room = false;
	c->granted = c->under_way = 0;
}

void client_fini(struct client *c)
{
	client_close(c);
	free(c->due_us);
	free(c->begun);
	c->due_us = NULL;
	c->begun = NULL;
}
