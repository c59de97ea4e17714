/* A store that has no room for more: what is refused, what waits, and what goes on. */
#include "tests/unit/broker_shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESUMED "CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64"
#define NO_ROOM "0x97 Quota exceeded, Reason String \"no room for it\""

static void crash(struct rig *r)
{
	shelf_kill(r);
	shelf_restore(r);
	wait_ms(r, 0);
}

/* The broker hears of it, as opposed to rig_stop. */
static void rig_hang_up_all(struct rig *r)
{
	for (unsigned i = 0; i < r->client_count; i++)
		hang_up(&r->clients[i]);
}

/* Of what is refused nobody has got anything; QoS 0 goes on. */
static void what_a_full_store_has_no_room_for_is_refused(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *n = join(r, MQTT_50, "n");
	struct client *z = join(r, MQTT_311, "z"), *p5 = join(r, MQTT_50, "p5");

	hear(c);
	subscribe_to(c, "t", 2);
	hang_up(c);
	subscribe_to(n, "t", 2);
	subscribe_to(z, "t", 0);
	shelf->full = true;
	for (unsigned qos = 1; qos <= 2; qos++) {
		say(p5, text(r, "3%u r s\"t\" m5 p{} b\"5\"", qos * 2));
		expect(p5, text(r, "%s id 5 " NO_ROOM, qos == 1 ? "PUBACK" : "PUBREC"));
	}
	say(p5, "30 r s\"t\" p{} b\"0\"");
	expect(n, "PUBLISH \"t\" q0 \"0\"");
	expect(z, "PUBLISH \"t\" q0 \"0\"");
	expect_silence(n);
	expect_silence(z);
	shelf->full = false;
	hear(c = join_with(r, "c", false, "11 w100"));
	expect_silence(c);
}

/* ---- those who cannot be told -------------------------------------------------------------- */

/* 3.1.1 has no word for it: they wait, in their order, and nobody else does. Nobody gets anything twice. */
static void who_cannot_be_refused_waits(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *n = join(r, MQTT_50, "n");
	struct client *z = join(r, MQTT_311, "z"), *p = join_311(r, "p", false);

	hear(c), hear(p);
	subscribe_to(c, "t", 2);
	hang_up(c);
	subscribe_to(n, "t", 2);
	subscribe_to(z, "t", 0);
	uint64_t before = broker_figures(r->broker)->messages_received;
	shelf->full = true;
	say(p, "32 r s\"t\" m1 b\"1\"");
	say(p, "34 r s\"t\" m2 b\"2\"");
	say(p, "30 r s\"t\" b\"0\"");
	say(p, "33 r s\"t\" m3 b\"3\"");
	say(p, "C0 00");
	expect(p, "PINGRESP");
	expect(n, "PUBLISH \"t\" q0 \"0\"");
	expect(z, "PUBLISH \"t\" q0 \"0\"");
	wait_ms(r, 3500);
	expect_silence(p);
	expect_silence(n);
	expect_silence(z);
	assert_int_equal(broker_figures(r->broker)->messages_received, before + 1);
	shelf->full = false;
	wait_ms(r, 1000);
	expect(p, "PUBACK id 1");
	expect(p, "PUBREC id 2");
	expect(p, "PUBACK id 3");
	for (unsigned i = 1; i <= 3; i++) {
		expect(n, text(r, "PUBLISH \"t\" q%u id %u \"%u\"", i == 2 ? 2 : 1, i, i));
		expect(z, text(r, "PUBLISH \"t\" q0 \"%u\"", i));
	}
	say(p, "62 r m2");
	expect(p, "PUBCOMP id 2");
	assert_int_equal(broker_figures(r->broker)->messages_received, before + 4);
	assert_int_equal(broker_figures(r->broker)->messages_dropped, 1); /* "0" to c */
	crash(r);
	hear(c = join_with(r, "c", false, "11 w100"));
	for (unsigned i = 1; i <= 3; i++)
		expect(c, text(r, "PUBLISH \"t\" q%u id %u \"%u\"", i == 2 ? 2 : 1, i, i));
	struct client *late = join(r, MQTT_50, "late");
	subscribe_to(late, "t", 0);
	expect(late, "PUBLISH \"t\" q0 retain \"3\"");
}

/* [MQTT-3.3.1-7] of 3.1.1: the older one is no longer retained, not even after a restart. */
static void a_retained_message_without_room_takes_the_older_one_with_it(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *p = join(r, MQTT_50, "p");

	say(p, "33 r s\"t\" m1 p{} b\"1\"");
	expect(p, "PUBACK id 1 0x10 No matching subscribers");
	shelf->full = true;
	say(p, "31 r s\"t\" p{} b\"2\"");
	shelf->full = false;
	struct client *c = join(r, MQTT_50, "c");
	subscribe_to(c, "t", 0);
	expect(c, "PUBLISH \"t\" q0 retain \"2\"");
	rig_stop(r);
	shelf_restore(r);
	c = join(r, MQTT_50, "c");
	subscribe_to(c, "t", 0);
	expect_silence(c);
}

/* The first for which there is room does not wait for the next, and stays the first. */
static void what_waits_goes_on_one_after_the_other(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *p = join_311(r, "p", true);

	hear(c), hear(p);
	subscribe_to(c, "t", 1);
	shelf->full = true;
	for (unsigned i = 1; i <= 3; i++)
		say(p, text(r, "32 r s\"t\" m%u b\"%u\"", i, i));
	for (unsigned i = 1; i <= 3; i++) {
		shelf->full = false;
		shelf->fails_at = 3; /* message and delivery, and then the next message */
		wait_ms(r, 1000);
		shelf->fails_at = 0;
		shelf->full = true;
		expect(p, text(r, "PUBACK id %u", i));
		expect_silence(p);
		expect(c, text(r, "PUBLISH \"t\" q1 id %u \"%u\"", i, i));
		expect_silence(c);
	}
}

static void who_has_waited_may_wait_again(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *p = join_311(r, "p", true);

	hear(c), hear(p);
	subscribe_to(c, "t", 1);
	for (unsigned i = 1; i <= 3; i++) {
		shelf->full = true;
		say(p, text(r, "32 r s\"t\" m%u b\"%u\"", i, i));
		expect_silence(p);
		shelf->full = false;
		wait_ms(r, 1000);
		expect(p, text(r, "PUBACK id %u", i));
		expect(c, text(r, "PUBLISH \"t\" q1 id %u \"%u\"", i, i));
	}
}

/* There may be room again before what waits is tried again: nothing overtakes it. */
static void nothing_overtakes_what_waits(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *p = join_311(r, "p", true);

	hear(c), hear(p);
	subscribe_to(c, "t", 1);
	shelf->full = true;
	say(p, "32 r s\"t\" m1 b\"1\"");
	shelf->full = false;
	say(p, "32 r s\"t\" m2 b\"2\"");
	expect_silence(p);
	wait_ms(r, 1000);
	for (unsigned i = 1; i <= 2; i++) {
		expect(p, text(r, "PUBACK id %u", i));
		expect(c, text(r, "PUBLISH \"t\" q1 id %u \"%u\"", i, i));
	}
}

/* Else two who fill each other's queues would wait for ever. */
static void who_waits_may_make_room(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *p = join_311(r, "p", false);

	hear(p);
	subscribe_to(p, "t", 1);
	say(p, "32 r s\"t\" m1 b\"1\"");
	expect(p, "PUBLISH \"t\" q1 id 1 \"1\"");
	expect(p, "PUBACK id 1");
	assert_int_equal(shelf->now.count, 4);
	shelf->full = true;
	say(p, "32 r s\"t\" m2 b\"2\"");
	say(p, "40 r m1");
	expect_silence(p);
	assert_int_equal(shelf->now.count, 2);
	shelf->full = false;
	wait_ms(r, 1000);
	expect(p, "PUBLISH \"t\" q1 id 2 \"2\"");
	expect(p, "PUBACK id 2");
}

/* Beyond that nothing more is read of it, which is not held against it. */
static void little_waits(void **state)
{
	enum { EACH = 10000, COUNT = 10 };
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"), *p = dial(r, MQTT_311);
	char *body = calloc(1, EACH + 1);

	hear(c);
	subscribe_to(c, "t", 1);
	hang_up(c);
	say(p, "10 r s\"MQTT\" 04 02 n10 s\"p\"");
	expect(p, "CONNACK accepted");
	memset(body, 'x', EACH);
	shelf->full = true;
	uint64_t before = broker_figures(r->broker)->memory_bytes;
	for (unsigned i = 1; i <= 6; i++)
		say(p, text(r, "32 r s\"t\" m%u b\"%s\"", i, body));
	assert_true(link_wants_input(p->link));
	say(p, text(r, "32 r s\"t\" m7 b\"%s\"", body));
	assert_false(link_wants_input(p->link));
	assert_true(broker_figures(r->broker)->memory_bytes < before + 3 * 70000);
	say(p, text(r, "32 r s\"t\" m8 b\"%s\"", body)); /* was under way */
	say(p, "C0 00");
	wait_ms(r, 60000);
	expect_silence(p);
	assert_non_null(p->link);
	shelf->full = false;
	wait_ms(r, 1000);
	for (unsigned i = 1; i <= 8; i++)
		expect(p, text(r, "PUBACK id %u", i));
	expect(p, "PINGRESP");
	assert_true(link_wants_input(p->link));
	wait_ms(r, 14900); /* from now on its Keep Alive counts again */
	assert_non_null(p->link);
	wait_ms(r, 200);
	expect_closed(p);
	free(body);
}

/* However it ends, what has waited was never published, and nothing is left of it. */
static void who_waits_may_end(void **state)
{
	static const char willing[] = "10 r s\"MQTT\" 04 %s n0 s\"p\" s\"will\" s\"gone\"";
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w1000"), *n = join(r, MQTT_311, "n");

	hear(c);
	subscribe_to(c, "t", 1);
	subscribe_to(n, "will", 0);
	uint64_t before = 0;
	for (unsigned i = 0; i < 6; i++) {
		struct client *p = dial(r, MQTT_311);
		say(p, text(r, willing, "06"));
		expect(p, "CONNACK accepted");
		shelf->full = true;
		say(p, "32 r s\"t\" m1 b\"1\"");
		struct client *other = NULL;
		if (i % 3 == 0)
			hang_up(p);
		else if (i % 3 == 1)
			say(p, "E0 00");
		else
			other = join_311(r, "p", true);
		if (other)
			expect(other, "CONNACK accepted");
		if (i % 3 != 1)
			expect(n, "PUBLISH \"will\" q0 \"gone\"");
		if (other)
			hang_up(other);
		shelf->full = false;
		wait_ms(r, 10000);
		expect_silence(n);
		expect_silence(c);
		if (i == 2)
			before = broker_figures(r->broker)->memory_bytes;
	}
	assert_int_equal(broker_figures(r->broker)->memory_bytes, before);
	assert_int_equal(broker_figures(r->broker)->links, 2);
	struct client *p = join_311(r, "p", true);
	hear(p);
	shelf->full = true;
	say(p, "34 r s\"t\" m1 b\"1\"");
	broker_shutdown(r->broker);
	wait_ms(r, 5000);
	expect_closed(p);
}

/* Whichever of its pairs the store has no room for: it is refused, and there is nothing of it. */
static void a_message_is_stored_as_a_whole_or_not_at_all(void **state)
{
	enum { PUTS = 6 }; /* identifier, message, deliveries to c, d and the share, retained */
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w100"),
		      *d = join_with(r, "d", true, "11 w100");
	struct client *pub = join_with(r, "pub", true, "11 w100"), *n = join(r, MQTT_50, "n");
	struct pairs *before = calloc(1, sizeof(*before));

	hear(c), hear(d), hear(pub);
	subscribe_to(c, "t", 2);
	subscribe_to(d, "t", 1);
	hang_up(d);
	say(c, "82 r m1 p{} s\"$share/g/t\" 02");
	hear(c);
	subscribe_to(n, "t", 2);
	say(pub, "31 r s\"t\" p{} b\"older\"");
	hear(c), hear(c), hear(n);
	pairs_copy(before, &shelf->now);
	for (unsigned i = 1; i <= PUTS; i++) {
		shelf->fails_at = i;
		say(pub, "35 r s\"t\" m9 p{} b\"newer\"");
		assert_int_equal(shelf->fails_at, 0);
		expect(pub, "PUBREC id 9 " NO_ROOM);
		expect_silence(c);
		expect_silence(n);
		assert_true(pairs_equal(before, &shelf->now));
	}
	struct client *late = join(r, MQTT_50, "late");
	subscribe_to(late, "t", 0);
	expect(late, "PUBLISH \"t\" q0 retain \"older\"");
	hang_up(late);
	shelf->fails_at = PUTS + 2; /* one tells that the second for c is on its way, too */
	say(pub, "35 r s\"t\" m9 p{} b\"newer\"");
	assert_int_equal(shelf->fails_at, 1);
	shelf->fails_at = 0;
	expect(pub, "PUBREC id 9");
	expect(c, "PUBLISH \"t\" q2 id 1 \"newer\"");
	expect(c, "PUBLISH \"t\" q2 id 2 \"newer\"");
	expect(n, "PUBLISH \"t\" q2 id 1 \"newer\"");
	hear(d = join_with(r, "d", false, "11 w100"));
	expect(d, "PUBLISH \"t\" q1 id 1 \"newer\"");
	pairs_clear(before);
	free(before);
}

static void a_full_store_takes_no_session_and_no_subscription(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c5 = join_with(r, "c5", true, "11 w100"), *c3 = join_311(r, "c3", false);
	struct client *watcher = join(r, MQTT_50, "watcher");

	hear(c5), hear(c3);
	subscribe_to(watcher, "will", 0);
	subscribe_to(c5, "t", 1);
	shelf->full = true;
	say(c5, "82 r m1 p{} s\"u\" 01 s\"t\" 00");
	expect(c5, "SUBACK id 1: 0x97 Quota exceeded, 0x97 Quota exceeded");
	say(c3, "82 r m1 s\"u\" 01");
	expect(c3, "SUBACK id 1: 0x80");
	assert_int_equal(broker_figures(r->broker)->subscriptions, 2);
	say(watcher, "32 r s\"u\" m1 p{} b\"m\"");
	expect(watcher, "PUBACK id 1 0x10 No matching subscribers");
	struct client *new = dial(r, MQTT_50);
	say(new, "10 r s\"MQTT\" 05 06 n0 p{11 w100} s\"new\" p{} s\"will\" s\"gone\"");
	expect(new, "CONNACK 0x97 Quota exceeded, Reason String \"no room for the session\"");
	expect_closed(new);
	expect_silence(watcher); /* it never had a Will */
	new = join_311(r, "new", false);
	expect(new, "CONNACK 0x03 server unavailable");
	expect_closed(new);
	hear(new = join(r, MQTT_50, "new")); /* this one lasts no longer than its connection */
	assert_int_equal(broker_figures(r->broker)->sessions, 4);
	hang_up(c5);
	shelf->full = false;
	hear(c5 = join_with(r, "c5", false, "11 w100"));
	say(watcher, "32 r s\"t\" m1 p{} b\"m\"");
	expect(c5, "PUBLISH \"t\" q1 id 1 \"m\"");
}

/* At QoS 2 the store has to know before the client does. */
static void no_step_of_qos_2_is_ahead_of_the_store(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	r->config.limits.inflight = 1;
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");

	hear(c);
	subscribe_to(c, "t", 2);
	say(pub, "32 r s\"t\" m1 p{} b\"1\"");
	say(pub, "34 r s\"t\" m2 p{} b\"2\"");
	say(pub, "32 r s\"t\" m3 p{} b\"3\"");
	expect(c, "PUBLISH \"t\" q1 id 1 \"1\"");
	shelf->full = true;
	say(c, "40 r m1");
	expect_silence(c);
	shelf->full = false;
	wait_ms(r, 1000);
	expect(c, "PUBLISH \"t\" q2 id 2 \"2\"");
	shelf->full = true;
	say(c, "50 r m2"); /* the PUBREL would make the client forget */
	wait_ms(r, 1500);
	expect_silence(c);
	shelf->full = false;
	wait_ms(r, 1000);
	expect(c, "PUBREL id 2");
	shelf_kill(r);
	shelf_restore(r);
	hear(c = join_with(r, "c", false, "11 w100"));
	expect(c, "PUBREL id 2");
	say(c, "70 r m2");
	expect(c, "PUBLISH \"t\" q1 id 3 \"3\"");
	say(c, "40 r m3");
	pub = join(r, MQTT_50, "pub");
	say(pub, "34 r s\"t\" m2 p{} b\"2\"");
	say(pub, "32 r s\"t\" m3 p{} b\"3\"");
	expect(c, "PUBLISH \"t\" q2 id 4 \"2\"");
	shelf->full = true;
	say(c, "50 r m4");
	hang_up(c); /* and the store never learns of it */
	wait_ms(r, 2000);
	shelf->full = false;
	hear(c = join_with(r, "c", false, "11 w100"));
	expect(c, "PUBLISH \"t\" q2 id 4 dup \"2\"");
	say(c, "50 r m4");
	expect(c, "PUBREL id 4");
	shelf->full = true;
	say(c, "70 r m4"); /* QoS 1 may come twice after a restart: it does not wait */
	expect(c, "PUBLISH \"t\" q1 id 5 \"3\"");
	shelf->full = false;
	shelf_kill(r);
	shelf_restore(r);
	hear(c = join_with(r, "c", false, "11 w100"));
	expect(c, "PUBLISH \"t\" q1 id 1 \"3\"");
	expect_silence(c);
}

/* One that went out while the store was full is found between its neighbours. */
static void identifiers_stay_in_order(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	r->config.limits.inflight = 2;
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_50, "pub");

	hear(c);
	subscribe_to(c, "t", 1);
	for (unsigned i = 1; i <= 5; i++)
		say(pub, text(r, "32 r s\"t\" m%u p{} b\"%u\"", i, i));
	expect(c, "PUBLISH \"t\" q1 id 1 \"1\"");
	expect(c, "PUBLISH \"t\" q1 id 2 \"2\"");
	shelf->full = true;
	say(c, "40 r m1");
	expect(c, "PUBLISH \"t\" q1 id 3 \"3\"");
	shelf->full = false;
	say(c, "40 r m2");
	expect(c, "PUBLISH \"t\" q1 id 4 \"4\"");
	for (unsigned i = 0; i < 2; i++) {
		shelf_kill(r);
		shelf_restore(r);
		c = join_with(r, "c", false, "11 w100");
		expect(c, RESUMED);
		expect(c, "PUBLISH \"t\" q1 id 3 dup \"3\"");
		expect(c, "PUBLISH \"t\" q1 id 4 dup \"4\"");
		expect_silence(c);
	}
	say(c, "40 r m3");
	expect(c, "PUBLISH \"t\" q1 id 5 \"5\"");
}

/* ---- Wills, and what a share is given back -------------------------------------------------- */

/* A Will, as a publisher that is not there, waits: it comes once, whatever becomes of the broker meanwhile. */
static void a_will_waits_until_it_can_be_stored(void **state)
{
	enum { ENDS = 6 };
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w1000");

	hear(c);
	subscribe_to(c, "will/#", 2);
	hang_up(c);
	for (unsigned i = 0; i < ENDS; i++) {
		struct client *n = join(r, MQTT_50, "n"), *w = dial(r, MQTT_50);
		const char *expiry = i & 1 ? "11 w200" : "";
		subscribe_to(n, text(r, "will/%u", i), 1);
		say(w,
			text(r, "10 r s\"MQTT\" 05 36 n0 p{%s} s\"w\" p{} s\"will/%u\" s\"gone\"",
				expiry, i));
		assert_memory_equal(hear(w), "CONNACK success", 15);
		shelf->full = true;
		hang_up(w);
		wait_ms(r, 3000);
		expect_silence(n); /* or it would get it twice if the broker ended now */
		if (i / 2 == 1)
			crash(r);
		shelf->full = false;
		wait_ms(r, 1000);
		if (i / 2 != 1)
			expect(n, text(r, "PUBLISH \"will/%u\" q1 id 1 \"gone\"", i));
		if (i / 2 == 2)
			crash(r);
		wait_ms(r, 1000);
		hear(c = join_with(r, "c", false, "11 w1000"));
		unsigned id = 0;
		unsigned will = 0;
		sscanf(hear(c), "PUBLISH \"will/%u\" q2 id %u \"gone\"", &will, &id);
		assert_int_equal(will, i);
		assert_int_not_equal(id, 0);
		expect_silence(c);
		say(c, text(r, "50 r m%u", id));
		say(c, text(r, "70 r m%u", id));
		hang_up(c);
		struct client *late = join(r, MQTT_50, "late");
		subscribe_to(late, text(r, "will/%u", i), 0);
		expect(late, text(r, "PUBLISH \"will/%u\" q0 retain \"gone\"", i));
		hang_up(late);
		hear(join_with(r, "w", true, "")); /* ends what is left of it */
		rig_hang_up_all(r);
	}
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
}

/* The next connection of its client would do away with it: so that waits, too. */
static void a_will_that_waits_stays_before_the_next_connection(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = join_with(r, "c", true, "11 w1000");

	hear(c);
	subscribe_to(c, "will", 2);
	for (unsigned clean = 0; clean < 2; clean++) {
		struct client *w = dial(r, MQTT_50);
		say(w, "10 r s\"MQTT\" 05 16 n0 p{11 w200} s\"w\" p{} s\"will\" s\"gone\"");
		assert_memory_equal(hear(w), "CONNACK success", 15);
		subscribe_to(w, "own", 1);
		shelf->full = true;
		for (unsigned i = 0; i < 2; i++) { /* a take-over, and another try */
			struct client *next = join_with(r, "w", clean, "");
			expect(next,
				"CONNACK 0x97 Quota exceeded, Reason String \"no room for what the "
				"last session leaves\"");
			expect_closed(next);
			struct client *old = join_311(r, "w", clean);
			expect(old, "CONNACK 0x03 server unavailable");
		}
		shelf->full = false;
		struct client *next = join_with(r, "w", clean, "11 w200");
		expect(next,
			clean ? "CONNACK success, Receive Maximum 1000, Topic Alias Maximum 64"
			      : RESUMED);
		expect(c, text(r, "PUBLISH \"will\" q2 id %u \"gone\"", clean + 1));
		say(c, text(r, "50 r m%u", clean + 1));
		hear(c);
		say(next, "32 r s\"own\" m1 p{} b\"1\"");
		if (!clean)
			expect(next, "PUBLISH \"own\" q1 id 1 \"1\"");
		expect(next, clean ? "PUBACK id 1 0x10 No matching subscribers" : "PUBACK id 1");
		say(next, "E0 r 00 p{11 w0}");
		wait_ms(r, 2000);
		expect_silence(c);
	}
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
}

/* It goes on to whom it can, and the rest waits: nothing that was accepted has only one home in memory. */
static void what_a_member_leaves_waits_for_room_elsewhere(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *a = join_with(r, "a", true, "11 w1"), *pub = join(r, MQTT_50, "pub");
	struct client *b = join_with(r, "b", true, "11 w1000");

	hear(a), hear(b);
	subscribe_to(a, "$share/g/t", 2);
	hang_up(a);
	for (unsigned i = 1; i <= 3; i++) {
		say(pub, text(r, "34 r s\"t\" m%u p{} b\"%u\"", i, i));
		hear(pub);
	}
	subscribe_to(b, "$share/g/t", 2);
	hang_up(b);
	shelf->fails_at = 2; /* one delivery, and not the next */
	wait_ms(r, 1100);
	shelf->full = true;
	wait_ms(r, 2000);
	for (unsigned i = 0; i < 2; i++) {
		crash(r);
		wait_ms(r, 2000);
	}
	shelf->full = false;
	wait_ms(r, 1000);
	crash(r);
	hear(b = join_with(r, "b", false, "11 w1000"));
	for (unsigned i = 1; i <= 3; i++)
		expect(b, text(r, "PUBLISH \"t\" q2 id %u \"%u\"", i, i));
	expect_silence(b);
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
	assert_int_equal(shelf->now.count, 8);
}

/* It is told when it has room: or the session would last for ever, and its Will come twice. */
static void a_full_store_is_told_later_of_an_end(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *c = dial(r, MQTT_50), *watcher = join_with(r, "kept", true, "11 w100");

	hear(watcher);
	subscribe_to(watcher, "will", 2);
	say(c, "10 r s\"MQTT\" 05 16 n0 p{11 w5} s\"c\" p{} s\"will\" s\"gone\"");
	shelf->full = true;
	hang_up(c);
	wait_ms(r, 500);
	expect_silence(watcher); /* what is not stored does not reach it at QoS 2 */
	shelf->full = false;
	wait_ms(r, 1000);
	hear(watcher);
	say(watcher, "50 r m1");
	hear(watcher);
	say(watcher, "70 r m1");
	wait_ms(r, 1000);
	shelf_kill(r);
	r->now_ms += 2000;
	shelf_restore(r);
	wait_ms(r, 0);
	assert_int_equal(broker_figures(r->broker)->sessions, 2);
	hear(watcher = join_with(r, "kept", false, "11 w100"));
	expect_silence(watcher);
	wait_ms(r, 600);
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_set_up, shelf_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_a_full_store_has_no_room_for_is_refused),
		TEST(who_cannot_be_refused_waits),
		TEST(a_retained_message_without_room_takes_the_older_one_with_it),
		TEST(what_waits_goes_on_one_after_the_other),
		TEST(who_has_waited_may_wait_again),
		TEST(nothing_overtakes_what_waits),
		TEST(who_waits_may_make_room),
		TEST(little_waits),
		TEST(who_waits_may_end),
		TEST(a_message_is_stored_as_a_whole_or_not_at_all),
		TEST(a_full_store_takes_no_session_and_no_subscription),
		TEST(no_step_of_qos_2_is_ahead_of_the_store),
		TEST(identifiers_stay_in_order),
		TEST(a_will_waits_until_it_can_be_stored),
		TEST(a_will_that_waits_stays_before_the_next_connection),
		TEST(what_a_member_leaves_waits_for_room_elsewhere),
		TEST(a_full_store_is_told_later_of_an_end),
	};
	return cmocka_run_group_tests_name("broker_full", tests, NULL, NULL);
}
