#include "base/shell.h"

#include <string.h>

#include "base/buf.h"

void shell_add_word(struct buf *b, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:@%+=,";

	if (b->len)
		buf_add_text(b, " ");
	if (*word && !word[strspn(word, plain)]) {
		buf_add_text(b, word);
		return;
	}
	buf_add_text(b, "'");
	for (; *word; word++) {
		if (*word == '\'')
			buf_add_text(b, "'\\''");
		else
			buf_add(b, word, 1);
	}
	buf_add_text(b, "'");
}
