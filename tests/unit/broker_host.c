/* What the host has a hand in: the store, authentication, authorisation. */
#include "tests/unit/broker_rig.h"

#include <string.h>

#define RESUMED "CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64"

/* A store that a broker can be made from again. */
struct pair {
	struct buf key, value;
};

struct shelf {
	struct pair pairs[64];
	size_t count;
	bool closed; /* the broker has been killed: nothing more comes in */
};

static int pair_compare(const struct pair *p, struct mqtt_view key)
{
	size_t len = p->key.len < key.len ? p->key.len : key.len;
	int order = memcmp(p->key.data, key.data, len);

	return order ? order : p->key.len < key.len ? -1 : p->key.len > key.len;
}

static void shelf_remove(void *context, struct mqtt_view key)
{
	struct shelf *s = context;

	if (s->closed)
		return;
	for (size_t i = 0; i < s->count; i++) {
		if (pair_compare(&s->pairs[i], key))
			continue;
		buf_fini(&s->pairs[i].key);
		buf_fini(&s->pairs[i].value);
		memmove(&s->pairs[i], &s->pairs[i + 1], (s->count - i - 1) * sizeof(*s->pairs));
		s->count--;
		return;
	}
	fail_msg("removed what is not there: %c", key.data[0]);
}

static void shelf_put(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct shelf *s = context;
	size_t at = 0;

	if (s->closed)
		return;
	while (at < s->count && pair_compare(&s->pairs[at], key) < 0)
		at++;
	if (at == s->count || pair_compare(&s->pairs[at], key)) {
		assert_true(s->count < 64);
		memmove(&s->pairs[at + 1], &s->pairs[at], (s->count - at) * sizeof(*s->pairs));
		s->count++;
		buf_init(&s->pairs[at].key, 1 << 20);
		buf_init(&s->pairs[at].value, 1 << 20);
		buf_add(&s->pairs[at].key, key.data, key.len);
	}
	buf_reset(&s->pairs[at].value);
	buf_add(&s->pairs[at].value, value.data, value.len);
}

static void broker_again(struct rig *r, struct shelf *s)
{
	rig_stop(r);
	rig_start(r);
	for (size_t i = 0; i < s->count; i++) {
		struct pair *p = &s->pairs[i];
		assert_true(broker_restore(r->broker,
			(struct mqtt_view){ p->key.data, (uint32_t)p->key.len },
			(struct mqtt_view){ p->value.data, (uint32_t)p->value.len }));
	}
}

static void store_fill(struct rig *r)
{
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");

	hear(c);
	say(c, "82 r m1 p{0B v5} s\"t/+\" 02 s\"$share/g/s\" 01");
	expect(c, "SUBACK id 1: 0x02, 0x01");
	say(pub, "34 r s\"t/1\" m1 p{02 w50 03 s\"c\"} b\"sent\"");
	say(pub, "34 r s\"t/2\" m2 p{} b\"released\"");
	say(pub, "32 r s\"t/3\" m3 p{} b\"done\"");
	for (unsigned i = 0; i < 3; i++)
		hear(c);
	say(c, "40 r m3");
	say(c, "50 r m2");
	expect(c, "PUBREL id 2");
	say(c, "34 r s\"x\" m9 p{}");
	say(c, "34 r s\"x\" m10 p{}");
	say(c, "62 r m10");
	hang_up(c);
	say(pub, "32 r s\"t/4\" m4 p{} b\"queued\"");
	say(pub, "31 r s\"r/1\" p{} b\"kept\"");
	say(pub, "31 r s\"r/2\" p{02 w1} b\"expires\"");
	say(pub, "31 r s\"r/3\" p{} b\"removed\"");
	say(pub, "31 r s\"r/3\" p{}");
	struct client *willing = dial(r, MQTT_50); /* connected when the broker ends */
	say(willing, "10 r s\"MQTT\" 05 06 n10 p{11 w100} s\"w\" p{18 w5} s\"will\" s\"gone\"");
}

static void all_that_is_durable_survives_the_broker(void **state)
{
	struct rig *r = *state;
	struct shelf shelf = { 0 };

	r->config.store.put = shelf_put;
	r->config.store.remove = shelf_remove;
	r->config.store.context = &shelf;
	r->config.wall_offset_ms = INT64_C(1700000000000);
	store_fill(r);
	/* The broker is killed: its clients' connections are gone without a word to the store. */
	shelf.closed = true;
	rig_stop(r);
	shelf.closed = false;
	r->now_ms = 5000; /* another clock, 10 s later on the wall */
	r->config.wall_offset_ms += 1000000 + 10000 - 5000;
	broker_again(r, &shelf);
	struct client *watcher = join(r, MQTT_50, "watcher");
	subscribe_to(watcher, "r/#", 0);
	expect(watcher, "PUBLISH \"r/1\" q0 retain \"kept\"");
	expect_silence(watcher);
	subscribe_to(watcher, "will", 0);
	wait_ms(r, 5000);
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	struct client *c = join_with(r, "c", false, "11 w100");
	expect(c, RESUMED);
	expect(c,
		"PUBLISH \"t/1\" q2 id 1 dup \"sent\", Message Expiry Interval 35, Subscription "
		"Identifier "
		"5, Content Type \"c\"");
	expect(c, "PUBREL id 2");
	expect(c, "PUBLISH \"t/4\" q1 id 3 \"queued\", Subscription Identifier 5");
	expect_silence(c);
	say(c, "3C r s\"x\" m9 p{}");
	expect(c, "PUBREC id 9");
	say(watcher, "32 r s\"s\" m1 p{} b\"shared\"");
	expect(c, "PUBLISH \"s\" q1 id 4 \"shared\", Subscription Identifier 5");
	say(c, "E0 r 00 p{11 w0}"); /* the session ends, and leaves nothing behind */
	wait_ms(r, 200000);
	assert_int_equal(shelf.count, 1);
	assert_memory_equal(shelf.pairs[0].key.data, "fr/1", 4);
	shelf_remove(&shelf, MQTT_VIEW("fr/1"));
}

static void a_session_that_is_to_last_no_longer_leaves_the_store(void **state)
{
	struct rig *r = *state;
	struct shelf shelf = { 0 };

	r->config.store.put = shelf_put;
	r->config.store.remove = shelf_remove;
	r->config.store.context = &shelf;
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");
	hear(c);
	subscribe_to(c, "t", 2);
	say(c, "34 r s\"x\" m9 p{}");
	say(pub, "32 r s\"t\" m1 p{} b\"open\"");
	hang_up(c);
	say(pub, "32 r s\"t\" m2 p{} b\"queued\"");
	assert_int_equal(shelf.count, 7);
	c = join_with(r, "c", false, "");
	expect(c, RESUMED);
	assert_int_equal(shelf.count, 0);
	/* What it still does is of this connection alone. */
	expect(c, "PUBLISH \"t\" q1 id 1 dup \"open\"");
	expect(c, "PUBLISH \"t\" q1 id 2 \"queued\"");
	say(c, "40 r m1");
	say(c, "62 r m9");
	expect(c, "PUBCOMP id 9");
	subscribe_to(c, "u", 1);
	say(c, "A2 r m3 p{} s\"t\"");
	hang_up(c);
	assert_int_equal(shelf.count, 0);
}

/* A share has the same meaning in both versions, and one place in the store. */
static void one_text_is_one_subscription(void **state)
{
	struct rig *r = *state;
	struct shelf shelf = { 0 };

	r->config.store.put = shelf_put;
	r->config.store.remove = shelf_remove;
	r->config.store.context = &shelf;
	r->config.limits.subscriptions = 1;
	struct client *c = join_311(r, "c", false);
	hear(c);
	for (unsigned i = 0; i < 4; i++) {
		subscribe_to(c, "$share/g/t", 0);
		assert_int_equal(broker_figures(r->broker)->subscriptions, 1);
		assert_int_equal(shelf.count, 2);
		hang_up(c);
		c = i & 1 ? join_311(r, "c", false) : join_with(r, "c", false, "11 w100");
		hear(c);
	}
	say(c, "30 r s\"t\"");
	expect(c, "PUBLISH \"t\" q0 \"\"");
	hang_up(c);
	broker_again(r, &shelf);
	assert_int_equal(broker_figures(r->broker)->subscriptions, 1);
	hear(c = join_with(r, "c", false, "11 w100"));
	say(c, "A2 r m3 p{} s\"$share/g/t\" s\"$share/g/t\"");
	expect(c, "UNSUBACK id 3: 0x00, 0x11 No subscription existed");
	say(c, "E0 r 00 p{11 w0}");
	assert_int_equal(shelf.count, 0);
}

static void a_store_with_rubbish_is_refused_pair_by_pair(void **state)
{
	static const struct {
		const char *key, *value;
		size_t key_len, value_len;
	} pairs[] = {
		{ "", "", 0, 0 },
		{ "a", "", 1, 0 },
		{ "a\0\1c", "\5", 4, 1 },
		{ "b\0\1c#", "\5\0\0\0\0\0\0\0", 5, 8 },
		{ "d\0\0\0\0\0\0\0\1", "\1\0", 9, 2 },
		{ "e\0\1c\0\0\0\1", "", 8, 0 },
		{ "fr", "", 2, 0 },
		{ "z", "z", 1, 1 },
	};
	struct rig *r = *state;

	rig_start(r);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_false(broker_restore(r->broker,
			(struct mqtt_view){
				(const uint8_t *)pairs[i].key, (uint32_t)pairs[i].key_len },
			(struct mqtt_view){
				(const uint8_t *)pairs[i].value, (uint32_t)pairs[i].value_len }));
}

/* Authentication: "secret" is the password; "later" is decided later; "method" asks once more. */
static int auth_connect(void *context, const struct broker_client *client,
	const struct mqtt_connect *connect, struct broker_auth_answer *answer)
{
	(void)context;
	(void)client;
	if (mqtt_view_equal(connect->user_name, MQTT_VIEW("later")))
		return BROKER_AUTH_LATER;
	answer->reason = "no";
	return mqtt_view_equal(connect->password, MQTT_VIEW("secret"))
		? 0
		: MQTT_BAD_USER_NAME_OR_PASSWORD;
}

static int auth_step(void *context, const struct broker_client *client,
	const struct mqtt_connect *connect, bool again, struct mqtt_view method,
	struct mqtt_view data, struct broker_auth_answer *answer)
{
	(void)context;
	(void)client;
	if (!mqtt_view_equal(method, MQTT_VIEW("method")))
		return MQTT_BAD_AUTHENTICATION_METHOD;
	answer->data = MQTT_VIEW("what?");
	answer->user_name = MQTT_VIEW("proved");
	if (connect || mqtt_view_equal(data, MQTT_VIEW("more")))
		return BROKER_AUTH_CONTINUE;
	answer->data = MQTT_VIEW("welcome");
	if (mqtt_view_equal(data, MQTT_VIEW("right")))
		return 0;
	return again ? MQTT_BAD_AUTHENTICATION_METHOD : MQTT_NOT_AUTHORIZED;
}

static void credentials_are_judged_by_the_host(void **state)
{
	struct rig *r = *state;
	r->config.auth.connect = auth_connect;
	struct client *c = dial(r, MQTT_50);

	say(c, "10 r s\"MQTT\" 05 42 n0 p{} s\"c\" s\"wrong\"");
	expect(c, "CONNACK 0x86 Bad User Name or Password, Reason String \"no\"");
	expect_closed(c);
	c = dial(r, MQTT_311);
	say(c, "10 r s\"MQTT\" 04 C2 n0 s\"c\" s\"u\" s\"wrong\"");
	expect(c, "CONNACK 0x04 bad user name or password");
	expect_closed(c);
	c = dial(r, MQTT_311);
	say(c, "10 r s\"MQTT\" 04 C2 n0 s\"c\" s\"u\" s\"secret\"");
	expect(c, "CONNACK accepted");
	/* Later: what is sent meanwhile is kept, and has effect if the answer is yes. */
	for (int yes = 0; yes < 2; yes++) {
		c = dial(r, MQTT_311);
		say(c, "10 r s\"MQTT\" 04 C2 n0 s\"d\" s\"later\" s\"?\"");
		assert_false(link_wants_input(c->link));
		say(c, "C0 00");
		say(c, "C0");
		expect_silence(c);
		link_decide(c->link, yes ? 0 : MQTT_NOT_AUTHORIZED, NULL);
		expect(c, yes ? "CONNACK accepted" : "CONNACK 0x05 not authorized");
		if (yes) {
			expect(c, "PINGRESP");
			say(c, "00");
			expect(c, "PINGRESP");
			expect_silence(c);
		} else {
			expect_closed(c);
		}
	}
}

static struct client *join_proving(struct rig *r)
{
	struct client *c = dial(r, MQTT_50);

	say(c, "10 r s\"MQTT\" 05 02 n0 p{15 s\"method\"} s\"c\"");
	expect(c,
		"AUTH 0x18 Continue authentication, Authentication Method \"method\", "
		"Authentication Data "
		"\"what?\"");
	return c;
}

static void enhanced_authentication_goes_step_by_step(void **state)
{
	struct rig *r = *state;
	r->config.auth.step = auth_step;
	struct client *c = join_proving(r);

	say(c, "F0 r 18 p{15 s\"method\" 16 s\"more\"}");
	assert_memory_equal(hear(c), "AUTH 0x18", 9);
	say(c, "F0 r 18 p{15 s\"method\" 16 s\"right\"}");
	expect(c,
		"CONNACK success, Receive Maximum 1000, Topic Alias Maximum 64, Authentication "
		"Method "
		"\"method\", Authentication Data \"welcome\"");
	say(c, "F0 r 19 p{15 s\"method\" 16 s\"more\"}"); /* again, while traffic goes on */
	assert_memory_equal(hear(c), "AUTH 0x18", 9);
	say(c, "C0 00");
	expect(c, "PINGRESP");
	say(c, "F0 r 18 p{15 s\"method\" 16 s\"right\"}");
	assert_memory_equal(hear(c), "AUTH success", 12);
	say(c, "F0 r 19 p{15 s\"method\" 16 s\"wrong\"}");
	expect(c, "DISCONNECT 0x87 Not authorized, Reason String \"re-authentication failed\"");
	expect_closed(c);
	/* Refused midway: CONNACK, never DISCONNECT. [MQTT-4.12.0-4] */
	static const char *const wrong[] = { "F0 r 18 p{15 s\"method\" 16 s\"wrong\"}",
		"F0 r 18 p{15 s\"other\"}", "F0 r 19 p{15 s\"method\"}", "C0 00" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		c = join_proving(r);
		say(c, wrong[i]);
		assert_memory_equal(hear(c), i ? "CONNACK 0x82" : "CONNACK 0x87", 12);
		expect_closed(c);
	}
	c = join_proving(r);
	say(c, "E0 00");
	expect_closed(c);
	c = dial(r, MQTT_50);
	say(c, "10 r s\"MQTT\" 05 02 n0 p{15 s\"unknown\"} s\"c\"");
	expect(c, "CONNACK 0x8C Bad authentication method");
}

static uint8_t access_publish(void *context, const struct broker_client *client,
	struct mqtt_view topic, uint8_t qos, bool retain)
{
	(void)context;
	(void)client;
	(void)qos;
	(void)retain;
	return topic.data[0] == 'x' ? MQTT_NOT_AUTHORIZED : 0;
}

static uint8_t access_subscribe(
	void *context, const struct broker_client *client, struct mqtt_view filter, uint8_t qos)
{
	(void)context;
	assert_true(
		mqtt_view_equal(client->user_name, MQTT_VIEW("u")) || client->version == MQTT_50);
	if (filter.data[0] == 'x')
		return MQTT_NOT_AUTHORIZED;
	return qos < 1 ? qos : 1;
}

static bool access_deliver(
	void *context, const struct broker_client *client, struct mqtt_view topic)
{
	(void)context;
	return topic.data[0] != 'h' || mqtt_view_equal(client->client_id, MQTT_VIEW("five"));
}

static void what_is_allowed_is_judged_by_the_host(void **state)
{
	struct rig *r = *state;
	r->config.access =
		(struct broker_access){ NULL, access_publish, access_subscribe, access_deliver };
	struct client *c3 = dial(r, MQTT_311), *c5 = join(r, MQTT_50, "five");

	say(c3, "10 r s\"MQTT\" 04 82 n0 s\"three\" s\"u\"");
	expect(c3, "CONNACK accepted");
	say(c3, "82 r m1 s\"#\" 02 s\"x\" 00");
	expect(c3, "SUBACK id 1: 0x01, 0x80");
	say(c5, "82 r m1 p{} s\"#\" 02 s\"x\" 00");
	expect(c5, "SUBACK id 1: 0x01, 0x87 Not authorized");
	say(c3, "32 r s\"x\" m1");
	expect(c3, "PUBACK id 1");
	say(c5, "34 r s\"x\" m1 p{}");
	expect(c5, "PUBREC id 1 0x87 Not authorized, Reason String \"not allowed\"");
	say(c5, "30 r s\"x\" p{}");
	expect_silence(c3);
	say(c3, "31 r s\"hidden\" b\"1\"");
	expect(c5, "PUBLISH \"hidden\" q0 \"1\"");
	expect_silence(c3);
	say(c3, "82 r m1 s\"hidden\" 02");
	expect(c3, "SUBACK id 1: 0x01");
	expect_silence(c3);
	struct client *c = dial(r, MQTT_50);
	say(c, "10 r s\"MQTT\" 05 06 n0 p{} s\"w\" p{} s\"x\" s\"\"");
	assert_memory_equal(hear(c), "CONNACK 0x87", 12);
	expect_closed(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(all_that_is_durable_survives_the_broker),
		TEST(a_session_that_is_to_last_no_longer_leaves_the_store),
		TEST(one_text_is_one_subscription),
		TEST(a_store_with_rubbish_is_refused_pair_by_pair),
		TEST(credentials_are_judged_by_the_host),
		TEST(enhanced_authentication_goes_step_by_step),
		TEST(what_is_allowed_is_judged_by_the_host),
	};
	return cmocka_run_group_tests_name("broker_host", tests, NULL, NULL);
}
