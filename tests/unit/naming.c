/* What checks say: names, for every check of every case, and never the C that the case is written in. */
#include "tests/unit/unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#undef fail /* cmocka's: case.h has its own */
#include "harness/client_case.h"
#include "harness/language/naming.h"

static int begin(void **state)
{
	struct arena *a = malloc(sizeof(*a));

	assert_non_null(a);
	arena_init(a);
	*state = a;
	return 0;
}

static int end(void **state)
{
	arena_fini(*state);
	free(*state);
	return 0;
}

static void numbers_have_names(void **state)
{
	static const struct {
		enum mqtt_version version;
		const char *expression;
		long long value;
		const char *said;
	} samples[] = {
		{ MQTT_50, "puback.id", 7, "Packet Identifier 7" },
		{ MQTT_50, "expect_ack(pub, PUBCOMP, id).code", 0x92,
			"Reason Code 0x92 (Packet Identifier not found)" },
		{ MQTT_50, "unsuback.codes.data[1]", 0x11,
			"Reason Code 0x11 (No subscription existed)" },
		{ MQTT_50, "told.codes.data[0]", 0x01, "Reason Code 0x01 (Granted QoS 1)" },
		{ MQTT_50, "puback.code", 0x04, "Reason Code 0x04 (which it must not have)" },
		{ MQTT_311, "answer.code", 2, "return code 0x02" },
		{ MQTT_50, "expect_accepted(client).ack_flags & 1", 1, "Session Present 1" },
		{ MQTT_311, "hello.connect_flags & CONNECT_CLEAN", 2, "CleanSession 1" },
		{ MQTT_50, "hello.connect_flags & CONNECT_CLEAN", 0, "Clean Start 0" },
		{ MQTT_50, "hello.connect_flags & CONNECT_USER_NAME", 0x80, "User Name Flag 1" },
		{ MQTT_50, "told.kind", TOLD_REFUSED, "the event `refused`" },
		{ MQTT_50, "told.kind", TOLD_NOTHING, "no event" },
		{ MQTT_50, "packet.raw.len", 12, "a packet of 12 bytes" },
		{ MQTT_50, "subscribe.flags", 2, "flags 0x02" },
		{ MQTT_50, "again.dup", 1, "DUP 1" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_string_equal(naming_number(*state, samples[i].version, samples[i].expression,
					    samples[i].value),
			samples[i].said);
	assert_null(naming_number(*state, MQTT_50, "copies", 1));
}

static void texts_have_names(void **state)
{
	assert_string_equal(naming_text(*state, "m.payload", BYTES("x")), "payload \"x\"");
	assert_string_equal(
		naming_text(*state, "hello.will_payload", BYTES("x")), "Will Payload \"x\"");
	assert_null(naming_text(*state, "found->value", BYTES("x")));
}

static void properties_have_names(void **state)
{
	const struct property found = { .id = 0x13, .number = 60 };

	assert_string_equal(naming_count(*state, 0x26, 0), "no User Property");
	assert_string_equal(naming_count(*state, 0x26, 1), "User Property once");
	assert_string_equal(naming_count(*state, 0x26, 3), "User Property 3 times");
	assert_string_equal(naming_property(*state, 0x13, &found), "Server Keep Alive 60");
	assert_string_equal(naming_property(*state, 0x13, NULL), "no Server Keep Alive");
}

/* ---- every check of every case --------------------------------------------------------------- */

static char *load(const char *path)
{
	FILE *from = fopen(path, "r");
	char *text = NULL;
	size_t capacity = 0;

	assert_non_null(from);
	assert_true(getdelim(&text, &capacity, '\0', from) > 0);
	fclose(from);
	return text;
}

/* Takes the argument that begins at *at, up to its comma, with single blanks. */
static void take_argument(const char **at, char *out, size_t size)
{
	int depth = 0;
	size_t len = 0;
	const char *c = *at;

	for (; depth || *c != ','; c++) {
		assert_true(*c && len + 1 < size);
		depth += *c == '(' || *c == '[';
		depth -= *c == ')' || *c == ']';
		if (strchr(" \t\n\\", *c)) {
			if (len && out[len - 1] != ' ')
				out[len++] = ' ';
		} else {
			out[len++] = *c;
		}
	}
	while (len && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	*at = c + 1 + strspn(c + 1, " \t\n\\");
}

static size_t check_calls(struct arena *a, const char *path, const char *text, const char *verb)
{
	char expression[1000];
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, verb)); count++) {
		at += strlen(verb);
		take_argument(&at, expression, sizeof(expression));
		const char *name = strstr(verb, "text") ? naming_text(a, expression, BYTES("x"))
							: naming_number(a, MQTT_50, expression, 1);
		if (!name)
			print_error("%s: %st, %s) has no name; give it one with check_number or "
				    "check_words, or in harness/language/naming.c\n",
				path, verb, expression);
		assert_non_null(name);
	}
	return count;
}

static void every_check_of_every_case_has_a_name(void **state)
{
	size_t count = 0;
	glob_t files;

	assert_int_equal(glob(CASES "/*/*.[ch]", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *text = load(files.gl_pathv[i]);
		count += check_calls(*state, files.gl_pathv[i], text, "check_eq(t, ");
		count += check_calls(*state, files.gl_pathv[i], text, "check_text(t, ");
		free(text);
	}
	globfree(&files);
	assert_true(count > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_names),
		cmocka_unit_test(texts_have_names),
		cmocka_unit_test(properties_have_names),
		cmocka_unit_test(every_check_of_every_case_has_a_name),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
