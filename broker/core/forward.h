/* A publication on its way into a PUBLISH packet for one client. */
#ifndef BROKER_CORE_FORWARD_H
#define BROKER_CORE_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/link_out.h"
#include "broker/core/match.h"
#include "broker/core/message.h"

/* How one client gets it. */
struct sending {
	const struct target_id *ids; /* Subscription Identifiers: a chain as in struct target */
	uint32_t first_id;
	uint16_t id; /* Packet Identifier; 0 at QoS 0 */
	uint8_t qos;
	bool retain;
	bool dup;
};

/* A packet made once for all clients of a version that are to get the same bytes, except for what
 * is written over them.
 */
struct form {
	const uint8_t *bytes; /* NULL: not made yet */
	uint32_t len;
	uint32_t id_offset; /* where the Packet Identifier goes, above QoS 0 */
};

enum { FORM_BYTES = 1024 };

/* The shapes of a packet, by version. */
enum { FORM_SHAPES = 2 };

static inline bool form_shape(unsigned version)
{
	return version_traits(version).properties;
}

/* Those of a publication that many get, by shape. */
struct forms {
	struct form plain
		[FORM_SHAPES]; /* QoS 0; in the sheet of its shape, as nothing is written over it */
	struct form with_id
		[FORM_SHAPES]; /* QoS 1 and 2; the flags and the identifier are written over */
	uint8_t room[FORM_SHAPES][FORM_BYTES]; /* of those with_id */
};

void forms_init(struct forms *f);

enum send_result {
	SEND_OK,
	SEND_UNFIT, /* too large for this client, or outside its mount: it never gets it */
	SEND_FAILED,
};

/* At QoS 0, with no flag and no property of its own. The packet is in the sheet of its shape, and the output
 * of the link ends where it begins: then it grows by it. False, with nothing done, if that is not so. (A
 * client with aliases uses no sheet.)
 */
static inline bool forward_again(struct link *l, const struct publication *p)
{
	const struct form *form = &p->forms->plain[form_shape(l->version)];

	return form->len <= l->packet_max && !l->broken && link_grow(l, form->bytes, form->len);
}

enum send_result forward_write(
	struct broker *b, struct link *l, struct publication *p, const struct sending *how);

/* Writes the packet to the link's output. */
static inline enum send_result forward_send(
	struct broker *b, struct link *l, struct publication *p, const struct sending *how)
{
	bool plain = p->forms && !how->qos && !how->retain && !how->first_id;
	enum send_result result =
		plain && forward_again(l, p) ? SEND_OK : forward_write(b, l, p, how);

	b->figures.messages_sent += result == SEND_OK;
	return result;
}

#endif
