#include "harness/evidence/watch.h"

#include <string.h>

#include "harness/monitor/monitor_rules.h"

static bool is_of_the_monitor(const struct spec_statement *s, enum side judged)
{
	for (unsigned rule = 0; rule < MONITOR_RULE_COUNT; rule++) {
		const char *name = monitor_rule_statement(rule, s->version, judged);
		if (name && !strcmp(name, s->name))
			return true;
	}
	return false;
}

static bool is_blamed(const struct spec_statement *s, enum side judged)
{
	for (size_t i = 0; i < spec_blame_count; i++) {
		const struct spec_blame *b = &spec_blames[i];
		const char *name = s->version == MQTT_50 ? b->statement_50 : b->statement_311;
		if (b->client == (judged == SIDE_CLIENT) && name && !strcmp(name, s->name))
			return true;
	}
	return false;
}

bool watch_covers(const struct spec_statement *s, enum side judged)
{
	return is_of_the_monitor(s, judged) || is_blamed(s, judged);
}
