/* Many messages at once: the verbs of harness/load_case.h. */
#include "harness/peers/load.h"

#include "harness/test.h"

enum {
	TIME_US = 8000000, /* after which nothing more is begun */
	QUIET_US = 300000, /* after which a probe asks whether anything more comes */
	SLICE_US = 20000,
	GUEST_MAX = 1000, /* messages of somebody who is a guest */
};

/* ---- set-up -------------------------------------------------------------------------------- */

static bool is_guest(const struct test *t)
{
	const struct guest *guest = test_guest(t);

	return guest && (guest->topics || guest->client_ids || guest->pace);
}

struct load *load_begin_at(struct place at, struct test *t, struct load_plan plan)
{
	struct load *load = arena_new(t->arena, struct load);
	unsigned allowed = offers(t)->receive_maximum;

	if (!plan.publishers || plan.publishers > LOAD_PUBLISHERS_MAX ||
		plan.messages / plan.publishers > LOAD_EACH_MAX)
		test_end(t, at, VERDICT_ERROR, "the load is more than the harness allows");
	require_qos_at(at, t, plan.qos);
	if (is_guest(t) && plan.messages > GUEST_MAX)
		plan.messages = GUEST_MAX;
	if (plan.window > allowed)
		plan.window = allowed;
	load->test = t;
	load->plan = plan;
	load->topic = topic_prefixed(t, plan.topic, false);
	load->each = plan.messages / plan.publishers;
	load->passed = arena_alloc(t->arena, (size_t)plan.publishers * (load->each + LOAD_ROUNDS));
	for (unsigned i = 0; i < plan.publishers; i++) {
		const char *role = arena_printf(t->arena, "publisher %u", i + 1);
		struct peer *p = join_at(at, t, role, (struct connect){ 0 });
		load_take_part(load, p, &load->publishers[i], NULL);
	}
	t->load = load;
	test_remark(t, NULL, "%u messages of QoS %u from here on, which are left out",
		plan.messages, plan.qos);
	return load;
}

void load_hears_at(struct place at, struct load *load, struct peer *peer)
{
	struct load_hearer *hearer = arena_new(load->test->arena, struct load_hearer);

	if (load->hearer_count == LOAD_HEARERS_MAX)
		test_end(load->test, at, VERDICT_ERROR,
			"the load has more hearers than the harness allows");
	hearer->role = peer->role;
	for (unsigned i = 0; i < LOAD_PUBLISHERS_MAX; i++)
		hearer->last[i] = -1;
	load->hearers[load->hearer_count++] = hearer;
	load_take_part(load, peer, NULL, hearer);
}

/* ---- traffic --------------------------------------------------------------------------------- */

static int64_t quiet_us(const struct load *load)
{
	return tape_now_us(&load->test->tape) - load->progress_us;
}

static void turn(struct load *load)
{
	const struct test *t = load->test;

	load_turn(load, tape_now_us(&t->tape) + SLICE_US);
	load->waited = quiet_us(load) > test_answer_wait_us(t);
	load->closing |= tape_now_us(&t->tape) - load->begun_us > TIME_US;
}

static bool is_published(const struct load *load)
{
	for (unsigned i = 0; i < load->plan.publishers; i++) {
		const struct load_publisher *publisher = &load->publishers[i];
		if (is_open(publisher->peer) && publisher->published < load->each)
			return load->closing;
	}
	return true;
}

void load_until_at(struct place at, struct load *load, unsigned arrived)
{
	(void)at;
	load->progress_us = tape_now_us(&load->test->tape);
	do
		turn(load);
	while (load->arrived < arrived && !load->waited &&
		!(is_published(load) && !load_unanswered(load)));
}

static void probe(struct load *load, int64_t *probed_us)
{
	int64_t now_us = tape_now_us(&load->test->tape);

	if (quiet_us(load) < QUIET_US || now_us - *probed_us < QUIET_US ||
		load->rounds == LOAD_ROUNDS)
		return;
	*probed_us = now_us;
	load_publish_probes(load);
}

void load_finish_at(struct place at, struct load *load)
{
	struct test *t = load->test;
	int64_t probed_us = 0;

	load_until_at(at, load, UINT32_MAX);
	load->closing = true;
	load->unanswered = load_unanswered(load);
	if (load->unanswered)
		return;
	while (load->awaited && !load->waited && !load_is_proved(load)) {
		probe(load, &probed_us);
		turn(load);
	}
	test_remark(t, NULL,
		"%u messages have been published: %u were acknowledged and %u refused, %u arrived, "
		"%u of them twice and %u out of order",
		load->published, load->acknowledged, load->refused, load->arrived,
		load->doubled.count, load->misordered.count);
	if (load->refused)
		observe_at(at, t, "%u of %u messages were refused", load->refused, load->published);
}

/* ---- expectations ---------------------------------------------------------------------------- */

/* A target may end a connection that is too much for it. */
static void need_hearers(struct place at, struct load *load)
{
	for (unsigned i = 0; i < load->hearer_count; i++)
		if (!is_open(load->hearers[i]->peer))
			test_end(load->test, at, VERDICT_INAPPLICABLE,
				"the target ended the connection of a subscriber under load");
}

void expect_load_answered_at(struct place at, struct load *load)
{
	struct test *t = load->test;
	struct difference d = DIFFERENCE(SPEC_MISSING, load->plan.qos == 1 ? "PUBACK" : "PUBCOMP");

	d.waited = true;
	if (load->unanswered)
		test_differ(t, at, d, "an answer to each PUBLISH",
			arena_printf(t->arena, "%u of %u have none, and nothing came for %.0f s",
				load->unanswered, load->published, (double)quiet_us(load) / 1e6));
}

void expect_load_whole_at(struct place at, struct load *load)
{
	struct test *t = load->test;
	struct difference d = DIFFERENCE(SPEC_MISSING, "PUBLISH");
	unsigned count;
	const char *first = load_missing(load, &count);

	need_hearers(at, load);
	d.waited = load->waited;
	if (!count)
		test_note_late(t, at, PUBLISH, 0, load->longest_us);
	else
		test_differ(t, at, d, "every message that was acknowledged",
			arena_printf(t->arena,
				"%u of %u did not come, the first of them message %s", count,
				load->acknowledged, first));
}

void expect_load_ordered_at(struct place at, struct load *load)
{
	struct test *t = load->test;

	if (load->misordered.count)
		test_differ(t, at, DIFFERENCE(SPEC_ORDER, "PUBLISH"),
			"the messages of each publisher in the order of its own",
			arena_printf(t->arena,
				"%u of %u came out of it, the first of them message %s",
				load->misordered.count, load->arrived, load->misordered.first));
}

void expect_load_once_at(struct place at, struct load *load)
{
	struct test *t = load->test;

	if (load->doubled.count)
		test_differ(t, at, DIFFERENCE(SPEC_REPEATED, "PUBLISH"), "each message once",
			arena_printf(t->arena, "%u came again, the first of them message %s",
				load->doubled.count, load->doubled.first));
}

static void expect_none(struct place at, const struct load *load, const struct load_amiss *amiss,
	struct difference d, const char *expected)
{
	struct test *t = load->test;

	if (amiss->count)
		test_differ(t, at, d, expected,
			arena_printf(t->arena,
				"%u of %u have another one, the first of them message %s",
				amiss->count, load->arrived, amiss->first));
}

void expect_load_unchanged_at(struct place at, struct load *load)
{
	expect_none(at, load, &load->other_qos, DIFFERENCE(SPEC_QOS, "PUBLISH"),
		"the QoS that each message was published with and the subscription was granted");
	expect_none(at, load, &load->other_retain, DIFFERENCE(SPEC_RETAIN, "PUBLISH/to-0"),
		"RETAIN 0 in each message");
	expect_none(at, load, &load->other_topic, DIFFERENCE(SPEC_TOPIC, "PUBLISH"),
		"the topic that was published to");
}
