/* SCRAM (RFC 5802, RFC 7677) as a client, for enhanced authentication: neither side shows the password, and both prove
 * that they know it.
 */
#ifndef CLIENT_SHELL_SCRAM_H
#define CLIENT_SHELL_SCRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "client/engine/engine.h"

struct scram;

bool scram_knows(const char *method); /* "SCRAM-SHA-256", "SCRAM-SHA-1" */

/* NULL without memory. What is handed in is copied. */
struct scram *scram_new(
	const char *method, const char *user, const void *password, size_t password_len);
void scram_free(struct scram *s);

/* The next step of an exchange; `answer` gets what the server is to be told. NULL, or what is wrong. START
 * begins another exchange.
 */
const char *scram_step(
	struct scram *s, enum engine_auth_phase phase, struct mqtt_view data, struct buf *answer);

#endif
