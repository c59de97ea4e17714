/* A client's engine without a socket, on a clock of its own, and a server that speaks in templates and
 * hears in lines:
 *
 *      set(r, .client_id = "c");
 *      meet(r);                               a connection; CONNECT is heard, CONNACK said
 *      say(r, "30 r s\"t\" p{} b\"hello\"");
 *      expect_event(r, "message t q0 \"hello\"");
 *      expect(r, "PINGREQ");
 */
#ifndef TESTS_UNIT_ENGINE_RIG_H
#define TESTS_UNIT_ENGINE_RIG_H

#include "tests/unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "client/engine/engine.h"
#include "spec/spec.h"

enum { RIG_EVENTS = 256, RIG_PROPERTIES = 4096 };

struct rig {
	struct engine *engine; /* made by the first set() */
	struct engine_config config;
	struct arena arena;
	enum mqtt_version version;
	int64_t now_ms;
	struct buf heard; /* written by the client and not looked at yet */
	bool deaf;        /* takes nothing, as if its window were full */
	bool open;
	const char *events[RIG_EVENTS];
	unsigned event_first, event_end;
	uint8_t reason;         /* what the program says to messages */
	const char *auth_trace; /* calls of the authentication callback */
	const char *auth_answer;
	bool auth_gives_up;
	void (*on_event)(struct rig *r, const struct engine_event *event); /* may be NULL */
};

/* Tests of cmocka get a rig of 5.0 or of 3.1.1, whose engine has not been made. */
int rig_50(void **state);
int rig_311(void **state);
int rig_tear_down(void **state);

struct set {
	const char *client_id;  /* "c" */
	const char *properties; /* template inside of p{} */
	const char *will_properties;
	bool keep; /* Clean Start 0 */
	uint16_t keep_alive_s;
	const char *user_name, *password;
	const char *will_topic, *will_payload;
	uint8_t will_qos;
	bool will_retain;
};

bool rig_set(struct rig *r, const struct set *set);
#define set(r, ...) assert_true(rig_set(r, &(struct set){ __VA_ARGS__ }))

/* A connection, up to the CONNECT. */
void dial(struct rig *r);
/* The same, its CONNECT heard and accepted without Session Present; `properties` of CONNACK. */
void meet_with(struct rig *r, const char *spelt);
void meet(struct rig *r);
/* A connection that goes on with the session. */
void meet_again(struct rig *r, const char *spelt);

void say(struct rig *r, const char *template_text);
void say_bytes(struct rig *r, const void *data, size_t len);
void hang_up(struct rig *r);
void wait_ms(struct rig *r, int64_t ms);

/* The next packet of the client; "nothing" when there is none, "closed" at the end. */
const char *hear(struct rig *r);
#define expect(r, line)   assert_string_equal(hear(r), line)
#define expect_silence(r) expect(r, "nothing")
#define expect_closed(r)  expect(r, "closed")

/* The next event as a line: "published 7: 0x00"; "none" when there is none. */
const char *event(struct rig *r);
#define expect_event(r, line) assert_string_equal(event(r), line)
/* Those that have been noted do not matter. */
void forget_events(struct rig *r);
#define expect_no_event(r) expect_event(r, "none")

/* Properties spelt as a template, for a request. */
struct mqtt_view properties(struct rig *r, const char *spelt);

struct sending {
	const char *topic;
	const char *payload;
	const char *properties;
	uint8_t qos;
	bool retain;
	uint64_t tag;
};
int rig_publish(struct rig *r, const struct sending *s);
#define publish(r, ...) rig_publish(r, &(struct sending){ __VA_ARGS__ })

const char *text(struct rig *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
