#include "harness/launch/words.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

enum { TEXT_LIMIT_BYTES = 16 * 1024 * 1024 };

/* Reads one word at *at into `word`; false at an open quote. */
static bool read_word(const char **at, struct buf *word)
{
	const char *p = *at;
	char quote = '\0';

	for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"')
			quote = quote ? '\0' : *p;
		else
			buf_add(word, p, 1);
	}
	*at = p;
	return !quote;
}

const char *const *words_split(struct arena *a, const char *text)
{
	const char **words = NULL;
	size_t count = 0, capacity = 0;
	struct buf word;
	bool ok = true;

	buf_init(&word, TEXT_LIMIT_BYTES);
	for (;;) {
		text += strspn(text, " \t\n");
		words = arena_grow(a, words, count, &capacity, sizeof(*words));
		words[count] = NULL;
		if (!*text || !ok)
			break;
		buf_reset(&word);
		ok = read_word(&text, &word);
		words[count++] = arena_text(a, buf_text(&word));
	}
	buf_fini(&word);
	return ok ? words : NULL;
}

static const struct placeholder *find(const struct placeholder *list, const char *name, size_t len)
{
	for (; list->name; list++)
		if (strlen(list->name) == len && !memcmp(list->name, name, len))
			return list;
	return NULL;
}

const char *words_fill(struct arena *a, const char *text, const struct placeholder *placeholders)
{
	struct buf out;

	buf_init(&out, TEXT_LIMIT_BYTES);
	while (*text) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		const struct placeholder *p =
			end ? find(placeholders, text + 1, (size_t)(end - text) - 1) : NULL;
		if (p) {
			buf_add_text(&out, p->value);
			text = end + 1;
		} else {
			buf_add(&out, text++, 1);
		}
	}
	const char *filled = arena_text(a, buf_text(&out));
	buf_fini(&out);
	return filled;
}
