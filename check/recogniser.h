/* What a connection is about, by the first bytes of the end that opened it. */
#ifndef CHECK_RECOGNISER_H
#define CHECK_RECOGNISER_H

#include "harness/wire/wire.h"

enum recognised {
	RECOGNISED_MORE, /* too few bytes to tell */
	RECOGNISED_MQTT, /* a CONNECT, of any version */
	RECOGNISED_HTTP, /* a request, perhaps for a WebSocket */
	RECOGNISED_TLS,
	RECOGNISED_OTHER,
};

enum { RECOGNISER_BYTES = 16 }; /* are enough to tell */

enum recognised recognise(struct bytes b);

#endif
