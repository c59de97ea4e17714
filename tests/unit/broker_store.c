/* The store: what is in it, what it may refuse, and when it has to be committed. */
#include "tests/unit/broker_shelf.h"

#include <stdlib.h>
#include <string.h>

#define RESUMED "CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64"

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
	const struct shelf *shelf = shelf_of(r);

	r->config.wall_offset_ms = INT64_C(1700000000000);
	store_fill(r);
	shelf_kill(r);
	r->now_ms = 5000; /* another clock, 10 s later on the wall */
	r->config.wall_offset_ms += 1000000 + 10000 - 5000;
	shelf_restore(r);
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
	assert_int_equal(shelf->now.count, 1);
	assert_memory_equal(shelf->now.list[0].key.data, "fr/1", 4);
}

static void a_session_that_is_to_last_no_longer_leaves_the_store(void **state)
{
	struct rig *r = *state;
	const struct shelf *shelf = shelf_of(r);

	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");
	hear(c);
	subscribe_to(c, "t", 2);
	say(c, "34 r s\"x\" m9 p{}");
	say(pub, "32 r s\"t\" m1 p{} b\"open\"");
	hang_up(c);
	say(pub, "32 r s\"t\" m2 p{} b\"queued\"");
	assert_int_equal(shelf->now.count, 7);
	c = join_with(r, "c", false, "");
	expect(c, RESUMED);
	assert_int_equal(shelf->now.count, 0);
	/* What it still does is of this connection alone. */
	expect(c, "PUBLISH \"t\" q1 id 1 dup \"open\"");
	expect(c, "PUBLISH \"t\" q1 id 2 \"queued\"");
	say(c, "40 r m1");
	say(c, "62 r m9");
	expect(c, "PUBCOMP id 9");
	subscribe_to(c, "u", 1);
	say(c, "A2 r m3 p{} s\"t\"");
	hang_up(c);
	assert_int_equal(shelf->now.count, 0);
}

/* A share has the same meaning in both versions, and one place in the store. */
static void one_text_is_one_subscription(void **state)
{
	struct rig *r = *state;
	const struct shelf *shelf = shelf_of(r);

	r->config.limits.subscriptions = 1;
	struct client *c = join_311(r, "c", false);
	hear(c);
	for (unsigned i = 0; i < 4; i++) {
		subscribe_to(c, "$share/g/t", 0);
		assert_int_equal(broker_figures(r->broker)->subscriptions, 1);
		assert_int_equal(shelf->now.count, 2);
		hang_up(c);
		c = i & 1 ? join_311(r, "c", false) : join_with(r, "c", false, "11 w100");
		hear(c);
	}
	say(c, "30 r s\"t\"");
	expect(c, "PUBLISH \"t\" q0 \"\"");
	hang_up(c);
	rig_stop(r);
	shelf_restore(r);
	assert_int_equal(broker_figures(r->broker)->subscriptions, 1);
	hear(c = join_with(r, "c", false, "11 w100"));
	say(c, "A2 r m3 p{} s\"$share/g/t\" s\"$share/g/t\"");
	expect(c, "UNSUBACK id 3: 0x00, 0x11 No subscription existed");
	say(c, "E0 r 00 p{11 w0}");
	assert_int_equal(shelf->now.count, 0);
}

static void a_store_with_rubbish_is_refused_pair_by_pair(void **state)
{
	static const struct {
		const char *key, *value;
		size_t key_len, value_len;
	} pairs[] = {
		{ "", "", 0, 0 },
		{ "a", "", 1, 0 },
		{ "a\0\1c", "\1\5", 4, 2 },
		{ "b\0\1c#", "\1\5\0\0\0\0\0\0\0", 5, 9 },
		{ "d\0\0\0\0\0\0\0\1", "\1\1\0", 9, 3 },
		{ "e\0\1c\0\0\0\1", "\1", 8, 1 },
		{ "fr", "\1", 2, 1 },
		{ "z", "\1z", 1, 2 },
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

/* What a later version of the broker has written is not read as something else. */
static void a_pair_of_another_version_is_refused(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);

	store_fill(r);
	shelf_kill(r);
	rig_start(r);
	for (size_t i = 0; i < shelf->now.count; i++) {
		struct pair *p = &shelf->now.list[i];
		p->value.data[0]++;
		assert_false(broker_restore(r->broker, view_of(&p->key), view_of(&p->value)));
		p->value.data[0]--;
		assert_true(broker_restore(r->broker, view_of(&p->key), view_of(&p->value)));
	}
}

static void another_session_of_the_same_number_is_refused(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);

	hang_up(join_with(r, "c", true, "11 w100"));
	shelf_kill(r);
	rig_start(r);
	assert_int_equal(shelf->now.count, 1);
	struct pair *p = &shelf->now.list[0];
	assert_true(broker_restore(r->broker, view_of(&p->key), view_of(&p->value)));
	*(uint8_t *)memchr(p->value.data, 'c', p->value.len) = 'd';
	assert_false(broker_restore(r->broker, view_of(&p->key), view_of(&p->value)));
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
}

/* Of the session "c", as the host was asked about it. */
struct asked {
	char user_name[8];
	uint8_t realm;
	bool offline;
};

static bool note_asked(void *context, const struct broker_client *client, struct mqtt_view topic)
{
	struct asked *a = context;

	(void)topic;
	if (!mqtt_view_equal(client->client_id, MQTT_VIEW("c")))
		return true;
	assert_true(client->user_name.len < sizeof(a->user_name));
	memcpy(a->user_name, client->user_name.data, client->user_name.len);
	a->realm = client->realm;
	a->offline = !client->owner;
	return true;
}

static void a_session_is_known_by_its_user_after_a_restart(void **state)
{
	struct rig *r = *state;
	struct asked asked = { 0 };
	r->config.access = (struct broker_access){ &asked, NULL, NULL, note_asked };
	struct client *c = dial(r, MQTT_311);

	link_set_realm(c->link, 3);
	say(c, "10 r s\"MQTT\" 04 80 n0 s\"c\" s\"alice\"");
	expect(c, "CONNACK accepted");
	say(c, "82 r m1 s\"t\" 01");
	expect(c, "SUBACK id 1: 0x01");
	shelf_kill(r);
	shelf_restore(r);
	struct client *pub = join(r, MQTT_311, "pub");
	say(pub, "32 r s\"t\" m1 b\"1\"");
	assert_string_equal(asked.user_name, "alice");
	assert_int_equal(asked.realm, 3);
	assert_true(asked.offline);
}

/* Also after a restart a message is the share's, not the member's: unless the member may have it already.
 * [MQTT-4.8.2-5]
 */
static void a_share_gets_back_what_its_member_left(void **state)
{
	struct rig *r = *state;
	struct client *a = join_with(r, "a", true, "11 w100"), *pub = join(r, MQTT_50, "pub");

	hear(a);
	say(a, "82 r m1 p{0B v7} s\"$share/g/t/+\" 02");
	expect(a, "SUBACK id 1: 0x02");
	say(pub, "34 r s\"t/0\" m9 p{} b\"under way\"");
	hang_up(a);
	say(pub, "32 r s\"t/1\" m1 p{} b\"for one of them\"");
	expect(pub, "PUBREC id 9");
	expect(pub, "PUBACK id 1");
	shelf_kill(r);
	shelf_restore(r);
	struct client *b = join(r, MQTT_50, "b");
	subscribe_to(b, "$share/g/t/+", 1);
	expect_silence(b);
	hear(join(r, MQTT_50, "a")); /* a clean start ends what was */
	expect(b, "PUBLISH \"t/1\" q1 id 1 \"for one of them\"");
	expect_silence(b);
}

/* The member has the message as it was, Subscription Identifier and all, if it comes back itself. */
static void a_share_that_has_gone_leaves_the_message_to_its_member(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *a = join_with(r, "a", true, "11 w100"), *pub = join(r, MQTT_50, "pub");
	bool found;

	hear(a);
	say(a, "82 r m1 p{0B v7} s\"$share/g/t\" 01");
	expect(a, "SUBACK id 1: 0x01");
	hang_up(a);
	say(pub, "32 r s\"t\" m1 p{} b\"m\"");
	shelf_kill(r);
	size_t at = pair_find(&shelf->now, MQTT_VIEW("b\0\0\0\0\0\0\0\1$share/g/t"), &found);
	assert_true(found);
	pair_remove(&shelf->now, at);
	shelf_restore(r);
	a = join_with(r, "a", false, "11 w100");
	expect(a, RESUMED);
	expect(a, "PUBLISH \"t\" q1 id 1 \"m\", Subscription Identifier 7");
}

static void nothing_is_written_before_it_is_committed(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");

	hear(c);
	subscribe_to(c, "t", 2);
	shelf->stuck = true;
	say(pub, "34 r s\"t\" m1 p{} b\"m\"");
	assert_false(pairs_equal(&shelf->now, &shelf->committed));
	assert_int_equal(broker_due(r->broker), r->now_ms + 100);
	wait_ms(r, 1000); /* the commit is tried again and again */
	expect_silence(pub);
	expect_silence(c);
	say(pub, "C0 00");
	expect_silence(pub);
	assert_true(broker_figures(r->broker)->store_failures > 5);
	shelf->stuck = false;
	wait_ms(r, 100);
	assert_true(pairs_equal(&shelf->now, &shelf->committed));
	expect(c, "PUBLISH \"t\" q2 id 1 \"m\"");
	expect(pub, "PUBREC id 1");
	expect(pub, "PINGRESP");
	assert_int_equal(broker_due(r->broker), INT64_MAX);
}

/* Who is not told of what is not stored does not wait for it; and who is, is not read from, or answers would
 * pile up.
 */
static void a_commit_that_fails_holds_nobody_else(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = dial(r, MQTT_50);
	struct client *other = join(r, MQTT_50, "other"), *n = join(r, MQTT_50, "n");

	say(pub, "10 r s\"MQTT\" 05 02 n10 p{} s\"pub\"");
	hear(c), hear(pub);
	subscribe_to(c, "t", 1);
	subscribe_to(n, "#", 2);
	say(other, "34 r s\"x\" m9 p{}");
	expect(other, "PUBREC id 9");
	expect(n, "PUBLISH \"x\" q2 id 1 \"\"");
	shelf->stuck = true;
	say(pub, "32 r s\"t\" m1 p{} b\"m\"");
	shelf->full = true; /* as a store is that cannot be committed */
	assert_false(link_wants_input(pub->link));
	assert_true(link_wants_input(other->link));
	expect(n, "PUBLISH \"t\" q1 id 2 \"m\"");
	expect(c, "PUBLISH \"t\" q1 id 1 \"m\""); /* it may come twice */
	say(c, "40 r m1");
	say(other, "30 r s\"t\" p{} b\"0\"");
	expect(n, "PUBLISH \"t\" q0 \"0\"");
	expect(c, "PUBLISH \"t\" q0 \"0\"");
	say(other, "32 r s\"t\" m1 p{} b\"1\"");
	expect(other, "PUBACK id 1 0x97 Quota exceeded, Reason String \"no room for it\"");
	say(other, "32 r s\"x\" m1 p{} b\"1\""); /* for nobody whom the store has to know of */
	expect(other, "PUBACK id 1");
	expect(n, "PUBLISH \"x\" q1 id 3 \"1\"");
	struct client *late = join(r, MQTT_50, "late");
	say(late, "30 r s\"x\" p{}");
	expect(n, "PUBLISH \"x\" q0 \"\"");
	wait_ms(r,
		60000); /* its Keep Alive is over: but nobody can tell whether it has sent something */
	expect_silence(pub);
	shelf->stuck = shelf->full = false;
	wait_ms(r, 100);
	expect(pub, "PUBACK id 1");
	assert_true(link_wants_input(pub->link));
	assert_true(pairs_equal(&shelf->now, &shelf->committed));
}

/* An answer that lets the client forget what the store has yet to forget. */
static void what_is_forgotten_is_committed_before_the_answer(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"),
		      *d = join_with(r, "d", true, "11 w9");

	hear(c), hear(d);
	hang_up(d);
	subscribe_to(c, "t", 1);
	say(c, "34 r s\"x\" m9 p{}");
	hear(c);
	shelf->stuck = true;
	say(c, "62 r m9");
	expect_silence(c);
	shelf->stuck = false;
	wait_ms(r, 100);
	expect(c, "PUBCOMP id 9");
	shelf->stuck = true;
	say(c, "A2 r m1 p{} s\"t\"");
	d = dial(r, MQTT_50);
	say(d, "10 r s\"MQTT\" 05 02 n0 p{} s\"d\""); /* a clean start, of a session that does not last */
	expect_silence(c);
	expect_silence(d);
	shelf->stuck = false;
	wait_ms(r, 100);
	expect(c, "UNSUBACK id 1: 0x00");
	assert_memory_equal(hear(d), "CONNACK success", 15);
}

/* Links end in time even so; what the store is behind of does not leave with them. */
static void a_commit_that_fails_keeps_no_link_open(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");
	struct client *idle = join(r, MQTT_50, "idle"), *other = join(r, MQTT_50, "other");

	hear(c);
	subscribe_to(c, "t", 1);
	shelf->stuck = true;
	say(pub, "32 r s\"t\" m1 p{} b\"m\"");
	say(idle, "C0 00");
	assert_true(broker_kick(r->broker, MQTT_VIEW("pub")));
	say(other, "C0 00");
	expect(idle, "PINGRESP"); /* they were told nothing that is not stored */
	expect(other, "PINGRESP");
	wait_ms(r, 4999);
	assert_non_null(pub->link);
	wait_ms(r, 1);
	expect_closed(pub); /* without the PUBACK */
	shelf->stuck = false;
	wait_ms(r, 100);
	expect(c, "PUBLISH \"t\" q1 id 1 \"m\"");
}

/* ---- what happens to the time, and to Wills, over several ends ------------------------------ */

static void crash(struct rig *r, unsigned down_ms)
{
	shelf_kill(r);
	r->now_ms += down_ms;
	shelf_restore(r);
	wait_ms(r, 0);
}

/* The session counts from the first end, not from each. [MQTT-3.1.2-23] */
static void expiry_goes_on_through_crashes(void **state)
{
	struct rig *r = *state;
	struct client *c = dial(r, MQTT_50);

	say(c, "10 r s\"MQTT\" 05 0E n0 p{11 w3} s\"c\" p{18 w2} s\"will\" s\"gone\"");
	assert_memory_equal(hear(c), "CONNACK success", 15);
	struct client *kept = join_with(r, "kept", true, "11 w100");
	hear(kept);
	subscribe_to(kept, "will", 1);
	for (unsigned i = 0; i < 3; i++)
		crash(r, 500);
	wait_ms(r, 400);
	assert_int_equal(broker_figures(r->broker)->sessions, 2);
	wait_ms(r, 600); /* 2 s since the first start */
	crash(r, 0);
	kept = join_with(r, "kept", false, "11 w100");
	expect(kept, RESUMED);
	expect(kept, "PUBLISH \"will\" q1 id 1 \"gone\"");
}

/* The last broker is known to have ended by a certain time: the time from then on counts. */
static void the_time_during_which_there_was_no_broker_counts(void **state)
{
	struct rig *r = *state;
	struct client *c = join_with(r, "c", true, "11 w60");

	hear(c);
	hear(join_with(r, "d", true, "11 w300"));
	r->config.ended_wall_ms = r->config.wall_offset_ms + r->now_ms + 10000;
	crash(r, 71000);
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
	r->config.ended_wall_ms = r->config.wall_offset_ms + r->now_ms + 10000;
	crash(r, 238000);
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
	crash(r, 2000);
	assert_int_equal(broker_figures(r->broker)->sessions, 0);
	assert_int_equal(shelf_of(r)->committed.count, 0);
}

static void a_will_outlives_the_broker_even_if_its_session_does_not(void **state)
{
	static const char willing[] =
		"10 r s\"MQTT\" 05 16 n0 p{} s\"%s\" p{18 w9} s\"will\" s\"%s\"";
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *kept = join_with(r, "kept", true, "11 w100");

	hear(kept);
	subscribe_to(kept, "will", 2);
	for (unsigned i = 0; i < 3; i++) {
		struct client *c = dial(r, MQTT_50);
		say(c,
			text(r, willing, i ? i == 1 ? "b" : "c" : "a",
				i ? i == 1 ? "b" : "c" : "a"));
		assert_memory_equal(hear(c), "CONNACK success", 15);
		if (i == 1)
			say(c, "E0 00"); /* it says goodbye: no Will */
		if (i == 2)
			hang_up(c);
	}
	hear(kept); /* "c" */
	say(kept, "50 r m1");
	hear(kept);
	say(kept, "70 r m1");
	assert_int_equal(shelf->now.count, 3); /* "kept", its subscription, "a" */
	for (unsigned i = 0; i < 3; i++)
		crash(r, 100);
	hear(kept = join_with(r, "kept", false, "11 w100"));
	assert_memory_equal(hear(kept), "PUBLISH \"will\" q2 id ", 21);
	expect_silence(kept);
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
}

/* Nothing of what it had may come to whoever has its identifier later, share or not, however often the broker
 * ends.
 */
static void what_no_longer_lasts_does_not_come_back(void **state)
{
	struct rig *r = *state;
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");

	hear(c);
	subscribe_to(c, "t", 2);
	say(c, "82 r m1 p{} s\"$share/g/u/+\" 01");
	hear(c);
	hang_up(c);
	say(pub, "32 r s\"u/1\" m1 p{} b\"1\"");
	say(pub, "34 r s\"t\" m2 p{} b\"2\"");
	c = dial(r, MQTT_50); /* no Clean Start, no expiry, and a Will */
	say(c, "10 r s\"MQTT\" 05 04 n0 p{} s\"c\" p{} s\"will\" s\"gone\"");
	expect(c, RESUMED);
	hear(c), hear(c);
	subscribe_to(c, "v", 1);
	for (unsigned i = 0; i < 3; i++) {
		crash(r, 0);
		assert_int_equal(broker_figures(r->broker)->subscriptions, 0);
		c = join_with(r, "c", false, "11 w100");
		assert_null(strstr(hear(c), "session present"));
		pub = join(r, MQTT_50, text(r, "pub%u", i));
		say(pub, "32 r s\"u/1\" m1 p{} b\"1\"");
		say(pub, "32 r s\"t\" m2 p{} b\"2\"");
		say(pub, "32 r s\"v\" m3 p{} b\"3\"");
		expect_silence(c);
		say(c, "E0 r 00 p{11 w0}");
	}
	assert_int_equal(shelf_of(r)->now.count, 0);
}

/* What is left of a session that is not there belongs to nobody, and goes. */
static void what_belongs_to_nothing_is_removed(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");
	bool found;

	hear(c);
	subscribe_to(c, "t", 2);
	say(c, "34 r s\"x\" m9 p{}");
	say(pub, "32 r s\"t\" m1 p{} b\"1\"");
	shelf_kill(r);
	pair_remove(&shelf->now, pair_find(&shelf->now, MQTT_VIEW("a\0\0\0\0\0\0\0\1"), &found));
	assert_true(found);
	assert_int_equal(shelf->now.count, 4);
	pairs_copy(&shelf->committed, &shelf->now);
	shelf_restore(r);
	c = join_with(r, "c", false, "11 w100");
	assert_null(strstr(hear(c), "session present"));
	assert_int_equal(shelf->committed.count, 1);
	assert_int_equal(shelf->now.list[0].key.data[8], 2);
}

/* The answers of each wait for their own commit, and nobody is kept from going on. */
static void what_comes_during_a_commit_waits_for_the_next(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);

	shelf_slow_down(r, true);
	struct client *sub = join_with(r, "sub", true, "11 w100"), *pub = join(r, MQTT_50, "pub");
	expect_silence(sub);
	shelf_end(r);
	expect(sub, "CONNACK success, Receive Maximum 1000, Topic Alias Maximum 64");
	say(sub, "82 r m1 p{} s\"t\" 01");
	say(sub, "C0 00"); /* its answer comes after that of the SUBSCRIBE */
	shelf_end(r);
	expect(sub, "SUBACK id 1: 0x01");
	expect(sub, "PINGRESP");
	hang_up(sub);
	shelf_end(r);
	say(pub, "32 r s\"t\" m1 p{} b\"1\"");
	assert_true(link_wants_input(pub->link));
	say(pub, "32 r s\"t\" m2 p{} b\"2\"");
	say(pub, "32 r s\"t\" m3 p{} b\"3\"");
	expect_silence(pub);
	shelf_end(r);
	expect(pub, "PUBACK id 1");
	expect_silence(pub);
	say(pub, "32 r s\"t\" m4 p{} b\"4\"");
	/* 2 and 3 fail, and are tried again together with 4. */
	shelf->stuck = true;
	shelf_end(r);
	expect_silence(pub);
	assert_false(link_wants_input(pub->link));
	shelf->stuck = false;
	wait_ms(r, 200);
	expect_silence(pub);
	shelf_end(r);
	for (unsigned i = 2; i <= 4; i++)
		expect(pub, text(r, "PUBACK id %u", i));
	assert_true(link_wants_input(pub->link));
	/* One that goes while it waits is no trouble. */
	say(pub, "32 r s\"t\" m5 p{} b\"5\"");
	say(pub, "32 r s\"t\" m6 p{} b\"6\"");
	hang_up(pub);
	shelf_end(r);
	shelf_end(r);
	assert_int_equal(broker_figures(r->broker)->links, 0);
	assert_int_equal(shelf->committed.count, 14);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_set_up, shelf_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(all_that_is_durable_survives_the_broker),
		TEST(a_session_that_is_to_last_no_longer_leaves_the_store),
		TEST(one_text_is_one_subscription),
		TEST(a_store_with_rubbish_is_refused_pair_by_pair),
		TEST(a_pair_of_another_version_is_refused),
		TEST(another_session_of_the_same_number_is_refused),
		TEST(a_session_is_known_by_its_user_after_a_restart),
		TEST(a_share_gets_back_what_its_member_left),
		TEST(a_share_that_has_gone_leaves_the_message_to_its_member),
		TEST(nothing_is_written_before_it_is_committed),
		TEST(what_comes_during_a_commit_waits_for_the_next),
		TEST(a_commit_that_fails_keeps_no_link_open),
		TEST(a_commit_that_fails_holds_nobody_else),
		TEST(what_is_forgotten_is_committed_before_the_answer),
		TEST(expiry_goes_on_through_crashes),
		TEST(the_time_during_which_there_was_no_broker_counts),
		TEST(a_will_outlives_the_broker_even_if_its_session_does_not),
		TEST(what_no_longer_lasts_does_not_come_back),
		TEST(what_belongs_to_nothing_is_removed),
	};
	return cmocka_run_group_tests_name("broker_store", tests, NULL, NULL);
}
