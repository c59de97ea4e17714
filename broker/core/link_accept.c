#include "broker/core/link_accept.h"

#include <string.h>

#include "broker/core/commit.h"
#include "broker/core/core.h"
#include "broker/core/hash.h"
#include "broker/core/link.h"
#include "broker/core/link_end.h"
#include "broker/core/link_out.h"
#include "broker/core/mount.h"
#include "broker/core/outgoing.h"
#include "broker/core/record.h"
#include "broker/core/session.h"
#include "broker/core/session_life.h"
#include "broker/core/will.h"

enum { ASSIGNED_LEN = 20 };

/* An identifier that nobody has, and nobody can guess. [MQTT-3.1.3-6] [MQTT-3.2.2-16] */
static struct mqtt_view id_assign(struct broker *b, char text[static ASSIGNED_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	struct mqtt_view id = { (uint8_t *)text, ASSIGNED_LEN };

	do {
		struct mqtt_view counter = { (uint8_t *)&b->assigned, sizeof(b->assigned) };
		uint64_t n = hash_view(b->config.seed, counter);
		b->assigned++;
		memcpy(text, "auto", 4);
		for (unsigned i = 4; i < ASSIGNED_LEN; i++, n >>= 4)
			text[i] = digits[n & 15];
	} while (sessions_find(&b->sessions, id));
	return id;
}

static uint32_t expiry_of(const struct broker *b, const struct mqtt_connect *c)
{
	uint32_t max = b->config.limits.session_expiry_max_s;
	uint32_t asked = c->clean_start ? 0 : SESSION_NEVER_EXPIRES; /* [MQTT-3.1.2-6] of 3.1.1 */

	if (version_traits(c->version).session_expiry)
		asked = mqtt_properties_number(&c->properties, MQTT_SESSION_EXPIRY_INTERVAL, 0);
	return asked < max ? asked : max;
}

/* The session to be continued, or NULL; what stood in its way has ended. False if its Will, or its end, waits until
 * the store has room for what follows from that.
 */
static bool session_continued(struct link *l, struct mqtt_view id, const struct mqtt_connect *c,
	struct session **continued)
{
	struct broker *b = l->broker;
	struct session *s = sessions_find(&b->sessions, id);

	if (s && s->link) { /* [MQTT-3.1.4-2] of 3.1.1, [MQTT-3.1.4-3] of 5.0 */
		link_dismiss(s->link, MQTT_SESSION_TAKEN_OVER, "another connection has come");
		s = sessions_find(&b->sessions, id);
	}
	if (s && (c->clean_start || is_expired(s->expires_ms, b->now_ms))) { /* [MQTT-3.1.2-4] */
		if (s->kept)
			link_hold(l);
		*continued = NULL;
		return session_end(b, s);
	}
	*continued = s; /* [MQTT-3.1.2-5] */
	if (!s || session_will_due(b, s))
		return true;
	session_wait(b, s);
	return false;
}

static struct session *session_begin(
	struct broker *b, struct mqtt_view id, const struct mqtt_connect *c)
{
	uint32_t expiry_s = expiry_of(b, c);
	enum session_kept kept = SESSION_KEPT_NOT;

	if (b->config.store.put)
		kept = expiry_s ? SESSION_KEPT_WHOLE : c->has_will ? SESSION_KEPT_WILL : kept;
	return session_new(b, id, expiry_s, kept, kept ? ++b->number : 0);
}

/* What a CONNECT changes of a session that is there: it may be refused yet. */
struct earlier {
	struct will *will;
	uint8_t *user_name;
	int64_t expires_ms;
	uint32_t expiry_s;
	uint16_t user_name_len;
	uint8_t version, realm;
};

/* The session goes by the name of its latest connection. */
static void name_hand_over(struct link *l, struct session *s)
{
	struct link_extra *x = l->extra;

	s->user_name = x ? x->user_name : NULL;
	s->user_name_len = x ? (uint16_t)x->user_name_len : 0;
	if (x)
		x->user_name = NULL;
}

static bool session_take(
	struct link *l, struct session *s, const struct mqtt_connect *c, struct earlier *earlier)
{
	struct broker *b = l->broker;

	*earlier = (struct earlier){ .will = will_take(s),
		.user_name = s->user_name,
		.expires_ms = s->expires_ms,
		.expiry_s = s->expiry_s,
		.user_name_len = s->user_name_len,
		.version = s->version,
		.realm = s->realm };
	timer_clear(&b->timers, &s->timer);
	s->link = l;
	s->version = c->version;
	s->expiry_s = expiry_of(b, c);
	s->expires_ms = INT64_MAX;
	s->realm = l->realm;
	name_hand_over(l, s);
	l->session = s;
	b->figures.connected++;
	return will_set(b, s, c);
}

/* Undoes session_take. */
static void session_give_back(struct session *s, const struct earlier *earlier)
{
	struct link *l = s->link;
	struct broker *b = l->broker;

	l->session = NULL;
	s->link = NULL;
	b->figures.connected--;
	will_drop(b, s);
	memory_give(&b->memory, s->user_name, s->user_name_len);
	s->will = earlier->will;
	s->user_name = earlier->user_name;
	s->user_name_len = earlier->user_name_len;
	s->expires_ms = earlier->expires_ms;
	s->expiry_s = earlier->expiry_s;
	s->version = earlier->version;
	s->realm = earlier->realm;
	session_wait(b, s);
}

/* From now on it is this connection's. A Will that was still to come no longer comes. [MQTT-3.1.3-9] */
static void session_keep(struct broker *b, struct earlier *earlier)
{
	will_free(b, earlier->will);
	memory_give(&b->memory, earlier->user_name, earlier->user_name_len);
}

/* False, with the store as it was, if that has no room for it. */
static bool session_store(struct broker *b, struct session *s)
{
	bool ends = !s->expiry_s && session_is_durable(s);

	if ((!ends || s->will) && !record_session(b, s))
		return false;
	/* It was to last, and no longer is: nothing of it may come back but a Will. */
	if (ends && s->will)
		session_forget_parts(b, s);
	else if (ends)
		session_forget(b, s);
	return true;
}

static uint16_t keep_alive_of(const struct broker *b, const struct mqtt_connect *c)
{
	uint16_t max = b->config.limits.keep_alive_max_s;
	bool above = max && (!c->keep_alive_s || c->keep_alive_s > max);

	/* 3.1.1 has no way to tell the client, so its own value holds. */
	return above && version_traits(c->version).properties ? max : c->keep_alive_s;
}

static bool link_set(struct link *l, const struct mqtt_connect *c)
{
	struct broker *b = l->broker;
	uint32_t aliases = mqtt_properties_number(&c->properties, MQTT_TOPIC_ALIAS_MAXIMUM, 0);
	uint32_t receive = mqtt_properties_number(&c->properties, MQTT_RECEIVE_MAXIMUM, UINT16_MAX);
	uint16_t most = b->config.limits.topic_alias_out;

	l->receive_maximum = (uint16_t)receive;
	l->problem_information =
		mqtt_properties_number(&c->properties, MQTT_REQUEST_PROBLEM_INFORMATION, 1);
	l->keep_alive_s = keep_alive_of(b, c);
	if (aliases && most) {
		if (!link_extra_make(l))
			return false;
		l->extra->out.max = (uint16_t)(aliases < most ? aliases : most);
	}
	if (l->keep_alive_s)
		timer_set(&b->timers, &l->timer, b->now_ms + l->keep_alive_s * INT64_C(1500));
	else
		timer_clear(&b->timers, &l->timer);
	return true;
}

static void number_add(struct buf *out, enum mqtt_property_id id, uint32_t number, bool wanted)
{
	if (wanted)
		mqtt_property_add_number(out, id, number);
}

/* What differs from what the client asked for, or from what the standard takes for granted. */
static void offers_add(struct link *l, struct buf *out, const struct mqtt_connect *c)
{
	const struct broker_limits *limits = &l->broker->config.limits;
	uint32_t asked = mqtt_properties_number(&c->properties, MQTT_SESSION_EXPIRY_INTERVAL, 0);
	uint32_t given = l->session->expiry_s;

	number_add(out, MQTT_SESSION_EXPIRY_INTERVAL, given, given != asked);
	number_add(out, MQTT_RECEIVE_MAXIMUM, limits->receive_maximum,
		limits->receive_maximum != UINT16_MAX);
	number_add(out, MQTT_MAXIMUM_QOS, limits->maximum_qos,
		limits->maximum_qos < 2); /* [MQTT-3.2.2-9] */
	number_add(out, MQTT_RETAIN_AVAILABLE, 0, limits->no_retained);
	number_add(out, MQTT_MAXIMUM_PACKET_SIZE, limits->packet_bytes,
		limits->packet_bytes < MQTT_PACKET_MAX);
	number_add(out, MQTT_TOPIC_ALIAS_MAXIMUM, limits->topic_alias_in, limits->topic_alias_in);
	number_add(out, MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE, 0, limits->no_wildcards);
	number_add(out, MQTT_SUBSCRIPTION_IDENTIFIER_AVAILABLE, 0, limits->no_subscription_ids);
	number_add(out, MQTT_SHARED_SUBSCRIPTION_AVAILABLE, 0, limits->no_shared);
	number_add(
		out, MQTT_SERVER_KEEP_ALIVE, l->keep_alive_s, l->keep_alive_s != c->keep_alive_s);
}

static void answers_add(
	struct link *l, struct buf *out, const struct mqtt_connect *c, struct mqtt_view data)
{
	const char *info = l->broker->config.response_information;

	if (!c->client_id.len) /* [MQTT-3.1.3-7] */
		mqtt_property_add_view(
			out, MQTT_ASSIGNED_CLIENT_IDENTIFIER, session_id(l->session));
	/* [MQTT-3.1.2-28] */
	if (info && mqtt_properties_number(&c->properties, MQTT_REQUEST_RESPONSE_INFORMATION, 0))
		mqtt_property_add_view(out, MQTT_RESPONSE_INFORMATION, mqtt_view_of(info));
	if (!mqtt_properties_has(&c->properties, MQTT_AUTHENTICATION_METHOD)) /* [MQTT-4.12.0-6] */
		return;
	mqtt_property_add_view(out, MQTT_AUTHENTICATION_METHOD, /* [MQTT-4.12.0-5] */
		mqtt_properties_view(&c->properties, MQTT_AUTHENTICATION_METHOD));
	if (data.data)
		mqtt_property_add_view(out, MQTT_AUTHENTICATION_DATA, data);
}

/* [MQTT-3.1.4-4] of 3.1.1, [MQTT-3.1.4-5] of 5.0 */
static bool connack_send(
	struct link *l, const struct mqtt_connect *c, bool session_present, struct mqtt_view data)
{
	struct broker *b = l->broker;
	struct mqtt_connack connack = { .session_present = session_present &&
			version_traits(c->version).session_present };

	buf_reset(&b->added);
	if (version_traits(c->version).properties) {
		offers_add(l, &b->added, c);
		answers_add(l, &b->added, c, data);
	}
	connack.properties.raw = (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
	buf_reset(&b->packet);
	return mqtt_connack_write(&b->packet, c->version, &connack) && link_send_packet(l);
}

/* The Will is authorised now: later there may be nobody left to tell. */
static uint8_t will_check(struct link *l, struct mqtt_view id, const struct mqtt_connect *c)
{
	const struct broker_access *access = &l->broker->config.access;

	if (!c->has_will || !access->publish)
		return MQTT_SUCCESS;
	struct broker_client client = link_client(l);
	client.client_id = id;
	return access->publish(
		access->context, &client, c->will_topic, c->will_qos, c->will_retain);
}

/* What the CONNECT brought is gone with it: its Will, and a session that it made. */
static void session_refuse(
	struct link *l, const struct earlier *earlier, uint8_t reason, const char *what)
{
	struct session *s = l->session;

	if (earlier) {
		session_give_back(s, earlier);
	} else if (s) {
		will_drop(l->broker, s);
		s->kept = SESSION_KEPT_NOT;
		s->expiry_s = 0;
	}
	link_refuse_connect(l, reason, what);
}

static void accept_mounted(struct link *l, const struct mqtt_connect *c, struct mqtt_view data)
{
	struct broker *b = l->broker;
	char assigned[ASSIGNED_LEN + 1];
	struct mqtt_view id = c->client_id.len ? c->client_id : id_assign(b, assigned);
	uint8_t refusal = will_check(l, id, c);

	if (refusal) {
		link_refuse_connect(l, refusal, "Will not allowed");
		return;
	}
	struct session *s;

	if (!session_continued(l, id, c, &s)) {
		link_refuse_connect(
			l, MQTT_QUOTA_EXCEEDED, "no room for what the last session leaves");
		return;
	}
	bool present = s != NULL; /* [MQTT-3.2.2-2] [MQTT-3.2.2-3] */
	if (!s)
		s = session_begin(b, id, c);
	struct earlier earlier;
	if (!s || !session_take(l, s, c, &earlier) || !link_set(l, c)) {
		session_refuse(l, present ? &earlier : NULL, MQTT_SERVER_BUSY, "no memory");
		return;
	}
	if (!session_store(b, s)) {
		session_refuse(l, present ? &earlier : NULL, MQTT_QUOTA_EXCEEDED,
			"no room for the session");
		return;
	}
	session_keep(b, &earlier);
	if (!connack_send(l, c, present, data)) { /* the client takes no packet of this size */
		link_finish(l, true);
		return;
	}
	l->state = LINK_UP;
	if (l->extra) {
		memory_give(&b->memory, l->extra->connect, l->extra->connect_len);
		l->extra->connect = NULL;
	}
	outgoing_resume(b, s);
	draws_wake(&b->draws, s->draws);
}

void link_accept(struct link *l, const struct mqtt_connect *c, struct mqtt_view data)
{
	struct mqtt_connect mounted;

	if (!c->has_will || !is_mounted(l)) {
		accept_mounted(l, c, data);
		return;
	}
	mounted = *c;
	mounted.will_topic = mount_topic(l, c->will_topic);
	if (mounted.will_topic.len)
		accept_mounted(l, &mounted, data);
	else
		link_refuse_connect(
			l, MQTT_TOPIC_NAME_INVALID, "the topic of the Will is too long");
}
