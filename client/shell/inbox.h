/* Received messages that wait for mqttspec_receive. */
#ifndef CLIENT_SHELL_INBOX_H
#define CLIENT_SHELL_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "client/mqttspec_client.h"
#include "mqtt/publish.h"

struct inbox_entry {
	struct inbox_entry *next;
	struct mqttspec_message message; /* its texts follow it */
};

struct inbox {
	struct inbox_entry *first, *last;
	struct inbox_entry *current; /* handed out */
	uint32_t count;
	uint32_t limit;
};

/* False without memory. */
bool inbox_add(struct inbox *b, const struct mqtt_publish *publish);
/* NULL when there is none. */
const struct mqttspec_message *inbox_take(struct inbox *b);
void inbox_fini(struct inbox *b);

/* As the program sees it; `topic` must hold the topic and a NUL. */
struct mqttspec_message message_of(const struct mqtt_publish *publish, char *topic);

#endif
