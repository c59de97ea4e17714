#include "reports/cause.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "record/difference.h"
#include "reports/evidence.h"
#include "reports/failure.h"
#include "reports/likeness.h"
#include "spec/spec.h"

const char cause_as_asked[] = "sends or tells something else than its user asked for";

void causes_init(struct causes *c)
{
	*c = (struct causes){ 0 };
	arena_init(&c->arena);
}

void causes_fini(struct causes *c)
{
	arena_fini(&c->arena);
	causes_init(c);
}

/* ---- what a case run tells ------------------------------------------------------------------ */

/* The accused statement; a death, or a verdict that is better than foreseen, accuses none. */
static const char *accused(const struct record_case *record)
{
	bool accuses = record->verdict == VERDICT_FAIL ||
		(record->verdict == VERDICT_NONSTRICT && record->expected);

	return accuses ? case_blamed(record) : NULL;
}

static const char *difference(const struct record_case *record)
{
	return record->failure && accused(record) ? difference_of(record->failure) : NULL;
}

static bool is_monitors(const char *difference)
{
	return difference && !strcmp(difference, "monitor");
}

static const char *surprise(struct arena *a, const struct record_case *record)
{
	return arena_printf(a, "the target's file foresees %s%s%s%s",
		verdict_name(record->foreseen_as), record->reason ? " (" : "",
		record->reason ? record->reason : "", record->reason ? ")" : "");
}

static const char *death(struct arena *a, const struct record_case *record)
{
	char how[CAUSE_SIZE];

	return arena_printf(a, "the target %s", evidence_cause(record->death, how));
}

/* What the monitor expects is said by the statement. */
static const char *failure(struct arena *a, const struct record_case *record)
{
	const struct record_failure *f = record->failure;

	if (!f->expected || !*f->expected || is_monitors(difference_of(f)))
		return arena_text(a, f->actual);
	return arena_printf(a, "expected %s, actual %s", f->expected, f->actual);
}

static const char *text_of(struct arena *a, const struct record_case *record)
{
	if (verdict_is_good(record->verdict) && !record->expected)
		return surprise(a, record);
	if (record->death)
		return death(a, record);
	if (record->failure && record->verdict != VERDICT_CRASH)
		return failure(a, record);
	return arena_text(a, record->note ? record->note : record->title);
}

/* ---- causes -------------------------------------------------------------------------------- */

/* Without a word for the difference, or from the monitor: what came tells causes of one statement
 * apart. What was expected does not: cases put the same demand in many ways. But an answer that tells
 * nothing ("it is not so", "7") means only what was expected.
 */
static const char *key_of(struct arena *a, const struct record_case *record, const char *alike)
{
	const char *statement = accused(record), *word = difference(record);
	const char *rest = alike;

	if (statement && word && !is_monitors(word)) {
		rest = "";
	} else if (statement && record->failure) {
		const char *actual = likeness(a, record->failure->actual);
		bool tells = strcmp(actual, "N") && strcmp(actual, "\"...\"") &&
			strcmp(actual, "it is not so");
		rest = tells ? actual : alike;
	}
	return arena_printf(a, "%s\n%s\n%s\n%s", verdict_name(record->verdict),
		statement ? statement : "", word ? word : "", rest);
}

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_text(a, text) : NULL;
}

static void cause_begin(struct arena *a, struct cause *cause, const struct record_case *record)
{
	cause->verdict = record->verdict;
	cause->statement = copy(a, accused(record));
	cause->difference = copy(a, difference(record));
	cause->as_asked = cause->statement && strstr(cause->statement, ":UALL-AS-ASKED") != NULL;
	if (cause->statement)
		cause->name = cause->difference
			? arena_printf(a, "%s %s", cause->statement, cause->difference)
			: cause->statement;
}

/* The property whose name begins here; NULL: none. Some names begin with others. */
static const struct spec_property *property_at(const char *text)
{
	const struct spec_property *found = NULL;

	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *p = &spec_properties[i];
		if (!strncmp(text, p->name, strlen(p->name)) &&
			(!found || strlen(p->name) > strlen(found->name)))
			found = p;
	}
	return found;
}

/* The properties that were due, or must not be there. */
static uint64_t properties_named(const struct record_case *record)
{
	const char *word = difference(record);
	uint64_t named = 0;

	if (!word || strcmp(word, spec_difference_name(SPEC_PROPERTY)))
		return 0;
	for (const char *c = record->failure->expected; *c; c++) {
		const struct spec_property *p = property_at(c);
		named |= p ? UINT64_C(1) << p->id : 0;
		c += p ? strlen(p->name) - 1 : 0;
	}
	return named;
}

static void add_example(struct arena *a, struct cause *cause, const char *id)
{
	for (size_t i = 0; i < cause->example_count; i++)
		if (!strcmp(cause->examples[i], id))
			return;
	if (cause->example_count < CAUSE_EXAMPLES)
		cause->examples[cause->example_count++] = arena_text(a, id);
	else
		cause->others++;
}

static size_t cause_index(struct causes *c, const char *key, const struct record_case *record)
{
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->list[i].key, key))
			return i;
	c->list = arena_grow(&c->arena, c->list, c->count, &c->capacity, sizeof(*c->list));
	c->list[c->count] = (struct cause){ .key = arena_text(&c->arena, key) };
	cause_begin(&c->arena, &c->list[c->count], record);
	return c->count++;
}

size_t causes_add(struct causes *c, const struct record_case *record)
{
	struct arena scratch;

	arena_init(&scratch);
	const char *text = text_of(&scratch, record), *alike = likeness(&scratch, text);
	size_t index = cause_index(c, key_of(&scratch, record, alike), record);
	struct cause *cause = &c->list[index];
	if (!cause->count++) {
		cause->first = arena_text(&c->arena, text);
		cause->alike = arena_text(&c->arena, alike);
	}
	cause->properties |= properties_named(record);
	cause->varies |= strcmp(cause->first, text) != 0;
	cause->differs |= strcmp(cause->alike, alike) != 0;
	add_example(&c->arena, cause, record->id);
	c->case_count++;
	arena_fini(&scratch);
	return index;
}

static int compare(const void *a, const void *b)
{
	const struct cause *x = *(const struct cause *const *)a;
	const struct cause *y = *(const struct cause *const *)b;

	if (x->as_asked != y->as_asked)
		return x->as_asked ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->verdict != y->verdict)
		return verdict_worse(x->verdict, y->verdict) == x->verdict ? -1 : 1;
	return x < y ? -1 : x > y;
}

const struct cause **causes_by_size(struct causes *c)
{
	const struct cause **list = arena_alloc(&c->arena, (c->count + 1) * sizeof(*list));

	for (size_t i = 0; i < c->count; i++)
		list[i] = &c->list[i];
	qsort(list, c->count, sizeof(*list), compare);
	return list;
}

static const struct spec_statement *statement_of(const struct cause *cause)
{
	return cause->statement ? spec_find(cause->statement) : NULL;
}

static int compare_sections(const void *a, const void *b)
{
	const struct cause *x = *(const struct cause *const *)a;
	const struct cause *y = *(const struct cause *const *)b;
	int order = spec_compare(statement_of(x), statement_of(y));

	return order && x->as_asked == y->as_asked ? order : compare(a, b);
}

const struct cause **causes_by_section(struct causes *c, size_t most)
{
	const struct cause **list = causes_by_size(c);

	qsort(list, c->count < most ? c->count : most, sizeof(*list), compare_sections);
	return list;
}

/* ---- words --------------------------------------------------------------------------------- */

static void add_properties(struct buf *b, uint64_t properties)
{
	const char *before = " (";

	for (size_t i = 0; i < spec_property_count; i++) {
		if (!(properties >> spec_properties[i].id & 1))
			continue;
		buf_printf(b, "%s%s", before, spec_properties[i].name);
		before = ", ";
	}
	if (*before == ',')
		buf_add_text(b, ")");
}

void cause_sentence(struct buf *b, const struct cause *cause)
{
	const char *word = is_monitors(cause->difference) ? NULL : cause->difference;
	const char *meaning = word ? difference_meaning(word) : NULL;

	if (word) {
		buf_add_text(b, meaning ? meaning : word);
		if (cause->differs) /* else the text says it */
			add_properties(b, cause->properties);
		buf_add_text(b, ": ");
	}
	if (cause->differs)
		buf_add_text(b, "for example, ");
	buf_add_text(b, cause->varies && !cause->differs ? cause->alike : cause->first);
}

void cause_examples(struct buf *b, const struct cause *cause)
{
	for (size_t i = 0; i < cause->example_count; i++)
		buf_printf(b, "%s%s", i ? ", " : "", cause->examples[i]);
	if (cause->others)
		buf_printf(b, ", and %zu more", cause->others);
}
