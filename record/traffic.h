/* What went on in a capture, apart from who broke what: fields of the record `end` that mqttspec check writes with
 * --summary.
 */
#ifndef RECORD_TRAFFIC_H
#define RECORD_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct reader;

enum { TRAFFIC_STEPS = 28 };

struct traffic_topic {
	const char *name;
	uint64_t to_server, from_server; /* messages */
};

/* From a PUBLISH ... */
enum traffic_way {
	TRAFFIC_SERVER_ANSWER, /* of a client to PUBACK or PUBREC */
	TRAFFIC_CLIENT_ANSWER, /* of a server to PUBACK or PUBREC */
	TRAFFIC_THROUGH,       /* of a client to that of a server with the same message */
	TRAFFIC_WAYS,
};

/* All 0: none was seen. */
struct traffic_times {
	int64_t least_us, most_us;
	uint64_t steps[TRAFFIC_STEPS]; /* how many took 2^n us and more, but less than 2^(n+1); the
					* first has what was quicker, too, and the last what took longer */
};

/* A client, against its Keep Alive. */
struct traffic_silence {
	uint32_t connection;   /* number in the capture */
	const char *client_id; /* NULL: not known */
	int64_t longest_us;
	uint32_t keep_alive_s;
};

/* All 0: not looked at. */
struct record_traffic {
	const struct traffic_topic *topics; /* the busiest first */
	size_t topic_count;
	const struct traffic_silence *silences; /* the longest in terms of Keep Alive first */
	size_t silence_count;
	struct traffic_times times[TRAFFIC_WAYS];
	int64_t captured_us; /* from the first packet of the capture to the last; 0: nothing of this is known */
};

/* "server_answer", ... */
const char *traffic_way_name(enum traffic_way way);

void traffic_add(struct buf *b, const struct record_traffic *t);
struct record_traffic traffic_read(struct reader *r, const void *object); /* json_t */

#endif
