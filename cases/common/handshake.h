/* The server's half of a handshake that a client has begun. */
#ifndef CASES_COMMON_HANDSHAKE_H
#define CASES_COMMON_HANDSHAKE_H

#include "harness/client_case.h"

/* Brings a message of the client to the end of its handshake. */
static inline void settle(struct peer *server, const struct packet *m)
{
	if (m->qos == 1) {
		send_ack(server, PUBACK, m->id);
	} else if (m->qos == 2) {
		send_ack(server, PUBREC, m->id);
		expect_ack(server, PUBREL, m->id);
		send_ack(server, PUBCOMP, m->id);
	}
}

#endif
