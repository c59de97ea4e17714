/* A client under test: a program that each case run launches anew. */
#ifndef HARNESS_CLIENT_H
#define HARNESS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct habits;
struct preload;
struct tls;
struct transport;

struct client {
	const char *const *words; /* with the placeholders of docs/AGENT.md; NULL after the last */
	const char *const *environment;    /* "NAME=value", the same; or NULL */
	const char *here;                  /* the folder of its target file; or NULL */
	const char *installed;             /* what its recipe has installed it into; or NULL */
	const struct transport *transport; /* that it is probed over */
	const char *pki;       /* folder of the PKI that it is to trust (launch/pki.h), and ... */
	const struct tls *tls; /* ... the server of it that it finds; NULL: the run has no TLS */
	bool agent; /* it keeps the contract of docs/AGENT.md; else a plain command line ... */
	const struct preload *preload; /* what it is forked from; NULL: it is launched anew */
	struct habits *habits;         /* ... and this is what it was seen not to do; or NULL */
	unsigned kept_alive; /* transports over which its Keep Alive cannot be turned off: a mask of
			      * transport_bit */
};

/* What an agent says of itself, or what a plain command line showed. */
struct client_facts {
	const char *name, *version; /* "" when unknown */
	unsigned versions;          /* of MQTT, that it speaks: mask of V311 and V50 */
	unsigned transports;        /* that its agent says it speaks: mask of transport_bit */
	bool preload;               /* its agent says that it can be preloaded */
};

/* Launches an agent once and has it say what it is; its Keep Alive stays unknown. False, with a sentence. */
bool client_hello(struct arena *a, const struct client *client, int64_t answer_us,
	struct client_facts *out, const char **error);

/* Whether an agent that has said this of itself cannot turn the Keep Alive off over `transport`. */
bool client_needs_keep_alive(struct arena *a, const struct client *client,
	const struct client_facts *facts, const struct transport *transport, int64_t answer_us);

/* Launches it once for each of the versions asked for (an agent: once) and looks which it speaks.
 * False, with a sentence, when it cannot be launched, or keeps silent.
 */
bool client_probe(struct arena *a, const struct client *client, unsigned versions,
	int64_t answer_us, struct client_facts *out, const char **error);

#endif
