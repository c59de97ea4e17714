#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "random/case_text.h"
#include "random/dice.h"
#include "random/minimise.h"
#include "random/names.h"
#include "random/scenario.h"
#include "random/text.h"
#include "tests/unit/simulated_server.h"

enum { BOTH_VERSIONS = 3, STEPS = 150, SEEDS = 40 };

static const struct scenario_size usual = { .steps = STEPS, .versions = BOTH_VERSIONS };

static void make(struct arena *a, uint64_t seed, const char *profile, struct scenario *out)
{
	random_scenario(a, seed, profile_find(profile), &usual, out);
}

static char *text_of(const struct scenario *s)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	scenario_write(&b, s);
	char *text = strdup(buf_text(&b));
	buf_fini(&b);
	return text;
}

/* ---- scenarios ------------------------------------------------------------------------------ */

static void a_seed_makes_the_same_scenario(void **state)
{
	struct scenario one, same, other;
	struct arena a;

	(void)state;
	arena_init(&a);
	make(&a, 7, "all", &one);
	make(&a, 7, "all", &same);
	make(&a, 8, "all", &other);
	char *texts[] = { text_of(&one), text_of(&same), text_of(&other) };
	assert_string_equal(texts[0], texts[1]);
	assert_string_not_equal(texts[0], texts[2]);
	for (int i = 0; i < 3; i++)
		free(texts[i]);
	arena_fini(&a);
}

/* What is made of a seed must not change unnoticed: seeds are noted in reports. */
static void seeds_keep_their_meaning(void **state)
{
	struct dice d;

	(void)state;
	dice_init(&d, 1);
	assert_true(dice_next(&d) == UINT64_C(12966619160104079557));
	assert_int_equal(dice_below(&d, 1000), 520);
}

static void text_and_back(void **state)
{
	const char *error;

	(void)state;
	for (const struct profile *p = profiles; p->name; p++) {
		for (uint64_t seed = 0; seed < 10; seed++) {
			struct scenario made, read;
			struct arena a;
			arena_init(&a);
			make(&a, seed, p->name, &made);
			char *text = text_of(&made);
			assert_true(scenario_read(&a, text, &read, &error));
			char *again = text_of(&read);
			assert_string_equal(text, again);
			free(text);
			free(again);
			arena_fini(&a);
		}
	}
}

static void bad_text_is_named(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "it has no clients, or no steps" },
		{ "client 1 5.0\n1 jump", "line 2: there is no such step" },
		{ "client 1 4.0\n", "line 1: a version is 3.1.1 or 5.0" },
		{ "client 2 5.0\n", "line 1: a number is missing or out of range" },
		{ "client 1 5.0\n2 connect", "line 2: a number is missing or out of range" },
		{ "client 1 5.0\n1 publish z q1", "line 2: no topic of a scenario is called so" },
		{ "client 1 5.0\n1 publish a q3", "line 2: it has words that do not belong there" },
		{ "client 1 5.0\n1 subscribe $share/g/s/# q1 no-local",
			"line 2: No Local is not for shares" },
		{ "client 1 5.0\nwait x", "line 2: a number is missing or out of range" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scenario s;
		struct arena a;
		const char *error = "";
		arena_init(&a);
		assert_false(scenario_read(&a, cases[i].text, &s, &error));
		assert_string_equal(error, cases[i].error);
		arena_fini(&a);
	}
}

/* What the language of cases cannot say is named. */
static void a_case_names_transport_and_coded_acknowledgements(void **state)
{
	const char *error;
	struct scenario s;
	struct arena a;
	char *text = NULL;
	size_t len;

	(void)state;
	arena_init(&a);
	assert_true(scenario_read(&a,
		"client 1 5.0\nclient 2 3.1.1\n1 connect over wss clean coded\n2 connect clean\n",
		&s, &error));
	FILE *to = open_memstream(&text, &len);
	assert_non_null(to);
	case_write(to, &s, "5.0:MQTT-4.5.0-1", 1);
	fclose(to);
	assert_non_null(strstr(text, "client1: this connection travelled over wss"));
	assert_non_null(strstr(text, "client1: its acknowledgements spell out 0x00"));
	assert_null(strstr(text, "client2: "));
	free(text);
	arena_fini(&a);
}

static void filters_match_topics(void **state)
{
	static const struct {
		const char *filter, *topics; /* those it lets through, with blanks around them */
	} rows[] = {
		{ "a", " a " },
		{ "a/+", " a/b a/c " },
		{ "a/#", " a a/b a/c a/b/c " },
		{ "+", " a b " },
		{ "+/b", " a/b /b " },
		{ "+/+", " a/b a/c b/ /b " },
		{ "b/", " b/ " },
		{ "d/#", " d/e/f/g/h/i/j/k/l " },
		{ "$share/g/s/#", " s/t/u/v s/t/u/w " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (unsigned t = 0; t < TOPIC_COUNT; t++) {
			char word[32];
			snprintf(word, sizeof(word), " %s ", topic_name(t));
			assert_int_equal(
				filter_lets_through((unsigned)filter_find(rows[i].filter), t),
				strstr(rows[i].topics, word) != NULL);
		}
	}
}

/* ---- shorter ones ---------------------------------------------------------------------------- */

struct oracle {
	size_t asked, most;
};

/* A publication by somebody to whom somebody else has subscribed before. */
static bool has_pair(void *user, const struct scenario *s)
{
	struct oracle *o = user;
	bool subscribed = false;

	o->asked++;
	for (size_t i = 0; i < s->count; i++) {
		subscribed |= s->steps[i].kind == STEP_SUBSCRIBE;
		if (subscribed && s->steps[i].kind == STEP_PUBLISH && s->steps[i].message.qos)
			return true;
	}
	return false;
}

static bool has_enough(void *user)
{
	const struct oracle *o = user;

	return o->asked >= o->most;
}

static void minimises_to_what_shows_it(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct oracle o = { .most = 10000 };
		const struct minimiser how = { has_pair, has_enough, &o };
		struct scenario made, shortest;
		struct arena a;
		arena_init(&a);
		make(&a, seed, "all", &made);
		minimise(&a, &made, &how, &shortest);
		assert_int_equal(shortest.count, 2);
		assert_int_equal(shortest.steps[0].kind, STEP_SUBSCRIBE);
		assert_int_equal(shortest.steps[1].message.qos, 1);
		assert_int_equal(shortest.steps[1].message.size, 0);
		assert_true(shortest.clients <= 2);
		arena_fini(&a);
	}
}

static void minimising_ends_in_time(void **state)
{
	struct oracle o = { .most = 5 };
	const struct minimiser how = { has_pair, has_enough, &o };
	struct scenario made, shortest;
	struct arena a;

	(void)state;
	arena_init(&a);
	make(&a, 3, "all", &made);
	minimise(&a, &made, &how, &shortest);
	assert_int_equal(o.asked, 5);
	o.most = 100;
	assert_true(has_pair(&o, &shortest)); /* what came of it shows it nevertheless */
	arena_fini(&a);
}

/* ---- the model -------------------------------------------------------------------------------- */

/* Every legal way of a good server is accepted. */
static void nothing_is_wrong_with_a_good_server(void **state)
{
	(void)state;
	for (const struct profile *p = profiles; p->name; p++) {
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			struct habits habits = { seed & 1, seed & 2, seed & 4 };
			struct model_fault fault = { 0 };
			struct scenario s;
			struct arena a;
			arena_init(&a);
			make(&a, seed, p->name, &s);
			if (!simulate(&a, &s, habits, FLAWLESS, &fault))
				fail_msg("%s, seed %u: expected %s, actual %s", p->name,
					(unsigned)seed, fault.expected, fault.actual);
			arena_fini(&a);
		}
	}
}

struct flaw_row {
	enum flaw flaw;
	const char *name, *profile;
	enum spec_difference kind; /* what it is seen by ... */
	const char *statement;     /* ... and, if it is no matter of `about`, an accusation of it */
};

static const struct flaw_row flaw_rows[] = {
	{ FORGETS_SESSIONS, "forgets sessions", "sessions", SPEC_MISSING, NULL },
	{ KEEPS_SESSIONS, "keeps sessions", "sessions", SPEC_EXTRA, "5.0:MQTT-3.1.2-4" },
	{ LOSES_QUEUE, "loses the queue", "sessions", SPEC_MISSING, NULL },
	{ REVERSES_QUEUE, "reverses the queue", "sessions", SPEC_ORDER, NULL },
	{ LOSES_TENTH, "loses the tenth message", "messages", SPEC_MISSING, NULL },
	{ REPEATS_QOS2, "repeats QoS 2", "messages", SPEC_REPEATED, NULL },
	{ LOWERS_QOS, "lowers the QoS", "messages", SPEC_QOS, NULL },
	{ LOWEST_OF_OVERLAP, "takes the lowest QoS", "messages", SPEC_QOS, "5.0:MQTT-3.3.4-2" },
	{ KEEPS_REMOVED, "keeps what is removed", "retained", SPEC_EXTRA, "5.0:MQTT-3.3.1-6" },
	{ STORES_NOTHING, "stores nothing", "retained", SPEC_MISSING, "5.0:MQTT-3.3.1-5" },
	{ FLAGS_LIVE, "sets RETAIN", "retained", SPEC_RETAIN, NULL },
	{ FLAGS_STORED, "resets RETAIN", "retained", SPEC_RETAIN, NULL },
	{ IGNORES_NO_LOCAL, "ignores No Local", "messages", SPEC_EXTRA, "5.0:MQTT-3.8.3-3" },
	{ IGNORES_HANDLING, "ignores Retain Handling", "retained", SPEC_EXTRA,
		"5.0:MQTT-3.3.1-11" },
	{ IGNORES_UNSUBSCRIBE, "ignores UNSUBSCRIBE", "all", SPEC_EXTRA, "5.0:MQTT-3.10.4-2" },
	{ LOSES_IDENTIFIERS, "loses identifiers", "messages", SPEC_PROPERTY, NULL },
	{ SHARES_WITH_ALL, "shares with all", "shared", SPEC_REPEATED, "5.0:U50-SHARE-ONE" },
	{ SHARES_WITH_NOBODY, "shares with nobody", "shared", SPEC_MISSING, "5.0:U50-SHARE-ONE" },
	{ WILLS_NEVER, "publishes no Wills", "wills", SPEC_MISSING, NULL },
	{ MESSAGES_FOR_EVER, "never lets a message expire", "clocks", SPEC_EXTRA,
		"5.0:MQTT-3.3.2-5" },
	{ INTERVALS_STAY, "lowers no interval", "clocks", SPEC_PROPERTY, NULL },
	{ SESSIONS_FOR_EVER, "never lets a session end", "clocks", SPEC_SESSION, NULL },
	{ WILLS_AT_ONCE, "knows no Will Delay", "clocks", SPEC_EXTRA, "5.0:MQTT-3.1.2-8" },
	{ WILLS_ALWAYS, "publishes all Wills", "wills", SPEC_EXTRA, "5.0:MQTT-3.14.4-3" },
};

/* In how many scenarios of the row's profile it is seen as the row says. */
static unsigned seen(const struct flaw_row *row)
{
	unsigned count = 0;

	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct model_fault fault = { 0 };
		struct scenario s;
		struct arena a;
		arena_init(&a);
		make(&a, seed, row->profile, &s);
		if (!simulate(&a, &s, (struct habits){ 0 }, row->flaw, &fault))
			count += fault.kind == row->kind &&
				(!row->statement ||
					(fault.statement &&
						!strcmp(fault.statement, row->statement)));
		arena_fini(&a);
	}
	return count;
}

static void every_flaw_is_noticed(void **state)
{
	(void)state;
	assert_int_equal(sizeof(flaw_rows) / sizeof(*flaw_rows), FLAWS - 1);
	for (size_t i = 0; i < sizeof(flaw_rows) / sizeof(*flaw_rows); i++)
		if (!seen(&flaw_rows[i]))
			fail_msg("a server that %s is not noticed, or not as such",
				flaw_rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_makes_the_same_scenario),
		cmocka_unit_test(seeds_keep_their_meaning),
		cmocka_unit_test(text_and_back),
		cmocka_unit_test(bad_text_is_named),
		cmocka_unit_test(a_case_names_transport_and_coded_acknowledgements),
		cmocka_unit_test(filters_match_topics),
		cmocka_unit_test(minimises_to_what_shows_it),
		cmocka_unit_test(minimising_ends_in_time),
		cmocka_unit_test(nothing_is_wrong_with_a_good_server),
		cmocka_unit_test(every_flaw_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
