/* What the client tells its user, as answers to the commands that wait for it. */
#include <stdlib.h>

#include "client/agent/agent.h"
#include "client/agent/tell.h"

enum { REFUSAL = 0x80, NO_CODE = 0x100 }; /* Reason Codes from, and up to */

struct unanswered *unanswered_add(struct agent *a, json_t *id)
{
	struct unanswered *u = malloc(sizeof(*u));

	if (!u)
		abort();
	*u = (struct unanswered){ .next = a->unanswered, .id = json_incref(id) };
	if (u->next)
		u->next->previous = u;
	a->unanswered = u;
	return u;
}

void unanswered_remove(struct agent *a, struct unanswered *u)
{
	*(u->previous ? &u->previous->next : &a->unanswered) = u->next;
	if (u->next)
		u->next->previous = u->previous;
	json_decref(u->id);
	free(u);
}

static struct unanswered *of_tag(uint64_t tag)
{
	return (struct unanswered *)(uintptr_t)tag;
}

static void on_connected(
	void *context, bool session_present, const struct mqttspec_properties *properties)
{
	struct agent *a = context;

	a->connected = true;
	tell_connected(a->connect_id, session_present, properties);
	json_decref(a->connect_id);
	a->connect_id = NULL;
}

/* Returns whether there was a connection of whose end to tell. */
static bool connect_failed(
	struct agent *a, int result, const char *text, const struct mqttspec_properties *properties)
{
	bool refused = result > 0 && result < NO_CODE;

	if (refused)
		tell_refused(a->connect_id, result, properties);
	else
		tell_error(a->connect_id, text);
	json_decref(a->connect_id);
	a->connect_id = NULL;
	return !refused && result != MQTTSPEC_UNREACHABLE;
}

/* It never tries again. A result of 0 is that of a `disconnect`, or of a DISCONNECT with this code. */
static void on_disconnected(void *context, int result, const char *text, bool will_retry,
	const struct mqttspec_properties *properties)
{
	struct agent *a = context;
	bool was_one = !a->connect_id || connect_failed(a, result, text, properties);
	bool has_code = result < NO_CODE && (result || !a->disconnect_id);

	(void)will_retry;
	a->running = a->connected = false;
	if (was_one || a->disconnect_id)
		tell_disconnected(a->disconnect_id, has_code ? result : -1, text, properties);
	json_decref(a->disconnect_id);
	a->disconnect_id = NULL;
}

static uint8_t on_message(void *context, const struct mqttspec_message *message)
{
	(void)context;
	tell_message(message);
	return 0;
}

static void on_published(
	void *context, uint64_t tag, int result, const struct mqttspec_properties *properties)
{
	struct unanswered *u = of_tag(tag);

	if (result >= NO_CODE)
		tell_error(u->id, mqttspec_result_text(result));
	else if (result >= REFUSAL)
		tell_refused(u->id, result, properties);
	else
		tell_acknowledged_code(u->id, result, properties);
	unanswered_remove(context, u);
}

static void on_codes(void *context, uint64_t tag, int result, const uint8_t *codes, size_t count,
	const struct mqttspec_properties *properties)
{
	struct unanswered *u = of_tag(tag);

	if (result)
		tell_error(u->id, mqttspec_result_text(result));
	else if (count)
		tell_acknowledged_codes(u->id, codes, count, properties);
	else /* UNSUBACK of 3.1.1 has none */
		tell_acknowledged(u->id, properties);
	unanswered_remove(context, u);
}

static void on_challenge(
	void *context, uint8_t reason, const struct mqttspec_properties *properties)
{
	(void)context;
	tell_challenge(reason, properties);
}

const struct mqttspec_callbacks answers = { .connected = on_connected,
	.disconnected = on_disconnected,
	.message = on_message,
	.published = on_published,
	.subscribed = on_codes,
	.unsubscribed = on_codes,
	.challenge = on_challenge };
