/* One case run, played against a target from beginning to verdict: the runner's view of the engine. */
#ifndef HARNESS_PLAY_H
#define HARNESS_PLAY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "harness/capabilities.h"
#include "record/record.h"
#include "spec/spec.h"

struct arena;
struct case_def;
struct login;
struct vector;

/* Where the target listens, and how it lets clients in. */
struct endpoint {
	struct sockaddr_storage address; /* AF_INET or AF_INET6 */
	socklen_t address_len;
	const char *url;           /* "mqtt://127.0.0.1:1883", for people */
	const struct login *login; /* for every CONNECT; NULL: it wants none. Not of the URL */
};

/* "mqtt://host:port", "host:port", "host", "[::1]:1883"; default port 1883. Resolves names (the
 * first address that the system offers). False, with a sentence in the arena, on a bad URL, an
 * unknown scheme or an unknown host.
 */
bool endpoint_parse(struct arena *a, const char *url, struct endpoint *out, const char **error);

enum probe_status {
	PROBE_UNREACHABLE, /* no TCP connection */
	PROBE_SILENT,      /* a connection, but no CONNACK in time */
	PROBE_STRANGE,     /* an answer that is no CONNACK, or a close without one */
	PROBE_REFUSED,     /* a CONNACK that refuses the version, or anything else */
	PROBE_SERVED,
};

/* Connects once as a plain client. Fills `out` with what was said (PROBE_SERVED) or with the
 * standard's defaults and `served` false. *what gets a sentence for all but PROBE_SERVED. Where a Keep
 * Alive of 0 gets no acceptance, one of 60 s is tried, and `keep_alive` says so.
 */
enum probe_status probe(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	int64_t answer_us, struct capabilities *out, const char **what);

/* The refusal that a probe has met was of the version: the target does not speak it, and says so. */
bool probe_refused_version(const struct capabilities *c);

/* How a case run's packets are cut on their way to the target. */
enum segmentation {
	SEGMENT_WHOLE, /* one write per packet */
	SEGMENT_BYTES, /* one write per byte; of packets beyond 4096 bytes, some 4096 writes */
	SEGMENT_SPLIT, /* two writes per packet, parted at `split_at` */
	SEGMENT_BATCH, /* packets that are sent without a wait between them share a write */
};

/* A client under test: a program that each case run launches anew. */
struct client {
	const char *const *words; /* with the placeholders of docs/AGENT.md; NULL behind the last */
	const char *const *environment; /* "NAME=value", the same; or NULL */
	const char *here;               /* the folder of its target file; or NULL */
	bool agent; /* it keeps the contract of docs/AGENT.md; else a plain command line */
};

/* What an agent says of itself, or what a plain command line showed. */
struct client_facts {
	const char *name, *version; /* "" when unknown */
	unsigned versions;          /* of MQTT, that it speaks: mask of V311 and V50 */
	uint16_t keep_alive; /* its agent cannot have it off, so this is asked for; 0: it can */
};

/* Launches it once for each of the versions asked for (an agent: once) and looks what it speaks.
 * False, with a sentence, when it cannot be launched, or keeps silent.
 */
bool client_probe(struct arena *a, const struct client *client, unsigned versions,
	int64_t answer_us, struct client_facts *out, const char **error);

/* Everything that a case run needs to know. Borrowed for the length of play_case. */
struct play {
	const struct case_def *def;
	const struct vector *row; /* of the case's table; NULL for a plain case */
	enum mqtt_version version;
	enum segmentation segmentation;
	unsigned split_at; /* SEGMENT_SPLIT: bytes in the first write */
	int repeat;
	const struct endpoint *target;           /* a server is judged; or NULL ... */
	const struct client *client;             /* ... and a client is */
	const struct capabilities *capabilities; /* of this version */
	const char *const
		*known; /* statements that each CONNACK breaks: a finding of the run, not of
				   * this case run; NULL behind the last; or NULL */
	const char *
		prefix; /* unique to this case run; 1 to 9 of 0-9a-zA-Z; begins ClientIds and topics */
	uint64_t seed;
	int64_t answer_us;     /* how long an answer may take before it counts as missing */
	int64_t limit_us;      /* when the whole of it must be over; 0: never. Since it began */
	int64_t patience_us;   /* how long a wait for it goes on all the same; 0: no longer */
	int64_t slack_us;      /* granted beyond the upper end of a timing window */
	const char *pcap_path; /* NULL: no capture */
	FILE *live;            /* print the transcript here while it happens; or NULL */
};

/* "reserved_flags/pingreq_flag_1"; in the arena. */
const char *play_id(struct arena *a, const struct case_def *def, const struct vector *row);

/* Plays it in this process and fills `out` but for what only the runner knows (expected, foreseen,
 * death, pcap). Bounded in time by the case's own waits; returns whatever happens. Everything in
 * `out` is in the arena.
 */
void play_case(struct arena *a, const struct play *play, struct record_case *out);

#endif
