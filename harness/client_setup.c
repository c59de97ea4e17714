/* Whole exchanges with a client under test that a case needs and does not judge: what goes wrong in them
 * is `inconclusive`.
 */
#include "harness/test.h"

/* Answers' time that a client has to connect: it may have to load what it needs for that. */
enum { CONNECTION_ANSWERS = 3 };

/* The agent answers the command with success. */
static void need_answer(struct place at, struct test *t, unsigned command, enum told_kind kind)
{
	if (!t->play->client->agent)
		return;
	struct told told = expect_answer_at(at, t, command);
	if (told.kind != kind)
		test_fail(t, at, "the agent tells of success",
			*told.text ? told.text : "it tells of something else");
}

struct peer *accept_client_at(struct place at, struct test *t)
{
	t->setting_up++;
	client_launch(at, t);
	struct peer *server = peer_accept(
		t, "server", tape_now_us(&t->tape) + CONNECTION_ANSWERS * t->play->answer_us);
	if (!server)
		test_fail(t, at, "a connection",
			arena_printf(
				t->arena, "the client did not connect; %s", client_last_word(t)));
	t->setting_up--;
	return server;
}

struct peer *admit_at(struct place at, struct test *t, struct connect c)
{
	t->setting_up++;
	unsigned command = do_connect_at(at, t, c);
	struct peer *server = accept_client_at(at, t);
	server->greeting = expect_at(at, server, CONNECT);
	send_connack_at(at, server, (struct connack){ .present = c.resumed, .props = c.connack });
	need_answer(at, t, command, TOLD_CONNECTED);
	t->setting_up--;
	return server;
}

struct packet greeting_of(struct peer *server)
{
	return server->greeting;
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
