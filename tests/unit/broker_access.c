/* Passwords and rights: what the files mean, line by line. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "broker/access/filter.h"
#include "broker/access/password.h"
#include "broker/access/passwords.h"
#include "broker/access/rights.h"
#include "broker/access/scram_users.h"

/* Of mosquitto_passwd 2.0.11; the password is "secret". */
static const char by_pbkdf2[] = "$7$101$H4ixXtPQF2HCMtP0$Jkm/U5u8OzkH2ithw228O4CsVV/"
				"dUixOEcR7AkAhW2f8htG6bavtY6tMKQu9OTF+joFWkueGL3ouMth8EAQTXA==";
static const char by_sha512[] =
	"$6$Cp5Wsu9MVP/"
	"jySZX$PA89yJ1V8QgwDq9vCSSBElmJAkDBMiHkdiQ67L0graeKRo2JdK6pTLoFBtuUHpqYcTlinlP6"
	"BgayGxVUIDd+5g==";

static void passwords_of_mosquitto_match(void **state)
{
	(void)state;
	const char *const texts[] = { by_pbkdf2, by_sha512 };

	for (size_t i = 0; i < 2; i++) {
		struct password p;
		char text[PASSWORD_TEXT_MAX];
		assert_null(password_read(&p, texts[i]));
		assert_true(password_matches(&p, "secret", 6));
		assert_false(password_matches(&p, "secreT", 6));
		assert_false(password_matches(&p, "secre", 5));
		/* HMAC does not tell keys apart that differ in zeros at their ends. */
		assert_int_equal(password_matches(&p, "secret\0", 7), !i);
		assert_false(password_matches(&p, NULL, 0));
		password_write(&p, text);
		assert_string_equal(text, texts[i]);
		p.never = true;
		assert_false(password_matches(&p, "secret", 6));
	}
}

static void a_new_password_has_a_salt_of_its_own(void **state)
{
	(void)state;
	struct password a, b, again;
	char text[PASSWORD_TEXT_MAX];

	assert_true(password_make(&a, "", 0, 3));
	assert_true(password_make(&b, "", 0, 3));
	assert_memory_not_equal(a.salt, b.salt, a.salt_bytes);
	assert_memory_not_equal(a.hash, b.hash, sizeof(a.hash));
	password_write(&a, text);
	assert_null(password_read(&again, text));
	assert_true(password_matches(&again, NULL, 0));
	assert_false(password_matches(&again, "x", 1));
}

static void what_is_no_password_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "secret", "$5$AAAA$AAAA", "$6$", "$6$AAAA",
		"$6$$AAAA", "$6$AAAA$AAAA", "$6$A$AAAA", "$6$AA=A$AAAA", "$7$AAAA$AAAA",
		"$7$-1$AAAA$AAAA", "$7$1 $AAAA$AAAA", "$7$10000001$AAAA$AAAA", "$6$AAA\xff$AAAA" };
	char text[400];
	struct password p;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_non_null(password_read(&p, texts[i]));
	snprintf(text, sizeof(text), "%s:", by_pbkdf2);
	assert_non_null(password_read(&p, text));
	snprintf(text, sizeof(text), "%.*s", (int)strlen(by_sha512) - 4, by_sha512);
	assert_non_null(password_read(&p, text));
	/* More than any salt has. */
	snprintf(text, sizeof(text), "$6$%0120d$%s", 0, strrchr(by_sha512, '$') + 1);
	assert_non_null(password_read(&p, text));
}

static struct passwords *passwords_of(struct arena *a, const char *text, const char **error)
{
	*error = NULL;
	return passwords_parse(a, "users", arena_text(a, text), strlen(text), error);
}

static void nobody_costs_as_much_as_the_dearest_user(void **state)
{
	(void)state;
	struct arena a;
	const char *error;
	arena_init(&a);
	struct passwords *p = passwords_of(&a,
		arena_printf(&a, "# c\n\n  alice:%s  \r\nbob:%s\nslow:$7$5000%s", by_pbkdf2,
			by_sha512, by_pbkdf2 + 6),
		&error);
	assert_null(error);
	assert_int_equal(passwords_find(p, MQTT_VIEW("alice"))->iterations, 101);
	assert_int_equal(passwords_find(p, MQTT_VIEW("bob"))->kind, PASSWORD_SHA512);
	static const char *const strangers[] = { "", "alic", "alicee", "carol", "zoe", "# c" };
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		const struct password *nobodys = passwords_find(p, mqtt_view_of(strangers[i]));
		assert_int_equal(nobodys->kind, PASSWORD_PBKDF2);
		assert_int_equal(nobodys->iterations, 5000);
		assert_true(nobodys->never);
	}
	passwords_clear(p);
	p = passwords_of(&a, "", &error);
	assert_int_equal(passwords_find(p, MQTT_VIEW("a"))->iterations, PASSWORD_ITERATIONS);
	passwords_clear(p);
	assert_null(passwords_of(&a,
		arena_printf(&a, "a:%s\n\nb:%s\na:%s", by_sha512, by_sha512, by_sha512), &error));
	assert_string_equal(error, "users:4: the user \"a\" stands in line 1 already");
	arena_fini(&a);
}

/* RFC 7677, section 3; the password is "pencil". */
static const char by_scram[] = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
			       "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
			       "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

static void what_is_no_scram_key_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "{", "{}", "{SCRAM-SHA-256", "{SCRAM-SHA-256}",
		"{SCRAM-SHA-256}4096", "{SCRAM-SHA-256}4095,", "{SCRAM-SHA-256}+4096,",
		"{SCRAM-SHA-256}4096,,", "{SCRAM-SHA-256}4096,W22Z,", "{SCRAM-SHA-256}4096,W22Z,,",
		"{SCRAM-SHA-256}10000001,W22Z" };
	struct scram_key k;
	char text[SCRAM_TEXT_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_non_null(scram_key_read(&k, texts[i]));
	assert_null(scram_key_read(&k, by_scram));
	scram_key_write(&k, text);
	assert_string_equal(text, by_scram);
	/* Each cut is noticed, and whatever follows. */
	for (size_t len = 0; len < sizeof(by_scram) - 1; len++) {
		snprintf(text, sizeof(text), "%.*s", (int)len, by_scram);
		assert_non_null(scram_key_read(&k, text));
	}
	snprintf(text, sizeof(text), "%s,", by_scram);
	assert_non_null(scram_key_read(&k, text));
	/* The largest salt, and one that is larger. */
	for (int bytes = 64; bytes <= 65; bytes++) {
		char salt[89];
		memset(salt, 'A', 88);
		snprintf(salt + 86, 3, "%s", bytes == 64 ? "==" : "A=");
		snprintf(text, sizeof(text), "{SCRAM-SHA-256}4096,%s%s", salt,
			strchr(by_scram, ',') + 1 + strlen("W22ZaJ0SNY7soEsUEjb6gQ=="));
		assert_int_equal(!scram_key_read(&k, text), bytes == 64);
	}
	char again[SCRAM_TEXT_MAX];
	assert_null(scram_key_make(&k, SCRAM_SHA_1, "pencil", SCRAM_ITERATIONS_MIN));
	scram_key_write(&k, text);
	assert_null(scram_key_read(&k, text));
	scram_key_write(&k, again);
	assert_string_equal(again, text);
}

static struct scram_users *scram_users_of(struct arena *a, const char *text)
{
	const char *error = NULL;

	return scram_users_parse(a, "scram", arena_text(a, text), strlen(text), &error);
}

static void a_stranger_gets_a_key_that_is_like_that_of_a_user(void **state)
{
	(void)state;
	struct arena a;
	struct scram_key alice, one, same, other, elsewhere;
	arena_init(&a);
	struct scram_users *u = scram_users_of(&a, arena_printf(&a, "alice:%s\n", by_scram));
	struct scram_users *v =
		scram_users_of(&a, arena_printf(&a, "alice:%s\nbob:%s\n", by_scram, by_scram));
	assert_true(scram_users_know(u, SCRAM_SHA_256));
	assert_false(scram_users_know(u, SCRAM_SHA_1));
	assert_true(scram_users_find(u, SCRAM_SHA_256, "alice", &alice));
	assert_true(scram_users_find(u, SCRAM_SHA_256, "stranger", &one));
	assert_true(scram_users_find(u, SCRAM_SHA_256, "stranger", &same));
	assert_true(scram_users_find(u, SCRAM_SHA_256, "strange", &other));
	assert_true(scram_users_find(v, SCRAM_SHA_256, "stranger", &elsewhere));
	assert_string_equal(alice.salt, "W22ZaJ0SNY7soEsUEjb6gQ==");
	assert_memory_equal(&one, &same, sizeof(one));
	assert_int_equal(one.iterations, alice.iterations);
	assert_int_equal(strlen(one.salt), strlen(alice.salt));
	const char *const texts[] = { one.salt, one.stored, one.server };
	const char *const others[][3] = { { alice.salt, alice.stored, alice.server },
		{ other.salt, other.stored, other.server },
		{ elsewhere.salt, elsewhere.stored, elsewhere.server } };
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			assert_string_not_equal(texts[k], others[i][k]);
	scram_users_clear(u);
	scram_users_clear(v);
	scram_users_clear(NULL);
	arena_fini(&a);
}

static void filters_compare(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		int covers, meets;
	} rows[] = {
		{ "a", "a", 1, 1 },
		{ "a", "b", 0, 0 },
		{ "a", "a/", 0, 0 },
		{ "a/", "a/", 1, 1 },
		{ "+", "a", 1, 1 },
		{ "+", "", 1, 1 },
		{ "+", "a/b", 0, 0 },
		{ "a/+", "a", 0, 0 },
		{ "a/+", "a/", 1, 1 },
		{ "a/#", "a", 1, 1 },
		{ "a/#", "a/b/c", 1, 1 },
		{ "a/#", "ab", 0, 0 },
		{ "#", "a/b", 1, 1 },
		{ "#", "$SYS", 0, 0 },
		{ "#", "$SYS/#", 0, 0 },
		{ "+/a", "$SYS/a", 0, 0 },
		{ "$SYS/#", "$SYS", 1, 1 },
		{ "$SYS/+", "$SYS/#", 0, 1 },
		{ "#", "#", 1, 1 },
		{ "#", "+", 1, 1 },
		{ "+", "#", 0, 1 },
		{ "+", "+/#", 0, 1 },
		{ "+/#", "#", 0, 1 },
		{ "a/+/c", "a/b/+", 0, 1 },
		{ "a/+/c", "a/b/d", 0, 0 },
		{ "a/+", "a/#", 0, 1 },
		{ "a", "a/#", 0, 1 },
		{ "a/b", "#", 0, 1 },
		{ "b/#", "a/#", 0, 0 },
		{ "+/b", "a/#", 0, 1 },
		{ "+/$x", "a/$x", 1, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mqtt_view a = mqtt_view_of(rows[i].a), b = mqtt_view_of(rows[i].b);
		if (filter_covers(a, b) != rows[i].covers || filter_meets(a, b) != rows[i].meets ||
			filter_meets(b, a) != rows[i].meets)
			fail_msg("\"%s\" and \"%s\"", rows[i].a, rows[i].b);
	}
}

static void rules_are_those_of_mosquitto(void **state)
{
	(void)state;
	static const char acl[] = "topic public\n"
				  "user al ice\n"
				  "topic deny a/secret\n"
				  "topic a/#\n"
				  "topic read  r/#  \n"
				  "user bob\n"
				  "topic write w\n"
				  "pattern read n/%u/%c/x%u%\n"
				  "pattern $SYS/%c\n"
				  "pattern %u/own\n"
				  "pattern deny w\n";
	static const struct {
		const char *user, *id, *topic;
		unsigned rights;
	} rows[] = {
		{ "", "c", "public", 3 },
		{ "bob", "c", "public", 0 },
		{ "al ice", "c", "a/1", 3 },
		{ "al ice", "c", "a/secret", 0 },
		{ "al ice", "c", "r/1", 1 },
		{ "bob", "c", "w", 2 },
		{ "al ice", "c", "w", 0 },
		{ "bob", "c", "n/bob/c/xbob%", 1 },
		{ "bob", "d", "n/bob/c/xbob%", 0 },
		{ "", "c", "n//c/x%", 0 },
		{ "bob", "c", "$SYS/c", 3 },
		{ "$SYS", "c", "$SYS/own", 0 },
		{ "b+b", "c", "b+b/own", 0 },
		{ "bob", "c#", "bob/own", 0 },
		{ "bob", "c", "bob/own", 3 },
		{ "bo", "c", "w", 0 },
		{ "bobb", "c", "w", 0 },
	};
	struct arena a;
	const char *error;
	arena_init(&a);
	struct rights *r = rights_parse(&a, "acl", arena_text(&a, acl), strlen(acl), &error);

	assert_non_null(r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rights_client client = { mqtt_view_of(rows[i].user),
			mqtt_view_of(rows[i].id) };
		struct mqtt_view topic = mqtt_view_of(rows[i].topic);
		unsigned rights = 0;
		rights |= rights_allow(r, &client, topic, RIGHT_READ) ? RIGHT_READ : 0;
		rights |= rights_allow(r, &client, topic, RIGHT_WRITE) ? RIGHT_WRITE : 0;
		if (rights != rows[i].rights)
			fail_msg("%s, %s, %s: %u", rows[i].user, rows[i].id, rows[i].topic, rights);
	}
	struct rights_client alice = { MQTT_VIEW("al ice"), MQTT_VIEW("c") };
	assert_true(rights_allow_filter(r, &alice, MQTT_VIEW("#")));
	assert_true(rights_allow_filter(r, &alice, MQTT_VIEW("$share/g/+/1")));
	assert_false(rights_allow_filter(r, &alice, MQTT_VIEW("a/secret")));
	assert_false(rights_allow_filter(r, &alice, MQTT_VIEW("$share/g/b/#")));
	assert_true(rights_allow_filter(r, &alice, MQTT_VIEW("$SYS/#")));
	rights_fini(r);
	/* Nothing is allowed unless a line says so. */
	r = rights_parse(&a, "acl", arena_text(&a, "# none"), 6, &error);
	assert_false(rights_allow(r, &alice, MQTT_VIEW("a"), RIGHT_READ));
	rights_fini(r);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_of_mosquitto_match),
		cmocka_unit_test(a_new_password_has_a_salt_of_its_own),
		cmocka_unit_test(what_is_no_password_is_refused),
		cmocka_unit_test(nobody_costs_as_much_as_the_dearest_user),
		cmocka_unit_test(what_is_no_scram_key_is_refused),
		cmocka_unit_test(a_stranger_gets_a_key_that_is_like_that_of_a_user),
		cmocka_unit_test(filters_compare),
		cmocka_unit_test(rules_are_those_of_mosquitto),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
