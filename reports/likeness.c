#include "reports/likeness.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

struct word {
	const char *text;
	size_t len;
};

static bool is_word(struct word w, const char *text)
{
	return strlen(text) == w.len && !memcmp(w.text, text, w.len);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* After a word that gives a number its meaning, the number stays. */
static bool gives_meaning(struct word w)
{
	static const char *const words[] = { "dup", "DUP", "retain", "RETAIN", "Present", "present",
		"MQTT", "version" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(w, words[i]))
			return true;
	return false;
}

/* The end of "..." from its opening quote on; a backslash inside takes the next character along. */
static const char *behind_quote(const char *c)
{
	for (c++; *c && *c != '"'; c++)
		if (*c == '\\' && c[1])
			c++;
	return c + (*c == '"');
}

static struct word word_at(const char *c)
{
	return (struct word){ c, strcspn(c, " ,;()=\"") };
}

/* "3C", a byte of a payload that is no text. */
static bool is_byte(struct word w)
{
	return w.len == 2 && isxdigit((unsigned char)w.text[0]) && !islower(w.text[0]) &&
		isxdigit((unsigned char)w.text[1]) && !islower(w.text[1]);
}

/* The end of as many bytes as stand here, if there are two or more; else NULL. */
static const char *behind_bytes(const char *c)
{
	size_t count = 0;

	while (is_byte(word_at(c))) {
		count++;
		c += 2;
		if (*c != ' ' || !is_byte(word_at(c + 1)))
			break;
		c++;
	}
	return count > 1 ? c : NULL;
}

static void add_number(struct buf *b, struct word w)
{
	size_t digits = *w.text == '-';

	while (digits < w.len && (is_digit(w.text[digits]) || w.text[digits] == '.'))
		digits++;
	if (w.text[digits - 1] == '.') /* of the sentence */
		digits--;
	buf_add_text(b, "N");
	buf_add(b, w.text + digits, w.len - digits);
}

static bool is_number(struct word w)
{
	size_t sign = w.len > 1 && *w.text == '-';

	return w.len && is_digit(w.text[sign]) && !(w.len > 2 && !memcmp(w.text, "0x", 2));
}

static void add_word(struct buf *b, struct word w, struct word before)
{
	if (is_number(w) && !gives_meaning(before))
		add_number(b, w);
	else if (w.len == 2 && *w.text == 'q' && is_digit(w.text[1]))
		buf_add_text(b, "qN");
	else
		buf_add(b, w.text, w.len);
}

static void add_words(struct buf *b, const char *c)
{
	struct word before = { "", 0 };

	while (*c) {
		struct word w = word_at(c);
		const char *end = behind_bytes(c);
		if (*c == '"')
			end = behind_quote(c);
		if (end) {
			buf_add_text(b, "\"...\"");
			c = end;
		} else if (w.len) {
			add_word(b, w, before);
			before = w;
			c += w.len;
		} else {
			buf_add(b, c++, 1);
		}
	}
}

/* "PINGRESP, PINGRESP, then" to "PINGRESP, then". */
static const char *without_repetition(struct arena *a, const char *text)
{
	char *out = arena_text(a, text), *end = out;
	struct word last = { "", 0 };

	while (*text) {
		size_t between = strspn(text, ",: ");
		struct word item = { text + between, strcspn(text + between, ",:") };
		if (!item.len || item.len != last.len || memcmp(item.text, last.text, item.len)) {
			memcpy(end, text, between + item.len);
			end += between + item.len;
			last = item;
		}
		text += between + item.len;
	}
	*end = '\0';
	return out;
}

const char *likeness(struct arena *a, const char *text)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	add_words(&b, text);
	const char *plain = without_repetition(a, buf_text(&b));
	buf_fini(&b);
	return plain;
}
