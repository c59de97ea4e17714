#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/utf8.h"

static void buf_refuses_to_pass_its_limit(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	assert_true(buf_add(&b, "abc", 3));
	assert_false(buf_add(&b, "de", 2));
	assert_true(b.failed);
	assert_int_equal(b.len, 3);
	assert_false(buf_add(&b, "d", 1)); /* failure sticks */
	buf_reset(&b);
	assert_true(buf_add(&b, "wxyz", 4));
	assert_string_equal(buf_text(&b), "wxyz");
	buf_fini(&b);
}

static void buf_writes_big_endian_and_consumes_from_the_front(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	buf_add_u8(&b, 1);
	buf_add_u16(&b, 0x0203);
	buf_add_u32(&b, 0x04050607);
	assert_memory_equal(b.data, "\1\2\3\4\5\6\7", 7);
	buf_consume(&b, 3);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "\4\5\6\7", 4);
	buf_fini(&b);
}

static void arena_pieces_keep_their_contents(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	char *small = arena_text(&a, "small");
	char *large = arena_alloc(&a, 100000);
	memset(large, 'x', 100000);
	char *formatted = arena_printf(&a, "%s-%d", small, 7);
	int *numbers = NULL;
	size_t capacity = 0;
	for (int i = 0; i < 1000; i++) {
		numbers = arena_grow(&a, numbers, i, &capacity, sizeof(*numbers));
		numbers[i] = i;
	}
	assert_string_equal(small, "small");
	assert_string_equal(formatted, "small-7");
	assert_int_equal(large[99999], 'x');
	assert_int_equal(numbers[999], 999);
	assert_int_equal(numbers[0], 0);
	arena_fini(&a);
}

static void a_digest_tells_bytes_apart(void **state)
{
	(void)state;
	static const uint8_t zeros[40] = { 0 };
	uint8_t bytes[40] = { 0 };
	for (size_t len = 0; len < sizeof(bytes); len++) {
		uint64_t none = digest_add(DIGEST_NONE, zeros, len);
		assert_int_not_equal(none, digest_add(DIGEST_NONE, zeros, len + 1));
		for (size_t i = 0; i < len; i++) {
			for (int bit = 0; bit < 8; bit++) {
				bytes[i] = (uint8_t)(1 << bit);
				assert_int_not_equal(none, digest_add(DIGEST_NONE, bytes, len));
			}
			bytes[i] = 0;
		}
	}
	uint64_t one = digest_add(digest_add(DIGEST_NONE, "ab", 2), "c", 1);
	assert_int_not_equal(one, digest_add(digest_add(DIGEST_NONE, "a", 1), "bc", 2));
	assert_int_equal(one, digest_add(digest_add(DIGEST_NONE, "ab", 2), "c", 1));
}

static void what_is_formatted_fits_or_grows(void **state)
{
	(void)state;
	struct arena a;
	struct buf b;
	char *text = malloc(1000);
	arena_init(&a);
	for (int len = 0; len < 1000; len++) {
		memset(text, 'x', (size_t)len);
		text[len] = '\0';
		buf_init(&b, 2000);
		assert_true(buf_printf(&b, "%s", "some") && buf_printf(&b, "-%s-", text));
		assert_int_equal(b.len, 4 + 2 + len);
		assert_memory_equal(buf_text(&b), "some-", 5);
		assert_memory_equal(b.data + 5, text, (size_t)len);
		assert_int_equal(buf_text(&b)[5 + len], '-');
		assert_string_equal(arena_printf(&a, "some-%s-", text), buf_text(&b));
		buf_fini(&b);
	}
	buf_init(&b, 10); /* what does not fit leaves it as it was */
	assert_true(buf_add_text(&b, "12345678"));
	assert_false(buf_printf(&b, "%d", 123));
	assert_string_equal(buf_text(&b), "12345678");
	buf_fini(&b);
	arena_fini(&a);
	free(text);
}

static void utf8_is_checked_to_its_end(void **state)
{
	(void)state;
	uint8_t text[64];
	for (size_t len = 1; len <= sizeof(text); len++) {
		memset(text, 'a', sizeof(text));
		assert_int_equal(utf8_check(text, len), len);
		for (size_t at = 0; at < len; at++) {
			text[at] = 0xff;
			assert_int_equal(utf8_check(text, len), at);
			text[at] = 'a';
			if (at + 1 == len)
				continue;
			memcpy(text + at, "\xc3\xa4", 2);
			assert_int_equal(utf8_check(text, len), len);
			memset(text + at, 'a', 2);
		}
	}
}

static void hex_is_cut_with_its_length(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	hex_format(&b, (const uint8_t *)"\x10\xff\x00", 3, 2);
	assert_string_equal(buf_text(&b), "10 FF ... (3 bytes)");
	assert_int_equal(hex_digit('c'), 12);
	assert_int_equal(hex_digit('g'), -1);
	buf_fini(&b);
}

static void utf8_knows_what_is_ill_formed(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t well_formed; /* bytes in front that are */
	} samples[] = {
		{ "plain", 5 }, { "\xc3\xa9", 2 }, { "\xef\xbb\xbf", 3 },
		{ "\xf4\x8f\xbf\xbf", 4 },                      /* U+10FFFF */
		{ "a\x80", 1 },                                 /* a lone continuation */
		{ "\xc0\xaf", 0 },                              /* overlong */
		{ "\xe0\x80\xaf", 0 },                          /* overlong */
		{ "\xed\xa0\x80", 0 },                          /* a surrogate */
		{ "\xf4\x90\x80\x80", 0 },                      /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 }, { "ab\xe2\x82", 2 }, /* cut off */
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_int_equal(
			utf8_check((const uint8_t *)samples[i].bytes, strlen(samples[i].bytes)),
			samples[i].well_formed);
}

static void utf8_is_cut_between_code_points(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t most, kept;
	} samples[] = {
		{ "abc", 3, 3 },
		{ "abc", 2, 2 },
		{ "", 0, 0 },
		{ "\xc3\xa9", 1, 0 },
		{ "a\xc3\xa9z", 2, 1 },
		{ "a\xc3\xa9z", 3, 3 },
		{ "\xe4\xbf\x9d\xe7\x95\x99", 3, 3 },
		{ "\xe4\xbf\x9d\xe7\x95\x99", 5, 3 },
		{ "\xf0\x9f\x93\xa1!", 3, 0 },
		{ "\xf0\x9f\x93\xa1!", 4, 4 },
		{ "ab\x80\x80\x80\x80\x80", 5, 5 }, /* nothing to save there */
		{ "\xff\xff", 1, 1 },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_int_equal(utf8_cut((const uint8_t *)samples[i].text, strlen(samples[i].text),
					 samples[i].most),
			samples[i].kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_refuses_to_pass_its_limit),
		cmocka_unit_test(buf_writes_big_endian_and_consumes_from_the_front),
		cmocka_unit_test(arena_pieces_keep_their_contents),
		cmocka_unit_test(a_digest_tells_bytes_apart),
		cmocka_unit_test(what_is_formatted_fits_or_grows),
		cmocka_unit_test(utf8_is_checked_to_its_end),
		cmocka_unit_test(hex_is_cut_with_its_length),
		cmocka_unit_test(utf8_knows_what_is_ill_formed),
		cmocka_unit_test(utf8_is_cut_between_code_points),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
