/* A broker that is killed at any time, with a store that is full or stuck now and then, against a model of
 * what was acknowledged:
 *
 *      accepted at QoS 1 or 2   every subscriber gets it, and one member of the share
 *      accepted at QoS 2        nobody gets it twice
 *      refused at QoS 2         nobody gets it
 *
 * One publisher and the subscribers have sessions that last, and keep to the rules themselves: what is
 * not acknowledged they send again. A seed makes the run; in every other pair of them, commits take a while.
 */
#include "tests/unit/broker_shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEPS = 3000,
	SEEDS = 8,
	SUBSCRIBERS = 2, /* of all messages; as many again are the members of a share */
	PEERS = 2 * SUBSCRIBERS,
	WINDOW = 6,
	IDS = 65536,
};

struct fate {
	uint8_t qos;
	uint8_t sent; /* times, as this message */
	bool accepted;
	bool refused;
	uint8_t got[PEERS];
};

struct flight {
	unsigned number; /* of the message; 0: none */
	bool received;   /* PUBREC has come */
};

struct peer {
	struct client *client; /* NULL: not connected */
	const char *id;
	bool known[IDS]; /* QoS 2 identifiers that are not released */
};

struct world {
	struct rig *rig;
	struct shelf *shelf;
	uint32_t random;
	unsigned count; /* of messages */
	struct fate fates[STEPS + 1];
	bool old;  /* the publisher speaks 3.1.1 */
	bool slow; /* a commit takes a while */
	bool calm; /* all goes well from now on */
	struct client *pub;
	struct flight flights[WINDOW + 1]; /* by identifier */
	struct peer peers[PEERS];
};

static uint32_t any(struct world *w, uint32_t below)
{
	w->random = w->random * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)w->random * below >> 32);
}

static bool chance(struct world *w, uint32_t percent)
{
	return w->calm || any(w, 100) < percent;
}

/* What came before is committed now, if it can be. */
static void commit(struct world *w)
{
	for (unsigned i = 0; i < 2; i++) /* one may have been under way already */
		shelf_end(w->rig);
}

/* ---- the publisher ------------------------------------------------------------------------- */

static void flight_send(struct world *w, unsigned id, bool dup)
{
	const struct flight *f = &w->flights[id];
	struct fate *fate = &w->fates[f->number];

	if (f->received) {
		say(w->pub, text(w->rig, "62 r m%u", id));
		return;
	}
	fate->sent++;
	say(w->pub,
		text(w->rig, "3%X r s\"t\" m%u %s b\"%u\"", fate->qos * 2 + dup * 8, id,
			w->old ? "" : "p{}", f->number));
}

static void pub_connect(struct world *w)
{
	w->pub = w->old ? join_311(w->rig, "pub", false)
			: join_with(w->rig, "pub", false, "11 w500");
	commit(w);
	const char *line = hear(w->pub);
	if (!strstr(line, "session present")) { /* full, or stuck */
		w->pub = NULL;
		return;
	}
	for (unsigned id = 1; id <= WINDOW; id++)
		if (w->flights[id].number)
			flight_send(w, id, true);
}

static void pub_publish(struct world *w)
{
	for (unsigned id = 1; id <= WINDOW; id++) {
		if (w->flights[id].number)
			continue;
		w->flights[id] = (struct flight){ .number = ++w->count };
		w->fates[w->count].qos = (uint8_t)(1 + any(w, 2));
		flight_send(w, id, false);
		return;
	}
}

static void pub_hear(struct world *w)
{
	const char *line;
	unsigned id;

	while (w->pub && strcmp(line = hear(w->pub), "nothing")) {
		if (!strcmp(line, "closed")) {
			w->pub = NULL;
		} else if (sscanf(line, "PUBACK id %u", &id) == 1 ||
			sscanf(line, "PUBREC id %u", &id) == 1 ||
			sscanf(line, "PUBCOMP id %u", &id) == 1) {
			struct flight *f = &w->flights[id];
			struct fate *fate = &w->fates[f->number];
			bool last = line[3] != 'R', refused = strstr(line, "0x97");
			assert_true(f->number);
			fate->refused |= refused;
			fate->accepted |= !refused;
			if (last || refused) {
				*f = (struct flight){ 0 };
			} else {
				f->received = true;
				say(w->pub, text(w->rig, "62 r m%u", id));
			}
		}
	}
}

/* ---- the subscribers ----------------------------------------------------------------------- */

static void peer_connect(struct world *w, struct peer *p)
{
	p->client = join_with(w->rig, p->id, false, "11 w500");
	commit(w);
	if (!strstr(hear(p->client), "session present"))
		p->client = NULL;
}

static void peer_take(struct world *w, struct peer *p, const char *line)
{
	unsigned qos, id, number;
	const char *payload = strrchr(line, '"') - 1;

	assert_int_equal(sscanf(line, "PUBLISH \"t\" q%u id %u", &qos, &id), 2);
	while (payload[-1] != '"')
		payload--;
	number = (unsigned)atoi(payload);
	assert_true(number && number <= w->count);
	if (qos == 1 || !p->known[id])
		w->fates[number].got[p - w->peers]++;
	p->known[id] = p->known[id] || qos == 2;
	if (chance(w, 70)) /* else it gets it once more, over the next connection */
		say(p->client, text(w->rig, "%s r m%u", qos == 1 ? "40" : "50", id));
}

static void peer_hear(struct world *w, struct peer *p)
{
	const char *line;
	unsigned id;

	while (p->client && strcmp(line = hear(p->client), "nothing")) {
		if (!strcmp(line, "closed")) {
			p->client = NULL;
		} else if (!strncmp(line, "PUBLISH", 7)) {
			peer_take(w, p, line);
		} else if (sscanf(line, "PUBREL id %u", &id) == 1) {
			p->known[id] = false;
			if (chance(w, 80))
				say(p->client, text(w->rig, "70 r m%u", id));
		}
	}
}

/* ---- the world ----------------------------------------------------------------------------- */

static void hang_up_all(struct world *w)
{
	w->pub = NULL;
	for (unsigned i = 0; i < PEERS; i++)
		w->peers[i].client = NULL;
}

static void crash(struct world *w)
{
	hang_up_all(w);
	if (w->shelf->under_way && !w->shelf->stuck &&
		any(w, 2)) /* it was done, and nobody has been told */
		pairs_copy(&w->shelf->committed, &w->shelf->going);
	shelf_kill(w->rig);
	shelf_restore(w->rig);
}

static void step(struct world *w)
{
	struct peer *p = &w->peers[any(w, PEERS)];

	if (w->rig->client_count > RIG_CLIENTS - 10)
		crash(w);
	if (w->slow && !any(w, 3))
		shelf_end(w->rig);
	switch (any(w, 20)) {
	case 0: crash(w); break;
	case 1: w->shelf->full = !w->shelf->full && !any(w, 2); break;
	case 2: w->shelf->stuck = !w->shelf->stuck && !any(w, 3); break;
	case 3: w->shelf->fails_at = 1 + any(w, 8); break;
	case 4: wait_ms(w->rig, any(w, 2000)); break;
	case 5:
		if (p->client)
			hang_up(p->client);
		p->client = NULL;
		break;
	case 6:
		if (w->pub)
			hang_up(w->pub);
		w->pub = NULL;
		break;
	case 7:
	case 8:
	case 9:
		if (!p->client)
			peer_connect(w, p);
		break;
	case 10:
	case 11:
	case 12:
	case 13: peer_hear(w, p); break;
	case 14:
	case 15: pub_hear(w); break;
	default:
		if (!w->pub)
			pub_connect(w);
		else
			pub_publish(w);
	}
}

static void begin(struct world *w)
{
	static const char *const ids[PEERS] = { "a", "b", "m", "n" };

	hear(w->old ? join_311(w->rig, "pub", false) : join_with(w->rig, "pub", false, "11 w500"));
	for (unsigned i = 0; i < PEERS; i++) {
		w->peers[i].id = ids[i];
		struct client *c = join_with(w->rig, ids[i], false, "11 w500");
		hear(c);
		subscribe_to(c, i < SUBSCRIBERS ? "t" : "$share/g/t", 2);
		hang_up(c);
	}
}

/* Everybody comes back, and gets what is left for him. */
static void settle(struct world *w)
{
	w->shelf->full = w->shelf->stuck = false;
	w->shelf->fails_at = 0;
	w->calm = true;
	shelf_slow_down(w->rig, false);
	crash(w);
	wait_ms(w->rig, 2000);
	pub_connect(w);
	for (unsigned i = 0; i < PEERS; i++)
		peer_connect(w, &w->peers[i]);
	for (unsigned round = 0; round < 100; round++) {
		pub_hear(w);
		for (unsigned i = 0; i < PEERS; i++)
			peer_hear(w, &w->peers[i]);
	}
	assert_non_null(w->pub);
	for (unsigned id = 1; id <= WINDOW; id++)
		assert_int_equal(w->flights[id].number, 0);
}

static void judge(const struct world *w)
{
	for (unsigned n = 1; n <= w->count; n++) {
		const struct fate *f = &w->fates[n];
		unsigned shared = 0;
		for (unsigned i = 0; i < PEERS; i++) {
			if (i >= SUBSCRIBERS)
				shared += f->got[i];
			else if (f->accepted && !f->got[i])
				fail_msg("message %u: accepted, and %s never got it", n,
					w->peers[i].id);
			if (f->qos == 2 && f->got[i] > 1)
				fail_msg("message %u: %s got it twice", n, w->peers[i].id);
			if (f->refused && f->got[i] && (f->qos == 2 || f->sent == 1))
				fail_msg("message %u: refused, and %s got it", n, w->peers[i].id);
		}
		if (f->accepted && !shared)
			fail_msg("message %u: accepted, and no member got it", n);
		if (f->qos == 2 && shared > 1)
			fail_msg("message %u: two members got it", n);
	}
}

static void play(struct rig *r, unsigned seed)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned accepted = 0, refused = 0;

	assert_non_null(w);
	w->rig = r;
	w->shelf = shelf_of(r);
	w->random = seed;
	w->old = seed & 1;
	w->slow = seed & 2;
	begin(w);
	shelf_slow_down(w->rig, w->slow);
	crash(w);
	for (unsigned i = 0; i < STEPS; i++)
		step(w);
	settle(w);
	judge(w);
	for (unsigned n = 1; n <= w->count; n++) {
		accepted += w->fates[n].accepted;
		refused += w->fates[n].refused;
	}
	assert_true(accepted > 50 && (w->old || refused > 5)); /* there was something to judge */
	free(w);
	rig_stop(r);
	pairs_clear(&shelf_of(r)->now);
	pairs_clear(&shelf_of(r)->committed);
}

static void what_was_accepted_survives_every_crash(void **state)
{
	for (unsigned seed = 1; seed <= SEEDS; seed++)
		play(*state, seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_accepted_survives_every_crash, shelf_set_up, shelf_tear_down),
	};
	return cmocka_run_group_tests_name("broker_crash", tests, NULL, NULL);
}
