/* The fields of one packet, read front to back; the parser's tool. The first field that cannot be
 * read ends the reading, and says so in the result of the parse.
 *
 *   data ─▶ | fixed header | field | field | ... |
 *                          at ──▶                end
 */
#ifndef HARNESS_WIRE_READ_H
#define HARNESS_WIRE_READ_H

#include "harness/wire/wire.h"

struct wire_reader {
	struct arena *arena;
	enum mqtt_version version; /* by which the packet is read: chooses the rule of a fault */
	const uint8_t *data;       /* the packet's first byte */
	size_t at;                 /* of the next field, from `data` */
	size_t end;                /* where the reading must stop, from `data` */
	const char *within;        /* what ends there: "packet", "properties" */
	struct wire_result *result;
};

/* A field by name, and the rules that are broken when it is cut short or left out. */
struct wire_field {
	const char *name;
	const char *rule_311;
	const char *rule_50;
};

/* Two initialisers for a struct wire_field: the names of one statement of each version. */
#define RULES(id_311, id_50) "3.1.1:" id_311, "5.0:" id_50

enum variable_status { VARIABLE_READ, VARIABLE_CUT, VARIABLE_TOO_LONG };

/* A Variable Byte Integer, over-long forms included. `size` is set when it was read. */
enum variable_status wire_variable_decode(
	const uint8_t *data, size_t len, uint32_t *value, size_t *size);

/* All of these return false, and leave `result` malformed, when the field is not there in full. */
bool wire_read_u8(struct wire_reader *r, const struct wire_field *field, uint8_t *value);
bool wire_read_u16(struct wire_reader *r, const struct wire_field *field, uint16_t *value);
bool wire_read_string(struct wire_reader *r, const struct wire_field *field, struct bytes *value);

/* `field` is the Property Length, which comes first, and what breaks when it is left out. */
bool wire_read_properties(
	struct wire_reader *r, const struct wire_field *field, struct properties *properties);

struct bytes wire_read_rest(struct wire_reader *r);

/* Demands that nothing is left; `field` has the rules against what follows the last field. */
bool wire_read_end(struct wire_reader *r, const struct wire_field *field);

#endif
