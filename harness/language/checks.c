/* What a case asks of its run, and the checks that it makes by itself. */
#include <stdarg.h>
#include <string.h>

#include "harness/language/naming.h"
#include "harness/test.h"

enum mqtt_version version(const struct test *t)
{
	return t->play->version;
}

bool is_v5(const struct test *t)
{
	return t->play->version == MQTT_50;
}

bool any_refused(const struct packet *ack)
{
	for (size_t i = 0; i < ack->codes.len; i++)
		if (ack->codes.data[i] >= 0x80)
			return true;
	return false;
}

const struct vector *row(const struct test *t)
{
	return t->play->row;
}

unsigned random_below(struct test *t, unsigned n)
{
	t->random ^= t->random << 13; /* xorshift64 */
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (unsigned)(t->random % n);
}

int64_t now_us(const struct test *t)
{
	return tape_now_us(&t->tape);
}

unsigned distance_ms(const struct test *t)
{
	return (unsigned)((t->play->round_trip.most_us + 999) / 1000);
}

struct bytes filler(struct test *t, size_t len)
{
	enum { PERIOD = 251 };
	uint8_t *data = arena_alloc(t->arena, len + 1);

	for (size_t i = 0; i < len && i < PERIOD; i++)
		data[i] = (uint8_t)i;
	for (size_t done = PERIOD; done < len; done *= 2)
		memcpy(data + done, data, done < len - done ? done : len - done);
	return (struct bytes){ data, len };
}

const struct capabilities *offers(const struct test *t)
{
	return t->play->capabilities;
}

void require_at(struct place at, struct test *t, bool condition, const char *why)
{
	if (!condition)
		test_end(t, at, VERDICT_INAPPLICABLE, why);
}

void require_offer_at(struct place at, struct test *t, enum offer what)
{
	const struct capabilities *c = offers(t);
	bool is_there = what == OFFER_RETAIN ? c->retain
		: what == OFFER_WILDCARDS    ? c->wildcards
					     : c->shared;

	if (!is_there)
		test_end(t, at, VERDICT_INAPPLICABLE, offer_lacking(t, what));
}

void require_qos_at(struct place at, struct test *t, unsigned qos)
{
	if (offers(t)->maximum_qos < qos)
		test_end(t, at, VERDICT_INAPPLICABLE, offer_lacking(t, OFFER_QOS));
}

const char *offer_lacking(const struct test *t, enum offer what)
{
	static const char *const names[] = {
		[OFFER_QOS] = "QoS",
		[OFFER_RETAIN] = "retained messages",
		[OFFER_WILDCARDS] = "wildcard subscriptions",
		[OFFER_SHARED] = "shared subscriptions",
		[OFFER_NAMELESS] = "clients without a ClientId",
	};
	const char *refusal = offers(t)->refusals[what];
	const char *name = what == OFFER_QOS
		? arena_printf(t->arena, "QoS %u", offers(t)->maximum_qos + 1u)
		: names[what];

	return refusal ? arena_printf(t->arena, "the target refuses %s: %s", name, refusal)
		       : arena_printf(t->arena, "the target has no %s", name);
}

void judging_at(struct place at, struct test *t, const char *statement)
{
	if (!spec_find(statement))
		test_end(t, at, VERDICT_ERROR,
			arena_printf(t->arena, "the catalogue has no statement %s", statement));
	if (!claim_is_of_version(t, statement))
		return;
	if (t->judged >= 0)
		claim_close(&t->claims[t->judged], VERDICT_PASS);
	t->judged = (int)(claim_try(t, statement) - t->claims);
}

void check_at(struct place at, struct test *t, const char *expected, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *actual = arena_vprintf(t->arena, format, args);
	va_end(args);
	queue_check(at, t);
	test_fail(t, at, expected, actual);
}

void check_in_at(struct place at, struct test *t, const struct packet *packet, const char *expected)
{
	check_at(at, t, expected, "%s", wire_describe(t->arena, t->play->version, packet));
}

void check_absent_at(struct place at, struct peer *p, enum packet_type type, const char *expected)
{
	const struct arrival *a = peer_arrival(p, SPEC_PACKET(type));

	if (a)
		check_in_at(at, p->test, &a->packet, expected);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *packet_name(const char *expression)
{
	unsigned type = naming_packet(expression);

	return type ? spec_packet_name(type) : NULL;
}

/* The field that the expression ends with says what differs: "m.qos". */
static struct difference in_field(const char *expression)
{
	static const struct {
		const char *name;
		enum spec_difference kind;
		const char *about; /* the packet that alone has such a field; NULL: several have */
	} fields[] = {
		{ ".qos", SPEC_QOS, "PUBLISH" },
		{ ".retain", SPEC_RETAIN, "PUBLISH" },
		{ ".dup", SPEC_DUP, "PUBLISH" },
		{ ".topic", SPEC_TOPIC, "PUBLISH" },
		{ ".payload", SPEC_PAYLOAD, "PUBLISH" },
		{ ".id", SPEC_IDENTIFIER, NULL },
		{ ".code", SPEC_CODE, NULL },
		{ ".codes.data[0]", SPEC_CODE, NULL },
		{ ".ack_flags & 1", SPEC_SESSION, "CONNACK" },
	};
	size_t len = strlen(expression);

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t tail = strlen(fields[i].name);
		if (len > tail && !strcmp(expression + len - tail, fields[i].name))
			return DIFFERENCE(fields[i].kind,
				fields[i].about ? fields[i].about : packet_name(expression));
	}
	return (struct difference){ 0 };
}

/* "PUBACK/0x10", "PUBLISH/to-1": narrower by the value that came, or was due. */
static void narrow(struct test *t, struct difference *d, long long actual, long long expected)
{
	if (!d->about)
		return;
	if (d->kind == SPEC_CODE)
		d->about = arena_printf(t->arena, "%s/0x%02llX", d->about, actual);
	if (d->kind == SPEC_RETAIN || d->kind == SPEC_DUP || d->kind == SPEC_SESSION)
		d->about = arena_printf(t->arena, "%s/to-%lld", d->about, expected);
}

/* It may be that another message is looked at than the one that is meant. */
static void check_messages(struct place at, struct test *t, const struct difference *d)
{
	if (!d->about || !strncmp(d->about, "PUBLISH", strlen("PUBLISH")))
		queue_check(at, t);
}

/* tests/unit/naming.c sees to it that every expression of a case has a name. */
static const char *name_number(struct test *t, const char *what, long long value)
{
	const char *name = naming_number(t->arena, t->play->version, what, value);

	return name ? name : arena_printf(t->arena, "the value %lld", value);
}

static const char *name_text(struct test *t, const char *what, struct bytes text)
{
	const char *name = naming_text(t->arena, what, text);

	return name ? name
		    : arena_printf(t->arena, "the text \"%.*s\"", (int)text.len,
			      (const char *)text.data);
}

void check_eq_at(
	struct place at, struct test *t, long long actual, long long expected, const char *what)
{
	struct difference d = in_field(what);

	if (actual == expected)
		return;
	check_messages(at, t, &d);
	narrow(t, &d, actual, expected);
	test_differ(t, at, d, name_number(t, what, expected), name_number(t, what, actual));
}

void check_text_at(struct place at, struct test *t, struct bytes actual, const char *expected,
	const char *what)
{
	struct difference d = in_field(what);

	if (bytes_equal(actual, bytes_of(expected)))
		return;
	check_messages(at, t, &d);
	if (d.kind == SPEC_PAYLOAD)
		d = messages_payload(t, actual, expected);
	test_differ(t, at, d, name_text(t, what, bytes_of(expected)), name_text(t, what, actual));
}

void check_number_at(
	struct place at, struct test *t, const char *what, long long actual, long long expected)
{
	if (actual == expected)
		return;
	queue_check(at, t);
	test_fail(t, at, arena_printf(t->arena, "%s: %lld", what, expected),
		arena_printf(t->arena, "%s: %lld", what, actual));
}

void check_words_at(struct place at, struct test *t, const char *what, struct bytes actual,
	const char *expected)
{
	if (bytes_equal(actual, bytes_of(expected)))
		return;
	queue_check(at, t);
	test_fail(t, at, arena_printf(t->arena, "%s \"%s\"", what, expected),
		arena_printf(
			t->arena, "%s \"%.*s\"", what, (int)actual.len, (const char *)actual.data));
}

/* ---- properties ------------------------------------------------------------------------------ */

void check_properties_at(struct place at, struct test *t, const struct properties *properties,
	unsigned id, size_t expected)
{
	size_t count = properties_count(properties, id);

	if (count == expected)
		return;
	queue_check(at, t);
	test_fail(t, at, naming_count(t->arena, id, expected), naming_count(t->arena, id, count));
}

void check_value_at(struct place at, struct test *t, const struct properties *properties,
	unsigned id, uint32_t expected)
{
	const struct property *found = properties_find(properties, id);
	const struct property wanted = { .id = id, .number = expected };

	if (found && found->number == expected)
		return;
	queue_check(at, t);
	test_fail(t, at, naming_property(t->arena, id, &wanted),
		naming_property(t->arena, id, found));
}

void observe_at(struct place at, struct test *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(t->arena, format, args);
	va_end(args);
	test_note(t, at, VERDICT_INFO, NULL, text);
}

void nonstrict_at(struct place at, struct test *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(t->arena, format, args);
	va_end(args);
	test_note(t, at, VERDICT_NONSTRICT, "what the standard recommends", text);
}

void fail_at(struct place at, struct test *t, const char *expected, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(t->arena, format, args);
	va_end(args);
	test_fail(t, at, expected, text);
}
