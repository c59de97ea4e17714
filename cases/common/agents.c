#include "cases/common/agents.h"

enum { USER_PROPERTY = 0x26 };

void expect_kind(struct test *t, unsigned command, enum told_kind kind)
{
	check_eq(t, expect_answer(t, command).kind, kind);
}

void expect_unanswered(struct test *t, unsigned command, const char *awaited)
{
	synced(t);
	check(t, !has_answer(t, command), "no answer before its outcome is known",
		"the agent answers command %u without %s", command, awaited);
}

static bool is_same(const struct property *a, const struct property *b)
{
	return a->id == b->id && a->number == b->number && bytes_equal(a->value, b->value) &&
		bytes_equal(a->name, b->name);
}

/* The property that is the n-th of its kind. */
static const struct property *nth(const struct properties *p, uint32_t id, size_t n)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].id == id && !n--)
			return &p->list[i];
	return NULL;
}

static void check_all(struct test *t, const char *where, const struct properties *found,
	const struct properties *wanted, bool leaves_out)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct property *one = &wanted->list[i];
		const char *name = spec_property(one->id)->name;
		size_t n = 0;
		for (size_t k = 0; k < i; k++)
			n += wanted->list[k].id == one->id;
		if (leaves_out && !properties_count(found, one->id)) {
			nonstrict(t,
				"%s has no %s: to be left out only if the client does not "
				"report it",
				where, name);
			continue;
		}
		const struct property *other = nth(found, one->id, n);
		check(t, other && is_same(one, other), name, "%s has %s", where,
			other ? "another value of it, or another order" : "none, or too few");
	}
	size_t pairs = properties_count(found, USER_PROPERTY);
	if (pairs)
		check_number(t, "User Properties", pairs, properties_count(wanted, USER_PROPERTY));
}

void check_carries(struct test *t, const char *where, const struct properties *found,
	const struct properties *wanted)
{
	check_all(t, where, found, wanted, false);
}

void check_tells(struct test *t, const char *where, const struct properties *found,
	const struct properties *wanted)
{
	check_all(t, where, found, wanted, true);
}
