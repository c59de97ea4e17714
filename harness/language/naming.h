/* What the checks of a case call things: names instead of numbers and of the expressions in C that the
 * case is written in.
 */
#ifndef HARNESS_NAMING_H
#define HARNESS_NAMING_H

#include "harness/wire/wire.h"

struct arena;

/* The value of an expression such as "puback.id" or "expect_accepted(client).ack_flags & 1": "Packet
 * Identifier 7", "Session Present 1". NULL: the expression has no name here.
 */
const char *naming_number(
	struct arena *a, enum mqtt_version version, const char *expression, long long value);

/* The same of a text, "m.payload": "payload \"x\"". */
const char *naming_text(struct arena *a, const char *expression, struct bytes text);

/* The type of the packet that an expression names: "expect_ack(pub, PUBCOMP, 7).code", "suback.codes";
 * 0: none.
 */
unsigned naming_packet(const char *expression);

/* "no User Property", "User Property once", "User Property 3 times" */
const char *naming_count(struct arena *a, unsigned property, size_t count);

/* "Keep Alive 60", "no Keep Alive" */
const char *naming_property(struct arena *a, unsigned property, const struct property *found);

#endif
