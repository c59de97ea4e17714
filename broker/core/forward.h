/* A publication on its way into a PUBLISH packet for one client. */
#ifndef BROKER_CORE_FORWARD_H
#define BROKER_CORE_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/match.h"
#include "broker/core/message.h"

struct broker;
struct link;

/* How one client gets it. */
struct sending {
	const struct target_id *ids; /* Subscription Identifiers: a chain as in struct target */
	uint32_t first_id;
	uint16_t id; /* Packet Identifier; 0 at QoS 0 */
	uint8_t qos;
	bool retain;
	bool dup;
};

/* A packet made ready once for all subscribers that are to get the same bytes. */
enum { FORM_BYTES = 1024, FORMS = 4 /* by version and QoS */ };

struct form {
	uint16_t len;       /* 0: not made yet */
	uint16_t id_offset; /* where the Packet Identifier goes, if the QoS is not 0 */
	uint8_t bytes[FORM_BYTES];
};

enum send_result { SEND_OK, SEND_TOO_LARGE, SEND_FAILED };

/* Writes the packet to the link's output. */
enum send_result forward_send(
	struct broker *b, struct link *l, struct publication *p, const struct sending *how);

#endif
