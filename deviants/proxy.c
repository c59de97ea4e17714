#include "deviants/proxy.h"

#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "deviants/exchange.h"
#include "deviants/layer.h"
#include "deviants/passing.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/transport.h"

enum {
	DIAL_US = 3 * 1000 * 1000,
	US_PER_MS = 1000,
	LONGEST_MS = 1000,
	FIRST = 2, /* pollfds before those of exchanges */
};

struct proxy {
	struct world world;
	struct listener *listener;
	const struct endpoint *target;
	const struct deviation *deviation;
	struct exchange *exchanges;
	size_t count;
	struct pollfd *fds;
	size_t room; /* exchanges that they are enough for */
};

struct proxy *proxy_new(
	struct listener *listener, const struct endpoint *target, const struct deviation *d)
{
	struct proxy *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	world_init(&p->world);
	p->listener = listener;
	p->target = target;
	p->deviation = d;
	return p;
}

void proxy_free(struct proxy *p)
{
	while (p->exchanges) {
		struct exchange *x = p->exchanges;

		p->exchanges = x->next;
		exchange_free(x);
	}
	world_fini(&p->world);
	free(p->fds);
	free(p);
}

/* ---- a turn -------------------------------------------------------------------------------- */

/* The deviant is an end of TLS itself; else it stands below all layers. */
static bool is_end(const struct proxy *p)
{
	return p->listener->transport->is_secret;
}

static struct pipe *dial(struct proxy *p, struct arena *a, int64_t deadline_us)
{
	const char *error;

	return (is_end(p) ? endpoint_dial : endpoint_dial_bare)(a, p->target, deadline_us, &error);
}

/* False: nobody waits. */
static bool admit(struct proxy *p)
{
	struct arena arena;
	const char *error = NULL;
	int64_t deadline_us = clock_now_us() + DIAL_US;

	arena_init(&arena);
	struct pipe *client = listener_accept(&arena, p->listener, deadline_us, &error);
	struct pipe *server = client ? dial(p, &arena, deadline_us) : NULL;
	if (client && !server)
		pipe_reset(client);
	if (!server) {
		arena_fini(&arena);
		return client || error; /* or one could not shake hands */
	}
	enum layer layer = is_end(p) ? LAYER_NONE : layer_of(p->target->transport);
	struct exchange *x = exchange_new(&p->world, arena, layer, client, server);
	x->next = p->exchanges;
	p->exchanges = x;
	p->count++;
	return true;
}

static void move(struct proxy *p, struct exchange *x, enum way way, short revents)
{
	bool ended = x->lane[way].ended;

	if (x->over || !exchange_read(x, way, revents))
		return;
	if (x->layer)
		layer_pass(x, way, p->deviation);
	else
		passing_all(x, way, p->deviation);
	if (!ended && x->lane[way].ended && !x->over)
		passing_end(x, way, p->deviation);
}

static void sweep(struct proxy *p)
{
	for (struct exchange **at = &p->exchanges; *at;) {
		struct exchange *x = *at;

		if (!x->over) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		p->count--;
		exchange_free(x);
	}
}

/* Room for twice as many as there are, since some will come. */
static void make_room(struct proxy *p)
{
	if (p->fds && p->count <= p->room)
		return;
	p->room = 2 * p->count + 1;
	p->fds = realloc(p->fds, (FIRST + 2 * p->room) * sizeof(*p->fds));
	if (!p->fds)
		abort();
}

static int wait_ms(int64_t wake_us)
{
	int64_t ms = wake_us == INT64_MAX ? LONGEST_MS : (wake_us - clock_now_us()) / US_PER_MS + 1;

	return ms < 0 ? 0 : ms > LONGEST_MS ? LONGEST_MS : (int)ms;
}

bool proxy_turn(struct proxy *p, int fd)
{
	int64_t wake_us = INT64_MAX;
	size_t n = FIRST;

	make_room(p);
	p->fds[0] = (struct pollfd){ .fd = p->listener->fd, .events = POLLIN };
	p->fds[1] = (struct pollfd){ .fd = fd, .events = POLLIN };
	for (const struct exchange *x = p->exchanges; x; x = x->next, n += 2) {
		int64_t at_us = exchange_poll(x, &p->fds[n]);

		wake_us = at_us < wake_us ? at_us : wake_us;
	}
	if (poll(p->fds, (nfds_t)n, wait_ms(wake_us)) < 0)
		return true;
	n = FIRST;
	for (struct exchange *x = p->exchanges; x; x = x->next, n += 2) {
		if (p->world.struck)
			exchange_break(x);
		move(p, x, TO_SERVER, p->fds[n].revents);
		move(p, x, TO_CLIENT, p->fds[n + 1].revents);
		if (!x->over)
			exchange_flush(x);
	}
	p->world.struck = false;
	if (p->fds[0].revents)
		while (admit(p))
			continue;
	sweep(p);
	return !p->fds[1].revents;
}
