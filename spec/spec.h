/* The normative catalogue as tables: every statement of MQTT 3.1.1 and 5.0, the properties and the
 * Reason Codes of 5.0. Generated from the TSV files of this folder; spec/README.md explains them.
 *
 * A statement is named by its version and label, "5.0:MQTT-4.3.3-10"; requirements that the
 * standards leave without a number have a key of ours, "3.1.1:U311-REMLEN", "5.0:U50-PROP-ORDER",
 * "3.1.1:UALL-LEVELS" and "5.0:UALL-LEVELS" (one row, two names).
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/version.h"

/* Control Packet types, MQTT 3.1.1 and 5.0 chapter 2.1.2. Type 0 is forbidden; 15 is AUTH in 5.0
 * and forbidden in 3.1.1.
 */
enum packet_type {
	RESERVED_0,
	CONNECT,
	CONNACK,
	PUBLISH,
	PUBACK,
	PUBREC,
	PUBREL,
	PUBCOMP,
	SUBSCRIBE,
	SUBACK,
	UNSUBSCRIBE,
	UNSUBACK,
	PINGREQ,
	PINGRESP,
	DISCONNECT,
	AUTH,
};

/* In masks of packets, bit n stands for Control Packet type n, and this one for Will Properties. */
#define SPEC_PACKET(type)    (1u << (type))
#define SPEC_WILL_PROPERTIES (1u << 16)

/* Whom a statement binds. */
enum spec_actor { ACTOR_SERVER, ACTOR_CLIENT, ACTOR_BOTH, ACTOR_SENDER, ACTOR_RECEIVER };

/* Where a statement can be observed; a mask. */
enum spec_testable { TESTABLE_SERVER = 1, TESTABLE_CLIENT = 2, TESTABLE_CONFIG = 4 };

/* Which end must act upon a packet from the other that breaks a statement; a mask. */
enum spec_receiver { RECEIVER_SERVER = 1, RECEIVER_CLIENT = 2 };

/* How what came differs from what was due. */
enum spec_difference {
	SPEC_MISSING,  /* it did not come: nothing did, or the connection ended instead */
	SPEC_EXTRA,    /* it came, and must not come at all */
	SPEC_REPEATED, /* it came more often than it may */
	SPEC_ORDER,    /* it came before or after another one that it may not pass */
	SPEC_DUP,      /* it came, and this field of it is wrong; likewise those that follow */
	SPEC_RETAIN,
	SPEC_QOS,
	SPEC_TOPIC,
	SPEC_PAYLOAD,
	SPEC_PROPERTY,
	SPEC_IDENTIFIER,
	SPEC_CODE,    /* Reason Code, return code, codes of SUBACK */
	SPEC_SESSION, /* Session Present, or the session state that is there */
	SPEC_PACKET,  /* a packet of another type came in its place */
	SPEC_OPEN,    /* the connection lives on, though it must be closed or refused */
	SPEC_CLOSED,  /* the connection was closed or refused, though it must live */
	SPEC_TIME,    /* too early or too late by a clock of the standard */
	SPEC_DIFFERENCES,
};

#define SPEC_SHOWS(difference) (1u << (difference))

/* A difference that contradicts a statement by itself. */
struct spec_evidence {
	uint8_t end;         /* TESTABLE_SERVER: seen in a server; TESTABLE_CLIENT: in a client */
	uint8_t difference;  /* enum spec_difference */
	uint32_t packets;    /* mask of the packets that it is seen in, or not seen; 0: any */
	uint64_t properties; /* bit n stands for property n; 0: any */
};

struct spec_statement {
	const char *name;        /* "5.0:MQTT-4.3.3-10" */
	const char *id;          /* "MQTT-4.3.3-10" */
	uint8_t version;         /* enum mqtt_version */
	const char *section;     /* "4.3.3" */
	const char *title;       /* of the section; "" for unnumbered ones */
	const char *anchor;      /* of the section, in the HTML edition: "_Toc3901237" */
	uint8_t actor;           /* enum spec_actor */
	const char *level;       /* "MUST", "SHOULD/MUST", "STATED", ... */
	const char *summary;     /* what it demands, in our words */
	uint8_t testable;        /* mask of enum spec_testable; 0: not observable from outside */
	const char *note;        /* how to observe it, what else is allowed */
	const char *counterpart; /* 3.1.1 forerunners of a 5.0 statement, ';' between; "" if none */
	bool numbered;

	/* Mask of enum spec_receiver. In 5.0 these are the few statements that demand more of the
	 * receiver than to act upon what it happens to notice [MQTT-4.13.1-1]. 3.1.1 binds both ends
	 * whatever the error [MQTT-4.8.0-1].
	 */
	uint8_t receivers;

	/* Why no case is about it in a server, or in a client: a sentence; NULL: one is, or none need be. */
	const char *untested_server, *untested_client;

	const struct spec_evidence *evidence;
	uint8_t evidence_count;
	uint32_t shows_server,
		shows_client; /* the differences of the evidence at each end, as masks */
};

/* Which statement a difference breaks wherever it is seen, if nothing else is on trial. */
struct spec_blame {
	bool client;        /* a client is judged, else a server */
	uint8_t difference; /* enum spec_difference */
	const char
		*about; /* "PUBACK": the packet; "0x26": the property; "-": either; "PUBLISH/qos2",
			    * "PUBLISH/to-1" (that value was due): narrower */
	const char *statement_311, *statement_50; /* names; NULL: none speaks of it */
};

enum property_type {
	PROPERTY_BYTE,
	PROPERTY_TWO_BYTES,
	PROPERTY_FOUR_BYTES,
	PROPERTY_VARIABLE, /* Variable Byte Integer */
	PROPERTY_BINARY,
	PROPERTY_STRING,
	PROPERTY_STRING_PAIR,
};

struct spec_property {
	uint8_t id;
	uint8_t type;      /* enum property_type */
	const char *name;  /* "Session Expiry Interval" */
	uint32_t packets;  /* mask of the packets that may carry it */
	uint32_t repeats;  /* mask of the packets in which it may stand more than once */
	const char *range; /* allowed values, in words */
	const char *error; /* what follows a misuse, in words */
};

struct spec_reason_code {
	uint8_t code;
	const char *name; /* "Keep Alive timeout" */
	uint32_t packets; /* mask of the packets that may carry it */
	bool from_server; /* in DISCONNECT and AUTH: a server may send it */
	bool from_client; /* in DISCONNECT and AUTH: a client may send it */
};

extern const struct spec_statement spec_statements[]; /* 3.1.1, then 5.0, each in order */
extern const size_t spec_statement_count;
extern const uint16_t spec_statements_by_name[]; /* their places above, in the order of strcmp */
extern const struct spec_property spec_properties[]; /* by id */
extern const size_t spec_property_count;
extern const struct spec_reason_code spec_reason_codes[]; /* by code, then packet */
extern const size_t spec_reason_code_count;
extern const struct spec_blame spec_blames[];
extern const size_t spec_blame_count;
extern const char spec_digest[]; /* SHA-256 of the TSV files but sections.tsv */

/* NULL when there is none. `name` as above, with its version. */
const struct spec_statement *spec_find(const char *name);

/* As strcmp: the order of the sections, 3.1.1 before 5.0 within one of them, then that of the table.
 * NULL comes after all others.
 */
int spec_compare(const struct spec_statement *a, const struct spec_statement *b);

/* Where the section of a statement can be read: a page of OASIS, at its heading. Returns `out`. */
enum { SPEC_URL_SIZE = 96 };
const char *spec_url(const struct spec_statement *statement, char out[static SPEC_URL_SIZE]);

/* That page without a place in it. */
const char *spec_document(enum mqtt_version version);

/* The statement that is accused of this difference by default: of `about` itself, else of what stands before
 * its slash, else of "-". NULL: no statement speaks of it.
 */
const char *spec_blamed(
	enum mqtt_version version, bool client, enum spec_difference difference, const char *about);

/* Does this difference, seen at this end, contradict the statement by itself? `packet` is the one
 * that differs or is missing, `property` the one that does; 0 where there is none, or it is not known.
 */
bool spec_shows(const struct spec_statement *statement, enum spec_testable end,
	enum spec_difference difference, enum packet_type packet, unsigned property);

const struct spec_property *spec_property(uint32_t id);

/* The entry of `code` for this packet type; NULL when that packet must not carry the code. */
const struct spec_reason_code *spec_reason_code(uint8_t code, enum packet_type type);

/* "Packet too large"; the name it has in some packet, or "unknown". */
const char *spec_reason_name(uint8_t code, enum packet_type type);

/* CONNACK return code of 3.1.1: "bad user name or password"; "reserved" above 5. */
const char *spec_return_code_name(uint8_t code);

const char *spec_version_name(enum mqtt_version version); /* "3.1.1", "5.0" */
const char *spec_packet_name(unsigned type); /* "PUBLISH"; "type 0" for the forbidden ones */
const char *spec_actor_name(enum spec_actor actor);
const char *spec_difference_name(enum spec_difference difference); /* "missing" */

#endif
