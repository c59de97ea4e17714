/* What pub and sub have in common while they run: a loop, a client, signals, and how it ends. */
#ifndef CLIENT_TOOL_SESSION_H
#define CLIENT_TOOL_SESSION_H

#include <stdbool.h>
#include <uv.h>

#include "client/tool/command.h"
#include "client/tool/debug.h"

struct session {
	struct command *command;
	struct mqttspec_client *client;
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_timer_t timer; /* for the command's own use */
	uv_timer_t end;   /* of the time that -W gives */
	struct debug debug;
	bool was_connected;
	bool ending;   /* DISCONNECT was asked for */
	bool finished; /* all is over */
	int code;      /* to exit with */
	/* of pub or sub; called when the connection is there, and when all is over. May be NULL. */
	void (*connected)(struct session *s);
	void (*over)(struct session *s);
};

/* `callbacks` of pub or sub; those that the session needs are filled in. The context of all of them is
 * the session. False after a complaint.
 */
bool session_init(struct session *s, struct command *c, struct mqttspec_callbacks *callbacks);

/* Connects, serves until all is over, frees everything; returns the exit code. */
int session_run(struct session *s);

/* DISCONNECT, and then the exit code. */
void session_end(struct session *s, int code);

#endif
