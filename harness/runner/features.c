#include "harness/runner/features.h"

#include <stdlib.h>
#include <string.h>

#include "harness/capabilities.h"

enum feature {
	MAXIMUM_QOS,
	RETAIN,
	WILDCARDS,
	SUBSCRIPTION_IDS,
	SHARED,
	RECEIVE_MAXIMUM,
	MAXIMUM_PACKET_SIZE,
	TOPIC_ALIAS_MAXIMUM,
	SERVER_KEEP_ALIVE,
	QUEUE,
};

static const struct {
	const char *name;
	uint32_t most; /* 0: yes or no */
} features[FEATURE_COUNT] = {
	[MAXIMUM_QOS] = { "maximum_qos", 2 },
	[RETAIN] = { "retain", 0 },
	[WILDCARDS] = { "wildcards", 0 },
	[SUBSCRIPTION_IDS] = { "subscription_ids", 0 },
	[SHARED] = { "shared", 0 },
	[RECEIVE_MAXIMUM] = { "receive_maximum", UINT16_MAX },
	[MAXIMUM_PACKET_SIZE] = { "maximum_packet_size", UINT32_MAX },
	[TOPIC_ALIAS_MAXIMUM] = { "topic_alias_maximum", UINT16_MAX },
	[SERVER_KEEP_ALIVE] = { "server_keep_alive", UINT16_MAX },
	[QUEUE] = { "queue", UINT32_MAX },
};

static bool parse_number(const char *text, uint32_t most, uint32_t *out)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	*out = (uint32_t)n;
	return *text >= '0' && *text <= '9' && !*end && n <= most;
}

static bool parse_yes_no(const char *text, uint32_t *out)
{
	*out = !strcmp(text, "yes");
	return *out || !strcmp(text, "no");
}

bool features_set(struct features *f, const char *name, const char *value, const char **error)
{
	for (int i = 0; i < FEATURE_COUNT; i++) {
		if (strcmp(features[i].name, name) != 0)
			continue;
		uint32_t most = features[i].most;
		if (most ? !parse_number(value, most, &f->value[i])
			 : !parse_yes_no(value, &f->value[i])) {
			*error = most ? "not a number in the range of this feature"
				      : "the value must be `yes` or `no`";
			return false;
		}
		f->set[i] = true;
		return true;
	}
	*error = "there is no such feature (docs/TARGETS.md lists them)";
	return false;
}

static void set_one(struct capabilities *c, enum feature feature, uint32_t value)
{
	switch (feature) {
	case MAXIMUM_QOS: c->maximum_qos = (uint8_t)value; break;
	case RETAIN: c->retain = value; break;
	case WILDCARDS: c->wildcards = value; break;
	case SUBSCRIPTION_IDS: c->subscription_ids = value; break;
	case SHARED: c->shared = value; break;
	case RECEIVE_MAXIMUM: c->receive_maximum = (uint16_t)value; break;
	case MAXIMUM_PACKET_SIZE: c->maximum_packet_size = value; break;
	case TOPIC_ALIAS_MAXIMUM: c->topic_alias_maximum = (uint16_t)value; break;
	case SERVER_KEEP_ALIVE: c->server_keep_alive = (uint16_t)value; break;
	case QUEUE: c->queue = value; break;
	}
}

void features_apply(const struct features *f, struct capabilities *c)
{
	for (int i = 0; i < FEATURE_COUNT; i++)
		if (f->set[i])
			set_one(c, (enum feature)i, f->value[i]);
}
