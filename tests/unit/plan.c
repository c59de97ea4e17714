#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"
#undef fail /* cmocka's: case.h has its own */
#include "harness/case.h"
#include "harness/runner/plan.h"
#include "harness/transport/transport.h"

static const struct vector rows[] = {
	{ .id = "one", .versions = V50 },
	{ .id = "two" },
};
static const struct case_def plain = {
	.id = "plain", .file = "cases/server/alpha.c", .versions = BOTH
};
static const struct case_def old = {
	.id = "old", .file = "cases/server/alpha.c", .versions = V311
};
static const struct case_def table = { .id = "table",
	.file = "cases/vectors/beta.c",
	.versions = BOTH,
	.rows = rows,
	.row_count = 2 };
static const struct case_def brief = {
	.id = "brief", .file = "cases/server/gamma.c", .versions = V50, .budget_ms = 1000
};
static const struct case_def lengthy = {
	.id = "lengthy", .file = "cases/server/gamma.c", .versions = V50, .budget_ms = 9000
};
static const struct case_def *const cases[] = { &plain, &brief, &old, &table, &lengthy };

static const struct selection everything = {
	.cases = cases, .case_count = 5, .versions = BOTH, .repeats = 1
};

/* The keys of a plan, a comma after each. */
static const char *keys(struct arena *a, const struct selection *s)
{
	struct plan plan;
	const char *text = "";

	plan_make(a, s, &plan);
	for (size_t i = 0; i < plan.count; i++)
		text = arena_printf(a, "%s%s,", text, plan_key(a, &plan.items[i]));
	return text;
}

static void timed_ones_come_first_the_longest_ahead(void **state)
{
	struct arena *a = *state;

	assert_string_equal(keys(a, &everything),
		"lengthy 5.0 whole,brief 5.0 whole,plain 3.1.1 whole,plain 5.0 whole,"
		"old 3.1.1 whole,table/one 5.0 whole,table/two 3.1.1 whole,table/two 5.0 whole,");
}

static void layers_of_a_transport_have_cases_of_their_own(void **state)
{
	static const struct case_def web = {
		.id = "web", .file = "cases/server/delta.c", .versions = V50, .over = OVER_WEBSOCKET
	};
	static const struct case_def secret = {
		.id = "secret", .file = "cases/server/delta.c", .versions = V50, .over = OVER_TLS
	};
	struct arena *a = *state;
	struct selection s = { .cases = (const struct case_def *const[]){ &web, &secret },
		.case_count = 2,
		.versions = BOTH,
		.repeats = 1,
		.patterns = (const char *const[]){ "delta" },
		.pattern_count = 1 };

	assert_string_equal(keys(a, &s), "");
	assert_null(selection_unmatched(&s)); /* there are such cases */
	s.routes = routes_all();
	assert_string_equal(keys(a, &s),
		"secret 5.0 tls whole,web 5.0 ws whole,web 5.0 wss whole,secret 5.0 wss whole,");
}

/* What a target stores does not depend on how the packets came. */
static void restarts_are_planned_once_a_version(void **state)
{
	static const struct case_def again = {
		.id = "again", .file = "cases/server/delta.c", .versions = BOTH, .restarts = true
	};
	static const struct cut cuts[] = { { .segmentation = SEGMENT_BYTES },
		{ .segmentation = SEGMENT_WHOLE } };
	struct arena *a = *state;
	struct selection s = { .cases = (const struct case_def *const[]){ &again },
		.case_count = 1,
		.versions = BOTH,
		.repeats = 1,
		.cuts = { cuts, 2 },
		.routes = routes_all() };

	assert_string_equal(keys(a, &s), "again 3.1.1 bytes,again 5.0 bytes,");
	s.repeats = 2;
	assert_string_equal(keys(a, &s),
		"again 3.1.1 bytes,again 5.0 bytes,again 3.1.1 bytes #1,again 5.0 bytes #1,");
}

static void a_case_can_be_put_in_front_once(void **state)
{
	struct arena *a = *state;
	struct plan plan;

	plan_make(a, &everything, &plan);
	size_t count = plan.count;
	plan_add(a, &plan, &plain, MQTT_50, transports[0]);
	assert_int_equal(plan.count, count);
	plan_add(a, &plan, &brief, MQTT_311, transports[0]);
	plan_add(a, &plan, &brief, MQTT_311, transports[0]);
	assert_int_equal(plan.count, count + 1);
	assert_string_equal(plan_key(a, &plan.items[0]), "brief 3.1.1 whole");
	assert_string_equal(plan_key(a, &plan.items[1]), "lengthy 5.0 whole");
}

static void patterns_and_versions_select(void **state)
{
	struct arena *a = *state;
	struct selection s = everything;

	s.patterns = (const char *const[]){ "table/t*", "old" };
	s.pattern_count = 2;
	assert_string_equal(
		keys(a, &s), "old 3.1.1 whole,table/two 3.1.1 whole,table/two 5.0 whole,");
	assert_null(selection_unmatched(&s));
	s.versions = V50;
	assert_string_equal(keys(a, &s), "table/two 5.0 whole,");
	assert_null(selection_unmatched(&s)); /* it exists, though not in this version */
	s.patterns = (const char *const[]){ "beta", "nothing" };
	assert_string_equal(selection_unmatched(&s), "nothing");
}

static void what_is_left_out_stays_out(void **state)
{
	struct arena *a = *state;
	struct selection s = everything;

	s.excluded = (const char *const[]){ "gamma", "table/two" };
	s.excluded_count = 2;
	assert_string_equal(keys(a, &s),
		"plain 3.1.1 whole,plain 5.0 whole,old 3.1.1 whole,table/one 5.0 whole,");
	assert_null(selection_unmatched(&s));
	s.patterns = (const char *const[]){ "table", "old" };
	s.pattern_count = 2;
	assert_string_equal(keys(a, &s), "old 3.1.1 whole,table/one 5.0 whole,");
	s.excluded = (const char *const[]){ "beta", "nothing" };
	assert_string_equal(selection_unmatched(&s), "nothing");
}

static void cuts_and_repeats_multiply(void **state)
{
	struct arena *a = *state;
	struct selection s = everything;

	s.patterns = (const char *const[]){ "old" };
	s.pattern_count = 1;
	s.repeats = 2;
	assert_true(cuts_parse(a, "whole,split:3", &s.cuts));
	assert_string_equal(keys(a, &s),
		"old 3.1.1 whole,old 3.1.1 split:3,old 3.1.1 whole #1,old 3.1.1 split:3 #1,");
}

static void transports_multiply_and_the_usual_one_goes_without_saying(void **state)
{
	struct arena *a = *state;
	struct selection s = everything;
	static const char *const bad[] = { "", "tcp,", "pigeon", "tcp unix" };

	s.patterns = (const char *const[]){ "old" };
	s.pattern_count = 1;
	assert_true(routes_parse(a, "tcp,unix,tcp", &s.routes));
	assert_true(cuts_parse(a, "whole,bytes", &s.cuts));
	assert_string_equal(keys(a, &s),
		"old 3.1.1 whole,old 3.1.1 bytes,old 3.1.1 unix whole,old 3.1.1 unix bytes,");
	s.cuts = (struct cuts){ 0 };
	s.patterns = (const char *const[]){ "old", "table" };
	s.pattern_count = 2;
	s.versions = V311;
	assert_true(routes_parse(a, "wss , tls ", &s.routes)); /* one route after the other */
	assert_string_equal(keys(a, &s),
		"old 3.1.1 wss whole,table/two 3.1.1 wss whole,old 3.1.1 tls whole,table/two 3.1.1 "
		"tls whole,");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(routes_parse(a, bad[i], &s.routes));
	assert_string_equal(routes_text(a), "tcp, tls, ws, wss, unix");
}

static void cuts_have_names(void **state)
{
	struct arena *a = *state;
	struct cuts cuts;
	static const char *const bad[] = { "", "none", "split:", "split:0", "split:-1", "split:3x",
		"whole,", "splits" };

	assert_true(cuts_parse(a, "all", &cuts));
	assert_int_equal(cuts.count, 19);
	assert_true(cuts_parse(a, "split", &cuts));
	assert_int_equal(cuts.count, 16);
	assert_string_equal(cut_text(a, &cuts.list[15]), "split:16");
	assert_true(cuts_parse(a, "bytes,bytes,batch", &cuts));
	assert_int_equal(cuts.count, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(cuts_parse(a, bad[i], &cuts));
}

static void shards_are_disjoint_and_complete(void **state)
{
	struct arena *a = *state;
	struct selection s = everything;
	struct plan plan, part;
	size_t together = 0;

	plan_make(a, &everything, &plan);
	s.shards = 3;
	for (s.shard = 1; s.shard <= 3; s.shard++) {
		plan_make(a, &s, &part);
		together += part.count;
		for (size_t i = 0; i < part.count; i++)
			assert_int_equal(shard_of(part.items[i].id, 3), s.shard);
	}
	assert_int_equal(together, plan.count);
}

/* A shard must hold the same tomorrow, and about as much as the others. */
static void shards_are_stable_and_even(void **state)
{
	struct arena *a = *state;
	unsigned filled[4] = { 0 };

	assert_int_equal(shard_of("qos2_duplicate_publish", 7), 4);
	assert_int_equal(shard_of("reserved_flags/pingreq_flag_1", 7), 1);
	for (int i = 0; i < 1000; i++)
		filled[shard_of(arena_printf(a, "case_%d", i), 4) - 1]++;
	for (int i = 0; i < 4; i++)
		assert_in_range(filled[i], 200, 300);
}

static void shuffling_depends_on_the_seed_alone(void **state)
{
	struct arena *a = *state;
	struct selection s = everything;
	struct vector many[50] = { 0 };
	struct case_def large = { .id = "large", .file = "f.c", .versions = V50, .rows = many };
	const struct case_def *list[] = { &large, &lengthy };

	for (int i = 0; i < 50; i++)
		many[i].id = arena_printf(a, "%d", i);
	large.row_count = 50;
	s.cases = list;
	s.case_count = 2;
	const char *straight = keys(a, &s);
	s.shuffle = true;
	s.seed = 7;
	const char *once = keys(a, &s), *twice = keys(a, &s);
	s.seed = 8;
	const char *other = keys(a, &s);
	assert_string_equal(once, twice);
	assert_string_not_equal(once, straight);
	assert_string_not_equal(once, other);
	assert_int_equal(strlen(once), strlen(straight));
	assert_memory_equal(once, "lengthy", 7); /* the timed ones stay in front */
}

static int set_up(void **state)
{
	static struct arena arena;

	arena_init(&arena);
	*state = &arena;
	return 0;
}

static int tear_down(void **state)
{
	arena_fini(*state);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timed_ones_come_first_the_longest_ahead),
		TEST(layers_of_a_transport_have_cases_of_their_own),
		TEST(restarts_are_planned_once_a_version),
		TEST(a_case_can_be_put_in_front_once),
		TEST(patterns_and_versions_select),
		TEST(what_is_left_out_stays_out),
		TEST(cuts_and_repeats_multiply),
		TEST(transports_multiply_and_the_usual_one_goes_without_saying),
		TEST(cuts_have_names),
		TEST(shards_are_disjoint_and_complete),
		TEST(shards_are_stable_and_even),
		TEST(shuffling_depends_on_the_seed_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
