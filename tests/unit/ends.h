/* Both ends of a connection over each transport, for tests: a thread dials while the test accepts. */
#ifndef TESTS_UNIT_ENDS_H
#define TESTS_UNIT_ENDS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "harness/launch/pki.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tls_context.h"
#include "harness/transport/transport.h"

enum { ENDS_LIMIT_US = 5000000 };

/* A PKI in a folder of its own, and a context for each side of it. */
struct trust {
	struct arena arena;
	char folder[64];
	struct tls *dialling, *listening;
};

void trust_init(struct trust *t);
void trust_fini(struct trust *t);

/* Others of its pairs; PKI_PAIRS: none. `ca`: the clients' certificates are asked for. */
struct tls *trust_listening(struct trust *t, enum pki_pair pair, bool ca);
struct tls *trust_dialling(struct trust *t, enum pki_pair pair);

struct ends {
	struct arena arena, dialling; /* a thread has one of its own */
	struct listener *listener;
	struct endpoint endpoint;
	struct pipe *dialled, *accepted;       /* NULL: it did not come about, ... */
	const char *dial_error, *accept_error; /* ... since */
};

/* Without a connection yet. */
void ends_listen(struct ends *e, const struct transport *transport, const struct tls *dialling,
	const struct tls *listening);
void ends_meet(struct ends *e); /* fills in pipes or errors */
void ends_connect(struct ends *e, const struct transport *transport, const struct trust *t);
void ends_fini(struct ends *e); /* the pipes are closed already, or NULL */

/* As soon as there is something to read. */
ssize_t ends_read(struct pipe *pipe, void *data, size_t size);

#endif
