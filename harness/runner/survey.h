/* What a target is like before anything is played: which versions it serves, what it offers. */
#ifndef HARNESS_SURVEY_H
#define HARNESS_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/play.h"

struct arena;
struct target;

/* One version. */
struct survey {
	bool asked;
	enum probe_status status;
	struct capabilities capabilities;
	const char *unserved; /* why its case runs are inapplicable; NULL: they are played */
	bool own_word; /* the target says itself that it does not serve it, or its file does */
	const char *warning; /* it answers oddly, or not at all; or NULL */
	int64_t answer_us;   /* for its case runs: shorter where nothing is to be expected */
};

enum { SURVEY_VERSIONS = 2 };

static inline int survey_index(enum mqtt_version version)
{
	return version == MQTT_50;
}

/* The same of a client, by the versions that it speaks. */
bool survey_take_client(struct arena *a, const struct client *client, unsigned served,
	unsigned versions, int64_t answer_us, struct survey out[static SURVEY_VERSIONS],
	struct client_facts *facts, const char **error);

/* Probes each version of the mask (V311, V50). Strings are in the arena. False when no connection came
 * about at all: then *error has a sentence.
 */
bool survey_take(struct arena *a, const struct target *target, unsigned versions, int64_t answer_us,
	struct survey out[static SURVEY_VERSIONS], const char **error);

#endif
