#include "broker/core/sys.h"

#include <inttypes.h>
#include <stdio.h>

#include "broker/core/broker.h"
#include "broker/core/core.h"
#include "broker/core/message.h"
#include "broker/core/publish.h"

const struct broker_figures *broker_figures(struct broker *b)
{
	struct broker_figures *f = &b->figures;

	f->sessions = b->sessions.count;
	f->subscriptions = b->subscriptions.count;
	f->retained = b->retained.count;
	f->memory_bytes = b->memory.used_bytes;
	f->message_bytes = b->memory.scarce_bytes;
	f->memory_peak_bytes = b->memory.peak_bytes;
	return f;
}

/* Publishes a figure unless it is still what was published last. */
static void value_publish(struct broker *b, const char *topic, struct mqtt_view value)
{
	struct publication p = { .topic = mqtt_view_of(topic),
		.payload = value,
		.expires_ms = INT64_MAX,
		.retain = true };
	const struct message *last = retained_get(&b->retained, p.topic);

	if (last && mqtt_view_equal(message_payload(last), value))
		return;
	publish(b, &p);
	message_drop(&b->memory, p.message);
}

static void number_publish(struct broker *b, const char *topic, uint64_t number)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, number);

	value_publish(b, topic, (struct mqtt_view){ (const uint8_t *)text, (uint32_t)len });
}

void sys_publish(struct broker *b)
{
	const struct broker_figures f = *broker_figures(b);
	const struct {
		const char *topic;
		uint64_t number;
	} figures[] = {
		{ "$SYS/broker/uptime", (uint64_t)(b->now_ms - b->started_ms) / 1000 },
		{ "$SYS/broker/clients/connected", f.connected },
		{ "$SYS/broker/clients/total", f.sessions },
		{ "$SYS/broker/connections/open", f.links },
		{ "$SYS/broker/connections/total", f.connections_total },
		{ "$SYS/broker/bytes/received", f.bytes_received },
		{ "$SYS/broker/bytes/sent", f.bytes_sent },
		{ "$SYS/broker/packets/received", f.packets_received },
		{ "$SYS/broker/packets/refused", f.refused },
		{ "$SYS/broker/publish/messages/received", f.messages_received },
		{ "$SYS/broker/publish/messages/sent", f.messages_sent },
		{ "$SYS/broker/publish/messages/dropped", f.messages_dropped },
		{ "$SYS/broker/retained messages/count", f.retained },
		{ "$SYS/broker/subscriptions/count", f.subscriptions },
		{ "$SYS/broker/heap/current size", f.memory_bytes },
		{ "$SYS/broker/heap/maximum size", f.memory_peak_bytes },
	};

	if (b->config.version)
		value_publish(b, "$SYS/broker/version", mqtt_view_of(b->config.version));
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		number_publish(b, figures[i].topic, figures[i].number);
	if (b->config.resident_bytes)
		number_publish(b, "$SYS/broker/memory/resident", b->config.resident_bytes());
	if (b->config.store.put)
		number_publish(b, "$SYS/broker/store/failures", f.store_failures);
}
