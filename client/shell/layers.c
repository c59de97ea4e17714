#include "client/shell/layers.h"

#include <stdint.h>

enum { ALIGNED = _Alignof(max_align_t) };

/* Of a state, so that the next one is aligned. */
static size_t state_size(const struct channel *channel)
{
	return (channel->state_bytes + ALIGNED - 1) / ALIGNED * ALIGNED;
}

size_t layers_size(const struct server *server)
{
	size_t size = 0;

	for (unsigned i = 0; i < SERVER_LAYERS && server->channels[i]; i++)
		size += state_size(server->channels[i]);
	return size;
}

void layers_init(struct layers *l, const struct server *server, const struct layers_ends *ends,
	void *connection, void *states)
{
	uint8_t *state = states;

	*l = (struct layers){ .ends = ends, .connection = connection, .server = server };
	for (unsigned i = 0; i < SERVER_LAYERS && server->channels[i]; i++) {
		l->list[i] = (struct layer){ l, server, state, i, false };
		l->count++;
		state += state_size(server->channels[i]);
	}
}

static const struct channel *channel_of(const struct layers *l, unsigned level)
{
	return l->server->channels[level];
}

void layers_fini(struct layers *l)
{
	while (l->begun) {
		l->begun--;
		channel_of(l, l->begun)->close(&l->list[l->begun]);
	}
}

/* ---- from the stream ----------------------------------------------------------------------- */

static void open_level(struct layers *l, unsigned level)
{
	l->opened = level;
	if (level == l->count) {
		l->ends->opened(l->connection);
		return;
	}
	l->begun++;
	const char *why = channel_of(l, level)->open(&l->list[level]);
	if (why)
		l->ends->failed(l->connection, why);
}

static void input_level(struct layers *l, unsigned level, void *data, size_t len)
{
	if (level == l->count) {
		l->ends->bytes(l->connection, data, len);
		return;
	}
	const char *why = channel_of(l, level)->input(&l->list[level], data, len);
	if (why)
		l->ends->failed(l->connection, why);
}

void layers_open(struct layers *l)
{
	open_level(l, 0);
}

void layers_input(struct layers *l, void *data, size_t len)
{
	input_level(l, 0, data, len);
}

void layer_opened(struct layer *layer)
{
	open_level(layer->layers, layer->level + 1);
}

void layer_deliver(struct layer *layer, void *data, size_t len)
{
	input_level(layer->layers, layer->level + 1, data, len);
}

/* ---- to the stream ------------------------------------------------------------------------- */

/* What a level, or the owner above all of them, has for the one below it. */
static size_t write_below(struct layers *l, unsigned level, struct mqtt_view bytes)
{
	if (!level)
		return l->ends->put(l->connection, bytes);
	return channel_of(l, level - 1)->write(&l->list[level - 1], bytes);
}

size_t layer_put(struct layer *layer, struct mqtt_view bytes)
{
	return write_below(layer->layers, layer->level, bytes);
}

size_t layers_write(struct layers *l, struct mqtt_view bytes)
{
	return write_below(l, l->count, bytes);
}

static bool is_pending(const struct layers *l, unsigned level)
{
	return level < l->opened && channel_of(l, level)->pending(&l->list[level]);
}

bool layers_are_pending(const struct layers *l)
{
	bool pending = l->farewells > 0;

	for (unsigned i = 0; i < l->opened; i++)
		pending = pending || is_pending(l, i);
	return pending;
}

/* From above, each once what the one above it said has been taken. */
static void say_farewells(struct layers *l)
{
	while (l->farewells && !is_pending(l, l->farewells)) {
		unsigned level = --l->farewells;
		if (channel_of(l, level)->finish)
			channel_of(l, level)->finish(&l->list[level]);
	}
}

void layers_finish(struct layers *l)
{
	if (!l->finished)
		l->farewells = l->opened;
	l->finished = true;
	say_farewells(l);
}

void layers_written(struct layers *l)
{
	for (unsigned i = 0; i < l->begun; i++)
		channel_of(l, i)->written(&l->list[i]);
	say_farewells(l);
}

const char *layers_handshake(const struct layers *l)
{
	return l->begun > l->opened ? channel_of(l, l->opened)->name : NULL;
}

bool layers_are_untrusted(const struct layers *l)
{
	bool untrusted = false;

	for (unsigned i = 0; i < l->count; i++)
		untrusted = untrusted || l->list[i].untrusted;
	return untrusted;
}
