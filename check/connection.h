/* One connection of a capture, judged: each side by a monitor of its own.
 *
 *	bytes ─▶ recogniser ─▶ (unwrap) ─▶ way ─▶ packets ─▶ monitors, keep alive, tolerance ─▶ findings
 *
 * The place for what decrypts TLS is before the recogniser: what it gives out are bytes of the same connection.
 */
#ifndef CHECK_CONNECTION_H
#define CHECK_CONNECTION_H

#include "check/judge.h"

struct connection;

/* `known`: its acceptor is a server of MQTT, whatever its first bytes are. */
struct connection *connection_new(struct judge *judge, struct flow *flow, bool known);
void connection_free(struct connection *c);

void connection_bytes(
	struct connection *c, enum flow_from from, struct bytes data, const struct moment *moment);
void connection_gap(
	struct connection *c, enum flow_from from, uint64_t missing, const struct moment *moment);
void connection_ended(struct connection *c, enum flow_from from, enum flow_end_how how,
	const struct moment *moment);

/* Hands out what is left to tell; connection_free comes next. */
void connection_over(struct connection *c);

const struct check_connection *connection_facts(const struct connection *c);

/* Bytes that it holds on to. */
size_t connection_memory(const struct connection *c);

/* Nothing that comes can matter. */
bool connection_is_done(const struct connection *c);

#endif
