/* Whether a client receives what it publishes itself, which nearly every case takes for granted.
 * Where an access list stands in between, or a program that is no broker, every verdict would be
 * about that. And what else a server refuses, since it may have a policy that it has not announced.
 */
#ifndef HARNESS_ECHO_H
#define HARNESS_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capabilities.h"
#include "spec/spec.h"

struct arena;
struct endpoint;

/* Something that a server may offer. Not asked: it has said itself that it does not. */
struct echo_offer {
	bool asked, works;
	const char *refused; /* by a code, in words; or NULL */
	bool closed;         /* it ended the connection instead, without a word */
};

struct echo {
	bool connected;         /* its CONNECT was accepted */
	const char *subscribed; /* what SUBSCRIBE was answered by, in words; NULL: nothing */
	bool granted;
	bool closed; /* the connection ended before all had come back */
	struct echo_offer qos[3];
	struct echo_offer retained; /* a message that a later subscription gets */
	struct echo_offer wildcard, shared;
	struct echo_offer nameless; /* an empty ClientId; asked where a host wants a say in them */
};

/* Subscribes to `topic`, and publishes to it at each QoS that is offered; then asks for the rest of what
 * is offered, on this topic and below. Waits at most limit_us for each answer, and asks nothing more
 * when there is none. Strings are in the arena.
 */
void echo_ask(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	const struct capabilities *offered, const char *topic, int64_t limit_us, struct echo *out);

/* Why nothing can be judged, as a sentence for people; NULL: something came back. */
const char *echo_trouble(struct arena *a, const struct echo *echo, const char *topic);

#endif
