/* mqttspec-client sub: subscribes, and prints what comes. */
#include "client/sub.h"

#include <string.h>

#include "client/tool/command.h"
#include "client/tool/format.h"
#include "client/tool/session.h"
#include "mqtt/text.h"
#include "spec/spec.h"

struct sub {
	struct session session; /* must be the first */
	struct command command;
	uint32_t printed; /* messages */
};

static bool is_filtered_out(const struct command *c, const char *topic)
{
	for (size_t i = 0; i < c->filtered_out.count; i++)
		if (mqtt_filter_matches(mqtt_view_of(c->filtered_out.list[i]), mqtt_view_of(topic)))
			return true;
	return false;
}

static void remove_retained(struct sub *s, const struct mqttspec_message *m)
{
	struct mqttspec_message nothing = { .topic = m->topic, .qos = 1, .retain = true };

	mqttspec_publish(s->session.client, &nothing, 0);
}

static uint8_t on_message(void *context, const struct mqttspec_message *m)
{
	struct sub *s = context;
	const struct command *c = &s->command;

	if (s->session.ending)
		return 0;
	if (c->retained_only && !m->retain) {
		session_end(&s->session, 0);
		return 0;
	}
	if (is_filtered_out(c, m->topic))
		return 0;
	if (c->remove_retained && m->retain)
		remove_retained(s, m);
	if (c->no_retained && m->retain)
		return 0;
	if (!format_print(c, m))
		session_end(&s->session, COMMAND_FAILED);
	else if (++s->printed == c->count)
		session_end(&s->session, 0);
	return 0;
}

static void on_subscribed(void *context, uint64_t tag, int result, const uint8_t *codes,
	size_t count, const struct mqttspec_properties *properties)
{
	struct sub *s = context;
	size_t refused = 0;

	(void)tag, (void)properties;
	if (s->session.ending || result == MQTTSPEC_LOST) /* the reason comes on its own */
		return;
	for (size_t i = 0; i < count; i++)
		refused += codes[i] >= 0x80;
	if (result || refused == count) {
		if (!s->command.quiet)
			command_complain(&s->command, "no subscription was granted%s%s",
				result ? ": " : "", result ? mqttspec_result_text(result) : "");
		session_end(&s->session, result ? COMMAND_FAILED : 0);
	} else if (s->command.end_when_subscribed) {
		session_end(&s->session, 0);
	}
}

static bool subscribe(struct sub *s)
{
	struct command *c = &s->command;
	const struct property_list *p = &c->properties[PLACE_SUBSCRIBE];
	const struct property_list *u = &c->properties[PLACE_UNSUBSCRIBE];
	struct mqttspec_subscription *list = arena_alloc(c->arena, c->topics.count * sizeof(*list));

	for (size_t i = 0; i < c->topics.count; i++)
		list[i] = (struct mqttspec_subscription){ .filter = c->topics.list[i],
			.qos = c->qos,
			.retain_as_published = c->retain_as_published &&
				version_traits(c->version).subscription_options };
	int result =
		mqttspec_subscribe(s->session.client, list, c->topics.count, p->list, p->count, 0);
	if (!result && c->unsubscribe.count)
		result = mqttspec_unsubscribe(s->session.client, c->unsubscribe.list,
			c->unsubscribe.count, u->list, u->count, 0);
	if (result)
		command_complain(c, "%s", mqttspec_result_text(result));
	return !result;
}

static int sub_run(struct sub *s)
{
	struct mqttspec_callbacks callbacks = { .message = on_message,
		.subscribed = on_subscribed };

	if (!format_check(&s->command) || !session_init(&s->session, &s->command, &callbacks))
		return COMMAND_FAILED;
	if (!subscribe(s)) {
		s->session.ending = true;
		s->session.code = COMMAND_FAILED;
	}
	return session_run(&s->session);
}

int sub_main(int argc, char **argv)
{
	struct sub s = { 0 };
	struct arena a;

	arena_init(&a);
	int code = command_read(&s.command, &a, COMMAND_SUB, argc, argv);
	code = code ? code - 1 : sub_run(&s);
	arena_fini(&a);
	return code;
}
