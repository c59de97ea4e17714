/* What the host has a hand in: authentication, authorisation; the store is in broker_store.c. */
#include "tests/unit/broker_rig.h"

#include <string.h>

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

/* Rights that change: `forbidden` is what the user of that name may neither send nor get. */
struct ban {
	struct mqtt_view user_name;
	bool asked_offline; /* about a session without a connection */
	bool on;
};

static bool is_banned(struct ban *ban, const struct broker_client *client)
{
	ban->asked_offline |= !client->owner && mqtt_view_equal(client->user_name, ban->user_name);
	return ban->on && mqtt_view_equal(client->user_name, ban->user_name);
}

static uint8_t ban_publish(void *context, const struct broker_client *client,
	struct mqtt_view topic, uint8_t qos, bool retain)
{
	(void)topic, (void)qos, (void)retain;
	return is_banned(context, client) ? MQTT_NOT_AUTHORIZED : 0;
}

static bool ban_deliver(void *context, const struct broker_client *client, struct mqtt_view topic)
{
	(void)topic;
	return !is_banned(context, client);
}

static struct client *join_as(struct rig *r, const char *user, unsigned flags, const char *will)
{
	struct client *c = dial(r, MQTT_311);

	say(c, text(r, "10 r s\"MQTT\" 04 %02x n0 s\"c\" %s s\"%s\"", 0x80 | flags, will, user));
	assert_memory_equal(hear(c), "CONNACK accepted", 16);
	return c;
}

static void rights_lost_while_a_message_waits_count(void **state)
{
	struct rig *r = *state;
	struct ban ban = { .user_name = MQTT_VIEW("u") };
	r->config.limits.inflight = 1;
	r->config.access = (struct broker_access){ &ban, ban_publish, NULL, ban_deliver };
	struct client *pub = join(r, MQTT_311, "pub"), *c = join_as(r, "u", 0, "");

	say(c, "82 r m1 s\"t\" 01");
	expect(c, "SUBACK id 1: 0x01");
	say(pub, "32 r s\"t\" m1 b\"1\"");
	say(pub, "32 r s\"t\" m2 b\"2\"");
	expect(c, "PUBLISH \"t\" q1 id 1 \"1\"");
	expect_silence(c);
	ban.on = true; /* the second one waits */
	say(c, "40 r m1");
	expect_silence(c);
	ban.on = false;
	say(pub, "32 r s\"t\" m3 b\"3\"");
	expect(c, "PUBLISH \"t\" q1 id 2 \"3\"");
	/* What was sent and not acknowledged comes again to the same user only. */
	hang_up(c);
	assert_false(ban.asked_offline);
	say(pub, "32 r s\"t\" m4 b\"4\"");
	assert_true(ban.asked_offline); /* by the name of its latest connection */
	ban.user_name = MQTT_VIEW("v");
	ban.on = true;
	c = join_as(r, "v", 0, "");
	expect_silence(c);
	hang_up(c);
	c = join_as(r, "u", 0, "");
	expect_silence(c);
}

static void a_right_lost_keeps_a_will_from_being_published(void **state)
{
	struct rig *r = *state;
	struct ban ban = { .user_name = MQTT_VIEW("u") };
	r->config.access = (struct broker_access){ &ban, ban_publish, NULL, NULL };
	struct client *sub = join(r, MQTT_311, "sub");

	subscribe_to(sub, "w", 0);
	for (int on = 0; on < 2; on++) {
		ban.on = false;
		struct client *c = join_as(r, "u", 2 | 4, "s\"w\" s\"will\"");
		ban.on = on;
		hang_up(c);
		expect(sub, on ? "nothing" : "PUBLISH \"w\" q0 \"will\"");
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(credentials_are_judged_by_the_host),
		TEST(enhanced_authentication_goes_step_by_step),
		TEST(what_is_allowed_is_judged_by_the_host),
		TEST(rights_lost_while_a_message_waits_count),
		TEST(a_right_lost_keeps_a_will_from_being_published),
	};
	return cmocka_run_group_tests_name("broker_host", tests, NULL, NULL);
}
