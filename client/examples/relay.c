/* A program around a libuv loop of its own: each line of standard input becomes a message, whether there
 * is a connection or not, and each message of FILTER a line. It keeps its session over reconnects,
 * takes the servers in turn, and ends when the input has ended and all is delivered.
 *
 *      relay TOPIC FILTER SERVER...
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <mqttspec_client.h>

struct relay {
	struct mqttspec_client *client;
	uv_pipe_t input;
	const char *topic;
	char line[4096];
	size_t len;
	uint64_t sent; /* messages so far: the tags */
	uint64_t settled;
	bool input_ended;
	int result;
};

/* For whoever reads our output while we run. */
static void say(const char *text, const char *more)
{
	printf("%s%s\n", text, more);
	fflush(stdout);
}

static void end_if_done(struct relay *r)
{
	if (r->input_ended && r->settled == r->sent)
		mqttspec_disconnect(r->client, 0, NULL, 0);
}

static void on_connected(
	void *context, bool session_present, const struct mqttspec_properties *properties)
{
	(void)context, (void)properties;
	say("connected", session_present ? ", session goes on" : "");
}

static void on_disconnected(void *context, int result, const char *text, bool will_retry,
	const struct mqttspec_properties *properties)
{
	struct relay *r = context;

	(void)properties;
	say("disconnected: ", text);
	if (will_retry)
		return;
	r->result = result;
	uv_close((uv_handle_t *)&r->input, NULL);
	uv_stop(r->input.loop);
}

static uint8_t on_message(void *context, const struct mqttspec_message *m)
{
	(void)context;
	printf("message %.*s\n", (int)m->payload_len, (const char *)m->payload);
	fflush(stdout);
	return 0;
}

static void on_published(
	void *context, uint64_t tag, int result, const struct mqttspec_properties *properties)
{
	struct relay *r = context;

	(void)properties;
	printf("published %llu: %s\n", (unsigned long long)tag,
		result < 0x80 ? "success" : mqttspec_result_text(result));
	fflush(stdout);
	r->settled++;
	end_if_done(r);
}

static void on_subscribed(void *context, uint64_t tag, int result, const uint8_t *codes,
	size_t count, const struct mqttspec_properties *properties)
{
	(void)context, (void)tag, (void)codes, (void)properties;
	say("subscribed", result || !count || codes[0] >= 0x80 ? ": refused" : "");
}

static void send_line(struct relay *r)
{
	struct mqttspec_message message = {
		.topic = r->topic, .payload = r->line, .payload_len = r->len, .qos = 2
	};
	int result = mqttspec_publish(r->client, &message, r->sent + 1);

	if (result)
		say("refused: ", mqttspec_result_text(result));
	else
		r->sent++;
	r->len = 0;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)handle;
	*buf = uv_buf_init(malloc(suggested), (unsigned)suggested); /* NOLINT: on_input frees it */
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct relay *r = stream->data;

	for (ssize_t i = 0; i < n; i++) {
		if (buf->base[i] == '\n')
			send_line(r);
		else if (r->len < sizeof(r->line))
			r->line[r->len++] = buf->base[i];
	}
	free(buf->base);
	if (n < 0) {
		r->input_ended = true;
		uv_read_stop(stream);
		end_if_done(r);
	}
}

static struct mqttspec_client *make_client(
	struct relay *r, uv_loop_t *loop, const char *const *servers, size_t count)
{
	struct mqttspec_property expiry = { .id = MQTTSPEC_SESSION_EXPIRY_INTERVAL,
		.number = 3600 };
	struct mqttspec_options options;
	char error[256];

	mqttspec_options_default(&options);
	options.servers = servers;
	options.server_count = count;
	options.properties = &expiry;
	options.property_count = 1;
	options.pause_min_ms = 50;
	options.pause_max_ms = 400;
	options.queue_messages = 100;
	options.context = r;
	options.callbacks = (struct mqttspec_callbacks){ .connected = on_connected,
		.disconnected = on_disconnected,
		.message = on_message,
		.published = on_published,
		.subscribed = on_subscribed };
	struct mqttspec_client *client = mqttspec_client_new(&options, loop, error, sizeof(error));
	if (!client)
		fprintf(stderr, "%s\n", error);
	return client;
}

int main(int argc, char **argv)
{
	struct relay r = { .topic = argc > 3 ? argv[1] : NULL };
	uv_loop_t loop;

	if (argc < 4) {
		fprintf(stderr, "usage: relay TOPIC FILTER SERVER...\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	r.client = make_client(&r, &loop, (const char *const *)argv + 3, (size_t)argc - 3);
	if (!r.client)
		return 2;
	struct mqttspec_subscription subscription = { .filter = argv[2], .qos = 2 };
	mqttspec_subscribe(r.client, &subscription, 1, NULL, 0, 0);
	mqttspec_start(r.client);
	uv_pipe_init(&loop, &r.input, 0);
	r.input.data = &r;
	uv_pipe_open(&r.input, STDIN_FILENO);
	uv_read_start((uv_stream_t *)&r.input, on_alloc, on_input);
	uv_run(&loop, UV_RUN_DEFAULT);
	mqttspec_client_free(r.client);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return r.result ? 1 : 0;
}
