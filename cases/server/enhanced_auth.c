/* Enhanced authentication that a server offers, 4.12 and 3.15: good steps and bad ones, and authenticating again. The
 * method, and whose name and password go with it, are those of the target's file. What shows on a server that knows no
 * method is in auth.c.
 */
#include "harness/case.h"

enum { STEPS_MAX = 5, LARGEST = 256, AUTHENTICATION_DATA = 0x16, CONTINUE = 0x18, AGAIN = 0x19 };

static const struct user nobody; /* whoever it is, the method tells */

#define P_METHOD(m)                                                       \
	{                                                                 \
		.id = 0x15, .type = PROPERTY_STRING, .value = bytes_of(m) \
	}
#define P_DATA(d)                                                 \
	{                                                         \
		.id = 0x16, .type = PROPERTY_BINARY, .value = (d) \
	}

#define SAYING(t, d) PROPS(P_METHOD(auth_method(t)), P_DATA(d))

static struct bytes data_of(const struct packet *packet)
{
	const struct property *data = properties_find(&packet->properties, AUTHENTICATION_DATA);

	return data ? data->value : (struct bytes){ 0 };
}

/* CONNECT, with the first words of an exchange. */
static void begin(struct peer *client, const struct user *user)
{
	struct said first = auth_begin(client, user);

	send_connect(client, .as = &nobody, .props = SAYING(test_of(client), first.data));
}

/* What its words mean is a matter of the method, not of MQTT. */
static void need_sense(struct test *t, const struct said *next)
{
	require(t, !next->broken,
		"what the target says does not belong to an exchange of its method");
}

/* The target asks for more, and gets this from the user. */
static struct bytes expect_challenge(struct peer *client)
{
	struct test *t = test_of(client);

	judging(t, "5.0:MQTT-4.12.0-2");
	struct packet challenge = expect_one_of(client, OUTCOMES({ AUTH, .code = SET(CONTINUE) }));
	struct said next = auth_next(client, data_of(&challenge));
	need_sense(t, &next);
	return next.data;
}

/* The rest of an exchange that goes well: up to CONNACK, or to AUTH when it is not the first. */
static void converse(struct peer *client, enum packet_type last)
{
	struct test *t = test_of(client);

	judging(t, last == CONNACK ? "5.0:MQTT-3.1.4-5" : "5.0:U50-REAUTH-REPLY");
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		struct packet heard = expect_one_of(client,
			OUTCOMES({ last, .code = SET(0) }, { AUTH, .code = SET(CONTINUE) }));
		struct bytes data = data_of(&heard);
		bool ends = heard.code == 0;
		struct said next = { .done = true };
		if (!ends || data.data)
			next = auth_next(client, data);
		if (ends && next.broken)
			nonstrict(t, "the target does not prove that it knows the password, too");
		if (ends)
			return;
		need_sense(t, &next);
		send_auth(client, .code = SET(CONTINUE), .props = SAYING(t, next.data));
	}
	fail(t, "the end of the exchange", "the target asks for more and more");
}

static struct peer *join_by_method(struct test *t, const char *name)
{
	struct peer *client = dial(t, name);

	begin(client, auth_user(t));
	converse(client, CONNACK);
	return client;
}

#define expect_rejected(client) \
	expect_refused(client, .codes = { 0x87, 0x86, 0x80, 0x83, 0x8C, 0x82 })

/* ---- the first time ------------------------------------------------------------------------ */

/*   client                    target
 *   CONNECT, first data  -->
 *                        <--  AUTH 0x18, challenge
 *   AUTH 0x18, proof     -->
 *                        <--  CONNACK, with the method and the server's proof
 */
CASE(enhanced_let_in, .title = "Whoever proves who it is by the server's method is let in",
	.refs = { "5.0:MQTT-3.1.4-5", "5.0:MQTT-4.12.0-2", "5.0:MQTT-4.12.0-5",
		"5.0:MQTT-3.15.2-1" },
	.level = MUST, .versions = V50, .of_users = true)
{
	struct peer *client = join_by_method(t, "client");
	fence(client);
	subscribe(client, .filter = "auth/t");
	publish(client, .topic = "auth/t", .payload = "served");
	expect_message(client, .payload = "served");
}

/* What explains things in AUTH goes before the packet is too large. */
CASE(enhanced_keeps_maximum_packet_size, .title = "AUTH is no larger than the client takes",
	.refs = { "5.0:MQTT-3.15.2-2", "5.0:MQTT-3.15.2-3" }, .level = MUST, .versions = V50,
	.of_users = true)
{
	struct peer *client = dial(t, "client");
	struct said first = auth_begin(client, auth_user(t));
	send_connect(client, .as = &nobody,
		.props = PROPS(P_METHOD(auth_method(t)), P_DATA(first.data),
			P_MAXIMUM_PACKET_SIZE(LARGEST)));
	struct packet challenge = expect_one_of(
		client, OUTCOMES({ AUTH, .code = SET(CONTINUE) }, { .type = CLOSED }));
	require(t, challenge.type == AUTH, "the exchange takes larger packets");
	check_in(t, challenge, challenge.raw.len <= LARGEST, "an AUTH of at most 256 bytes");
}

CASE(enhanced_wrong_password, .title = "Whoever fails to prove who it is gets no further",
	.refs = { "5.0:MQTT-4.12.0-4", "5.0:MQTT-3.2.2-7" }, .level = MUST, .versions = V50,
	.of_users = true)
{
	const struct user wrong = with_wrong_password(auth_user(t));
	witness(t);
	struct peer *client = dial(t, "client");
	begin(client, &wrong);
	struct bytes proof = expect_challenge(client);
	send_auth(client, .code = SET(CONTINUE), .props = SAYING(t, proof));
	judging(t, "5.0:MQTT-4.12.0-4");
	expect_rejected(client);
}

/* A server may ask a user whom it does not know all the same, so as not to tell that it does not. */
CASE(enhanced_unknown_user, .title = "Whoever is not known gets no further, whatever it proves",
	.refs = { "5.0:MQTT-4.12.0-4", "5.0:MQTT-3.2.2-7" }, .level = MUST, .versions = V50,
	.of_users = true)
{
	struct user stranger = *auth_user(t);
	stranger.name = "mqttspec-nobody";
	struct peer *client = dial(t, "client");
	begin(client, &stranger);
	judging(t, "5.0:MQTT-4.12.0-4");
	struct packet first = expect_one_of(client,
		OUTCOMES({ AUTH, .code = SET(CONTINUE) }, { .type = CONNACK }, { .type = CLOSED }));
	if (first.type == AUTH) {
		struct said next = auth_next(client, data_of(&first));
		need_sense(t, &next);
		send_auth(client, .code = SET(CONTINUE), .props = SAYING(t, next.data));
		expect_rejected(client);
	} else if (first.type == CONNACK) {
		check_in(t, first, first.code >= 0x80, "the code of an error");
		judging(t, "5.0:MQTT-3.2.2-7");
		expect_closed(client);
	}
}

/* ---- bad steps ----------------------------------------------------------------------------- */

enum step {
	GARBAGE,
	EMPTY_DATA,
	NO_DATA,
	FIRST_AGAIN,
	OTHER_METHOD,
	NO_METHOD,
	STARTS_AGAIN,
	SUCCESS,
	PUBLISHES,
	SUBSCRIBES
};

#define STEP(s)                     \
	.extra = &(const enum step) \
	{                           \
		s                   \
	}
#define REJECTED     .refs = { "5.0:MQTT-4.12.0-4" }, .codes = { 0x87, 0x86, 0x80, 0x83, 0x82, 0x81 }
#define MISTAKE(...) .refs = { __VA_ARGS__ }, .codes = { 0x82, 0x8C, 0x81, 0x87 }

static const struct vector bad_steps[] = {
	{ "garbage", STEP(GARBAGE), REJECTED },
	{ "empty_data", STEP(EMPTY_DATA), REJECTED },
	{ "no_data", STEP(NO_DATA), REJECTED },
	{ "first_again", STEP(FIRST_AGAIN), REJECTED },
	{ "other_method", STEP(OTHER_METHOD), MISTAKE("5.0:MQTT-4.12.0-5") },
	{ "no_method", STEP(NO_METHOD), MISTAKE("5.0:U50-AUTH-METHOD") },
	{ "reauthenticates", STEP(STARTS_AGAIN), MISTAKE("5.0:MQTT-4.12.0-3") },
	{ "declares_success", STEP(SUCCESS), MISTAKE("5.0:MQTT-4.12.0-3", "5.0:MQTT-3.15.2-1") },
	{ "publishes", STEP(PUBLISHES), MISTAKE("5.0:MQTT-3.1.2-30") },
	{ "subscribes", STEP(SUBSCRIBES), MISTAKE("5.0:MQTT-3.1.2-30") },
};

static void send_step(struct peer *client, enum step what, struct bytes proof)
{
	struct test *t = test_of(client);
	const char *method = auth_method(t);

	misbehave(client);
	switch (what) {
	case GARBAGE:
		send_auth(client, .code = SET(CONTINUE), .props = SAYING(t, BYTES("\x00\xFF,,=")));
		break;
	case EMPTY_DATA:
		send_auth(client, .code = SET(CONTINUE), .props = SAYING(t, BYTES("")));
		break;
	case NO_DATA:
		send_auth(client, .code = SET(CONTINUE), .props = PROPS(P_METHOD(method)));
		break;
	case FIRST_AGAIN:
		send_auth(client, .code = SET(CONTINUE),
			.props = SAYING(t, auth_begin(client, auth_user(t)).data));
		break;
	case OTHER_METHOD:
		send_auth(client, .code = SET(CONTINUE),
			.props = PROPS(P_AUTH_METHOD("mqttspec-no-such-method"), P_DATA(proof)));
		break;
	case NO_METHOD:
		send_auth(client, .code = SET(CONTINUE), .props = PROPS(P_DATA(proof)));
		break;
	case STARTS_AGAIN: send_auth(client, .code = SET(AGAIN), .props = SAYING(t, proof)); break;
	case SUCCESS: send_auth(client, .code = SET(0), .props = SAYING(t, proof)); break;
	case PUBLISHES: send_publish(client, .topic = "auth/t", .payload = "too early"); break;
	case SUBSCRIBES: send_subscribe(client, .filter = "auth/t", .id = 1); break;
	}
}

CASE(bad_steps, .title = "A step that does not belong in an authentication ends it",
	.refs = { "5.0:MQTT-4.12.0-4" }, .level = MUST, .versions = V50, .of_users = true,
	ROWS(bad_steps))
{
	const enum step what = *(const enum step *)row(t)->extra;
	witness(t);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "auth/t");
	struct peer *client = dial(t, "client");
	begin(client, auth_user(t));
	struct bytes proof = expect_challenge(client);
	judging(t, row(t)->refs[0]);
	send_step(client, what, proof);
	if (what <= FIRST_AGAIN)
		expect_refused(client);
	else
		expect_violation_closed(client, .incomplete = true);
	publish(join(t, "publisher"), .topic = "auth/t", .payload = "marker");
	expect_message(watcher, .payload = "marker");
}

/* ---- once more ----------------------------------------------------------------------------- */

/*   client                    target                  publisher
 *   AUTH 0x19, data      -->
 *                        <--  AUTH 0x18
 *                                          <--  PUBLISH
 *                        <--  PUBLISH               traffic goes on meanwhile
 *   AUTH 0x18, proof     -->
 *                        <--  AUTH 0x00             and no CONNACK
 */
CASE(reauthentication_amid_messages,
	.title = "A client can prove once more who it is, while messages go on",
	.refs = { "5.0:U50-REAUTH-REPLY", "5.0:MQTT-3.2.0-2", "5.0:MQTT-4.12.0-5" },
	.level = STATED, .versions = V50, .of_users = true)
{
	struct peer *client = join_by_method(t, "client"), *pub = join(t, "publisher");
	subscribe(client, .filter = "auth/t", .qos = 1);
	for (unsigned i = 0; i < 2; i++) {
		struct said first = auth_begin(client, auth_user(t));
		send_auth(client, .code = SET(AGAIN), .props = SAYING(t, first.data));
		judging(t, "5.0:U50-REAUTH-REPLY");
		struct packet challenge =
			expect_one_of(client, OUTCOMES({ AUTH, .code = SET(CONTINUE) }));
		struct said next = auth_next(client, data_of(&challenge));
		need_sense(t, &next);
		publish(pub, .topic = "auth/t", .payload = i ? "second" : "first", .qos = 1);
		expect_message(client, .payload = i ? "second" : "first");
		publish(client, .topic = "auth/own", .payload = "own", .qos = 1);
		send_auth(client, .code = SET(CONTINUE), .props = SAYING(t, next.data));
		converse(client, AUTH);
	}
	fence(client);
	judging(t, "5.0:MQTT-3.2.0-2");
	expect_no(client, CONNACK);
}

CASE(reauthentication_with_wrong_password,
	.title = "Whoever fails to prove once more who it is loses its connection",
	.refs = { "5.0:MQTT-4.12.1-2" }, .level = MUST, .versions = V50, .of_users = true)
{
	const struct user wrong = with_wrong_password(auth_user(t));
	witness(t);
	struct peer *client = join_by_method(t, "client");
	struct said first = auth_begin(client, &wrong);
	send_auth(client, .code = SET(AGAIN), .props = SAYING(t, first.data));
	struct bytes proof = expect_challenge(client);
	send_auth(client, .code = SET(CONTINUE), .props = SAYING(t, proof));
	judging(t, "5.0:MQTT-4.12.1-2");
	expect_violation_closed(client, .codes = { 0x87, 0x80, 0x83, 0x82 });
}

static const struct vector bad_reauthentications[] = {
	{ "other_method", STEP(OTHER_METHOD), MISTAKE("5.0:MQTT-4.12.1-1") },
	{ "no_method", STEP(NO_METHOD), MISTAKE("5.0:U50-AUTH-METHOD") },
	{ "declares_success", STEP(SUCCESS), MISTAKE("5.0:MQTT-3.15.2-1") },
	{ "garbage", STEP(GARBAGE), .refs = { "5.0:MQTT-4.12.1-2" },
		.codes = { 0x87, 0x80, 0x83, 0x82, 0x81 } },
};

CASE(bad_reauthentications,
	.title =
		"An AUTH that does not begin a new authentication as it should ends the connection",
	.refs = { "5.0:MQTT-4.12.1-1" }, .level = MUST, .versions = V50, .of_users = true,
	ROWS(bad_reauthentications))
{
	const enum step what = *(const enum step *)row(t)->extra;
	witness(t);
	struct peer *client = join_by_method(t, "client");
	struct bytes first = auth_begin(client, auth_user(t)).data;
	judging(t, row(t)->refs[0]);
	misbehave(client);
	if (what == OTHER_METHOD)
		send_auth(client, .code = SET(AGAIN),
			.props = PROPS(P_AUTH_METHOD("mqttspec-no-such-method"), P_DATA(first)));
	else if (what == NO_METHOD)
		send_auth(client, .code = SET(AGAIN), .props = PROPS(P_DATA(first)));
	else if (what == SUCCESS)
		send_auth(client, .code = SET(0), .props = SAYING(t, first));
	else
		send_auth(client, .code = SET(AGAIN), .props = SAYING(t, BYTES("\x00\xFF,,=")));
	expect_violation_closed(client);
}

CHAPTER(enhanced_auth, "Enhanced authentication by a method of the server's", &case_enhanced_let_in,
	&case_enhanced_keeps_maximum_packet_size, &case_enhanced_wrong_password,
	&case_enhanced_unknown_user, &case_bad_steps, &case_reauthentication_amid_messages,
	&case_reauthentication_with_wrong_password, &case_bad_reauthentications);
