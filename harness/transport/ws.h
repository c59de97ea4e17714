/* The opening handshake of a WebSocket as somebody asks for who wants to know what comes of it. */
#ifndef HARNESS_WS_H
#define HARNESS_WS_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct endpoint;
struct pipe;

/* Fields of a request. NULL: as it should be; "": the field is left out. */
struct ws_request {
	const char *protocols; /* Sec-WebSocket-Protocol; else "mqtt" */
	const char *version;   /* Sec-WebSocket-Version; else "13" */
	const char *key;       /* Sec-WebSocket-Key; else one at random */
};

/* Of an answer; texts are in the arena. */
struct ws_answer {
	unsigned status; /* 101, or whatever it is; 0: none came, ... */
	const char
		*fault; /* ... for this reason: the end of a sentence that begins with the server */
	const char *protocol; /* Sec-WebSocket-Protocol; NULL: none, or several */
	const char *versions; /* Sec-WebSocket-Version; the same */
	bool accepts;         /* Sec-WebSocket-Accept is the answer to the key */
	bool upgrades;        /* Upgrade and Connection say so */
	bool extends;         /* it names extensions, though none was offered */
};

/* Connects within the deadline (monotonic), over a transport that has WebSocket. A pipe only after 101, whatever
 * else is wrong with it. False: there is nothing to ask, for this reason.
 */
bool ws_try(struct arena *a, const struct endpoint *to, const struct ws_request *request,
	int64_t deadline_us, struct ws_answer *answer, struct pipe **pipe, const char **error);

#endif
