/* Heads of HTTP, any bytes: what is read of them holds together, whatever portions they come in, and a handshake
 * that is judged gets a sentence or none.
 */
#include <string.h>

#include "base/arena.h"
#include "harness/transport/http.h"
#include "harness/transport/opening.h"
#include "tests/fuzz/fuzz.h"

typedef enum http_status (*read_head)(const char *data, size_t len, struct http_head *out);

static void demand_inside(struct http_text t, const char *data, size_t len)
{
	DEMAND(t.at >= data && t.at + t.len <= data + len);
}

static void demand_whole(const struct http_head *h, const char *data, size_t len)
{
	DEMAND(h->size && h->size <= len && h->size <= HTTP_HEAD_MAX);
	DEMAND(!memcmp(data + h->size - 4, "\r\n\r\n", 4));
	DEMAND(h->field_count <= HTTP_FIELDS_MAX);
	for (size_t i = 0; i < h->field_count; i++) {
		demand_inside(h->fields[i].name, data, h->size);
		demand_inside(h->fields[i].value, data, h->size);
		DEMAND(h->fields[i].name.len);
	}
}

/* The copy has no byte beyond the end, so that the sanitizer sees whoever looks there. */
static enum http_status read_copy(
	read_head read, const uint8_t *data, size_t len, struct http_head *out, char **copy)
{
	*copy = malloc(len ? len : 1);
	memcpy(*copy, data, len);
	return read(*copy, len, out);
}

static void demand_of(read_head read, const uint8_t *data, size_t size)
{
	struct http_head whole, part;
	char *copy, *less;
	struct arena a;
	enum http_status status = read_copy(read, data, size, &whole, &copy);

	arena_init(&a);
	if (status == HTTP_MALFORMED)
		DEMAND(whole.what && *whole.what);
	if (status == HTTP_HEAD) {
		demand_whole(&whole, copy, size);
		const char *fault = read == http_read_request
			? opening_request_fault(&a, &whole)
			: opening_answer_fault(&a, &whole, "dGhlIHNhbXBsZSBub25jZQ==");
		DEMAND(!fault || *fault);
		/* A byte less is no head; what follows a head changes nothing. */
		DEMAND(read_copy(read, data, whole.size - 1, &part, &less) != HTTP_HEAD);
		free(less);
		DEMAND(read_copy(read, data, whole.size, &part, &less) == HTTP_HEAD);
		DEMAND(part.size == whole.size && part.field_count == whole.field_count);
		free(less);
	}
	if (status == HTTP_NEED_MORE)
		DEMAND(size < HTTP_HEAD_MAX);
	arena_fini(&a);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	demand_of(http_read_request, data, size);
	demand_of(http_read_response, data, size);
	return 0;
}
