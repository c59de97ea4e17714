#include "harness/launch/tail.h"

#include <stdbool.h>
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

/* ---- the line that says why ----------------------------------------------------------------- */

static bool begins(const char *line, const char *word)
{
	return !strncasecmp(line, word, strlen(word));
}

/* "Usage: ...", "Try 'broker --help' for more", "note: run with `RUST_BACKTRACE=1` ..." */
static bool is_hint(const char *line)
{
	return begins(line, "usage:") || begins(line, "try ") || begins(line, "see ") ||
		begins(line, "for more ") || begins(line, "note: run with ") ||
		(strstr(line, "--help") && !strcasestr(line, "error"));
}

/* What runtimes write around the sentence: what is indented belongs to the line above it, a line that ends in
 * a colon leads to a stack, one word alone is a function or a bracket.
 */
static bool is_of_a_stack(const char *line)
{
	size_t len = strlen(line);

	return strchr(" \t", line[0]) || line[len - 1] == ':' || !strpbrk(line, " \t") ||
		begins(line, "exit status ") || begins(line, "node.js v");
}

const char *tail_cause(const struct tail *t, struct arena *a)
{
	char *text = arena_text(a, tail_text(t, a));
	const char *last = NULL;

	for (;;) {
		char *newline = strrchr(text, '\n');
		char *line = newline ? newline + 1 : text;
		size_t len = strlen(line);
		while (len && strchr(" \t\r", line[len - 1]))
			line[--len] = '\0';
		if (*line && !is_hint(line) && !is_of_a_stack(line))
			return line;
		if (*line && !last)
			last = line + strspn(line, " \t");
		if (!newline)
			return last ? last : "";
		*newline = '\0';
	}
}
