/* The harness's own packet layer: every Control Packet of MQTT 3.1.1 and 5.0, legal or not.
 *
 * It shares no code with the strict codec in mqtt/, so that a misreading of the standard cannot hide
 * on both sides. The parser accepts everything whose fields can be told apart; whether the values
 * are allowed is the monitor's business. The builder writes what it is told.
 */
#ifndef HARNESS_WIRE_H
#define HARNESS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/spec.h"

struct arena;
struct buf;

enum {
	WIRE_REMAINING_LENGTH_MAX = 268435455, /* MQTT 2.2.3 (3.1.1), 1.5.5 (5.0) */
	WIRE_HEADER_MAX = 5,                   /* type byte and four bytes of Remaining Length */
};

/* Borrowed bytes; `data` may be NULL when `len` is 0. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

/* Bytes of a string constant, its NUL left out: BYTES("a\0b") has three. */
#define BYTES(text) ((struct bytes){ (const uint8_t *)("" text), sizeof("" text) - 1 })

struct bytes bytes_of(const char *text); /* of a C string; none for NULL */
bool bytes_equal(struct bytes a, struct bytes b);

/* One property. `type` says which field holds the value; the table of spec.h gives the right one. */
struct property {
	uint32_t id;        /* a Variable Byte Integer on the wire */
	uint8_t type;       /* enum property_type */
	uint32_t number;    /* byte, two bytes, four bytes, Variable Byte Integer */
	struct bytes value; /* binary, string; second half of a string pair */
	struct bytes name;  /* first half of a string pair */
};

struct properties {
	const struct property *list;
	size_t count;
	bool present; /* there is a Property Length; building: write one even if empty */
};

/* First property with this id; NULL if there is none. */
const struct property *properties_find(const struct properties *p, uint32_t id);
size_t properties_count(const struct properties *p, uint32_t id);

/* A filter of SUBSCRIBE with its options byte, or of UNSUBSCRIBE. */
struct filter {
	struct bytes text;
	uint8_t options; /* the whole byte: QoS, No Local, Retain As Published, Retain Handling, rest */
};

/* Bits of the Connect Flags, 3.1.2.3. */
enum {
	CONNECT_RESERVED = 0x01,
	CONNECT_CLEAN = 0x02,
	CONNECT_WILL = 0x04,
	CONNECT_WILL_QOS = 0x18, /* shifted left by 3 */
	CONNECT_WILL_RETAIN = 0x20,
	CONNECT_PASSWORD = 0x40,
	CONNECT_USER_NAME = 0x80,
};

/* A Control Packet, field by field. Which fields count follows from the type. */
struct packet {
	uint8_t type;              /* enum packet_type, 0 to 15 */
	uint8_t flags;             /* low four bits of byte 1, as on the wire */
	uint32_t remaining_length; /* parsed: as on the wire; building: ignored, it is computed */
	struct bytes raw; /* parsed: the whole packet with its fixed header; building: ignored */

	uint16_t id; /* Packet Identifier; PUBLISH has it when its QoS bits are not 00 */

	/* PUBLISH. When building, `flags` counts, not these three: see wire_publish_flags. */
	bool dup;
	uint8_t qos; /* 0 to 3 */
	bool retain;
	struct bytes topic;
	struct bytes payload;

	/* CONNECT: the fields that its Connect Flags announce. */
	struct bytes protocol_name;
	uint8_t level;
	uint8_t connect_flags;
	uint16_t keep_alive; /* seconds */
	struct bytes client_id;
	struct properties will_properties;
	struct bytes will_topic;
	struct bytes will_payload;
	struct bytes user_name;
	struct bytes password;

	/* CONNACK */
	uint8_t ack_flags; /* bit 0: Session Present */

	/* CONNACK return code; Reason Code of CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and
	 * AUTH. `has_code` is false where the packet was short and left it out, which means 0.
	 */
	uint8_t code;
	bool has_code;

	struct filter *filters; /* SUBSCRIBE, UNSUBSCRIBE */
	size_t filter_count;
	struct bytes codes; /* SUBACK; UNSUBACK of 5.0 */

	struct properties properties; /* 5.0, every type but PINGREQ and PINGRESP */
};

/* A packet of this type with the flags that the standard demands, everything else zero. */
struct packet wire_packet(enum packet_type type);
uint8_t wire_publish_flags(bool dup, unsigned qos, bool retain);

/* Lies that the builder can be told to write. */
struct wire_twist {
	bool set_remaining_length;
	uint32_t remaining_length;
	unsigned
		remaining_length_bytes; /* 0: as few as needed; else padded to so many, at most 5 */
	bool set_property_length;       /* of the packet's own properties, not of the Will's */
	uint32_t property_length;
};

/* Appends the packet as `version` lays it out. Writes what it is given: Connect Flags decide which
 * fields of CONNECT follow, flags which of PUBLISH; a type's missing parts (`has_code` false,
 * properties absent) make the short forms of 5.0; a Property Length that no form leaves out is always
 * written. `twist` may be NULL. False when the buffer failed, or a string is longer than the 65535
 * bytes that its length can say; `out` has then failed, and nothing was added.
 */
bool wire_build(struct buf *out, enum mqtt_version version, const struct packet *packet,
	const struct wire_twist *twist);

/* A Variable Byte Integer in as few bytes as possible, or padded to `bytes` of them (1 to 5). */
bool wire_add_variable(struct buf *out, uint32_t value, unsigned bytes);

enum wire_status {
	WIRE_PACKET,    /* a whole packet was read */
	WIRE_NEED_MORE, /* so far so good, but not all of it is there */
	WIRE_MALFORMED, /* its fields cannot be told apart */
};

struct wire_result {
	enum wire_status status;
	/* Bytes that this packet takes, header included. WIRE_MALFORMED: 0 when even its end is unknown
	 * (bad Remaining Length), so that the stream is lost.
	 */
	size_t consumed;
	/* WIRE_NEED_MORE: bytes that are known by now to be missing, at least 1. */
	size_t missing;
	/* WIRE_MALFORMED: */
	size_t offset;    /* of the field at fault, from the packet's first byte */
	const char *rule; /* "5.0:U50-VBI-MAX", of the catalogue; NULL for the reader's own limit */
	const char *what; /* "topic runs past the end of the packet" */
};

/* Reads one packet from the front of `data`. Never reads past `len`, nor allocates more than some
 * small multiple of the packet; a Remaining Length above `limit` is answered with WIRE_MALFORMED
 * ("longer than the limit of this reader") as soon as it is seen. Strings, topics and payload point into `data`,
 * the lists into the arena.
 *
 * WIRE_NEED_MORE is the answer until the whole packet is there. A CONNACK of 5.0 may end after its
 * code, without Property Length (`present` false): this is how a server that knows only 3.1.1
 * refuses.
 *
 * `version` is that of the connection. A CONNECT is read by its own level byte: 5 as 5.0, all else
 * as 3.1.1; AUTH and packets of type 0 are read as a type without fields in 3.1.1.
 */
struct wire_result wire_parse(struct arena *a, enum mqtt_version version, const uint8_t *data,
	size_t len, size_t limit, struct packet *out);

/* One line for people: `PUBLISH "q2/t" q2 id 7 dup "once"`, `CONNACK success, Server Keep Alive 30`,
 * `SUBACK id 1: 0x02`. Long payloads are cut with their length; binary ones are shown as hex.
 * The text is in the arena.
 */
const char *wire_describe(struct arena *a, enum mqtt_version version, const struct packet *packet);

/* Bytes that make no packet, as far as a line can show them: `48 54 54 50 ("HTTP")`. */
const char *wire_describe_bytes(struct arena *a, struct bytes bytes);

#endif
