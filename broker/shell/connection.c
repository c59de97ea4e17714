#include "broker/shell/connection.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "broker/shell/channel.h"

enum {
	CHUNK_SIZE = 256 * 1024,
	PIECES = 128,       /* of one gathered write */
	FILES_RESERVED = 4, /* for the configuration, which is read again on SIGHUP */
	WRITE_ROUNDS =
		16, /* gathered writes of one link in one turn: others want to be served too */
};

static_assert(sizeof(struct broker_piece) == sizeof(struct iovec) &&
		offsetof(struct broker_piece, len) == offsetof(struct iovec, iov_len),
	"pieces are written as they are");

static const struct channel *channel_of(const struct connection *c)
{
	return c->entrance->channel;
}

void connections_tell_time(struct connections *c)
{
	int64_t now_ms = (int64_t)uv_now(c->loop);

	if (now_ms == c->told_ms)
		return;
	c->told_ms = now_ms;
	broker_tick(c->broker, now_ms);
}

void *connection_inner_state(struct connection *c)
{
	return (char *)(c + 1) + channel_of(c)->state_bytes;
}

/* ---- the end ------------------------------------------------------------------------------- */

/* At once, whatever is left unwritten. */
static void connection_close(struct connection *c)
{
	struct connections *all = c->entrance->all;

	watch_remove(&all->watch, c->fd);
	close(c->fd);
	connections_tell_time(c->entrance->all);
	if (channel_of(c)->close)
		channel_of(c)->close(c);
	link_closed(c->link);
	if (all->log_each)
		log_line(all->log, LOG_INFO, "connection %u closed", c->number);
	addresses_leave(&all->addresses, c->address);
	c->entrance->count--;
	if (!--all->count && all->leaving)
		uv_stop(all->loop);
	free(c);
}

/* ---- writing ------------------------------------------------------------------------------- */

static ssize_t send_pieces(int fd, struct broker_piece *pieces, size_t n)
{
	struct msghdr message = { .msg_iov = (struct iovec *)(void *)pieces, .msg_iovlen = n };

	if (n == 1)
		return send(fd, pieces->data, pieces->len, MSG_NOSIGNAL);
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static size_t total(const struct broker_piece *pieces, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += pieces[i].len;
	return bytes;
}

/* What does not go out now does when there is room: watch_output. */
static void write_now(struct connection *c)
{
	struct broker_piece pieces[PIECES];

	for (unsigned round = 0; round < WRITE_ROUNDS && !c->blocked; round++) {
		size_t n = channel_of(c)->output(c, pieces, PIECES);
		if (!n)
			return;
		ssize_t written = send_pieces(c->fd, pieces, n);
		if (written < 0 && errno != EAGAIN && errno != EINTR) {
			c->broken = true;
			return;
		}
		channel_of(c)->written(c, written > 0 ? (size_t)written : 0);
		c->blocked = written < 0 || (size_t)written < total(pieces, n);
	}
	c->blocked = channel_of(c)->pending(c);
}

/* ---- reading ------------------------------------------------------------------------------- */

static void take_input(struct connection *c, char *data, size_t len)
{
	connections_tell_time(c->entrance->all);
	if (c->broken || channel_of(c)->input(c, data, len))
		return;
	c->broken = true;
	link_mark(c->link);
}

/* For what the connection is to be watched. */
static void watch(struct connection *c)
{
	unsigned events = (link_wants_input(c->link) && !c->ended ? WATCH_INPUT : 0u) |
		(c->blocked ? WATCH_OUTPUT : 0u) | (link_awaits_room(c->link) ? WATCH_END : 0u);

	if (events == c->watched)
		return;
	c->watched = (uint8_t)events;
	watch_change(&c->entrance->all->watch, c->fd, events);
}

/* Returns false when the connection is no longer of use. */
static bool read_now(struct connection *c)
{
	char *chunk = c->entrance->all->chunk;
	ssize_t n = recv(c->fd, chunk, CHUNK_SIZE, 0);

	if (n > 0) {
		bool secret = link_awaits_connect(c->link);
		take_input(c, chunk, (size_t)n);
		if (secret)
			explicit_bzero(chunk, (size_t)n);
		return true;
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	/* It may still read what is to be written. */
	c->ended = channel_of(c)->pending(c) && link_ends(c->link);
	watch(c);
	return c->ended;
}

/* A connection that is lost is read to its end, even if the link wanted to wait: so it learns of a
 * DISCONNECT.
 */
static void on_ready(void *item, unsigned events)
{
	struct connection *c = item;
	bool reads = events & (WATCH_INPUT | WATCH_LOST | WATCH_END);

	if (events & WATCH_OUTPUT) { /* what that is used for is a matter for the next turn */
		c->blocked = false;
		connections_tell_time(c->entrance->all);
		link_mark(c->link);
	}
	if (reads && (c->ended || !read_now(c)))
		connection_close(c);
}

bool connection_has_unread(void *owner)
{
	const struct connection *c = owner;
	int bytes = 0;

	return !ioctl(c->fd, FIONREAD, &bytes) && bytes > 0;
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
		write_now(c);
	}
	return !c->broken && !channel->pending(c);
}

/* All is written. The peer is told that no more comes, and has until link_must_close to close its side:
 * until then its bytes are read, for the system resets a connection that is closed with bytes unread,
 * and what the peer has not read by then is lost. Returns false when there is nothing to wait for.
 */
static bool say_goodbye(struct connection *c)
{
	if (c->shut)
		return true;
	c->shut = true;
	return !c->ended && !shutdown(c->fd, SHUT_WR);
}

void connection_serve(struct connection *c)
{
	bool done = link_must_close(c->link);

	if (!done && !c->blocked)
		write_now(c);
	done |= c->broken;
	bool spoken = !c->blocked && !channel_of(c)->pending(c);
	if (spoken && link_ends(c->link) && finish(c) && !done)
		done = !say_goodbye(c);
	if (done || c->broken)
		connection_close(c);
	else
		watch(c);
}

/* ---- all of them --------------------------------------------------------------------------- */

bool connections_init(struct connections *c, struct broker *broker, struct log *log,
	uint32_t per_address, uv_loop_t *loop)
{
	*c = (struct connections){ .broker = broker, .log = log, .loop = loop };
	c->chunk = malloc(CHUNK_SIZE);
	return !watch_init(&c->watch, loop, on_ready) && c->chunk &&
		addresses_init(&c->addresses, per_address);
}

void connections_close_all(struct connections *c)
{
	struct connection *each;

	for (unsigned at = 0; (each = watch_next(&c->watch, &at));)
		connection_close(each);
}

void connections_fini(struct connections *c)
{
	watch_fini(&c->watch);
	addresses_fini(&c->addresses);
	free(c->chunk);
	c->chunk = NULL;
}

/* ---- the beginning ------------------------------------------------------------------------- */

static void log_open(
	struct connections *all, const struct connection *c, const struct sockaddr_storage *from)
{
	char text[64] = "?";

	if (from->ss_family == AF_UNIX)
		snprintf(text, sizeof(text), "a Unix socket");
	else if (from->ss_family == AF_INET)
		uv_ip4_name((const struct sockaddr_in *)from, text, sizeof(text));
	else
		uv_ip6_name((const struct sockaddr_in6 *)from, text, sizeof(text));
	log_line(all->log, LOG_INFO, "connection %u opened from %s", c->number, text);
}

static struct link *link_begin(struct connection *c)
{
	const struct entrance *e = c->entrance;
	struct link *l = link_open(e->all->broker, c);

	if (!l)
		return NULL;
	link_set_realm(l, e->realm);
	if (!e->mount.len || link_set_mount(l, e->mount))
		return l;
	link_closed(l);
	return NULL;
}

/* False, with nothing left of it, if there is no room for it. */
static bool start(struct connections *all, struct connection *c)
{
	c->watched = WATCH_INPUT;
	if (watch_add(&all->watch, c->fd, c))
		return false;
	c->link = link_begin(c);
	if (!c->link)
		watch_remove(&all->watch, c->fd);
	if (!c->link || !channel_of(c)->open || channel_of(c)->open(c))
		return c->link;
	watch_remove(&all->watch, c->fd);
	if (channel_of(c)->close)
		channel_of(c)->close(c);
	link_closed(c->link);
	return false;
}

/* The last descriptors are kept. Returns false when it was refused. */
static bool admit(
	struct connections *all, struct connection *c, const struct sockaddr_storage *from)
{
	if ((uint32_t)c->fd + FILES_RESERVED >= all->files) {
		log_line(all->log, LOG_WARNING,
			"connection %u refused: the process may have no more than %u file "
			"descriptors",
			c->number, all->files);
		return false;
	}
	if (c->entrance->most && c->entrance->count >= c->entrance->most) {
		log_line(all->log, LOG_NOTICE, "connection %u refused: its listener has %u already",
			c->number, c->entrance->count);
		return false;
	}
	if (!addresses_come(&all->addresses, from, &c->address)) {
		log_line(all->log, LOG_NOTICE, "connection %u refused: its address has %u already",
			c->number, all->addresses.most);
		return false;
	}
	if (start(all, c))
		return true;
	addresses_leave(&all->addresses, c->address);
	log_line(all->log, LOG_WARNING, "connection %u refused: no room for more", c->number);
	return false;
}

static enum accept_result result_of(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: return ACCEPT_LATER;
	case EAGAIN: return ACCEPT_NONE;
	default: return ACCEPT_OK; /* it was gone before it was accepted */
	}
}

enum accept_result connection_accept(struct entrance *entrance, int listener)
{
	struct connections *all = entrance->all;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	size_t state_bytes = entrance->channel->state_bytes +
		(entrance->inner ? entrance->inner->state_bytes : 0);
	struct connection *c = calloc(1, sizeof(*c) + state_bytes);

	if (!c) {
		errno = ENOMEM;
		return ACCEPT_LATER;
	}
	c->entrance = entrance;
	c->fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c->fd < 0) {
		free(c);
		return result_of(errno);
	}
	c->number = ++all->opened;
	if (!admit(all, c, &from)) {
		close(c->fd);
		free(c);
		return ACCEPT_OK;
	}
	all->count++;
	entrance->count++;
	if (all->log_each)
		log_open(all, c, &from);
	return ACCEPT_OK;
}
