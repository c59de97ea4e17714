/* Packets for the tests of the packet layers: every type, both versions, every property in every
 * packet that may carry it; and, spelt as templates, wrong ones and what cannot be read at all.
 *
 * Unit tests, fuzzers and the comparison with other dissectors draw from here.
 */
#ifndef TESTS_CORPUS_CORPUS_H
#define TESTS_CORPUS_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/wire/wire.h"

struct arena;

/* A packet that the standard allows. It is as the parser would give it, but for `raw`,
 * `remaining_length`.
 */
struct legal {
	const char *name; /* "CONNACK 5.0 Server Keep Alive" */
	enum mqtt_version version;
	struct packet packet;
};

struct corpus {
	struct arena *arena; /* everything lives here */
	struct legal *list;
	size_t count;
	size_t capacity;
};

void corpus_init(struct corpus *c, struct arena *a);

/* A packet whose fields cannot be told apart. */
struct malformed {
	enum mqtt_version version;
	const char *text; /* harness/wire/template.h, with ClientId "me" and topic prefix "k/" */
	size_t offset;    /* what the parser must say of it */
	const char *rule;
	const char *what;
	bool lost; /* not even its end is known */
};

extern const struct malformed corpus_malformed[];
extern const size_t corpus_malformed_count;

/* A packet that is wrong, though its fields can be told apart: the parser must read it. */
struct odd {
	enum mqtt_version version;
	const char *text; /* as above */
	const char *line; /* what it reads like when described */
};

extern const struct odd corpus_odd[];
extern const size_t corpus_odd_count;

#endif
