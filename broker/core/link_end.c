#include "broker/core/link_end.h"

#include "broker/core/commit.h"
#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_out.h"
#include "broker/core/session.h"
#include "broker/core/session_life.h"
#include "mqtt/control.h"

/* What a link that ends may still have to write: no more than a poor network takes in that time. */
enum { END_OUTPUT_BYTES = 1 << 20 };

static void link_cut(struct link *l)
{
	l->must_close = true;
	output_cut(&l->output, &l->broker->memory, 0);
	link_mark(l);
}

/* Of a session's connections that are ending, only the latest is kept: whoever comes and is thrown
 * out again and again takes up no more than one of them.
 */
static void ending_keep(struct link *l)
{
	struct session *s = l->session;

	if (s->ending) {
		s->ending->left = NULL;
		link_cut(s->ending);
	}
	s->ending = l;
	l->left = s;
}

/* Gives back what a connection has besides its output. */
static void link_leave(struct link *l, bool drop_will)
{
	struct broker *b = l->broker;

	/* The beginning of a CONNECT may have that of a password in it. */
	if (link_awaits_connect(l) && l->tail_len)
		explicit_bzero(l->tail, l->tail_len);
	l->state = LINK_ENDS;
	l->stopped = true;
	memory_give(&b->memory, l->tail, l->tail_size);
	l->tail = NULL;
	l->tail_len = l->tail_size = 0;
	if (b->config.auth.end)
		b->config.auth.end(b->config.auth.context, l->owner);
	if (l->session)
		session_detach(b, l->session, drop_will);
	link_extra_free(l);
}

/* Many of the messages that wait are no longer for this connection: the client has gone, or has to,
 * or is elsewhere, and those of QoS 1 and 2 are in its session.
 */
static void output_shorten(struct link *l)
{
	output_cut(&l->output, &l->broker->memory, END_OUTPUT_BYTES);
}

static void link_end(struct link *l, bool drop_will)
{
	struct broker *b = l->broker;

	b->ending++;
	link_mark(l);
	if (l->session)
		ending_keep(l);
	link_leave(l, drop_will);
	timer_set(&b->timers, &l->timer, b->now_ms + b->config.limits.end_wait_ms);
}

void link_finish(struct link *l, bool drop_will)
{
	if (l->state == LINK_ENDS)
		return;
	output_shorten(l);
	link_end(l, drop_will);
}

/* DISCONNECT, with a Reason String if that fits. [MQTT-3.14.2-3] */
static void disconnect_send(struct link *l, uint8_t reason, const char *what)
{
	struct broker *b = l->broker;
	struct mqtt_control disconnect = { .reason = reason };

	buf_reset(&b->added);
	mqtt_property_add_view(&b->added, MQTT_REASON_STRING, mqtt_view_of(what));
	disconnect.properties.raw = (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
	buf_reset(&b->packet);
	if (mqtt_disconnect_write(&b->packet, l->version, MQTT_FROM_SERVER, &disconnect) &&
		link_send_packet(l))
		return;
	disconnect.properties.raw.len = 0;
	buf_reset(&b->packet);
	if (mqtt_disconnect_write(&b->packet, l->version, MQTT_FROM_SERVER, &disconnect))
		link_send_packet(l);
}

void link_dismiss(struct link *l, uint8_t reason, const char *what)
{
	if (l->state == LINK_ENDS)
		return;
	if (reason != MQTT_SERVER_SHUTTING_DOWN)
		output_shorten(l);
	/* Never before CONNACK [MQTT-3.14.0-1], and 3.1.1 does not have it. */
	if (l->state == LINK_UP && version_traits(l->version).server_disconnect)
		disconnect_send(l, reason, what);
	link_end(l, false);
}

/* The return code of 3.1.1 for a Reason Code of 5.0; 0: none fits. */
static uint8_t return_code(uint8_t reason)
{
	switch (reason) {
	case MQTT_UNSUPPORTED_VERSION: return 1;
	case MQTT_CLIENT_ID_NOT_VALID: return 2;
	case MQTT_SERVER_UNAVAILABLE:
	case MQTT_SERVER_BUSY:
	case MQTT_QUOTA_EXCEEDED: return 3;
	case MQTT_BAD_USER_NAME_OR_PASSWORD: return 4;
	case MQTT_NOT_AUTHORIZED:
	case MQTT_BANNED: return 5;
	default: return 0; /* [MQTT-3.2.2-6] of 3.1.1 */
	}
}

/* CONNACK with the code, if this version has one for it, and the end. [MQTT-3.2.2-5] [MQTT-3.2.2-7] */
void link_refuse_connect(struct link *l, uint8_t reason, const char *what)
{
	struct broker *b = l->broker;
	struct mqtt_connack connack = { .code = reason };

	if (!version_traits(l->version).reason_codes)
		connack.code = return_code(reason);
	if (!l->version || !connack.code) {
		link_finish(l, false);
		return;
	}
	buf_reset(&b->added);
	if (what)
		mqtt_property_add_view(&b->added, MQTT_REASON_STRING, mqtt_view_of(what));
	connack.properties.raw = (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
	buf_reset(&b->packet);
	mqtt_connack_write(&b->packet, l->version, &connack);
	if (!link_send_packet(l)) { /* [MQTT-3.2.2-19] */
		connack.properties.raw.len = 0;
		buf_reset(&b->packet);
		mqtt_connack_write(&b->packet, l->version, &connack);
		link_send_packet(l);
	}
	link_finish(l, false);
}

void link_trouble(struct link *l, const struct mqtt_error *e)
{
	struct broker *b = l->broker;

	b->figures.refused++;
	if (b->config.trouble)
		b->config.trouble(b->config.trouble_context, l->owner, e);
}

void link_fail(struct link *l, const struct mqtt_error *e)
{
	link_trouble(l, e);
	if (l->state == LINK_UP)
		link_dismiss(l, e->reason, e->what);
	else
		link_refuse_connect(l, e->reason, e->what);
}

void link_refuse(struct link *l, uint8_t reason, const char *statement, const char *what)
{
	struct mqtt_error e = { reason, statement, what };

	link_fail(l, &e);
}

/* When Keep Alive is over; INT64_MAX: never. */
static int64_t silence_due_ms(const struct link *l)
{
	if (!l->keep_alive_s)
		return INT64_MAX;
	return l->heard_ms + l->keep_alive_s * INT64_C(1500) + l->broker->config.clock_grain_ms;
}

/* The same where what the client has sent cannot be read: a sign of life is then that it takes what is
 * written.
 */
static int64_t stuck_due_ms(const struct link *l)
{
	int64_t most_ms = l->keep_alive_s * INT64_C(1500);
	int64_t least_ms = l->broker->config.limits.stuck_wait_ms;
	int64_t sign_ms = l->waits && l->taken_ms > l->heard_ms ? l->taken_ms : l->heard_ms;

	if (!l->keep_alive_s)
		return INT64_MAX;
	return sign_ms + (most_ms > least_ms ? most_ms : least_ms) +
		l->broker->config.clock_grain_ms;
}

/* When output that nobody takes has waited for long enough; INT64_MAX: never. */
static int64_t output_due_ms(const struct link *l)
{
	uint32_t most_ms = l->broker->config.limits.output_wait_ms;

	return l->waits && most_ms ? l->taken_ms + most_ms : INT64_MAX;
}

void link_waits(struct link *l)
{
	struct broker *b = l->broker;

	l->waits = true;
	if (l->state == LINK_UP)
		timer_hasten(&b->timers, &l->timer, output_due_ms(l));
}

/* From now on. */
static int64_t answer_wait(struct link *l)
{
	const struct broker *b = l->broker;

	l->extra->answer_due_ms =
		b->now_ms + b->config.limits.connect_wait_ms + b->config.clock_grain_ms;
	return l->extra->answer_due_ms;
}

void link_expect_answer(struct link *l)
{
	struct broker *b = l->broker;

	timer_hasten(&b->timers, &l->timer, answer_wait(l));
}

/* INT64_MAX: none is waited for, or it is the host that takes its time. */
static int64_t answer_due_ms(const struct link *l)
{
	return l->again && !l->stopped ? l->extra->answer_due_ms : INT64_MAX;
}

/* When messages that wait for room in the store are tried again; INT64_MAX: there are none. */
static int64_t room_due_ms(const struct link *l)
{
	return link_has_backlog(l) ? l->broker->now_ms + STORE_RETRY_MS : INT64_MAX;
}

void link_wait_for_room(struct link *l)
{
	struct broker *b = l->broker;

	timer_hasten(&b->timers, &l->timer, room_due_ms(l));
}

static void stuck_refuse(struct link *l)
{
	link_refuse(l, MQTT_QUOTA_EXCEEDED, "5.0:U50-ERR-CODES",
		"nothing is taken of what waits to be written");
}

static void silence_refuse(struct link *l)
{
	/* [MQTT-3.1.2-24] of 3.1.1, [MQTT-3.1.2-22] of 5.0 */
	link_refuse(l, MQTT_KEEP_ALIVE_TIMEOUT,
		MQTT_BY_VERSION(l->version, "MQTT-3.1.2-24", "MQTT-3.1.2-22"),
		"nothing heard for one and a half times the Keep Alive");
}

/* The client may have sent what is not read, as too much waits to be written. What nothing was sent for
 * is silence, whether it would have been read or not.
 */
static bool is_unheard(const struct link *l)
{
	const struct broker_config *config = &l->broker->config;

	return !config->unread || config->unread(l->owner);
}

void link_resume(struct link *l)
{
	struct broker *b = l->broker;

	if (!l->keep_alive_s || l->state != LINK_UP)
		return;
	if (is_unheard(l))
		l->heard_ms = b->now_ms;
	timer_hasten(&b->timers, &l->timer, silence_due_ms(l));
}

/* Keep Alive, and output that nobody takes. A host whose clock goes on by itself may be late, with
 * the packet there to be read: it gets a turn to look before the client is blamed.
 */
static void life_due(struct link *l)
{
	struct broker *b = l->broker;
	uint32_t grain_ms = b->config.clock_grain_ms;

	if (l->stopped || (link_awaits_commit(l) && commit_is_clogged(b)))
		l->heard_ms =
			b->now_ms; /* it is the host's verdict that is waited for, or its store */
	bool unheard = link_is_congested(l) && is_unheard(l);
	int64_t silence_ms = unheard ? stuck_due_ms(l) : silence_due_ms(l);
	int64_t output_ms = output_due_ms(l);
	bool late = b->now_ms >= silence_ms;
	if (b->now_ms >= output_ms || (late && unheard)) {
		stuck_refuse(l);
		return;
	}
	if (late && (l->doubted || !grain_ms)) {
		silence_refuse(l);
		return;
	}
	if (unheard && answer_due_ms(l) != INT64_MAX)
		answer_wait(l); /* it may lie there */
	if (b->now_ms >= answer_due_ms(l)) {
		link_refuse(l, MQTT_NOT_AUTHORIZED, "5.0:MQTT-4.12.1-2",
			"re-authentication was not gone on with");
		return;
	}
	l->doubted = late;
	int64_t due_ms = late ? b->now_ms + grain_ms : silence_ms;
	if (output_ms < due_ms)
		due_ms = output_ms;
	if (answer_due_ms(l) < due_ms)
		due_ms = answer_due_ms(l);
	if (room_due_ms(l) < due_ms)
		due_ms = room_due_ms(l);
	timer_hasten(&b->timers, &l->timer, due_ms);
}

void link_due(struct link *l)
{
	if (l->state == LINK_ENDS)
		link_cut(l);
	else if (l->state == LINK_UP)
		life_due(l);
	else
		link_finish(l, false);
}

void link_closed(struct link *l)
{
	struct broker *b = l->broker;

	if (l->state == LINK_ENDS)
		b->ending--;
	else
		link_leave(l, false);
	if (l->left)
		l->left->ending = NULL;
	timer_drop(&b->timers, &l->timer);
	output_fini(&l->output, &b->memory);
	b->figures.links--;
	if (l->pending || link_awaits_commit(l))
		l->gone = true; /* it is in a list, which frees it */
	else
		memory_give(&b->memory, l, sizeof(*l));
}

bool link_ends(const struct link *l)
{
	return l->state == LINK_ENDS;
}

bool link_must_close(const struct link *l)
{
	return l->must_close || (l->broken && l->state != LINK_ENDS);
}
