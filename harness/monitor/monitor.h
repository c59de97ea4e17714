/* The monitor: one passive state machine per connection that checks every packet against the rules
 * that hold for every exchange. It is told what both sides sent and when the connection ended,
 * judges one side, and cites a statement for each breach. It reads no clock and knows no sockets:
 * the same code watches live case runs and recorded traffic.
 *
 * The other side is a test peer and may break every rule; the monitor takes what that side says as
 * it is. What was sent into a connection that the judged side has already ended counts for nothing.
 */
#ifndef HARNESS_MONITOR_H
#define HARNESS_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/wire/wire.h"

struct arena;

/* The two ends of a connection. */
enum side { SIDE_CLIENT, SIDE_SERVER };

struct finding {
	const char *statement; /* "5.0:MQTT-3.14.4-1" */
	const char *what;      /* "PUBLISH after DISCONNECT"; in the arena */
};

struct monitor;

/* Watches one connection and judges what `judged` sends. `session` (may be NULL) is the monitor of
 * the connection before this one, of whatever ClientId, and so on back to the first: if CONNACK
 * says Session Present, what the latest one of this ClientId knows of the session (subscriptions
 * with their grants, packets in flight) is taken over. Everything is in the arena.
 */
struct monitor *monitor_new(struct arena *a, enum mqtt_version version, enum side judged,
	const struct monitor *session);

/* One packet from `from`. Returns the number of new breaches, which stand in *findings until the
 * next call.
 */
size_t monitor_packet(struct monitor *m, enum side from, const struct packet *packet,
	const struct finding **findings);

/* `from` sent what cannot be parsed: `result` of wire_parse, status WIRE_MALFORMED. */
size_t monitor_malformed(struct monitor *m, enum side from, const struct wire_result *result,
	const struct finding **findings);

/* `from` ended its direction (FIN or RST). */
size_t monitor_closed(struct monitor *m, enum side from, const struct finding **findings);

/* For captures, where connections are long and many: what the monitor remembers does not grow with the
 * number of packets. Identifiers at rest are forgotten, and what that takes away accuses nobody; the
 * sentences of findings are made in `words`, which may be emptied before the next packet. What is replaced
 * stays in the monitor's arena, so a copy into a new one is smaller.
 */
void monitor_lean(struct monitor *m, struct arena *words);
struct monitor *monitor_copy(struct arena *a, const struct monitor *m);

/* The connection began before the monitor did, or some of it was not seen: what has been seen so far is
 * forgotten, and from here on only what stands by itself is judged.
 */
void monitor_join(struct monitor *m);

/* `session` as in monitor_new; for a CONNACK that comes next. */
void monitor_follow(struct monitor *m, const struct monitor *session);

/* Whether the session may go on after this connection, as far as CONNECT says; and whether its judge knows
 * all of it.
 */
bool monitor_session_stays(const struct monitor *m);

/* How many QoS 1 and 2 messages of the judged side are under way, and whether this one is. */
unsigned monitor_under_way(const struct monitor *m);
bool monitor_is_under_way(const struct monitor *m, uint16_t id);

/* The topic that a PUBLISH of the judged side means, once the monitor has seen it: that of its Topic Alias, if it
 * has none of its own. Empty: not known.
 */
struct bytes monitor_topic(const struct monitor *m, const struct packet *publish);

/* Whether the client has, or has had, a subscription in this session that has topics in common with the filter, as far
 * as the monitor of the server knows.
 */
bool monitor_has_subscribed(const struct monitor *m, struct bytes filter);

/* Between which QoS the grants are of the subscriptions that a topic matches, as far as the judge of the server knows:
 * the least and the most that one of them had at any time. False: it does not know for certain.
 */
bool monitor_grants(const struct monitor *m, struct bytes topic, int *least, int *most);

enum filter_fault {
	FILTER_GOOD,
	FILTER_EMPTY,
	FILTER_BAD_HASH,
	FILTER_BAD_PLUS,
	FILTER_NO_SHARE_NAME,
	FILTER_BAD_SHARE,
};

/* `version` decides whether "$share/" means anything. */
enum filter_fault filter_check(struct bytes filter, enum mqtt_version version);

/* Does the filter match the topic, 4.7? A "$share/name/" in front of the filter is skipped. */
bool filter_matches(struct bytes filter, struct bytes topic);
bool filter_is_shared(struct bytes filter);

/* Is there a topic that both filters match? */
bool filters_meet(struct bytes one, struct bytes other);

#endif
