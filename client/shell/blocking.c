/* The functions that wait: they run the loop until what they wait for has come. */
#include <string.h>

#include "client/shell/shell.h"

static int64_t due_after(struct mqttspec_client *c, int64_t wait_ms)
{
	uv_update_time(c->loop);
	return wait_ms < 0 ? INT64_MAX : (int64_t)uv_now(c->loop) + wait_ms;
}

/* One more turn of the loop; false when there is no use in it, or no time. */
static bool go_on(struct mqttspec_client *c, int64_t due_ms)
{
	if (c->state == SHELL_STOPPED || c->state == SHELL_IDLE ||
		(int64_t)uv_now(c->loop) >= due_ms)
		return false;
	c->wake_due_ms = due_ms;
	shell_turn(c);
	if (c->state != SHELL_STOPPED)
		uv_run(c->loop, UV_RUN_ONCE);
	c->wake_due_ms = INT64_MAX;
	return true;
}

/* Why it did not come. */
static int failure(const struct mqttspec_client *c)
{
	if (c->state == SHELL_IDLE)
		return MQTTSPEC_NOT_CONNECTED;
	if (c->state != SHELL_STOPPED)
		return MQTTSPEC_TIMEOUT;
	return c->end_result ? c->end_result : MQTTSPEC_LOST;
}

bool blocking_answer(struct mqttspec_client *c, uint64_t tag, int result, struct mqtt_view codes)
{
	if (!(tag & SHELL_BLOCKING))
		return false;
	if (tag != c->awaited)
		return true; /* nobody waits for it any longer */
	c->answered = true;
	c->answer = result;
	buf_reset(&c->answer_codes);
	buf_add(&c->answer_codes, codes.data, codes.len);
	return true;
}

static uint64_t await_next(struct mqttspec_client *c)
{
	c->awaited = SHELL_BLOCKING | ++c->serial;
	c->answered = false;
	return c->awaited;
}

/* `result` is what the request said. */
static int await(struct mqttspec_client *c, int result, int64_t wait_ms)
{
	int64_t due_ms = due_after(c, wait_ms);

	while (!result && !c->answered && go_on(c, due_ms))
		;
	c->awaited = 0;
	if (result)
		return result;
	return c->answered ? c->answer : failure(c);
}

int mqttspec_run(struct mqttspec_client *c, int64_t wait_ms)
{
	int64_t due_ms = due_after(c, wait_ms);

	while (go_on(c, due_ms))
		;
	return c->state == SHELL_STOPPED ? MQTTSPEC_OK : MQTTSPEC_TIMEOUT;
}

int mqttspec_connect(struct mqttspec_client *c, int64_t wait_ms)
{
	int64_t due_ms = due_after(c, wait_ms);

	mqttspec_start(c);
	while (!engine_is_connected(c->engine) && go_on(c, due_ms))
		;
	if (engine_is_connected(c->engine))
		return MQTTSPEC_OK;
	int result = failure(c);
	return result == MQTTSPEC_TIMEOUT && c->failure ? c->failure : result;
}

int mqttspec_publish_wait(
	struct mqttspec_client *c, const struct mqttspec_message *message, int64_t wait_ms)
{
	int result = await(c, mqttspec_publish(c, message, await_next(c)), wait_ms);

	return result < 0x80 ? MQTTSPEC_OK : result;
}

/* The first refusal among the codes. */
static int codes_result(const struct mqttspec_client *c, int result)
{
	for (size_t i = 0; !result && i < c->answer_codes.len; i++)
		if (c->answer_codes.data[i] >= 0x80)
			result = c->answer_codes.data[i];
	return result;
}

int mqttspec_subscribe_wait(struct mqttspec_client *c,
	const struct mqttspec_subscription *subscriptions, size_t count, uint8_t *codes,
	int64_t wait_ms)
{
	int result = await(
		c, mqttspec_subscribe(c, subscriptions, count, NULL, 0, await_next(c)), wait_ms);

	if (!result && codes)
		memcpy(codes, c->answer_codes.data,
			c->answer_codes.len < count ? c->answer_codes.len : count);
	return result ? result : codes_result(c, result);
}

int mqttspec_unsubscribe_wait(
	struct mqttspec_client *c, const char *const *filters, size_t count, int64_t wait_ms)
{
	int result =
		await(c, mqttspec_unsubscribe(c, filters, count, NULL, 0, await_next(c)), wait_ms);

	return result ? result : codes_result(c, result);
}

int mqttspec_receive(
	struct mqttspec_client *c, const struct mqttspec_message **message, int64_t wait_ms)
{
	int64_t due_ms = due_after(c, wait_ms);

	while (!(*message = inbox_take(&c->inbox)) && go_on(c, due_ms))
		;
	if (!*message)
		return failure(c);
	shell_turn(c); /* there is room for more */
	return MQTTSPEC_OK;
}

int mqttspec_disconnect_wait(struct mqttspec_client *c, int64_t wait_ms)
{
	int64_t due_ms = due_after(c, wait_ms);

	while (engine_pending(c->engine) && go_on(c, due_ms))
		;
	int left = (int)engine_pending(c->engine);
	mqttspec_disconnect(c, 0, NULL, 0);
	while (c->state != SHELL_STOPPED && go_on(c, due_ms))
		;
	return left || (c->state != SHELL_STOPPED && c->state != SHELL_IDLE) ? MQTTSPEC_TIMEOUT
									     : MQTTSPEC_OK;
}
