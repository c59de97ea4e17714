/* Delivery at QoS 2, exactly once, 4.3.3. */
#include "harness/case.h"

/*   publisher                 target                  subscriber
 *   PUBLISH q2 id 7      -->
 *                        <--  PUBREC 7
 *   PUBLISH q2 id 7 dup  -->
 *                        <--  PUBREC 7
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 *                                          -->  PUBLISH "once", once
 */
CASE(qos2_duplicate_publish,
	.title = "A repeated QoS 2 PUBLISH is acknowledged again and delivered once",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-10" }, .level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "q2/t", .qos = 0);

	struct peer *pub = join(t, "publisher");
	send_publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = 7);
	expect_ack(pub, PUBREC, 7);
	send_publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = 7, .dup = true);
	expect_ack(pub, PUBREC, 7);
	send_ack(pub, PUBREL, 7);
	expect_ack(pub, PUBCOMP, 7);

	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2, .id = 8);

	expect_message(sub, .payload = "once", .dup = SET(false));
	expect_message(sub, .payload = "marker"); /* a second copy would come first */
}

CHAPTER(qos2, "Delivery at QoS 2", &case_qos2_duplicate_publish);
