/* Topic Names and Topic Filters, 4.7: which filter matches which topic, and which are refused. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/case.h"

enum { TEXT_MAX = 600, PATIENCE_MS = 500 };

/* A topic or filter with `~` for the prefix of the case run, so that wildcards and slashes may stand
 * before it.
 */
static const char *expanded(struct test *t, char out[static TEXT_MAX], const char *text)
{
	const char *prefix = prefixed(t, "x");
	size_t prefix_len = strlen(prefix) - strlen("/x"), len = 0;

	for (; *text && len + prefix_len + 1 < TEXT_MAX; text++) {
		if (*text == '~') {
			memcpy(out + len, prefix, prefix_len);
			len += prefix_len;
		} else {
			out[len++] = *text;
		}
	}
	out[len] = '\0';
	return out;
}

/* SUBSCRIBE with exactly this filter, and no message of it is taken for another case run's. */
static void send_filter(struct peer *p, const char *filter, unsigned id)
{
	struct packet packet = wire_packet(SUBSCRIBE);

	packet.id = (uint16_t)id;
	packet.filters = &(struct filter){ .text = bytes_of(filter) };
	packet.filter_count = 1;
	packet.properties.present = true;
	send_packet(p, packet);
}

/* False if the target refuses it. */
static bool subscribe_exactly(struct peer *p, const char *filter, unsigned id)
{
	send_filter(p, filter, id);
	struct packet suback = expect_ack(p, SUBACK, id);
	return suback.codes.len == 1 && suback.codes.data[0] < 0x80;
}

/* The next message of this case run: a filter that begins with a wildcard sees those of others. */
static struct packet next_own(struct test *t, struct peer *p)
{
	const char *own = prefixed(t, "x");
	size_t len = strlen(own);

	for (;;) {
		struct packet m = expect_message(p);
		if (m.payload.len >= len && !memcmp(m.payload.data, own, len))
			return m;
	}
}

/* ---- matching ------------------------------------------------------------------------------- */

struct pair {
	const char *filter, *topic;
	bool matches;
};

#define PAIR(name, filter, topic, matches, ...)                                          \
	{                                                                                \
		name, .extra = &(const struct pair){ filter, topic, matches }, .refs = { \
			__VA_ARGS__                                                      \
		}                                                                        \
	}
#define HASH(name, filter, topic, matches) \
	PAIR(name, filter, topic, matches, "3.1.1:UALL-HASH-PARENT", "5.0:UALL-HASH-PARENT")
#define PLUS(name, filter, topic, matches) \
	PAIR(name, filter, topic, matches, "3.1.1:UALL-PLUS-ONE", "5.0:UALL-PLUS-ONE")
#define LEVELS(name, filter, topic, matches) \
	PAIR(name, filter, topic, matches, "3.1.1:UALL-LEVELS", "5.0:UALL-LEVELS")
#define LETTERS(name, filter, topic, matches) \
	PAIR(name, filter, topic, matches, "3.1.1:UALL-TOPIC-CASE", "5.0:UALL-TOPIC-CASE")
#define UNICODE(name, filter, topic, matches) \
	PAIR(name, filter, topic, matches, "3.1.1:MQTT-4.7.3-4", "5.0:MQTT-4.7.3-4")
#define FEFF(name, filter, topic, matches) \
	PAIR(name, filter, topic, matches, "3.1.1:MQTT-1.5.3-3", "5.0:MQTT-1.5.4-3")

static const struct vector matching[] = {
	HASH("hash_parent", "~/s/#", "~/s", true),
	HASH("hash_empty_child", "~/s/#", "~/s/", true),
	HASH("hash_child", "~/s/#", "~/s/a", true),
	HASH("hash_descendants", "~/s/#", "~/s/a/b/c/d", true),
	HASH("hash_not_longer_name", "~/s/#", "~/sa", false),
	HASH("hash_not_sibling", "~/s/#", "~/t/a", false),
	HASH("hash_of_first_level", "~/#", "~", true),
	HASH("hash_alone", "#", "~/a/b", true),
	HASH("hash_alone_leading_slash", "#", "/~", true),
	HASH("plus_hash", "~/+/#", "~/a", true),
	HASH("plus_hash_not_parent", "~/+/#", "~", false),
	HASH("plus_name_hash_parent", "~/+/b/#", "~/a/b", true),
	HASH("plus_name_hash", "~/+/b/#", "~/a/b/c/d", true),
	HASH("plus_name_hash_not", "~/+/b/#", "~/a/c/b", false),
	HASH("hash_behind_slash", "/#", "/~", true),
	HASH("hash_behind_slash_not", "/#", "~/a", false),
	PLUS("plus_one_level", "~/+", "~/a", true),
	PLUS("plus_empty_level", "~/+", "~/", true),
	PLUS("plus_not_parent", "~/+", "~", false),
	PLUS("plus_not_two_levels", "~/+", "~/a/b", false),
	PLUS("plus_not_trailing_slash", "~/+", "~/a/", false),
	PLUS("plus_plus_empty_levels", "~/+/+", "~//", true),
	PLUS("plus_plus_not_one_level", "~/+/+", "~/a", false),
	PLUS("plus_in_the_middle", "~/+/b", "~/a/b", true),
	PLUS("plus_in_the_middle_empty", "~/+/b", "~//b", true),
	PLUS("plus_in_the_middle_not_none", "~/+/b", "~/b", false),
	PLUS("plus_in_the_middle_not_two", "~/+/b", "~/a/a/b", false),
	PLUS("plus_at_the_end", "~/a/+", "~/a/b", true),
	PLUS("plus_at_the_end_empty", "~/a/+", "~/a/", true),
	PLUS("plus_at_the_end_not_none", "~/a/+", "~/a", false),
	PLUS("plus_twice", "~/+/x/+", "~/a/x/b", true),
	PLUS("plus_twice_not", "~/+/x/+", "~/a/y/b", false),
	PLUS("plus_first", "+/~", "a/~", true),
	PLUS("plus_first_empty", "+/~", "/~", true),
	PLUS("plus_first_not_none", "+/~", "~", false),
	PLUS("plus_alone", "+", "~", true),
	PLUS("plus_alone_not_leading_slash", "+", "/~", false),
	PLUS("plus_behind_slash", "/+", "/~", true),
	PLUS("plus_plus_leading_slash", "+/+", "/~", true),
	LEVELS("leading_slash", "/~", "/~", true),
	LEVELS("leading_slash_not_without", "/~", "~", false),
	LEVELS("without_not_leading_slash", "~", "/~", false),
	LEVELS("trailing_slash", "~/a/", "~/a/", true),
	LEVELS("trailing_slash_not_without", "~/a/", "~/a", false),
	LEVELS("without_not_trailing_slash", "~/a", "~/a/", false),
	LEVELS("empty_level", "~//b", "~//b", true),
	LEVELS("empty_level_not_without", "~//b", "~/b", false),
	LEVELS("without_not_empty_level", "~/b", "~//b", false),
	LEVELS("two_empty_levels", "~///b", "~///b", true),
	LEVELS("two_empty_levels_not_one", "~///b", "~//b", false),
	LEVELS("longer_topic_not", "~/a", "~/a/b", false),
	LEVELS("longer_filter_not", "~/a/b", "~/a", false),
	LETTERS("other_case_not", "~/Accounts", "~/ACCOUNTS", false),
	LETTERS("spaces", "~/a b /c", "~/a b /c", true),
	LETTERS("space_is_no_nothing", "~/a b", "~/ab", false),
	LETTERS("trailing_space_not_without", "~/a ", "~/a", false),
	LETTERS("without_not_leading_space", "~/a", "~/ a", false),
	LETTERS("dollar_behind_first_level", "~/+", "~/$x", true),
	LETTERS("dollar_in_the_middle", "~/#", "~/a/$SYS/b", true),
	UNICODE("non_ascii", "~/\xC3\xA9\xE6\xB0\xB4\xF0\x9F\x92\xA7",
		"~/\xC3\xA9\xE6\xB0\xB4\xF0\x9F\x92\xA7", true),
	UNICODE("composed_not_decomposed", "~/\xC3\xA9", "~/e\xCC\x81", false),
	UNICODE("decomposed_not_composed", "~/e\xCC\x81", "~/\xC3\xA9", false),
	UNICODE("ohm_is_no_omega", "~/\xE2\x84\xA6", "~/\xCE\xA9", false),
	UNICODE("fullwidth_is_no_ascii", "~/\xEF\xBC\xA1", "~/A", false),
	UNICODE("ligature_is_no_letters", "~/\xEF\xAC\x81", "~/fi", false),
	UNICODE("percent_is_no_escape", "~/%41%2F", "~/A/", false),
	UNICODE("backslash_is_no_escape", "~/a\\/b", "~/a/b", false),
	FEFF("feff",
		"~/\xEF\xBB\xBF"
		"a",
		"~/\xEF\xBB\xBF"
		"a",
		true),
	FEFF("feff_not_without",
		"~/\xEF\xBB\xBF"
		"a",
		"~/a", false),
	FEFF("without_not_feff", "~/a",
		"~/\xEF\xBB\xBF"
		"a",
		false),
	FEFF("feff_first", "\xEF\xBB\xBF~", "\xEF\xBB\xBF~", true),
	FEFF("feff_first_not_without", "\xEF\xBB\xBF~", "~", false),
	FEFF("without_not_feff_first", "~", "\xEF\xBB\xBF~", false),
};

/* Publishes "hit" on the topic, and demands that the watcher does not get it.
 *
 *   control               target             publisher        watcher
 *   SUBSCRIBE topic  -->                                 <--  SUBSCRIBE "~/marker"
 *                                       <--  PUBLISH topic "hit"
 *                    <--  "hit"
 *                                       <--  PUBLISH "~/marker" "marker"
 *                                                        -->  "marker", first
 */
static void expect_unmatched(struct test *t, struct peer *watcher, const char *topic)
{
	char marker[TEXT_MAX], hit_text[TEXT_MAX], marker_text[TEXT_MAX];
	expanded(t, marker, "~/marker");
	expanded(t, hit_text, "~/x hit");
	expanded(t, marker_text, "~/x marker");
	struct peer *control = join(t, "control");
	require(t, subscribe_exactly(watcher, marker, 9), "the target refuses the marker's filter");
	require(t, subscribe_exactly(control, topic, 1), "the target refuses the topic");

	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = topic, .payload = hit_text, .raw = true);
	expect_message(control, .payload = hit_text);
	publish(pub, .topic = marker, .payload = marker_text, .raw = true);
	struct packet m = next_own(t, watcher);
	check_text(t, m.payload, marker_text);
}

static void expect_matched(struct test *t, struct peer *watcher, const char *topic)
{
	char hit_text[TEXT_MAX];
	expanded(t, hit_text, "~/x hit");
	publish(join(t, "publisher"), .topic = topic, .payload = hit_text, .raw = true);

	struct packet m = next_own(t, watcher);
	check_text(t, m.payload, hit_text);
	size_t shown = strlen(topic), cut = strlen(prefixed(t, "x")) - 1;
	bool stripped = shown >= cut && !memcmp(topic, prefixed(t, "x"), cut);
	check_text(t, m.topic, stripped ? topic + cut : topic);
}

CASE(matching, .title = "A filter matches the topics that it describes, and no others",
	.refs = { "3.1.1:UALL-LEVELS", "5.0:UALL-LEVELS" }, .level = STATED, .versions = BOTH,
	ROWS(matching))
{
	const struct pair *pair = row(t)->extra;
	char filter[TEXT_MAX], topic[TEXT_MAX];
	expanded(t, filter, pair->filter);
	expanded(t, topic, pair->topic);
	if (strpbrk(filter, "+#"))
		require_offer(t, OFFER_WILDCARDS);

	struct peer *watcher = join(t, "watcher");
	require(t, subscribe_exactly(watcher, filter, 1), "the target refuses the filter");
	if (pair->matches)
		expect_matched(t, watcher, topic);
	else
		expect_unmatched(t, watcher, topic);
}

/* ---- filters that are none ------------------------------------------------------------------ */

#define BAD_HASH(name, filter, topic) \
	PAIR(name, filter, topic, false, "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1")
#define BAD_PLUS(name, filter, topic) \
	PAIR(name, filter, topic, false, "3.1.1:MQTT-4.7.1-3", "5.0:MQTT-4.7.1-2")

static const struct vector invalid_filters[] = {
	BAD_HASH("hash_behind_name", "~/a#", "~/a"),
	BAD_HASH("hash_behind_names", "~/a/b#", "~/a/bc"),
	BAD_HASH("hash_not_last", "~/a/#/b", "~/a/x/b"),
	BAD_HASH("hash_first_not_last", "#/~", "a/~"),
	BAD_HASH("hash_then_slash", "~/a/#/", "~/a/x/"),
	BAD_HASH("hash_before_name", "~/#a", "~/a"),
	BAD_HASH("hash_twice", "~/##", "~/a"),
	BAD_HASH("hash_and_plus", "~/#+", "~/a"),
	BAD_PLUS("plus_behind_name", "~/a+", "~/ab"),
	BAD_PLUS("plus_before_name", "~/+a", "~/ba"),
	BAD_PLUS("plus_behind_name_in_the_middle", "~/a/b+/c", "~/a/bx/c"),
	BAD_PLUS("plus_before_name_in_the_middle", "~/a/+b/c", "~/a/xb/c"),
	BAD_PLUS("plus_twice", "~/++", "~/ab"),
	BAD_PLUS("plus_between", "~/a+b", "~/axb"),
};

/* How a server refuses is not laid down: it closes, or SUBACK has a code of failure. In 5.0 it need
 * not notice, as long as no message comes of it.
 */
static struct packet expect_filter_refused(struct test *t, struct peer *peer)
{
	const enum verdict granted = is_v5(t) ? VERDICT_NONSTRICT : VERDICT_FAIL;
	const char *says = "the filter is granted";

	return expect_one_of(peer,
		OUTCOMES({ SUBACK, SET(0), granted, says }, { SUBACK, SET(1), granted, says },
			{ SUBACK, SET(2), granted, says }, { .type = SUBACK }, { .type = CLOSED }));
}

CASE(invalid_filters,
	.title = "A filter with a wildcard that does not fill its level gets no subscription",
	.refs = { "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1" }, .level = MUST, .versions = BOTH,
	ROWS(invalid_filters))
{
	const struct pair *pair = row(t)->extra;
	char filter[TEXT_MAX], topic[TEXT_MAX];
	witness(t);
	struct peer *client = join(t, "client");
	misbehave(client);
	send_filter(client, expanded(t, filter, pair->filter), 1);
	struct packet answer = expect_filter_refused(t, client);
	if (answer.type == CLOSED)
		return;
	judging(t, "5.0:MQTT-3.3.2-3");
	expect_unmatched(t, client, expanded(t, topic, pair->topic));
}

#define EMPTY .refs = { "3.1.1:MQTT-4.7.3-1", "5.0:MQTT-4.7.3-1" }
#define NUL   .refs = { "3.1.1:MQTT-4.7.3-2", "5.0:MQTT-4.7.3-2" }

static const struct vector empty_filters[] = {
	{ "subscribe", "82 r m1 p{} s\"\" 00", EMPTY },
	{ "first_of_subscribe", "82 r m1 p{} s\"\" 00 t\"b\" 00", EMPTY },
	{ "unsubscribe", "A2 r m1 p{} s\"\"", EMPTY },
};

CASE(empty_filters, .title = "A filter of no characters is refused", EMPTY, .level = MUST,
	.versions = BOTH, ROWS(empty_filters))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	if (!strcmp(row(t)->id, "unsubscribe"))
		expect_one_of(client,
			OUTCOMES({ .type = UNSUBACK, .code = SET(0x8F) },
				{ .type = UNSUBACK, .code = SET(0x80) },
				{ .type = UNSUBACK,
					.verdict = VERDICT_NONSTRICT,
					.says = "the empty filter is taken for one of no "
						"subscription" },
				{ .type = CLOSED }));
	else
		expect_filter_refused(t, client);
}

static const struct vector bad_topics[] = {
	{ "empty_q0", "30 r s\"\" p{} b\"x\"", EMPTY, .codes = { 0x82, 0x81, 0x90 } },
	{ "empty_q1", "32 r s\"\" m1 p{} b\"x\"", EMPTY, .codes = { 0x82, 0x81, 0x90 } },
	{ "nul_in_topic_q0", "30 r t\"a\\x00b\" p{} b\"x\"", NUL, .codes = { 0x81, 0x90 } },
	{ "nul_in_topic_q1", "32 r t\"a\\x00b\" m1 p{} b\"x\"", NUL, .codes = { 0x81, 0x90 } },
	{ "nul_first_in_topic", "30 r s\"\\x00\" p{} b\"x\"", NUL, .codes = { 0x81, 0x90 } },
	{ "nul_in_filter", "82 r m1 p{} t\"a\\x00b\" 00", NUL, .codes = { 0x81, 0x8F } },
	{ "nul_in_unsubscribe", "A2 r m1 p{} t\"a\\x00\"", NUL, .codes = { 0x81, 0x8F } },
};

CASE(bad_topics, .title = "A topic without characters, or with U+0000, ends the connection",
	.refs = { "3.1.1:MQTT-4.7.3-1", "5.0:MQTT-4.7.3-1" }, .level = MUST, .versions = BOTH,
	ROWS(bad_topics))
{
	witness(t);
	struct peer *watcher = watch_row(t, "#");
	if (watcher && !strstr(row(t)->template, "t\"")) /* a topic without the prefix */
		subscribe(watcher, .filter = "+", .raw = true);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "marker");
}

#define WILDCARD                                                                  \
	.refs = { "3.1.1:MQTT-3.3.2-2", "3.1.1:MQTT-4.7.1-1", "5.0:MQTT-3.3.2-2", \
		"5.0:MQTT-4.7.0-1" }

static const struct vector wildcard_topics[] = {
	{ "plus_q0", "30 r t\"a/+\" p{} b\"x\"", WILDCARD },
	{ "hash_q0", "30 r t\"a/#\" p{} b\"x\"", WILDCARD },
	{ "plus_in_name_q0", "30 r t\"a+b\" p{} b\"x\"", WILDCARD },
	{ "hash_in_name_q1", "32 r t\"a#b\" m1 p{} b\"x\"", WILDCARD },
	{ "plus_q1", "32 r t\"a/+\" m1 p{} b\"x\"", WILDCARD },
	{ "hash_q2", "34 r t\"a/#\" m1 p{} b\"x\"", WILDCARD },
};

/* At QoS 1 and 2 in 5.0 the server may refuse in its acknowledgement. It need not notice, but then
 * it hands the message on, and that is an error of its own.
 */
CASE(wildcard_topics, .title = "A PUBLISH whose topic has a wildcard is refused and not handed on",
	.refs = { "3.1.1:MQTT-3.3.2-2", "3.1.1:MQTT-4.7.1-1", "5.0:MQTT-3.3.2-2",
		"5.0:MQTT-4.7.0-1" },
	.level = MUST, .versions = BOTH, ROWS(wildcard_topics))
{
	witness(t);
	struct peer *watcher = watch_row(t, "#");
	struct peer *client = join(t, "client");
	send_row(client);
	if (is_v5(t)) {
		send_pingreq(client);
		expect_one_of(client,
			OUTCOMES({ PUBACK, SET(0), VERDICT_NONSTRICT, "accepted" },
				{ PUBREC, SET(0), VERDICT_NONSTRICT, "accepted" },
				{ PUBACK, SET(0x10), VERDICT_NONSTRICT, "accepted" },
				{ PUBREC, SET(0x10), VERDICT_NONSTRICT, "accepted" },
				{ .type = PUBACK }, { .type = PUBREC },
				{ .type = PINGRESP,
					.verdict = VERDICT_NONSTRICT,
					.says = "the topic is not checked" },
				{ .type = CLOSED }));
	} else {
		expect_violation_closed(client);
	}
	expect_no_harm(watcher, client, .topic = "marker");
}

/* ---- topics that begin with $ --------------------------------------------------------------- */

/* Publishes a message of the case run's own, and demands that it comes before any on a $ topic. */
static void expect_no_dollar(struct test *t, struct peer *watcher, struct peer *pub)
{
	struct packet m;

	publish(pub, .topic = "t", .payload = "marker");
	do {
		m = expect_message(watcher);
		check_in(t, m, !m.topic.len || m.topic.data[0] != '$', "no topic begins with $");
	} while (!bytes_equal(m.payload, BYTES("marker")));
}

/* Whether the target lets clients exchange messages below "$test/", which it should not, but may. */
static bool exchanges_dollar_topics(struct peer *control, struct peer *pub, const char *topic)
{
	send_publish(pub, .topic = topic, .payload = "dollar");
	if (isnan(wait_packet_ms(control, PUBLISH, PATIENCE_MS)) || !is_open(pub))
		return false;
	struct packet m = expect(control, PUBLISH);
	return bytes_equal(m.payload, bytes_of("dollar"));
}

CASE(dollar_not_by_wildcard,
	.title = "A filter that begins with a wildcard matches no topic that begins with $",
	.refs = { "3.1.1:MQTT-4.7.2-1", "5.0:MQTT-4.7.2-1" }, .level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_WILDCARDS);
	char topic[TEXT_MAX], plus[TEXT_MAX];
	expanded(t, topic, "$test/~");
	struct peer *control = join(t, "control");
	require(t, subscribe_exactly(control, topic, 1), "the target refuses filters on $test/");
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "#", .raw = true);
	subscribe(watcher, .filter = expanded(t, plus, "+/~"), .raw = true);
	subscribe(watcher, .filter = "+/#", .raw = true);
	struct peer *pub = join(t, "publisher");
	require(t, exchanges_dollar_topics(control, pub, topic),
		"the target does not carry messages on $test/");
	expect_no_dollar(t, watcher, pub);
}

CASE(dollar_sys_not_by_wildcard, .title = "Subscribers of # and +/# get nothing from $SYS",
	.refs = { "3.1.1:MQTT-4.7.2-1", "5.0:MQTT-4.7.2-1" }, .level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_WILDCARDS);
	struct peer *control = join(t, "control");
	require(t, subscribe_exactly(control, "$SYS/#", 1), "the target refuses $SYS/#");
	require(t, !isnan(wait_packet_ms(control, PUBLISH, PATIENCE_MS)),
		"the target has nothing to say on $SYS/");

	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "#", .raw = true);
	subscribe(watcher, .filter = "+/#", .raw = true);
	expect_no_dollar(t, watcher, watcher);
}

CASE(dollar_spelt_out, .title = "Filters that spell the $ prefix out match its topics",
	.refs = { "3.1.1:UALL-DOLLAR-EXPLICIT", "5.0:UALL-DOLLAR-EXPLICIT" }, .level = STATED,
	.versions = BOTH)
{
	require_offer(t, OFFER_WILDCARDS);
	static const char *const forms[] = { "$test/~/#", "$test/~/+/b", "$test/~/a/#",
		"$test/~/a/+" };
	static const char *const names[] = { "hash", "plus", "parent", "last" };
	struct peer *watchers[4];
	char topic[TEXT_MAX], filter[TEXT_MAX];
	struct peer *control = join(t, "control");
	require(t, subscribe_exactly(control, expanded(t, topic, "$test/~/a/b"), 1),
		"the target refuses filters on $test/");
	for (size_t i = 0; i < 4; i++) {
		watchers[i] = join(t, names[i]);
		require(t, subscribe_exactly(watchers[i], expanded(t, filter, forms[i]), 1),
			"the target refuses filters on $test/");
	}
	require(t, exchanges_dollar_topics(control, join(t, "publisher"), topic),
		"the target does not carry messages on $test/");
	for (size_t i = 0; i < 4; i++) {
		struct packet m;
		do { /* "$test/+/a/b" sees those of other case runs, too */
			m = expect_message(watchers[i]);
		} while (!bytes_equal(m.topic, bytes_of(topic)));
	}
}

/* ---- extremes ------------------------------------------------------------------------------- */

enum { LONGEST = 65535 };

static void fill_longest(struct test *t, char *out)
{
	const char *begin = prefixed(t, "x");

	memset(out, 'a', LONGEST);
	memcpy(out, begin, strlen(begin));
	out[LONGEST] = '\0';
}

/* Subscribes to the topic and publishes to it; the target may refuse, by failure or close. */
static void exchange_or_refuse(struct test *t, const char *topic, const char *what)
{
	struct peer *client = join(t, "client");
	send_subscribe(client, .filter = topic, .id = 1, .raw = true);
	struct packet answer =
		expect_one_of(client, OUTCOMES({ .type = SUBACK }, { .type = CLOSED }));
	if (answer.type == CLOSED || any_refused(&answer)) {
		observe(t, "the target refuses a filter of %s", what);
		return;
	}
	struct peer *pub = join(t, "publisher");
	send_publish(pub, .topic = topic, .payload = "far", .qos = 1, .id = 1, .raw = true);
	answer = expect_one_of(pub, OUTCOMES({ .type = PUBACK }, { .type = CLOSED }));
	if (answer.type == CLOSED || answer.code >= 0x80) {
		observe(t, "the target refuses a topic of %s", what);
		return;
	}
	struct packet m = expect_message(client, .payload = "far");
	check_text(t, m.topic, topic + strlen(prefixed(t, "x")) - 1);
}

CASE(longest_topic, .title = "A topic of 65535 bytes is carried, or refused in an orderly way",
	.refs = { "3.1.1:MQTT-4.7.3-3", "5.0:MQTT-4.7.3-3" }, .level = MUST, .versions = BOTH)
{
	require(t, offers(t)->maximum_packet_size > 2 * LONGEST, "the target takes no such packet");
	char topic[LONGEST + 1];
	witness(t);
	fill_longest(t, topic);
	exchange_or_refuse(t, topic, "65535 bytes");
}

CASE(many_levels, .title = "A topic of 150 levels is carried, or refused in an orderly way",
	.refs = { "3.1.1:UALL-TOPIC-DEPTH", "5.0:UALL-TOPIC-DEPTH" }, .level = STATED,
	.versions = BOTH)
{
	char topic[TEXT_MAX] = { 0 };
	witness(t);
	expanded(t, topic, "~");
	for (size_t i = 1, len = strlen(topic); i < 150; i++)
		len += (size_t)snprintf(topic + len, TEXT_MAX - len, "/%c", (char)('a' + i % 26));
	exchange_or_refuse(t, topic, "150 levels");
}

CASE(thousands_of_levels,
	.title = "A topic of 32768 empty levels is carried, or refused in an orderly way",
	.refs = { "3.1.1:UALL-TOPIC-DEPTH", "5.0:UALL-TOPIC-DEPTH" }, .level = STATED,
	.versions = BOTH)
{
	require(t, offers(t)->maximum_packet_size > 2 * LONGEST, "the target takes no such packet");
	char topic[LONGEST + 1];
	witness(t);
	fill_longest(t, topic);
	memset(topic + strlen(prefixed(t, "x")), '/', LONGEST / 2);
	exchange_or_refuse(t, topic, "32768 levels");
}

CHAPTER(topics, "Topic Names and Topic Filters", &case_matching, &case_invalid_filters,
	&case_empty_filters, &case_bad_topics, &case_wildcard_topics, &case_dollar_not_by_wildcard,
	&case_dollar_sys_not_by_wildcard, &case_dollar_spelt_out, &case_longest_topic,
	&case_many_levels, &case_thousands_of_levels);
