/* A broker without sockets, on a clock of its own, and clients that speak in templates and hear in
 * lines:
 *
 *      struct client *c = dial(r, MQTT_50);
 *      say(c, "10 r s\"MQTT\" 05 02 n0 p{} s\"c\"");
 *      expect(c, "CONNACK success, ...");
 *      say(c, "C0 00");
 *      expect(c, "PINGRESP");
 *      expect_silence(c);
 */
#ifndef TESTS_UNIT_BROKER_RIG_H
#define TESTS_UNIT_BROKER_RIG_H

#include "tests/unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "broker/core/broker.h"
#include "spec/spec.h"

struct rig;

struct client {
	struct rig *rig;
	struct link *link; /* NULL: closed */
	enum mqtt_version version;
	struct buf heard; /* written by the broker and not looked at yet */
	bool reads;  /* link_wants_input, as it was when broker_next last gave news of the link */
	bool deaf;   /* takes nothing, as if its window were full */
	bool unread; /* it has sent what was not read: what client_has_unread says */
};

enum { RIG_CLIENTS = 256 };

struct rig {
	struct broker *broker;
	struct broker_config config;
	struct arena arena;
	int64_t now_ms;
	struct client clients[RIG_CLIENTS];
	unsigned client_count;
	const char *trouble; /* statement of the latest refusal */
};

/* Tests of cmocka get a rig whose broker has not been started. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

/* Starts the broker with r->config; done by the first dial if need be. */
void rig_start(struct rig *r);
void rig_stop(struct rig *r);

struct client *dial(struct rig *r, enum mqtt_version version);

/* Bytes spelt as a template (harness/wire/template.h), or any others. */
void say(struct client *c, const char *text);
void say_bytes(struct client *c, const void *data, size_t len);
void hang_up(struct client *c);

/* For broker_config.unread, in tests that want one. */
bool client_has_unread(void *client);

/* Lets time pass, with every deadline on the way kept. */
void wait_ms(struct rig *r, int64_t ms);

/* What the broker has to say is carried to the clients; the other functions call it. A link that wants
 * input, or no more, without news of it makes the test fail.
 */
void carry(struct rig *r);

/* The next packet as wire_describe puts it; "closed" at the end of the connection, "nothing" when there
 * is none.
 */
const char *hear(struct client *c);

#define expect(c, line)      assert_string_equal(hear(c), line)
#define expect_silence(c)    expect(c, "nothing")
#define expect_closed(c)     expect(c, "closed")
#define expect_trouble(r, s) assert_string_equal((r)->trouble, s)

/* A client that is connected already: clean, Keep Alive off; `properties` for 5.0, may be "". */
struct client *join(struct rig *r, enum mqtt_version version, const char *id);
struct client *join_with(struct rig *r, const char *id, bool clean, const char *properties);
struct client *join_311(struct rig *r, const char *id, bool clean); /* CONNACK still to be heard */

/* SUBSCRIBE with one filter, and its SUBACK. */
void subscribe_to(struct client *c, const char *filter, unsigned options);

/* Formatted into the rig's memory. */
const char *text(struct rig *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
