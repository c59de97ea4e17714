/* The model of scenarios, rule by rule: what it accuses, and what next to it may be. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"
#include "random/model/model.h"
#include "random/names.h"

enum { SECOND_US = 1000000, QUEUE = 10, PUBLISHER = 0, SUBSCRIBER = 1, OTHER = 2 };

struct world {
	struct arena arena;
	struct scenario scenario;
	struct model *model;
	struct model_fault fault;
	int64_t now_us;
};

static void pass(struct world *w, int64_t us)
{
	w->now_us += us;
	model_now(w->model, w->now_us);
}

static void settle(struct world *w)
{
	if (!model_settles(w->model, &w->fault))
		fail_msg("expected %s, actual %s", w->fault.expected, w->fault.actual);
}

static void join(struct world *w, unsigned client, bool clean)
{
	struct step s = {
		.kind = STEP_CONNECT, .client = (uint8_t)client, .clean = clean, .session_s = 300
	};
	enum presence due;

	model_connects(w->model, &s, &due);
	model_connected(w->model, client, due == PRESENT_YES);
}

static void ask(struct world *w, unsigned client, const char *filter, unsigned qos)
{
	struct step s = { .kind = STEP_SUBSCRIBE,
		.client = (uint8_t)client,
		.filter = (uint8_t)filter_find(filter),
		.qos = (uint8_t)qos };

	model_subscribes(w->model, &s);
	model_granted(w->model, client, s.filter, qos);
}

static void subscribe(struct world *w, unsigned client, const char *filter, unsigned qos)
{
	ask(w, client, filter, qos);
	settle(w);
}

static uint32_t publish_message(struct world *w, const char *topic, struct step_message message)
{
	struct step s = { .kind = STEP_PUBLISH, .client = PUBLISHER, .message = message };

	s.message.topic = (uint8_t)topic_find(topic);
	uint32_t number = model_publishes(w->model, &s);
	model_acknowledged(w->model, number);
	return number;
}

static uint32_t publish(struct world *w, const char *topic, unsigned qos)
{
	return publish_message(w, topic, (struct step_message){ .qos = (uint8_t)qos });
}

/* Under identifiers that are the messages' numbers. */
static bool comes(struct world *w, unsigned client, uint32_t number, bool dup)
{
	unsigned publisher;
	const struct step_message *m = model_message(w->model, number, &publisher);
	struct arrived a = { .number = number,
		.topic = m->topic,
		.qos = m->qos,
		.dup = dup,
		.id = m->qos ? (uint16_t)number : 0,
		.expires = m->expiry_s,
		.expiry_s = m->expiry_s };

	return model_arrives(w->model, client, &a, &w->fault);
}

static bool comes_from_store(
	struct world *w, unsigned client, uint32_t number, uint32_t id, bool dup)
{
	unsigned publisher;
	const struct step_message *m = model_message(w->model, number, &publisher);
	struct arrived a = { .number = number,
		.topic = m->topic,
		.qos = m->qos,
		.retain = true,
		.dup = dup,
		.id = (uint16_t)id };

	return model_arrives(w->model, client, &a, &w->fault);
}

/* The publisher in one version, everybody else in another. */
static void begin_mixed(struct world *w, enum mqtt_version publisher, enum mqtt_version others)
{
	*w = (struct world){ .now_us = SECOND_US };
	arena_init(&w->arena);
	for (unsigned i = 0; i < SESSIONS; i++)
		w->scenario.versions[i] = i == PUBLISHER ? publisher : others;
	w->model = model_new(&w->arena, &w->scenario, QUEUE);
	pass(w, 1);
	for (unsigned i = 0; i <= OTHER; i++)
		join(w, i, true);
}

static void begin(struct world *w, enum mqtt_version version)
{
	begin_mixed(w, version, version);
}

static void end(struct world *w)
{
	arena_fini(&w->arena);
}

static void break_off(struct world *w, unsigned client, enum departure how)
{
	model_departs(w->model, client, how, how == LEFT);
	join(w, client, false);
}

static void expect_fault(const struct world *w, enum spec_difference kind, const char *statement)
{
	assert_int_equal(w->fault.kind, kind);
	if (statement)
		assert_string_equal(w->fault.statement, statement);
}

/* ---- PUBRELs in order ------------------------------------------------------------------------ */

/* Whether the PUBREL of the second may come before that of the first. */
static bool second_may_be_first(enum mqtt_version version, const char *first, const char *second)
{
	struct world w;

	begin(&w, version);
	subscribe(&w, SUBSCRIBER, "a/+", 2);
	uint32_t one = publish(&w, first, 2), two = publish(&w, second, 2);
	assert_true(comes(&w, SUBSCRIBER, one, false));
	assert_true(comes(&w, SUBSCRIBER, two, false));
	model_received(w.model, SUBSCRIBER, (uint16_t)one);
	model_received(w.model, SUBSCRIBER, (uint16_t)two);
	bool may = model_released(w.model, SUBSCRIBER, (uint16_t)two, &w.fault);
	if (!may)
		expect_fault(&w, SPEC_ORDER, "3.1.1:MQTT-4.6.0-6");
	end(&w);
	return may;
}

static void pubrels_come_in_the_order_of_pubrecs(void **state)
{
	(void)state;
	assert_false(second_may_be_first(MQTT_311, "a/b", "a/b"));
	assert_true(second_may_be_first(MQTT_311, "a/b", "a/c"));
	assert_true(second_may_be_first(MQTT_50, "a/b", "a/b"));
}

static void pubrels_of_an_earlier_connection_have_no_order(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_311);
	join(&w, SUBSCRIBER, false);
	subscribe(&w, SUBSCRIBER, "a/b", 2);
	uint32_t one = publish(&w, "a/b", 2), two = publish(&w, "a/b", 2);
	assert_true(comes(&w, SUBSCRIBER, one, false));
	assert_true(comes(&w, SUBSCRIBER, two, false));
	model_received(w.model, SUBSCRIBER, (uint16_t)one);
	model_received(w.model, SUBSCRIBER, (uint16_t)two);
	break_off(&w, SUBSCRIBER, BROKE);
	assert_true(model_released(w.model, SUBSCRIBER, (uint16_t)two, &w.fault));
	end(&w);
}

/* ---- what is settled ------------------------------------------------------------------------- */

static void a_released_message_is_not_sent_again(void **state)
{
	(void)state;
	for (int released = 0; released < 2; released++) {
		struct world w;
		begin(&w, MQTT_50);
		subscribe(&w, SUBSCRIBER, "a/b", 2);
		uint32_t n = publish(&w, "a/b", 2);
		assert_true(comes(&w, SUBSCRIBER, n, false));
		model_received(w.model, SUBSCRIBER, (uint16_t)n);
		if (released)
			assert_true(model_released(w.model, SUBSCRIBER, (uint16_t)n, &w.fault));
		break_off(&w, SUBSCRIBER, BROKE);
		assert_int_equal(comes(&w, SUBSCRIBER, n, true), !released);
		if (released)
			expect_fault(&w, SPEC_REPEATED, "5.0:MQTT-4.3.3-6");
		end(&w);
	}
}

/* Whether what was acknowledged may come again, after a fence and this departure. */
static bool acknowledged_may_come(
	enum mqtt_version version, enum departure how, bool rejects, struct world *w)
{
	begin(w, version);
	join(w, SUBSCRIBER, false);
	subscribe(w, SUBSCRIBER, "a/b", 1);
	uint32_t n = publish(w, "a/b", 1);
	assert_true(comes(w, SUBSCRIBER, n, false));
	(rejects ? model_rejects : model_answered)(w->model, SUBSCRIBER, (uint16_t)n);
	settle(w);
	break_off(w, SUBSCRIBER, how);
	bool may = comes(w, SUBSCRIBER, n, true);
	end(w);
	return may;
}

static void an_acknowledged_message_is_not_sent_again(void **state)
{
	struct world w;

	(void)state;
	assert_false(acknowledged_may_come(MQTT_50, LEFT, false, &w));
	expect_fault(&w, SPEC_REPEATED, NULL);
	assert_false(acknowledged_may_come(MQTT_50, LEFT, true, &w));
	expect_fault(&w, SPEC_REPEATED, NULL);
	/* What a server has read need not have been written down when a connection breaks. */
	assert_true(acknowledged_may_come(MQTT_50, BROKE, false, &w));
	/* 3.1.1 does not forbid it. */
	assert_true(acknowledged_may_come(MQTT_311, LEFT, false, &w));
}

static void what_is_sent_again_keeps_its_order(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		struct world w;
		begin(&w, MQTT_50);
		subscribe(&w, SUBSCRIBER, "a/b", 1);
		uint32_t n[] = { publish(&w, "a/b", 1), publish(&w, "a/b", 1) };
		assert_true(comes(&w, SUBSCRIBER, n[0], false));
		assert_true(comes(&w, SUBSCRIBER, n[1], false));
		break_off(&w, SUBSCRIBER, BROKE);
		assert_true(comes(&w, SUBSCRIBER, n[swapped], true));
		assert_int_equal(comes(&w, SUBSCRIBER, n[!swapped], true), !swapped);
		if (swapped)
			expect_fault(&w, SPEC_ORDER, NULL);
		end(&w);
	}
}

/* A message from the store may come again after a younger one. */
static void what_came_from_the_store_has_no_place_among_them(void **state)
{
	enum { ANOTHER_ID = 30 };
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	subscribe(&w, SUBSCRIBER, "a/b", 1);
	uint32_t kept =
		publish_message(&w, "a/b", (struct step_message){ .qos = 1, .retain = true });
	assert_true(comes(&w, SUBSCRIBER, kept, false));
	model_answered(w.model, SUBSCRIBER, (uint16_t)kept);
	settle(&w);
	uint32_t younger = publish(&w, "a/b", 1);
	assert_true(comes(&w, SUBSCRIBER, younger, false));
	ask(&w, SUBSCRIBER, "a/b", 1);
	assert_true(comes_from_store(&w, SUBSCRIBER, kept, ANOTHER_ID, false));
	break_off(&w, SUBSCRIBER, BROKE);
	assert_true(comes(&w, SUBSCRIBER, younger, true));
	assert_true(comes_from_store(&w, SUBSCRIBER, kept, ANOTHER_ID, true));
	assert_false(model_owes(w.model, &w.fault));
	end(&w);
}

/* Expiry ends with the first PUBLISH at QoS 2 [MQTT-4.3.3-7]; of QoS 1 nothing is said. */
static void an_expired_message_is_sent_again_at_qos2(void **state)
{
	(void)state;
	for (unsigned qos = 1; qos <= 2; qos++) {
		struct world w;
		begin(&w, MQTT_50);
		subscribe(&w, SUBSCRIBER, "a/b", qos);
		uint32_t n = publish_message(
			&w, "a/b", (struct step_message){ .qos = (uint8_t)qos, .expiry_s = 1 });
		assert_true(comes(&w, SUBSCRIBER, n, false));
		pass(&w, 4 * SECOND_US);
		break_off(&w, SUBSCRIBER, BROKE);
		assert_int_equal(model_owes(w.model, &w.fault), qos == 2);
		end(&w);
	}
}

/* A message that is drawn from the store may have the identifier that it had as it was published. */
static void a_retained_message_is_not_taken_for_an_earlier_copy(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_311);
	join(&w, SUBSCRIBER, false);
	subscribe(&w, SUBSCRIBER, "a/b", 1);
	uint32_t n = publish_message(&w, "a/b", (struct step_message){ .qos = 1, .retain = true });
	assert_true(comes(&w, SUBSCRIBER, n, false));
	model_answered(w.model, SUBSCRIBER, (uint16_t)n);
	settle(&w);
	break_off(&w, SUBSCRIBER, BROKE);
	ask(&w, SUBSCRIBER, "a/b", 1);
	assert_true(model_owes(w.model, &w.fault));
	assert_true(comes_from_store(&w, SUBSCRIBER, n, n, false));
	assert_false(model_owes(w.model, &w.fault));
	end(&w);
}

/* A server may come to it after it has read what others have published meanwhile. */
static void a_subscribe_whose_connection_breaks_may_draw_what_comes_later(void **state)
{
	enum { ANOTHER_ID = 30 };
	const struct step again = { .kind = STEP_SUBSCRIBE,
		.client = SUBSCRIBER,
		.filter = (uint8_t)filter_find("a/#"),
		.qos = 1 };

	(void)state;
	for (int later = 0; later < 2; later++) {
		struct world w;
		begin(&w, MQTT_311);
		join(&w, SUBSCRIBER, false);
		subscribe(&w, SUBSCRIBER, "a/#", 2);
		model_subscribes(w.model, &again);
		model_departs(w.model, SUBSCRIBER, BROKE, false);
		if (later) { /* when it has been read for certain */
			join(&w, SUBSCRIBER, false);
			settle(&w);
		}
		uint32_t n = publish_message(
			&w, "a/b", (struct step_message){ .qos = 2, .retain = true });
		if (!later)
			join(&w, SUBSCRIBER, false);
		assert_true(comes(&w, SUBSCRIBER, n, false));
		struct arrived drawn = { .number = n,
			.topic = (unsigned)topic_find("a/b"),
			.qos = 1,
			.retain = true,
			.id = ANOTHER_ID };
		assert_int_equal(model_arrives(w.model, SUBSCRIBER, &drawn, &w.fault), !later);
		end(&w);
	}
}

/* Nobody can tell them apart, so one that is awaited is the one that comes, whatever had its identifier before. */
static void an_empty_message_is_not_taken_for_an_earlier_one(void **state)
{
	enum { ID = 1 };
	const struct step_message empty = { .qos = 1, .empty = true };
	struct arrived a = { .topic = (unsigned)topic_find("a"), .qos = 1, .id = ID };
	struct world w;

	(void)state;
	begin(&w, MQTT_311);
	join(&w, SUBSCRIBER, false);
	subscribe(&w, SUBSCRIBER, "a", 1);
	publish_message(&w, "a", empty);
	assert_true(model_arrives(w.model, SUBSCRIBER, &a, &w.fault));
	model_answered(w.model, SUBSCRIBER, ID);
	settle(&w);
	break_off(&w, SUBSCRIBER, BROKE);
	publish_message(&w, "a", empty);
	assert_true(model_owes(w.model, &w.fault));
	assert_true(model_arrives(w.model, SUBSCRIBER, &a, &w.fault));
	assert_false(model_owes(w.model, &w.fault));
	end(&w);
}

/* Rather than for another copy of what has long come, which QoS 1 would let pass. */
static void a_retained_message_with_retain_0_is_taken_for_one(void **state)
{
	enum { ANOTHER_ID = 30 };

	(void)state;
	for (int drawn = 0; drawn < 2; drawn++) {
		struct world w;
		begin(&w, MQTT_311);
		subscribe(&w, SUBSCRIBER, "a/b", 1);
		uint32_t n = publish_message(
			&w, "a/b", (struct step_message){ .qos = 1, .retain = true });
		assert_true(comes(&w, SUBSCRIBER, n, false));
		model_answered(w.model, SUBSCRIBER, (uint16_t)n);
		settle(&w);
		if (drawn)
			ask(&w, SUBSCRIBER, "a/#", 1);
		struct arrived a = { .number = n,
			.topic = (unsigned)topic_find("a/b"),
			.qos = 1,
			.id = ANOTHER_ID };
		assert_int_equal(model_arrives(w.model, SUBSCRIBER, &a, &w.fault), !drawn);
		if (drawn) {
			expect_fault(&w, SPEC_RETAIN, NULL);
			assert_string_equal(w.fault.about, "PUBLISH/to-1");
		}
		end(&w);
	}
}

/* Brokers take the lowest identifier that is free: the copy from the store has that of the one before. */
static void a_copy_with_the_identifier_of_a_settled_one_is_sent_again(void **state)
{
	for (int settled = 0; settled < 2; settled++) {
		struct world w;

		(void)state;
		begin(&w, MQTT_311);
		join(&w, SUBSCRIBER, false);
		subscribe(&w, SUBSCRIBER, "a/b", 2);
		uint32_t n = publish_message(
			&w, "a/b", (struct step_message){ .qos = 2, .retain = true });
		assert_true(comes(&w, SUBSCRIBER, n, false));
		assert_true(model_released(w.model, SUBSCRIBER, (uint16_t)n, &w.fault));
		model_answered(w.model, SUBSCRIBER, (uint16_t)n);
		settle(&w);
		if (!settled) { /* else nothing but the settled one can be meant */
			ask(&w, SUBSCRIBER, "a/b", 2);
			assert_true(comes_from_store(&w, SUBSCRIBER, n, n, false));
		}
		break_off(&w, SUBSCRIBER, BROKE);
		join(&w, SUBSCRIBER, false);
		assert_int_equal(comes_from_store(&w, SUBSCRIBER, n, n, true), !settled);
		end(&w);
	}
}

/* ---- Wills ----------------------------------------------------------------------------------- */

/* In 5.0 the client is back in time, or not, by how one reads it; in 3.1.1 the Will is due. */
static void a_take_over_leaves_a_will_of_50_open(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		enum mqtt_version version = i ? MQTT_50 : MQTT_311;
		struct step with_will = {
			.kind = STEP_CONNECT, .client = PUBLISHER, .clean = true, .will = true
		};
		enum presence due;
		struct world w;
		begin(&w, version);
		subscribe(&w, SUBSCRIBER, "a", 1);
		with_will.message.topic = (uint8_t)topic_find("a");
		with_will.message.qos = 1;
		model_connects(w.model, &with_will, &due);
		model_connected(w.model, PUBLISHER, false);
		settle(&w);
		join(&w, PUBLISHER, true);
		assert_int_equal(model_owes(w.model, &w.fault), version == MQTT_311);
		end(&w);
	}
}

static void join_with_will(struct world *w, const char *topic)
{
	struct step s = { .kind = STEP_CONNECT, .client = PUBLISHER, .clean = true, .will = true };
	enum presence due;

	s.message.topic = (uint8_t)topic_find(topic);
	model_connects(w->model, &s, &due);
	model_connected(w->model, PUBLISHER, false);
}

/* A DISCONNECT of 5.0 with the code of an error leads to the Will, which is no business of 3.1.1, whoever gets it. */
static void a_will_is_judged_in_the_version_of_its_publisher(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		enum mqtt_version version = i ? MQTT_50 : MQTT_311;
		struct world w;
		begin_mixed(&w, version, i ? MQTT_311 : MQTT_50);
		subscribe(&w, SUBSCRIBER, "a", 1);
		join_with_will(&w, "a");
		assert_false(comes(&w, SUBSCRIBER, 1, false));
		expect_fault(&w, SPEC_EXTRA, i ? "5.0:MQTT-3.1.2-8" : "3.1.1:MQTT-3.1.2-8");
		model_departs(w.model, PUBLISHER, i ? LEFT_WILL : BROKE, true);
		assert_true(model_owes(w.model, &w.fault));
		expect_fault(&w, SPEC_MISSING, i ? "5.0:MQTT-3.1.2-8" : "3.1.1:MQTT-3.1.2-8");
		assert_true(comes(&w, SUBSCRIBER, 1, false));
		assert_false(comes(&w, SUBSCRIBER, 1, false));
		expect_fault(&w, SPEC_REPEATED, i ? "5.0:MQTT-3.1.2-10" : "3.1.1:MQTT-3.1.2-10");
		end(&w);
	}
}

static void observe(struct world *w)
{
	struct step s = {
		.kind = STEP_SUBSCRIBE, .client = OBSERVER, .filter = FILTER_OBSERVER, .qos = 2
	};

	join(w, OBSERVER, true);
	model_subscribes(w->model, &s);
	model_granted(w->model, OBSERVER, s.filter, s.qos);
	settle(w);
}

/* A Will that the observer has got was published: whoever lacks it lacks a delivery. */
static void a_will_that_was_seen_lacks_no_publication(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	observe(&w);
	subscribe(&w, SUBSCRIBER, "a", 1);
	join_with_will(&w, "a");
	model_departs(w.model, PUBLISHER, LEFT_WILL, true);
	assert_true(model_owes_client(w.model, SUBSCRIBER, &w.fault));
	expect_fault(&w, SPEC_MISSING, "5.0:MQTT-3.1.2-8");
	assert_true(comes(&w, OBSERVER, 1, false));
	assert_true(model_owes_client(w.model, SUBSCRIBER, &w.fault));
	expect_fault(&w, SPEC_MISSING, NULL);
	assert_string_equal(w.fault.about, "PUBLISH");
	assert_null(w.fault.statement); /* so it is that of the delivery, MQTT-4.5.0-1 */
	end(&w);
}

/* ---- what a connection that has ended still owes ------------------------------------------------ */

static void of_a_client_is_owed_what_is_for_it(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_311);
	subscribe(&w, SUBSCRIBER, "a", 1);
	publish(&w, "a", 1);
	assert_false(model_owes_client(w.model, OTHER, &w.fault));
	assert_true(model_owes_client(w.model, SUBSCRIBER, &w.fault));
	assert_string_equal(w.fault.about, "PUBLISH");
	end(&w);
}

/* ---- clocks ------------------------------------------------------------------------------------- */

/* A server may have begun with its delivery as soon as CONNECT had gone out, however late we are to see it. */
static void what_had_not_expired_when_its_client_came_may_come_late(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		const struct step resume = {
			.kind = STEP_CONNECT, .client = SUBSCRIBER, .session_s = 300
		};
		enum presence due;
		struct world w;
		begin(&w, MQTT_50);
		subscribe(&w, SUBSCRIBER, "a", 1);
		model_departs(w.model, SUBSCRIBER, LEFT, true);
		settle(&w);
		uint32_t n =
			publish_message(&w, "a", (struct step_message){ .qos = 1, .expiry_s = 1 });
		settle(&w);
		pass(&w, (over ? 3 : 2) * SECOND_US);
		model_connects(w.model, &resume, &due);
		pass(&w, 2 * SECOND_US);
		model_connected(w.model, SUBSCRIBER, true);
		struct arrived a = { .number = n,
			.topic = (unsigned)topic_find("a"),
			.qos = 1,
			.id = 1,
			.expires = true };
		assert_int_equal(model_arrives(w.model, SUBSCRIBER, &a, &w.fault), !over);
		if (over)
			expect_fault(&w, SPEC_EXTRA, "5.0:MQTT-3.3.2-5");
		end(&w);
	}
}

/* ---- several subscriptions -------------------------------------------------------------------- */

static void ask_as(struct world *w, struct step s, unsigned client, const char *filter)
{
	s.kind = STEP_SUBSCRIBE;
	s.client = (uint8_t)client;
	s.filter = (uint8_t)filter_find(filter);
	model_subscribes(w->model, &s);
	model_granted(w->model, client, s.filter, s.qos);
	settle(w);
}

static bool comes_as(struct world *w, unsigned client, uint32_t number, unsigned qos,
	unsigned identifier, bool retain)
{
	unsigned publisher;
	struct arrived a = { .number = number,
		.topic = model_message(w->model, number, &publisher)->topic,
		.qos = qos,
		.retain = retain,
		.id = (uint16_t)(qos ? number : 0),
		.identifiers = identifier ? UINT64_C(1) << identifier : 0 };

	return model_arrives(w->model, client, &a, &w->fault);
}

/* The maximum is that of all subscriptions that match [MQTT-3.3.4-2]: those with No Local do, too. */
static void a_copy_may_also_be_as_a_subscription_with_no_local_has_it(void **state)
{
	enum { ID = 3, ANOTHER_ID = 4 };
	static const struct {
		unsigned qos, identifier;
		bool may;
	} rows[] = { { 0, 0, true }, { 1, 0, true }, { 0, ID, true }, { 1, ID, true },
		{ 2, 0, false }, { 0, ANOTHER_ID, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct world w;
		begin(&w, MQTT_50);
		ask_as(&w, (struct step){ .qos = 1, .no_local = true, .identifier = ID }, PUBLISHER,
			"a/#");
		ask_as(&w, (struct step){ .qos = 0 }, PUBLISHER, "a/+");
		uint32_t n = publish(&w, "a/b", 1);
		assert_true(model_owes(w.model, &w.fault));
		expect_fault(&w, SPEC_MISSING, "5.0:MQTT-3.3.4-2");
		assert_int_equal(comes_as(&w, PUBLISHER, n, rows[i].qos, rows[i].identifier, false),
			rows[i].may);
		if (rows[i].may) {
			assert_false(model_owes(w.model, &w.fault));
			assert_false(comes_as(&w, PUBLISHER, n, 0, 0, false));
			expect_fault(&w, SPEC_REPEATED, NULL);
		}
		end(&w);
	}
}

/* One that comes about while the message is under way brings it, too. */
static void a_younger_subscription_is_beside_one_with_no_local(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	ask_as(&w, (struct step){ .qos = 1, .no_local = true }, PUBLISHER, "+");
	uint32_t n = publish(&w, "a", 1);
	ask(&w, PUBLISHER, "a/#", 0);
	assert_true(comes_as(&w, PUBLISHER, n, 1, 0, false));
	end(&w);
}

/* The best of those that bring it counts all the same. */
static void no_local_of_another_lowers_no_qos(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	ask_as(&w, (struct step){ .qos = 0, .no_local = true }, PUBLISHER, "a/#");
	ask_as(&w, (struct step){ .qos = 1 }, PUBLISHER, "a/+");
	uint32_t n = publish(&w, "a/b", 1);
	assert_true(comes_as(&w, PUBLISHER, n, 0, 0, false));
	assert_true(model_owes(w.model, &w.fault));
	expect_fault(&w, SPEC_QOS, "5.0:MQTT-3.3.4-2");
	end(&w);
}

/* Of a copy for each subscription those of QoS 0 need not wait for a client that is away. */
static void of_copies_that_waited_one_has_its_own_identifier(void **state)
{
	enum { BEST = 5, OF_QOS_0 = 6 };

	(void)state;
	for (int away = 0; away < 2; away++) {
		struct world w;
		begin(&w, MQTT_50);
		ask_as(&w, (struct step){ .qos = 1, .identifier = BEST }, SUBSCRIBER, "+");
		ask_as(&w, (struct step){ .qos = 0, .identifier = OF_QOS_0 }, SUBSCRIBER, "a");
		if (away)
			model_departs(w.model, SUBSCRIBER, LEFT, true);
		settle(&w);
		uint32_t n = publish(&w, "a", 1);
		if (away)
			join(&w, SUBSCRIBER, false);
		assert_true(comes_as(&w, SUBSCRIBER, n, 1, BEST, false));
		assert_int_equal(model_owes(w.model, &w.fault), !away);
		if (!away)
			expect_fault(&w, SPEC_PROPERTY, "5.0:MQTT-3.3.4-4");
		end(&w);
	}
}

/* Also where a third SUBSCRIBE has come since. */
static void no_local_of_an_earlier_subscribe_is_gone(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	ask_as(&w, (struct step){ .no_local = true }, PUBLISHER, "a");
	ask_as(&w, (struct step){ 0 }, PUBLISHER, "a");
	ask_as(&w, (struct step){ 0 }, PUBLISHER, "a");
	publish(&w, "a", 0);
	assert_true(model_owes(w.model, &w.fault));
	expect_fault(&w, SPEC_MISSING, "5.0:MQTT-3.8.4-3");
	end(&w);
}

/* Once one has come it is for another reason that the next does not. */
static void no_local_of_an_earlier_subscribe_is_blamed_until_one_comes(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	ask_as(&w, (struct step){ .no_local = true }, PUBLISHER, "a");
	ask_as(&w, (struct step){ 0 }, PUBLISHER, "a");
	assert_true(comes(&w, PUBLISHER, publish(&w, "a", 0), false));
	publish(&w, "a", 0);
	assert_true(model_owes(w.model, &w.fault));
	assert_string_not_equal(w.fault.statement ? w.fault.statement : "", "5.0:MQTT-3.8.4-3");
	end(&w);
}

/* ---- shares ---------------------------------------------------------------------------------- */

static void what_a_member_has_refused_is_for_nobody_else(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	subscribe(&w, SUBSCRIBER, "$share/g/s/#", 1);
	subscribe(&w, OTHER, "$share/g/s/#", 1);
	uint32_t n = publish(&w, "s/t/u/v", 1);
	assert_true(comes(&w, SUBSCRIBER, n, false));
	model_rejects(w.model, SUBSCRIBER, (uint16_t)n);
	settle(&w);
	assert_false(comes(&w, OTHER, n, false));
	expect_fault(&w, SPEC_REPEATED, NULL);
	end(&w);
}

/* At QoS 1 another member may get it as soon as the connection is lost; at QoS 2 nobody else may [MQTT-4.8.2-4]. */
static void what_a_lost_member_owes_an_answer_may_go_to_another(void **state)
{
	(void)state;
	for (unsigned qos = 1; qos <= 2; qos++) {
		struct world w;
		begin(&w, MQTT_50);
		subscribe(&w, SUBSCRIBER, "$share/g/s/#", qos);
		subscribe(&w, OTHER, "$share/g/s/#", qos);
		uint32_t n = publish(&w, "s/t/u/v", qos);
		assert_true(comes(&w, SUBSCRIBER, n, false));
		model_departs(w.model, SUBSCRIBER, BROKE, true);
		if (qos == 1)
			assert_true(comes(&w, OTHER, n, false));
		join(&w, SUBSCRIBER, false);
		assert_int_equal(model_owes(w.model, &w.fault), qos == 2);
		end(&w);
	}
}

/* Whether a second SUBSCRIBE replaces the options of a share is not said [MQTT-3.8.4-3], but what it is granted counts. */
static void a_share_may_keep_the_options_of_an_earlier_subscribe(void **state)
{
	enum { ID = 7, ANOTHER_ID = 8 };
	static const struct {
		unsigned qos, identifier;
		bool retain, may;
	} rows[] = { { 0, 0, false, true }, { 0, ID, true, true }, { 1, ID, true, false },
		{ 0, ANOTHER_ID, false, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct world w;
		begin(&w, MQTT_50);
		ask_as(&w, (struct step){ .qos = 1, .as_published = true, .identifier = ID },
			SUBSCRIBER, "$share/g/s/#");
		ask_as(&w, (struct step){ 0 }, SUBSCRIBER, "$share/g/s/#");
		uint32_t n = publish_message(
			&w, "s/t/u/v", (struct step_message){ .qos = 1, .retain = true });
		assert_int_equal(comes_as(&w, SUBSCRIBER, n, rows[i].qos, rows[i].identifier,
					 rows[i].retain),
			rows[i].may);
		if (rows[i].qos)
			expect_fault(&w, SPEC_QOS, NULL);
		end(&w);
	}
}

/* What a member leaves behind goes to another as that one has subscribed by now. */
static void what_is_left_behind_goes_by_the_options_of_now(void **state)
{
	(void)state;
	for (int as_published = 0; as_published < 2; as_published++) {
		struct world w;
		begin(&w, MQTT_50);
		ask_as(&w, (struct step){ .qos = 1 }, SUBSCRIBER, "$share/h/s/#");
		ask_as(&w, (struct step){ 0 }, OTHER, "$share/h/s/#");
		model_holds_back(w.model, SUBSCRIBER, true);
		uint32_t n = publish_message(
			&w, "s/t/u/v", (struct step_message){ .qos = 1, .retain = true });
		assert_true(comes_as(&w, SUBSCRIBER, n, 1, 0, false));
		settle(&w);
		ask_as(&w, (struct step){ .as_published = as_published }, OTHER, "$share/h/s/#");
		model_departs(w.model, SUBSCRIBER, LEFT, true);
		assert_int_equal(comes_as(&w, OTHER, n, 0, 0, true), as_published);
		if (!as_published)
			expect_fault(&w, SPEC_EXTRA, "5.0:U50-RETAIN-SHARED");
		end(&w);
	}
}

/* As many SUBSCRIBEs as nobody remembers make everything possible, and nothing else. */
static void a_share_forgets_no_more_than_its_options(void **state)
{
	enum { TIMES = 20 };
	struct world w;

	(void)state;
	begin(&w, MQTT_50);
	for (unsigned i = 1; i <= TIMES; i++)
		ask_as(&w, (struct step){ .identifier = (uint8_t)i }, SUBSCRIBER, "$share/g/s/#");
	uint32_t n = publish(&w, "s/t/u/v", 0);
	assert_true(model_owes(w.model, &w.fault));
	assert_true(comes_as(&w, SUBSCRIBER, n, 0, 1, false));
	assert_false(model_owes(w.model, &w.fault));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pubrels_come_in_the_order_of_pubrecs),
		cmocka_unit_test(pubrels_of_an_earlier_connection_have_no_order),
		cmocka_unit_test(a_released_message_is_not_sent_again),
		cmocka_unit_test(an_acknowledged_message_is_not_sent_again),
		cmocka_unit_test(what_is_sent_again_keeps_its_order),
		cmocka_unit_test(what_came_from_the_store_has_no_place_among_them),
		cmocka_unit_test(an_expired_message_is_sent_again_at_qos2),
		cmocka_unit_test(a_take_over_leaves_a_will_of_50_open),
		cmocka_unit_test(a_retained_message_is_not_taken_for_an_earlier_copy),
		cmocka_unit_test(a_retained_message_with_retain_0_is_taken_for_one),
		cmocka_unit_test(an_empty_message_is_not_taken_for_an_earlier_one),
		cmocka_unit_test(a_subscribe_whose_connection_breaks_may_draw_what_comes_later),
		cmocka_unit_test(a_copy_with_the_identifier_of_a_settled_one_is_sent_again),
		cmocka_unit_test(what_a_member_has_refused_is_for_nobody_else),
		cmocka_unit_test(a_will_is_judged_in_the_version_of_its_publisher),
		cmocka_unit_test(a_will_that_was_seen_lacks_no_publication),
		cmocka_unit_test(of_a_client_is_owed_what_is_for_it),
		cmocka_unit_test(what_had_not_expired_when_its_client_came_may_come_late),
		cmocka_unit_test(a_copy_may_also_be_as_a_subscription_with_no_local_has_it),
		cmocka_unit_test(no_local_of_another_lowers_no_qos),
		cmocka_unit_test(a_younger_subscription_is_beside_one_with_no_local),
		cmocka_unit_test(of_copies_that_waited_one_has_its_own_identifier),
		cmocka_unit_test(no_local_of_an_earlier_subscribe_is_gone),
		cmocka_unit_test(no_local_of_an_earlier_subscribe_is_blamed_until_one_comes),
		cmocka_unit_test(what_a_lost_member_owes_an_answer_may_go_to_another),
		cmocka_unit_test(a_share_may_keep_the_options_of_an_earlier_subscribe),
		cmocka_unit_test(a_share_forgets_no_more_than_its_options),
		cmocka_unit_test(what_is_left_behind_goes_by_the_options_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
