#include "deviants/exchange.h"

#include <string.h>

#include "base/clock.h"
#include "harness/transport/transport.h"

enum {
	LANE_LIMIT = 300 * 1024 * 1024, /* a packet may have 256 MB */
	OUT_FULL = 1024 * 1024,         /* where so much waits, nothing more is read */
	READ_SIZE = 64 * 1024,
	US_PER_MS = 1000,
	RESET_US = 200 * 1000, /* that what came before a reset has to get through */
};

/* ---- life ---------------------------------------------------------------------------------- */

static void lane_init(struct lane *l, struct pipe *from, struct pipe *to)
{
	l->from = from;
	l->to = to;
	buf_init(&l->in, LANE_LIMIT);
	buf_init(&l->out, LANE_LIMIT);
	buf_init(&l->kept, LANE_LIMIT);
}

struct exchange *exchange_new(struct world *w, struct arena arena, enum layer layer,
	struct pipe *client, struct pipe *server)
{
	struct exchange *x = arena_new(&arena, struct exchange);

	x->arena = arena;
	x->world = w;
	w->silent++;
	x->version = MQTT_311;
	x->layer = layer;
	x->client = client;
	x->server = server;
	lane_init(&x->lane[TO_SERVER], client, server);
	lane_init(&x->lane[TO_CLIENT], server, client);
	return x;
}

void exchange_free(struct exchange *x)
{
	struct arena arena = x->arena;

	if (x->session)
		x->session->open--;
	else
		x->world->silent--;
	world_shakes_hands(x->world, &x->shakes_hands, false);
	if (x->client->fd >= 0)
		pipe_close(x->client);
	if (x->server->fd >= 0)
		pipe_close(x->server);
	for (int way = 0; way < WAYS; way++) {
		buf_fini(&x->lane[way].in);
		buf_fini(&x->lane[way].out);
		buf_fini(&x->lane[way].kept);
	}
	arena_fini(&arena);
}

/* ---- handing on ---------------------------------------------------------------------------- */

void exchange_write(struct exchange *x, enum way way, struct bytes bytes)
{
	struct lane *l = &x->lane[way];

	if (!l->silent && !buf_add(&l->out, bytes.data, bytes.len))
		exchange_break(x);
}

void exchange_write_later(struct exchange *x, enum way way, struct bytes bytes, int64_t ms)
{
	struct held **at = &x->lane[way].held;
	struct held *new = arena_new(&x->arena, struct held);

	new->due_us = clock_now_us() + ms *US_PER_MS;
	new->bytes = (struct bytes){ arena_copy(&x->arena, bytes.data, bytes.len), bytes.len };
	while (*at && (*at)->due_us <= new->due_us)
		at = &(*at)->next;
	new->next = *at;
	*at = new;
}

void exchange_send(
	struct exchange *x, enum way way, const struct packet *p, const struct wire_twist *twist)
{
	struct buf built;

	buf_init(&built, LANE_LIMIT);
	if (wire_build(&built, x->version, p, twist))
		exchange_write(x, way, (struct bytes){ built.data, built.len });
	buf_fini(&built);
}

void exchange_ask(struct exchange *x, const struct packet *p, enum packet_type answer)
{
	for (size_t i = 0; i < SWALLOWED; i++)
		if (!x->swallowed[i].type) {
			x->swallowed[i] = (struct swallowed){ (uint8_t)answer, p->id };
			break;
		}
	exchange_send(x, TO_SERVER, p, NULL);
}

bool exchange_swallows(struct exchange *x, const struct packet *p)
{
	for (size_t i = 0; i < SWALLOWED; i++)
		if (x->swallowed[i].type && x->swallowed[i].type == p->type &&
			x->swallowed[i].id == p->id) {
			x->swallowed[i].type = 0;
			return true;
		}
	return false;
}

void exchange_end(struct exchange *x)
{
	x->lane[TO_SERVER].ended = x->lane[TO_CLIENT].ended = true;
}

void exchange_break(struct exchange *x)
{
	if (x->client->fd >= 0)
		pipe_reset(x->client);
	if (x->server->fd >= 0)
		pipe_reset(x->server);
	x->over = true;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool lane_may_read(const struct lane *l)
{
	return !l->ended && l->out.len < OUT_FULL;
}

static bool lane_may_write(const struct lane *l, int64_t now_us)
{
	return l->out.len && l->still_until_us <= now_us;
}

int64_t exchange_poll(const struct exchange *x, struct pollfd fds[2])
{
	int64_t now_us = clock_now_us(), wake_us = INT64_MAX;

	fds[0] = (struct pollfd){ .fd = x->client->fd };
	fds[1] = (struct pollfd){ .fd = x->server->fd };
	for (int way = 0; way < WAYS; way++) {
		const struct lane *l = &x->lane[way];

		if (lane_may_read(l))
			fds[way == TO_SERVER ? 0 : 1].events |= POLLIN;
		if (lane_may_write(l, now_us))
			fds[way == TO_SERVER ? 1 : 0].events |= POLLOUT;
		if (l->held)
			wake_us = earlier(wake_us, l->held->due_us);
		if (l->out.len && l->still_until_us > now_us)
			wake_us = earlier(wake_us, l->still_until_us);
		if (l->ended && !l->cut && l->cut_at_us > now_us)
			wake_us = earlier(wake_us, l->cut_at_us);
		if (l->broken)
			wake_us = earlier(wake_us, l->break_at_us);
	}
	return wake_us;
}

bool exchange_read(struct exchange *x, enum way way, short revents)
{
	struct lane *l = &x->lane[way];
	bool any = false;

	if (!(revents & (POLLIN | POLLHUP | POLLERR)))
		return false;
	while (lane_may_read(l)) {
		uint8_t data[READ_SIZE];
		ssize_t n = pipe_read(l->from, data, sizeof(data));

		if (n == PIPE_AGAIN)
			return any;
		any = true;
		if (n <= 0) {
			l->ended = true;
			l->broken = n == PIPE_RESET;
			l->break_at_us = clock_now_us() + RESET_US;
		} else if (!buf_add(&l->in, data, (size_t)n)) {
			exchange_break(x);
			return true;
		}
		if (n < READ_SIZE && !pipe_pending(l->from))
			break;
	}
	return any;
}

static void release(struct lane *l, int64_t now_us)
{
	while (l->held && l->held->due_us <= now_us) {
		buf_add(&l->out, l->held->bytes.data, l->held->bytes.len);
		l->held = l->held->next;
	}
}

/* False: the other side is gone. */
static bool lane_write(struct lane *l, int64_t now_us)
{
	release(l, now_us);
	while (lane_may_write(l, now_us)) {
		ssize_t n = pipe_write(l->to, l->out.data, l->out.len);

		if (n == PIPE_AGAIN)
			return true;
		if (n <= 0)
			return false;
		buf_consume(&l->out, (size_t)n);
	}
	return true;
}

static bool lane_is_done(struct lane *l, int64_t now_us)
{
	if (!l->ended || l->held || l->cut_at_us > now_us)
		return false;
	if (l->kept.len) { /* nothing passes it any more */
		buf_add(&l->out, l->kept.data, l->kept.len);
		buf_reset(&l->kept);
	}
	return !l->out.len;
}

void exchange_flush(struct exchange *x)
{
	int64_t now_us = clock_now_us();

	for (int way = 0; way < WAYS && !x->over; way++) {
		struct lane *l = &x->lane[way];

		if (!lane_write(l, now_us) || (l->broken && l->break_at_us <= now_us)) {
			exchange_break(x);
			return;
		}
		if (l->cut || l->kept_open || !lane_is_done(l, now_us) || !lane_write(l, now_us) ||
			l->out.len)
			continue;
		l->cut = true;
		if (l->broken) {
			exchange_break(x);
			return;
		}
		pipe_cut(l->to);
	}
	const struct lane *a = &x->lane[TO_SERVER], *b = &x->lane[TO_CLIENT];
	x->over = x->over || (a->cut && (b->cut || b->kept_open)) ||
		(a->ended && a->kept_open && b->cut);
}
