/* What is known of sessions after their connections, by ClientId. Bounded: the session that was used longest ago
 * goes first.
 */
#ifndef CHECK_SESSIONS_H
#define CHECK_SESSIONS_H

#include "harness/monitor/monitor.h"
#include "pcap/flows.h"

struct sessions;

/* Where a session is: a ClientId means another one at another server. */
struct session_place {
	bool ipv6;
	struct flow_end server;
};

/* At most so many bytes are kept. */
struct sessions *sessions_new(size_t limit_bytes);
void sessions_free(struct sessions *s);

/* The monitor that judged `judged` on the connection that had this session last, or has it still. NULL: none, or it
 * has been used elsewhere since.
 */
const struct monitor *sessions_find(struct sessions *s, struct bytes client_id,
	const struct session_place *place, enum side judged);

/* The session is in use by a connection now: its monitors, by enum side, which live on until sessions_keep or
 * sessions_drop with the same ones.
 */
void sessions_use(struct sessions *s, struct bytes client_id, const struct session_place *place,
	struct monitor *const monitors[2]);

/* That connection is over. What is to be known of the session is copied, unless another connection has it by now. */
void sessions_keep(struct sessions *s, struct bytes client_id, struct monitor *const monitors[2]);
void sessions_drop(struct sessions *s, struct bytes client_id, struct monitor *const monitors[2]);

/* It has ended, or nobody knows what has become of it. */
void sessions_forget(struct sessions *s, struct bytes client_id);

/* A connection of a ClientId that cannot be known may have used any of them. */
void sessions_clear(struct sessions *s);

/* Its monitors lie elsewhere now. */
void sessions_move(struct sessions *s, struct bytes client_id, struct monitor *const from[2],
	struct monitor *const to[2]);

#endif
