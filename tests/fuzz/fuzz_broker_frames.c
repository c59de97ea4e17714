/* Frames of any content, at once and in pieces: the same is heard, the same verdict comes, and between two frames
 * nothing is held.
 */
#include <string.h>

#include "base/buf.h"
#include "broker/shell/frames.h"
#include "tests/fuzz/fuzz.h"

struct ear {
	struct buf heard; /* data, and pings behind a mark */
};

static bool on_data(void *context, uint8_t *data, size_t len)
{
	struct ear *e = context;

	DEMAND(len);
	return buf_add(&e->heard, data, len);
}

static void on_ping(void *context, const uint8_t *data, size_t len)
{
	(void)context;
	DEMAND(len <= FRAMES_CONTROL_MAX && (!len || data[0] + 1));
}

/* What is heard of the input, cut into pieces of `step` bytes. */
static enum frames_result listen_to(
	struct ear *e, const uint8_t *data, size_t size, size_t step, uint16_t *status)
{
	const struct frames_hearer hearer = { e, on_data, on_ping };
	struct frames f = { 0 };
	enum frames_result result = FRAMES_FINE;

	buf_init(&e->heard, 1 << 20);
	for (size_t at = 0; at < size && result == FRAMES_FINE; at += step) {
		size_t len = size - at < step ? size - at : step;
		uint8_t *piece = malloc(len);
		memcpy(piece, data + at, len);
		result = frames_read(&f, piece, len, &hearer, status);
		free(piece);
		DEMAND(result == FRAMES_FINE || !f.context);
	}
	DEMAND(f.ahead <= size);
	frames_fini(&f);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ear whole, pieces, others;
	uint16_t status = 0, other = 0;

	enum frames_result result = listen_to(&whole, data, size, size + 1, &status);
	DEMAND(listen_to(&pieces, data, size, size < 100 ? 1 : 41, &other) == result &&
		status == other);
	other = 0;
	DEMAND(listen_to(&others, data, size, size < 100 ? 3 : 300, &other) == result &&
		status == other);
	DEMAND(whole.heard.len == pieces.heard.len && whole.heard.len == others.heard.len);
	DEMAND(!whole.heard.len ||
		(!memcmp(whole.heard.data, pieces.heard.data, whole.heard.len) &&
			!memcmp(whole.heard.data, others.heard.data, whole.heard.len)));
	if (result == FRAMES_WRONG || (result == FRAMES_CLOSED && status))
		DEMAND(status >= 1000 && status < 5000);
	buf_fini(&whole.heard);
	buf_fini(&pieces.heard);
	buf_fini(&others.heard);
	return 0;
}
