/* What a target is like before anything is played: which versions it serves, what it offers, and
 * what it breaks on every connection.
 *
 * A breach in each CONNACK would make every case run fail in the same way, and hide what else there
 * is to say. So it is one finding of the run: a plain connection is looked at first (survey_look),
 * what is broken there becomes the record of the case that is marked as `surveyed`, and all other
 * case runs treat it as known.
 */
#ifndef HARNESS_SURVEY_H
#define HARNESS_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/agent/client.h"
#include "harness/peers/probe.h"
#include "harness/peers/round_trip.h"
#include "harness/versions.h"

struct arena;
struct case_def;
struct play;
struct record_case;
struct target;

/* One version. */
struct survey {
	bool asked;
	enum probe_status status;
	struct capabilities capabilities;
	const char *unserved; /* why its case runs are inapplicable; NULL: they are played */
	bool own_word; /* the target itself says that it does not serve it, or its file does */
	const char
		*remarks[OFFER_COUNT]; /* what it does not let us do, and how it says so; or NULL */
	const char *warning;           /* it answers oddly, or not at all; or NULL */
	int64_t answer_us; /* for its case runs: shorter where nothing is to be expected */
	const struct record_case *broken; /* what a plain connection breaks; NULL: nothing */
	const char *const *known;         /* its statements, for struct play; or NULL */
};

/* The same for a client, by the versions that it speaks. */
bool survey_take_client(struct arena *a, const struct client *client, unsigned served,
	unsigned versions, int64_t answer_us, struct survey out[static VERSION_COUNT],
	struct client_facts *facts, const char **error);

/* Probes each version of the mask (V311, V50). Strings are in the arena. False when no connection
 * could be made at all: then *error has a sentence.
 */
bool survey_take(struct arena *a, const struct target *target, unsigned versions, int64_t answer_us,
	struct survey out[static VERSION_COUNT], const char **error);

/* Where it is false: whether there is a connection at all, below TLS or WebSocket, so that what is wrong with these can be
 * judged.
 */
bool survey_connects(const struct target *target, int64_t answer_us);

/* Whether anything can be judged at all: a version that is served, and rights to subscribe and to
 * publish in it. What the server refuses by a code (QoS 2) becomes a limit of its capabilities, and
 * `refused` says so. False: *error has a sentence.
 */
bool survey_enter(struct arena *a, const struct target *target, int64_t answer_us,
	struct survey surveys[static VERSION_COUNT], const char **error);

/* Measures the round trip over this transport, in the first version that is served. All zero: it is unknown. */
struct round_trip survey_distance(struct arena *a, const struct target *target,
	const struct transport *transport, int64_t answer_us,
	const struct survey surveys[static VERSION_COUNT]);

/* What is kept of the look. */
struct survey_evidence {
	const char *folder; /* where pcap/ is, for captures; NULL: none */
	bool wire;          /* also of what is below TLS and WebSocket */
};

/* Plays the case of a plain connection in each version that is served, in a process of its own, and
 * fills in `broken` and `known` where the monitor finds a breach. `common` has what is the same in both
 * versions.
 */
void survey_look(struct arena *a, const struct case_def *def, const struct play *common,
	const struct survey_evidence *kept, struct survey surveys[static VERSION_COUNT]);

/* The prefix of what the survey plays: of the form of those of case runs, and unlike any of them, so that
 * two runs may meet on one target.
 */
const char *survey_prefix(struct arena *a, enum mqtt_version version);

#endif
