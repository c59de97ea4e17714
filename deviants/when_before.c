#include "deviants/when_before.h"

#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	LATE_US = 1000 * 1000,
	FAR_FILTER = 20,
	LOWEST_LEVEL = 3,
	LOW_ALIAS = 5,
	LONGEST_ID = 23, /* that a server has to accept */
	LARGE_IDENTIFIER = 16383,
	TWO_HUNDREDTH = 200,
	REFUSAL = 0x80,
	OPTION_NO_LOCAL = 0x04,
};

/* ---- its identifier ------------------------------------------------------------------------ */

bool id_is_under_way(const struct passing *it)
{
	return it->was_under_way;
}

bool id_is_under_way_back(const struct passing *it)
{
	return ids_has(&it->x->lane[way_back(it->way)].course.under_way, it->packet->id);
}

bool id_was_settled(const struct passing *it)
{
	return it->was_settled && !it->was_under_way;
}

/* ---- what else is under way ---------------------------------------------------------------- */

bool quota_is_used_up(const struct passing *it)
{
	return it->x->in_flight[TO_CLIENT] >= it->x->course.quota;
}

bool something_is_under_way(const struct passing *it)
{
	return it->x->in_flight[TO_SERVER] + it->x->in_flight[TO_CLIENT];
}

bool publish_has_expired(const struct passing *it)
{
	const struct course_way *own = &it->x->lane[TO_SERVER].course;

	return own->expires_us && own->latest_us > own->expires_us;
}

bool is_late(const struct passing *it)
{
	return it->silent_us > LATE_US;
}

bool is_pipelined(const struct passing *it)
{
	return it->lane->in.len > it->raw.len;
}

bool has_unsubscribed(const struct passing *it)
{
	return it->x->lane[TO_SERVER].count[UNSUBSCRIBE];
}

/* ---- the connection ------------------------------------------------------------------------ */

bool takes_over(const struct passing *it)
{
	return it->x->course.takes_over;
}

bool level_is_strange(const struct passing *it)
{
	return it->x->course.level > MQTT_50 || it->x->course.level < LOWEST_LEVEL;
}

bool had_reserved_flag(const struct passing *it)
{
	return it->x->course.reserved_flag;
}

bool is_before_connack(const struct passing *it)
{
	return !it->x->lane[TO_CLIENT].count[CONNACK];
}

bool is_first_time(const struct passing *it)
{
	return it->x->session && it->x->session->connections == 1;
}

bool session_lasts(const struct passing *it)
{
	return it->x->version == MQTT_50 && !it->x->course.expires_at_once;
}

bool session_is_fleeting(const struct passing *it)
{
	return it->x->version == MQTT_50 && it->x->course.expires_at_once;
}

bool has_packet_size(const struct passing *it)
{
	return it->x->course.packet_size;
}

bool has_old_will(const struct passing *it)
{
	return it->x->session && it->x->session->earlier_will.set;
}

bool has_user(const struct passing *it)
{
	return it->x->course.user.len;
}

bool is_authenticating(const struct passing *it)
{
	return it->x->course.method.len;
}

bool has_authenticated(const struct passing *it)
{
	return it->x->lane[TO_SERVER].count[AUTH];
}

bool has_odd_id(const struct passing *it)
{
	struct bytes id = it->packet->client_id;

	for (size_t i = 0; i < id.len; i++) {
		int c = id.data[i] | 0x20;

		if ((c < 'a' || c > 'z') && (id.data[i] < '0' || id.data[i] > '9'))
			return true;
	}
	return id.len > LONGEST_ID;
}

bool has_no_will(const struct passing *it)
{
	return !it->x->will;
}

bool is_v311_connect(const struct passing *it)
{
	return it->packet->level != MQTT_50;
}

bool has_id_of_23(const struct passing *it)
{
	return it->packet->client_id.len == LONGEST_ID;
}

bool has_id_of_one(const struct passing *it)
{
	return it->packet->client_id.len == 1;
}

bool is_no_connect(const struct passing *it)
{
	return it->packet->type != CONNECT;
}

bool is_reset(const struct passing *it)
{
	return it->lane->broken;
}

bool is_no_reset(const struct passing *it)
{
	return !it->lane->broken;
}

bool has_subscribed_to_share(const struct passing *it)
{
	const struct subscription *s = it->x->session ? it->x->session->subscriptions : NULL;

	while (s && !filter_is_shared(s->filter))
		s = s->next;
	return s;
}

/* ---- subscriptions ------------------------------------------------------------------------- */

bool removes_nothing(const struct passing *it)
{
	return !it->removed;
}

bool replaces_one(const struct passing *it)
{
	for (size_t i = 0; i < it->packet->filter_count; i++) {
		const struct subscription *s =
			session_find(it->x->session, it->packet->filters[i].text);

		if (s && s->replaces)
			return true;
	}
	return false;
}

bool by_replaced(const struct passing *it)
{
	const struct subscription *s = session_match(it->x->session, it->topic, NULL);

	return s && s->replaces && !session_match(it->x->session, it->topic, s);
}

bool by_none(const struct passing *it)
{
	return !session_match(it->x->session, it->topic, NULL);
}

bool by_both(const struct passing *it)
{
	const struct subscription *s = session_match(it->x->session, it->topic, NULL);

	return s && session_match(it->x->session, it->topic, s);
}

bool by_no_local(const struct passing *it)
{
	const struct subscription *s = session_match(it->x->session, it->topic, NULL);

	while (s && !(s->options & OPTION_NO_LOCAL))
		s = session_match(it->x->session, it->topic, s);
	return s;
}

bool by_share_that_was_left(const struct passing *it)
{
	const struct subscription *s = session_match(it->x->session, it->topic, NULL);

	return s && filter_is_shared(s->filter) && world_has_left(it->x->world, s->filter);
}

bool by_far_filter(const struct passing *it)
{
	const struct subscription *s = session_match(it->x->session, it->topic, NULL);
	unsigned before = 0;

	while (s && before < FAR_FILTER && (s = s->next))
		before++;
	return before == FAR_FILTER && !by_both(it);
}

/* ---- aliases ------------------------------------------------------------------------------- */

static const struct property *alias_of(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_TOPIC_ALIAS);
}

bool has_alias_alone(const struct passing *it)
{
	return alias_of(it) && !it->packet->topic.len;
}

bool alias_is_high(const struct passing *it)
{
	return alias_of(it) && alias_of(it)->number > LOW_ALIAS;
}

/* ---- fields -------------------------------------------------------------------------------- */

bool properties_descend(const struct passing *it)
{
	const struct properties *p = &it->packet->properties;

	for (size_t i = 1; i < p->count; i++)
		if (p->list[i].id < p->list[i - 1].id)
			return true;
	return false;
}

bool has_session_expiry_zero(const struct passing *it)
{
	const struct property *found =
		properties_find(&it->packet->properties, PROP_SESSION_EXPIRY);

	return found && !found->number;
}

bool has_refusing_code(const struct passing *it)
{
	for (size_t i = 0; i < it->packet->codes.len; i++)
		if (it->packet->codes.data[i] < REFUSAL)
			return false;
	return it->packet->codes.len;
}

bool is_short(const struct passing *it)
{
	return !it->packet->has_code;
}

bool has_code_and_success(const struct passing *it)
{
	return it->packet->has_code && it->packet->code < REFUSAL;
}

bool identifier_is_large(const struct passing *it)
{
	const struct property *found =
		properties_find(&it->packet->properties, PROP_SUBSCRIPTION_IDENTIFIER);

	return found && found->number > LARGE_IDENTIFIER;
}

bool is_two_hundredth(const struct passing *it)
{
	return it->lane->count[it->packet->type] == TWO_HUNDREDTH;
}

/* ---- messages ------------------------------------------------------------------------------ */

bool from_expiring(const struct passing *it)
{
	return it->origin && it->origin->expiry;
}

bool from_alias(const struct passing *it)
{
	return it->origin && it->origin->alias;
}

bool from_311(const struct passing *it)
{
	return it->origin && it->origin->version == MQTT_311;
}

bool topic_begins_with_dollar(const struct passing *it)
{
	return it->topic.len && it->topic.data[0] == '$';
}

static const struct session *owner_of_will(const struct passing *it)
{
	return it->origin ? NULL : world_will(it->x->world, it->topic, it->packet->payload);
}

bool is_of_will(const struct passing *it)
{
	return owner_of_will(it);
}

bool is_of_other_versions_will(const struct passing *it)
{
	const struct session *owner = owner_of_will(it);

	return owner && owner->version != it->x->version;
}
