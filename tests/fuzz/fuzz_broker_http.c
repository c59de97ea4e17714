/* Requests of any content: a verdict comes, with a reason, and what it points to lies within the request. */
#include <string.h>

#include "broker/shell/http_request.h"
#include "tests/fuzz/fuzz.h"

static void demand_within(struct http_text t, const char *from, size_t len)
{
	DEMAND(!t.data || (t.data >= from && t.data + t.len <= from + len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request r;
	const char *why = NULL;
	char *text =
		malloc(size + 5); /* the end is there in any case, and none of it is a string */

	memcpy(text, data, size);
	memcpy(text + size, "\r\n\r\n", 4);
	size_t len = http_request_size(text, size + 4);
	DEMAND(len >= 4 && len <= size + 4);
	char *exact = malloc(len);
	memcpy(exact, text, len);
	free(text);
	int status = http_request_read(&r, exact, len, &why);
	DEMAND(status == 101 || (status >= 400 && status <= 505 && why));
	if (status == 101) {
		DEMAND(r.key.len == 24 && r.protocol.len >= 4);
		demand_within(r.key, exact, len);
		demand_within(r.origin, exact, len);
		demand_within(r.protocol, exact, len);
	}
	free(exact);
	return 0;
}
