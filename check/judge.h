/* What the connections of a capture share. */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "base/arena.h"
#include "check/finding.h"
#include "check/postings.h"
#include "check/scope.h"
#include "check/sessions.h"
#include "check/summary.h"
#include "pcap/tls_secrets.h"

/* Who hears of findings. */
struct check_listener {
	/* As soon as the packet after it has come. What it points to is good during the call. */
	void (*found)(void *to, const struct check_connection *connection,
		const struct check_finding *finding);
	/* The connection is over, and so is what is known of it. */
	void (*over)(void *to, const struct check_connection *connection,
		const struct check_finding *findings, size_t count);
};

struct judge {
	struct sessions *sessions;
	struct postings *postings;
	struct arena scratch; /* of the packet at hand */
	struct check_listener listener;
	void *to;
	struct summary *summary;           /* NULL: not wanted */
	const struct tls_secrets *secrets; /* NULL: nothing is decrypted */
	const struct scope *scope;         /* NULL: everything is told */
	uint64_t left_out;                 /* connections of MQTT that were not told of */
};

#endif
