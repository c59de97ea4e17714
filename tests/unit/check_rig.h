/* Plays exchanges (exchange.h) to connections of a capture, and keeps what is found of them. Each line is a packet of the
 * capture and comes 1 ms after the one before.
 */
#ifndef TESTS_UNIT_CHECK_RIG_H
#define TESTS_UNIT_CHECK_RIG_H

#include "check/connection.h"
#include "tests/unit/exchange.h"

#define PINGS "> C0 00\n< D0 00\n" /* so that nobody is silent by mistake */

enum { RIG_FOUND_MAX = 64, RIG_TEXT = 160 };

struct rig_found {
	enum side accused;
	char statement[48];
	char what[RIG_TEXT];
	uint64_t packet;
	size_t line_count;
	bool has_secret; /* "secret" stands in one of its lines */
};

struct rig {
	struct judge judge;
	struct scope scope; /* the judge has it from rig_scope on */
	struct flow flow;
	struct connection *connection; /* NULL: before the first bytes of the next one */
	struct moment now;
	enum mqtt_version version;
	size_t chunk;   /* bytes that come at a time; 0: as many as a packet has */
	bool joined;    /* the connection began before the capture */
	uint16_t port;  /* of the server */
	uint8_t host;   /* the last byte of its address */
	bool unknown;   /* and nobody knows that it is one of MQTT */
	bool backwards; /* the opener is the server */
	struct rig_found found[RIG_FOUND_MAX];
	size_t found_count;
	struct check_connection
		last; /* the facts of the latest connection that is over; texts are gone ... */
	char client_id[RIG_TEXT]; /* ... but for this, "" if there is none, ... */
	char version_name[16];    /* ... and this */
	unsigned over_count;
};

void rig_init(struct rig *r, enum mqtt_version version);
void rig_fini(struct rig *r); /* ends what is left */

void rig_scope(struct rig *r, const struct scope *scope); /* before the first packet */
void rig_play(struct rig *r, const char *text);
void rig_bytes(struct rig *r, enum side from, const void *data, size_t size);
void rig_gap(struct rig *r, enum side from, uint64_t missing);
void rig_end(struct rig *r, enum side from, enum flow_end_how how);
void rig_wait(struct rig *r, double seconds);
void rig_over(struct rig *r); /* of the connection */

/* How often the side is accused of the statement (without its version); NULL: of any. */
unsigned rig_accused(const struct rig *r, enum side side, const char *statement);

#endif
