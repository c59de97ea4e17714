#include "broker/core/permit.h"

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/message.h"
#include "broker/core/session.h"

bool may_get(struct broker *b, const struct session *s, struct mqtt_view topic)
{
	const struct broker_access *access = &b->config.access;

	if (!access->deliver)
		return true;
	struct broker_client client = session_client(s);
	return access->deliver(access->context, &client, topic);
}

bool may_leave(struct broker *b, const struct session *s, const struct message *will)
{
	const struct broker_access *access = &b->config.access;

	if (!access->publish)
		return true;
	struct broker_client client = session_client(s);
	return !access->publish(
		access->context, &client, message_topic(will), will->qos, will->retain);
}
