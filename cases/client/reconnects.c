/* CONNECT once more: each one, also the second and the third, is what its own command says, whatever the ones before it
 * said, and however their connections ended.
 */
#include <string.h>

#include "harness/client_case.h"

enum { CONNECTS = 3, SESSION_EXPIRY = 0x11, USER_PROPERTY = 0x26 };

/* How a connection ends. */
enum end { LEFT, BROKEN, REFUSED };

struct series {
	enum end end;
	struct connect connects[CONNECTS];
};

/* A Keep Alive is always asked for, since some clients cannot do without. */
#define SERIES(ending, ...) (&(const struct series){ .end = (ending), .connects = { __VA_ARGS__ } })
#define PLAIN                    \
	{                        \
		.keep_alive = 60 \
	}
#define KEPT                                   \
	{                                      \
		.keep_alive = 60, .kept = true \
	}

#define WILL_1  .will = { .topic = "w/first", .payload = "first", .qos = 1, .retain = true }
#define WILL_2  .will = { .topic = "w/second", .payload = "", .qos = 2 }
#define WILL_3  .will = { .topic = "w/third", .payload = "third" }
#define LOGIN_1 .user_name = "first", .password = "first secret"
#define LOGIN_2 .user_name = "second", .password = "second secret"

static const struct vector series[] = {
	{ "new_after_disconnect", .extra = SERIES(LEFT, PLAIN, PLAIN, PLAIN) },
	{ "new_after_break", .extra = SERIES(BROKEN, PLAIN, PLAIN, PLAIN) },
	{ "new_after_refusal", .extra = SERIES(REFUSED, PLAIN, PLAIN, PLAIN) },
	{ "kept_after_disconnect", .extra = SERIES(LEFT, KEPT, KEPT, KEPT) },
	{ "kept_after_break", .extra = SERIES(BROKEN, KEPT, KEPT, KEPT) },
	{ "kept_after_refusal", .extra = SERIES(REFUSED, KEPT, KEPT, KEPT) },
	{ "kept_then_new", .extra = SERIES(BROKEN, KEPT, PLAIN, KEPT) },
	{ "new_then_kept", .extra = SERIES(BROKEN, PLAIN, KEPT, PLAIN) },
	{ "keep_alive",
		.extra = SERIES(BROKEN, { .keep_alive = 600 }, { .keep_alive = 61 },
			{ .keep_alive = 6000 }) },
	{ "will_goes_and_comes",
		.extra = SERIES(
			LEFT, { .keep_alive = 60, WILL_1 }, PLAIN, { .keep_alive = 60, WILL_2 }) },
	{ "will_changes",
		.extra = SERIES(BROKEN, { .keep_alive = 60, WILL_1 }, { .keep_alive = 60, WILL_2 },
			{ .keep_alive = 60, WILL_3 }) },
	{ "will_comes_late", .extra = SERIES(REFUSED, PLAIN, PLAIN, { .keep_alive = 60, WILL_1 }) },
	{ "login_goes_and_comes",
		.extra = SERIES(LEFT, { .keep_alive = 60, LOGIN_1 }, PLAIN,
			{ .keep_alive = 60, LOGIN_2 }) },
	{ "login_changes",
		.extra = SERIES(REFUSED, { .keep_alive = 60, LOGIN_1 },
			{ .keep_alive = 60, LOGIN_2 },
			{ .keep_alive = 60, .user_name = "third" }) },
	{ "everything_goes",
		.extra = SERIES(BROKEN, { .keep_alive = 600, LOGIN_1, WILL_1 }, PLAIN, PLAIN) },
};

static const struct vector series_in_5[] = {
	{ "expiry",
		.extra = SERIES(BROKEN, { .keep_alive = 60, .kept = true, .expiry = { true, 300 } },
			{ .keep_alive = 60, .kept = true, .expiry = { true, 70000 } },
			{ .keep_alive = 60, .kept = true, .expiry = { true, 60 } }) },
	{ "expiry_of_a_new_one",
		.extra = SERIES(LEFT, { .keep_alive = 60, .expiry = { true, 300 } }, PLAIN,
			{ .keep_alive = 60, .expiry = { true, 77 } }) },
	{ "new_with_a_future",
		.extra = SERIES(
			BROKEN, KEPT, { .keep_alive = 60, .kept = true, .clean = true }, KEPT) },
};

/* ---- the parts of a CONNECT ------------------------------------------------------------------- */

static void check_login(struct test *t, struct packet hello, const struct connect *c)
{
	bool user = hello.connect_flags & CONNECT_USER_NAME;
	bool password = hello.connect_flags & CONNECT_PASSWORD;

	check_in(t, hello, user == (c->user_name != NULL),
		c->user_name ? "a user name" : "no user name");
	check_in(t, hello, password == (c->password != NULL),
		c->password ? "a password" : "no password");
	if (c->user_name)
		check_text(t, hello.user_name, c->user_name);
	if (c->password)
		check_text(t, hello.password, c->password);
}

static void check_will(struct test *t, struct packet hello, const struct will *will)
{
	bool there = hello.connect_flags & CONNECT_WILL;
	unsigned qos = (hello.connect_flags & CONNECT_WILL_QOS) >> 3;
	bool retain = hello.connect_flags & CONNECT_WILL_RETAIN;

	check_in(t, hello, there == (will->topic != NULL), will->topic ? "a Will" : "no Will");
	if (!will->topic)
		return;
	check_text(t, hello.will_topic, will->topic);
	check_text(t, hello.will_payload, will->payload);
	check_number(t, "Will QoS", qos, will->qos);
	check_number(t, "Will Retain", retain, will->retain);
}

/* Absent, it is 0. */
static void check_expiry(struct test *t, struct packet hello, const struct connect *c)
{
	const struct property *sent = properties_find(&hello.properties, SESSION_EXPIRY);

	check_number(t, "Session Expiry Interval", sent ? sent->number : 0,
		c->expiry.set     ? c->expiry.value
			: c->kept ? 300
				  : 0);
}

static void check_whole(struct test *t, struct packet hello, const struct connect *c)
{
	check_text(t, hello.client_id, c->client_id);
	check_eq(t, hello.connect_flags & CONNECT_CLEAN, c->kept && !c->clean ? 0 : CONNECT_CLEAN);
	check_eq(t, hello.keep_alive, c->keep_alive);
	check_login(t, hello, c);
	check_will(t, hello, &c->will);
	if (is_v5(t))
		check_expiry(t, hello, c);
}

/* ---- one after another ------------------------------------------------------------------------ */

static void answer_and_end(
	struct test *t, struct peer *server, unsigned command, enum end end, bool resumed)
{
	if (end == REFUSED) {
		send_connack(server, .code = is_v5(t) ? 0x88 : 3);
		drop(server);
		expect_answer(t, command);
		synced(t);
		return;
	}
	send_connack(server, .present = resumed);
	fence(server);
	expect_connected(t, command);
	if (end == LEFT)
		client_leaves(server);
	else
		client_loses(server);
}

static void play_series(struct test *t, const struct series *s)
{
	bool session = false; /* the server has one */

	judging_as_asked(t);
	for (size_t i = 0; i < CONNECTS; i++) {
		struct connect c = s->connects[i];
		bool starts_clean = !c.kept || (c.clean && is_v5(t));
		c.client_id = "the same client, with a ClientId of some length";
		unsigned command = do_connect_at(AT("do_connect(t)"), t, c);
		struct peer *server = accept_client(t);
		check_whole(t, expect(server, CONNECT), &c);
		answer_and_end(t, server, command, s->end, session && !starts_clean);
		session = s->end != REFUSED && c.kept;
	}
}

CLIENT_CASE(connect_each_as_asked,
	.title = "Each CONNECT of three is as its command says, and has nothing of those before it",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH, ROWS(series))
{
	play_series(t, row(t)->extra);
}

CLIENT_CASE(connect_each_expiry_as_asked,
	.title = "Each CONNECT of three has the Session Expiry Interval of its command",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50, ROWS(series_in_5))
{
	play_series(t, row(t)->extra);
}

/* ---- limits and User Properties ------------------------------------------------------------------ */

struct limit {
	uint8_t id;
	enum property_type type;
	uint32_t values[CONNECTS]; /* 0: it is not asked for */
};

#define LIMIT(...) (&(const struct limit){ __VA_ARGS__ })

static const struct vector limits[] = {
	{ "receive_maximum", .extra = LIMIT(0x21, PROPERTY_TWO_BYTES, { 7, 1000, 0 }) },
	{ "maximum_packet_size", .extra = LIMIT(0x27, PROPERTY_FOUR_BYTES, { 70000, 0, 1000000 }) },
	{ "topic_alias_maximum", .extra = LIMIT(0x22, PROPERTY_TWO_BYTES, { 9, 300, 0 }) },
	{ "request_response_information", .extra = LIMIT(0x19, PROPERTY_BYTE, { 1, 0, 1 }) },
};

/* What is not asked for is the client's own affair, unless it is what was asked for before. */
static void check_limit(struct test *t, struct packet hello, const struct limit *l, size_t i)
{
	const struct property *sent = properties_find(&hello.properties, l->id);

	if (l->values[i]) {
		check_in(t, hello, sent, spec_property(l->id)->name);
		check_number(t, spec_property(l->id)->name, sent->number, l->values[i]);
		return;
	}
	for (size_t k = 0; k < i && sent; k++)
		check_in(t, hello, sent->number != l->values[k],
			"no limit that an earlier command asked for");
}

CLIENT_CASE(connect_each_limit_as_asked,
	.title = "Each CONNECT of three announces the limit of its command, and none before it",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50, ROWS(limits))
{
	const struct limit *l = row(t)->extra;

	for (size_t i = 0; i < CONNECTS; i++) {
		struct property one = { .id = l->id, .type = l->type, .number = l->values[i] };
		const struct properties list = { &one, 1, true };
		unsigned command =
			do_connect(t, .keep_alive = 60, .props = l->values[i] ? &list : NULL);
		struct peer *server = accept_client(t);
		judging(t, "5.0:UALL-AS-ASKED");
		check_limit(t, expect(server, CONNECT), l, i);
		answer_and_end(t, server, command, i ? LEFT : BROKEN, false);
	}
}

static void check_pairs(struct test *t, struct packet hello, const struct properties *asked)
{
	size_t at = 0;

	check_number(t, "User Properties", properties_count(&hello.properties, USER_PROPERTY),
		asked ? asked->count : 0);
	for (size_t i = 0; asked && i < asked->count; i++, at++) {
		while (hello.properties.list[at].id != USER_PROPERTY)
			at++;
		const struct property *sent = &hello.properties.list[at];
		check_in(t, hello,
			bytes_equal(sent->name, asked->list[i].name) &&
				bytes_equal(sent->value, asked->list[i].value),
			"the User Properties of the command, in their order");
	}
}

CLIENT_CASE(connect_each_pair_as_asked,
	.title = "Each CONNECT of three has the User Properties of its command",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	const struct properties *asked[CONNECTS] = { PROPS(P_USER("b", "2"), P_USER("a", "1")),
		NULL, PROPS(P_USER("a", "1"), P_USER("b", "2"), P_USER("c", "")) };

	for (size_t i = 0; i < CONNECTS; i++) {
		unsigned command = do_connect(t, .keep_alive = 60, .props = asked[i]);
		struct peer *server = accept_client(t);
		judging(t, "5.0:UALL-AS-ASKED");
		check_pairs(t, expect(server, CONNECT), asked[i]);
		answer_and_end(t, server, command, i ? LEFT : BROKEN, false);
	}
}

CHAPTER(client_reconnects, "Second and third connections of clients", &case_connect_each_as_asked,
	&case_connect_each_expiry_as_asked, &case_connect_each_limit_as_asked,
	&case_connect_each_pair_as_asked);
