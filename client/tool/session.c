#include "client/tool/session.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "client/tool/command_finish.h"

enum { CLOSING_TURNS = 16 }; /* of the loop, until all handles are closed */

static void on_connected(
	void *context, bool session_present, const struct mqttspec_properties *properties)
{
	struct session *s = context;

	(void)session_present, (void)properties;
	s->was_connected = true;
	if (s->connected)
		s->connected(s);
}

static void finish(struct session *s)
{
	for (unsigned i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&s->signals[i], NULL);
	uv_close((uv_handle_t *)&s->timer, NULL);
	uv_close((uv_handle_t *)&s->end, NULL);
	if (s->over)
		s->over(s);
	s->finished = true;
	uv_stop(&s->loop);
}

/* Where there has been no connection yet, a wrong address is the likeliest cause: it is named. */
static void complain_of_end(const struct session *s, int result, const char *text, bool will_retry)
{
	const struct command *c = s->command;
	const char *more = will_retry ? "; trying again" : "";
	const char *doubt = result == MQTTSPEC_BROKEN ? "is this an MQTT server? " : "";

	if (s->was_connected)
		command_complain(c, "%s%s", text, more);
	else if (c->unix_path)
		command_complain(c, "%s: %s%s%s", c->unix_path, doubt, text, more);
	else
		command_complain(
			c, "%s port %u: %s%s%s", c->host, command_port(c), doubt, text, more);
}

/* The code of CONNACK is the exit code of a client that was refused. */
static void on_disconnected(void *context, int result, const char *text, bool will_retry,
	const struct mqttspec_properties *properties)
{
	struct session *s = context;
	bool refused = !s->was_connected && result > 0 && result < 0x100;

	(void)properties;
	if (!s->ending && !s->command->quiet)
		complain_of_end(s, result, text, will_retry);
	if (will_retry)
		return;
	if (!s->ending)
		s->code = refused ? result : COMMAND_FAILED;
	finish(s);
}

static void on_trace(void *context, bool sent, const void *packet, size_t len)
{
	struct session *s = context;

	/* The first packet comes out of mqttspec_start. */
	s->debug.id = s->client ? mqttspec_client_id(s->client) : "";
	debug_packet(&s->debug, sent, packet, len);
}

static void on_signal(uv_signal_t *signal, int number)
{
	(void)number;
	session_end(signal->data, 0);
}

static void on_time_over(uv_timer_t *timer)
{
	struct session *s = timer->data;

	if (!s->command->quiet)
		command_complain(s->command, "the time is over");
	session_end(s, COMMAND_TIMED_OUT);
	uv_stop(&s->loop); /* even if DISCONNECT cannot go out now */
}

bool session_init(struct session *s, struct command *c, struct mqttspec_callbacks *callbacks)
{
	struct mqttspec_options options;
	struct mqttspec_message will;
	char error[256];

	*s = (struct session){ .command = c, .debug = { .version = c->version, .id = "" } };
	command_options(c, &options, &will);
	callbacks->connected = on_connected;
	callbacks->disconnected = on_disconnected;
	callbacks->trace = c->debug ? on_trace : NULL;
	options.callbacks = *callbacks;
	options.context = s;
	uv_loop_init(&s->loop);
	s->client = mqttspec_client_new(&options, &s->loop, error, sizeof(error));
	if (!s->client) {
		command_complain(c, "%s", error);
		uv_loop_close(&s->loop);
		return false;
	}
	uv_timer_init(&s->loop, &s->timer);
	uv_timer_init(&s->loop, &s->end);
	s->timer.data = s->end.data = s;
	for (unsigned i = 0; i < 2; i++) {
		uv_signal_init(&s->loop, &s->signals[i]);
		s->signals[i].data = s;
		uv_signal_start(&s->signals[i], on_signal, i ? SIGTERM : SIGINT);
	}
	return true;
}

/* Frees everything, unless a name is still being looked up: neither that nor the thread that waits for it
 * can be ended, and the time may be over.
 */
static void session_fini(struct session *s)
{
	if (!s->finished)
		finish(s);
	mqttspec_client_free(s->client);
	for (unsigned turns = 0; turns < CLOSING_TURNS && uv_run(&s->loop, UV_RUN_NOWAIT); turns++)
		;
	if (!uv_loop_close(&s->loop))
		return;
	fflush(NULL);
	_exit(s->code);
}

int session_run(struct session *s)
{
	int64_t left_ms = command_left_ms(s->command);

	if (left_ms >= 0)
		uv_timer_start(&s->end, on_time_over, (uint64_t)left_ms, 0);
	if (s->ending) /* before it began */
		finish(s);
	else
		mqttspec_start(s->client);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	session_fini(s);
	return s->code;
}

void session_end(struct session *s, int code)
{
	const struct property_list *p = &s->command->properties[PLACE_DISCONNECT];

	if (s->ending)
		return;
	s->ending = true;
	s->code = code;
	if (mqttspec_disconnect(s->client, 0, p->list, p->count))
		mqttspec_disconnect(s->client, 0, NULL, 0);
}
