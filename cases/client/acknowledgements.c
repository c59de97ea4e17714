/* What a client makes of acknowledgements: those that fit nothing that it has under way, their forms,
 * and their Reason Codes of 5.0.
 *
 * What a client does about an acknowledgement that fits nothing is left open: it may ignore it, and
 * it may close. But it must not take it for the one that it waits for.
 */
#include <math.h>

#include "harness/client_case.h"

enum { UNKNOWN_ID = 50001, PROBE_ID = 1001, UNKNOWN_TO_SERVER = 0x92, ANSWER_MS = 3000 };

/* ---- acknowledgements that fit nothing ------------------------------------------------------- */

struct stray {
	unsigned qos;
	enum packet_type type;
	bool unknown_id;
	bool released; /* sent after the PUBREL */
};

#define STRAY(name, q, t, ...)                               \
	{                                                    \
		name, .extra = &(const struct stray)         \
		{                                            \
			.qos = (q), .type = (t), __VA_ARGS__ \
		}                                            \
	}

/* What takes the place of PUBACK, PUBREC or PUBCOMP. */
#define STRAY_ACKNOWLEDGEMENTS                                                       \
	STRAY("q1_pubrec", 1, PUBREC), STRAY("q1_pubcomp", 1, PUBCOMP),              \
		STRAY("q1_puback_unknown", 1, PUBACK, .unknown_id = true),           \
		STRAY("q1_pubrec_unknown", 1, PUBREC, .unknown_id = true),           \
		STRAY("q1_pubcomp_unknown", 1, PUBCOMP, .unknown_id = true),         \
		STRAY("q2_puback", 2, PUBACK), STRAY("q2_pubcomp", 2, PUBCOMP),      \
		STRAY("q2_puback_unknown", 2, PUBACK, .unknown_id = true),           \
		STRAY("q2_pubrec_unknown", 2, PUBREC, .unknown_id = true),           \
		STRAY("q2_released_puback", 2, PUBACK, .released = true),            \
		STRAY("q2_released_pubcomp_unknown", 2, PUBCOMP, .unknown_id = true, \
			.released = true)

static const struct vector stray_acknowledgement[] = { STRAY_ACKNOWLEDGEMENTS };

/* The users of many clients know their commands by identifier only, and might take the answer to
 * another kind of request for theirs; so what they are told about SUBACK and UNSUBACK is not looked
 * at.
 */
static const struct vector stray_then_resumed[] = {
	STRAY_ACKNOWLEDGEMENTS,
	STRAY("q1_suback", 1, SUBACK),
	STRAY("q1_unsuback", 1, UNSUBACK),
	STRAY("q1_suback_unknown", 1, SUBACK, .unknown_id = true),
	STRAY("q1_unsuback_unknown", 1, UNSUBACK, .unknown_id = true),
	STRAY("q2_suback", 2, SUBACK),
	STRAY("q2_unsuback", 2, UNSUBACK),
	STRAY("q2_released_suback", 2, SUBACK, .released = true),
	STRAY("q2_released_unsuback", 2, UNSUBACK, .released = true),
};

static void send_stray(struct peer *server, const struct stray *s, unsigned id)
{
	misbehave(server);
	if (s->unknown_id)
		id = UNKNOWN_ID;
	if (s->type == SUBACK)
		send_suback(server, .id = id, .codes = CODES(0));
	else if (s->type == UNSUBACK)
		send_unsuback(server, .id = id, .codes = CODES(0));
	else
		send_ack(server, s->type, id);
}

static void release(struct peer *server, unsigned id)
{
	send_ack(server, PUBREC, id);
	expect_ack(server, PUBREL, id);
}

/*   client                    server
 *   PUBLISH q2 id N      -->
 *                        <--  PUBACK N, for example
 *            nothing of it reaches the user
 *                        <--  PUBREC N
 *   PUBREL N             -->            as if nothing had been
 *                        <--  PUBCOMP N
 */
CLIENT_CASE(stray_acknowledgement,
	.title = "A message is done with its own acknowledgement and with no other packet",
	.refs = { AS_ASKED, "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.3.3-4" }, .level = MUST,
	.versions = BOTH, ROWS(stray_acknowledgement))
{
	const struct stray *s = row(t)->extra;
	struct peer *server = admit(t);
	unsigned command = do_publish(t, .topic = "ack/out", .payload = "x", .qos = s->qos);
	struct packet m = need(server, PUBLISH);
	require(t, m.qos == s->qos, "the client publishes at another QoS");

	if (s->released)
		release(server, m.id);
	fence(server);
	synced(t);
	size_t told = told_waiting(t, TOLD_ACKNOWLEDGED);
	send_stray(server, s, m.id);
	bool open = lives_on(server);
	synced(t);
	judging_as_asked(t);
	check_eq(t, told_waiting(t, TOLD_ACKNOWLEDGED), told);
	if (!open)
		return;
	if (s->qos == 1) {
		send_ack(server, PUBACK, m.id);
	} else {
		judging(t, "3.1.1:MQTT-4.3.3-1");
		judging(t, "5.0:MQTT-4.3.3-4");
		if (!s->released)
			release(server, m.id);
		send_ack(server, PUBCOMP, m.id);
	}
	expect_acknowledged(t, command);
}

/*   client                    server
 *   PUBLISH q1 id N      -->
 *                        <--  SUBACK N, for example
 *            the connection breaks, the session goes on
 *   PUBLISH q1 id N dup  -->            for it has not been acknowledged
 */
CLIENT_CASE(stray_then_resumed,
	.title = "What fits nothing settles nothing: the message is sent again when the session "
		 "goes on",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.2-1", "3.1.1:MQTT-4.3.3-1",
		"5.0:MQTT-4.4.0-1", "5.0:MQTT-4.3.2-3", "5.0:MQTT-4.3.3-3", "5.0:MQTT-4.3.3-5" },
	.level = MUST, .versions = BOTH, ROWS(stray_then_resumed))
{
	const struct stray *s = row(t)->extra;
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "ack/out", .payload = "x", .qos = s->qos);
	struct packet m = need(server, PUBLISH);

	if (s->released)
		release(server, m.id);
	send_stray(server, s, m.id);
	lives_on(server);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	if (s->released) {
		expect_ack(server, PUBREL, m.id);
	} else {
		struct packet again = expect(server, PUBLISH);
		check_eq(t, again.id, m.id);
		check_text(t, again.topic, "ack/out");
		check_text(t, again.payload, "x");
	}
}

static const struct vector acknowledgement_of_nothing[] = {
	STRAY("puback", 0, PUBACK),
	STRAY("pubrec", 0, PUBREC),
	STRAY("pubcomp", 0, PUBCOMP),
	STRAY("suback", 0, SUBACK),
	STRAY("unsuback", 0, UNSUBACK),
};

CLIENT_CASE(acknowledgement_of_nothing,
	.title = "A client survives an acknowledgement of what it never sent", .refs = { AS_ASKED },
	.level = STATED, .versions = BOTH, ROWS(acknowledgement_of_nothing))
{
	struct peer *server = admit(t);

	send_stray(server, row(t)->extra, UNKNOWN_ID);
	if (!lives_on(server))
		return;
	unsigned command = do_publish(t, .topic = "ack/out", .payload = "x", .qos = 1);
	struct packet m = expect(server, PUBLISH);
	send_ack(server, PUBACK, m.id);
	expect_acknowledged(t, command);
}

CLIENT_CASE(pubrec_of_nothing,
	.title = "A PUBREC with an unknown identifier is answered by PUBREL 0x92",
	.refs = { "5.0:U50-PKTID-UNKNOWN", "5.0:MQTT-3.6.2-1" }, .level = SHOULD, .versions = V50)
{
	struct peer *server = admit(t);

	misbehave(server);
	send_ack(server, PUBREC, UNKNOWN_ID);
	if (!lives_on(server))
		return;
	if (isnan(wait_packet_ms(server, PUBREL, ANSWER_MS))) {
		nonstrict(t, "a PUBREC with an unknown identifier is not answered");
		return;
	}
	struct packet pubrel = expect_ack(server, PUBREL, UNKNOWN_ID);
	check_eq(t, pubrel.code, 0x92);
}

CLIENT_CASE(refusal_concerns_one_message,
	.title = "An acknowledgement with the code of an error concerns its own message only",
	.refs = { "5.0:U50-ERR-ACKS", "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	struct packet m[2];
	unsigned commands[2];
	struct peer *server = admit(t);

	for (size_t i = 0; i < 2; i++)
		commands[i] = do_publish(t, .topic = "ack/out", .payload = "x", .qos = 1);
	require(t, take_messages(server, m, 2) == 2,
		"the client has one message under way at a time");
	send_ack(server, PUBACK, m[0].id, .code = SET(0x97));
	expect_answer(t, commands[0]);
	expect_no(server, PUBLISH);
	send_ack(server, PUBACK, m[1].id);
	expect_acknowledged(t, commands[1]);
}

/* ---- Reason Codes ---------------------------------------------------------------------------- */

struct answer {
	enum packet_type type;
	unsigned code;
};

#define ANSWER(name, type, code)                      \
	{                                             \
		name, .extra = &(const struct answer) \
		{                                     \
			type, code                    \
		}                                     \
	}

static const struct vector acknowledgement_code[] = {
	ANSWER("puback_00", PUBACK, 0x00),
	ANSWER("puback_10", PUBACK, 0x10),
	ANSWER("puback_80", PUBACK, 0x80),
	ANSWER("puback_83", PUBACK, 0x83),
	ANSWER("puback_87", PUBACK, 0x87),
	ANSWER("puback_90", PUBACK, 0x90),
	ANSWER("puback_91", PUBACK, 0x91),
	ANSWER("puback_97", PUBACK, 0x97),
	ANSWER("puback_99", PUBACK, 0x99),
	ANSWER("pubrec_80", PUBREC, 0x80),
	ANSWER("pubrec_83", PUBREC, 0x83),
	ANSWER("pubrec_87", PUBREC, 0x87),
	ANSWER("pubrec_90", PUBREC, 0x90),
	ANSWER("pubrec_91", PUBREC, 0x91),
	ANSWER("pubrec_97", PUBREC, 0x97),
	ANSWER("pubrec_99", PUBREC, 0x99),
	ANSWER("pubcomp_00", PUBCOMP, 0x00),
	ANSWER("pubcomp_92", PUBCOMP, 0x92),
};

/* What the user was told of an answer with this code. That the server no longer knows the message
 * is no error when a session is resumed.
 */
static void grade_telling(struct test *t, const struct told *told, unsigned code)
{
	bool refused = told->kind == TOLD_REFUSED || told->kind == TOLD_ERROR;

	if (code < 0x80 && refused)
		nonstrict(t, "code 0x%02X is told as a refusal", code);
	else if (code == UNKNOWN_TO_SERVER && !refused)
		observe(t, "code 0x92 is told as success");
	else if (code >= 0x80 && !refused && (!told->code.set || told->code.value < 0x80))
		nonstrict(t, "code 0x%02X is told as success", code);
	else if (told->code.set && told->code.value != code)
		nonstrict(t, "code 0x%02X is told as 0x%02X", code, told->code.value);
}

/* Everything but a refused PUBREC ends the handshake; so does that one. */
CLIENT_CASE(acknowledgement_code,
	.title = "Any Reason Code of an acknowledgement ends its message, and the client goes on",
	.refs = { "5.0:MQTT-4.4.0-2", "5.0:U50-ERR-ACKS", "5.0:UALL-AS-ASKED" }, .level = MUST,
	.versions = V50, ROWS(acknowledgement_code))
{
	const struct answer *a = row(t)->extra;
	struct peer *server = admit(t, .kept = true);
	unsigned command =
		do_publish(t, .topic = "ack/out", .payload = "x", .qos = a->type == PUBACK ? 1 : 2);
	struct packet m = need(server, PUBLISH);

	if (a->type == PUBCOMP)
		release(server, m.id);
	send_ack(server, a->type, m.id, .code = SET(a->code));
	judging(t, "5.0:U50-ERR-ACKS");
	fence(server);
	judging(t, "5.0:MQTT-4.4.0-2");
	prefer_no(server, PUBREL, "PUBREL follows a PUBREC that has ended the message");
	expect_no(server, PUBLISH);
	struct told told = expect_answer(t, command);
	judging(t, "5.0:UALL-AS-ASKED");
	if (told.kind != TOLD_NOTHING)
		grade_telling(t, &told, a->code);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	synced(t);
	judging(t, "5.0:MQTT-4.4.0-2");
	expect_no(server, PUBLISH);
	prefer_no(server, PUBREL, "PUBREL follows a PUBREC that has ended the message");
}

static const struct vector acknowledgement_code_unknown[] = {
	ANSWER("puback_01", PUBACK, 0x01),
	ANSWER("puback_92", PUBACK, 0x92),
	ANSWER("puback_ff", PUBACK, 0xFF),
	ANSWER("pubrec_01", PUBREC, 0x01),
	ANSWER("pubrec_92", PUBREC, 0x92),
	ANSWER("pubcomp_10", PUBCOMP, 0x10),
	ANSWER("pubcomp_80", PUBCOMP, 0x80),
	ANSWER("pubrel_80", PUBREL, 0x80),
};

CLIENT_CASE(acknowledgement_code_unknown,
	.title = "An acknowledgement with a Reason Code that its type does not have is an error",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.4.2-1", "5.0:MQTT-3.5.2-1", "5.0:MQTT-3.6.2-1",
		"5.0:MQTT-3.7.2-1" },
	.level = MUST, .versions = V50, ROWS(acknowledgement_code_unknown))
{
	const struct answer *a = row(t)->extra;
	struct peer *server = admit(t);
	unsigned id = PROBE_ID;

	if (a->type == PUBREL) {
		send_publish(server, .topic = "ack/in", .payload = "x", .qos = 2, .id = id);
		expect_ack(server, PUBREC, id);
	} else {
		do_publish(t, .topic = "ack/out", .payload = "x", .qos = a->type == PUBACK ? 1 : 2);
		id = need(server, PUBLISH).id;
	}
	if (a->type == PUBCOMP)
		release(server, id);
	misbehave(server);
	send_ack(server, a->type, id, .code = SET(a->code));
	expect_violation_closed(server, .codes = { 0x81, 0x82 });
}

/* ---- forms ----------------------------------------------------------------------------------- */

static const struct vector acknowledgement_form[] = {
	{ .id = "two_bytes" },
	{ .id = "three_bytes" },
	{ .id = "four_bytes" },
	{ .id = "properties" },
};

static void send_form(struct test *t, struct peer *server, enum packet_type type, unsigned id)
{
	static const struct properties none = { .present = true };

	switch (row(t) - acknowledgement_form) {
	case 0: send_ack(server, type, id); break;
	case 1: send_ack(server, type, id, .code = SET(0)); break;
	case 2: send_ack(server, type, id, .code = SET(0), .props = &none); break;
	default:
		send_ack(server, type, id, .code = SET(0),
			.props = PROPS(
				P_REASON_STRING("well done"), P_USER("a", "b"), P_USER("a", "c")));
	}
}

CLIENT_CASE(acknowledgement_form, .title = "An acknowledgement counts in each of its forms",
	.refs = { "5.0:U50-ACK-SHORT", "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50,
	ROWS(acknowledgement_form))
{
	struct peer *server = admit(t, .kept = true);

	judging(t, "5.0:U50-ACK-SHORT");
	unsigned command = do_publish(t, .topic = "ack/out", .payload = "x", .qos = 1);
	struct packet m = need(server, PUBLISH);
	send_form(t, server, PUBACK, m.id);
	fence(server);
	expect_acknowledged(t, command);

	command = do_publish(t, .topic = "ack/out", .payload = "x", .qos = 2);
	m = need(server, PUBLISH);
	send_form(t, server, PUBREC, m.id);
	expect_ack(server, PUBREL, m.id);
	send_form(t, server, PUBCOMP, m.id);
	fence(server);
	expect_acknowledged(t, command);

	send_publish(server, .topic = "ack/in", .payload = "x", .qos = 2, .id = PROBE_ID);
	expect_ack(server, PUBREC, PROBE_ID);
	send_form(t, server, PUBREL, PROBE_ID);
	expect_ack(server, PUBCOMP, PROBE_ID);
	fence(server);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	synced(t);
	expect_no(server, PUBLISH);
	expect_no(server, PUBREL);
}

CHAPTER(client_acknowledgements, "Acknowledgements that a client gets", &case_stray_acknowledgement,
	&case_stray_then_resumed, &case_acknowledgement_of_nothing, &case_pubrec_of_nothing,
	&case_refusal_concerns_one_message, &case_acknowledgement_code,
	&case_acknowledgement_code_unknown, &case_acknowledgement_form);
