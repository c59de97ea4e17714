#include "tests/unit/broker_rig.h"

#include <stdlib.h>
#include <string.h>

#include "harness/wire/template.h"

static void trouble(void *context, void *owner, const struct mqtt_error *error)
{
	struct rig *r = context;

	(void)owner;
	if (!spec_find(error->statement))
		fail_msg("%s is in no catalogue", error->statement);
	r->trouble = error->statement;
}

int rig_set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (!r)
		return -1;
	arena_init(&r->arena);
	broker_config_default(&r->config);
	r->config.seed = 1;
	r->config.sys_interval_s = 0;
	r->config.trouble = trouble;
	r->config.trouble_context = r;
	r->now_ms = 1000000;
	*state = r;
	return 0;
}

void rig_start(struct rig *r)
{
	if (r->broker)
		return;
	r->broker = broker_new(&r->config, r->now_ms);
	assert_non_null(r->broker);
}

void rig_stop(struct rig *r)
{
	for (unsigned i = 0; i < r->client_count; i++) {
		if (r->clients[i].link)
			link_closed(r->clients[i].link);
		buf_fini(&r->clients[i].heard);
	}
	r->client_count = 0;
	broker_free(r->broker);
	r->broker = NULL;
}

int rig_tear_down(void **state)
{
	struct rig *r = *state;

	rig_stop(r);
	arena_fini(&r->arena);
	free(r);
	return 0;
}

const char *text(struct rig *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *formatted = arena_vprintf(&r->arena, format, args);
	va_end(args);
	return formatted;
}

struct client *dial(struct rig *r, enum mqtt_version version)
{
	rig_start(r);
	assert_true(r->client_count < RIG_CLIENTS);
	struct client *c = &r->clients[r->client_count++];
	*c = (struct client){ .rig = r, .version = version };
	buf_init(&c->heard, 300 << 20);
	c->link = link_open(r->broker, c);
	assert_non_null(c->link);
	c->reads = link_wants_input(c->link);
	return c;
}

bool client_has_unread(void *client)
{
	return ((const struct client *)client)->unread;
}

static void client_close(struct client *c)
{
	link_closed(c->link);
	c->link = NULL;
}

static void client_carry(struct client *c)
{
	struct broker_piece pieces[3];

	if (link_must_close(c->link)) {
		client_close(c);
		return;
	}
	while (!c->deaf && link_output_bytes(c->link)) {
		size_t total = 0, count = link_output(c->link, pieces, 3);
		for (size_t i = 0; i < count; i++) {
			assert_true(buf_add(&c->heard, pieces[i].data, pieces[i].len));
			total += pieces[i].len;
		}
		if (!count)
			break; /* it waits for the store */
		/* Now and then only a part of it is taken. */
		link_written(c->link, total > 700 ? total - 13 : total);
		if (total > 700)
			c->heard.len -= 13;
	}
	bool done = link_ends(c->link) && !link_output_bytes(c->link);
	if (done || link_must_close(c->link))
		client_close(c);
	else
		c->reads = link_wants_input(c->link);
}

static void nobody_reads_by_surprise(const struct rig *r)
{
	for (const struct client *c = r->clients; c < r->clients + r->client_count; c++)
		if (c->link && c->reads != link_wants_input(c->link))
			fail_msg("client %td: there was no news that it %s", c - r->clients,
				c->reads ? "wants no input any more" : "wants input again");
}

void carry(struct rig *r)
{
	struct link *l;

	for (;;) {
		while ((l = broker_next(r->broker)))
			client_carry(link_owner(l));
		if (broker_due(r->broker) > r->now_ms)
			break;
		broker_tick(r->broker, r->now_ms); /* there is room for more */
	}
	nobody_reads_by_surprise(r);
}

void say_bytes(struct client *c, const void *data, size_t len)
{
	if (c->link)
		link_input(c->link, data, len);
	carry(c->rig);
}

void say(struct client *c, const char *template_text)
{
	struct template_values values = { c->version, "me", "" };
	struct bytes bytes;
	const char *error;

	if (!template_expand(&c->rig->arena, template_text, &values, &bytes, &error))
		fail_msg("%s: %s", template_text, error);
	say_bytes(c, bytes.data, bytes.len);
}

void hang_up(struct client *c)
{
	if (c->link)
		link_closed(c->link);
	c->link = NULL;
	carry(c->rig);
}

void wait_ms(struct rig *r, int64_t ms)
{
	int64_t end_ms = r->now_ms + ms, due_ms = broker_tick(r->broker, r->now_ms);

	while (due_ms <= end_ms) {
		r->now_ms = due_ms > r->now_ms ? due_ms : r->now_ms;
		due_ms = broker_tick(r->broker, r->now_ms);
		carry(r);
	}
	r->now_ms = end_ms;
	broker_tick(r->broker, end_ms);
	carry(r);
}

const char *hear(struct client *c)
{
	struct packet packet;
	struct buf *b = &c->heard;

	carry(c->rig);
	if (!b->len)
		return c->link ? "nothing" : "closed";
	struct wire_result result =
		wire_parse(&c->rig->arena, c->version, b->data, b->len, 300 << 20, &packet);
	if (result.status != WIRE_PACKET)
		return result.status == WIRE_NEED_MORE ? "half a packet" : result.what;
	const char *line = wire_describe(&c->rig->arena, c->version, &packet);
	buf_consume(b, result.consumed);
	return line;
}

struct client *join_with(struct rig *r, const char *id, bool clean, const char *properties)
{
	struct client *c = dial(r, MQTT_50);

	say(c,
		text(r, "10 r s\"MQTT\" 05 %s n0 p{%s} s\"%s\"", clean ? "02" : "00", properties,
			id));
	return c;
}

struct client *join_311(struct rig *r, const char *id, bool clean)
{
	struct client *c = dial(r, MQTT_311);

	say(c, text(r, "10 r s\"MQTT\" 04 %s n0 s\"%s\"", clean ? "02" : "00", id));
	return c;
}

struct client *join(struct rig *r, enum mqtt_version version, const char *id)
{
	struct client *c = version == MQTT_50 ? join_with(r, id, true, "") : join_311(r, id, true);
	const char *line = hear(c);

	if (strncmp(line, "CONNACK", 7))
		fail_msg("%s: %s", id, line);
	return c;
}

void subscribe_to(struct client *c, const char *filter, unsigned options)
{
	say(c, text(c->rig, "82 r m99 p{} s\"%s\" %02X", filter, options));
	expect(c, text(c->rig, "SUBACK id 99: 0x%02X", options & 3));
}
