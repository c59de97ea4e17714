/* The template language on any text: an error names a column of the text, and bytes can be spelt as
 * the hexadecimal digits that they are.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "harness/wire/template.h"
#include "tests/fuzz/fuzz.h"

enum { SPELT_BYTES = 4096 };

static void demand_of_error(const char *text, const char *error)
{
	size_t column;

	DEMAND(sscanf(error, "column %zu: ", &column) == 1);
	DEMAND(column >= 1 && column <= strlen(text) + 1);
}

static void demand_of_bytes(
	struct arena *a, const struct template_values *values, struct bytes bytes)
{
	struct buf spelt;
	struct bytes again;
	const char *error;

	buf_init(&spelt, 4 * SPELT_BYTES);
	hex_format(&spelt, bytes.data, bytes.len, bytes.len);
	DEMAND(template_expand(a, buf_text(&spelt), values, &again, &error));
	DEMAND(bytes_equal(bytes, again));
	buf_fini(&spelt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;

	if (size == 0)
		return 0;
	arena_init(&a);
	char *text = arena_alloc(&a, size); /* one byte becomes the NUL */
	memcpy(text, data + 1, size - 1);
	struct template_values values = {
		.version = data[0] & 1 ? MQTT_50 : MQTT_311, .client_id = "me", .topic_prefix = "k/"
	};
	struct bytes bytes;
	const char *error;
	if (!template_expand(&a, text, &values, &bytes, &error))
		demand_of_error(text, error);
	else if (bytes.len <= SPELT_BYTES)
		demand_of_bytes(&a, &values, bytes);
	arena_fini(&a);
	return 0;
}
