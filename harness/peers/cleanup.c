/* What a case run leaves on the target is cleared after it: sessions that outlive their connection,
 * and retained messages. Off the record, in bounded time, and without a word if it fails: the
 * prefix keeps case runs apart anyway.
 */
#include <string.h>

#include "harness/peers/errand.h"
#include "harness/test.h"

enum { CLEANUP_LIMIT_US = 1000000, ROUND_TRIPS = 4 };

static int64_t limit_us(const struct test *t)
{
	return CLEANUP_LIMIT_US + ROUND_TRIPS * t->play->round_trip.most_us;
}

static bool is_accepted(struct errand *e)
{
	struct packet packet;
	bool ended;

	return errand_receive(e, &packet, &ended) == WIRE_PACKET && packet.type == CONNACK &&
		packet.code == 0;
}

static void say_goodbye(struct errand *e)
{
	struct packet bye = wire_packet(DISCONNECT);
	struct packet packet;
	bool ended = false;

	errand_send(e, &bye);
	while (!ended && errand_receive(e, &packet, &ended) != WIRE_NEED_MORE)
		;
}

/* A clean start under the ClientId ends its session. */
static void forget_session(struct test *t, const char *id)
{
	struct errand e;
	const char *error;

	if (errand_start(
		    &e, t->arena, t->play->target, t->play->version, limit_us(t), &error)) {
		struct packet connect = errand_connect(&e, id);
		if (errand_send(&e, &connect) && is_accepted(&e))
			say_goodbye(&e);
	}
	errand_end(&e);
}

static void clear_retained(struct test *t)
{
	struct errand e;
	const char *error;

	if (errand_start(
		    &e, t->arena, t->play->target, t->play->version, limit_us(t), &error)) {
		struct packet connect =
			errand_connect(&e, arena_printf(t->arena, "%sCleaner", t->play->prefix));
		bool ok = errand_send(&e, &connect) && is_accepted(&e);
		for (size_t i = 0; ok && i < t->retained_count; i++) {
			struct packet empty = wire_packet(PUBLISH);
			empty.flags = wire_publish_flags(false, 0, true);
			empty.topic = bytes_of(t->retained[i]);
			empty.properties.present = version_traits(t->play->version).properties;
			ok = errand_send(&e, &empty);
		}
		if (ok)
			say_goodbye(&e);
	}
	errand_end(&e);
}

/* The farewell of the connections that the body left open: no Will should go off after it. */
static void close_peers(struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++) {
		struct peer *p = t->peers[i];
		if (p->pipe && !p->closed) {
			if (p->accepted && !p->ended && !t->play->client)
				pipe_write(p->pipe, "\xe0\x00", 2);
			pipe_close(p->pipe);
			p->closed = true;
		}
		buf_fini(&p->in);
		buf_fini(&p->building);
		buf_fini(&p->corked);
		buf_fini(&p->shown);
	}
}

static bool is_first_of_its_id(const struct test *t, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(t->peers[i]->client_id, t->peers[at]->client_id))
			return false;
	return true;
}

void test_clean_target(struct test *t)
{
	close_peers(t);
	if (t->play->client)
		return; /* it has ended, and kept nothing */
	for (size_t i = 0; i < t->peer_count; i++) {
		const struct peer *p = t->peers[i];
		bool kept = p->connect.kept || p->connect.expiry.value;
		if (kept && *p->client_id && is_first_of_its_id(t, i))
			forget_session(t, p->client_id);
	}
	if (t->retained_count)
		clear_retained(t);
}
