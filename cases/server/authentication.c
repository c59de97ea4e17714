/* Who is let in, 3.1.4: what becomes of a CONNECT whose user name or password is not right, and of what comes with
 * it. The users are those of the target's file.
 */
#include <stdio.h>
#include <string.h>

#include "harness/case.h"

enum { NAME_SIZE = 200 };

/* ---- refusals ------------------------------------------------------------------------------ */

/* The close, as the CONNACK before it has announced. */
static void expect_end(struct peer *client)
{
	struct test *t = test_of(client);

	judging(t, "3.1.1:MQTT-3.2.2-5");
	judging(t, "5.0:MQTT-3.2.2-7");
	expect_closed(client);
}

/* Not authorized, or bad user name or password: which of the two is a matter of taste. The CONNACK is a SHOULD in
 * 3.1.1 and a MAY in 5.0, where the code may also keep the reason to itself.
 */
static void expect_turned_away(struct peer *client)
{
	static const char another[] = "a code that says nothing of user names or rights";
	struct test *t = test_of(client);

	judging(t, "3.1.1:U311-AUTH-FAIL");
	judging(t, "5.0:MQTT-3.1.4-2");
	if (is_v5(t)) {
		expect_refused(client, .codes = { 0x86, 0x87, 0x8A, 0x80, 0x83 });
		return;
	}
	struct packet last = expect_one_of(client,
		OUTCOMES({ CONNACK, .code = SET(5) }, { CONNACK, .code = SET(4) },
			{ CONNACK, .code = SET(1), .verdict = VERDICT_NONSTRICT, .says = another },
			{ CONNACK, .code = SET(2), .verdict = VERDICT_NONSTRICT, .says = another },
			{ CONNACK, .code = SET(3), .verdict = VERDICT_NONSTRICT, .says = another },
			{ CLOSED, .verdict = VERDICT_NONSTRICT,
				.says = "refused by the close alone, without a CONNACK that says "
					"why" }));
	if (last.type == CONNACK)
		expect_end(client);
}

CASE(users_let_in, .title = "A user with the right password is let in and served",
	.refs = { "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-3.1.4-5", "5.0:U50-AUTH-OTHERWISE" },
	.level = MUST, .versions = BOTH, .of_users = true)
{
	const struct user *users[] = { some_user(t), other_user(t) };
	static const char *const roles[] = { "one", "other" };

	for (unsigned i = 0; i < 2; i++) {
		struct peer *client = dial(t, roles[i]);
		send_connect(client, .as = users[i]);
		expect_accepted(client);
		fence(client);
	}
}

/* ---- credentials --------------------------------------------------------------------------- */

enum fault {
	WRONG_PASSWORD,
	ONE_BYTE_LESS,
	ONE_BYTE_MORE,
	NUL_AND_MORE,
	OF_ANOTHER,
	EMPTY_PASSWORD,
	NO_PASSWORD,
	UNKNOWN_USER,
	LONGER_NAME,
	EMPTY_NAME,
	NO_NAME,
	NOTHING,
	REFUSED_USER,
};

#define FAULT(f)                     \
	.extra = &(const enum fault) \
	{                            \
		f                    \
	}

static const struct vector bad_credentials[] = {
	{ "wrong_password", FAULT(WRONG_PASSWORD) },
	{ "password_less_a_byte", FAULT(ONE_BYTE_LESS) },
	{ "password_and_a_byte", FAULT(ONE_BYTE_MORE) },
	{ "password_nul_and_more", FAULT(NUL_AND_MORE) },
	{ "password_of_another", FAULT(OF_ANOTHER) },
	{ "empty_password", FAULT(EMPTY_PASSWORD) },
	{ "no_password", FAULT(NO_PASSWORD) },
	{ "unknown_user", FAULT(UNKNOWN_USER) },
	{ "longer_name", FAULT(LONGER_NAME) },
	{ "empty_name", FAULT(EMPTY_NAME) },
	{ "password_alone", FAULT(NO_NAME), .versions = V50 },
	{ "nothing", FAULT(NOTHING) },
	{ "refused_user", FAULT(REFUSED_USER) },
};

/* What belongs to some_user, but for one thing; `room` has place for a name or password that is longer by a byte. */
static struct user faulty(struct test *t, enum fault fault, char room[static NAME_SIZE])
{
	struct user user = *some_user(t);
	bool spells = fault == ONE_BYTE_LESS || fault == ONE_BYTE_MORE || fault == NUL_AND_MORE;
	const char *text = spells ? user.password : user.name;

	if (fault == REFUSED_USER)
		return *refused_user(t);
	require(t, user.password && *user.password, "the first of the [users] has no password");
	require(t, strlen(text) < NAME_SIZE - 2, "the name or password is too long for this case");
	int len = snprintf(room, NAME_SIZE, "%s%s", text, fault == ONE_BYTE_LESS ? "" : "x");
	switch (fault) {
	case WRONG_PASSWORD: user = with_wrong_password(&user); break;
	case ONE_BYTE_LESS:
		room[len - 1] = '\0';
		user.password = room;
		break;
	case ONE_BYTE_MORE: user.password = room; break;
	case NUL_AND_MORE:
		room[len - 1] = '\0';
		room[len] = 'x';
		user.secret = (struct bytes){ (const uint8_t *)room, (size_t)len + 1 };
		break;
	case OF_ANOTHER:
		user.password = other_user(t)->password;
		require(t, user.password && strcmp(user.password, some_user(t)->password) != 0,
			"two of its [users] have the same password");
		break;
	case EMPTY_PASSWORD: user.password = ""; break;
	case NO_PASSWORD: user.password = NULL; break;
	case UNKNOWN_USER: user.name = "mqttspec nobody"; break;
	case LONGER_NAME: user.name = room; break;
	case EMPTY_NAME: user.name = ""; break;
	case NO_NAME: user.name = NULL; break;
	case NOTHING:
		require(t, has_no_strangers(t), "whoever gives no user name is let in");
		user = (struct user){ 0 };
		break;
	default: break;
	}
	return user;
}

CASE(bad_credentials, .title = "A CONNECT whose user name or password is not right is refused",
	.refs = { "3.1.1:U311-AUTH-FAIL", "3.1.1:U311-CONNACK-SEND", "3.1.1:MQTT-3.2.2-5",
		"5.0:MQTT-3.1.4-2", "5.0:U50-AUTH-OTHERWISE", "5.0:MQTT-3.2.2-7" },
	.level = MUST, .versions = BOTH, .of_users = true, ROWS(bad_credentials))
{
	char room[NAME_SIZE];
	const struct user user = faulty(t, *(const enum fault *)row(t)->extra, room);
	witness(t);
	struct peer *client = dial(t, "client");
	send_connect(client, .as = &user);
	expect_turned_away(client);
}

/* ---- what a refused CONNECT leaves behind -------------------------------------------------- */

/*   client                    target
 *   CONNECT, kept        -->
 *   SUBSCRIBE, DISCONNECT
 *   CONNECT, clean, with
 *   the wrong password   -->
 *                        <--  the close             the ClientId is the same
 *   CONNECT, kept        -->
 *                        <--  CONNACK, Session Present 1, and what was queued
 */
CASE(wrong_password_leaves_session,
	.title = "A CONNECT that is refused for its password leaves the ClientId's session as it "
		 "was",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-3.2.2-2", "3.1.1:U311-AUTH-FAIL",
		"5.0:MQTT-3.1.2-23", "5.0:MQTT-3.2.2-3", "5.0:MQTT-3.1.4-2" },
	.level = MUST, .versions = BOTH, .of_users = true)
{
	const struct user wrong = with_wrong_password(some_user(t));
	struct peer *client = join(t, "client", .kept = true, .clean = true);
	subscribe(client, .filter = "auth/t", .qos = 1);
	leave(client);
	struct peer *impostor = dial(t, "client");
	send_connect(impostor, .as = &wrong);
	expect_turned_away(impostor);

	judging(t, "3.1.1:MQTT-3.1.2-4");
	judging(t, "5.0:MQTT-3.1.2-23");
	publish(join(t, "publisher"), .topic = "auth/t", .payload = "queued", .qos = 1);
	client = dial(t, "client");
	send_connect(client, .kept = true);
	struct packet greeting = expect_accepted(client);
	expect_message(client, .payload = "queued");
	judging(t, "3.1.1:MQTT-3.2.2-2");
	judging(t, "5.0:MQTT-3.2.2-3");
	check_eq(t, greeting.ack_flags & 1, 1);
}

CASE(wrong_password_makes_no_session,
	.title = "A CONNECT that is refused for its password leaves no session behind",
	.refs = { "3.1.1:MQTT-3.2.2-3", "3.1.1:U311-AUTH-FAIL", "5.0:MQTT-3.2.2-3",
		"5.0:MQTT-3.1.4-2" },
	.level = MUST, .versions = BOTH, .of_users = true)
{
	const struct user wrong = with_wrong_password(some_user(t));
	struct peer *client = dial(t, "client");
	send_connect(client, .as = &wrong, .kept = true);
	expect_turned_away(client);

	judging(t, "3.1.1:MQTT-3.2.2-3");
	judging(t, "5.0:MQTT-3.2.2-3");
	client = dial(t, "client");
	send_connect(client, .kept = true);
	struct packet greeting = expect_accepted(client);
	check_eq(t, greeting.ack_flags & 1, 0);
}

CASE(wrong_password_takes_nothing_over,
	.title = "A CONNECT that is refused for its password does not cut off the client that has "
		 "its ClientId",
	.refs = { "3.1.1:MQTT-3.1.4-2", "3.1.1:U311-AUTH-FAIL", "5.0:MQTT-3.1.4-3",
		"5.0:MQTT-3.1.4-2" },
	.level = MUST, .versions = BOTH, .of_users = true)
{
	const struct user wrong = with_wrong_password(some_user(t));
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "auth/#", .qos = 1);
	struct peer *client =
		join(t, "client", .will = { .topic = "auth/w", .payload = "cut off" });
	struct peer *impostor = dial(t, "client");
	send_connect(impostor, .as = &wrong);
	expect_turned_away(impostor);

	judging(t, "3.1.1:MQTT-3.1.4-2");
	judging(t, "5.0:MQTT-3.1.4-3");
	send_pingreq(client);
	expect_one_of(client,
		OUTCOMES({ .type = PINGRESP },
			{ CLOSED, .verdict = VERDICT_FAIL,
				.says = "whoever knows a ClientId can cut off its client" }));
	publish(client, .topic = "auth/t", .payload = "undisturbed", .qos = 1);
	expect_message(watcher, .payload = "undisturbed");
}

/*   impostor                  target                  watcher
 *   CONNECT, Will        -->
 *                        <--  the close
 *   client
 *   CONNECT, Will, FIN   -->
 *                                          -->  the Will of the client, and nothing before it
 */
CASE(wrong_password_leaves_no_will,
	.title = "The Will of a CONNECT that is refused is neither published nor retained",
	.refs = { "3.1.1:UALL-RIGHTS", "3.1.1:U311-AUTH-FAIL", "5.0:UALL-RIGHTS",
		"5.0:MQTT-3.1.4-2" },
	.level = STATED, .versions = BOTH, .of_users = true)
{
	const struct user wrong = with_wrong_password(some_user(t));
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "auth/w", .qos = 1);
	struct peer *impostor = dial(t, "impostor");
	send_connect(impostor, .as = &wrong,
		.will = { .topic = "auth/w",
			.payload = "of-a-stranger",
			.qos = 1,
			.retain = offers(t)->retain });
	expect_turned_away(impostor);

	judging(t, "3.1.1:UALL-RIGHTS");
	judging(t, "5.0:UALL-RIGHTS");
	struct peer *client =
		join(t, "client", .will = { .topic = "auth/w", .payload = "of-a-user", .qos = 1 });
	abort_connection(client);
	expect_message(watcher, .payload = "of-a-user");
	expect_none_retained(join(t, "publisher"), "auth/w");
}

/* ---- what comes after it ------------------------------------------------------------------- */

enum stowaway { AT_QOS_0, AT_QOS_1, AT_QOS_2, AND_RETAINED, CLEARS, SUBSCRIBES, COMES_AGAIN };

#define STOWAWAY(s)                     \
	.extra = &(const enum stowaway) \
	{                               \
		s                       \
	}

static const struct vector pipelined_without_password[] = {
	{ "publish_qos0", STOWAWAY(AT_QOS_0) },
	{ "publish_qos1", STOWAWAY(AT_QOS_1) },
	{ "publish_qos2", STOWAWAY(AT_QOS_2) },
	{ "publish_retained", STOWAWAY(AND_RETAINED) },
	{ "clear_retained", STOWAWAY(CLEARS) },
	{ "subscribe", STOWAWAY(SUBSCRIBES) },
	{ "second_connect", STOWAWAY(COMES_AGAIN) },
};

static void send_stowaway(struct peer *client, enum stowaway what)
{
	struct test *t = test_of(client);

	switch (what) {
	case AT_QOS_0: send_publish(client, .topic = "auth/t", .payload = "stowaway"); break;
	case AT_QOS_1:
	case AT_QOS_2:
		send_publish(client, .topic = "auth/t", .payload = "stowaway",
			.qos = what == AT_QOS_2 ? 2 : 1, .id = 1);
		if (what == AT_QOS_2)
			send_ack(client, PUBREL, 1);
		break;
	case AND_RETAINED:
		send_publish(client, .topic = "auth/t", .payload = "stowaway", .retain = true);
		break;
	case CLEARS: send_publish(client, .topic = "auth/t", .payload = "", .retain = true); break;
	case SUBSCRIBES: send_subscribe(client, .filter = "auth/t", .qos = 1, .id = 1); break;
	case COMES_AGAIN: send_connect(client, .as = some_user(t)); break;
	}
	send_pingreq(client);
}

/* In one write, so that the target has it all when it looks at the password.
 *
 *   impostor                  target                  watcher
 *   CONNECT, wrong       -->
 *   PUBLISH "stowaway"   -->
 *                        <--  the close, and no answer to what came after the CONNECT
 *                                          -->  PUBLISH "marker" of a user, nothing before it
 */
CASE(pipelined_without_password,
	.title = "Packets after a CONNECT that is refused for its password have no effect",
	.refs = { "3.1.1:MQTT-3.1.4-5", "3.1.1:U311-AUTH-FAIL", "5.0:MQTT-3.1.4-6",
		"5.0:MQTT-3.1.4-2" },
	.level = MUST, .versions = BOTH, .of_users = true, ROWS(pipelined_without_password))
{
	const enum stowaway what = *(const enum stowaway *)row(t)->extra;
	const struct user wrong = with_wrong_password(some_user(t));
	static const enum packet_type answers[] = { CONNACK, PUBACK, PUBREC, PUBCOMP, SUBACK,
		PINGRESP, PUBLISH };
	if (what == AT_QOS_1 || what == AT_QOS_2)
		require_qos(t, what == AT_QOS_2 ? 2 : 1);
	if (what == AND_RETAINED || what == CLEARS)
		require_offer(t, OFFER_RETAIN);
	struct peer *watcher = join(t, "watcher"), *pub = join(t, "publisher");
	if (what == CLEARS)
		publish_retained(pub, .topic = "auth/t", .payload = "kept", .qos = 1);
	else
		subscribe(watcher, .filter = "auth/t", .qos = 1);

	struct peer *impostor = dial(t, "impostor");
	send_together(impostor);
	misbehave(impostor);
	send_connect(impostor, .as = &wrong, .will = { 0 });
	send_stowaway(impostor, what);
	expect_turned_away(impostor);

	judging(t, "3.1.1:MQTT-3.1.4-5");
	judging(t, "5.0:MQTT-3.1.4-6");
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		check_absent(impostor, answers[i], "no answer to what follows a refused CONNECT");
	if (what == CLEARS) {
		check(t, retained_settled(t, .topic = "auth/t", .payload = "kept"),
			"the message that was kept for the topic",
			"a new subscriber does not get it");
		return;
	}
	publish(pub, .topic = "auth/t", .payload = "marker", .qos = 1);
	expect_message(watcher, .payload = "marker");
	if (what == AND_RETAINED)
		expect_none_retained(pub, "auth/t");
}

CHAPTER(authentication, "Authentication", &case_users_let_in, &case_bad_credentials,
	&case_wrong_password_leaves_session, &case_wrong_password_makes_no_session,
	&case_wrong_password_takes_nothing_over, &case_wrong_password_leaves_no_will,
	&case_pipelined_without_password);
