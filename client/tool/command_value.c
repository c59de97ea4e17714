#include "client/tool/command_value.h"

#include <errno.h>
#include <stdlib.h>

#include "mqtt/text.h"

bool command_number(const struct command *c, const char *option, const char *text, long least,
	long most, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (*text && !*end && !errno && *value >= least && *value <= most)
		return true;
	command_complain(
		c, "%s takes %ld to %ld, not %s", option, least, most, command_shown(c, text));
	return false;
}

void command_text_add(struct command *c, struct texts *t, const char *text)
{
	t->list = arena_grow(c->arena, t->list, t->count, &t->capacity, sizeof(*t->list));
	t->list[t->count++] = text;
}

bool command_topic_add(struct command *c, const char *text)
{
	struct mqtt_view topic = mqtt_view_of(text);
	bool pub = c->kind == COMMAND_PUB;

	if (pub ? mqtt_topic_valid(topic) : mqtt_filter_valid(topic)) {
		if (pub)
			c->topics.count = 0; /* the last one counts */
		command_text_add(c, &c->topics, text);
		return true;
	}
	command_complain(
		c, "-t: %s is no %s", command_shown(c, text), pub ? "Topic Name" : "Topic Filter");
	return false;
}
