/* A site: where things are in it, which runs it is made from, and that it is written whole. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reports/draft.h"
#include "reports/markup.h"
#include "reports/site/release.h"
#include "reports/site/sightings.h"
#include "reports/site/way.h"
#include "reports/site/write.h"
#include "spec/spec.h"
#include "tests/samples/verdicts.h"
#include "tests/unit/book.h"

/* ---- ways ---- */

static void check_ways(const char *role, const char *name, const char *version, const char *way)
{
	struct record_run run = book_run;
	struct arena a;

	arena_init(&a);
	run.role = role;
	run.target_name = name;
	run.target_version = version;
	assert_string_equal(way_version(&a, &run), way);
	arena_fini(&a);
}

static void a_way_depends_on_the_name_alone(void **state)
{
	(void)state;
	check_ways("server", "Eclipse Mosquitto", "2.0.11", "servers/eclipse-mosquitto/2.0.11/");
	check_ways("client", "libmosquitto", NULL, "clients/libmosquitto/unversioned/");
	check_ways("server", "mqtt://[::1]:1883", "1.0 (beta)", "servers/mqtt-1-1883/1.0-beta/");
	check_ways("server", "../../etc", "..", "servers/etc/named-a3d4a70d/");
}

static void names_without_a_letter_are_told_apart(void **state)
{
	struct arena a;
	struct record_run one = book_run, two = book_run;

	(void)state;
	arena_init(&a);
	one.target_name = "брокер";
	two.target_name = "другой";
	assert_string_not_equal(way_target(&a, &one), way_target(&a, &two));
	arena_fini(&a);
}

static void statements_and_cases_have_ways(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(
		way_statement(&a, "5.0:MQTT-4.3.3-10"), "statements/5.0/MQTT-4.3.3-10.html");
	assert_string_equal(way_statement(&a, "../x"), "statements/x.html");
	assert_string_equal(way_case(&a, "damaged_flags/pingreq_10"), "cases/damaged_flags.html");
	assert_string_equal(way_back(&a, "index.html"), "");
	assert_string_equal(
		way_back(&a, "servers/eclipse-mosquitto/2.0.11/index.html"), "../../../");
	assert_true(way_is_same_case("table/a", "table/b"));
	assert_false(way_is_same_case("table/a", "table_of/a"));
	arena_fini(&a);
}

/* No two statements of the catalogue share a page, nor would they where the case of letters is lost. */
static void every_statement_has_a_page_of_its_own(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < spec_statement_count; i++)
		for (size_t n = 0; n < i; n++)
			if (!strcasecmp(spec_statements[i].name, spec_statements[n].name))
				fail_msg("%s", spec_statements[i].name);
	assert_string_not_equal(way_statement(&a, spec_statements[0].name),
		way_statement(&a, spec_statements[1].name));
	arena_fini(&a);
}

/* ---- which runs ---- */

enum { BOOKS = 4 };

struct shelf {
	struct book books[BOOKS];
	struct runs runs[BOOKS];
	size_t count;
};

static void put_record(struct shelf *s, struct record_run run, const struct record_case *c)
{
	struct book *b = &s->books[s->count];
	const char *error;

	book_open(b);
	assert_true(record_write_run(b->to, &run));
	book_add(b, c);
	assert_true(record_write_end(b->to, &b->end));
	assert_true(book_read(b, &error));
	s->runs[s->count++] = b->runs;
}

static void put_book(
	struct shelf *s, struct record_run run, enum verdict verdict, const char *transport)
{
	struct record_case c =
		book_case(sample_ended(verdict, verdict_is_good(verdict)), "the_case");

	c.transport = transport;
	put_record(s, run, &c);
}

static void put_book_of(
	struct shelf *s, struct record_run run, const char *id, enum verdict verdict)
{
	struct record_case c = book_case(sample_ended(verdict, verdict_is_good(verdict)), id);

	put_record(s, run, &c);
}

static struct record_run run_of(const char *name, const char *version, int64_t started_us)
{
	struct record_run run = book_run;

	run.target_name = name;
	run.target_version = version;
	run.started_us = started_us;
	return run;
}

static void close_all(struct shelf *s)
{
	while (s->count)
		book_close(&s->books[--s->count]);
}

static void versions_are_in_their_order(void **state)
{
	struct shelf s = { 0 };
	struct site site;
	const char *error;

	(void)state;
	put_book(&s, run_of("Broker", "2.0.10", 3), VERDICT_PASS, "tcp");
	put_book(&s, run_of("Broker", "2.0.9", 9), VERDICT_FAIL, "ws"); /* judged last, and older */
	put_book(&s, run_of("another", "1", 1), VERDICT_PASS, "tcp");
	assert_true(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	assert_int_equal(site.target_count, 2);
	assert_string_equal(site.targets[0].name, "another");
	assert_string_equal(site_newest(&site.targets[1])->name, "2.0.10");
	assert_string_equal(site.targets[1].versions[0].name, "2.0.9");
	assert_string_equal(site.matrix.columns[1].title, "Broker 2.0.10");
	assert_int_equal(site.remark_count, 0);
	assert_int_equal(site.targets[1].history.column_count, 2);
	assert_int_equal(site.transport_count, 2); /* also that of 2.0.9, which is no column */
	close_all(&s);
}

static void releases_have_an_order(void **state)
{
	static const char *const oldest_first[] = { "", "develop", "1.1.1", "1.1.1a", "1.1.2",
		"2.0-SNAPSHOT", "2.0.dev3", "2.0-alpha", "2.0-alpha-2", "2.0-alpha.10", "2.0-M1",
		"v2.0b1", "2.0-beta2", "2.0-M10", "2.0-rc1", "2.0~rc2", "2.0rc10", "2.0",
		"2.0.Final", "2.0-post1", "2.0-1", "2.0-5-g1234567", "2.0-10", "2.0.0", "2.0.1-rc1",
		"2.0.1", "2.0.9", "2.0.10", "2.0.10+ds1-2", "2.1", "10" };
	const size_t count = sizeof(oldest_first) / sizeof(*oldest_first);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < count; n++) {
			int order = release_compare(oldest_first[i], oldest_first[n]);
			if ((order > 0) - (order < 0) != (i > n) - (i < n))
				fail_msg("\"%s\" and \"%s\": %d", oldest_first[i], oldest_first[n],
					order);
		}
	assert_int_not_equal(release_compare("v2.0", "2.0"), 0); /* two names, two versions */
	assert_int_not_equal(release_compare("2.01", "2.1"), 0);
	assert_true(release_compare("99999999999999999999", "100000000000000000000") < 0);
}

static void a_candidate_is_not_the_newest(void **state)
{
	struct shelf s = { 0 };
	struct site site;
	const char *error;

	(void)state;
	put_book(&s, run_of("Broker", "2.0-rc1", 9), VERDICT_FAIL, "tcp");
	put_book(&s, run_of("Broker", "2.0", 3), VERDICT_PASS, "tcp");
	assert_true(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	assert_string_equal(site_newest(&site.targets[0])->name, "2.0");
	close_all(&s);
}

static void of_two_runs_of_a_version_the_later_counts(void **state)
{
	struct shelf s = { 0 };
	struct site site;
	const char *error;

	(void)state;
	put_book(&s, run_of("Broker", "1", 20), VERDICT_PASS, "tcp");
	put_book(&s, run_of("Broker", "1", 10), VERDICT_FAIL, "tcp");
	assert_true(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	assert_int_equal(site.target_count, 1);
	assert_int_equal(site.targets[0].version_count, 1);
	assert_int_equal(site_newest(&site.targets[0])->runs->started_us, 20);
	assert_int_equal(site.superseded_count, 1);
	assert_int_equal(site.superseded[0].started_us, 10);
	assert_int_equal(site.remark_count, 1);
	assert_non_null(strstr(site.remarks[0], "later run of the same version"));
	close_all(&s);
}

static void what_cannot_be_told_apart_is_refused(void **state)
{
	struct shelf s = { 0 };
	struct record_run agent = run_of("an agent", NULL, 1);
	struct site site;
	const char *error;

	(void)state;
	put_book(&s, run_of("My Broker", "1", 1), VERDICT_PASS, "tcp");
	put_book(&s, run_of("My-Broker", "1", 1), VERDICT_PASS, "tcp");
	assert_false(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	assert_string_equal(error,
		"\"My Broker\" and \"My-Broker\" would both be at servers/my-broker/: one of them "
		"needs another name");
	close_all(&s);
	put_book(&s, run_of("Broker", "1 0", 1), VERDICT_PASS, "tcp");
	put_book(&s, run_of("Broker", "1-0", 1), VERDICT_PASS, "tcp");
	assert_false(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	assert_non_null(strstr(error, "needs another version"));
	close_all(&s);
	agent.role = "agent";
	put_book(&s, agent, VERDICT_PASS, "tcp");
	assert_false(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	assert_non_null(strstr(error, "neither a server nor a client, but an agent"));
	close_all(&s);
}

static void a_matrix_can_be_of_one_transport(void **state)
{
	struct shelf s = { 0 };
	struct matrix over;
	struct site site;
	const char *error;

	(void)state;
	put_book(&s, run_of("one", "1", 1), VERDICT_FAIL, "tcp");
	put_book(&s, run_of("two", "1", 1), VERDICT_PASS, "ws");
	assert_true(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	assert_int_equal(site.transport_count, 2);
	assert_string_equal(site.transports[1], "ws");
	assert_int_equal(site.matrix.columns[0].runs->case_count, 1);
	site_over(&s.books[0].arena, &site, "ws", &over);
	assert_int_equal(over.column_count, 2);
	assert_int_equal(over.columns[0].runs->case_count, 0);
	assert_int_equal(over.columns[1].runs->case_count, 1);
	close_all(&s);
}

static void the_worst_sighting_of_a_column_comes_first(void **state)
{
	static const struct record_statement kept[] = { { "5.0:MQTT-4.3.3-10", VERDICT_PASS,
		false } };
	struct shelf s = { 0 };
	struct sightings all, of;
	struct record_case c = book_case(sample_ended(VERDICT_PASS, true), "a_case");
	struct book *b = &s.books[0];
	struct site site;
	const char *error;

	(void)state;
	c.statements = kept;
	c.statement_count = 1;
	book_open(b);
	assert_true(record_write_run(b->to, &book_run));
	book_add(b, &c);
	c = book_case(sample_ended(VERDICT_FAIL, false), "z_case");
	book_add(b, &c);
	assert_true(record_write_end(b->to, &b->end));
	assert_true(book_read(b, &error));
	assert_true(site_make(&b->arena, &b->runs, 1, &site, &error));
	sightings_by_statement(&b->arena, &site, &all);
	of = sightings_of(&all, "5.0:MQTT-4.3.3-10");
	assert_int_equal(of.count, 2);
	assert_string_equal(of.list[0].record->id, "z_case");
	assert_int_equal(sightings_of(&all, "5.0:MQTT-0").count, 0);
	assert_int_equal(sightings_of(&all, "9").count, 0);
	book_close(b);
}

/* Version 3 has dropped "old_case", and version 2 says more of it than version 1 does. */
static void of_a_case_the_newest_version_that_has_it_counts(void **state)
{
	struct shelf s = { 0 };
	struct sightings all, of;
	struct site site;
	const char *error;

	(void)state;
	put_book_of(&s, run_of("Broker", "1", 1), "old_case", VERDICT_PASS);
	put_book_of(&s, run_of("Broker", "2", 2), "old_case", VERDICT_FAIL);
	put_book_of(&s, run_of("Broker", "3", 3), "the_case", VERDICT_PASS);
	assert_true(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	sightings_by_case(&s.books[0].arena, &site, &all);
	assert_int_equal(all.count, 2);
	of = sightings_group(all);
	assert_int_equal(of.count, 1);
	assert_string_equal(of.list->record->id, "old_case");
	assert_string_equal(of.list->version->name, "2");
	assert_true(sightings_tell(of) && sighting_is_old(&site, of.list));
	assert_false(sighting_is_old(&site, &all.list[1]));
	close_all(&s);
}

static void what_only_a_superseded_run_names_is_there(void **state)
{
	struct shelf s = { 0 };
	struct sightings all;
	struct site site;
	const char *error;

	(void)state;
	put_book_of(&s, run_of("another", "1", 1), "the_case", VERDICT_PASS);
	put_book_of(&s, run_of("Broker", "1", 1), "old_case", VERDICT_FAIL);
	put_book_of(&s, run_of("Broker", "1", 2), "the_case", VERDICT_PASS);
	assert_true(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	sightings_by_case(&s.books[0].arena, &site, &all);
	assert_int_equal(all.count, 3);
	assert_string_equal(all.list[0].record->id, "old_case");
	assert_int_equal(all.list[0].column, 1);
	assert_false(sightings_tell(sightings_group(all)));
	assert_true(all.list[1].version && all.list[2].version);
	close_all(&s);
}

/* ---- what is written ---- */

struct pages {
	size_t count, most; /* it cannot write more than that */
	bool hostile;       /* one had the target's name as HTML */
	bool index, statement, badge;
};

static bool take(void *context, const char *way, const char *text, size_t size)
{
	struct pages *p = context;

	assert_int_equal(strlen(text), size);
	p->hostile |= strstr(text, "<b>broker") != NULL;
	p->index |= !strcmp(way, "index.html") && strstr(text, "&lt;b&gt;broker") &&
		strstr(text, "href=\"servers/b-broker/1/index.html#view=");
	p->statement |= !strcmp(way, "statements/5.0/MQTT-4.3.3-10.html") &&
		strstr(text, "catalogue <code>") &&
		strstr(text, "href=\"../../cases/the_case.html\"");
	p->badge |= !strcmp(way, "servers/b-broker/1/badge.svg");
	return ++p->count < p->most;
}

static void a_site_is_written_whole_or_stops(void **state)
{
	struct shelf s = { 0 };
	struct pages pages = { .most = SIZE_MAX }, few = { .most = 3 };
	struct site site;
	const char *error;

	(void)state;
	put_book(&s, run_of("<b>broker", "1", 1), VERDICT_FAIL, "tcp");
	assert_true(site_make(&s.books[0].arena, s.runs, s.count, &site, &error));
	site.tool_version = "0.1.0";
	assert_true(site_write(&site, &(struct site_writer){ take, &pages }));
	assert_true(pages.index && pages.statement && pages.badge);
	assert_true(pages.count > spec_statement_count);
	assert_false(pages.hostile);
	assert_false(site_write(&site, &(struct site_writer){ take, &few }));
	assert_int_equal(few.count, 3);
	close_all(&s);
}

static void printed_text_is_escaped(void **state)
{
	struct draft d;

	(void)state;
	draft_begin(&d);
	markup_print(d.to, "<a title=\"%s\">%d %zu 100%%</a>", "\"<&>\x01", -1, (size_t)2);
	assert_string_equal(draft_end(&d), "<a title=\"&quot;&lt;&amp;&gt;\\x01\">-1 2 100%</a>");
	draft_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_depends_on_the_name_alone),
		cmocka_unit_test(names_without_a_letter_are_told_apart),
		cmocka_unit_test(statements_and_cases_have_ways),
		cmocka_unit_test(every_statement_has_a_page_of_its_own),
		cmocka_unit_test(versions_are_in_their_order),
		cmocka_unit_test(releases_have_an_order),
		cmocka_unit_test(a_candidate_is_not_the_newest),
		cmocka_unit_test(of_two_runs_of_a_version_the_later_counts),
		cmocka_unit_test(of_a_case_the_newest_version_that_has_it_counts),
		cmocka_unit_test(what_only_a_superseded_run_names_is_there),
		cmocka_unit_test(what_cannot_be_told_apart_is_refused),
		cmocka_unit_test(a_matrix_can_be_of_one_transport),
		cmocka_unit_test(the_worst_sighting_of_a_column_comes_first),
		cmocka_unit_test(a_site_is_written_whole_or_stops),
		cmocka_unit_test(printed_text_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
