/* What a server answers to a client's opening handshake of a WebSocket, and the frames after it. The first byte of
 * the input says how: the answer alone, or, after a good one, frames in portions of so many bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "client/shell/opening.h"
#include "client/shell/websocket.h"
#include "tests/fuzz/fuzz.h"

/* ---- what is above and below the channel, in place of a connection --------------------------- */

struct ends {
	struct buf sent;
	size_t room; /* below, for one write */
	bool opened, ended;
};

static struct ends *ends_of(const struct layer *l)
{
	return (struct ends *)l->layers;
}

size_t layer_put(struct layer *l, struct mqtt_view bytes)
{
	struct ends *e = ends_of(l);
	size_t n = bytes.len < e->room ? bytes.len : e->room;

	buf_add(&e->sent, bytes.data, n);
	return n;
}

void layer_opened(struct layer *l)
{
	DEMAND(!ends_of(l)->opened);
	ends_of(l)->opened = true;
}

void layer_deliver(struct layer *l, void *data, size_t len)
{
	DEMAND(ends_of(l)->opened && !ends_of(l)->ended && len);
	uint8_t last = ((const uint8_t *)data)[len - 1];
	channel_websocket.write(l, (struct mqtt_view){ &last, 1 });
}

/* ---- both halves --------------------------------------------------------------------------- */

/* In memory of just its size; true if the layer goes on. */
static bool input(struct layer *l, const void *data, size_t len)
{
	uint8_t *copy = malloc(len);

	if (len)
		memcpy(copy, data, len);
	const char *why = len ? channel_websocket.input(l, copy, len) : NULL;
	DEMAND(!why || *why);
	free(copy);
	ends_of(l)->ended = why != NULL;
	return !why;
}

static void play_frames(const uint8_t *data, size_t size, size_t portion)
{
	struct ends e = { .room = portion };
	struct server server = { .host = "h", .port = "80", .path = "/" };
	void *state = calloc(1, channel_websocket.state_bytes);
	struct layer l = { .layers = (struct layers *)&e, .server = &server, .state = state };
	char key[OPENING_KEY_SIZE], accept[OPENING_ACCEPT_SIZE], answer[256];

	buf_init(&e.sent, 1 << 20);
	DEMAND(!channel_websocket.open(&l));
	while (channel_websocket.pending(&l))
		channel_websocket.written(&l);
	const char *found = strstr(buf_text(&e.sent), "Key: ");
	DEMAND(found);
	snprintf(key, sizeof(key), "%s", found + strlen("Key: "));
	opening_accept(key, accept);
	int len = snprintf(answer, sizeof(answer),
		"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
		accept);
	DEMAND(input(&l, answer, (size_t)len) && e.opened);
	while (size && input(&l, data, size < portion ? size : portion)) {
		size_t n = size < portion ? size : portion;
		data += n;
		size -= n;
	}
	if (!e.ended)
		channel_websocket.finish(&l);
	channel_websocket.close(&l);
	buf_fini(&e.sent);
	free(state);
}

static void read_answer(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), error[200];
	struct http_response r, part;
	char key[OPENING_KEY_SIZE] = "dGhlIHNhbXBsZSBub25jZQ==";

	memcpy(copy, data, size);
	enum http_progress progress = http_read(copy, size, &r);
	DEMAND((progress == HTTP_FOREIGN) == (r.what != NULL));
	if (progress == HTTP_WHOLE) {
		DEMAND(r.size <= size && r.size <= HTTP_HEAD_MAX);
		DEMAND(r.status >= 100 && r.status <= 999);
		DEMAND(opening_check(&r, key, error, sizeof(error)) || *error);
		for (size_t n = 0; n < r.size; n += 1 + r.size / 16)
			DEMAND(http_read(copy, n, &part) == HTTP_PART);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (*data & 0x80)
		play_frames(data + 1, size - 1, 1 + (*data & 0x7f));
	else
		read_answer(data + 1, size - 1);
	return 0;
}
