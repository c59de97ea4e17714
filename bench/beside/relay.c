/* The physical bound of a broker: reads packets, forwards each PUBLISH as it stands to every
 * connection that has subscribed to anything, and gives the acknowledgements that the protocol wants.
 * No topics, no sessions, no state: what it costs is the sockets.
 *
 *   mqttspec-relay PORT          forwards to every subscriber
 *   mqttspec-relay PORT turns    forwards to one after the other: the bound of subscriptions of which
 *                                one matches
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, EVENTS = 256 };

struct link {
	int fd;
	bool subscribed;
	bool dirty; /* has output in this turn */
	uint8_t *in;
	size_t in_len, in_cap;
	uint8_t *out;
	size_t out_len, out_cap;
	struct link *next; /* of the subscribers */
	struct link *next_dirty;
};

struct relay {
	int epoll;
	struct link *subscribers;
	struct link *turn; /* whose it was last */
	bool turns;
	struct link *dirty;
	uint8_t chunk[CHUNK];
};

static void append(uint8_t **data, size_t *len, size_t *cap, const void *more, size_t size)
{
	if (*len + size > *cap) {
		*cap = (*len + size) * 2;
		*data = realloc(*data, *cap);
		if (!*data)
			abort();
	}
	memcpy(*data + *len, more, size);
	*len += size;
}

static void put(struct relay *r, struct link *l, const void *data, size_t len)
{
	append(&l->out, &l->out_len, &l->out_cap, data, len);
	if (!l->dirty) {
		l->dirty = true;
		l->next_dirty = r->dirty;
		r->dirty = l;
	}
}

static void put_ack(struct relay *r, struct link *l, uint8_t type, const uint8_t *id)
{
	put(r, l, (uint8_t[]){ type, 2, id[0], id[1] }, 4);
}

static void forward(struct relay *r, const uint8_t *packet, size_t len)
{
	if (r->turns) {
		r->turn = r->turn && r->turn->next ? r->turn->next : r->subscribers;
		if (r->turn)
			put(r, r->turn, packet, len);
		return;
	}
	for (struct link *s = r->subscribers; s; s = s->next)
		put(r, s, packet, len);
}

/* `body` is after the fixed header. */
static void take_packet(
	struct relay *r, struct link *l, const uint8_t *packet, size_t len, const uint8_t *body)
{
	unsigned qos = packet[0] >> 1 & 3;

	switch (packet[0] >> 4) {
	case 1: put(r, l, "\x20\x02\x00\x00", 4); break;
	case 3:
		forward(r, packet, len);
		if (qos)
			put_ack(r, l, qos == 1 ? 0x40 : 0x50, body + 2 + (body[0] << 8 | body[1]));
		break;
	case 5: put_ack(r, l, 0x62, body); break;
	case 6: put_ack(r, l, 0x70, body); break;
	case 8:
		put(r, l,
			(uint8_t[]){ 0x90, 3, body[0], body[1],
				body[len - 1 - (size_t)(body - packet)] },
			5);
		if (!l->subscribed) {
			l->subscribed = true;
			l->next = r->subscribers;
			r->subscribers = l;
		}
		break;
	case 12: put(r, l, "\xd0\x00", 2); break;
	default: break;
	}
}

/* Returns the bytes used up: whole packets. */
static size_t take_packets(struct relay *r, struct link *l, const uint8_t *data, size_t len)
{
	size_t used = 0;

	while (len - used >= 2) {
		const uint8_t *packet = data + used;
		size_t rest = 0, at = 1, shift = 0;
		bool more = true;
		while (more && at < len - used) {
			rest |= (size_t)(packet[at] & 0x7f) << shift;
			shift += 7;
			more = packet[at++] & 0x80;
		}
		if (more || at + rest > len - used)
			break;
		take_packet(r, l, packet, at + rest, packet + at);
		used += at + rest;
	}
	return used;
}

static void flush(struct link *l)
{
	size_t sent = 0;

	while (sent < l->out_len) {
		ssize_t n = send(l->fd, l->out + sent, l->out_len - sent, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	memmove(l->out, l->out + sent, l->out_len - sent);
	l->out_len -= sent;
}

static void end(struct relay *r, struct link *l)
{
	for (struct link **s = &r->subscribers; *s; s = &(*s)->next) {
		if (*s == l) {
			*s = l->next;
			break;
		}
	}
	if (r->turn == l)
		r->turn = NULL;
	for (struct link **d = &r->dirty; *d; d = &(*d)->next_dirty) {
		if (*d == l) {
			*d = l->next_dirty;
			break;
		}
	}
	close(l->fd);
	free(l->in);
	free(l->out);
	free(l);
}

static void want(struct relay *r, struct link *l, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = l };

	epoll_ctl(r->epoll, EPOLL_CTL_MOD, l->fd, &e);
}

static void serve(struct relay *r, struct link *l, uint32_t events)
{
	if (events & EPOLLOUT) {
		flush(l);
		if (!l->out_len)
			want(r, l, EPOLLIN);
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	ssize_t n = recv(l->fd, r->chunk, CHUNK, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		end(r, l);
		return;
	}
	if (n < 0)
		return;
	const uint8_t *data = r->chunk;
	size_t len = (size_t)n;
	if (l->in_len) {
		append(&l->in, &l->in_len, &l->in_cap, data, len);
		data = l->in;
		len = l->in_len;
	}
	size_t used = take_packets(r, l, data, len);
	if (data == l->in) {
		memmove(l->in, l->in + used, len - used);
		l->in_len = len - used;
	} else if (used < len) {
		append(&l->in, &l->in_len, &l->in_cap, data + used, len - used);
	}
}

static void open_link(struct relay *r, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct link *l = calloc(1, sizeof(*l));

	if (fd < 0 || !l) {
		free(l);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	l->fd = fd;
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = l };
	epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e);
}

static void flush_dirty(struct relay *r)
{
	while (r->dirty) {
		struct link *l = r->dirty;
		r->dirty = l->next_dirty;
		l->dirty = false;
		flush(l);
		if (l->out_len)
			want(r, l, EPOLLIN | EPOLLOUT);
	}
}

int main(int argc, char **argv)
{
	static struct relay r;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(argc > 1 ? (uint16_t)atoi(argv[1]) : 0) };
	r.turns = argc > 2 && !strcmp(argv[2], "turns");
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
		listen(listener, 4096)) {
		perror("relay");
		return 1;
	}
	r.epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	epoll_ctl(r.epoll, EPOLL_CTL_ADD, listener, &e);
	for (;;) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(r.epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				serve(&r, events[i].data.ptr, events[i].events);
			else
				open_link(&r, listener);
		}
		flush_dirty(&r);
	}
}
