/* The statements on trial, and which of them a failure accuses.
 *
 * A step that fails shows a difference: nothing came, RETAIN was wrong, the order was another one. Each
 * statement of the catalogue knows what differences are evidence of its breach, so the difference
 * names the statement:
 *
 *   1. the one that `judging` put on trial, if the difference is evidence against it;
 *   2. among the case's own, the one that is accused of this difference anyway (spec_blamed);
 *   3. the first of the case's own against which it is evidence, those still open before the others;
 *   4. the one that is accused of this difference anyway, though the case does not name it.
 *
 * A check of the case's own shows no difference that the engine knows of: it accuses the statement on
 * trial, as the case wrote it.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/test.h"

_Static_assert((int)CASE_REFS <= (int)CLAIMS_MAX, "a case begins with room for its statements");

struct claim *claim_find(struct test *t, const char *name)
{
	for (size_t i = 0; i < t->claim_count; i++)
		if (!strcmp(t->claims[i].name, name))
			return &t->claims[i];
	return NULL;
}

struct claim *claim_add(struct test *t, const char *name)
{
	struct claim *c = claim_find(t, name);

	if (!c) {
		if (t->claim_count == CLAIMS_MAX)
			test_end(t, AT("the statements on trial"), VERDICT_ERROR,
				arena_printf(t->arena, "%s would be more than %d statements", name,
					CLAIMS_MAX));
		c = &t->claims[t->claim_count++];
		*c = (struct claim){ .name = name, .open = true, .watched = true };
	}
	return c;
}

struct claim *claim_try(struct test *t, const char *name)
{
	struct claim *c = claim_add(t, name);

	c->watched = false;
	return c;
}

bool claim_is_of_version(const struct test *t, const char *name)
{
	const char *v = spec_version_name(t->play->version);
	size_t len = strlen(v);

	return !strncmp(name, v, len) && name[len] == ':';
}

struct claim *claim_on_trial(struct test *t)
{
	if (t->judged >= 0)
		return &t->claims[t->judged];
	for (size_t i = 0; i < t->claim_count; i++)
		if (t->claims[i].open)
			return &t->claims[i];
	return NULL;
}

void claim_close(struct claim *c, enum verdict verdict)
{
	c->verdict = c->open ? verdict : verdict_worse(c->verdict, verdict);
	c->open = false;
}

void claims_close(struct test *t, enum verdict verdict)
{
	for (size_t i = 0; i < t->claim_count; i++)
		if (t->claims[i].open)
			claim_close(&t->claims[i], verdict);
}

/* ---- what a difference accuses --------------------------------------------------------------- */

/* What the difference concerns, as a Control Packet and as a property; 0: neither, or not known. */
static enum packet_type packet_of(const struct difference *d)
{
	size_t len = d->about ? strcspn(d->about, "/") : 0;

	for (unsigned type = CONNECT; type <= AUTH; type++)
		if (len == strlen(spec_packet_name(type)) &&
			!strncmp(d->about, spec_packet_name(type), len))
			return type;
	return RESERVED_0;
}

static unsigned property_of(const struct difference *d)
{
	return d->about && *d->about == '0' ? (unsigned)strtoul(d->about, NULL, 16) : 0;
}

/* Whether one of these kinds of the difference is evidence against the statement. */
static bool is_evidence(
	const struct test *t, const struct claim *c, const struct difference *d, uint32_t kinds)
{
	const struct spec_statement *s = spec_find(c->name);
	enum spec_testable end = test_theirs(t) == SIDE_SERVER ? TESTABLE_SERVER : TESTABLE_CLIENT;

	for (unsigned kind = 0; s && kind < SPEC_DIFFERENCES; kind++)
		if (kinds & SPEC_SHOWS(kind) &&
			spec_shows(s, end, kind, packet_of(d), property_of(d)))
			return true;
	return false;
}

/* Of the case's own: one that the likeliest difference shows comes before the rest, an open one
 * before a closed one.
 */
static struct claim *find_own(struct test *t, const struct difference *d)
{
	const uint32_t masks[] = { SPEC_SHOWS(d->kind), d->kinds };
	struct claim *closed = NULL;

	for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
		for (size_t i = 0; i < t->claim_count; i++) {
			struct claim *c = &t->claims[i];
			if (!is_evidence(t, c, d, masks[m]))
				continue;
			if (c->open)
				return c;
			closed = closed ? closed : c;
		}
		if (closed)
			return closed;
	}
	return NULL;
}

bool claim_forbids(struct test *t, const struct difference *d)
{
	return find_own(t, d) != NULL;
}

static const char *default_for(const struct test *t, const struct difference *d)
{
	bool client = test_theirs(t) == SIDE_CLIENT;
	/* A target that closes instead of answering, or sends another packet, does not answer. */
	bool no_answer = d->kind == SPEC_CLOSED || d->kind == SPEC_PACKET;

	if (!d->about)
		return NULL;
	return spec_blamed(t->play->version, client, no_answer ? SPEC_MISSING : d->kind, d->about);
}

bool claim_is_known(struct test *t, const struct difference *d)
{
	return (t->judged >= 0 && is_evidence(t, &t->claims[t->judged], d, d->kinds)) ||
		find_own(t, d) || default_for(t, d);
}

struct claim *claim_accused(struct test *t, const struct difference *d, bool *own)
{
	*own = true;
	if (!d->kinds || d->on_trial)
		return claim_on_trial(t);
	if (t->judged >= 0 && is_evidence(t, &t->claims[t->judged], d, d->kinds))
		return &t->claims[t->judged];
	const char *name = default_for(t, d);
	struct claim *c = name ? claim_find(t, name) : NULL;
	if (!c)
		c = find_own(t, d);
	if (c)
		return c;
	*own = !name;
	return name ? claim_add(t, name) : claim_on_trial(t);
}
