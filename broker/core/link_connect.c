#include "broker/core/link_connect.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_accept.h"
#include "broker/core/link_end.h"
#include "broker/core/link_out.h"
#include "broker/core/topic.h"
#include "mqtt/control.h"
#include "mqtt/text.h"

/* A CONNECT that cannot be read: 3.1.1 has a word only for its level. [MQTT-3.1.4-1] */
static void connect_malformed(
	struct link *l, enum mqtt_connect_form form, const struct mqtt_error *e)
{
	if (form == MQTT_CONNECT_UNKNOWN ||
		(form == MQTT_CONNECT_311 && e->reason != MQTT_UNSUPPORTED_VERSION)) {
		link_trouble(l, e);
		link_finish(l, false);
		return;
	}
	l->version = form == MQTT_CONNECT_50 ? MQTT_50 : MQTT_311;
	link_fail(l, e);
}

/* What this server does not take, though it is well formed. 0, or the code for CONNACK. */
static uint8_t connect_check(struct link *l, const struct mqtt_connect *c, const char **statement)
{
	const struct broker_limits *limits = &l->broker->config.limits;

	*statement = MQTT_BY_VERSION(c->version, "MQTT-3.1.3-8", "MQTT-3.1.3-8");
	if (!c->client_id.len && !c->clean_start && !version_traits(c->version).assigned_id)
		return MQTT_CLIENT_ID_NOT_VALID;
	uint16_t id_max = version_traits(c->version).client_id_max;
	if (c->client_id.len > limits->client_id_bytes ||
		(id_max && (!c->client_id.len || c->client_id.len > id_max)))
		return MQTT_CLIENT_ID_NOT_VALID;
	*statement = "5.0:MQTT-3.2.2-12";
	if (c->has_will && c->will_qos > limits->maximum_qos)
		return MQTT_QOS_NOT_SUPPORTED;
	*statement = "5.0:MQTT-3.2.2-13";
	if (c->will_retain && limits->no_retained)
		return MQTT_RETAIN_NOT_SUPPORTED;
	*statement = "5.0:U50-WILL-TOPIC-REFUSED";
	if (c->has_will && !topic_is_taken(limits, c->will_topic))
		return MQTT_TOPIC_NAME_INVALID;
	return MQTT_SUCCESS;
}

static bool bytes_keep(struct link *l, uint8_t **bytes, uint32_t *len, struct mqtt_view v)
{
	struct memory *memory = &l->broker->memory;
	uint8_t *copy = memory_take(memory, v.len);

	if (!copy)
		return false;
	if (v.len)
		memcpy(copy, v.data, v.len);
	memory_give(memory, *bytes, *len);
	*bytes = copy;
	*len = v.len;
	return true;
}

/* The names that go with the connection, where anybody may ask for them. */
static bool names_keep(struct link *l, const struct mqtt_connect *c)
{
	const struct broker_config *config = &l->broker->config;
	struct mqtt_view method = mqtt_properties_view(&c->properties, MQTT_AUTHENTICATION_METHOD);
	bool asked = config->auth.step || config->auth.connect || config->access.publish ||
		config->access.subscribe || config->access.deliver ||
		config->store.put; /* whoever starts it next may ask */

	if (c->has_user_name && asked) {
		struct link_extra *x = link_extra_make(l);
		if (!x || !bytes_keep(l, &x->user_name, &x->user_name_len, c->user_name))
			return false;
	}
	if (!mqtt_properties_has(&c->properties, MQTT_AUTHENTICATION_METHOD))
		return true;
	struct link_extra *x = link_extra_make(l);
	return x && bytes_keep(l, &x->method, &x->method_len, method);
}

static struct mqtt_view method_of(const struct link *l)
{
	if (!l->extra || !l->extra->method)
		return (struct mqtt_view){ 0 };
	return (struct mqtt_view){ l->extra->method, l->extra->method_len };
}

static void auth_send(struct link *l, uint8_t reason, struct mqtt_view data)
{
	struct broker *b = l->broker;
	struct mqtt_control auth = { .reason = reason };

	buf_reset(&b->added);
	mqtt_property_add_view(
		&b->added, MQTT_AUTHENTICATION_METHOD, method_of(l)); /* [MQTT-4.12.0-5] */
	if (data.data)
		mqtt_property_add_view(&b->added, MQTT_AUTHENTICATION_DATA, data);
	auth.properties.raw = (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
	buf_reset(&b->packet);
	if (!mqtt_auth_write(&b->packet, MQTT_FROM_SERVER, &auth) || !link_send_packet(l))
		link_refuse(l, MQTT_UNSPECIFIED_ERROR, "5.0:MQTT-4.12.0-2",
			"the answer is larger than the client allows");
}

/* What the host thinks of a CONNECT, at once or after a while. */
static void verdict_on_connect(struct link *l, const struct mqtt_connect *c, struct mqtt_view body,
	int verdict, const struct broker_auth_answer *answer)
{
	struct link_extra *x;

	if (verdict == BROKER_AUTH_CONTINUE || verdict == BROKER_AUTH_LATER) {
		x = link_extra_make(l);
		if (!x || (!x->connect && !bytes_keep(l, &x->connect, &x->connect_len, body))) {
			link_refuse_connect(l, MQTT_SERVER_BUSY, "no memory");
			return;
		}
		l->state = verdict == BROKER_AUTH_LATER ? LINK_WAITS : LINK_AUTH;
		l->stopped = verdict == BROKER_AUTH_LATER;
		if (verdict == BROKER_AUTH_CONTINUE)
			auth_send(l, MQTT_CONTINUE_AUTHENTICATION,
				answer->data); /* [MQTT-4.12.0-2] */
		link_mark(l);
		return;
	}
	if (verdict >= 0x80) {
		struct mqtt_error e = { (uint8_t)verdict,
			MQTT_BY_VERSION(l->version, "U311-AUTH-FAIL", "MQTT-3.1.4-2"),
			"not let in" };
		link_trouble(l, &e);
		link_refuse_connect(l, (uint8_t)verdict, answer->reason);
		return;
	}
	if (!mqtt_text_valid(answer->user_name)) { /* whoever gave it: a certificate, for example */
		link_refuse_connect(
			l, MQTT_BAD_USER_NAME_OR_PASSWORD, "the user name is not UTF-8");
		return;
	}
	if (answer->user_name.data) {
		x = link_extra_make(l);
		if (!x || !bytes_keep(l, &x->user_name, &x->user_name_len, answer->user_name)) {
			link_refuse_connect(l, MQTT_SERVER_BUSY, "no memory");
			return;
		}
	}
	if (l->broker->shutting_down)
		link_refuse_connect(l, MQTT_SERVER_UNAVAILABLE, "the server shuts down");
	else
		link_accept(l, c, answer->data);
}

static int connect_judge(
	struct link *l, const struct mqtt_connect *c, struct broker_auth_answer *answer)
{
	const struct broker_auth *auth = &l->broker->config.auth;
	struct broker_client client = link_client(l);

	client.client_id = c->client_id;
	if (mqtt_properties_has(&c->properties, MQTT_AUTHENTICATION_METHOD)) {
		if (!auth->step) /* [MQTT-4.12.0-1] */
			return MQTT_BAD_AUTHENTICATION_METHOD;
		return auth->step(auth->context, &client, c, false, method_of(l),
			mqtt_properties_view(&c->properties, MQTT_AUTHENTICATION_DATA), answer);
	}
	return auth->connect ? auth->connect(auth->context, &client, c, answer) : 0;
}

void link_connect(struct link *l, const struct mqtt_frame *frame, struct mqtt_view body)
{
	struct mqtt_connect c;
	struct mqtt_error e;
	enum mqtt_connect_form form;
	struct broker_auth_answer answer = { 0 };
	const char *statement;

	if (l->state != LINK_NEW) {
		link_refuse(l, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(l->version, "MQTT-3.1.0-2", "MQTT-3.1.0-2"),
			"second CONNECT");
		return;
	}
	if (!mqtt_connect_read(frame, body, &c, &form, &e)) {
		connect_malformed(l, form, &e);
		return;
	}
	l->version = c.version;
	l->packet_max = mqtt_properties_number(&c.properties, MQTT_MAXIMUM_PACKET_SIZE, UINT32_MAX);
	uint8_t reason = connect_check(l, &c, &statement);
	if (reason) {
		link_refuse(l, reason, statement, "CONNECT not acceptable to this server");
		return;
	}
	if (!names_keep(l, &c)) {
		link_refuse_connect(l, MQTT_SERVER_BUSY, "no memory");
		return;
	}
	int verdict = connect_judge(l, &c, &answer);
	verdict_on_connect(l, &c, body, verdict, &answer);
}

/* The CONNECT that was kept; it was well formed when it came. */
static bool connect_again(struct link *l, struct mqtt_connect *c)
{
	struct mqtt_frame frame = { .type = CONNECT };
	enum mqtt_connect_form form;
	struct mqtt_error e;

	return mqtt_connect_read(&frame,
		(struct mqtt_view){ l->extra->connect, l->extra->connect_len }, c, &form, &e);
}

/* Re-authentication: done, goes on, or ends the connection. [MQTT-4.12.1-2] */
static void verdict_on_again(struct link *l, int verdict, const struct broker_auth_answer *answer)
{
	if (verdict == BROKER_AUTH_LATER) {
		l->stopped = true;
		link_mark(l);
		return;
	}
	if (verdict >= 0x80) {
		/* Table 3-10 does not have the code that says that the method is bad. */
		bool fits = verdict != MQTT_BAD_AUTHENTICATION_METHOD &&
			spec_reason_code((uint8_t)verdict, DISCONNECT);
		uint8_t reason = fits ? (uint8_t)verdict : MQTT_NOT_AUTHORIZED;
		link_dismiss(
			l, reason, answer->reason ? answer->reason : "re-authentication failed");
		return;
	}
	l->again = verdict == BROKER_AUTH_CONTINUE;
	auth_send(l, (uint8_t)verdict, answer->data);
	if (l->again && l->state == LINK_UP)
		link_expect_answer(l);
}

static void auth_step(struct link *l, const struct mqtt_control *auth)
{
	const struct broker_auth *hooks = &l->broker->config.auth;
	struct mqtt_view data = mqtt_properties_view(&auth->properties, MQTT_AUTHENTICATION_DATA);
	struct broker_client client = link_client(l);
	struct broker_auth_answer answer = { 0 };
	struct mqtt_connect c;

	if (l->state == LINK_UP) {
		l->again = true;
		int verdict = hooks->step(
			hooks->context, &client, NULL, true, method_of(l), data, &answer);
		verdict_on_again(l, verdict, &answer);
		return;
	}
	int verdict =
		hooks->step(hooks->context, &client, NULL, false, method_of(l), data, &answer);
	if (connect_again(l, &c))
		verdict_on_connect(l, &c, (struct mqtt_view){ 0 }, verdict, &answer);
}

void link_auth(struct link *l, struct mqtt_view body)
{
	struct mqtt_control auth;
	struct mqtt_error e;

	if (!mqtt_auth_read(MQTT_FROM_CLIENT, body, &auth, &e)) {
		link_fail(l, &e);
		return;
	}
	struct mqtt_view method =
		mqtt_properties_view(&auth.properties, MQTT_AUTHENTICATION_METHOD);
	if (!method_of(l).data) {
		link_refuse(l, MQTT_PROTOCOL_ERROR, "5.0:MQTT-4.12.0-7",
			"AUTH although CONNECT named no method");
	} else if (!mqtt_view_equal(method, method_of(l))) {
		link_refuse(l, MQTT_PROTOCOL_ERROR, "5.0:MQTT-4.12.1-1",
			"another Authentication Method");
	} else if ((auth.reason == MQTT_RE_AUTHENTICATE) != (l->state == LINK_UP && !l->again)) {
		link_refuse(l, MQTT_PROTOCOL_ERROR, "5.0:MQTT-4.12.0-3", "AUTH out of turn");
	} else {
		auth_step(l, &auth);
	}
}

void link_verdict(struct link *l, int verdict, const struct broker_auth_answer *answer)
{
	struct mqtt_connect c;

	if (l->state == LINK_UP)
		verdict_on_again(l, verdict, answer);
	else if (connect_again(l, &c))
		verdict_on_connect(l, &c, (struct mqtt_view){ 0 }, verdict, answer);
}
