#include "tests/unit/engine_rig.h"

#include <stdlib.h>
#include <string.h>

#include "harness/wire/template.h"

const char *text(struct rig *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *formatted = arena_vprintf(&r->arena, format, args);
	va_end(args);
	return formatted;
}

static const char *shown(struct rig *r, struct mqtt_view v)
{
	return text(r, "%.*s", (int)v.len, v.len ? (const char *)v.data : "");
}

/* ---- callbacks ----------------------------------------------------------------------------- */

static void note(struct rig *r, const char *line)
{
	assert_true(r->event_end < RIG_EVENTS);
	r->events[r->event_end++] = line;
}

static const char *codes(struct rig *r, const struct engine_event *event)
{
	const char *line = "";

	for (uint32_t i = 0; i < event->codes.len; i++)
		line = text(r, "%s 0x%02X", line, event->codes.data[i]);
	return event->result ? text(r, " 0x%02X", (unsigned)event->result) : line;
}

static const char *reason_string(struct rig *r, const struct engine_event *event)
{
	if (!mqtt_properties_has(&event->properties, MQTT_REASON_STRING))
		return "";
	return text(r, " \"%s\"",
		shown(r, mqtt_properties_view(&event->properties, MQTT_REASON_STRING)));
}

static const char *error_line(struct rig *r, const struct mqtt_error *error)
{
	if (error->statement && !spec_find(error->statement))
		fail_msg("%s is in no catalogue", error->statement);
	return text(
		r, "broken 0x%02X %s", error->reason, error->statement ? error->statement : "-");
}

static void on_event(void *context, const struct engine_event *event)
{
	struct rig *r = context;
	unsigned tag = (unsigned)event->tag, result = (unsigned)event->result;

	switch ((enum engine_event_type)event->type) {
	case ENGINE_CONNECTED:
		note(r, event->session_present ? "connected again" : "connected");
		break;
	case ENGINE_REFUSED:
		note(r, text(r, "refused 0x%02X%s", result, reason_string(r, event)));
		break;
	case ENGINE_PUBLISHED:
		note(r, text(r, "published %u: 0x%02X%s", tag, result, reason_string(r, event)));
		break;
	case ENGINE_SUBSCRIBED: note(r, text(r, "subscribed %u:%s", tag, codes(r, event))); break;
	case ENGINE_UNSUBSCRIBED:
		note(r, text(r, "unsubscribed %u:%s", tag, codes(r, event)));
		break;
	case ENGINE_CHALLENGED:
		note(r, text(r, "challenged 0x%02X%s", result, reason_string(r, event)));
		break;
	case ENGINE_AUTHENTICATED: note(r, "authenticated"); break;
	case ENGINE_DISCONNECTED:
		note(r, text(r, "disconnected 0x%02X%s", result, reason_string(r, event)));
		break;
	case ENGINE_BROKEN: note(r, error_line(r, event->error)); break;
	}
	if (r->on_event)
		r->on_event(r, event);
}

static uint8_t on_message(void *context, const struct mqtt_publish *m)
{
	struct rig *r = context;

	note(r,
		text(r, "message %s q%u%s%s \"%s\"", shown(r, m->topic), m->qos,
			m->dup ? " dup" : "", m->retain ? " retain" : "", shown(r, m->payload)));
	return r->reason;
}

static bool on_auth(
	void *context, enum engine_auth_phase phase, struct mqtt_view data, struct buf *answer)
{
	static const char *const names[] = { "start", "continue", "done" };
	struct rig *r = context;

	r->auth_trace = text(r, "%s%s(%s) ", r->auth_trace, names[phase], shown(r, data));
	if (r->auth_answer && phase != ENGINE_AUTH_DONE)
		buf_add_text(answer, r->auth_answer);
	return !r->auth_gives_up;
}

/* Each packet that is traced is one: the stream and the trace must be the same. */
static void on_trace(void *context, bool sent, struct mqtt_view packet)
{
	(void)context, (void)sent;
	assert_true(packet.len >= 2);
}

/* ---- set-up -------------------------------------------------------------------------------- */

static int set_up(void **state, enum mqtt_version version)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (!r)
		return -1;
	arena_init(&r->arena);
	buf_init(&r->heard, 64 << 20);
	engine_config_default(&r->config);
	r->config.context = r;
	r->config.event = on_event;
	r->config.message = on_message;
	r->config.auth = on_auth;
	r->config.trace = on_trace;
	r->version = version;
	r->now_ms = 1000000;
	r->auth_trace = "";
	*state = r;
	return 0;
}

int rig_50(void **state)
{
	return set_up(state, MQTT_50);
}

int rig_311(void **state)
{
	return set_up(state, MQTT_311);
}

int rig_tear_down(void **state)
{
	struct rig *r = *state;

	engine_free(r->engine);
	buf_fini(&r->heard);
	arena_fini(&r->arena);
	free(r);
	return 0;
}

static struct bytes expand(struct rig *r, const char *template_text)
{
	struct template_values values = { r->version, "me", "" };
	struct bytes bytes = { 0 };
	const char *error;

	if (!template_expand(&r->arena, template_text, &values, &bytes, &error))
		fail_msg("%s: %s", template_text, error);
	return bytes;
}

struct mqtt_view properties(struct rig *r, const char *spelt)
{
	struct bytes b = spelt ? expand(r, spelt) : (struct bytes){ 0 };

	return (struct mqtt_view){ b.data, (uint32_t)b.len };
}

bool rig_set(struct rig *r, const struct set *s)
{
	struct mqtt_connect c = { .version = (uint8_t)r->version,
		.clean_start = !s->keep,
		.keep_alive_s = s->keep_alive_s,
		.client_id = mqtt_view_of(s->client_id ? s->client_id : "c"),
		.properties.raw = properties(r, s->properties),
		.has_will = s->will_topic != NULL,
		.will_retain = s->will_retain,
		.will_qos = s->will_qos,
		.will_properties.raw = properties(r, s->will_properties),
		.will_topic = mqtt_view_of(s->will_topic),
		.will_payload = mqtt_view_of(s->will_payload),
		.has_user_name = s->user_name != NULL,
		.has_password = s->password != NULL,
		.user_name = mqtt_view_of(s->user_name),
		.password = mqtt_view_of(s->password) };

	if (!r->engine)
		r->engine = engine_new(&r->config, r->now_ms);
	assert_non_null(r->engine);
	return engine_set_connect(r->engine, &c);
}

/* ---- the connection ------------------------------------------------------------------------ */

static void carry(struct rig *r)
{
	struct mqtt_view out = engine_output(r->engine);

	while (!r->deaf && r->open && out.len) {
		/* Now and then only a part of it is taken. */
		uint32_t part = out.len > 700 ? out.len - 13 : out.len;
		assert_true(buf_add(&r->heard, out.data, part));
		engine_written(r->engine, part);
		out = engine_output(r->engine);
	}
	if (r->open && engine_ends(r->engine) && (!out.len || r->deaf)) {
		r->open = false;
		engine_closed(r->engine);
	}
}

void dial(struct rig *r)
{
	r->heard.len = 0;
	engine_tick(r->engine, r->now_ms);
	assert_true(engine_open(r->engine));
	r->open = true;
	carry(r);
}

static void accept(struct rig *r, unsigned flags, const char *spelt)
{
	dial(r);
	hear(r);
	say(r,
		r->version == MQTT_50 ? text(r, "20 r %02X 00 p{%s}", flags, spelt)
				      : text(r, "20 r %02X 00", flags));
	expect_event(r, flags ? "connected again" : "connected");
}

void meet_with(struct rig *r, const char *spelt)
{
	accept(r, 0, spelt);
}

void meet(struct rig *r)
{
	meet_with(r, "");
}

void meet_again(struct rig *r, const char *spelt)
{
	accept(r, 1, spelt);
}

void say_bytes(struct rig *r, const void *data, size_t len)
{
	if (r->open)
		engine_input(r->engine, data, len);
	carry(r);
}

void say(struct rig *r, const char *template_text)
{
	struct bytes b = expand(r, template_text);

	say_bytes(r, b.data, b.len);
}

void hang_up(struct rig *r)
{
	r->open = false;
	engine_closed(r->engine);
}

void wait_ms(struct rig *r, int64_t ms)
{
	int64_t end_ms = r->now_ms + ms, due_ms = engine_tick(r->engine, r->now_ms);

	while (due_ms <= end_ms) {
		r->now_ms = due_ms > r->now_ms ? due_ms : r->now_ms;
		due_ms = engine_tick(r->engine, r->now_ms);
		carry(r);
		if (!r->open)
			due_ms = engine_tick(r->engine, r->now_ms);
	}
	r->now_ms = end_ms;
	engine_tick(r->engine, end_ms);
	carry(r);
}

const char *hear(struct rig *r)
{
	struct packet packet;
	struct buf *b = &r->heard;

	carry(r);
	if (!b->len)
		return r->open ? "nothing" : "closed";
	struct wire_result result =
		wire_parse(&r->arena, r->version, b->data, b->len, 64 << 20, &packet);
	if (result.status != WIRE_PACKET)
		return result.status == WIRE_NEED_MORE ? "half a packet" : result.what;
	const char *line = wire_describe(&r->arena, r->version, &packet);
	buf_consume(b, result.consumed);
	return line;
}

const char *event(struct rig *r)
{
	return r->event_first < r->event_end ? r->events[r->event_first++] : "none";
}

int rig_publish(struct rig *r, const struct sending *s)
{
	struct mqtt_publish p = { .qos = s->qos,
		.retain = s->retain,
		.topic = mqtt_view_of(s->topic),
		.payload = mqtt_view_of(s->payload),
		.properties.raw = properties(r, s->properties) };

	int result = engine_publish(r->engine, &p, s->tag);
	carry(r);
	return result;
}

void forget_events(struct rig *r)
{
	r->event_first = r->event_end = 0;
}
