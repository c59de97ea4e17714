/* The QoS that messages were published with, for the connections to which the server delivers them.
 *
 *	publisher ── PUBLISH q0 ──▶ server ── PUBLISH q1 ──▶ subscriber       it was published with QoS 0
 *
 * A capture shows that only of a message that can be told from others: one that was published once, whose payload is no
 * mere "on" or "1", and that nobody has as a Will. Whatever makes it doubtful takes it out for good, and what a capture
 * may hide from it (encrypted connections, those that began before, gaps) ends all of it: postings_end.
 */
#ifndef CHECK_POSTINGS_H
#define CHECK_POSTINGS_H

#include "harness/wire/wire.h"
#include "pcap/flows.h"

struct postings;

struct postings *postings_new(void);
void postings_free(struct postings *p);

/* A client subscribes: what was published before the first one does is delivered to nobody that is judged. */
void postings_begin(struct postings *p);

/* `server` is where: two ports of an address are one server. A client publishes; `topic` is the one that is meant. */
void postings_publish(struct postings *p, const struct flow_end *server,
	const struct packet *publish, struct bytes topic, int64_t at_us);

/* It may be published at any time, by the server. */
void postings_will(struct postings *p, const struct packet *connect);

/* The QoS that a message which the server delivers was published with; -1: nobody knows. */
int postings_qos(struct postings *p, const struct flow_end *server, const struct packet *publish,
	struct bytes topic, int64_t at_us);

/* It was delivered as it should be: from here on another QoS is of another message. */
void postings_settle(struct postings *p, const struct flow_end *server,
	const struct packet *publish, struct bytes topic);

/* From here on there may be messages that are not seen. */
void postings_end(struct postings *p);

#endif
