/* SUBSCRIBE and UNSUBSCRIBE, and their answers. */
#include <stdlib.h>

#include "client/engine/core.h"
#include "mqtt/text.h"

/* What the server has said it will not take. U50-WILDCARDAVAIL, U50-SUBIDAVAIL, U50-SHAREDAVAIL */
static int offer_check(const struct engine *e, struct mqtt_view filter)
{
	struct mqtt_view name, rest = filter;
	bool shared = version_traits(e->connect.version).shared_subscriptions &&
		mqtt_filter_is_shared(filter);

	if (shared && !e->server.shared)
		return MQTT_SHARED_NOT_SUPPORTED;
	if (shared)
		mqtt_filter_split_shared(filter, &name, &rest);
	if (!e->server.wildcards && mqtt_filter_has_wildcard(rest))
		return MQTT_WILDCARDS_NOT_SUPPORTED;
	return ENGINE_OK;
}

static bool has_subscription_id(struct mqtt_view raw)
{
	struct mqtt_properties p = { .raw = raw };
	struct mqtt_property property;
	uint32_t at = 0;

	while (mqtt_properties_next(&p, &at, &property))
		if (property.id == MQTT_SUBSCRIPTION_IDENTIFIER)
			return true;
	return false;
}

/* e->packet is complete: sends it, and remembers what for. */
static int request_send(struct engine *e, uint16_t id, uint8_t answer, size_t count, uint64_t tag)
{
	struct request **end = &e->requests, *r = malloc(sizeof(*r));

	if (!r)
		return ENGINE_NO_MEMORY;
	if (e->packet.len > e->server.packet_bytes || !engine_send_packet(e)) {
		free(r);
		return MQTT_PACKET_TOO_LARGE;
	}
	*r = (struct request){ .tag = tag, .count = count, .id = id, .answer = answer };
	while (*end)
		end = &(*end)->next;
	*end = r;
	idset_add(&e->used, id);
	return ENGINE_OK;
}

/* Gives it an identifier, or says why there can be none now. */
static int request_begin(struct engine *e, struct mqtt_view properties, uint16_t *id)
{
	if (e->state != ENGINE_UP)
		return ENGINE_NOT_CONNECTED;
	if (!version_traits(e->connect.version).properties && properties.len)
		return ENGINE_INVALID;
	*id = engine_new_id(e);
	if (!*id || engine_is_congested(e))
		return ENGINE_FULL;
	buf_reset(&e->packet);
	return ENGINE_OK;
}

int engine_subscribe(struct engine *e, struct mqtt_view properties,
	const struct mqtt_filter *filters, size_t count, uint64_t tag)
{
	uint16_t id;
	int result = request_begin(e, properties, &id);

	if (result)
		return result;
	if (!mqtt_subscribe_write(&e->packet, e->connect.version, id, properties, filters, count))
		return ENGINE_INVALID;
	if (!e->server.subscription_ids && has_subscription_id(properties))
		return MQTT_SUBSCRIPTION_IDS_NOT_SUPPORTED;
	for (size_t i = 0; i < count; i++) {
		result = offer_check(e, filters[i].text);
		if (result)
			return result;
		if (filters[i].qos > e->config.maximum_qos)
			return ENGINE_INVALID;
	}
	return request_send(e, id, SUBACK, count, tag);
}

int engine_unsubscribe(struct engine *e, struct mqtt_view properties,
	const struct mqtt_view *filters, size_t count, uint64_t tag)
{
	uint16_t id;
	int result = request_begin(e, properties, &id);

	if (result)
		return result;
	if (!mqtt_unsubscribe_write(&e->packet, e->connect.version, id, properties, filters, count))
		return ENGINE_INVALID;
	return request_send(e, id, UNSUBACK, count, tag);
}

static bool answer_check(const struct engine *e, enum packet_type type,
	const struct mqtt_suback *answer, const struct request *r, struct mqtt_error *error)
{
	unsigned version = e->connect.version;
	bool subscribe = type == SUBACK;

	if (!r || r->answer != type)
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR,
			subscribe ? MQTT_BY_VERSION(version, "MQTT-3.8.4-2", "MQTT-3.8.4-2")
				  : MQTT_BY_VERSION(version, "MQTT-3.10.4-4", "MQTT-3.10.4-5"),
			"an answer to no request");
	if ((subscribe || version_traits(version).reason_codes) && answer->codes.len != r->count)
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR,
			subscribe ? MQTT_BY_VERSION(version, "MQTT-3.8.4-5", "MQTT-3.8.4-6")
				  : "5.0:MQTT-3.11.3-1",
			"number of codes");
	return engine_problem_check(e, &answer->properties, error);
}

void engine_answer(struct engine *e, enum packet_type type, struct mqtt_view body)
{
	struct request **at = &e->requests;
	struct mqtt_suback answer;
	struct mqtt_error error;

	if (!mqtt_suback_read(e->connect.version, type, body, &answer, &error)) {
		engine_break(e, &error);
		return;
	}
	while (*at && (*at)->id != answer.id)
		at = &(*at)->next;
	struct request *r = *at;
	if (!answer_check(e, type, &answer, r, &error)) {
		engine_break(e, &error);
		return;
	}
	*at = r->next;
	idset_remove(&e->used, r->id);
	struct engine_event event = { .type = type == SUBACK ? ENGINE_SUBSCRIBED
							     : ENGINE_UNSUBSCRIBED,
		.tag = r->tag,
		.codes = answer.codes,
		.properties = answer.properties };
	free(r);
	engine_tell(e, &event);
}

void engine_requests_drop(struct engine *e)
{
	struct request *r;

	while ((r = e->requests)) {
		e->requests = r->next;
		idset_remove(&e->used, r->id);
		struct engine_event event = { .type = r->answer == SUBACK ? ENGINE_SUBSCRIBED
									  : ENGINE_UNSUBSCRIBED,
			.tag = r->tag,
			.result = ENGINE_LOST };
		free(r);
		engine_tell(e, &event);
	}
}
