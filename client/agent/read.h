/* The fields of a command. Whatever is missing or of the wrong type is noted, the first such field
 * with a sentence; what the functions return then means nothing, but may be used.
 */
#ifndef CLIENT_AGENT_READ_H
#define CLIENT_AGENT_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum read_state { READ_OK, READ_WRONG, READ_UNSUPPORTED };

struct reading {
	struct arena *arena; /* what is decoded is kept here, texts stay in the JSON */
	enum read_state state;
	char text[160]; /* what is wrong or unsupported */
};

struct read_bytes {
	const char *data;
	size_t len;
};

void read_note(struct reading *r, enum read_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Texts have no U+0000. With the `_or` functions the field may be left out. */
const char *read_text(struct reading *r, const json_t *object, const char *name);
const char *read_text_of(struct reading *r, const json_t *value, const char *name);
const char *read_text_or(
	struct reading *r, const json_t *object, const char *name, const char *fallback);
uint32_t read_number(struct reading *r, const json_t *object, const char *name, uint32_t most);
uint32_t read_number_or(struct reading *r, const json_t *object, const char *name, uint32_t most,
	uint32_t fallback);
bool read_flag(struct reading *r, const json_t *object, const char *name);
bool read_flag_or(struct reading *r, const json_t *object, const char *name, bool fallback);
const json_t *read_list(struct reading *r, const json_t *object, const char *name);

/* `payload` or `payload_hex`. */
struct read_bytes read_payload(struct reading *r, const json_t *object);
struct read_bytes read_hex(struct reading *r, const json_t *value, const char *name);

#endif
