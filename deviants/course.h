/* What a deviant remembers of the course of a connection: what both sides have agreed on, and which messages are under
 * way. It judges nothing.
 */
#ifndef DEVIANTS_COURSE_H
#define DEVIANTS_COURSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "harness/wire/wire.h"

enum {
	COURSE_ALIASES = 256, /* Topic Aliases from 1 to one less than this are followed */
	ID_WORDS = 1024,      /* a bit for each Packet Identifier */
	LATEST_SIZE = 512,    /* of a message that is kept as a whole */
};

/* Packet Identifiers of one direction. */
struct ids {
	uint64_t words[ID_WORDS];
};

bool ids_has(const struct ids *ids, uint16_t id);
void ids_add(struct ids *ids, uint16_t id);
void ids_remove(struct ids *ids, uint16_t id);

/* Of the packets that go one way. */
struct course_way {
	struct ids under_way; /* QoS 1 and 2: without their last acknowledgement */
	struct ids settled;   /* that had it once */
	int64_t latest_us;    /* when the latest packet came, monotonic; 0: none did */
	int64_t expires_us;   /* when the latest PUBLISH of QoS 2 expires; 0: never */
};

struct course {
	/* CONNECT */
	uint8_t level;
	bool reserved_flag;
	struct bytes user, password, method; /* in the connection's arena */
	bool takes_over;                     /* another connection of the session was open */
	bool expires_at_once;                /* Session Expiry Interval 0, or none */
	uint32_t quota;                      /* Receive Maximum of the client; 65,535 by default */
	uint32_t packet_size;                /* Maximum Packet Size of the client; 0: none */
	/* CONNACK */
	uint32_t alias_maximum; /* Topic Alias Maximum of the server */

	/* The latest message to the client, topic and payload; 0 and 0: none, or too long to keep. */
	uint8_t latest[LATEST_SIZE];
	size_t topic_len, payload_len;
};

void course_connect(struct course *c, struct arena *a, const struct packet *connect);
void course_connack(struct course *c, const struct packet *connack);

void course_message(struct course *c, struct bytes topic, struct bytes payload);

/* A packet that goes `way`; `back` is the other direction. */
void course_pass(struct course_way *way, struct course_way *back, const struct packet *p);

#endif
