#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "harness/template.h"

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
	const char *v50;
	const char *v311; /* NULL: the same */
};

static void every_item_expands(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "", "", NULL },
		{ "82 r m1 p{} s\"a/b\" 01", "82 09 00 01 00 00 03 61 2F 62 01",
			"82 08 00 01 00 03 61 2F 62 01" },
		{ "C1 r", "C1 00", NULL },
	};
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];
		assert_string_equal(expand(&a, MQTT_50, s->text), s->v50);
		assert_string_equal(expand(&a, MQTT_311, s->text), s->v311 ? s->v311 : s->v50);
	}
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_expands),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
