/* The events of docs/AGENT.md. Whoever makes one gives it to answer or event_tell. */
#ifndef TARGETS_AGENTS_AGENT_EVENTS_H
#define TARGETS_AGENTS_AGENT_EVENTS_H

#include "targets/agents/agent_io.h"

struct octets {
	const char *at; /* NULL only if there are none */
	size_t size;
};

enum { NO_CODE = -1 };

/* `connected`, or `refused` with a code that is not 0. */
json_t *event_connected(const struct command *c, int code, bool session_present);

/* `acknowledged`, or `refused` with a code from 0x80 on. */
json_t *event_result(const struct command *c, int code);

/* `acknowledged`; codes may be NULL. */
json_t *event_codes(const struct command *c, int count, const int *codes);

json_t *event_message(struct octets topic, struct octets payload, int qos, bool retain);

/* The connection has ended, by a `disconnect` or (NULL) by itself: `error` for the commands that wait,
 * and the event, unless the connection had not been told.
 */
void tell_disconnected(struct agent *a, struct command *by, json_t *event);

/* Text that is none goes to NAME_hex. */
void event_add_text(json_t *event, const char *name, struct octets text);
void event_add_hex(json_t *event, const char *name, struct octets bytes);

#endif
