/* Good exchanges in which one field of one packet is changed: what the monitor has to say of each change, and that it
 * accuses nobody where it cannot know better.
 *
 * Every packet of both sides is changed in every way that there is for it, once. What has no row must be passed over.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/changes.h"
#include "tests/unit/exchange.h"

enum {
	TEXT_MAX = 64,
	CODES = 256,
	LIMIT = 4096,
	REFUSAL = 0x80,
	CODE_NO_SUBSCRIBERS = 0x10,
	AUTHENTICATION_METHOD = 0x15,
	AUTHENTICATION_DATA,
};

#define C SIDE_CLIENT
#define S SIDE_SERVER

/* ---- good exchanges -------------------------------------------------------------------------- */

/* All packets of 3.1.1, and QoS 1 and 2 in both directions, two messages at a time. */
#define WHOLE                                                                      \
	"> 10 r s'MQTT' @ EE n60 p{} s'me' p{} s'w' s'gone' s'user' s'secret'\n"   \
	"< 20 r 00 00 p{}\n"                                                       \
	"> 82 r m1 p{} s'#' 02\n< 90 r m1 p{} 02\n"                                \
	"< 30 r s'c' p{} b'x'\n"                                                   \
	"< 32 r s'c' m2 p{} b'x'\n< 32 r s'd' m3 p{} b'y'\n> 40 r m2\n> 40 r m3\n" \
	"< 34 r s'c' m4 p{} b'x'\n< 34 r s'd' m5 p{} b'y'\n> 50 r m4\n> 50 r m5\n" \
	"< 62 r m4\n< 62 r m5\n> 70 r m4\n> 70 r m5\n"                             \
	"> 30 r s'a' p{} b'x'\n"                                                   \
	"> 32 r s'a' m2 p{} b'x'\n> 32 r s'b' m3 p{} b'y'\n< 40 r m2\n< 40 r m3\n" \
	"> 34 r s'a' m4 p{} b'x'\n> 34 r s'b' m5 p{} b'y'\n< 50 r m4\n< 50 r m5\n" \
	"> 62 r m4\n> 62 r m5\n< 70 r m4\n< 70 r m5\n"                             \
	"> A2 r m6 p{} s'#'\n3< B0 r m6\n5< B0 r m6 p{} 00\n"                      \
	"> C0 r\n< D0 r\n> E0 r\n>close\n"

#define AUTHENTICATED                                     \
	"> 10 r s'MQTT' 05 02 n0 p{15 s'K'} s'me'\n"      \
	"< F0 r 18 p{15 s'K'}\n> F0 r 18 p{15 s'K'}\n"    \
	"< 20 r 00 00 p{15 s'K'}\n> F0 r 19 p{15 s'K'}\n" \
	"< F0 r 00 p{15 s'K'}\n< E0 r 8B\n<close\n"

static const struct {
	const char *text;
	enum mqtt_version version;
} exchanges[] = {
	{ WHOLE, MQTT_311 },
	{ WHOLE, MQTT_50 },
	{ AUTHENTICATED, MQTT_50 },
};

/* ---- playing --------------------------------------------------------------------------------- */

struct track {
	struct exchange_step *steps;
	size_t count, capacity;
	enum mqtt_version version;
};

static struct track track_read(struct arena *a, size_t exchange)
{
	struct track t = { .version = exchanges[exchange].version };
	struct exchange_reader r = {
		.arena = a, .version = t.version, .at = exchanges[exchange].text
	};
	struct exchange_step step;

	while (exchange_next(&r, &step)) {
		t.steps = arena_grow(a, t.steps, t.count, &t.capacity, sizeof(*t.steps));
		t.steps[t.count++] = step;
	}
	return t;
}

static bool parse(struct arena *a, enum mqtt_version version, struct bytes b, struct packet *p)
{
	struct wire_result r = wire_parse(a, version, b.data, b.len, LIMIT, p);

	return r.status == WIRE_PACKET && r.consumed == b.len;
}

static size_t tell(struct arena *a, struct monitor *m, const struct track *t, enum side from,
	struct bytes b, const struct finding **findings)
{
	struct packet *p = arena_new(a, struct packet);
	struct wire_result r = wire_parse(a, t->version, b.data, b.len, LIMIT, p);

	return r.status == WIRE_PACKET && r.consumed == b.len
		? monitor_packet(m, from, p, findings)
		: monitor_malformed(m, from, &r, findings);
}

/* A monitor that has seen the exchange as it should be, up to this step. */
static struct monitor *before(struct arena *a, const struct track *t, size_t step)
{
	struct monitor *m = monitor_new(a, t->version, t->steps[step].from, NULL);

	for (size_t i = 0; i < step; i++) {
		const struct finding *findings;
		size_t count = t->steps[i].kind == STEP_CLOSE
			? monitor_closed(m, t->steps[i].from, &findings)
			: tell(a, m, t, t->steps[i].from, t->steps[i].bytes, &findings);
		if (count)
			fail_msg("step %zu of a good exchange: %s (%s)", i + 1,
				findings[0].statement, findings[0].what);
	}
	return m;
}

static void check_said(const char *change, const struct track *t, size_t step, const char *kind,
	const char *wanted, const struct finding *findings, size_t count)
{
	bool right = wanted ? count == 1 && !strcmp(findings[0].statement, wanted) : !count;

	if (!right)
		fail_msg("%s, step %zu, %s of the %s, %s: %s (%s), wanted: %s",
			spec_version_name(t->version), step + 1, kind,
			t->steps[step].from == C ? "client" : "server", change,
			count ? findings[0].statement : "nothing", count ? findings[0].what : "",
			wanted ? wanted : "nothing");
}

/* Builds the packet and tells it; what is wanted of the monitor must be all that it says. */
static void check_change(const struct track *t, size_t step, struct subject *s, const char *change,
	const char *wanted)
{
	struct monitor *m = before(s->a, t, step);
	const struct finding *findings;
	struct buf out;
	char kind[TEXT_MAX];
	struct packet as_it_was;

	assert_true(parse(s->a, t->version, t->steps[step].bytes, &as_it_was));
	snprintf(kind, sizeof(kind), "%s", packet_kind(s->a, &as_it_was));
	buf_init(&out, LIMIT);
	assert_true(wire_build(&out, t->version, &s->p, &s->twist));
	struct bytes b = { arena_copy(s->a, out.data, out.len), out.len };
	buf_fini(&out);
	size_t count = tell(s->a, m, t, s->from, b, &findings);
	if (s->twice) {
		assert_int_equal(count, 0);
		count = tell(s->a, m, t, s->from, b, &findings);
	}
	check_said(change, t, step, kind, wanted, findings, count);
}

static struct subject subject_of(struct arena *a, const struct track *t, size_t step)
{
	struct subject s = { .a = a, .version = t->version, .from = t->steps[step].from };

	assert_true(parse(a, t->version, t->steps[step].bytes, &s.p));
	return s;
}

/* Calls `look` for every packet of every exchange, each time with an arena of its own. */
static void each_packet(void (*look)(struct arena *a, const struct track *t, size_t step))
{
	for (size_t e = 0; e < sizeof(exchanges) / sizeof(*exchanges); e++) {
		struct arena own;
		arena_init(&own);
		struct track t = track_read(&own, e);
		for (size_t step = 0; step < t.count; step++) {
			if (t.steps[step].kind != STEP_PACKET)
				continue;
			struct arena a;
			arena_init(&a);
			look(&a, &t, step);
			arena_fini(&a);
		}
		arena_fini(&own);
	}
}

/* ---- fields ---------------------------------------------------------------------------------- */

static bool spoken[VERDICTS_MAX];

static void change_fields(struct arena *a, const struct track *t, size_t step)
{
	for (size_t i = 0; i < change_count; i++) {
		struct subject s = subject_of(a, t, step);
		const char *kind = packet_kind(a, &s.p);
		if (changes[i].apply(&s))
			check_change(t, step, &s, changes[i].name,
				change_verdict(&s, kind, changes[i].name, spoken));
	}
}

static void a_changed_field_breaks_its_rule_and_no_other(void **state)
{
	(void)state;
	memset(spoken, 0, sizeof(spoken));
	each_packet(change_fields);
	struct arena a;
	arena_init(&a);
	const char *row = change_unspoken(&a, spoken);
	if (row)
		fail_msg("no packet of the exchanges has %s changed", row);
	arena_fini(&a);
}

/* ---- codes ----------------------------------------------------------------------------------- */

static bool rule_of_codes(uint8_t type, enum monitor_rule *rule)
{
	switch (type) {
	case CONNACK: *rule = RULE_CODE_CONNACK; return true;
	case PUBACK: *rule = RULE_CODE_PUBACK; return true;
	case PUBREC: *rule = RULE_CODE_PUBREC; return true;
	case PUBREL: *rule = RULE_CODE_PUBREL; return true;
	case PUBCOMP: *rule = RULE_CODE_PUBCOMP; return true;
	case SUBACK: *rule = RULE_CODE_SUBACK; return true;
	case UNSUBACK: *rule = RULE_CODE_UNSUBACK; return true;
	case DISCONNECT: *rule = RULE_CODE_DISCONNECT; return true;
	case AUTH: *rule = RULE_CODE_AUTH; return true;
	default: return false;
	}
}

static bool is_listed(const struct subject *s, uint8_t code)
{
	const struct spec_reason_code *known = spec_reason_code(code, s->p.type);

	if (s->version == MQTT_311)
		return s->p.type == CONNACK ? code <= 5 : code <= 2 || code == REFUSAL;
	if (s->p.type == DISCONNECT || s->p.type == AUTH)
		return known && (s->from == C ? known->from_client : known->from_server);
	return known;
}

/* The tables of the standard disagree about two codes of DISCONNECT; and which AUTH comes when is another rule's
 * business.
 */
static bool is_left_open(const struct subject *s, uint8_t code)
{
	if (s->p.type == DISCONNECT)
		return code == 0x8C || code == 0x9B;
	return s->p.type == AUTH && is_listed(s, code);
}

static void change_codes(struct arena *a, const struct track *t, size_t step)
{
	enum monitor_rule rule;

	for (unsigned code = 0; code < CODES; code++) {
		struct subject s = subject_of(a, t, step);
		bool many = s.p.type == SUBACK || s.p.type == UNSUBACK;
		if (!rule_of_codes(s.p.type, &rule) || is_left_open(&s, (uint8_t)code) ||
			(t->version == MQTT_311 && s.p.type != CONNACK && s.p.type != SUBACK))
			return;
		s.p.code = (uint8_t)code;
		s.p.has_code = true;
		if (many)
			s.p.codes = (struct bytes){ arena_copy(a, &s.p.code, 1), 1 };
		if (code == CODE_NO_SUBSCRIBERS && s.from == C &&
			(s.p.type == PUBACK || s.p.type == PUBREC))
			rule = RULE_CODE_NO_SUBSCRIBERS;
		else if (is_listed(&s, (uint8_t)code))
			rule = MONITOR_RULE_COUNT;
		char name[TEXT_MAX];
		snprintf(name, sizeof(name), "code 0x%02X", code);
		check_change(t, step, &s, name,
			rule == MONITOR_RULE_COUNT
				? NULL
				: monitor_rule_statement(rule, t->version, s.from));
	}
}

static void a_code_that_is_not_listed_breaks_the_rule_of_its_packet(void **state)
{
	(void)state;
	each_packet(change_codes);
}

/* ---- properties ------------------------------------------------------------------------------ */

#define BOTH_SIDES (1u << C | 1u << S)
#define BY_CLIENT  (1u << C)
#define BY_SERVER  (1u << S)

/* Those that may stand in the packet, but not in this exchange, or not from this side. */
static const struct {
	uint8_t id;
	uint8_t type;
	unsigned sides;
	enum monitor_rule rule;
} out_of_place[] = {
	{ 0x0B, PUBLISH, BY_CLIENT, RULE_SUBSCRIPTION_ID_SENT },
	{ 0x0B, PUBLISH, BY_SERVER, RULE_SUBSCRIPTION_ID_FOREIGN },
	{ 0x23, PUBLISH, BOTH_SIDES, RULE_TOPIC_ALIAS_UNOFFERED },
	{ 0x11, DISCONNECT, BY_SERVER, RULE_SESSION_EXPIRY_SENT },
	{ 0x11, DISCONNECT, BY_CLIENT, RULE_DISCONNECT_EXPIRY },
	{ 0x16, CONNECT, BY_CLIENT, RULE_AUTH_DATA_ALONE },
	{ 0x15, CONNACK, BY_SERVER, RULE_AUTH_UNASKED },
	{ 0x1A, CONNACK, BY_SERVER, RULE_RESPONSE_INFORMATION },
};

static enum monitor_rule rule_of_property(
	const struct subject *s, const struct spec_property *known, bool again, bool has_method)
{
	uint32_t place = SPEC_PACKET(s->p.type);

	if (!(known->packets & place))
		return RULE_PROPERTY_FORBIDDEN;
	for (size_t i = 0; i < sizeof(out_of_place) / sizeof(*out_of_place); i++)
		if (out_of_place[i].id == known->id && out_of_place[i].type == s->p.type &&
			out_of_place[i].sides & 1u << s->from &&
			!(has_method &&
				(known->id == AUTHENTICATION_METHOD ||
					known->id == AUTHENTICATION_DATA)))
			return out_of_place[i].rule;
	if (!again || known->repeats & place)
		return MONITOR_RULE_COUNT;
	/* Of these two the standard says it only for the Will. */
	return s->p.type == PUBLISH && known->id <= 0x02 ? MONITOR_RULE_COUNT
							 : RULE_PROPERTY_REPEATED;
}

static void add(struct subject *s, const struct spec_property *known)
{
	struct properties *p = &s->p.properties;
	struct property *list = arena_alloc(s->a, (p->count + 1) * sizeof(*list));

	if (p->count)
		memcpy(list, p->list, p->count * sizeof(*list));
	list[p->count++] = (struct property){ .id = known->id,
		.type = known->type,
		.number = 1,
		.name = BYTES("t"),
		.value = known->id == AUTHENTICATION_METHOD ? BYTES("K") : BYTES("t") };
	p->list = list;
	p->present = true;
	s->p.has_code = true;
}

static bool has_properties(const struct track *t, const struct packet *p)
{
	return t->version == MQTT_50 && p->type != PINGREQ && p->type != PINGRESP;
}

static void add_properties(struct arena *a, const struct track *t, size_t step)
{
	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *known = &spec_properties[i];
		struct subject s = subject_of(a, t, step);
		if (!has_properties(t, &s.p))
			return;
		bool there = properties_find(&s.p.properties, known->id);
		bool has_method = properties_find(&s.p.properties, AUTHENTICATION_METHOD);
		for (unsigned times = 1; times <= 2; times++) {
			add(&s, known);
			enum monitor_rule rule =
				rule_of_property(&s, known, there || times > 1, has_method);
			if (times > 1 && rule != MONITOR_RULE_COUNT &&
				rule != RULE_PROPERTY_REPEATED)
				break; /* it has been said of the first */
			if (rule == RULE_PROPERTY_REPEATED && there && times > 1)
				break;
			check_change(t, step, &s, known->name,
				rule == MONITOR_RULE_COUNT
					? NULL
					: monitor_rule_statement(rule, t->version, s.from));
		}
	}
}

static void a_property_that_has_no_place_breaks_the_rule_of_its_packet(void **state)
{
	(void)state;
	each_packet(add_properties);
}

/* ---- order ----------------------------------------------------------------------------------- */

/* The packet and the next one of its type from its side change places. */
static void swap(struct arena *a, const struct track *t, size_t step)
{
	static const struct {
		uint8_t type;
		enum monitor_rule rule;
	} orders[] = {
		{ PUBACK, RULE_PUBACK_ORDER },
		{ PUBREC, RULE_PUBREC_ORDER },
		{ PUBREL, RULE_PUBREL_ORDER },
	};
	struct subject s = subject_of(a, t, step);
	const struct exchange_step *next = &t->steps[step + 1];
	const struct finding *findings;
	struct packet following;
	const char *wanted = NULL;

	if (step + 1 >= t->count || next->kind != STEP_PACKET || next->from != s.from ||
		!parse(a, t->version, next->bytes, &following) || following.type != s.p.type)
		return;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (orders[i].type == s.p.type)
			wanted = monitor_rule_statement(orders[i].rule, t->version, s.from);
	struct monitor *m = before(a, t, step);
	size_t count = tell(a, m, t, s.from, next->bytes, &findings);
	check_said(
		"before the one before it", t, step, packet_kind(a, &s.p), wanted, findings, count);
	count = tell(a, m, t, s.from, t->steps[step].bytes, &findings);
	check_said("after the one after it", t, step, packet_kind(a, &s.p), NULL, findings, count);
}

static void acknowledgements_in_another_order_break_the_rule_on_it(void **state)
{
	(void)state;
	each_packet(swap);
}

/* ---- lengths --------------------------------------------------------------------------------- */

/* A byte too many, or too few; where that makes no packet, some statement has to say so. */
static void change_length(struct arena *a, const struct track *t, size_t step)
{
	struct bytes good = t->steps[step].bytes;
	struct subject s = subject_of(a, t, step);
	const char *version = spec_version_name(t->version);

	for (int by = -1; by <= 1; by += 2) {
		const struct finding *findings;
		uint8_t *bad = arena_alloc(a, good.len + 1);
		struct bytes b = { bad, good.len + (size_t)by };
		struct packet p;
		if (good.data[1] + by < 0)
			continue;
		memcpy(bad, good.data, good.len);
		bad[good.len] = 0;
		bad[1] = (uint8_t)(good.data[1] + by);
		if (parse(a, t->version, b, &p))
			continue; /* a payload, a list of codes, or a form that may be shorter */
		size_t count = tell(a, before(a, t, step), t, s.from, b, &findings);
		if (count != 1 || strncmp(findings[0].statement, version, strlen(version)) != 0 ||
			!spec_find(findings[0].statement))
			fail_msg("%s, step %zu, %s with %d byte: %s", version, step + 1,
				packet_kind(a, &s.p), by,
				count ? findings[0].statement : "nothing");
	}
}

static void a_length_that_does_not_fit_is_said_to_be_wrong(void **state)
{
	(void)state;
	each_packet(change_length);
}

/* ---- what is left out ------------------------------------------------------------------------ */

/* A packet that does not come may have been lost, or come later: that accuses nobody. */
static void leave_out(struct arena *a, const struct track *t, size_t step)
{
	struct subject s = subject_of(a, t, step);
	struct monitor *m = before(a, t, step);
	const struct finding *findings;
	size_t count = monitor_closed(m, s.from, &findings);

	check_said("the end in its place", t, step, packet_kind(a, &s.p), NULL, findings, count);
}

static void an_exchange_that_breaks_off_accuses_nobody(void **state)
{
	(void)state;
	each_packet(leave_out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_field_breaks_its_rule_and_no_other),
		cmocka_unit_test(a_code_that_is_not_listed_breaks_the_rule_of_its_packet),
		cmocka_unit_test(a_property_that_has_no_place_breaks_the_rule_of_its_packet),
		cmocka_unit_test(acknowledgements_in_another_order_break_the_rule_on_it),
		cmocka_unit_test(a_length_that_does_not_fit_is_said_to_be_wrong),
		cmocka_unit_test(an_exchange_that_breaks_off_accuses_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
