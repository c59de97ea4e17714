#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "harness/wire/template.h"

/* The expansion as hexadecimal text, or the error. */
static const char *expand(struct arena *a, enum mqtt_version version, const char *text)
{
	struct template_values values = {
		.version = version, .client_id = "me", .topic_prefix = "k/"
	};
	struct bytes bytes;
	const char *error;

	if (!template_expand(a, text, &values, &bytes, &error))
		return error;
	struct buf hex;
	buf_init(&hex, 1 << 24);
	hex_format(&hex, bytes.data, bytes.len, bytes.len);
	const char *result = arena_text(a, buf_text(&hex));
	buf_fini(&hex);
	return result;
}

struct sample {
	const char *text;
	const char *v50;  /* what comes out: bytes, or an error */
	const char *v311; /* NULL: the same */
};

static void assert_samples(const struct sample *samples, size_t count)
{
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		const char *got = expand(&a, MQTT_50, s->text);
		if (strcmp(got, s->v50) != 0)
			fail_msg("%s in 5.0: %s, not %s", s->text, got, s->v50);
		const char *want = s->v311 ? s->v311 : s->v50;
		got = expand(&a, MQTT_311, s->text);
		if (strcmp(got, want) != 0)
			fail_msg("%s in 3.1.1: %s, not %s", s->text, got, want);
	}
	arena_fini(&a);
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void every_item_expands(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "", "", NULL },
		{ "   ", "", NULL },
		{ "C1 00FF", "C1 00 FF", NULL },
		{ "0123456789ABCDEF", "01 23 45 67 89 AB CD EF", NULL },
		{ "  C1   r  ", "C1 00", NULL },
		{ "m1 m0 m65535", "00 01 00 00 FF FF", NULL },
		{ "n60", "00 3C", NULL },
		{ "w60 w4294967295", "00 00 00 3C FF FF FF FF", NULL },
		{ "v0 v127 v128 v321 v268435455", "00 7F 80 01 C1 02 FF FF FF 7F", NULL },
		{ "s\"\" s\"a/b\"", "00 00 00 03 61 2F 62", NULL },
		{ "s\" {}r\"", "00 04 20 7B 7D 72", NULL },
		{ "s\"\\x00\\xfF\\\"\\\\\"", "00 04 00 FF 22 5C", NULL },
		{ "s\"\xc3\xa9\"", "00 02 C3 A9", NULL },
		{ "t\"\" t\"a\"", "00 02 6B 2F 00 03 6B 2F 61", NULL },
		{ "b\"\" b\"a\\x00\"", "61 00", NULL },
		{ "c", "00 02 6D 65", NULL },
		{ "l", "05", "04" },
		{ "80*4", "80 80 80 80", NULL },
		{ "0102*2 03", "01 02 01 02 03", NULL },
		{ "s\"a\"*3", "00 01 61 00 01 61 00 01 61", NULL },
		{ "c*2 t\"\"*1 m1*2 w1*2",
			"00 02 6D 65 00 02 6D 65 00 02 6B 2F 00 01 00 01 "
			"00 00 00 01 00 00 00 01",
			NULL },
		{ "b\"\"*4000000000", "", NULL },
	};

	assert_samples(samples, COUNT(samples));
}

static void remaining_length_counts_what_follows(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "r", "00", NULL },
		{ "82 r m1 p{} s\"a/b\" 01", "82 09 00 01 00 00 03 61 2F 62 01",
			"82 08 00 01 00 03 61 2F 62 01" },
		{ "C1 r", "C1 00", NULL },
		{ "40 r+1 m1", "40 03 00 01", NULL },
		{ "40 r-2 m1", "40 00 00 01", NULL },
		{ "40 r+0 m1", "40 02 00 01", NULL },
		{ "40 r7 m1", "40 07 00 01", NULL },
		{ "40 r0 m1", "40 00 00 01", NULL },
		{ "30 r268435455", "30 FF FF FF 7F", NULL },
		{ "C0 r+128", "C0 80 01", NULL },
		{ "10 20 r 30", "10 20 01 30", NULL },
		/* only one packet's worth is counted: everything up to the end */
		{ "C0 r C0 00", "C0 02 C0 00", NULL },
	};

	assert_samples(samples, COUNT(samples));
}

static void remaining_length_takes_the_bytes_it_needs(void **state)
{
	(void)state;
	struct template_values values = { MQTT_50, "me", "k/" };
	struct arena a;
	struct bytes bytes;
	const char *error;

	arena_init(&a);
	assert_true(template_expand(&a, "30 r 00*2097152", &values, &bytes, &error));
	assert_int_equal(bytes.len, 5 + 2097152);
	assert_memory_equal(bytes.data, "\x30\x80\x80\x80\x01", 5);
	arena_fini(&a);
}

static void properties_are_counted_and_nested(void **state)
{
	(void)state;
	static const char no_properties[] =
		"column 1: 3.1.1 has no properties: only an empty `p{}` may stand here";
	static const struct sample samples[] = {
		{ "p{}", "00", "" },
		{ "p{ }", "00", "" },
		{ "p{}*3 01", "00 00 00 01", "01" },
		{ "p{13 n30}", "03 13 00 1E", no_properties },
		{ "p{ 26 s\"}\" s\"{\" }", "07 26 00 01 7D 00 01 7B", no_properties },
		{ "p+1{01 00}", "03 01 00", no_properties },
		{ "p-1{01 00}", "01 01 00", no_properties },
		{ "p5{01 00}", "05 01 00", no_properties },
		{ "p+1{}", "01", no_properties },
		{ "p0{}", "00", no_properties },
		{ "p{2501*64}",
			"80 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 "
			"25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 "
			"25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 "
			"25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 "
			"25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 "
			"25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 25 01 "
			"25 01 25 01 25 01 25 01 25 01",
			no_properties },
		{ "p{0B v321 09 b\"x\"*2}*2", "06 0B C1 02 09 78 78 06 0B C1 02 09 78 78",
			no_properties },
		{ "p{c t\"a\"}", "09 00 02 6D 65 00 03 6B 2F 61", no_properties },
		{ "p{p{01} 02}", "03 01 01 02",
			"column 3: 3.1.1 has no properties: only an empty `p{}` may stand here" },
		{ "20 r 00 00 p{13 n30}", "20 06 00 00 03 13 00 1E",
			"column 12: 3.1.1 has no properties: only an empty `p{}` may stand here" },
	};

	assert_samples(samples, COUNT(samples));
}

static void errors_name_their_column(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "30 r r", "column 6: `r` may stand only once", NULL },
		{ "30 p{r}", "column 6: `r` cannot stand inside `p{}`", NULL },
		{ "30 r*2", "column 5: `r` cannot be repeated", NULL },
		{ "30 r-1", "column 4: the length would be below 0", NULL },
		{ "30 r+268435455 00", "column 4: the length would be above 268435455", NULL },
		{ "r268435456", "column 2: the number is above 268435455", NULL },
		{ "r+", "column 3: a number is missing", NULL },
		{ "r+a", "column 3: a number is missing", NULL },
		{ "C", "column 1: hexadecimal digits come in pairs", NULL },
		{ "00 C0F", "column 6: hexadecimal digits come in pairs", NULL },
		{ "0a", "column 1: hexadecimal digits come in pairs", NULL },
		{ "00 C0G", "column 6: a blank is missing", NULL },
		{ "c0", "column 2: a blank is missing", NULL },
		{ "00 ff", "column 4: no item begins with `f`", NULL },
		{ "00\t01", "column 3: a blank is missing", NULL },
		{ "00 \x01", "column 4: no item begins with the byte 0x01", NULL },
		{ "00 \xc3\xa9", "column 4: no item begins with the byte 0xC3", NULL },
		{ "x", "column 1: no item begins with `x`", NULL },
		{ "m", "column 2: a number is missing", NULL },
		{ "m-1", "column 2: a number is missing", NULL },
		{ "m65536", "column 2: the number is above 65535", NULL },
		{ "n99999999999999999999999999", "column 2: the number is above 65535", NULL },
		{ "w4294967296", "column 2: the number is above 4294967295", NULL },
		{ "v268435456", "column 2: the number is above 268435455", NULL },
		{ "m1m2", "column 3: a blank is missing", NULL },
		{ "s", "column 2: `\"` is missing", NULL },
		{ "sa", "column 2: `\"` is missing", NULL },
		{ "t a", "column 2: `\"` is missing", NULL },
		{ "b", "column 2: `\"` is missing", NULL },
		{ "00 s\"abc", "column 5: the string does not end", NULL },
		{ "s\"\\",
			"column 3: `\\` must be followed by `x` and two digits, by `\"` or by "
			"`\\`",
			NULL },
		{ "s\"ab\\n\"",
			"column 5: `\\` must be followed by `x` and two digits, by `\"` or by `\\`",
			NULL },
		{ "s\"\\x0\"",
			"column 3: `\\` must be followed by `x` and two digits, by `\"` or by `\\`",
			NULL },
		{ "s\"a\"s\"b\"", "column 5: a blank is missing", NULL },
		{ "p", "column 2: `{` is missing", NULL },
		{ "p1", "column 3: `{` is missing", NULL },
		{ "p+{}", "column 3: a number is missing", NULL },
		{ "00 p{", "column 4: `}` is missing", NULL },
		{ "p{00", "column 1: `}` is missing", NULL },
		{ "p{0}", "column 3: hexadecimal digits come in pairs", NULL },
		{ "}", "column 1: no item begins with `}`", NULL },
		{ "00 }", "column 4: no item begins with `}`", NULL },
		{ "00}", "column 3: no item begins with `}`", NULL },
		{ "00*", "column 4: a number is missing", NULL },
		{ "00*0", "column 3: an item is repeated once or more", NULL },
		{ "00*2*2", "column 5: a blank is missing", NULL },
		{ "*2", "column 1: no item begins with `*`", NULL },
		{ "00 01*4294967295", "column 4: the packet would be longer than 4194304 bytes",
			NULL },
		{ "00*4194304 01", "column 12: the packet would be longer than 4194304 bytes",
			NULL },
		{ "p{p{p{p{p{p{p{p{p{}}}}}}}}}", "column 17: `p{}` stands too deep inside others",
			NULL },
	};

	assert_samples(samples, COUNT(samples));
}

static void lengths_may_not_fall_below_nothing(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "00 p-1{}", "column 4: the length would be below 0",
			"column 4: 3.1.1 has no properties: only an empty `p{}` may stand here" },
	};

	assert_samples(samples, COUNT(samples));
}

static void no_string_outgrows_its_length(void **state)
{
	(void)state;
	struct arena a;
	char prefix[65536];
	struct template_values values = { MQTT_50, "me", prefix };
	struct bytes bytes;
	const char *error;

	arena_init(&a);
	memset(prefix, 'k', 65535);
	prefix[65535] = '\0';
	assert_true(template_expand(&a, "t\"\"", &values, &bytes, &error));
	assert_int_equal(bytes.len, 65537);
	assert_false(template_expand(&a, "00 t\"a\"", &values, &bytes, &error));
	assert_string_equal(error, "column 4: a string has at most 65535 bytes");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_expands),
		cmocka_unit_test(remaining_length_counts_what_follows),
		cmocka_unit_test(remaining_length_takes_the_bytes_it_needs),
		cmocka_unit_test(properties_are_counted_and_nested),
		cmocka_unit_test(errors_name_their_column),
		cmocka_unit_test(lengths_may_not_fall_below_nothing),
		cmocka_unit_test(no_string_outgrows_its_length),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
