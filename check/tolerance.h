/* Whether a server goes on with a client after a packet for which it had to end the connection: in 3.1.1 for every
 * one that evidently breaks a rule [3.1.1:MQTT-4.8.0-1], in 5.0 for those that a statement binds it to notice
 * (spec/receivers-5.0.tsv).
 *
 *	client                server
 *	SUBACK          -->            breaks a rule
 *	PINGREQ         -->
 *	                <--  PINGRESP  has read on: accused
 *
 * Only the answer to a packet that came after it shows that: everything else may have crossed it.
 */
#ifndef CHECK_TOLERANCE_H
#define CHECK_TOLERANCE_H

#include "harness/monitor/monitor.h"

enum { TOLERANCE_MARKS = 4 };

/* All 0: nothing has happened yet. */
struct tolerance {
	const char *statement; /* that the server breaks if it reads on; NULL: none */
	uint64_t packet;       /* where the client broke it */
	uint64_t pings, pongs; /* PINGREQ and PINGRESP so far */
	uint64_t pings_before; /* PINGREQs by then */
	struct tolerance_mark {
		uint8_t answer; /* type of the packet that shows it */
		uint16_t id;
	} marks[TOLERANCE_MARKS];
	unsigned mark_count;
	bool told;
	bool unsure; /* PINGRESPs that nobody asked for, or packets that were not seen */
};

/* The client has broken `statement`, in the packet of this number and type: whose own answer shows it, too. */
void tolerance_breach(
	struct tolerance *t, const char *statement, uint64_t packet, enum packet_type type);

/* A packet of the client that cannot be read. Before tolerance_breach. */
void tolerance_client_malformed(struct tolerance *t, enum packet_type type);

/* A packet of the client, before the monitors see it; `in_use`: its identifier has been under way before. */
void tolerance_client(struct tolerance *t, const struct packet *p, bool in_use);

/* A packet of the server. True, once: it shows that the server has gone on. */
bool tolerance_server(struct tolerance *t, const struct packet *p);

#endif
