/* Every case as it is declared: names, statements, templates. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* case.h and cmocka both have a `fail`; what follows needs that of cmocka alone. */
#undef fail
#include "cases/list.h"
#include "harness/evidence/watch.h"
#include "harness/pattern.h"
#include "harness/wire/template.h"
#include "spec/spec.h"

#undef fail
#define fail() _fail(__FILE__, __LINE__)

static bool has_version(const struct case_def *def, const struct vector *row, enum mqtt_version v)
{
	unsigned versions = row && row->versions ? row->versions : def->versions;

	return versions & (v == MQTT_50 ? V50 : V311);
}

static void ids_are_unique_and_typable(void **state)
{
	(void)state;
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *a = case_at(i);
		if (a->id[strspn(a->id, letters)])
			fail_msg("%s: an id has small letters, digits and _", a->id);
		for (size_t j = 0; j < i; j++)
			if (!strcmp(a->id, case_at(j)->id))
				fail_msg("%s stands twice", a->id);
		for (size_t r = 0; r < a->row_count; r++) {
			if (a->rows[r].id[strspn(a->rows[r].id, letters)])
				fail_msg("%s/%s: not an id", a->id, a->rows[r].id);
			for (size_t s = 0; s < r; s++)
				if (!strcmp(a->rows[r].id, a->rows[s].id))
					fail_msg("%s/%s stands twice", a->id, a->rows[r].id);
		}
	}
}

static void check_refs(
	const struct case_def *def, const struct vector *row, const char *const *refs, size_t most)
{
	bool seen[2] = { false, false };

	for (size_t i = 0; i < most && refs[i]; i++) {
		const struct spec_statement *s = spec_find(refs[i]);
		if (!s)
			fail_msg("%s: the catalogue has no %s", def->id, refs[i]);
		seen[s->version == MQTT_50] = true;
	}
	for (int v5 = 0; v5 < 2; v5++)
		if (!seen[v5] && has_version(def, row, v5 ? MQTT_50 : MQTT_311))
			fail_msg("%s%s%s: no statement of %s", def->id, row ? "/" : "",
				row ? row->id : "", v5 ? "5.0" : "3.1.1");
}

static void statements_exist_for_every_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);
		if (def->role == ROLE_AGENT)
			continue; /* its statements are those of docs/AGENT.md */
		if (!def->row_count)
			check_refs(def, NULL, def->refs, CASE_REFS);
		for (size_t r = 0; r < def->row_count; r++) {
			const struct vector *row = &def->rows[r];
			if (row->refs[0])
				check_refs(def, row, row->refs,
					sizeof(row->refs) / sizeof(*row->refs));
			else
				check_refs(def, row, def->refs, CASE_REFS);
		}
	}
}

/* The first of a row's statements says how closely a target of 5.0 has to look. */
static void check_duty(const struct case_def *def, const struct vector *row)
{
	const uint8_t judged = def->role == ROLE_CLIENT ? RECEIVER_CLIENT : RECEIVER_SERVER;
	size_t count;
	const char *const *refs = case_refs(def, row, &count);
	bool first_binds = false, seen = false;

	for (size_t i = 0; i < count; i++) {
		const struct spec_statement *s = spec_find(refs[i]);
		if (s->version != MQTT_50)
			continue;
		bool binds = s->receivers & judged;
		if (seen && binds && !first_binds)
			fail_msg("%s/%s: %s binds the receiver, and stands behind one that does "
				 "not",
				def->id, row->id, refs[i]);
		first_binds |= !seen && binds;
		seen = true;
	}
}

static void what_binds_the_receiver_comes_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);
		if (def->role == ROLE_AGENT)
			continue;
		for (size_t r = 0; r < def->row_count; r++)
			check_duty(def, &def->rows[r]);
	}
}

static void templates_expand(void **state)
{
	(void)state;
	size_t expanded = 0;
	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);
		for (size_t r = 0; r < def->row_count; r++) {
			for (enum mqtt_version v = MQTT_311; v <= MQTT_50; v++) {
				struct arena a;
				struct bytes bytes;
				const char *error;
				struct template_values values = { v, "k1client", "k1/" };
				if (!def->rows[r].template || !has_version(def, &def->rows[r], v))
					continue;
				arena_init(&a);
				if (!template_expand(
					    &a, def->rows[r].template, &values, &bytes, &error))
					fail_msg("%s/%s in %s: %s", def->id, def->rows[r].id,
						spec_version_name(v), error);
				expanded += bytes.len > 0;
				arena_fini(&a);
			}
		}
	}
	assert_true(expanded > 300);
}

/* Tables whose packets come at another moment than any packet may, so that the same bytes try something else. */
static const char *const other_scenes[] = { "first_packet", "requests_behind_disconnect",
	"bad_disconnect_will", "disconnect_with_will", "reserved_codes", "will_on_violation",
	"damaged_firsts", "damaged_after_disconnect", "damaged_second_connects", "damaged_pieces",
	"client_damaged_firsts", "client_damaged_pieces", "packet_before_connack", "second_connack",
	"auth_of_server_unasked", "auth_of_server_before_connack", "bad_auth",
	"server_disconnect_with_foreign_code" };

static bool is_other_scene(const struct case_def *def)
{
	for (size_t i = 0; i < sizeof(other_scenes) / sizeof(*other_scenes); i++)
		if (!strcmp(def->id, other_scenes[i]))
			return true;
	return false;
}

static bool is_of_damage(const struct case_def *def)
{
	return !strncmp(def->id, "damaged_", 8) || !strncmp(def->id, "client_damaged_", 15);
}

/* A packet of a table, to be told from all others. */
struct spelt {
	const struct case_def *def;
	const struct vector *row;
	struct bytes bytes;
};

static int compare_spelt(const void *a, const void *b)
{
	const struct spelt *x = a, *y = b;

	if (x->def->role != y->def->role)
		return x->def->role < y->def->role ? -1 : 1;
	if (x->bytes.len != y->bytes.len)
		return x->bytes.len < y->bytes.len ? -1 : 1;
	int order = memcmp(x->bytes.data, y->bytes.data, x->bytes.len);
	return order ? order : is_of_damage(x->def) - is_of_damage(y->def);
}

static size_t spell_all(struct arena *a, enum mqtt_version v, struct spelt *out, size_t most)
{
	const struct template_values values = { v, "k1client", "k1/" };
	size_t count = 0;

	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);
		for (size_t r = 0; r < def->row_count && !is_other_scene(def); r++) {
			const struct vector *row = &def->rows[r];
			const char *error;
			if (!row->template || !has_version(def, row, v))
				continue;
			assert_true(count < most);
			out[count] = (struct spelt){ .def = def, .row = row };
			assert_true(template_expand(
				a, row->template, &values, &out[count++].bytes, &error));
		}
	}
	return count;
}

static void no_damage_stands_twice(void **state)
{
	(void)state;
	enum { MOST = 20000 };
	struct spelt *all = calloc(MOST, sizeof(*all));
	for (enum mqtt_version v = MQTT_311; v <= MQTT_50; v++) {
		struct arena a;
		arena_init(&a);
		size_t count = spell_all(&a, v, all, MOST);
		assert_true(count > 500);
		qsort(all, count, sizeof(*all), compare_spelt);
		unsigned twice = 0;
		for (size_t i = 1; i < count; i++) {
			const struct spelt *x = &all[i - 1], *y = &all[i];
			if (x->def->role != y->def->role || !bytes_equal(x->bytes, y->bytes) ||
				!is_of_damage(y->def))
				continue;
			print_error(
				"%s/%s is %s/%s\n", y->def->id, y->row->id, x->def->id, x->row->id);
			twice++;
		}
		arena_fini(&a);
		assert_int_equal(twice, 0);
	}
	free(all);
}

static size_t cases_about(const struct spec_statement *s, enum role role)
{
	size_t found = 0;

	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);
		for (size_t r = 0; def->role == role && r < (def->row_count ? def->row_count : 1);
			r++) {
			size_t count;
			const char *const *refs =
				case_refs(def, def->row_count ? &def->rows[r] : NULL, &count);
			for (size_t n = 0; n < count; n++)
				found += !strcmp(refs[n], s->name);
		}
	}
	return found;
}

static void what_no_case_is_about_is_accounted_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		for (enum role role = ROLE_SERVER; role <= ROLE_CLIENT; role++) {
			bool client = role == ROLE_CLIENT;
			const char *why = client ? s->untested_client : s->untested_server;
			if (!(s->testable & (client ? TESTABLE_CLIENT : TESTABLE_SERVER)))
				continue;
			size_t cases = cases_about(s, role);
			bool accounted = watch_covers(s, client ? SIDE_CLIENT : SIDE_SERVER) ||
				!strcmp(s->level, "MAY");
			if (!cases && !accounted && !why)
				fail_msg("%s: no case, and spec/untested.tsv does not say why",
					s->name);
			if (why && (cases || accounted))
				fail_msg("%s: spec/untested.tsv is out of date", s->name);
		}
	}
}

static void declarations_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);
		if (!def->title || strlen(def->title) < 10 ||
			def->title[strlen(def->title) - 1] == '.')
			fail_msg("%s: a title is a sentence without its full stop", def->id);
		if (!(def->versions & BOTH) || !def->play)
			fail_msg("%s: no version", def->id);
		if (def->budget_ms > 15000)
			fail_msg("%s: %u ms is longer than a case may last", def->id,
				def->budget_ms);
	}
}

static void every_chapter_file_is_listed(void **state)
{
	(void)state;
	static const char *const folders[] = {
		[ROLE_SERVER] = "server",
		[ROLE_CLIENT] = "client",
		[ROLE_AGENT] = "agent",
	};
	assert_int_equal(all_chapter_count, CHAPTER_FILES);
	for (size_t i = 0; i < all_chapter_count; i++) {
		const struct chapter *c = all_chapters[i];
		char file[100];
		enum role role = c->cases[0]->role;
		snprintf(file, sizeof(file), "cases/%s/%s.c", folders[role],
			c->id + (role == ROLE_CLIENT ? strlen("client_") : 0));
		for (size_t k = 0; k < c->case_count; k++) {
			assert_string_equal(c->cases[k]->file, file);
			assert_int_equal(c->cases[k]->role, role);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_unique_and_typable),
		cmocka_unit_test(statements_exist_for_every_version),
		cmocka_unit_test(what_binds_the_receiver_comes_first),
		cmocka_unit_test(templates_expand),
		cmocka_unit_test(no_damage_stands_twice),
		cmocka_unit_test(what_no_case_is_about_is_accounted_for),
		cmocka_unit_test(declarations_are_complete),
		cmocka_unit_test(every_chapter_file_is_listed),
	};
	return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
