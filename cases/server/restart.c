/* What outlives the server itself. */
#include "harness/case.h"

CASE(restart_keeps_subscription,
	.title = "A subscription of a kept session is in force after an orderly stop",
	.refs = { "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-3.1.2-23" }, .level = MUST, .versions = BOTH,
	.restarts = true)
{
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "rs/t", .qos = 1);
	leave(sub);
	restart(t);
	struct peer *back = dial(t, "subscriber");
	send_connect(back, .kept = true);
	expect_resumed(back);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "x", .qos = 1);
	expect_message(back, .payload = "x");
}

CHAPTER(restart, "Restarts", &case_restart_keeps_subscription);
