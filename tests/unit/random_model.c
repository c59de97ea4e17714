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

static void begin(struct world *w, enum mqtt_version version)
{
	*w = (struct world){ .now_us = SECOND_US };
	arena_init(&w->arena);
	for (unsigned i = 0; i < SESSIONS; i++)
		w->scenario.versions[i] = version;
	w->model = model_new(&w->arena, &w->scenario, QUEUE);
	pass(w, 1);
	for (unsigned i = 0; i <= OTHER; i++)
		join(w, i, true);
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
		cmocka_unit_test(a_copy_with_the_identifier_of_a_settled_one_is_sent_again),
		cmocka_unit_test(what_a_member_has_refused_is_for_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
