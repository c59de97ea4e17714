/* Whether a client receives what it publishes itself, which nearly every case takes for granted.
 * Where an access list stands in between, or a program that is no broker, every verdict would be
 * about that.
 */
#ifndef HARNESS_ECHO_H
#define HARNESS_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capabilities.h"
#include "spec/spec.h"

struct arena;
struct endpoint;

struct echo {
	bool connected;         /* its CONNECT was accepted */
	const char *subscribed; /* what SUBSCRIBE was answered by, in words; NULL: nothing */
	bool granted;
	struct {
		bool sent;
		bool arrived;
		const char *refused; /* PUBACK or PUBREC with an error, in words; or NULL */
	} qos[3];
	bool closed; /* the connection ended before all had come back */
};

/* Subscribes to `topic` and publishes to it at each QoS that is offered, in one round trip; waits at most
 * limit_us for all of it. Strings are in the arena.
 */
void echo_ask(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	const struct capabilities *offered, const char *topic, int64_t limit_us, struct echo *out);

/* Why nothing can be judged, as a sentence for people; NULL: something came back. */
const char *echo_trouble(struct arena *a, const struct echo *echo, const char *topic);

#endif
