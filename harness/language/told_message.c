/* What a client tells its user, compared with what it was asked and what came. No statement of the
 * standard covers this but the one that messages of QoS 0 and 2 come once: the rest is
 * UALL-AS-ASKED.
 */
#include <string.h>

#include "harness/test.h"

/* ---- whom it accuses ------------------------------------------------------------------------- */

static const char *as_asked(const struct test *t)
{
	return version_statement(t->play->version, "3.1.1:UALL-AS-ASKED", "5.0:UALL-AS-ASKED");
}

void told_differs(struct test *t, struct place at, struct difference d, const char *expected,
	const char *actual)
{
	if (t->def->role == ROLE_AGENT) /* which cites no statement */
		test_differ(t, at, (struct difference){ .waited = d.waited }, expected, actual);
	if (!t->setting_up)
		t->judged = (int)(claim_try(t, as_asked(t)) - t->claims);
	test_differ(t, at, d, expected, actual);
}

/* Nothing was told in time. */
static struct difference missing(void)
{
	struct difference d = DIFFERENCE(SPEC_MISSING, "told");

	d.waited = true;
	return d;
}

void told_missing(struct test *t, struct place at, const char *expected)
{
	told_differs(t, at, missing(), expected, client_last_word(t));
}

void told_note(struct test *t, struct place at, const char *expected, const char *actual)
{
	test_note_on(t, at, VERDICT_NONSTRICT, as_asked(t), expected, actual);
}

/* ---- messages -------------------------------------------------------------------------------- */

static struct bytes payload_of(const struct message *m)
{
	return m->payload ? bytes_of(m->payload) : m->bytes;
}

static bool has_topic(const struct told *told, const struct message *m)
{
	return !m->topic || bytes_equal(told->topic, bytes_of(m->topic));
}

static bool has_payload(const struct told *told, const struct message *m)
{
	struct bytes payload = payload_of(m);

	return !payload.data || bytes_equal(told->payload, payload);
}

static bool is_wanted(const struct told *told, const struct message *m)
{
	return has_topic(told, m) && has_payload(told, m);
}

/* Another one was told in its place: the wanted one, if it is told at all; NULL: it is not. */
static struct hearing *hear_later(struct test *t, const struct message *m)
{
	int64_t until_us = test_answer_deadline_us(t);
	bool in_time = true;

	for (;;) {
		for (size_t i = 0; i < t->hearing_count; i++) {
			struct hearing *h = &t->hearings[i];
			if (!h->taken && h->told.kind == TOLD_MESSAGE && is_wanted(&h->told, m))
				return h;
		}
		if (!in_time)
			return NULL;
		in_time = test_pump(t, until_us);
	}
}

static struct difference in_flags(const struct told *told, const struct message *m)
{
	if (m->qos.set && told->qos != m->qos.value)
		return DIFFERENCE(SPEC_QOS, "told");
	if (m->retain.set && told->retain != !!m->retain.value)
		return DIFFERENCE(SPEC_RETAIN, "told");
	if (m->dup.set && told->dup != !!m->dup.value)
		return DIFFERENCE(SPEC_DUP, "told");
	return (struct difference){ 0 };
}

/* Not the wanted one: what it is instead. */
static struct difference in_message(
	struct test *t, const struct told *told, const struct message *m, bool comes_later)
{
	static const char *const copies[] = { "told/qos0", "told/qos1", "told/qos2" };
	const struct posting *sent = posting_find(t, MESSAGES_USER, told->topic, told->payload);

	if (sent && posting_times(sent, MESSAGES_USER) > 1)
		return DIFFERENCE(SPEC_REPEATED, copies[sent->qos % 3]);
	if (sent && comes_later)
		return DIFFERENCE(SPEC_ORDER, "told");
	if (sent)
		return missing();
	if (has_payload(told, m))
		return DIFFERENCE(SPEC_TOPIC, "told");
	if (has_topic(told, m))
		return DIFFERENCE(SPEC_PAYLOAD, "told");
	return DIFFERENCE(SPEC_EXTRA, "told"); /* nobody's */
}

static const char *describe_told(struct test *t, const struct told *told)
{
	return arena_printf(t->arena, "the user is told \"%.*s\" q%u retain %d dup %d \"%.*s\"%s",
		(int)told->topic.len, (const char *)told->topic.data, told->qos, told->retain,
		told->dup, told->payload.len > 100 ? 100 : (int)told->payload.len,
		(const char *)told->payload.data, told->payload.len > 100 ? "..." : "");
}

/* At QoS 0 and 2 copies have a statement of their own; at QoS 1 a client that gets one message tells one. */
static void differs(struct test *t, struct place at, struct difference d, const char *expected,
	const char *actual)
{
	if (d.kind == SPEC_REPEATED && strcmp(d.about, "told/qos1"))
		test_differ(t, at, d, expected, actual);
	told_differs(t, at, d, expected, actual);
}

struct told expect_told_at(struct place at, struct test *t, struct message m)
{
	struct hearing *h = client_event(at, t, TOLD_MESSAGE);
	struct told told = h->told;
	struct difference d;

	if (!is_wanted(&told, &m)) {
		h = hear_later(t, &m);
		d = in_message(t, &told, &m, h);
		if (d.kind != SPEC_ORDER)
			differs(t, at, d, test_describe_wanted(t, "the message", &m),
				describe_told(t, &told));
		/* The standard orders what is sent, not what is told. */
		told_note(t, at, test_describe_wanted(t, "the message", &m),
			arena_printf(t->arena, "%s before it", describe_told(t, &told)));
	}
	d = in_flags(&h->told, &m);
	if (d.kinds)
		differs(t, at, d, test_describe_wanted(t, "the message", &m),
			describe_told(t, &h->told));
	h->taken = true;
	return h->told;
}
