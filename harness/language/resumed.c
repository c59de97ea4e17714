/* A kept session that should be there: CONNACK says so, or else its subscriptions tell. */
#include "harness/test.h"

#define MARKER_TOPIC "mqttspec/resumed"

/*   peer                      target                  looking
 *   SUBSCRIBE, marker    -->
 *                                          <--  PUBLISH "look", for the session's subscription
 *                                          -->  "look"
 *                                          <--  PUBLISH "marker"
 *                        <--  "look", and then the marker, or the marker alone
 */
static bool is_there(struct place at, struct peer *p, const char *topic)
{
	struct test *t = p->test;
	bool seen = false;
	struct packet m;

	t->setting_up++;
	struct peer *looking = join_at(at, t, "looking", (struct connect){ 0 });
	subscribe_at(at, looking, (struct subscribe){ .filter = topic });
	subscribe_at(at, p, (struct subscribe){ .filter = MARKER_TOPIC });
	publish_at(at, looking, (struct publish){ .topic = topic, .payload = "look" });
	expect_at(at, looking, PUBLISH);
	publish_at(at, looking, (struct publish){ .topic = MARKER_TOPIC, .payload = "marker" });
	do {
		m = expect_at(at, p, PUBLISH);
		seen |= bytes_equal(m.payload, BYTES("look"));
	} while (!bytes_equal(m.payload, BYTES("marker")));
	t->setting_up--;
	return seen;
}

struct packet expect_resumed_by(struct place at, struct peer *p, const char *topic)
{
	struct test *t = p->test;
	struct packet answer = expect_accepted_at(at, p);
	const char *actual = "Session Present 0";

	if (answer.ack_flags & 1)
		return answer;
	struct difference d = DIFFERENCE(SPEC_SESSION, "CONNACK/to-1");
	if (topic && is_there(at, p, topic)) {
		actual = "Session Present 0, though the session is there";
	} else if (topic) {
		actual = "Session Present 0, and the session is gone: its subscription brings "
			 "nothing";
		d.about = "PUBLISH/state";
	}
	test_differ(t, at, d, "CONNACK with Session Present 1", actual);
}

struct packet expect_resumed_at(struct place at, struct peer *p)
{
	return expect_resumed_by(at, p, messages_topic(p));
}
