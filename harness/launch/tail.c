#include "harness/launch/tail.h"

#include <string.h>

#include "base/arena.h"

void tail_add(struct tail *t, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		t->ring[t->total++ % TAIL_BYTES] = data[i];
}

const char *tail_text(const struct tail *t, struct arena *a)
{
	size_t len = t->total < TAIL_BYTES ? t->total : TAIL_BYTES;
	char *text = arena_alloc(a, len + 1);

	for (size_t i = 0; i < len; i++) {
		char c = t->ring[(t->total - len + i) % TAIL_BYTES];
		text[i] = c ? c : ' ';
	}
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	char *newline = t->total > TAIL_BYTES ? strchr(text, '\n') : NULL;
	return newline ? newline + 1 : text;
}

const char *tail_last_line(const struct tail *t, struct arena *a)
{
	const char *text = tail_text(t, a);
	const char *newline = strrchr(text, '\n');

	return newline ? newline + 1 : text;
}
