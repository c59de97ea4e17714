/* What time brings: Keep Alive, answers that do not come, messages and sessions that expire. */
#include "client/engine/core.h"
#include "mqtt/control.h"

/* Before the interval is over, so that no gap passes it: a tenth of it, but no more than a second. */
static int64_t ping_due_ms(const struct engine *e)
{
	int64_t interval_ms = e->server.keep_alive_s * INT64_C(1000);
	int64_t margin_ms = interval_ms / 10 < 1000 ? interval_ms / 10 : 1000;
	/* A server that says nothing is asked too: nothing else would show that it is gone. */
	int64_t from_ms = e->last_sent_ms < e->last_heard_ms ? e->last_sent_ms : e->last_heard_ms;

	if (!interval_ms || e->pingresp_due_ms != INT64_MAX)
		return INT64_MAX;
	return from_ms + interval_ms - margin_ms;
}

/* [MQTT-3.1.2-20] of 5.0, [MQTT-3.1.2-23] of 3.1.1 */
static void ping(struct engine *e)
{
	if (e->now_ms < ping_due_ms(e))
		return;
	buf_reset(&e->packet);
	mqtt_ping_write(&e->packet, PINGREQ);
	if (engine_must_send(e, engine_send_packet(e)))
		e->pingresp_due_ms = e->now_ms + e->config.pingresp_wait_ms;
}

static void check_answers(struct engine *e)
{
	unsigned version = e->connect.version;

	if (e->state == ENGINE_CONNECTING && e->now_ms >= e->connack_due_ms)
		engine_break(e,
			&(struct mqtt_error){ 0,
				MQTT_BY_VERSION(version, "U311-CONNACK-WAIT", "U50-CONNACK-WAIT"),
				"no CONNACK" });
	if (e->state == ENGINE_UP && e->now_ms >= e->pingresp_due_ms)
		engine_break(e,
			&(struct mqtt_error){ MQTT_UNSPECIFIED_ERROR,
				MQTT_BY_VERSION(version, "U311-PINGRESP-WAIT", "U50-PINGRESP-WAIT"),
				"no PINGRESP" });
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t engine_tick(struct engine *e, int64_t now_ms)
{
	int64_t due_ms = INT64_MAX;

	e->now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	check_answers(e);
	if (e->state == ENGINE_UP)
		ping(e);
	if (e->state == ENGINE_CLOSED && e->has_session && e->now_ms >= e->session_until_ms)
		engine_forget(e);
	if (e->state == ENGINE_CONNECTING)
		due_ms = e->connack_due_ms;
	else if (e->state == ENGINE_UP)
		due_ms = earlier(ping_due_ms(e), e->pingresp_due_ms);
	else if (e->state == ENGINE_CLOSED && e->has_session)
		due_ms = e->session_until_ms;
	return due_ms;
}
