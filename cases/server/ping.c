/* PINGREQ and PINGRESP, 3.12 and 3.13. */
#include "harness/case.h"

/*   client                    target
 *   PINGREQ              -->
 *                        <--  PINGRESP
 */
CASE(pingreq_answered, .title = "PINGREQ is answered by PINGRESP, with a Keep Alive and without",
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *with = join(t, "with", .keep_alive = 60);
	send_pingreq(with);
	expect(with, PINGRESP);
	struct peer *without = join(t, "without", .keep_alive = 0);
	send_pingreq(without);
	expect(without, PINGRESP);
}

CASE(pingreqs_one_by_one, .title = "Each of many PINGREQ is answered once",
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	for (unsigned i = 0; i < 20; i++) {
		send_pingreq(client);
		expect(client, PINGRESP);
	}
	send_publish(client, .topic = "ping/t", .payload = "x", .qos = 1, .id = 1);
	expect_ack(client, PUBACK, 1);
	check_absent(client, PINGRESP, "no PINGRESP without a PINGREQ");
}

CASE(pingreqs_in_a_row, .title = "PINGREQ packets sent in one go are all answered",
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	send_template(client, "C000*50");
	for (unsigned i = 0; i < 50; i++)
		expect(client, PINGRESP);
	send_publish(client, .topic = "ping/t", .payload = "x", .qos = 1, .id = 1);
	expect_ack(client, PUBACK, 1);
	check_absent(client, PINGRESP, "no more PINGRESP than PINGREQ");
}

/*   client                    target                  publisher
 *                                          <--  PUBLISH q1, PUBLISH q2
 *                        <--  PUBLISH q1, PUBLISH q2, left unanswered
 *   PUBLISH q2 7         -->
 *                        <--  PUBREC 7, left unanswered
 *   PINGREQ              -->
 *                        <--  PINGRESP
 */
CASE(pingreq_in_open_handshakes,
	.title = "PINGREQ is answered while handshakes are open in both directions",
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "ping/+", .qos = 2);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "ping/1", .payload = "x", .qos = 1);
	publish(pub, .topic = "ping/2", .payload = "x", .qos = 2);
	send_publish(client, .topic = "other/t", .payload = "x", .qos = 2, .id = 7);
	expect_ack(client, PUBREC, 7);
	send_pingreq(client);
	expect(client, PINGRESP);
}

CHAPTER(ping, "PINGREQ and PINGRESP", &case_pingreq_answered, &case_pingreqs_one_by_one,
	&case_pingreqs_in_a_row, &case_pingreq_in_open_handshakes);
