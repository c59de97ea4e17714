/* The client's engine against a hostile server. The input is a script: a byte chooses what happens next
 * (bytes of the server, a request of the program, time, the end of the connection), the rest says
 * how. Whatever happens, the engine must hold together, and what it writes must be legal packets that
 * keep the server's limits.
 */
#include <string.h>

#include "base/buf.h"
#include "client/engine/engine.h"
#include "mqtt/control.h"
#include "tests/fuzz/fuzz.h"

struct play {
	struct engine *engine;
	const uint8_t *at, *end;
	uint8_t version;
	uint64_t tag;
	uint64_t asked, answered; /* requests taken, and those that have come to an end */
	int64_t now_ms;
	bool first; /* the next packet must be CONNECT */
	uint8_t verdict;
};

static uint8_t next(struct play *p)
{
	return p->at < p->end ? *p->at++ : 0;
}

static void on_event(void *context, const struct engine_event *event)
{
	struct play *p = context;

	if (event->type == ENGINE_PUBLISHED || event->type == ENGINE_SUBSCRIBED ||
		event->type == ENGINE_UNSUBSCRIBED)
		p->answered++;
}

static uint8_t on_message(void *context, const struct mqtt_publish *message)
{
	struct play *p = context;

	DEMAND(message->topic.len > 0 && message->qos <= 2);
	return p->verdict;
}

static bool on_auth(
	void *context, enum engine_auth_phase phase, struct mqtt_view data, struct buf *answer)
{
	const struct play *p = context;

	(void)phase;
	buf_add(answer, data.data, data.len);
	return p->verdict != 1;
}

/* What the server's reader would say to it. */
static bool is_legal(const struct play *p, const struct mqtt_frame *f, struct mqtt_view body)
{
	struct mqtt_error e;
	enum mqtt_connect_form form;
	union {
		struct mqtt_connect connect;
		struct mqtt_publish publish;
		struct mqtt_ack ack;
		struct mqtt_subscribe subscribe;
		struct mqtt_control control;
	} out;

	switch ((enum packet_type)f->type) {
	case CONNECT: return mqtt_connect_read(f, body, &out.connect, &form, &e);
	case PUBLISH:
		return mqtt_publish_read(
			p->version, MQTT_FROM_CLIENT, f->flags, body, &out.publish, &e);
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP:
		return mqtt_ack_read(p->version, MQTT_FROM_CLIENT, f->type, body, &out.ack, &e);
	case SUBSCRIBE: return mqtt_subscribe_read(p->version, body, &out.subscribe, &e);
	case UNSUBSCRIBE: return mqtt_unsubscribe_read(p->version, body, &out.subscribe, &e);
	case PINGREQ: return mqtt_ping_read(p->version, body, &e);
	case DISCONNECT:
		return mqtt_disconnect_read(p->version, MQTT_FROM_CLIENT, body, &out.control, &e);
	case AUTH: return mqtt_auth_read(MQTT_FROM_CLIENT, body, &out.control, &e);
	default: return false;
	}
}

static void on_trace(void *context, bool sent, struct mqtt_view packet)
{
	struct play *p = context;
	struct mqtt_frame frame;
	struct mqtt_error e;

	if (!sent)
		return;
	DEMAND(packet.len <= engine_server(p->engine)->packet_bytes);
	DEMAND(mqtt_frame_read(packet.data, packet.len, p->version, &frame, &e) == MQTT_READ_OK);
	DEMAND(frame.header_len + frame.body_len == packet.len);
	DEMAND((frame.type == CONNECT) == p->first);
	p->first = false;
	DEMAND(is_legal(
		p, &frame, (struct mqtt_view){ packet.data + frame.header_len, frame.body_len }));
}

static void set_up(struct play *p, uint8_t flavour)
{
	struct engine_config config;
	struct buf properties;

	engine_config_default(&config);
	config.context = p;
	config.event = on_event;
	config.message = on_message;
	config.auth_later = flavour & 16;
	config.auth = config.auth_later ? NULL : on_auth;
	config.trace = on_trace;
	config.output_bytes = 4000;
	config.queue_messages = 8;
	config.overflow = flavour & 2 ? ENGINE_DROP_OLDEST : ENGINE_REFUSE_NEW;
	config.republish = flavour & 4;
	config.adopt_session = flavour & 8;
	config.check_payload = flavour & 16;
	p->engine = engine_new(&config, p->now_ms);
	DEMAND(p->engine);
	buf_init(&properties, 1000);
	p->version = flavour & 1 ? MQTT_50 : MQTT_311;
	mqtt_property_add_number(&properties, MQTT_SESSION_EXPIRY_INTERVAL, 100);
	mqtt_property_add_number(&properties, MQTT_TOPIC_ALIAS_MAXIMUM, 4);
	mqtt_property_add_number(&properties, MQTT_RECEIVE_MAXIMUM, 3);
	if (flavour & 32)
		mqtt_property_add_view(&properties, MQTT_AUTHENTICATION_METHOD, MQTT_VIEW("M"));
	struct mqtt_connect connect = { .version = p->version,
		.clean_start = flavour & 64,
		.keep_alive_s = 10,
		.client_id = flavour & 128 && flavour & 64 ? MQTT_VIEW("") : MQTT_VIEW("c") };
	if (p->version == MQTT_50)
		connect.properties.raw =
			(struct mqtt_view){ properties.data, (uint32_t)properties.len };
	DEMAND(engine_set_connect(p->engine, &connect));
	buf_fini(&properties);
}

static void drain(struct play *p)
{
	struct mqtt_view out = engine_output(p->engine);

	engine_written(p->engine, out.len);
	if (engine_ends(p->engine))
		engine_closed(p->engine);
}

static void publish(struct play *p, uint8_t how)
{
	static const char *const topics[] = { "a", "b/c", "a/rather/long/topic", "#" };
	struct mqtt_publish m = { .qos = how & 3,
		.retain = how & 4,
		.topic = mqtt_view_of(topics[how >> 3 & 3]),
		.payload = { p->at, (uint32_t)(p->end - p->at) % 64 } };

	if (engine_publish(p->engine, &m, ++p->tag) == ENGINE_OK)
		p->asked++;
}

static void request(struct play *p, uint8_t how)
{
	struct mqtt_filter f[] = { { .text = MQTT_VIEW("a/#"), .qos = how & 3 },
		{ .text = MQTT_VIEW("$share/g/a") } };
	struct mqtt_view none = { 0 };
	int result;

	if (how & 4)
		result = engine_subscribe(p->engine, none, f, 1 + (how >> 3 & 1), ++p->tag);
	else
		result = engine_unsubscribe(p->engine, none, &f->text, 1, ++p->tag);
	if (result == ENGINE_OK)
		p->asked++;
}

static void serve(struct play *p, size_t len)
{
	size_t left = (size_t)(p->end - p->at);

	len = len < left ? len : left;
	engine_input(p->engine, p->at, len);
	p->at += len;
}

/* A CONNACK that the engine will like, so that the rest is reached. */
static void accept(struct play *p, uint8_t how)
{
	uint8_t v5[] = { 0x20, 11, how & 1, 0, 8, 0x21, 0, 2, 0x22, 0, 3, 0x24, 1 };
	uint8_t v5_method[] = { 0x20, 7, how & 1, 0, 4, 0x15, 0, 1, 'M' };
	uint8_t v311[] = { 0x20, 2, how & 1, 0 };

	if (p->version == MQTT_50 && how & 2)
		engine_input(p->engine, v5_method, sizeof(v5_method));
	else if (p->version == MQTT_50)
		engine_input(p->engine, v5, sizeof(v5));
	else
		engine_input(p->engine, v311, sizeof(v311));
}

static void dial(struct play *p)
{
	p->first = true;
	if (!engine_open(p->engine))
		p->first = false;
}

/* Both ways, whatever the config; AUTH 0x18 and 0x19 among others, the method there or not. */
static void authenticate(struct play *p, uint8_t how)
{
	static const uint8_t method[] = { 0x15, 0, 1, 'M' };

	if (how & 1)
		engine_authenticate(p->engine);
	else
		engine_auth_send(p->engine, 0x18 + (how >> 1 & 3),
			(struct mqtt_view){ method, how & 8 ? sizeof(method) : 0 });
}

static void step(struct play *p)
{
	uint8_t what = next(p), how = next(p);

	p->verdict = how;
	switch (what % 11) {
	case 0: dial(p); break;
	case 1: accept(p, how); break;
	case 2:
	case 3: serve(p, how); break;
	case 4:
		p->now_ms += how * INT64_C(100);
		DEMAND(engine_tick(p->engine, p->now_ms) >= 0);
		break;
	case 5: publish(p, how); break;
	case 6: request(p, how); break;
	case 7: drain(p); break;
	case 8:
		engine_closed(p->engine);
		if (how & 1)
			engine_forget(p->engine);
		break;
	case 9: authenticate(p, how); break;
	case 10: engine_disconnect(p->engine, how, (struct mqtt_view){ 0 }); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = { .at = data, .end = data + size, .now_ms = 1000 };

	if (!size)
		return 0;
	set_up(&p, next(&p));
	while (p.at < p.end)
		step(&p);
	engine_closed(p.engine);
	engine_forget(p.engine);
	/* Nothing that was asked is forgotten: it has ended, or it waits. */
	DEMAND(p.asked == p.answered + engine_pending(p.engine));
	engine_free(p.engine);
	return 0;
}
