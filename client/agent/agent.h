/* The agent: one client, the commands that wait for their answers, and standard input.
 *
 *   standard input ──line──▶ commands_line ──▶ client ──callback──▶ answers ──▶ tell_ ──▶ standard output
 */
#ifndef CLIENT_AGENT_AGENT_H
#define CLIENT_AGENT_AGENT_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "client/mqttspec_client.h"
#include "client/tool/input.h"

struct unanswered { /* a command that waits; its address is its tag for the client */
	struct unanswered *previous, *next;
	json_t *id;
};

struct agent {
	uv_loop_t loop;
	struct input input;
	struct mqttspec_client *client; /* made by the first `connect` */
	bool running;                   /* connecting, connected or leaving */
	bool connected;                 /* CONNACK has come */
	json_t *connect_id;             /* of the `connect` that waits; NULL: none does */
	json_t *disconnect_id;
	struct unanswered *unanswered;
};

/* commands.c: a line of input. */
void commands_line(struct agent *a, const void *data, size_t len);

/* answers.c */
struct unanswered *unanswered_add(struct agent *a, json_t *id);
void unanswered_remove(struct agent *a, struct unanswered *u);
extern const struct mqttspec_callbacks answers; /* their context is the agent */

#endif
