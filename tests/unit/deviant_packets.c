/* What deviants remember of a connection, and how they mend what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deviants/course.h"
#include "deviants/properties.h"
#include "deviants/then_mend.h"
#include "deviants/when_wrong.h"

static void assert_text(struct bytes text, const char *expected)
{
	assert_true(bytes_equal(text, bytes_of(expected)));
}

static void test_identifiers_are_told_apart(void **state)
{
	static struct ids ids;
	static const uint16_t some[] = { 0, 63, 64, 65535 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_false(ids_has(&ids, some[i]));
		ids_add(&ids, some[i]);
		assert_true(ids_has(&ids, some[i]));
	}
	ids_remove(&ids, 64);
	assert_false(ids_has(&ids, 64));
	assert_true(ids_has(&ids, 63));
	assert_false(ids_has(&ids, 65));
}

static void test_a_message_is_under_way_until_its_last_acknowledgement(void **state)
{
	static struct course_way there, back;
	struct packet publish = wire_packet(PUBLISH), pubrec = wire_packet(PUBREC),
		      pubcomp = wire_packet(PUBCOMP);

	(void)state;
	publish.qos = 2;
	publish.id = pubrec.id = pubcomp.id = 7;
	course_pass(&there, &back, &publish);
	course_pass(&back, &there, &pubrec);
	assert_true(ids_has(&there.under_way, 7));
	assert_false(ids_has(&there.settled, 7));
	course_pass(&back, &there, &pubcomp);
	assert_false(ids_has(&there.under_way, 7));
	assert_true(ids_has(&there.settled, 7));
	assert_false(ids_has(&back.under_way, 7));
}

static void test_what_was_agreed_on_is_kept(void **state)
{
	struct arena arena;
	struct course c = { 0 };
	struct property limits[] = { { .id = PROP_RECEIVE_MAXIMUM, .number = 3 },
		{ .id = PROP_MAXIMUM_PACKET_SIZE, .number = 200 } };
	struct packet plain = wire_packet(CONNECT), tight = wire_packet(CONNECT);

	(void)state;
	arena_init(&arena);
	course_connect(&c, &arena, &plain);
	assert_int_equal(c.quota, 65535);
	assert_int_equal(c.packet_size, 0);
	assert_true(c.expires_at_once);
	tight.properties = (struct properties){ .list = limits, .count = 2, .present = true };
	course_connect(&c, &arena, &tight);
	assert_int_equal(c.quota, 3);
	assert_int_equal(c.packet_size, 200);
	arena_fini(&arena);
}

/* A PUBLISH with this topic. */
static struct passing passing_of(struct arena *a, struct packet *p, struct bytes topic)
{
	arena_init(a);
	*p = wire_packet(PUBLISH);
	p->topic = topic;
	return (struct passing){ .packet = p, .arena = a, .way = TO_SERVER, .copies = 1 };
}

static void test_ill_formed_strings_become_letters(void **state)
{
	struct arena arena;
	struct packet p;
	struct passing it = passing_of(&arena, &p, BYTES("a\xFF\0\xED\xA0\x80z\xC3\xA9"));

	(void)state;
	assert_true(has_ill_formed_topic(&it) && has_nul_in_topic(&it));
	assert_true(has_surrogate_in_topic(&it));
	assert_false(has_overlong_in_topic(&it));
	mend_strings(&it, 0);
	assert_text(p.topic, "axxxxxz\xC3\xA9");
	assert_true(it.changed);
	assert_false(has_ill_formed_topic(&it) || has_nul_in_topic(&it));
	arena_fini(&arena);
}

static void test_slashes_are_squeezed(void **state)
{
	struct arena arena;
	struct packet p;
	struct passing it = passing_of(&arena, &p, BYTES("//a///b/"));

	(void)state;
	squeeze_slashes(&it, 0);
	assert_text(p.topic, "/a/b/");
	strip_first_slash(&it, 0);
	assert_text(p.topic, "a/b/");
	strip_last_slash(&it, 0);
	assert_text(p.topic, "a/b");
	arena_fini(&arena);
}

static void test_of_repeated_properties_the_first_stays(void **state)
{
	struct arena arena;
	struct packet p;
	struct passing it = passing_of(&arena, &p, BYTES("t"));
	struct property list[] = { { .id = PROP_TOPIC_ALIAS, .number = 1 },
		{ .id = PROP_USER_PROPERTY }, { .id = PROP_TOPIC_ALIAS, .number = 2 },
		{ .id = PROP_USER_PROPERTY }, { .id = PROP_SERVER_KEEP_ALIVE, .number = 9 } };

	(void)state;
	p.properties = (struct properties){ .list = list, .count = 5, .present = true };
	assert_true(has_repeated_property(&it) && has_foreign_property(&it));
	remove_repeated(&it, 0);
	assert_int_equal(p.properties.count, 4);
	assert_int_equal(properties_find(&p.properties, PROP_TOPIC_ALIAS)->number, 1);
	remove_foreign(&it, 0);
	assert_int_equal(p.properties.count, 3);
	assert_false(has_repeated_property(&it) || has_foreign_property(&it));
	arena_fini(&arena);
}

static void test_wildcards_that_fill_their_level_are_in_place(void **state)
{
	static const struct {
		const char *filter;
		bool hash, plus;
	} filters[] = { { "a/#", false, false }, { "#", false, false }, { "a#", true, false },
		{ "a/#/b", true, false }, { "+/a/+", false, false }, { "a+/b", false, true },
		{ "a/+b", false, true } };
	struct arena arena;
	struct packet p;
	struct passing it = passing_of(&arena, &p, BYTES(""));

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		struct filter f = { .text = bytes_of(filters[i].filter) };

		p = wire_packet(SUBSCRIBE);
		p.filters = &f;
		p.filter_count = 1;
		assert_int_equal(has_misplaced_hash(&it), filters[i].hash);
		assert_int_equal(has_misplaced_plus(&it), filters[i].plus);
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identifiers_are_told_apart),
		cmocka_unit_test(test_a_message_is_under_way_until_its_last_acknowledgement),
		cmocka_unit_test(test_what_was_agreed_on_is_kept),
		cmocka_unit_test(test_ill_formed_strings_become_letters),
		cmocka_unit_test(test_slashes_are_squeezed),
		cmocka_unit_test(test_of_repeated_properties_the_first_stays),
		cmocka_unit_test(test_wildcards_that_fill_their_level_are_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
