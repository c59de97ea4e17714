#include "cases/list.h"

/* clang-format off */
#define CHAPTERS(X) \
	X(fixed_header) \
	X(remaining_length) \
	X(strings) \
	X(connect) \
	X(malformed_connect) \
	X(connect_properties) \
	X(properties) \
	X(keep_alive) \
	X(ping) \
	X(disconnect) \
	X(will) \
	X(retained) \
	X(qos1) \
	X(qos2) \
	X(sessions) \
	X(session_expiry) \
	X(subscribe) \
	X(unsubscribe) \
	X(topics) \
	X(shared) \
	X(flow_control) \
	X(limits) \
	X(topic_alias) \
	X(message_expiry) \
	X(forwarding) \
	X(auth) \
	X(authentication) \
	X(authorisation) \
	X(enhanced_auth) \
	X(tls) \
	X(websocket) \
	X(damaged) \
	X(errors) \
	X(client_id) \
	X(connack) \
	X(delivery) \
	X(redelivery) \
	X(retain_options) \
	X(subscription_id) \
	X(take_over) \
	X(pressure) \
	X(load) \
	X(will_delay) \
	X(versions) \
	X(restart) \
	X(restart_messages) \
	X(restart_retained) \
	X(restart_crash) \
	X(client_connect) \
	X(client_connack) \
	X(client_keep_alive) \
	X(client_disconnect) \
	X(client_sessions) \
	X(client_auth) \
	X(agent) \
	X(agent_nonsense) \
	X(agent_connections) \
	X(agent_exchanges) \
	X(client_publish) \
	X(client_reconnects) \
	X(client_whole) \
	X(client_many) \
	X(client_qos1) \
	X(client_qos2) \
	X(client_acknowledgements) \
	X(client_receiving) \
	X(client_limits) \
	X(client_malformed) \
	X(client_damaged) \
	X(client_lengths) \
	X(client_strings) \
	X(client_properties) \
	X(client_subscribe) \
	X(client_suback) \
	X(client_filters) \
	X(client_websocket) \
	X(client_tls) \
	/* the end */
/* clang-format on */

#define DECLARE(id) extern const struct chapter chapter_##id;
CHAPTERS(DECLARE)

#define LIST(id) &chapter_##id,
const struct chapter *const all_chapters[] = { CHAPTERS(LIST) };
const size_t all_chapter_count = sizeof(all_chapters) / sizeof(*all_chapters);

size_t case_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < all_chapter_count; i++)
		count += all_chapters[i]->case_count;
	return count;
}

const struct case_def *case_at(size_t i)
{
	const struct chapter *const *chapter = all_chapters;

	while (i >= (*chapter)->case_count)
		i -= (*chapter++)->case_count;
	return (*chapter)->cases[i];
}
