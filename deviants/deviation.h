/* A deviation: one rule of the standard that a deviant breaks, and nothing else.
 *
 * It is a row of a table: what it is called, whose statements it breaks, and up to four steps. A step looks at packets
 * of some types that go one way; where all its conditions (when.h) hold, its action (then.h) follows.
 */
#ifndef DEVIANTS_DEVIATION_H
#define DEVIANTS_DEVIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deviants/exchange.h"
#include "spec/spec.h"

struct passing;

enum {
	STEPS = 4,
	CONDITIONS = 4,
};

/* What a step may look at besides packets; their bits in `types`. */
#define EVENT_END       (1u << 20) /* the side that it comes from will send no more */
#define EVENT_MALFORMED (1u << 21) /* bytes that make no packet */
#define EVENT_BEGUN     (1u << 27) /* a packet whose end has not come yet; it can only be looked at */
/* ... and in a layer below (layer.h): */
#define EVENT_HEAD    (1u << 22) /* of HTTP: a request for a WebSocket, or its answer */
#define EVENT_FRAME   (1u << 23) /* of a WebSocket */
#define EVENT_BYTES   (1u << 24) /* of TLS */
#define EVENT_COMMAND (1u << 26) /* to the agent of a client */
#define EVENT_TRUST \
	(1u << 25) /* TLS begins: the deviant is an end of it itself, and trusts (enum trust) */

/* Whom a deviant trusts that is an end of TLS itself: the argument of a step. */
enum trust {
	TRUSTS_ANYBODY = 1, /* a server asks for no certificate; a client takes any */
	TRUSTS_ITS_CA,      /* a server takes any certificate of its CA, revoked or not */
};

struct step {
	enum way way;
	uint32_t types; /* mask of SPEC_PACKET(type) and events */
	bool (*when[CONDITIONS])(const struct passing *it); /* all must hold */
	void (*then)(struct passing *it, long argument);
	long argument;
};

struct deviation {
	const char *name; /* "retained_not_to_wildcards" */
	/* That it breaks, by name, a space between; a right verdict accuses one of them. With ~ after its name it is
	 * accused by `nonstrict`: nothing binds who receives an error to notice it (docs/decisions/0009-rigour.md), or
	 * the standard only recommends it.
	 */
	const char *statements;
	const char *text; /* what it does, as a sentence */
	struct step steps[STEPS];
};

/* Those of a chapter; whose the behaviour is that they spoil. */
struct deviation_chapter {
	const char *name; /* "retained" */
	bool client;      /* a client is spoilt, else a server */
	const struct deviation *list;
	size_t count;
};

extern const struct deviation_chapter *const deviation_chapters[]; /* NULL after the last */

/* 0: it is no end of TLS. NULL is the idle one. */
enum trust deviation_trust(const struct deviation *d);

/* NULL: there is none. `chapter` may be NULL. */
const struct deviation *deviation_find(const char *name, const struct deviation_chapter **chapter);

#define DEVIATION_CHAPTER(chapter, of_client, table)            \
	const struct deviation_chapter deviations_##chapter = { \
		.name = #chapter,                               \
		.client = of_client,                            \
		.list = table,                                  \
		.count = sizeof(table) / sizeof(*(table)),      \
	}

#endif
