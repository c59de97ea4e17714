/* %j and %J: a message as JSON. */
#ifndef CLIENT_TOOL_FORMAT_JSON_H
#define CLIENT_TOOL_FORMAT_JSON_H

#include <time.h>

#include "client/tool/command.h"

/* `nested`: the payload is JSON itself, and is embedded as such. If it is not, there is a complaint
 * and no output.
 */
void format_json(const struct command *c, const struct mqttspec_message *message,
	const struct timespec *now, bool nested);

#endif
