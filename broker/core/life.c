/* A broker from beginning to end: it is made, is told the time, shuts down, is freed. */
#include <stdlib.h>

#include "broker/core/broker.h"
#include "broker/core/commit.h"
#include "broker/core/core.h"
#include "broker/core/draw.h"
#include "broker/core/input.h"
#include "broker/core/link.h"
#include "broker/core/link_end.h"
#include "broker/core/message.h"
#include "broker/core/record.h"
#include "broker/core/restore.h"
#include "broker/core/session.h"
#include "broker/core/session_life.h"
#include "broker/core/sheet.h"
#include "broker/core/sys.h"

enum { SCRATCH_COUNT = 9, SCRATCH_KEEP_BYTES = 64 * 1024 };

void broker_config_default(struct broker_config *config)
{
	*config = (struct broker_config){
		.limits = {
			.memory_bytes = UINT64_C(1) << 30,
			.connections = 1000000,
			.retained_topics = 1000000,
			.connect_wait_ms = 10000,
			.connect_bytes = 512 * 1024,
			.packet_bytes = MQTT_PACKET_MAX,
			.output_bytes = 16 << 20,
			.stuck_wait_ms = 20000,
			.output_wait_ms = 300000,
			.end_wait_ms = 5000,
			.topic_alias_in = 64,
			.topic_alias_out = 64,
			.receive_maximum = 1000,
			.client_id_bytes = UINT16_MAX,
			.inflight = 1000,
			.queue_messages = 100000,
			.queue_bytes = 64 << 20,
			.subscriptions = 100000,
			.filter_patterns = 100,
			.topic_levels = 256,
			.session_expiry_max_s = UINT32_MAX,
			.maximum_qos = 2,
		},
		.sys_interval_s = 10,
	};
}

static void scratch_list(struct broker *b, struct buf *list[static SCRATCH_COUNT])
{
	list[0] = &b->properties;
	list[1] = &b->added;
	list[2] = &b->packet;
	list[3] = &b->key;
	list[4] = &b->value;
	list[5] = &b->codes;
	list[6] = &b->drawn;
	list[7] = &b->staged;
	list[8] = &b->mounted;
}

static bool parts_init(struct broker *b)
{
	const struct broker_limits *limits = &b->config.limits;
	uint64_t seed = b->config.seed;

	memory_init(&b->memory, limits->memory_bytes);
	timers_init(&b->timers, &b->memory);
	routes_init(&b->routes, &b->memory, &b->subscriptions, seed);
	return sessions_init(&b->sessions, &b->memory, seed) &&
		subscriptions_init(&b->subscriptions, &b->memory, seed) &&
		retained_init(&b->retained, &b->memory, &b->timers, seed);
}

struct broker *broker_new(const struct broker_config *config, int64_t now_ms)
{
	struct broker *b = calloc(1, sizeof(*b));
	struct buf *list[SCRATCH_COUNT];

	if (!b)
		return NULL;
	b->config = *config;
	b->now_ms = b->started_ms = now_ms;
	b->commit_ms = INT64_MAX;
	scratch_list(b, list);
	for (unsigned i = 0; i < SCRATCH_COUNT; i++)
		buf_init(list[i], MQTT_PACKET_MAX);
	if (!parts_init(b) || !timer_make(&b->timers, &b->sys_timer, TIMER_SYS)) {
		broker_free(b);
		return NULL;
	}
	if (config->sys_interval_s)
		timer_set(&b->timers, &b->sys_timer, now_ms);
	return b;
}

void broker_free(struct broker *b)
{
	struct buf *list[SCRATCH_COUNT];

	if (!b)
		return;
	commit_abandon(b);
	while (broker_next(b))
		; /* frees the links that were closed */
	restore_done(b);
	commit_last(b);
	sessions_free_all(b);
	sessions_fini(&b->sessions);
	routes_fini(&b->routes);
	subscriptions_fini(&b->subscriptions);
	retained_fini(&b->retained);
	timers_fini(&b->timers);
	for (unsigned i = 0; i < 2; i++)
		sheet_drop(&b->memory, b->sheets[i]);
	memory_fini(&b->memory);
	scratch_list(b, list);
	for (unsigned i = 0; i < SCRATCH_COUNT; i++)
		buf_fini(list[i]);
	free(b);
}

/* A large packet leaves large scratch buffers behind. */
static void scratch_trim(struct broker *b)
{
	struct buf *list[SCRATCH_COUNT];

	scratch_list(b, list);
	for (unsigned i = 0; i < SCRATCH_COUNT; i++) {
		if (list[i]->cap <= SCRATCH_KEEP_BYTES)
			continue;
		buf_fini(list[i]);
		buf_init(list[i], MQTT_PACKET_MAX);
	}
}

static void link_timer_due(struct link *l)
{
	link_due(l);
	link_try_again(l);
}

#define OWNER(type, timer) ((struct type *)((char *)(timer)-offsetof(struct type, timer)))

static void retained_due(struct broker *b, struct retained_entry *entry)
{
	record_retained_gone(b, message_topic(entry->message));
	retained_remove_entry(&b->retained, entry);
}

static void sys_due(struct broker *b)
{
	sys_publish(b);
	timer_set(&b->timers, &b->sys_timer, b->now_ms + b->config.sys_interval_s * INT64_C(1000));
}

int64_t broker_tick(struct broker *b, int64_t now_ms)
{
	struct timer *timer;

	if (b->restoring)
		restore_done(b);
	scratch_trim(b);
	b->now_ms = now_ms;
	memory_look(&b->memory);
	while ((timer = timers_take_due(&b->timers, now_ms))) {
		switch ((enum timer_kind)timer->kind) {
		case TIMER_NONE: break;
		case TIMER_LINK: link_timer_due(OWNER(link, timer)); break;
		case TIMER_SESSION: session_due(b, OWNER(session, timer)); break;
		case TIMER_RETAINED: retained_due(b, OWNER(retained_entry, timer)); break;
		case TIMER_SYS: sys_due(b); break;
		}
	}
	draws_turn(b);
	return broker_due(b);
}

int64_t broker_due(const struct broker *b)
{
	int64_t due_ms = draws_are_due(&b->draws) ? b->now_ms : timers_next_ms(&b->timers);

	return b->commit_ms < due_ms && !b->committing ? b->commit_ms : due_ms;
}

void broker_shutdown(struct broker *b)
{
	b->shutting_down = true;
	for (uint32_t i = 0; i < b->sessions.bucket_count; i++) {
		for (struct session *s = b->sessions.buckets[i], *next; s; s = next) {
			next = s->chained;
			if (s->link)
				link_dismiss(s->link, MQTT_SERVER_SHUTTING_DOWN,
					"the server is shutting down");
		}
	}
}

bool broker_kick(struct broker *b, struct mqtt_view client_id)
{
	struct session *s = sessions_find(&b->sessions, client_id);

	if (!s || !s->link)
		return false;
	link_dismiss(s->link, MQTT_ADMINISTRATIVE_ACTION, "thrown out by the administrator");
	return true;
}

bool broker_has_fallen(const struct broker *b)
{
	return memory_has_fallen(&b->memory);
}

void broker_trim(struct broker *b)
{
	memory_trim(&b->memory);
}
