/* Whole exchanges with a client under test that a case needs and does not judge: what goes wrong in them
 * is `inconclusive`.
 */
#include <math.h>

#include "harness/agent/contract.h"
#include "harness/test.h"

enum {
	CONNECTION_ANSWERS = 3, /* answers' time that a client has to connect */
	LENGTH_MOST = 4,        /* bytes of a Remaining Length */
	LEVEL_AT = 2,           /* bytes before the protocol name, of its length */
	KEEP_ALIVE_MOST = 6,    /* seconds that are waited for */
	PINGREQ_LATE_MS = 1000,
};

/* ---- the version that it speaks -------------------------------------------------------------- */

/* Protocol name and level at the front of a CONNECT; false: it ends before. */
static bool read_protocol(struct bytes connect, struct bytes *name, unsigned *level)
{
	size_t at = 1;

	while (at < connect.len && at < LENGTH_MOST && connect.data[at] & 0x80)
		at++;
	at++;
	if (at + LEVEL_AT > connect.len)
		return false;
	*name = (struct bytes){ connect.data + at + LEVEL_AT,
		(size_t)connect.data[at] << 8 | connect.data[at + 1] };
	at += LEVEL_AT + name->len;
	if (at >= connect.len)
		return false;
	*level = connect.data[at];
	return true;
}

/* What follows the level is in a form that nobody knows, so only the front of the packet is read.
 * 5.0 has a statement on the name; the level is a matter of what the client was asked for.
 */
void client_greets(struct peer *p, struct bytes connect)
{
	struct test *t = p->test;
	struct bytes name = { 0 };
	unsigned level = 0;

	if (!t->play->client || !read_protocol(connect, &name, &level))
		return;
	bool named = bytes_equal(name, BYTES("MQTT"));
	if (named && level == (unsigned)t->play->version)
		return;
	const char *statement = version_statement(t->play->version, "3.1.1:UALL-AS-ASKED",
		named ? "5.0:UALL-AS-ASKED" : "5.0:MQTT-3.1.2-1");
	if (!t->setting_up)
		t->judged = (int)(claim_try(t, statement) - t->claims);
	test_fail(t, AT("CONNECT"),
		arena_printf(t->arena, "CONNECT of MQTT %s, protocol name \"MQTT\", level %u",
			spec_version_name(t->play->version), t->play->version),
		arena_printf(t->arena, "CONNECT with protocol name \"%.*s\", level %u",
			name.len > 20 ? 20 : (int)name.len, (const char *)name.data, level));
}

/* ---- exchanges ------------------------------------------------------------------------------- */

/* The agent answers the command with success. One that keeps silent about an acknowledgement leaves
 * its user alone, but the exchange is complete.
 */
static void need_answer(struct place at, struct test *t, unsigned command, enum told_kind kind)
{
	const char *expected = arena_printf(t->arena, "the agent says `%s`", told_name(kind));

	if (!t->play->client->agent)
		return;
	struct hearing *h = client_hear(t, command, 0, test_answer_deadline_us(t));
	if (!h && kind == TOLD_ACKNOWLEDGED && t->def->role != ROLE_AGENT) {
		test_remark(t, NULL, "the user is not told of it");
		return;
	}
	if (!h)
		told_missing(t, at, expected);
	h->taken = true;
	if (h->told.kind != kind)
		told_differs(t, at, DIFFERENCE(SPEC_PACKET, "told"), expected,
			arena_printf(t->arena, "the agent said `%s`%s%s", told_name(h->told.kind),
				*h->told.text ? ": " : "", h->told.text));
}

int64_t client_connection_deadline_us(const struct test *t)
{
	int64_t least_us = CONNECTION_ANSWERS * t->play->answer_us,
		wait_us = test_answer_wait_us(t);

	return tape_now_us(&t->tape) + (wait_us > least_us ? wait_us : least_us);
}

void client_did_not_connect(struct place at, struct test *t, const char *fault)
{
	t->setting_up++;
	test_differ(t, at, (struct difference){ .waited = true }, "a connection",
		arena_printf(t->arena, "the client did not connect; %s",
			fault ? fault : client_last_word(t)));
}

struct peer *accept_client_at(struct place at, struct test *t)
{
	client_launch(at, t);
	struct peer *server = peer_accept(t, "server", client_connection_deadline_us(t));
	if (!server)
		client_did_not_connect(at, t, NULL);
	return server;
}

/* The connection that comes of this command. */
static struct peer *admit_told(
	struct place at, struct test *t, unsigned command, const struct connect *c)
{
	struct peer *server = accept_client_at(at, t);

	server->greeting = need_at(at, server, CONNECT);
	send_connack_at(at, server, (struct connack){ .present = c->resumed, .props = c->connack });
	need_answer(at, t, command, TOLD_CONNECTED);
	return server;
}

struct peer *admit_at(struct place at, struct test *t, struct connect c)
{
	t->setting_up++;
	struct peer *server = admit_told(at, t, do_connect_at(at, t, c), &c);
	t->setting_up--;
	return server;
}

struct peer *admit_pinging_at(struct place at, struct test *t, unsigned seconds)
{
	struct connect c = { .keep_alive = seconds };

	t->setting_up++;
	unsigned command = do_connect_at(at, t, c);
	synced_at(at, t);
	struct peer *server = told_waiting(t, TOLD_ERROR) ? admit_at(at, t, (struct connect){ 0 })
							  : admit_told(at, t, command, &c);
	t->setting_up--;
	return server;
}

void keep_alive_passes_at(struct place at, struct peer *server)
{
	unsigned seconds = server->greeting.keep_alive;

	if (!seconds || seconds > KEEP_ALIVE_MOST ||
		isnan(wait_packet_ms(server, PINGREQ, 1000 * seconds + PINGREQ_LATE_MS)))
		return; /* how long a client may wait is the matter of other cases */
	need_at(at, server, PINGREQ);
	send_pingresp_at(at, server);
}

struct packet greeting_of(struct peer *server)
{
	return server->greeting;
}

struct packet need_at(struct place at, struct peer *server, enum packet_type type)
{
	server->test->setting_up++;
	struct packet packet = expect_at(at, server, type);
	server->test->setting_up--;
	return packet;
}

struct packet client_subscribes_at(struct place at, struct peer *server, struct subscribe s)
{
	struct test *t = server->test;

	t->setting_up++;
	unsigned command = do_subscribe_at(at, t, s);
	struct packet subscribe = expect_at(at, server, SUBSCRIBE);
	send_grants_at(at, server, &subscribe);
	need_answer(at, t, command, TOLD_ACKNOWLEDGED);
	t->setting_up--;
	return subscribe;
}

struct packet client_unsubscribes_at(struct place at, struct peer *server, struct subscribe s)
{
	struct test *t = server->test;

	t->setting_up++;
	unsigned command = do_unsubscribe_at(at, t, s);
	struct packet unsubscribe = expect_at(at, server, UNSUBSCRIBE);
	uint8_t *codes = arena_alloc(t->arena, unsubscribe.filter_count + 1); /* 0: success */
	send_unsuback_at(at, server,
		(struct suback){
			.id = unsubscribe.id, .codes = { codes, unsubscribe.filter_count } });
	need_answer(at, t, command, TOLD_ACKNOWLEDGED);
	t->setting_up--;
	return unsubscribe;
}

struct packet client_publishes_at(struct place at, struct peer *server, struct publish m)
{
	struct test *t = server->test;

	t->setting_up++;
	unsigned command = do_publish_at(at, t, m);
	struct packet publish = expect_at(at, server, PUBLISH);
	if (publish.qos == 1) {
		send_ack_at(at, server, PUBACK, publish.id, (struct ack){ 0 });
	} else if (publish.qos == 2) {
		send_ack_at(at, server, PUBREC, publish.id, (struct ack){ 0 });
		expect_ack_at(at, server, PUBREL, publish.id);
		send_ack_at(at, server, PUBCOMP, publish.id, (struct ack){ 0 });
	}
	need_answer(at, t, command, TOLD_ACKNOWLEDGED);
	t->setting_up--;
	return publish;
}

void client_leaves_at(struct place at, struct peer *server, struct disconnect d)
{
	struct test *t = server->test;

	t->setting_up++;
	unsigned command = do_disconnect_at(at, t, d);
	expect_at(at, server, DISCONNECT);
	expect_closed_at(at, server);
	drop_at(at, server); /* some clients wait for the other half of the close */
	need_answer(at, t, command, TOLD_DISCONNECTED);
	t->setting_up--;
}

void client_loses_at(struct place at, struct peer *server)
{
	struct test *t = server->test;

	t->setting_up++;
	drop_at(at, server);
	expect_event_at(at, t, TOLD_DISCONNECTED);
	t->setting_up--;
}
