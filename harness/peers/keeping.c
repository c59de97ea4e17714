/* A server may set a Keep Alive of its own, which binds its client [MQTT-3.1.2-21]: a peer whose
 * case sends nothing for that long sends PINGREQ. A peer that hangs does not.
 */
#include "harness/test.h"

enum {
	SERVER_KEEP_ALIVE = 0x13,
	SHARE_OF_IT = 2, /* a PINGREQ after half of it leaves room for a busy machine */
	LONGEST_S = 60,  /* no case run lasts longer */
	CHECK_PAUSE_US = 100000,
};

/* In seconds; 0: the case looks after its own. */
static unsigned server_keep_alive(const struct peer *p)
{
	const struct property *own = properties_find(&p->connack.properties, SERVER_KEEP_ALIVE);
	unsigned seconds = own ? own->number : offers(p->test)->server_keep_alive;

	if (!seconds && !p->connect.keep_alive)
		seconds = offers(p->test)->keep_alive; /* which was sent instead of 0 */
	if (seconds == p->connect.keep_alive || seconds > LONGEST_S)
		return 0;
	return seconds;
}

static bool is_kept(const struct peer *p)
{
	return p->accepted && !p->left && !p->hangs && !p->ended && !p->closed && !p->lost &&
		!p->test->play->client && server_keep_alive(p);
}

static void keep(struct peer *p)
{
	int64_t idle_us = tape_now_us(&p->test->tape) - p->last_sent_us;

	if (idle_us < (int64_t)server_keep_alive(p) * 1000000 / SHARE_OF_IT)
		return;
	p->pings.keeping = true;
	send_pingreq_at(AT("Server Keep Alive"), p);
	p->pings.keeping = false;
}

void keeping_turn(struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++)
		if (is_kept(t->peers[i]))
			keep(t->peers[i]);
}

int64_t keeping_slice_us(const struct test *t, int64_t until_us)
{
	int64_t check_us = tape_now_us(&t->tape) + CHECK_PAUSE_US;

	for (size_t i = 0; i < t->peer_count; i++)
		if (is_kept(t->peers[i]) && check_us < until_us)
			return check_us;
	return until_us;
}

void keeping_sent(struct peer *p)
{
	struct pings *pings = &p->pings;

	pings->kept = arena_grow(
		p->test->arena, pings->kept, pings->sent, &pings->capacity, sizeof(*pings->kept));
	pings->kept[pings->sent++] = pings->keeping;
}

bool keeping_answered(struct peer *p)
{
	return p->pings.answered < p->pings.sent && p->pings.kept[p->pings.answered++];
}
