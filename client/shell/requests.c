/* Subscriptions are remembered: they wait for a connection, and are made again where the server has no
 * session.
 */
#include <stdlib.h>
#include <string.h>

#include "client/shell/shell.h"

static struct request **find(struct mqttspec_client *c, const struct request *r)
{
	struct request **at = &c->requests;

	while (*at && *at != r)
		at = &(*at)->next;
	return at;
}

static void take_off(struct mqttspec_client *c, struct request *r)
{
	struct request **at = find(c, r);

	if (*at)
		*at = r->next;
	free(r);
}

/* ---- memory -------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *to, struct mqtt_view from, struct mqtt_view *copy)
{
	if (from.len)
		memcpy(to, from.data, from.len);
	*copy = (struct mqtt_view){ to, from.len };
	return to + from.len;
}

/* All in one piece. */
static struct request *request_new(
	const struct mqtt_filter *filters, size_t count, struct mqtt_view properties)
{
	size_t size = sizeof(struct request) + count * sizeof(*filters) + properties.len;

	for (size_t i = 0; i < count; i++)
		size += filters[i].text.len;
	struct request *r = calloc(1, size);
	if (!r)
		return NULL;
	r->filters = (struct mqtt_filter *)(r + 1);
	r->count = count;
	uint8_t *at = put((uint8_t *)(r->filters + count), properties, &r->properties);
	for (size_t i = 0; i < count; i++) {
		r->filters[i] = filters[i];
		at = put(at, filters[i].text, &r->filters[i].text);
	}
	return r;
}

void requests_free(struct mqttspec_client *c)
{
	while (c->requests)
		take_off(c, c->requests);
}

/* ---- telling ------------------------------------------------------------------------------- */

static void tell(struct mqttspec_client *c, struct request *r, int result, struct mqtt_view codes,
	struct mqtt_view raw)
{
	struct mqttspec_properties properties = { raw.data, raw.len };
	void (*callback)(void *, uint64_t, int, const uint8_t *, size_t,
		const struct mqttspec_properties *) =
		r->unsubscribe ? c->callbacks.unsubscribed : c->callbacks.subscribed;

	if (r->told)
		return;
	r->told = true;
	if (!blocking_answer(c, r->tag, result, codes) && callback)
		callback(c->context, r->tag, result, codes.data, codes.len, &properties);
}

/* An UNSUBSCRIBE takes the filter out of what would be subscribed to again. */
static void forget_filter(struct mqttspec_client *c, struct mqtt_view filter)
{
	struct request *r, *next;

	for (r = c->requests; r; r = next) {
		next = r->next;
		size_t kept = 0;
		for (size_t i = 0; !r->unsubscribe && i < r->count; i++)
			if (!mqtt_view_equal(r->filters[i].text, filter))
				r->filters[kept++] = r->filters[i];
		if (r->unsubscribe || r->state != REQUEST_DONE)
			continue;
		r->count = kept;
		if (!kept)
			take_off(c, r);
	}
}

void requests_ended(struct mqttspec_client *c, const struct engine_event *event)
{
	struct request *r = (struct request *)(uintptr_t)event->tag;

	if (event->result == ENGINE_LOST && !c->stopping) {
		r->state = REQUEST_WAITS;
		return;
	}
	r->state = REQUEST_DONE;
	tell(c, r, event->result, event->codes, event->properties.raw);
	if (!*find(c, r)) /* the callback has freed it */
		return;
	for (size_t i = 0; r->unsubscribe && i < r->count; i++)
		forget_filter(c, r->filters[i].text);
	if (r->unsubscribe)
		take_off(c, r);
}

static void tell_failure(struct mqttspec_client *c, struct request *r, int result)
{
	tell(c, r, result, (struct mqtt_view){ 0 }, (struct mqtt_view){ 0 });
}

/* What was never sent is given up: the client may be started again. */
void requests_stop(struct mqttspec_client *c)
{
	struct request *r, *next;

	for (r = c->requests; r; r = next) {
		next = r->next;
		tell_failure(c, r, MQTTSPEC_LOST);
		if (r->state == REQUEST_WAITS)
			take_off(c, r);
	}
}

/* ---- sending ------------------------------------------------------------------------------- */

static int request_send(struct mqttspec_client *c, struct request *r)
{
	uint64_t tag = (uintptr_t)r;

	if (!r->unsubscribe)
		return engine_subscribe(c->engine, r->properties, r->filters, r->count, tag);
	struct mqtt_view *views = calloc(r->count, sizeof(*views));
	if (!views)
		return ENGINE_NO_MEMORY;
	for (size_t i = 0; i < r->count; i++)
		views[i] = r->filters[i].text;
	int result = engine_unsubscribe(c->engine, r->properties, views, r->count, tag);
	free(views);
	return result;
}

void requests_send(struct mqttspec_client *c, bool session_present)
{
	struct request *r, *next;

	for (r = c->requests; r; r = next) {
		next = r->next;
		bool again = r->state == REQUEST_DONE && !session_present && c->resubscribe;
		if (r->state != REQUEST_WAITS && !again)
			continue;
		int result = request_send(c, r);
		if (!result) {
			r->state = REQUEST_SENT;
			continue;
		}
		tell_failure(c, r, result);
		take_off(c, r);
	}
}

/* Whether a packet can be made of it at all, so that the caller learns at once. */
static bool is_legal(struct mqttspec_client *c, const struct request *r)
{
	struct buf packet;
	struct mqtt_view *views = calloc(r->count ? r->count : 1, sizeof(*views));
	bool ok = views && (version_traits(c->version).properties || !r->properties.len);

	for (size_t i = 0; ok && i < r->count; i++)
		views[i] = r->filters[i].text;
	buf_init(&packet, MQTT_PACKET_MAX);
	if (ok && r->unsubscribe)
		ok = mqtt_unsubscribe_write(&packet, c->version, 1, r->properties, views, r->count);
	else if (ok)
		ok = mqtt_subscribe_write(
			&packet, c->version, 1, r->properties, r->filters, r->count);
	buf_fini(&packet);
	free(views);
	return ok;
}

static int request_add(struct mqttspec_client *c, struct request *r)
{
	struct request **end = &c->requests;
	int result = ENGINE_OK;

	if (!r)
		return MQTTSPEC_NO_MEMORY;
	if (!is_legal(c, r))
		result = MQTTSPEC_INVALID;
	else if (c->stopping)
		result = MQTTSPEC_NOT_CONNECTED;
	else if (engine_is_connected(c->engine))
		result = request_send(c, r);
	if (result) {
		free(r);
		return result;
	}
	r->state = engine_is_connected(c->engine) ? REQUEST_SENT : REQUEST_WAITS;
	while (*end)
		end = &(*end)->next;
	*end = r;
	shell_turn(c);
	return MQTTSPEC_OK;
}

static int request_make(struct mqttspec_client *c, const struct mqtt_filter *filters, size_t count,
	const struct mqttspec_property *properties, size_t property_count, uint64_t tag,
	bool unsubscribe)
{
	struct buf raw;

	buf_init(&raw, MQTT_REMAINING_LENGTH_MAX);
	if (!properties_encode(&raw, properties, property_count)) {
		buf_fini(&raw);
		return MQTTSPEC_INVALID;
	}
	struct request *r =
		request_new(filters, count, (struct mqtt_view){ raw.data, (uint32_t)raw.len });
	buf_fini(&raw);
	if (r) {
		r->tag = tag;
		r->unsubscribe = unsubscribe;
	}
	return request_add(c, r);
}

int mqttspec_subscribe(struct mqttspec_client *c, const struct mqttspec_subscription *subscriptions,
	size_t count, const struct mqttspec_property *properties, size_t property_count,
	uint64_t tag)
{
	struct mqtt_filter *filters = calloc(count ? count : 1, sizeof(*filters));

	if (!filters)
		return MQTTSPEC_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		filters[i] = (struct mqtt_filter){ .text = mqtt_view_of(subscriptions[i].filter),
			.qos = subscriptions[i].qos,
			.retain_handling = subscriptions[i].retain_handling,
			.no_local = subscriptions[i].no_local,
			.retain_as_published = subscriptions[i].retain_as_published };
	int result = request_make(c, filters, count, properties, property_count, tag, false);
	free(filters);
	return result;
}

int mqttspec_unsubscribe(struct mqttspec_client *c, const char *const *filters, size_t count,
	const struct mqttspec_property *properties, size_t property_count, uint64_t tag)
{
	struct mqtt_filter *own = calloc(count ? count : 1, sizeof(*own));

	if (!own)
		return MQTTSPEC_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		own[i].text = mqtt_view_of(filters[i]);
	int result = request_make(c, own, count, properties, property_count, tag, true);
	free(own);
	return result;
}
