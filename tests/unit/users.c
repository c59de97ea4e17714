/* The chapters about users and rights, against servers that let in whom they should not, or pass on what they should
 * not, and against those that say no in one of the ways that are legal.
 */
#include "tests/unit/scripted.h"

#include <string.h>

#include "cases/list.h"
#include "harness/peers/demands.h"
#include "harness/transport/endpoint.h"

enum {
	ANSWER_US = 10000000,
	SILENT_US = 1000000, /* for an answer that never comes */
	SCRIPTS_MAX = 6,
};

static const char *const open_topics[] = { "open", NULL };
static const char *const shut_topics[] = { "$SYS/own", "shut", NULL };

static const struct user everybody[] = {
	{ .name = "watcher", .password = "sesame" },
	{ .name = "limited",
		.password = "barley",
		.may = { open_topics, open_topics, open_topics },
		.may_not = { shut_topics, shut_topics, shut_topics } },
	{ .name = "banned", .password = "wheat", .refused = true },
};

/* Let in, but with no rights named. */
static const struct user plain[] = {
	{ .name = "watcher", .password = "sesame" },
	{ .name = "limited", .password = "barley" },
};

static struct played p;

static const struct case_def *find_case(const char *id, const struct vector **row)
{
	size_t len = strcspn(id, "/");

	*row = NULL;
	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);
		if (strlen(def->id) != len || strncmp(def->id, id, len) != 0)
			continue;
		for (size_t r = 0; r < def->row_count; r++)
			if (!strcmp(def->rows[r].id, id + len + 1))
				*row = &def->rows[r];
		assert_true(!def->row_count == !*row);
		return def;
	}
	fail_msg("there is no case %s", id);
	return NULL;
}

static void play_case_of(const char *id, enum mqtt_version v, const char *const *scripts,
	const struct users *users, int64_t answer_us)
{
	const struct login first = { .user_name = "watcher", .password = "sesame" };
	const struct endpoint target = { .login = &first, .users = users };
	const struct vector *row;
	const struct case_def *def = find_case(id, &row);

	play_with(&p,
		(struct play){ .def = def,
			.row = row,
			.version = v,
			.answer_us = answer_us,
			.target = &target },
		scripts);
}

static void play_of_users(
	const char *id, enum mqtt_version v, const char *const *scripts, int64_t answer_us)
{
	static const struct users users = { .list = everybody, .count = 3, .no_strangers = true };

	play_case_of(id, v, scripts, &users, answer_us);
}

/* One way to serve a case, what comes of it, and whom it accuses; NULL: nobody. */
struct sample {
	const char *id;
	enum mqtt_version version;
	const char *scripts[SCRIPTS_MAX]; /* NULL after the last */
	enum verdict verdict;
	const char *accused;
};

static void assert_samples(const struct sample *list, size_t count, int64_t answer_us)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &list[i];
		play_of_users(s->id, s->version, s->scripts, answer_us);
		if (p.record.verdict != s->verdict && p.record.waited) { /* a machine may be busy */
			done(&p);
			play_of_users(s->id, s->version, s->scripts, ANSWER_US);
		}
		const struct record_failure *f = p.record.failure;
		if (p.record.verdict != s->verdict)
			fail_msg("%s in %s, \"%s\" ...: %s and not %s (%s)", s->id,
				spec_version_name(s->version), s->scripts[0],
				verdict_name(p.record.verdict), verdict_name(s->verdict),
				f                       ? f->actual
					: p.record.note ? p.record.note
							: "no failure");
		if (s->accused)
			assert_accused(&p, s->accused);
		done(&p);
	}
}

#define ASSERT_SAMPLES(list) assert_samples((list), sizeof(list) / sizeof(*(list)), ANSWER_US)

/* They all wait for something that never comes. */
#define ASSERT_IN_VAIN(list) assert_samples((list), sizeof(list) / sizeof(*(list)), SILENT_US)

/* Of 3.1.1 and of 5.0: their witness, which gets its own message back; a refusal. */
#define WITNESS_311 "a a r s3016000A6B312F7769746E6573737374696C6C2068657265 e"
#define WITNESS_50  "a a r s3017000A6B312F7769746E657373007374696C6C2068657265 e"
#define REFUSED_311 "r s20020005 x"
#define REFUSED_50  "r s2003008700 x"
#define SERVED      "a e"

/* ---- authentication ------------------------------------------------------------------------- */

static void whoever_has_the_wrong_password_is_refused(void **state)
{
	(void)state;
	static const char id[] = "bad_credentials/wrong_password";
	static const struct sample samples[] = {
		{ id, MQTT_311, { WITNESS_311, SERVED }, VERDICT_FAIL, "U311-AUTH-FAIL" },
		{ id, MQTT_50, { WITNESS_50, SERVED }, VERDICT_FAIL, "MQTT-3.1.4-2" },
		{ id, MQTT_311, { WITNESS_311, "r s20020004 x" }, VERDICT_PASS, NULL },
		{ id, MQTT_311, { WITNESS_311, "r s20020005 p30 x" }, VERDICT_PASS, NULL },
		{ id, MQTT_311, { WITNESS_311, "r s20020002 x" }, VERDICT_NONSTRICT, NULL },
		{ id, MQTT_311, { WITNESS_311, "r x" }, VERDICT_NONSTRICT, NULL },
		{ id, MQTT_50, { WITNESS_50, "r s2003008000 x" }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { WITNESS_50, "r s2003008300 x" }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { WITNESS_50, "r s2003008600 x" }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { WITNESS_50, "r s2003008700 x" }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { WITNESS_50, "r s2003008A00 x" }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { WITNESS_50, "r s2003008500 x" }, VERDICT_NONSTRICT, NULL },
		{ id, MQTT_50, { WITNESS_50, "r x" }, VERDICT_PASS, NULL },
		{ "users_let_in", MQTT_311, { SERVED, REFUSED_311 }, VERDICT_FAIL, "MQTT-3.1.4-4" },
		{ "users_let_in", MQTT_50, { SERVED, REFUSED_50 }, VERDICT_FAIL, "MQTT-3.1.4-5" },
		{ "users_let_in", MQTT_311, { SERVED, SERVED }, VERDICT_PASS, NULL },
	};
	static const struct sample in_vain[] = {
		{ id, MQTT_311, { WITNESS_311, "r r r" }, VERDICT_FAIL, "U311-AUTH-FAIL" },
		{ id, MQTT_50, { WITNESS_50, "r r r" }, VERDICT_FAIL, "MQTT-3.1.4-2" },
		/* Refused, and served all the same. */
		{ id, MQTT_311, { WITNESS_311, "r s20020005 e" }, VERDICT_FAIL, "MQTT-3.2.2-5" },
		{ id, MQTT_50, { WITNESS_50, "r s2003008700 e" }, VERDICT_FAIL, "MQTT-3.2.2-7" },
	};
	ASSERT_SAMPLES(samples);
	ASSERT_IN_VAIN(in_vain);
}

static void each_row_of_credentials_can_fail(void **state)
{
	(void)state;
	static const char *const rows[] = { "password_less_a_byte", "password_and_a_byte",
		"password_nul_and_more", "password_of_another", "empty_password", "no_password",
		"unknown_user", "longer_name", "empty_name", "password_alone", "nothing",
		"refused_user" };
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *id = arena_printf(&arena, "bad_credentials/%s", rows[i]);
		const struct sample samples[] = {
			{ id, MQTT_50, { WITNESS_50, SERVED }, VERDICT_FAIL, "MQTT-3.1.4-2" },
			{ id, MQTT_50, { WITNESS_50, REFUSED_50 }, VERDICT_PASS, NULL },
		};
		ASSERT_SAMPLES(samples);
	}
	arena_fini(&arena);
}

static void a_refused_connect_leaves_nothing(void **state)
{
	(void)state;
	static const char session[] = "wrong_password_leaves_session";
	static const char none[] = "wrong_password_makes_no_session";
	static const char other[] = "wrong_password_takes_nothing_over";
	static const char will[] = "wrong_password_leaves_no_will";
#define STRANGER "a a m32:1:auth/w=of-a-stranger m32:2:auth/w=of-a-user e"
	static const struct sample samples[] = {
		{ session, MQTT_311,
			{ "a a r x", REFUSED_311, SERVED, "r s20020100 m32:1:auth/t=queued e" },
			VERDICT_PASS, NULL },
		{ none, MQTT_311, { REFUSED_311, "r s20020100 e" }, VERDICT_FAIL, "MQTT-3.2.2-3" },
		{ none, MQTT_50, { REFUSED_50, "r s2003010000 e" }, VERDICT_FAIL, "MQTT-3.2.2-3" },
		{ none, MQTT_311, { REFUSED_311, SERVED }, VERDICT_PASS, NULL },
		{ other, MQTT_311, { "a a e", "a r x", REFUSED_311 }, VERDICT_FAIL,
			"MQTT-3.1.4-2" },
		{ other, MQTT_50, { "a a e", "a r x", REFUSED_50 }, VERDICT_FAIL, "MQTT-3.1.4-3" },
		{ other, MQTT_50, { "a a m32:1:auth/t=undisturbed e", SERVED, REFUSED_50 },
			VERDICT_PASS, NULL },
		{ will, MQTT_311, { STRANGER, REFUSED_311, SERVED }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ will, MQTT_50, { STRANGER, REFUSED_50, SERVED }, VERDICT_FAIL, "UALL-RIGHTS" },
	};
	static const struct sample in_vain[] = {
		{ session, MQTT_311, { "a a r x", REFUSED_311, SERVED, SERVED, SERVED },
			VERDICT_FAIL, "MQTT-3.1.2-4" },
		{ session, MQTT_50, { "a a r x", REFUSED_50, SERVED, SERVED, SERVED }, VERDICT_FAIL,
			"MQTT-3.1.2-23" },
	};
	ASSERT_SAMPLES(samples);
	ASSERT_IN_VAIN(in_vain);
}

static void what_follows_a_refused_connect_has_no_effect(void **state)
{
	(void)state;
	static const char id[] = "pipelined_without_password/publish_qos1";
	static const char again[] = "pipelined_without_password/second_connect";
#define STOWED "a a m32:1:auth/t=stowaway m32:2:auth/t=marker e"
#define CLEAN  "a a m32:2:auth/t=marker e"
	static const struct sample samples[] = {
		{ id, MQTT_311, { STOWED, SERVED, REFUSED_311 }, VERDICT_FAIL, "MQTT-3.1.4-5" },
		{ id, MQTT_50, { STOWED, SERVED, REFUSED_50 }, VERDICT_FAIL, "MQTT-3.1.4-6" },
		{ id, MQTT_311, { CLEAN, SERVED, "r s20020005 s40020001 x" }, VERDICT_FAIL,
			"MQTT-3.2.2-5" },
		{ id, MQTT_50, { CLEAN, SERVED, "r s2003008700 s40020001 x" }, VERDICT_FAIL,
			"MQTT-3.2.2-7" },
		{ id, MQTT_311, { CLEAN, SERVED, REFUSED_311 }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { CLEAN, SERVED, "r r x" }, VERDICT_PASS, NULL },
		{ again, MQTT_50, { CLEAN, SERVED, REFUSED_50 }, VERDICT_PASS, NULL },
	};
	ASSERT_SAMPLES(samples);
}

/* ---- authorisation -------------------------------------------------------------------------- */

#define LEAKS(other) "a " other " m32:1:shut=without-the-right m32:2:open=marker e"
#define LEAKS_0      "a a a m30:shut=without-the-right m30:open=marker e"
#define TIGHT_0      "a a a m30:open=marker e"
#define TIGHT(other) "a " other " m32:2:open=marker e"

static void a_message_without_the_right_is_not_passed_on(void **state)
{
	(void)state;
	static const char one[] = "publish_without_right/qos1";
	static const char two[] = "publish_without_right/qos2";
	static const char none[] = "publish_without_right/qos0";
	static const struct sample samples[] = {
		{ one, MQTT_311, { LEAKS("a a"), SERVED }, VERDICT_FAIL, "MQTT-3.3.5-2" },
		{ one, MQTT_50, { LEAKS("a a"), "a r s4003000787 e" }, VERDICT_FAIL,
			"UALL-RIGHTS" },
		{ none, MQTT_311, { LEAKS_0, SERVED }, VERDICT_FAIL, "MQTT-3.3.5-2" },
		{ none, MQTT_50, { LEAKS_0, SERVED }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ one, MQTT_311, { TIGHT("a a"), SERVED }, VERDICT_PASS, NULL },
		{ one, MQTT_311, { TIGHT("a a"), "a r x", SERVED }, VERDICT_PASS, NULL },
		{ two, MQTT_311, { TIGHT("a a"), SERVED }, VERDICT_PASS, NULL },
		{ none, MQTT_311, { TIGHT_0, "a r x", SERVED }, VERDICT_PASS, NULL },
		{ one, MQTT_50, { TIGHT("a a"), "a r s4003000787 e" }, VERDICT_PASS, NULL },
		{ one, MQTT_50, { TIGHT("a a"), "a r sE00187 x", SERVED }, VERDICT_PASS, NULL },
		{ one, MQTT_50, { TIGHT("a a"), SERVED }, VERDICT_NONSTRICT, NULL },
		{ two, MQTT_50, { TIGHT("a a"), "a r s5003000787 e" }, VERDICT_PASS, NULL },
		{ two, MQTT_50, { TIGHT("a a"), SERVED }, VERDICT_NONSTRICT, "U50-QOS2-CHECKS" },
		{ "alias_without_right", MQTT_50,
			{ "a a m32:1:shut=by-alias m32:2:shut=marker e", SERVED, SERVED },
			VERDICT_FAIL, "UALL-RIGHTS" },
	};
	static const struct sample in_vain[] = {
		/* Neither an answer nor the close. */
		{ two, MQTT_311, { TIGHT("a a"), "a r r r" }, VERDICT_FAIL, "MQTT-3.3.5-2" },
		{ two, MQTT_50, { TIGHT("a a"), "a r r r" }, VERDICT_FAIL, "MQTT-3.3.4-1" },
	};
	ASSERT_SAMPLES(samples);
	ASSERT_IN_VAIN(in_vain);
}

static void a_will_without_the_right_is_not_sent(void **state)
{
	(void)state;
	static const char id[] = "will_without_right/qos1";
	static const struct sample samples[] = {
		{ id, MQTT_311, { LEAKS("a a"), SERVED, SERVED }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ id, MQTT_50, { LEAKS("a a"), SERVED, SERVED }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ id, MQTT_311, { TIGHT("a a"), SERVED, SERVED }, VERDICT_PASS, NULL },
		{ id, MQTT_311, { TIGHT("a a"), REFUSED_311, SERVED }, VERDICT_PASS, NULL },
		{ id, MQTT_311, { TIGHT("a a"), "r x", SERVED }, VERDICT_NONSTRICT, NULL },
		{ id, MQTT_50, { TIGHT("a a"), "r s2003009000 x", SERVED }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { TIGHT("a a"), "r x", SERVED }, VERDICT_PASS, NULL },
	};
	ASSERT_SAMPLES(samples);
}

static void a_refusing_pubrec_ends_the_exchange(void **state)
{
	(void)state;
	static const char id[] = "refusing_pubrec_frees_identifier";
	static const char later[] = "refusing_pubrec_is_not_kept";
	static const struct sample samples[] = {
		{ id, MQTT_50, { "a a e", "a r s5003000787 r s5003000791 e" }, VERDICT_FAIL,
			"MQTT-4.3.3-9" },
		{ id, MQTT_50, { "a a e", SERVED }, VERDICT_INAPPLICABLE, NULL },
		{ id, MQTT_50, { "a a e", "a r x" }, VERDICT_INAPPLICABLE, NULL },
		{ later, MQTT_50,
			{ "a a e", "a r s5003000787 r x", "r s2003010000 r s5003000791 e" },
			VERDICT_FAIL, "MQTT-4.3.3-9" },
		{ later, MQTT_50,
			{ "a a m34:1:open=new e", "a r s5003000787 r x", "r s2003010000 e" },
			VERDICT_PASS, NULL },
	};
	static const struct sample in_vain[] = {
		/* Taken for the old one: acknowledged, and not passed on. */
		{ id, MQTT_50, { "a a e", "a r s5003000787 e" }, VERDICT_FAIL, "MQTT-4.3.3-9" },
		{ id, MQTT_50, { "a a e", "a r s5003000787 r r r" }, VERDICT_FAIL, "MQTT-4.3.3-9" },
	};
	ASSERT_SAMPLES(samples);
	ASSERT_IN_VAIN(in_vain);
}

#define SECRET(more) "a " more " m32:1:shut=secret m32:2:open=marker e"

static void a_subscription_without_the_right_brings_nothing(void **state)
{
	(void)state;
	static const char id[] = "subscribe_without_right/topic";
	static const char both[] = "subscribe_with_and_without_right";
#define CONTROL "a a m32:1:shut=secret e"
	static const struct sample samples[] = {
		{ id, MQTT_311, { CONTROL, SERVED, SECRET("a a") }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ id, MQTT_50, { CONTROL, SERVED, SECRET("a a") }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ id, MQTT_311, { CONTROL, SERVED, SECRET("a r s9003000280") }, VERDICT_FAIL,
			"MQTT-3.3.2-3" },
		{ id, MQTT_311, { CONTROL, SERVED, TIGHT("a a") }, VERDICT_NONSTRICT, NULL },
		{ id, MQTT_311, { CONTROL, SERVED, TIGHT("a r s9003000280") }, VERDICT_PASS, NULL },
		{ id, MQTT_50, { CONTROL, SERVED, TIGHT("a r s900400020087") }, VERDICT_PASS,
			NULL },
		{ id, MQTT_311, { CONTROL, SERVED, "a a r x" }, VERDICT_NONSTRICT, NULL },
		{ both, MQTT_311, { CONTROL, SERVED, "a r s900400018080 e" }, VERDICT_FAIL,
			"MQTT-3.8.4-5" },
		{ both, MQTT_50, { CONTROL, SERVED, "a r s90050001008787 e" }, VERDICT_FAIL,
			"MQTT-3.8.4-6" },
		{ both, MQTT_311, { CONTROL, SERVED, "a r s900400018000 m30:open=marker e" },
			VERDICT_PASS, NULL },
	};
	static const struct sample in_vain[] = {
		{ id, MQTT_311, { CONTROL, SERVED, "a a r r r" }, VERDICT_FAIL, "MQTT-3.8.4-1" },
	};
	ASSERT_SAMPLES(samples);
	ASSERT_IN_VAIN(in_vain);
}

static void nobody_gets_what_it_may_not_get(void **state)
{
	(void)state;
	static const char live[] = "receive_without_right/qos1";
	static const char all[] = "receive_without_right/hash";
	static const char queued[] = "queued_without_right";
	static const char own[] = "server_topic_without_right";
	static const struct sample samples[] = {
		{ live, MQTT_311, { CONTROL, SERVED, SECRET("a a") }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ live, MQTT_50, { CONTROL, SERVED, SECRET("a a") }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ all, MQTT_311, { CONTROL, SERVED, SECRET("a a") }, VERDICT_FAIL, "UALL-RIGHTS" },
		{ live, MQTT_311, { CONTROL, SERVED, TIGHT("a a") }, VERDICT_PASS, NULL },
		{ live, MQTT_311, { CONTROL, SERVED, TIGHT("a r s9003000280") }, VERDICT_PASS,
			NULL },
		{ all, MQTT_50, { CONTROL, SERVED, TIGHT("a a") }, VERDICT_PASS, NULL },
		{ queued, MQTT_311,
			{ CONTROL, SERVED, "a a a r x",
				"r s20020100 m32:1:shut=secret m32:2:open=marker e" },
			VERDICT_FAIL, "UALL-RIGHTS" },
		{ queued, MQTT_311,
			{ CONTROL, SERVED, "a a a r x", "r s20020100 m32:2:open=marker e" },
			VERDICT_PASS, NULL },
		{ own, MQTT_311,
			{ "a a s310C0008245359532F6F776E3131 e",
				"a a a s310C0008245359532F6F776E3131 m30:open=marker e", SERVED },
			VERDICT_FAIL, "UALL-RIGHTS" },
		{ own, MQTT_311,
			{ "a a s310C0008245359532F6F776E3131 e", "a a a m30:open=marker e",
				SERVED },
			VERDICT_PASS, NULL },
		{ own, MQTT_311, { "a a e", "a a a e", SERVED }, VERDICT_INAPPLICABLE, NULL },
	};
	ASSERT_SAMPLES(samples);
}

/* ---- what is needed for it, and what is not shown ------------------------------------------- */

static void assert_inapplicable(const char *id, const struct users *users, const char *note)
{
	play_case_of(id, MQTT_50, SCRIPTS(WITNESS_50, SERVED), users, ANSWER_US);
	assert_verdict(p, INAPPLICABLE);
	assert_contains(p.record.note, note);
	assert_contains(p.record.note, "docs/TARGETS.md");
	done(&p);
}

static void without_users_and_rights_nothing_is_judged(void **state)
{
	(void)state;
	const struct users one = { .list = plain, .count = 1 };
	const struct users two = { .list = plain, .count = 2 };

	assert_inapplicable("users_let_in", NULL, "no [users]");
	assert_inapplicable("publish_without_right/qos1", NULL, "no [users]");
	assert_inapplicable("users_let_in", &one, "only one user");
	assert_inapplicable("bad_credentials/refused_user", &two, "`refused`");
	assert_inapplicable(
		"publish_without_right/qos1", &two, "nobody with both `publish` and `no_publish`");
	assert_inapplicable("enhanced_let_in", &two, "[auth]");
	assert_inapplicable("server_topic_without_right", &two, "on a $ topic");
}

/* Neither the right one nor one that is nearly right. */
static void no_transcript_shows_a_password(void **state)
{
	(void)state;
	static const char *const rows[] = { "bad_credentials/password_less_a_byte",
		"bad_credentials/password_and_a_byte", "bad_credentials/password_nul_and_more",
		"bad_credentials/password_of_another", "bad_credentials/password_alone" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		play_of_users(rows[i], MQTT_50, (const char *const[]){ WITNESS_50, SERVED, NULL },
			ANSWER_US);
		assert_int_equal(transcript_count(&p, "CONNECT \""), 2);
		assert_int_equal(transcript_count(&p, "password ("), 2);
		assert_int_equal(transcript_count(&p, "sesam"), 0);
		assert_int_equal(transcript_count(&p, "barle"), 0);
		done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_has_the_wrong_password_is_refused),
		cmocka_unit_test(each_row_of_credentials_can_fail),
		cmocka_unit_test(a_refused_connect_leaves_nothing),
		cmocka_unit_test(what_follows_a_refused_connect_has_no_effect),
		cmocka_unit_test(a_message_without_the_right_is_not_passed_on),
		cmocka_unit_test(a_will_without_the_right_is_not_sent),
		cmocka_unit_test(a_refusing_pubrec_ends_the_exchange),
		cmocka_unit_test(a_subscription_without_the_right_brings_nothing),
		cmocka_unit_test(nobody_gets_what_it_may_not_get),
		cmocka_unit_test(without_users_and_rights_nothing_is_judged),
		cmocka_unit_test(no_transcript_shows_a_password),
	};
	return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
