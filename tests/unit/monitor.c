#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/exchange.h"

static const enum mqtt_version versions[] = { MQTT_311, MQTT_50 };
static const enum side sides[] = { SIDE_CLIENT, SIDE_SERVER };

/* ---- the table of rules ---------------------------------------------------------------------- */

static void every_statement_stands_in_the_catalogue(void **state)
{
	(void)state;
	for (enum monitor_rule rule = 0; rule < MONITOR_RULE_COUNT; rule++) {
		bool binds = false;
		for (size_t i = 0; i < 4; i++) {
			enum mqtt_version version = versions[i % 2];
			const char *name = monitor_rule_statement(rule, version, sides[i / 2]);
			if (!name)
				continue;
			const struct spec_statement *s = spec_find(name);
			if (!s || s->version != version)
				fail_msg("%s: %s is no statement of %s", monitor_rule_name(rule),
					name, spec_version_name(version));
			binds = true;
		}
		if (!binds)
			fail_msg("%s binds nobody", monitor_rule_name(rule));
	}
}

/* ---- breaches -------------------------------------------------------------------------------- */

static const struct breach_row *breach_row_at(size_t i)
{
	for (size_t t = 0; t < breach_table_count; t++) {
		if (i < breach_tables[t].count)
			return &breach_tables[t].rows[i];
		i -= breach_tables[t].count;
	}
	return NULL;
}

/* The statement that the row breaks in this version; NULL when it is not for this version. */
static const char *statement_of(const struct breach_row *row, enum mqtt_version version)
{
	return row->version && row->version != version
		? NULL
		: monitor_rule_statement(row->rule, version, row->judged);
}

static void assert_silent(struct arena *a, enum mqtt_version version, enum side judged,
	const char *name, const char *text)
{
	struct exchange e = exchange_play(a, version, judged, text);

	if (e.finding_count)
		fail_msg("%s, %s: line %zu: %s (%s)\n%s", name, spec_version_name(version),
			e.findings[0].line, e.findings[0].statement, e.findings[0].what, text);
}

static void assert_breach(struct arena *a, enum mqtt_version version, const struct breach_row *row,
	const char *statement, const char *text)
{
	struct exchange e = exchange_play(a, version, row->judged, text);
	const char *name = monitor_rule_name(row->rule);

	for (size_t i = 0; i < e.finding_count; i++)
		if (strcmp(e.findings[i].statement, statement) != 0 ||
			e.findings[i].line != e.line_count)
			fail_msg("%s: line %zu: %s (%s) in place of %s\n%s", name,
				e.findings[i].line, e.findings[i].statement, e.findings[i].what,
				statement, text);
	if (e.finding_count != 1)
		fail_msg("%s, %s: %zu findings\n%s", name, spec_version_name(version),
			e.finding_count, text);
}

static void every_breach_is_found_and_its_neighbour_is_not(void **state)
{
	(void)state;
	const struct breach_row *row;

	for (size_t i = 0; (row = breach_row_at(i)); i++) {
		for (size_t v = 0; v < 2; v++) {
			const char *statement = statement_of(row, versions[v]);
			if (!statement)
				continue;
			struct arena a;
			arena_init(&a);
			assert_breach(&a, versions[v], row, statement,
				arena_printf(&a, "%s%s", row->before, row->bad));
			assert_silent(&a, versions[v], row->judged, monitor_rule_name(row->rule),
				arena_printf(&a, "%s%s", row->before, row->good));
			arena_fini(&a);
		}
	}
}

static bool is_tried(enum monitor_rule rule, enum mqtt_version version, enum side judged)
{
	const struct breach_row *row;

	for (size_t i = 0; (row = breach_row_at(i)); i++)
		if (row->rule == rule && row->judged == judged && statement_of(row, version))
			return true;
	return false;
}

static void every_rule_is_tried_wherever_it_binds(void **state)
{
	(void)state;
	for (enum monitor_rule rule = 0; rule < MONITOR_RULE_COUNT; rule++)
		for (size_t i = 0; i < 4; i++)
			if (monitor_rule_statement(rule, versions[i % 2], sides[i / 2]) &&
				!is_tried(rule, versions[i % 2], sides[i / 2]))
				fail_msg("no row breaks %s of %s as a %s", monitor_rule_name(rule),
					spec_version_name(versions[i % 2]),
					sides[i / 2] == SIDE_CLIENT ? "client" : "server");
}

/* ---- legal exchanges ------------------------------------------------------------------------- */

static void legal_exchanges_are_silent(void **state)
{
	(void)state;
	for (size_t i = 0; i < legal_row_count; i++) {
		const struct legal_row *row = &legal_rows[i];
		for (size_t v = 0; v < 2; v++) {
			if (row->version && row->version != versions[v])
				continue;
			struct arena a;
			arena_init(&a);
			assert_silent(&a, versions[v], row->judged, row->name, row->text);
			arena_fini(&a);
		}
	}
}

/* Only what the judged side sends is judged. */
static void the_other_side_is_not_judged(void **state)
{
	(void)state;
	const struct breach_row *row;

	for (size_t i = 0; (row = breach_row_at(i)); i++) {
		enum side other = row->judged == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER;
		for (size_t v = 0; v < 2; v++) {
			if (!statement_of(row, versions[v]))
				continue;
			struct arena a;
			arena_init(&a);
			char *text = arena_printf(&a, "%s%s", row->before, row->bad);
			struct exchange e = exchange_play(&a, versions[v], other, text);
			for (size_t k = 0; k < e.finding_count; k++)
				if (e.findings[k].line == e.line_count)
					fail_msg("%s: %s (%s)\n%s", monitor_rule_name(row->rule),
						e.findings[k].statement, e.findings[k].what, text);
			arena_fini(&a);
		}
	}
}

/* ---- what cannot be parsed ------------------------------------------------------------------- */

struct malformed_sample {
	const char *text;
	enum side judged;
	const char *v311; /* NULL: nothing is found */
	const char *v50;
};

static void malformed_packets_break_the_rule_that_the_parser_names(void **state)
{
	(void)state;
	static const struct malformed_sample samples[] = {
		{ HELLO "< D0 r 00", SIDE_SERVER, "3.1.1:U311-PING-LEN", "5.0:U50-PING-LEN" },
		{ HELLO "> D0 r 00", SIDE_SERVER, NULL, NULL },
		{ HELLO "> C0 r 00", SIDE_CLIENT, "3.1.1:U311-PING-LEN", "5.0:U50-PING-LEN" },
		{ HELLO "< D0 FF FF FF FF 01", SIDE_SERVER, "3.1.1:U311-REMLEN",
			"5.0:U50-VBI-MAX" },
		{ GREET "< 20 r 00", SIDE_SERVER, "3.1.1:U311-CONNACK-LEN", "5.0:MQTT-3.2.2-8" },
		{ GREET "< 20 r 00\n< D0 r", SIDE_SERVER, "3.1.1:U311-CONNACK-LEN",
			"5.0:MQTT-3.2.2-8" },
		/* How is the server to know which version is spoken? */
		{ "> 10 r n4 b'MQ'\n< 20 r 00", SIDE_SERVER, NULL, NULL },
		{ "< 20 r 00", SIDE_SERVER, NULL, NULL },
		{ "> 10 r s'MQTT' @ 02 n0 p{}", SIDE_CLIENT, "3.1.1:MQTT-3.1.3-3",
			"5.0:MQTT-3.1.3-3" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct malformed_sample *s = &samples[i];
		for (size_t v = 0; v < 2; v++) {
			const char *statement = versions[v] == MQTT_50 ? s->v50 : s->v311;
			struct arena a;
			arena_init(&a);
			struct exchange e = exchange_play(&a, versions[v], s->judged, s->text);
			assert_int_equal(e.finding_count, statement ? 1 : 0);
			if (statement)
				assert_string_equal(e.findings[0].statement, statement);
			arena_fini(&a);
		}
	}
}

static void rules_without_a_version_get_it_and_the_readers_limit_is_none(void **state)
{
	(void)state;
	struct arena a;
	const struct finding *findings;
	struct wire_result r = { .status = WIRE_MALFORMED, .rule = "MQTT-3.1.0-1", .what = "x" };

	arena_init(&a);
	struct monitor *m = monitor_new(&a, MQTT_50, SIDE_CLIENT, NULL);
	assert_int_equal(monitor_malformed(m, SIDE_CLIENT, &r, &findings), 1);
	assert_string_equal(findings[0].statement, "5.0:MQTT-3.1.0-1");
	r.rule = "3.1.1:MQTT-3.1.0-1";
	assert_int_equal(monitor_malformed(m, SIDE_CLIENT, &r, &findings), 0);
	r.rule = NULL;
	assert_int_equal(monitor_malformed(m, SIDE_CLIENT, &r, &findings), 0);
	arena_fini(&a);
}

/* ---- order, when nobody knows what was said -------------------------------------------------- */

static void order_is_judged_even_when_connect_cannot_be_read(void **state)
{
	(void)state;
	struct arena a;

	arena_init(&a);
	struct exchange e =
		exchange_play(&a, MQTT_50, SIDE_SERVER, "> 10 r s'MQTT' 05 02\n< E0 r 81");
	assert_int_equal(e.finding_count, 1);
	assert_string_equal(e.findings[0].statement, "5.0:MQTT-3.14.0-1");
	arena_fini(&a);
}

/* ---- matching -------------------------------------------------------------------------------- */

struct match {
	const char *filter;
	const char *topic;
	bool matches;
};

static void filters_match_by_levels(void **state)
{
	(void)state;
	static const struct match samples[] = {
		{ "a/b", "a/b", true },
		{ "a/b", "a/B", false },
		{ "a/b", "a/b/", false },
		{ "a/b", "a", false },
		{ "a", "a/b", false },
		{ "/a", "a", false },
		{ "sport/#", "sport", true },
		{ "sport/#", "sport/", true },
		{ "sport/#", "sport/a/b", true },
		{ "sport/#", "sports", false },
		{ "#", "a", true },
		{ "#", "/", true },
		{ "#", "$SYS/a", false },
		{ "+/a", "$SYS/a", false },
		{ "$SYS/#", "$SYS/a", true },
		{ "$SYS/+", "$SYS/a", true },
		{ "sport/+", "sport/", true },
		{ "sport/+", "sport", false },
		{ "sport/+", "sport/a/b", false },
		{ "+/+", "/finance", true },
		{ "/+", "/finance", true },
		{ "+", "/finance", false },
		{ "+/+", "/", true },
		{ "a/+/b", "a//b", true },
		{ "+/#", "a", true },
		{ "+/#", "a/b/c", true },
		{ "a/+/#", "a", false },
		{ "$share/g/a/+", "a/b", true },
		{ "$share/g//finance", "/finance", true },
		{ "$share/g/#", "$SYS/a", false },
		{ "$share/g", "g", false },
		{ "$share/g", "$share/g", true },
		{ "$SHARE/g/a", "a", false },
		{ "a/#/b", "a/c/b", false },
		{ "", "", true },
		{ "", "a", false },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct match *s = &samples[i];
		if (filter_matches(bytes_of(s->filter), bytes_of(s->topic)) != s->matches)
			fail_msg("filter \"%s\", topic \"%s\"", s->filter, s->topic);
	}
}

/* ---- many packets ---------------------------------------------------------------------------- */

static void an_identifier_is_found_in_every_round_of_a_long_stream(void **state)
{
	(void)state;
	struct arena a;
	const struct finding *findings;

	arena_init(&a);
	struct monitor *m = monitor_new(&a, MQTT_311, SIDE_CLIENT, NULL);
	struct packet connect = wire_packet(CONNECT);
	connect.protocol_name = BYTES("MQTT");
	connect.level = MQTT_311;
	connect.connect_flags = CONNECT_CLEAN;
	assert_int_equal(monitor_packet(m, SIDE_CLIENT, &connect, &findings), 0);
	struct packet publish = wire_packet(PUBLISH);
	struct packet puback = wire_packet(PUBACK);
	publish.qos = 1;
	publish.topic = BYTES("a");
	for (unsigned i = 0; i < 200000; i++) {
		publish.id = (uint16_t)(i % 65535 + 1);
		puback.id = (uint16_t)((i + 65535 - 10) % 65535 + 1); /* ten behind */
		assert_int_equal(monitor_packet(m, SIDE_SERVER, &publish, &findings), 0);
		if (i >= 10)
			assert_int_equal(monitor_packet(m, SIDE_CLIENT, &puback, &findings), 0);
	}
	assert_int_equal(monitor_packet(m, SIDE_CLIENT, &puback, &findings), 1);
	assert_string_equal(findings[0].statement, "3.1.1:MQTT-2.3.1-6");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_stands_in_the_catalogue),
		cmocka_unit_test(every_breach_is_found_and_its_neighbour_is_not),
		cmocka_unit_test(every_rule_is_tried_wherever_it_binds),
		cmocka_unit_test(legal_exchanges_are_silent),
		cmocka_unit_test(the_other_side_is_not_judged),
		cmocka_unit_test(malformed_packets_break_the_rule_that_the_parser_names),
		cmocka_unit_test(rules_without_a_version_get_it_and_the_readers_limit_is_none),
		cmocka_unit_test(order_is_judged_even_when_connect_cannot_be_read),
		cmocka_unit_test(filters_match_by_levels),
		cmocka_unit_test(an_identifier_is_found_in_every_round_of_a_long_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
