/* The lines between the harness and an agent, as docs/AGENT.md has them. */
#ifndef HARNESS_CONTRACT_H
#define HARNESS_CONTRACT_H

#include "harness/agent/agent.h"
#include "harness/client_case.h"

enum { CONTRACT = 1 };

/* ---- contract.c: commands. One line each, in the arena. 5.0's own fields are left out in 3.1.1. ---- */

const char *contract_connect(struct arena *a, unsigned id, const struct agent_place *place,
	const char *client_id, const struct connect *c);
const char *contract_subscribe(
	struct arena *a, unsigned id, enum mqtt_version version, const struct subscribe *s);
const char *contract_unsubscribe(
	struct arena *a, unsigned id, enum mqtt_version version, const struct subscribe *s);
const char *contract_publish(
	struct arena *a, unsigned id, enum mqtt_version version, const struct publish *m);
const char *contract_disconnect(
	struct arena *a, unsigned id, enum mqtt_version version, const struct disconnect *d);
const char *contract_authenticate(struct arena *a, unsigned id, const struct ack *auth);
const char *contract_sync(struct arena *a, unsigned id);

/* "session_expiry_interval" */
const char *contract_property_name(struct arena *a, const struct spec_property *property);

/* ---- events.c ---- */

struct hello {
	const char *name;
	const char *version;
	unsigned versions;   /* of MQTT: V311, V50 or BOTH */
	unsigned transports; /* mask of transport_bit */
	bool preload;        /* it can fork for each case run */
};

/* Reads one event. `hello` is filled for TOLD_HELLO. False, with a sentence, when it is none of the
 * contract. Everything is in the arena.
 */
bool contract_event(struct arena *a, const char *line, size_t len, struct told *out,
	struct hello *hello, const char **error);

/* ---- strict.c ---- */

/* What an event of an agent on trial must have besides what contract_event demands: the fields that docs/AGENT.md
 * shows in bold, an `id` where it is an answer and none where it is not, lists where the contract wants them.
 * NULL, or a sentence in the arena.
 */
const char *contract_breach(struct arena *a, const char *line, size_t len, const struct told *told);

const char *told_name(enum told_kind kind); /* "acknowledged" */

#endif
