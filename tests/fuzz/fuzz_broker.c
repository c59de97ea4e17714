/* The whole broker fed by several connections, step by step, on a clock of its own.
 *
 *      first byte: how the broker is set up
 *      then steps: | what and who | ... |      see `step`
 *
 * Whatever the clients do, what the broker writes must be legal packets of their version, in an order
 * that is allowed, and nothing may be left when it ends.
 */
#include <string.h>

#include "base/buf.h"
#include "broker/core/broker.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/mqtt_any.h"

enum { CLIENTS = 6 };

struct client {
	struct link *link; /* NULL: not connected */
	unsigned version;  /* 0: not known yet */
	struct buf heard;
	bool welcomed; /* CONNACK has come */
	bool ended;    /* DISCONNECT, or CONNACK with a failure, has come */
	bool deaf;
};

struct world {
	struct broker *broker;
	int64_t now_ms;
	bool store_full;  /* puts fail */
	bool store_stuck; /* commits fail */
	bool uncommitted; /* what depends on it must not get out */
	bool committing;  /* until the next carry */
	struct client clients[CLIENTS];
	const uint8_t *data;
	size_t size;
};

static uint8_t take(struct world *w)
{
	if (!w->size)
		return 0;
	w->size--;
	return *w->data++;
}

/* The order in which a server may send. */
static void demand_of_order(struct client *c, const struct any_packet *p)
{
	unsigned type = p->frame.type;

	DEMAND(!c->ended); /* [MQTT-3.14.4-1] */
	if (type == CONNACK) {
		DEMAND(!c->welcomed); /* [MQTT-3.2.0-2] */
		c->welcomed = !p->connack.code;
		c->ended = p->connack.code != 0;
	} else {
		DEMAND(c->welcomed || type == AUTH); /* [MQTT-3.2.0-1] */
		c->ended = type == DISCONNECT;
	}
}

static void heard_check(struct client *c)
{
	size_t at = 0;

	while (at < c->heard.len) {
		struct any_packet p;
		struct mqtt_error e;
		/* Only a CONNACK tells the version to those that do not know: its length does. */
		unsigned version = c->version;
		if (!version)
			version = c->heard.data[at + 1] == 2 ? MQTT_311 : MQTT_50;
		DEMAND(mqtt_frame_read(c->heard.data + at, c->heard.len - at, version, &p.frame,
			       &e) == MQTT_READ_OK);
		size_t len = p.frame.header_len + (size_t)p.frame.body_len;
		DEMAND(len <= c->heard.len - at);
		DEMAND(any_read(version, MQTT_FROM_SERVER, c->heard.data + at, len, &p, &e));
		demand_of_order(c, &p);
		c->version = version;
		at += len;
	}
	buf_reset(&c->heard);
}

static void client_close(struct client *c)
{
	if (c->link)
		link_closed(c->link);
	c->link = NULL;
	buf_reset(&c->heard);
	c->welcomed = c->ended = c->deaf = false;
	c->version = 0;
}

static void client_carry(struct world *w, struct client *c)
{
	struct broker_piece pieces[4];

	if (link_must_close(c->link)) {
		client_close(c);
		return;
	}
	while (!c->deaf && link_output_bytes(c->link)) {
		size_t total = 0, count = link_output(c->link, pieces, 4);
		DEMAND(count > 0 || w->uncommitted || w->committing);
		if (!count)
			break;
		for (size_t i = 0; i < count; i++) {
			DEMAND(buf_add(&c->heard, pieces[i].data, pieces[i].len));
			total += pieces[i].len;
		}
		link_written(c->link, total);
	}
	if (!c->deaf)
		heard_check(c);
	bool done = link_ends(c->link) && !link_output_bytes(c->link);
	if (done || link_must_close(c->link))
		client_close(c);
}

static void carry(struct world *w)
{
	struct link *l;

	if (w->committing) {
		w->committing = false;
		w->uncommitted |= w->store_stuck;
		broker_committed(w->broker, !w->store_stuck);
	}
	while ((l = broker_next(w->broker)))
		client_carry(w, link_owner(l));
}

/* Packets that are often right, so that the fuzzer gets somewhere. */
static void say_connect(struct world *w, struct client *c, uint8_t how)
{
	uint8_t connect[64] = { 0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', how & 1 ? 5 : 4, how & 2 };
	size_t at = 12;

	if (how & 1) {
		uint8_t properties[] = { 14, 0x11, 0, 0, 0, how >> 4, 0x21, 0, 1 + (how >> 6), 0x22,
			0, how >> 5, 0x17, how >> 2 & 1, 0x19 };
		memcpy(connect + at, properties, sizeof(properties));
		at += sizeof(properties);
		connect[at++] = how >> 3 & 1;
	}
	if (how & 1)
		connect[12] = 15;
	connect[at++] = 0;
	connect[at++] = 1;
	connect[at++] = (uint8_t)('a' + (how >> 2 & 1));
	if (how & 8) { /* with a Will */
		connect[9] |= 4 | (how >> 4 & 1) << 3;
		if (how & 1) {
			memcpy(connect + at, "\5\x18\0\0\0\2", 6);
			at += 6;
		}
		memcpy(connect + at, "\0\1t\0\1w", 6);
		at += 6;
	}
	connect[1] = (uint8_t)(at - 2);
	link_input(c->link, connect, at);
	(void)w;
}

/* Packets that each lead somewhere; in 5.0 a Property Length of 0 stands after the identifier. */
static const struct stock {
	const char *bytes; /* after the Fixed Header; P: where properties begin in 5.0 */
	uint8_t first;
	uint8_t len;
} stock[] = {
	{ "\0\1P\0\3a/+\1", 0x82, 9 },
	{ "\0\2P\0\1#\2\0\3a/b\0", 0x82, 13 },
	{ "\0\3P\0\12$share/g/t\1", 0x82, 16 },
	{ "\0\4P\0\1t\2\0\6$SYS/#\0", 0x82, 16 },
	{ "\0\5P\0\3a/+", 0xA2, 8 },
	{ "\0\6P\0\12$share/g/t", 0xA2, 15 },
	{ "\0\7P\0\1#", 0xA2, 6 },
	{ "\0\3a/bPzero", 0x30, 10 },
	{ "\0\3a/b\0\1Pone", 0x32, 11 },
	{ "\0\3a/b\0\2Ptwo", 0x34, 11 },
	{ "\0\1t\0\3Pone", 0x33, 9 },
	{ "\0\1t\0\4Ptwo", 0x35, 9 },
	{ "\0\1tP", 0x31, 4 },
	{ "\0\1", 0x40, 2 },
	{ "\0\2", 0x40, 2 },
	{ "\0\1", 0x50, 2 },
	{ "\0\2", 0x50, 2 },
	{ "\0\2", 0x62, 2 },
	{ "\0\4", 0x62, 2 },
	{ "\0\1", 0x70, 2 },
	{ "\0\2", 0x70, 2 },
	{ "", 0xC0, 0 },
	{ "", 0xE0, 0 },
};

/* Properties that fit each of the packets above which may have some. */
static const struct {
	const char *bytes;
	uint8_t first; /* 0: a PUBLISH */
	uint8_t len;
} extras[] = { { "\x0B\5", 0x82, 2 }, { "\2\0\0\0\3", 0, 5 }, { "\x23\0\1", 0, 3 },
	{ "\x26\0\1k\0\1v", 0, 7 } };

static void client_say_stock(struct world *w, struct client *c)
{
	const struct stock *s = &stock[take(w) % (sizeof(stock) / sizeof(*stock))];
	uint8_t packet[64] = { s->first }, how = take(w);
	size_t at = 2, extra = how % 8;

	for (size_t i = 0; i < s->len; i++) {
		if (s->bytes[i] != 'P') {
			packet[at++] = (uint8_t)s->bytes[i];
			continue;
		}
		if (!(how & 0x80))
			continue;
		bool fits = extra < sizeof(extras) / sizeof(*extras) &&
			(extras[extra].first ? extras[extra].first == s->first
					     : s->first >> 4 == 3);
		packet[at++] = fits ? extras[extra].len : 0;
		if (!fits)
			continue;
		memcpy(packet + at, extras[extra].bytes, extras[extra].len);
		at += extras[extra].len;
	}
	packet[1] = (uint8_t)(at - 2);
	link_input(c->link, packet, at);
}

/* The last two come in by listeners that have one. */
static const char *const mounts[CLIENTS] = { [CLIENTS - 2] = "a/", [CLIENTS - 1] = "a" };

static void client_dial(struct world *w, struct client *c, uint8_t how)
{
	client_close(c);
	c->link = link_open(w->broker, c);
	if (c->link && mounts[c - w->clients] &&
		!link_set_mount(c->link, mqtt_view_of(mounts[c - w->clients])))
		client_close(c);
	if (c->link && how)
		say_connect(w, c, how);
}

/* Any bytes, with their length in front: a copy of the right size, so that reading past it shows. */
static void client_say(struct world *w, struct client *c)
{
	size_t len = take(w);
	if (len > w->size)
		len = w->size;
	uint8_t *copy = malloc(len ? len : 1);
	DEMAND(copy);
	memcpy(copy, w->data, len);
	w->data += len;
	w->size -= len;
	link_input(c->link, copy, len);
	free(copy);
}

static void step(struct world *w)
{
	uint8_t what = take(w);
	struct client *c = &w->clients[what % CLIENTS];

	switch (what / CLIENTS % 8) {
	case 0: client_dial(w, c, take(w)); break;
	case 1: client_close(c); break;
	case 2:
		w->now_ms += (int64_t)1 << take(w) % 20;
		broker_tick(w->broker, w->now_ms);
		carry(w);
		DEMAND(broker_due(w->broker) >= w->now_ms);
		break;
	case 3:
		c->deaf = !c->deaf && c->link;
		if (what & 128)
			w->store_full = !w->store_full;
		if (what & 64)
			w->store_stuck = !w->store_stuck;
		break;
	case 4:
		if (c->link)
			client_say(w, c);
		break;
	case 5:
		if (c->link)
			link_decide(c->link, take(w) & 1 ? 0 : MQTT_NOT_AUTHORIZED, NULL);
		break;
	default:
		if (c->link)
			client_say_stock(w, c);
	}
	if (c->link && !c->deaf)
		link_mark(c->link);
	carry(w);
}

static bool store_put(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct world *w = context;

	DEMAND(w->broker && key.len && key.data[0] >= 'a' && key.data[0] <= 'f' && value.len);
	w->uncommitted = true;
	return !w->store_full;
}

static void store_remove(void *context, struct mqtt_view key)
{
	struct world *w = context;

	DEMAND(w->broker && key.len && key.data[0] >= 'a' && key.data[0] <= 'f');
	w->uncommitted = true;
}

static void store_amend(void *context, struct mqtt_view key, struct mqtt_view value)
{
	DEMAND(value.len);
	store_remove(context, key);
}

static bool store_commit(void *context)
{
	struct world *w = context;

	if (!w->store_stuck)
		w->uncommitted = false;
	return !w->store_stuck;
}

static bool store_begin(void *context)
{
	struct world *w = context;

	DEMAND(!w->committing);
	w->committing = true;
	w->uncommitted = false;
	return true;
}

static int auth_step(void *context, const struct broker_client *client,
	const struct mqtt_connect *connect, bool again, struct mqtt_view method,
	struct mqtt_view data, struct broker_auth_answer *answer)
{
	(void)context;
	(void)client;
	(void)connect;
	(void)again;
	answer->data = method;
	if (!data.len)
		return BROKER_AUTH_CONTINUE;
	if (data.data[0] & 2)
		return BROKER_AUTH_LATER;
	return data.data[0] & 1 ? 0 : MQTT_NOT_AUTHORIZED;
}

static void set_up(struct world *w, uint8_t how)
{
	struct broker_config config;

	broker_config_default(&config);
	config.seed = 7;
	config.sys_interval_s = how & 1 ? 10 : 0;
	config.limits.inflight = how & 2 ? 2 : 1000;
	config.limits.queue_messages = how & 2 ? 3 : 1000;
	config.limits.receive_maximum = how & 4 ? 2 : 1000;
	config.limits.output_bytes = how & 8 ? 300 : 1 << 20;
	config.limits.memory_bytes = how & 16 ? 150000 : 64 << 20;
	config.limits.packet_bytes = how & 32 ? 100 : 1 << 20;
	config.limits.maximum_qos = how & 64 ? 1 : 2;
	config.auth.step = auth_step;
	if (how & 128) {
		config.store = (struct broker_store){ .context = w,
			.put = store_put,
			.remove = store_remove,
			.amend = store_amend,
			.commit = store_commit,
			.begin = how & 2 ? store_begin : NULL };
	}
	w->broker = broker_new(&config, 0);
	DEMAND(w->broker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .data = data, .size = size };

	set_up(&w, take(&w));
	for (unsigned i = 0; i < CLIENTS; i++)
		buf_init(&w.clients[i].heard, 64 << 20);
	broker_tick(w.broker, 0);
	while (w.size)
		step(&w);
	broker_shutdown(w.broker);
	carry(&w);
	for (unsigned i = 0; i < CLIENTS; i++) {
		client_close(&w.clients[i]);
		buf_fini(&w.clients[i].heard);
	}
	DEMAND(broker_figures(w.broker)->links == 0 && broker_figures(w.broker)->connected == 0);
	broker_free(w.broker);
	return 0;
}
