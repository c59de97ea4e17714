/* What a target demands of each CONNECT, in packets that are built, and in packets that are spelt out. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "harness/peers/demands.h"
#include "harness/wire/template.h"

static const struct login user = { .user_name = "me", .password = "sesame" };
static const struct login user_alone = { .user_name = "me" };
static const struct demands nothing = { NULL, 0 };
static const struct demands both = { &user, 0 };
static const struct demands name_alone = { &user_alone, 0 };
static const struct demands minute = { NULL, 60 };
static const struct demands all = { &user, 60 };

static struct arena arena;

/* The template as it is sent, with its secret between brackets, spaced as hex_format does. */
static const char *sent(const struct demands *d, enum mqtt_version version, const char *text)
{
	struct template_values values = {
		.version = version, .client_id = "id", .topic_prefix = ""
	};
	struct bytes bytes;
	const char *error = NULL;

	if (!template_expand(&arena, text, &values, &bytes, &error))
		fail_msg("%s: %s", text, error);
	size_t secret = demands_meet_in_bytes(&arena, d, version, &bytes);
	struct buf hex;
	buf_init(&hex, 1 << 20);
	hex_format(&hex, bytes.data, bytes.len - secret, bytes.len);
	if (secret)
		buf_printf(&hex, " [%.*s]", (int)secret,
			(const char *)bytes.data + bytes.len - secret);
	const char *out = arena_text(&arena, buf_text(&hex));
	buf_fini(&hex);
	return out;
}

#define HEAD "10 r s\"MQTT\" l "

/* What the second template says must come of the first. */
static void assert_becomes(const struct demands *d, const char *from, const char *to)
{
	for (enum mqtt_version v = MQTT_311; v <= MQTT_50; v++)
		assert_string_equal(sent(d, v, from), sent(&nothing, v, to));
}

static void a_connect_that_is_spelt_out_gets_it(void **state)
{
	(void)state;
	assert_string_equal(sent(&both, MQTT_311, HEAD "02 n60 c"),
		"10 1A 00 04 4D 51 54 54 04 C2 00 3C 00 02 69 64 00 02 6D 65 00 06 [sesame]");
	assert_becomes(&name_alone, HEAD "02 n60 p{} c", HEAD "82 n60 p{} c s\"me\"");
	/* What is odd about it stays so. */
	assert_becomes(&name_alone, "1F r s\"MQTT\" l 03 n0 p{} c",
		"1F r s\"MQTT\" l 83 n0 p{} c s\"me\"");
	assert_becomes(
		&name_alone, "10 r s\"MQXX\" 04 02 n0 c", "10 r s\"MQXX\" 04 82 n0 c s\"me\"");
	assert_becomes(&name_alone, HEAD "1E n0 p{} c p{} s\"w\" s\"bye\"",
		HEAD "9E n0 p{} c p{} s\"w\" s\"bye\" s\"me\"");
}

static void a_remaining_length_that_grows_by_a_byte_is_right(void **state)
{
	(void)state;
	assert_becomes(
		&name_alone, HEAD "02 n0 p{} n114 61*114", HEAD "82 n0 p{} n114 61*114 s\"me\"");
}

static void a_keep_alive_of_0_is_replaced(void **state)
{
	(void)state;
	assert_becomes(&minute, HEAD "02 n0 p{} c", HEAD "02 n60 p{} c");
	assert_becomes(&minute, HEAD "02 n1 p{} c", HEAD "02 n1 p{} c");
	assert_becomes(&minute, "10 r s\"MQTT\" l 03 n0 p{} c", "10 r s\"MQTT\" l 03 n60 p{} c");
	assert_string_equal(sent(&all, MQTT_311, HEAD "02 n0 c"),
		"10 1A 00 04 4D 51 54 54 04 C2 00 3C 00 02 69 64 00 02 6D 65 00 06 [sesame]");

	struct packet packet = wire_packet(CONNECT);
	assert_int_equal(demands_meet(&minute, &packet), 0);
	assert_int_equal(packet.keep_alive, 60);
	packet.keep_alive = 5;
	demands_meet(&minute, &packet);
	assert_int_equal(packet.keep_alive, 5);
	packet = wire_packet(PUBLISH);
	demands_meet(&minute, &packet);
	assert_int_equal(packet.keep_alive, 0);
}

static void others_stay_as_they_are(void **state)
{
	(void)state;
	static const char *const templates[] = {
		HEAD "82 n9 p{} c s\"other\"", /* it names a user */
		HEAD "C2 n9 p{} c s\"other\" s\"word\"",
		HEAD "02 n0 p{} c 00",          /* a byte too many */
		HEAD "02 n0 p{} n100 b\"abc\"", /* cut short */
		HEAD "86 n0 p{} c",
		"10 00",
		"10 FF FF FF FF FF",
		"10 r+1 s\"MQTT\" l 02 n0 p{} c", /* not all of it */
		"82 r m1 p{} s\"a\" 01",          /* no CONNECT */
		"C0 00",
	};

	for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++)
		assert_becomes(&all, templates[i], templates[i]);
}

static void a_connect_that_is_built_gets_it(void **state)
{
	(void)state;
	struct packet packet = wire_packet(CONNECT);

	assert_int_equal(demands_meet(&nothing, &packet), 0);
	assert_int_equal(packet.connect_flags, 0);
	assert_int_equal(demands_meet(&both, &packet), 6);
	assert_int_equal(packet.connect_flags, CONNECT_USER_NAME | CONNECT_PASSWORD);
	assert_true(bytes_equal(packet.user_name, BYTES("me")));
	assert_true(bytes_equal(packet.password, BYTES("sesame")));
	assert_int_equal(demands_meet(&both, &packet), 0);

	packet = wire_packet(CONNECT);
	assert_int_equal(demands_meet(&name_alone, &packet), 0);
	assert_int_equal(packet.connect_flags, CONNECT_USER_NAME);

	packet = wire_packet(CONNECT);
	packet.connect_flags = CONNECT_PASSWORD; /* without a user name: a case of 5.0 */
	packet.password = BYTES("mine");
	assert_int_equal(demands_meet(&both, &packet), 0);
	assert_true(bytes_equal(packet.password, BYTES("mine")));

	packet = wire_packet(PUBLISH);
	assert_int_equal(demands_meet(&both, &packet), 0);
	assert_int_equal(packet.connect_flags, 0);
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connect_that_is_spelt_out_gets_it),
		cmocka_unit_test(a_remaining_length_that_grows_by_a_byte_is_right),
		cmocka_unit_test(a_keep_alive_of_0_is_replaced),
		cmocka_unit_test(others_stay_as_they_are),
		cmocka_unit_test(a_connect_that_is_built_gets_it),
	};
	return cmocka_run_group_tests_name("demands", tests, set_up, tear_down);
}
