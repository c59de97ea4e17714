/* The events of docs/AGENT.md, one line each. `id` is that of the command that is answered; NULL:
 * none is.
 */
#ifndef CLIENT_AGENT_TELL_H
#define CLIENT_AGENT_TELL_H

#include <jansson.h>

#include "client/mqttspec_client.h"

void tell_hello(void);
void tell_connected(json_t *id, bool session_present, const struct mqttspec_properties *properties);
void tell_refused(json_t *id, int code, const struct mqttspec_properties *properties);
void tell_acknowledged(json_t *id, const struct mqttspec_properties *properties);
void tell_acknowledged_code(json_t *id, int code, const struct mqttspec_properties *properties);
void tell_acknowledged_codes(json_t *id, const uint8_t *codes, size_t count,
	const struct mqttspec_properties *properties);
void tell_synced(json_t *id);
/* `code` below 0: the server sent none. */
void tell_disconnected(
	json_t *id, int code, const char *text, const struct mqttspec_properties *properties);
void tell_message(const struct mqttspec_message *message);
void tell_challenge(uint8_t code, const struct mqttspec_properties *properties);
void tell_error(json_t *id, const char *text);
void tell_unsupported(json_t *id, const char *text);

#endif
