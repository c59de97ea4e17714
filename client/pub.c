/* mqttspec-client pub: publishes, and waits until the server has it all. */
#include "client/pub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "client/tool/command.h"
#include "client/tool/input.h"
#include "client/tool/session.h"

enum {
	PAYLOAD_MAX = 268435455,
	AHEAD = 500, /* lines that are read before the server has taken them */
};

struct pub {
	struct session session; /* must be the first */
	struct command command;
	struct buf payload;
	struct input input;
	bool reads_lines;
	bool begun;
	uint32_t sent;    /* messages */
	uint32_t settled; /* of them */
};

static void publish(struct pub *p, const void *data, size_t len)
{
	const struct command *c = &p->command;
	const struct property_list *properties = &c->properties[PLACE_PUBLISH];
	struct mqttspec_message message = { .topic = c->topics.list[0],
		.payload = data,
		.payload_len = len,
		.qos = c->qos,
		.retain = c->retain,
		.properties = properties->list,
		.property_count = properties->count };
	uint64_t tag = ++p->sent;
	int result = mqttspec_publish(p->session.client, &message, tag);

	if (!result)
		return;
	p->settled++;
	if (!c->quiet)
		command_complain(c, "%s", mqttspec_result_text(result));
	session_end(&p->session, COMMAND_FAILED);
}

static void publish_again(uv_timer_t *timer)
{
	struct pub *p = timer->data;

	publish(p, p->payload.data, p->payload.len);
}

static void go_on(struct pub *p)
{
	bool done = p->settled == p->sent;

	if (p->reads_lines) {
		if (p->input.ended && done)
			session_end(&p->session, 0);
		else if (p->sent - p->settled < AHEAD)
			input_start(&p->input);
	} else if (done && p->sent < p->command.repeat) {
		uv_timer_start(&p->session.timer, publish_again, p->command.repeat_delay_ms, 0);
	} else if (done) {
		session_end(&p->session, 0);
	}
}

static void on_published(
	void *context, uint64_t tag, int result, const struct mqttspec_properties *properties)
{
	struct pub *p = context;

	(void)properties;
	p->settled++;
	if (result >= 0x80 && !p->command.quiet && !p->session.ending)
		command_complain(&p->command, "message %llu was refused: %s",
			(unsigned long long)tag, mqttspec_result_text(result));
	if (!p->session.ending)
		go_on(p);
}

static void on_line(void *owner, const void *data, size_t len)
{
	struct pub *p = owner;

	if (p->session.ending)
		return;
	publish(p, data, len);
	if (p->sent - p->settled >= AHEAD)
		input_stop(&p->input);
}

static void on_input_end(void *owner)
{
	go_on(owner);
}

static void on_connected(struct session *s)
{
	struct pub *p = (struct pub *)s;

	if (p->begun)
		return;
	p->begun = true;
	if (p->reads_lines)
		input_start(&p->input);
	else
		publish(p, p->payload.data, p->payload.len);
}

static void on_over(struct session *s)
{
	struct pub *p = (struct pub *)s;

	if (p->reads_lines)
		input_close(&p->input);
}

/* 0, or the exit code after a complaint. */
static int payload_read(struct pub *p)
{
	const struct command *c = &p->command;
	bool is_file = c->source == SOURCE_FILE;

	if (c->source == SOURCE_MESSAGE)
		return buf_add_text(&p->payload, c->message) ? 0 : COMMAND_FAILED;
	if (!is_file && c->source != SOURCE_STDIN)
		return 0;
	int fd = is_file ? open(c->message, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	bool ok = fd >= 0 && input_read_all(&p->payload, fd, command_left_ms(c));
	int code = ok ? 0 : errno == ETIMEDOUT ? COMMAND_TIMED_OUT : COMMAND_FAILED;
	if (code == COMMAND_TIMED_OUT)
		command_complain(c, "the time is over");
	else if (code)
		command_complain(
			c, "%s: %s", is_file ? c->message : "standard input", strerror(errno));
	if (is_file && fd >= 0)
		close(fd);
	if (ok && !is_file && !p->payload.len) {
		command_complain(c, "standard input is empty");
		code = COMMAND_FAILED;
	}
	return code;
}

static int pub_run(struct pub *p)
{
	struct mqttspec_callbacks callbacks = { .published = on_published };
	int code = payload_read(p);

	if (code)
		return code;
	if (!session_init(&p->session, &p->command, &callbacks))
		return COMMAND_FAILED;
	p->session.connected = on_connected;
	p->session.over = on_over;
	p->session.timer.data = p;
	p->reads_lines = p->command.source == SOURCE_LINES;
	if (p->reads_lines) {
		input_init(&p->input, &p->session.loop, p);
		p->input.line = on_line;
		p->input.end = on_input_end;
	}
	return session_run(&p->session);
}

int pub_main(int argc, char **argv)
{
	struct pub p = { 0 };
	struct arena a;

	arena_init(&a);
	buf_init(&p.payload, PAYLOAD_MAX);
	int code = command_read(&p.command, &a, COMMAND_PUB, argc, argv);
	code = code ? code - 1 : pub_run(&p);
	buf_fini(&p.payload);
	arena_fini(&a);
	return code;
}
