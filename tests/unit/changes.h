/* The ways in which a packet of a good exchange can be wrong in one field, and what has to be said of each. */
#ifndef TESTS_UNIT_CHANGES_H
#define TESTS_UNIT_CHANGES_H

#include "base/arena.h"
#include "harness/monitor/monitor.h"
#include "harness/monitor/monitor_rules.h"

/* A packet that may be changed, and where its parts may live. */
struct subject {
	struct arena *a;
	enum mqtt_version version;
	enum side from;
	struct packet p;
	struct wire_twist twist;
	bool twice; /* it is sent so */
};

/* What a packet is called: "PUBLISH/1" is one at QoS 1. In the arena. */
const char *packet_kind(struct arena *a, const struct packet *p);

struct change {
	const char *name;
	bool (*apply)(struct subject *s); /* false: the packet has nothing of the kind */
};

extern const struct change changes[];
extern const size_t change_count;

/* Which rows of the table have been asked for: one for each. */
enum { VERDICTS_MAX = 128 };

/* The statement that must be accused of this change to a packet of this kind; NULL: none may be. */
const char *change_verdict(
	const struct subject *s, const char *kind, const char *change, bool spoken[VERDICTS_MAX]);

/* A row that was not; NULL: all were. In the arena. */
const char *change_unspoken(struct arena *a, const bool spoken[VERDICTS_MAX]);

#endif
