/* The commands to the client under test. With an agent they go to it; a plain command line does what it
 * does, and the case applies if that is what it would have been told.
 */
#include <string.h>

#include "harness/agent/contract.h"
#include "harness/agent/habits.h"
#include "harness/test.h"

enum { KNOWN_US = 100000 /* for what is known not to come */ };

static const char *client_id_of(struct test *t, const struct connect *c)
{
	return c->client_id ? c->client_id : arena_printf(t->arena, "%sclient", t->client_ids);
}

/* Hands a command over to the agent, which the first one launches. */
static unsigned give(struct place at, struct test *t, const char *line)
{
	client_launch(at, t);
	client_tell(t, line);
	return t->commands;
}

static bool is_plain(const struct test *t)
{
	return !t->play->client->agent;
}

/* ---- a plain command line ------------------------------------------------------------------ */

static void does_not(struct place at, struct test *t, const char *what)
{
	test_end(t, at, VERDICT_INAPPLICABLE, arena_printf(t->arena, "the command line %s", what));
}

static void launch_plain(struct place at, struct test *t, const struct connect *c)
{
	if (c->client_id || c->keep_alive || c->kept || c->clean || c->expiry.set ||
		c->will.topic || c->user_name || c->password || c->props)
		does_not(at, t, "cannot be told how to connect");
	client_launch(at, t);
}

/* The version and the packet are part of what may be a habit. */
static uint64_t habit_of(const struct test *t, enum packet_type type)
{
	return (tape_key(&t->tape) * 16 + type) * 16 + (uint64_t)t->play->version;
}

/* Hardly waits for what others have waited for in vain. */
static struct arrival *await_by_itself(struct test *t, struct peer *server, enum packet_type type)
{
	struct habits *habits = t->play->client->habits;
	uint64_t habit = habit_of(t, type);
	bool known = habits && habits_has(habits, habit);
	int64_t until_us = known ? tape_now_us(&t->tape) + KNOWN_US : test_answer_deadline_us(t);
	struct arrival *a = peer_wait(server, SPEC_PACKET(type), until_us);

	if (!a && known)
		test_remark(t, NULL, "other case runs have waited for %s in vain",
			spec_packet_name(type));
	else if (!a && habits && tape_now_us(&t->tape) >= until_us)
		habits_note(habits, habit);
	return a;
}

/* The packet must come by itself; it stays to be expected. */
static const struct packet *await_packet(struct place at, struct test *t, enum packet_type type)
{
	struct peer *server = t->peer_count ? t->peers[t->peer_count - 1] : NULL;
	struct arrival *a = server ? await_by_itself(t, server, type) : NULL;

	if (!a)
		does_not(at, t,
			arena_printf(t->arena, "sends no %s by itself", spec_packet_name(type)));
	return &a->packet;
}

static unsigned count_up(struct test *t)
{
	return ++t->commands;
}

/* ---- the verbs ----------------------------------------------------------------------------- */

unsigned do_connect_at(struct place at, struct test *t, struct connect c)
{
	unsigned id = count_up(t);

	if (is_plain(t)) {
		launch_plain(at, t, &c);
		return id;
	}
	if (!c.keep_alive)
		c.keep_alive = offers(t)->keep_alive;
	client_launch(at, t); /* the place is known only then */
	return give(at, t, contract_connect(t->arena, id, &t->place, client_id_of(t, &c), &c));
}

unsigned do_subscribe_at(struct place at, struct test *t, struct subscribe s)
{
	unsigned id = count_up(t);

	if (is_plain(t)) {
		await_packet(at, t, SUBSCRIBE);
		return id;
	}
	return give(at, t, contract_subscribe(t->arena, id, t->play->version, &s));
}

unsigned do_unsubscribe_at(struct place at, struct test *t, struct subscribe s)
{
	unsigned id = count_up(t);

	if (is_plain(t)) {
		await_packet(at, t, UNSUBSCRIBE);
		return id;
	}
	return give(at, t, contract_unsubscribe(t->arena, id, t->play->version, &s));
}

unsigned do_publish_at(struct place at, struct test *t, struct publish m)
{
	unsigned id = count_up(t);

	messages_told(t, &m);
	if (!is_plain(t))
		return give(at, t, contract_publish(t->arena, id, t->play->version, &m));
	const struct packet *packet = await_packet(at, t, PUBLISH);
	if (packet->qos != m.qos || packet->retain != m.retain)
		does_not(at, t, "publishes with another QoS, or retained");
	return id;
}

unsigned do_disconnect_at(struct place at, struct test *t, struct disconnect d)
{
	unsigned id = count_up(t);

	if (is_plain(t)) {
		await_packet(at, t, DISCONNECT);
		return id;
	}
	return give(at, t, contract_disconnect(t->arena, id, t->play->version, &d));
}

unsigned do_authenticate_at(struct place at, struct test *t, struct ack a)
{
	unsigned id = count_up(t);

	if (is_plain(t))
		does_not(at, t, "cannot be told to authenticate");
	return give(at, t, contract_authenticate(t->arena, id, &a));
}

void synced_at(struct place at, struct test *t)
{
	unsigned id = count_up(t);

	if (is_plain(t))
		return;
	give(at, t, contract_sync(t->arena, id));
	struct hearing *h = client_hear(t, id, 0, test_answer_deadline_us(t));
	if (!h || h->told.kind != TOLD_SYNCED)
		test_end(t, at, VERDICT_INCONCLUSIVE, "the agent did not answer `sync`");
	h->taken = true;
}
