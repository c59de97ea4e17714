#include "check/scope.h"

#include <fnmatch.h>
#include <string.h>

/* ---- times ----------------------------------------------------------------------------------- */

bool scope_is_open(const struct scope *s)
{
	return !s->client_id && !s->server && !s->topic_count && s->from.from == SCOPE_OPEN &&
		s->to.from == SCOPE_OPEN;
}

static void settle(struct scope_time *time, int64_t start_us)
{
	if (time->from != SCOPE_SINCE_START)
		return;
	time->from = SCOPE_SINCE_EPOCH;
	time->us += start_us;
}

void scope_begin(struct scope *s, int64_t start_us)
{
	settle(&s->from, start_us);
	settle(&s->to, start_us);
}

bool scope_has_span(const struct scope *s, int64_t first_us, int64_t last_us)
{
	return (s->from.from == SCOPE_OPEN || last_us >= s->from.us) &&
		(s->to.from == SCOPE_OPEN || first_us <= s->to.us);
}

bool scope_has_moment(const struct scope *s, int64_t at_us)
{
	return scope_has_span(s, at_us, at_us);
}

/* ---- ends ------------------------------------------------------------------------------------ */

bool scope_has_client(const struct scope *s, const char *client_id)
{
	return !s->client_id || !client_id || !*client_id || !fnmatch(s->client_id, client_id, 0);
}

/* "10.0.0.1" is every port of it. */
static bool is_end(const char *end, const char *wanted)
{
	const char *port = strrchr(end, ':');
	size_t len = (size_t)(port - end), size = strlen(wanted);

	if (!strcmp(end, wanted) || (size == len && !memcmp(end, wanted, len)))
		return true;
	return end[0] == '[' && size + 2 == len && !memcmp(end + 1, wanted, size);
}

bool scope_has_server(const struct scope *s, const struct check_connection *connection)
{
	return !s->server || is_end(connection->ends[SIDE_SERVER], s->server) ||
		(!connection->whole && is_end(connection->ends[SIDE_CLIENT], s->server));
}

/* ---- topics ---------------------------------------------------------------------------------- */

static struct bytes filter_at(const struct scope *s, size_t i)
{
	return (struct bytes){ (const uint8_t *)s->topics[i], strlen(s->topics[i]) };
}

static bool has_topic(const struct scope *s, struct bytes topic)
{
	for (size_t i = 0; i < s->topic_count; i++)
		if (filter_matches(filter_at(s, i), topic))
			return true;
	return false;
}

static bool has_filter(const struct scope *s, struct bytes filter)
{
	for (size_t i = 0; i < s->topic_count; i++)
		if (filters_meet(filter_at(s, i), filter))
			return true;
	return false;
}

static enum about about_filters(const struct scope *s, const struct packet *p)
{
	for (size_t i = 0; i < p->filter_count; i++)
		if (has_filter(s, p->filters[i].text))
			return ABOUT_WANTED;
	return p->filter_count ? ABOUT_OTHERS : ABOUT_NO_TOPIC;
}

enum about scope_about(const struct scope *s, const struct packet *packet, struct bytes topic)
{
	switch (packet->type) {
	case PUBLISH:
		return !topic.len             ? ABOUT_NO_TOPIC
			: has_topic(s, topic) ? ABOUT_WANTED
					      : ABOUT_OTHERS;
	case SUBSCRIBE:
	case UNSUBSCRIBE: return about_filters(s, packet);
	case CONNECT: /* whatever its Will is about, the connection needs it */
		return packet->will_topic.len && has_topic(s, packet->will_topic) ? ABOUT_WANTED
										  : ABOUT_NO_TOPIC;
	default: return ABOUT_NO_TOPIC;
	}
}

bool scope_has_subscriber(const struct scope *s, const struct monitor *server)
{
	for (size_t i = 0; i < s->topic_count; i++)
		if (monitor_has_subscribed(server, filter_at(s, i)))
			return true;
	return false;
}
