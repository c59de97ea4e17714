/* What `mqttspec bench` plays: when messages are due, where they go, and what is made of what came. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "bench/load/packets.h"
#include "bench/load/result.h"
#include "bench/load/schedule.h"
#include "bench/load/workload.h"
#include "bench/tell/book.h"
#include "bench/tell/phrase.h"
#include "harness/wire/wire.h"
#include "spec/spec.h"

/* ---- schedule ------------------------------------------------------------------------------- */

static void so_many_are_due_each_second(void **state)
{
	static const double rates[] = { 0.5, 1, 3, 7, 999, 1000, 333333, 1e7 };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct schedule s = { 5000, rates[i] };
		assert_int_equal(schedule_due(&s, 4999), 0);
		assert_int_equal(schedule_due(&s, 5000), 1);
		/* the first is due at the beginning, so there is one more */
		assert_int_equal(schedule_due(&s, 5000 + 10000000), (uint64_t)(rates[i] * 10) + 1);
	}
}

static void a_message_is_due_from_its_time_on(void **state)
{
	struct schedule s = { 1000, 3 };

	(void)state;
	for (uint64_t n = 0; n < 10000; n++) {
		int64_t at = schedule_at(&s, n);
		assert_int_equal(schedule_due(&s, at), n + 1);
		assert_int_equal(schedule_due(&s, at - 1), n);
	}
}

/* ---- workloads ------------------------------------------------------------------------------ */

/* Whether a topic matches a filter, of those that workloads have. */
static bool matches(const char *filter, const char *topic)
{
	for (; *filter && *filter != '#'; filter++) {
		if (*filter == '+') {
			topic += strcspn(topic, "/");
		} else if (*filter != *topic++) {
			return false;
		}
	}
	return *filter == '#' || !*topic;
}

static unsigned matching(const struct workload_names *n, unsigned subscriber, const char *topic)
{
	char filter[WORKLOAD_TEXT];
	unsigned count = 0;

	for (unsigned i = 0; i < n->filters; i++) {
		workload_filter(n, subscriber, i, filter);
		count += matches(filter, topic);
	}
	return count;
}

/* Once: overlapping subscriptions could make a broker deliver twice, which would look like a double. */
static void a_message_matches_one_filter_of_those_that_it_is_for(void **state)
{
	char topic[WORKLOAD_TEXT];

	(void)state;
	for (size_t i = 0; i < workload_count; i++) {
		const struct workload *w = &workloads[i];
		struct workload_names n = { w, "bench1", w->addressing == ADDRESS_ONE ? 7 : 1 };
		if (w->measure == MEASURE_CONNECTIONS || !w->subscribers)
			continue;
		for (uint64_t number = 0; number < 50; number++) {
			workload_topic(&n, 2, 3, number, topic);
			assert_int_equal(matching(&n, 3, topic), 1);
			assert_int_equal(matching(&n, 4, topic), w->addressing != ADDRESS_ONE);
		}
	}
}

static void the_filters_of_a_subscriber_are_all_met(void **state)
{
	struct workload_names n = { workload_find("wildcards"), "bench1", 10 };
	char topic[WORKLOAD_TEXT], filter[WORKLOAD_TEXT];

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		bool met = false;
		workload_filter(&n, 1, i, filter);
		for (uint64_t number = 0; number < 10; number++) {
			workload_topic(&n, 0, 1, number, topic);
			met |= matches(filter, topic);
		}
		assert_true(met);
	}
}

static void what_a_workload_is_by_default_can_be_played(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < workload_count; i++) {
		struct load_plan p = load_plan_usual(&workloads[i], 5);
		assert_null(load_plan_objection(&a, &p));
		assert_ptr_equal(workload_find(workloads[i].name), &workloads[i]);
	}
	struct load_plan p = load_plan_usual(workload_find("drain"), 5);
	p.qos = 0;
	assert_string_equal(load_plan_objection(&a, &p),
		"drain takes QoS 1 or 2: acknowledgements say that it is stored");
	p.qos = 1, p.rate = 5;
	assert_string_equal(
		load_plan_objection(&a, &p), "drain has no rate: the broker sets the pace");
	p = load_plan_usual(workload_find("fan-in"), 0);
	assert_string_equal(load_plan_objection(&a, &p),
		"fan-in needs an end: a number of messages, or a time");
	p = load_plan_usual(workload_find("fan-out"), 5);
	p.publishers = 2000, p.subscribers = 1000;
	assert_non_null(load_plan_objection(&a, &p));
	arena_fini(&a);
}

/* ---- judging -------------------------------------------------------------------------------- */

static const struct result *result(
	const char *workload, unsigned qos, struct result_account account)
{
	static struct result r;

	r = (struct result){ .plan = load_plan_usual(workload_find(workload), 5),
		.account = account };
	r.plan.qos = qos;
	return &r;
}

/* The one statement that is broken; NULL: none is. */
static const char *broken(const struct result *r)
{
	static struct result_break breaks[RESULT_BREAKS_MAX];
	unsigned count = result_breaks(r, breaks);

	assert_true(count <= 1);
	if (!count)
		return NULL;
	const struct spec_statement *s = spec_find(breaks[0].statement);
	assert_non_null(s);
	return breaks[0].statement;
}

static void only_a_promise_can_be_broken(void **state)
{
	const struct result_account lost = { .expected = 9, .lost = 3, .proven = 2 };
	const struct result_account missing = { .expected = 9, .lost = 3 };
	const struct result_account doubles = { .doubles = 1 };
	const struct result_account late = { .late = 1, .ordered = true };
	const struct result_account across = { .late = 1 };
	const struct result_account stray = { .stray = 1 };

	(void)state;
	assert_null(broken(result("fan-in", 0, lost)));
	assert_string_equal(broken(result("fan-in", 1, lost)), "3.1.1:MQTT-4.5.0-1");
	assert_null(broken(result("drain", 1, lost))); /* a queue may be bounded */
	assert_int_equal(result_unqueued(result("drain", 1, lost)), 2);
	assert_int_equal(result_unqueued(result("fan-in", 1, lost)), 0);
	assert_null(broken(result("fan-in", 1, missing)));
	assert_string_equal(broken(result("fan-in", 0, doubles)), "3.1.1:UALL-QOS0-AT-MOST-ONCE");
	assert_null(broken(result("fan-in", 1, doubles)));
	assert_string_equal(broken(result("fan-in", 2, doubles)), "3.1.1:UALL-QOS2-EXACTLY-ONCE");
	assert_string_equal(broken(result("fan-in", 0, late)), "3.1.1:MQTT-4.6.0-6");
	assert_null(broken(result("wildcards", 2, across)));
	assert_string_equal(broken(result("wildcards", 0, stray)), "3.1.1:MQTT-3.3.2-3");
}

static void each_version_has_its_statements(void **state)
{
	struct result r = { .plan = load_plan_usual(workload_find("fan-in"), 5),
		.account = { .late = 1, .ordered = true } };

	(void)state;
	r.plan.version = MQTT_50;
	assert_string_equal(broken(&r), "5.0:MQTT-4.6.0-5");
	r.account = (struct result_account){ .expected = 9, .lost = 3, .proven = 2 };
	r.plan.qos = 1;
	assert_string_equal(broken(&r), "5.0:MQTT-4.5.0-1");
	r.account = (struct result_account){ .stray = 1 };
	assert_string_equal(broken(&r), "5.0:MQTT-3.3.2-3");
	r.account = (struct result_account){ .doubles = 1 };
	r.plan.qos = 2;
	assert_string_equal(broken(&r), "5.0:UALL-QOS2-EXACTLY-ONCE");
}

/* ---- packets -------------------------------------------------------------------------------- */

/* By the harness's own parser. */
static struct packet parsed(struct arena *a, enum mqtt_version version, const struct buf *bytes)
{
	struct packet p;
	struct wire_result r = wire_parse(a, version, bytes->data, bytes->len, 1000000, &p);

	assert_int_equal(r.status, WIRE_PACKET);
	assert_int_equal(r.consumed, bytes->len);
	return p;
}

static void packets_are_those_of_their_version(void **state)
{
	static const enum mqtt_version versions[] = { MQTT_311, MQTT_50 };
	const struct packets_login login = { "me", "secret" };
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a);
	for (int i = 0; i < 2; i++) {
		enum mqtt_version version = versions[i];
		buf_init(&b, 1000);
		put_connect(&b, version, "id", true, &login);
		struct packet p = parsed(&a, version, &b);
		assert_int_equal(p.level, version);
		assert_int_equal(p.connect_flags, CONNECT_USER_NAME | CONNECT_PASSWORD);
		assert_int_equal(p.properties.count, version == MQTT_50);
		assert_true(bytes_equal(p.client_id, BYTES("id")));
		assert_true(bytes_equal(p.password, BYTES("secret")));
		buf_reset(&b);
		put_connect(&b, version, "id", false, &(struct packets_login){ 0 });
		p = parsed(&a, version, &b);
		assert_int_equal(p.connect_flags, CONNECT_CLEAN);
		assert_int_equal(p.properties.count, 0);
		buf_reset(&b);
		put_subscribe(&b, version, 7, "a/#", 2);
		p = parsed(&a, version, &b);
		assert_int_equal(p.id, 7);
		assert_int_equal(p.filter_count, 1);
		assert_int_equal(p.filters[0].options, 2);
		buf_reset(&b);
		put_publish(&b, version, "a/b", 1, true, 9, 3);
		buf_add_text(&b, "xyz");
		p = parsed(&a, version, &b);
		assert_int_equal(p.id, 9);
		assert_true(bytes_equal(p.payload, BYTES("xyz")));
		buf_fini(&b);
	}
	arena_fini(&a);
}

static void limits_are_read_from_a_connack(void **state)
{
	static const uint8_t all[] = { 26, 0x21, 0, 20, 0x24, 1, 0x25, 0, 0x26, 0, 1, 'a', 0, 0,
		0x27, 0, 1, 0, 0, 0x28, 0, 0x13, 0, 60, 0x12, 0, 0 };
	struct packets_limits l;

	(void)state;
	assert_true(take_limits(all, sizeof(all), &l));
	assert_int_equal(l.receive_maximum, 20);
	assert_int_equal(l.maximum_qos, 1);
	assert_false(l.retain);
	assert_int_equal(l.packet_size, 65536);
	assert_false(l.wildcards);
	assert_int_equal(l.keep_alive_s, 60);
	assert_true(take_limits((const uint8_t[]){ 0 }, 1, &l));
	assert_int_equal(l.receive_maximum, 65535);
	for (size_t len = 0; len < sizeof(all); len++)
		assert_false(take_limits(all, len, &l));
	for (size_t rest = 1; rest < sizeof(all) - 1; rest++) { /* whatever is cut in two */
		static const bool whole[sizeof(all)] = { [3] = true,
			[5] = true,
			[7] = true,
			[13] = true,
			[18] = true,
			[20] = true,
			[23] = true };
		uint8_t *cut = malloc(1U + rest);
		assert_non_null(cut);
		memcpy(cut, all, 1U + rest);
		cut[0] = (uint8_t)rest;
		assert_int_equal(take_limits(cut, 1U + rest, &l), whole[rest]);
		free(cut);
	}
	assert_int_equal(properties_size(all, sizeof(all)), sizeof(all));
	assert_int_equal(properties_size(all, sizeof(all) - 1), SIZE_MAX);
	assert_int_equal(properties_size(all, 0), SIZE_MAX);
}

static void a_generator_without_time_left_is_told(void **state)
{
	struct result *r = calloc(1, sizeof(*r));
	char remark[PHRASE_REMARK_SIZE];

	(void)state;
	r->plan = load_plan_usual(workload_find("fan-in"), 5);
	r->own_span_s = 1;
	r->own_cpu_s = 0.5;
	assert_false(result_is_saturated(r));
	assert_null(phrase_remark(r, 0, remark));
	r->own_wait_s = 0.45;
	assert_true(result_is_saturated(r));
	assert_non_null(strstr(phrase_remark(r, 0, remark), "bottleneck"));
	assert_null(phrase_remark(r, 1, remark));
	free(r);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static struct result *played(uint64_t done, int64_t us)
{
	struct result *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->plan = load_plan_usual(workload_find("fan-in"), 5);
	r->ended_us = 1000000;
	r->done = done;
	histogram_add(&r->latency.all, us);
	return r;
}

static void rounds_are_compared_pair_by_pair(void **state)
{
	/* A B, B A, A and no more */
	struct book_entry entries[] = {
		{ 0, 0, played(300, 10) },
		{ 1, 0, played(100, 20) },
		{ 1, 1, played(100, 10) },
		{ 0, 1, played(200, 20) },
		{ 0, 2, played(900, 1) },
	};
	struct book b = { .entries = entries, .count = 5, .target_count = 2 };
	struct book_comparison c;

	(void)state;
	assert_int_equal(book_compare(&b, 0, &c), 5);
	assert_int_equal(c.rate.count, 2);
	assert_true(ratio_least(&c.rate) == 2 && ratio_most(&c.rate) == 3);
	assert_true(ratio_least(&c.p50) == 0.5 && ratio_most(&c.p50) == 2);
	assert_int_equal(c.cpu.count, 0); /* nobody knows it */
	for (size_t i = 0; i < 5; i++)
		free(entries[i].result);
}

static void figures_have_three_digits(void **state)
{
	char text[PHRASE_SIZE];

	(void)state;
	assert_string_equal(phrase_time(812, text), "812 µs");
	assert_string_equal(phrase_time(20412, text), "20.4 ms");
	assert_string_equal(phrase_time(999600, text), "1.00 s");
	assert_string_equal(phrase_rate(0, text), "0 /s");
	assert_string_equal(phrase_rate(412345, text), "412 k/s");
	assert_string_equal(phrase_rate(1234567, text), "1.23 M/s");
	assert_string_equal(phrase_share(0, 0, text), "0");
	assert_string_equal(phrase_share(1, 100, text), "1.00 %");
	assert_string_equal(phrase_share(1, 1000000, text), "1");
	assert_int_equal(phrase_width("812 µs"), 6);
}

static void connections_that_stay_are_told_by_their_bytes(void **state)
{
	static const struct {
		const char *workload;
		long long before, after;
		double each;
	} rows[] = {
		{ "idle", 1000, 11000, 100 },
		{ "idle", 11000, 11000, 0 },
		{ "idle", 11000, 1000, 0 },
		{ "idle", 0, 0, -1 },
		{ "storm", 1000, 11000, -1 },
		{ "fan-in", 1000, 11000, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct result r = *result(rows[i].workload, 0, (struct result_account){ 0 });
		r.done = 100;
		r.target_memory_before_bytes = rows[i].before;
		r.target_memory_bytes = rows[i].after;
		if (result_bytes_each(&r) != rows[i].each)
			fail_msg("%zu: %f", i, result_bytes_each(&r));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_are_due_each_second),
		cmocka_unit_test(a_message_is_due_from_its_time_on),
		cmocka_unit_test(a_message_matches_one_filter_of_those_that_it_is_for),
		cmocka_unit_test(the_filters_of_a_subscriber_are_all_met),
		cmocka_unit_test(what_a_workload_is_by_default_can_be_played),
		cmocka_unit_test(only_a_promise_can_be_broken),
		cmocka_unit_test(each_version_has_its_statements),
		cmocka_unit_test(packets_are_those_of_their_version),
		cmocka_unit_test(limits_are_read_from_a_connack),
		cmocka_unit_test(a_generator_without_time_left_is_told),
		cmocka_unit_test(rounds_are_compared_pair_by_pair),
		cmocka_unit_test(figures_have_three_digits),
		cmocka_unit_test(connections_that_stay_are_told_by_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
