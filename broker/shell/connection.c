#include "broker/shell/connection.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "broker/shell/channel.h"

enum {
	CHUNK_SIZE = 256 * 1024,
	PIECES = 128,            /* of one gathered write */
	LATER_BYTES = 16 * 1024, /* of an asynchronous write: it tells when there is room again */
	FILES_RESERVED = 4,      /* for the configuration, which is read again on SIGHUP */
	ADDRESS_BUCKETS = 1 << 12,
	WRITE_ROUNDS =
		16, /* gathered writes of one link in one turn: others want to be served too */
};

static struct connections *all_of(const struct connection *c)
{
	const struct entrance *entrance = c->tcp.data;

	return entrance->all;
}

static const struct channel *channel_of(const struct connection *c)
{
	const struct entrance *entrance = c->tcp.data;

	return entrance->channel;
}

/* How many connections an address has. */
struct address_count {
	struct address_count *next;
	uint32_t count;
	uint8_t family;
	uint8_t bytes[16];
};

bool connections_init(
	struct connections *c, struct broker *broker, struct log *log, uint32_t per_address)
{
	*c = (struct connections){ .broker = broker, .log = log, .per_address = per_address };
	c->chunk = malloc(CHUNK_SIZE);
	if (per_address)
		c->addresses = calloc(ADDRESS_BUCKETS, sizeof(struct address_count *));
	return c->chunk && (!per_address || c->addresses);
}

void connections_fini(struct connections *c)
{
	free(c->chunk);
	free(c->addresses);
}

/* ---- addresses ----------------------------------------------------------------------------- */

static struct address_count **find_address(struct connections *c, const struct address_count *key)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(key->bytes); i++)
		hash = (hash ^ key->bytes[i]) * 16777619u;
	struct address_count **at = &c->addresses[hash % ADDRESS_BUCKETS];
	while (*at &&
		((*at)->family != key->family ||
			memcmp((*at)->bytes, key->bytes, sizeof(key->bytes)) != 0))
		at = &(*at)->next;
	return at;
}

static bool read_address(const uv_tcp_t *tcp, struct address_count *key)
{
	struct sockaddr_storage from;
	int len = sizeof(from);

	*key = (struct address_count){ 0 };
	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&from, &len))
		return false;
	key->family = (uint8_t)from.ss_family;
	if (from.ss_family == AF_INET)
		memcpy(key->bytes, &((struct sockaddr_in *)&from)->sin_addr, 4);
	else
		memcpy(key->bytes, &((struct sockaddr_in6 *)&from)->sin6_addr, 16);
	return true;
}

/* False if this address has as many connections as it may. */
static bool count_address(struct connections *all, struct connection *c)
{
	struct address_count key;

	if (!all->per_address)
		return true;
	if (!read_address(&c->tcp, &key))
		return false;
	struct address_count **at = find_address(all, &key);
	if (!*at) {
		*at = malloc(sizeof(key));
		if (!*at)
			return false;
		**at = key;
	}
	if ((*at)->count == all->per_address)
		return false;
	(*at)->count++;
	c->address = *at;
	return true;
}

static void uncount_address(struct connections *all, struct connection *c)
{
	if (!c->address || --c->address->count)
		return;
	struct address_count **at = find_address(all, c->address);
	*at = c->address->next;
	free(c->address);
}

/* The core's time is that of the last turn; what happens now must not count from then. */
static void tell_time(const struct connection *c)
{
	struct connections *all = all_of(c);
	int64_t now_ms = (int64_t)uv_now(c->tcp.loop);

	if (now_ms == all->told_ms)
		return;
	all->told_ms = now_ms;
	broker_tick(all->broker, now_ms);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct connection *c = (struct connection *)handle;
	struct connections *all = all_of(c);

	if (c->link) {
		tell_time(c);
		if (channel_of(c)->close)
			channel_of(c)->close(c);
		link_closed(c->link);
		if (all->log_each)
			log_line(all->log, LOG_INFO, "connection %u closed", c->number);
	}
	uncount_address(all, c);
	all->count--;
	if (all->leaving && !all->count)
		uv_stop(handle->loop);
	free(c->writing);
	free(c);
}

void connection_close(struct connection *c)
{
	if (c->closing)
		return;
	c->closing = true;
	uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Pieces of the core and buffers of libuv have the same fields; their layout is libuv's secret. */
static unsigned gather(struct connection *c, uv_buf_t *bufs)
{
	struct broker_piece pieces[PIECES];
	unsigned n = (unsigned)channel_of(c)->output(c, pieces, PIECES);

	for (unsigned i = 0; i < n; i++)
		bufs[i] = uv_buf_init((char *)(uintptr_t)pieces[i].data, (unsigned)pieces[i].len);
	return n;
}

static size_t total(const uv_buf_t *bufs, unsigned n)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += bufs[i].len;
	return bytes;
}

/* There is room again. What it is used for is a matter for the next turn. */
static void on_written(uv_write_t *request, int status)
{
	struct connection *c = (struct connection *)request->handle;
	size_t bytes = (size_t)(uintptr_t)request->data;

	free(c->writing);
	c->writing = NULL;
	if (status < 0) {
		connection_close(c);
		return;
	}
	tell_time(c);
	channel_of(c)->written(c, bytes);
	link_mark(c->link);
}

/* The socket is full: more goes out when there is room. */
static void write_later(struct connection *c)
{
	struct broker_piece piece;
	uv_buf_t buf;

	channel_of(c)->output(c, &piece, 1);
	if (piece.len > LATER_BYTES)
		piece.len = LATER_BYTES;
	buf = uv_buf_init((char *)(uintptr_t)piece.data, (unsigned)piece.len);
	c->writing = malloc(sizeof(*c->writing));
	if (!c->writing) {
		connection_close(c);
		return;
	}
	c->writing->data = (void *)(uintptr_t)piece.len;
	if (uv_write(c->writing, (uv_stream_t *)&c->tcp, &buf, 1, on_written))
		connection_close(c);
}

/* Returns false when the connection is no longer of use. */
static bool write_now(struct connection *c)
{
	uv_buf_t bufs[PIECES];

	for (unsigned round = 0; round < WRITE_ROUNDS && !c->writing; round++) {
		unsigned n = gather(c, bufs);
		if (!n)
			return true;
		int written = uv_try_write((uv_stream_t *)&c->tcp, bufs, n);
		if (written < 0 && written != UV_EAGAIN)
			return false;
		channel_of(c)->written(c, written > 0 ? (size_t)written : 0);
		if (written < 0 || (size_t)written < total(bufs, n))
			write_later(c);
	}
	if (!c->writing && channel_of(c)->pending(c))
		write_later(c);
	return !c->closing;
}

/* ---- reading ------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct connections *all = all_of((const struct connection *)handle);

	(void)suggested;
	*buf = uv_buf_init(all->chunk, CHUNK_SIZE);
}

static void take_input(struct connection *c, char *data, size_t len)
{
	tell_time(c);
	if (c->broken || channel_of(c)->input(c, data, len))
		return;
	c->broken = true;
	link_mark(c->link);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = (struct connection *)stream;

	if (n > 0) {
		take_input(c, buf->base, (size_t)n);
	} else if (n == UV_EOF && channel_of(c)->pending(c) && link_ends(c->link)) {
		c->ended = true; /* it may still read what is to be written */
	} else if (n < 0) {
		connection_close(c);
	}
}

static void pause_or_resume(struct connection *c)
{
	bool wants = link_wants_input(c->link) && !c->ended;

	if (wants == !c->paused)
		return;
	c->paused = !wants;
	if (c->paused)
		uv_read_stop((uv_stream_t *)&c->tcp);
	else
		uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* All of the link is written, and now the farewell of the channel; true when that is written, too.
 */
static bool finish(struct connection *c)
{
	const struct channel *channel = channel_of(c);

	if (!c->finished) {
		c->finished = true;
		if (channel->finish)
			channel->finish(c);
		if (channel->pending(c) && !write_now(c))
			connection_close(c);
	}
	return !c->closing && !c->writing && !channel->pending(c);
}

/* All is written. The peer is told that no more comes, and has until link_must_close to close its side:
 * until then its bytes are read, for the system resets a connection that is closed with bytes unread,
 * and what the peer has not read by then is lost.
 */
static void say_goodbye(struct connection *c)
{
	uv_os_fd_t fd;

	if (c->shut)
		return;
	c->shut = true;
	if (c->ended || uv_fileno((uv_handle_t *)&c->tcp, &fd) || shutdown(fd, SHUT_WR))
		connection_close(c);
}

void connection_serve(struct connection *c)
{
	if (c->closing)
		return;
	bool done = link_must_close(c->link) || (!c->writing && !write_now(c)) || c->broken;
	bool spoken = !c->closing && !c->writing && !channel_of(c)->pending(c);
	if (spoken && link_ends(c->link) && finish(c) && !done)
		say_goodbye(c);
	if (done)
		connection_close(c);
	if (!c->closing)
		pause_or_resume(c);
}

/* ---- the beginning ------------------------------------------------------------------------- */

static void log_open(struct connections *all, const struct connection *c)
{
	struct sockaddr_storage from;
	int len = sizeof(from);
	char text[64] = "?";
	bool known = !uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&from, &len);

	if (known && from.ss_family == AF_INET)
		uv_ip4_name((struct sockaddr_in *)&from, text, sizeof(text));
	else if (known)
		uv_ip6_name((struct sockaddr_in6 *)&from, text, sizeof(text));
	log_line(all->log, LOG_INFO, "connection %u opened from %s", c->number, text);
}

/* The last descriptors are kept. Without them libuv would close what comes, without a word. */
static bool has_file(struct connections *all, const struct connection *c)
{
	uv_os_fd_t fd;

	return !uv_fileno((const uv_handle_t *)&c->tcp, &fd) &&
		(uint32_t)fd + FILES_RESERVED < all->files;
}

static bool start(struct connections *all, struct connection *c)
{
	if (!has_file(all, c)) {
		log_line(all->log, LOG_WARNING,
			"connection %u refused: the process may have no more than %u file "
			"descriptors",
			c->number, all->files);
		return false;
	}
	if (!count_address(all, c)) {
		log_line(all->log, LOG_NOTICE, "connection %u refused: its address has %u already",
			c->number, all->per_address);
		return false;
	}
	c->link = link_open(all->broker, c);
	if (!c->link || (channel_of(c)->open && !channel_of(c)->open(c))) {
		log_line(all->log, LOG_WARNING, "connection %u refused: no room for more",
			c->number);
		return false;
	}
	uv_tcp_nodelay(&c->tcp, 1);
	if (all->log_each)
		log_open(all, c);
	return uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) == 0;
}

bool connection_accept(struct entrance *entrance, uv_stream_t *listener)
{
	struct connections *all = entrance->all;
	struct connection *c = calloc(1, sizeof(*c) + entrance->channel->state_bytes);

	if (!c || uv_tcp_init(listener->loop, &c->tcp)) {
		free(c);
		return false;
	}
	c->tcp.data = entrance;
	c->number = ++all->opened;
	all->count++;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) || !start(all, c))
		connection_close(c);
	return true;
}
