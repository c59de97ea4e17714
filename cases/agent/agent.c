/* The contract of agents, docs/AGENT.md: what a program must do with the commands that it reads, so that
 * a client can be judged through it. The peers play a server without a fault. This file is about the lines
 * themselves, and about how they follow one another.
 */
#include <string.h>

#include "cases/common/agents.h"

/* ---- the first line and the last ----------------------------------------------------------- */

AGENT_CASE(agent_says_hello,
	.title = "The first line of the agent is a hello of this contract, the only one",
	.versions = BOTH)
{
	admit(t);
	expect_event(t, TOLD_HELLO);
}

AGENT_CASE(agent_ends_with_its_input,
	.title = "At the end of its input the agent ends with status 0, connected or not",
	.versions = BOTH)
{
	admit(t);
	expect_agent_ends(t);
}

AGENT_CASE(agent_ends_before_it_connects,
	.title = "At the end of its input an agent that was never connected ends with status 0",
	.versions = BOTH)
{
	tell_agent(t, "{\"do\":\"sync\",\"id\":900}");
	expect_kind(t, 900, TOLD_SYNCED);
	expect_agent_ends(t);
}

AGENT_CASE(agent_ends_while_it_waits,
	.title = "At the end of its input the agent ends, whatever it is still waiting for",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	do_publish(t, .topic = "a", .payload = "x", .qos = 1);
	expect(server, PUBLISH);
	do_subscribe(t, .filter = "a", .qos = 1);
	expect(server, SUBSCRIBE);
	expect_agent_ends(t);
}

/* ---- one after another --------------------------------------------------------------------- */

AGENT_CASE(agent_answers_sync,
	.title = "A sync is answered once the commands before it are with the client",
	.versions = BOTH)
{
	tell_agent(t, "{\"do\":\"sync\",\"id\":900}");
	expect_kind(t, 900, TOLD_SYNCED);
	tell_agent(t, "{\"do\":\"sync\",\"id\":901,\"a_field_of_tomorrow\":[1]}");
	expect_kind(t, 901, TOLD_SYNCED);
}

/* No other command follows that could push it. */
AGENT_CASE(agent_hands_over_before_sync,
	.title = "What was published before a sync is sent without any further command",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_publish(t, .topic = "a", .payload = "handed over", .qos = 1);
	synced(t);
	struct packet m = expect_publish(server, .payload = "handed over");
	send_ack(server, PUBACK, m.id);
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

AGENT_CASE(agent_keeps_the_order,
	.title = "Commands are carried out in the order in which they were given", .versions = BOTH)
{
	static const char *const payloads[] = { "1", "2", "3", "4", "5", "6" };
	enum { MESSAGES = sizeof(payloads) / sizeof(*payloads) };
	unsigned commands[MESSAGES];
	struct peer *server = admit(t);

	for (size_t i = 0; i < MESSAGES; i++)
		commands[i] = do_publish(t, .topic = "a", .payload = payloads[i], .qos = i % 2);
	for (size_t i = 0; i < MESSAGES; i++) {
		struct packet m = expect_publish(server, .payload = payloads[i]);
		if (m.qos)
			send_ack(server, PUBACK, m.id);
	}
	for (size_t i = 0; i < MESSAGES; i++)
		expect_kind(t, commands[i], TOLD_ACKNOWLEDGED);
}

AGENT_CASE(agent_does_one_thing_while_another_waits,
	.title = "A command is carried out while the one before it waits for its answer",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned first = do_publish(t, .topic = "a", .payload = "first", .qos = 1);
	struct packet m = expect(server, PUBLISH);

	client_publishes(server, .topic = "a", .payload = "second", .qos = 1);
	client_subscribes(server, .filter = "b");
	send_ack(server, PUBACK, m.id);
	expect_kind(t, first, TOLD_ACKNOWLEDGED);
}

/* The agent answers `sync` meanwhile, so that its silence is one. */
AGENT_CASE(agent_waits_for_the_outcome,
	.title = "A command is answered when its outcome is known, not before", .versions = BOTH)
{
	unsigned command = do_connect(t);
	struct peer *server = accept_client(t);
	expect(server, CONNECT);
	expect_unanswered(t, command, "CONNACK");
	send_connack(server);
	expect_kind(t, command, TOLD_CONNECTED);

	command = do_subscribe(t, .filter = "a", .qos = 1);
	struct packet m = expect(server, SUBSCRIBE);
	expect_unanswered(t, command, "SUBACK");
	send_suback(server, .id = m.id, .codes = CODES(1));
	expect_kind(t, command, TOLD_ACKNOWLEDGED);

	command = do_unsubscribe(t, .filter = "a");
	m = expect(server, UNSUBSCRIBE);
	expect_unanswered(t, command, "UNSUBACK");
	send_unsuback(server, .id = m.id, .codes = CODES(0));
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

AGENT_CASE(agent_waits_for_the_last_acknowledgement,
	.title = "A publish is answered when the last packet of its exchange has come",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_publish(t, .topic = "a", .payload = "x", .qos = 1);
	struct packet m = expect(server, PUBLISH);
	expect_unanswered(t, command, "PUBACK");
	send_ack(server, PUBACK, m.id);
	expect_kind(t, command, TOLD_ACKNOWLEDGED);

	command = do_publish(t, .topic = "a", .payload = "x", .qos = 2);
	m = expect(server, PUBLISH);
	expect_unanswered(t, command, "PUBREC");
	send_ack(server, PUBREC, m.id);
	expect(server, PUBREL);
	expect_unanswered(t, command, "PUBCOMP");
	send_ack(server, PUBCOMP, m.id);
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

CHAPTER(agent, "The contract of agents", &case_agent_says_hello, &case_agent_ends_with_its_input,
	&case_agent_ends_before_it_connects, &case_agent_ends_while_it_waits,
	&case_agent_answers_sync, &case_agent_hands_over_before_sync, &case_agent_keeps_the_order,
	&case_agent_does_one_thing_while_another_waits, &case_agent_waits_for_the_outcome,
	&case_agent_waits_for_the_last_acknowledgement);
