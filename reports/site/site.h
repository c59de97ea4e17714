/* A site: what is known of many targets, of each in several versions, on pages that lead to one another.
 *
 *   a RUN ──▶ runs ──▶ a version of a target ──▶ target ──▶ site, with a matrix of the newest versions
 *
 * Of two runs of one version the later one counts. Whatever the others name has its page all the same, so that a
 * link to it stays.
 */
#ifndef REPORTS_SITE_SITE_H
#define REPORTS_SITE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/matrix.h"
#include "reports/runs.h"

struct arena;

struct site_version {
	const struct runs *runs;
	const char *name;  /* "2.0.11"; "" when it is not known */
	const char *title; /* "Eclipse Mosquitto 2.0.11" */
	const char *way;   /* of its folder */
};

struct site_target {
	const char *name;              /* "Eclipse Mosquitto" */
	const char *way;               /* of its folder */
	bool client;                   /* else a server */
	struct site_version *versions; /* the oldest first */
	size_t version_count;
	struct matrix history; /* a column for each version */
};

struct site {
	const char *tool_version;    /* of the mqttspec that makes it */
	struct site_target *targets; /* servers first, then by name */
	size_t target_count;
	struct matrix matrix; /* a column for each target, in its newest version */
	int64_t until_us;     /* the end of the last run: all that a page says of its own date */
	const char *const *transports; /* those of all runs, by name */
	size_t transport_count;
	const struct runs *superseded; /* for none of these is there a version */
	size_t superseded_count;

	/* What whoever makes the site has to know, each a sentence. */
	const char *const *remarks;
	size_t remark_count;
};

/* `runs` has `count` elements, at least one, and must live as long. False, with a sentence in *error, when
 * they cannot be told apart by their ways, or one of them judges neither a server nor a client.
 */
bool site_make(struct arena *a, const struct runs *runs, size_t count, struct site *out,
	const char **error);

/* The newest version: that of the target's column. */
const struct site_version *site_newest(const struct site_target *target);

/* The same columns, of the case runs over one transport only. */
void site_over(struct arena *a, const struct site *site, const char *transport, struct matrix *out);

#endif
