#include "client/shell/connection.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/layers.h"

enum { CHUNK_SIZE = 64 * 1024, WHY_SIZE = 160 };

struct connection {
	_Alignas(max_align_t) union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	};
	uv_getaddrinfo_t lookup;
	uv_connect_t connecting;
	uv_write_t writing;
	struct addrinfo *addresses;
	const struct addrinfo *next; /* to be tried */
	const struct connection_hooks *hooks;
	void *owner;   /* NULL: let go of */
	char *chunk;   /* for reading */
	uint8_t *rest; /* being written; NULL: nothing is */
	struct server server;
	struct sockaddr_storage source; /* to bind to */
	bool has_source;
	bool looking_up;
	bool has_handle;
	bool paused;
	bool broken;     /* nothing can be written any longer */
	const char *why; /* latest failure */
	struct layers layers;
};

static void connection_free(struct connection *c)
{
	if (c->looking_up || c->has_handle)
		return;
	if (c->addresses)
		uv_freeaddrinfo(c->addresses);
	layers_fini(&c->layers);
	free(c->chunk);
	free(c->rest);
	free(c);
}

static void end(struct connection *c, const char *why)
{
	void *owner = c->owner;

	c->owner = NULL;
	if (owner)
		c->hooks->ended(owner, why);
	connection_close(c);
}

/* ---- what stands above the stream ---------------------------------------------------------- */

static size_t put(void *of, struct mqtt_view bytes);

/* The handle is closed in a turn of its own, so that the connection is still there after it was let go of. */
static void on_failed(void *of, const char *why)
{
	end(of, why);
}

static void on_opened(void *of)
{
	struct connection *c = of;

	if (c->owner)
		c->hooks->opened(c->owner);
}

static void on_bytes(void *of, const void *data, size_t len)
{
	struct connection *c = of;

	if (c->owner)
		c->hooks->bytes(c->owner, data, len);
}

static const struct layers_ends ends = { put, on_opened, on_bytes, on_failed };

size_t connection_write(struct connection *c, struct mqtt_view bytes)
{
	return layers_write(&c->layers, bytes);
}

bool connection_is_writing(const struct connection *c)
{
	return c->rest || layers_are_pending(&c->layers);
}

void connection_finish(struct connection *c)
{
	layers_finish(&c->layers);
}

const char *connection_handshake(const struct connection *c)
{
	return layers_handshake(&c->layers);
}

bool connection_is_untrusted(const struct connection *c)
{
	return layers_are_untrusted(&c->layers);
}

/* The stream has come to its end. */
static void end_stream(struct connection *c, const char *why)
{
	const char *handshake = connection_handshake(c);
	char text[WHY_SIZE];

	snprintf(text, sizeof(text), "%s%s%s%s", why, handshake ? " during the " : "",
		handshake ? handshake : "", handshake ? " handshake" : "");
	end(c, text);
}

/* ---- reading and writing ------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct connection *c = (struct connection *)handle;

	(void)suggested;
	if (!c->chunk)
		c->chunk = malloc(CHUNK_SIZE);
	*buf = uv_buf_init(c->chunk, c->chunk ? CHUNK_SIZE : 0);
}

/* Layers may have written for themselves what stood in the way. */
static void room(struct connection *c)
{
	if (c->owner)
		layers_written(&c->layers);
	if (c->owner && !c->rest)
		c->hooks->written(c->owner);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = (struct connection *)stream;

	if (n > 0 && c->owner) {
		layers_input(&c->layers, buf->base, (size_t)n);
		if (c->layers.count)
			room(c);
	} else if (n < 0)
		end_stream(
			c, n == UV_EOF ? "connection closed by the server" : uv_strerror((int)n));
}

/* A server that refuses may have said why before it closed: that is still to be read, and then the end. */
static void on_written(uv_write_t *request, int status)
{
	struct connection *c = (struct connection *)request->handle;

	free(c->rest);
	c->rest = NULL;
	c->broken = status < 0;
	if (c->broken && c->paused)
		end_stream(c, uv_strerror(status));
	if (c->broken)
		return;
	room(c);
}

static bool write_later(struct connection *c, struct mqtt_view bytes)
{
	c->rest = malloc(bytes.len);
	if (!c->rest)
		return false;
	memcpy(c->rest, bytes.data, bytes.len);
	uv_buf_t buf = uv_buf_init((char *)c->rest, bytes.len);
	if (!uv_write(&c->writing, &c->stream, &buf, 1, on_written))
		return true;
	free(c->rest);
	c->rest = NULL;
	return false;
}

static size_t put(void *of, struct mqtt_view bytes)
{
	struct connection *c = of;
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.data, bytes.len);

	if (c->rest || c->broken || !bytes.len)
		return 0;
	int n = uv_try_write(&c->stream, &buf, 1);
	size_t taken = n > 0 ? (size_t)n : 0;
	if (taken == bytes.len)
		return taken;
	struct mqtt_view rest = { bytes.data + taken, bytes.len - (uint32_t)taken };
	rest.len = rest.len < CHUNK_SIZE ? rest.len : CHUNK_SIZE;
	/* What cannot be written at all ends the connection by way of its reading side. */
	return write_later(c, rest) ? taken + rest.len : taken;
}

void connection_pause(struct connection *c, bool pause)
{
	if (pause == c->paused)
		return;
	c->paused = pause;
	if (pause)
		uv_read_stop(&c->stream);
	else
		uv_read_start(&c->stream, on_alloc, on_read);
}

/* ---- connecting ---------------------------------------------------------------------------- */

static void try_next(struct connection *c);

static void on_reset(uv_handle_t *handle)
{
	struct connection *c = (struct connection *)handle;

	c->has_handle = false;
	if (c->owner)
		try_next(c);
	else
		connection_free(c);
}

static void on_connected(uv_connect_t *request, int status)
{
	struct connection *c = (struct connection *)request->handle;

	if (status == UV_ECANCELED || !c->owner)
		return;
	if (status < 0) {
		c->why = uv_strerror(status);
		if (!uv_is_closing(&c->handle))
			uv_close(&c->handle, on_reset);
		return;
	}
	if (c->server.port[0])
		uv_tcp_nodelay(&c->tcp, 1);
	uv_read_start(&c->stream, on_alloc, on_read);
	layers_open(&c->layers);
}

static int dial(struct connection *c, const struct sockaddr *address)
{
	int e = uv_tcp_init(c->lookup.loop, &c->tcp);

	if (e)
		return e;
	c->has_handle = true;
	if (c->has_source)
		e = uv_tcp_bind(&c->tcp, (struct sockaddr *)&c->source, 0);
	return e ? e : uv_tcp_connect(&c->connecting, &c->tcp, address, on_connected);
}

static void try_next(struct connection *c)
{
	const struct addrinfo *address = c->next;

	if (!address) {
		end(c, c->why);
		return;
	}
	c->next = address->ai_next;
	int e = dial(c, address->ai_addr);
	if (!e)
		return;
	c->why = uv_strerror(e);
	if (c->has_handle)
		uv_close(&c->handle, on_reset);
	else
		end(c, c->why);
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct connection *c = (struct connection *)request->data;

	c->looking_up = false;
	c->addresses = addresses;
	c->next = addresses;
	if (!c->owner)
		connection_free(c);
	else if (status < 0)
		end(c, uv_strerror(status));
	else
		try_next(c);
}

static int dial_pipe(struct connection *c, uv_loop_t *loop)
{
	int e = uv_pipe_init(loop, &c->pipe, 0);

	if (e)
		return e;
	c->has_handle = true;
	uv_pipe_connect(&c->connecting, &c->pipe, c->server.host, on_connected);
	return 0;
}

static int look_up(struct connection *c, uv_loop_t *loop)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP };

	if (c->has_source)
		hints.ai_family = c->source.ss_family;
	int e = uv_getaddrinfo(
		loop, &c->lookup, on_looked_up, c->server.host, c->server.port, &hints);
	c->looking_up = !e;
	return e;
}

struct connection *connection_open(uv_loop_t *loop, const struct server *server,
	const char *bind_address, const struct connection_hooks *hooks, void *owner)
{
	struct connection *c = calloc(1, sizeof(*c) + layers_size(server));

	if (!c)
		return NULL;
	c->hooks = hooks;
	c->owner = owner;
	c->server = *server;
	layers_init(&c->layers, &c->server, &ends, c, c + 1);
	c->why = "no address";
	c->lookup.data = c;
	c->has_source = bind_address != NULL;
	if (bind_address && uv_ip4_addr(bind_address, 0, (struct sockaddr_in *)&c->source) &&
		uv_ip6_addr(bind_address, 0, (struct sockaddr_in6 *)&c->source)) {
		free(c);
		return NULL;
	}
	if (server->port[0] ? look_up(c, loop) : dial_pipe(c, loop)) {
		connection_free(c);
		return NULL;
	}
	return c;
}

void connection_close(struct connection *c)
{
	if (!c)
		return;
	c->owner = NULL;
	if (c->looking_up)
		uv_cancel((uv_req_t *)&c->lookup);
	if (c->has_handle && !uv_is_closing(&c->handle))
		uv_close(&c->handle, on_reset);
	else if (!c->has_handle)
		connection_free(c);
}
