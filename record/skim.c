/* A line is looked through from its beginning to its end, but nothing of it is kept. */
#include <string.h>

#include "base/utf8.h"
#include "record/record.h"

enum {
	DEPTH_MAX = 8,   /* of what a record has within each other: 3 */
	DIGITS_MAX = 18, /* what is longer may be too large for a reader */
};

struct skim {
	const char *at, *end;
	bool passed, expected;
};

static bool take(struct skim *s, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, text, len) != 0)
		return false;
	s->at += len;
	return true;
}

/* No writer of ours escapes any but control characters, and there is no NUL in a text. */
static bool skip_hex(struct skim *s)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	if (!take(s, "00") || take(s, "00"))
		return false;
	for (int i = 0; i < 2; i++, s->at++)
		if (s->at >= s->end || !*s->at || !strchr(digits, *s->at))
			return false;
	return true;
}

/* After its first quote. Its UTF-8 has been checked. */
static bool skip_string(struct skim *s)
{
	while (s->at < s->end) {
		unsigned char c = (unsigned char)*s->at++;
		if (c == '"')
			return true;
		if (c < ' ')
			return false;
		if (c != '\\')
			continue;
		if (s->at >= s->end || !*s->at || !strchr("\"\\/bfnrtu", *s->at))
			return false;
		if (*s->at++ == 'u' && !skip_hex(s))
			return false;
	}
	return false;
}

static bool take_string(struct skim *s, const char **text, size_t *len)
{
	if (!take(s, "\""))
		return false;
	*text = s->at;
	bool whole = skip_string(s);
	*len = (size_t)(s->at - *text) - 1;
	return whole;
}

static bool take_number(struct skim *s, int64_t *out)
{
	const char *start = s->at;

	*out = 0;
	if (take(s, "0"))
		return true;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && s->at - start < DIGITS_MAX)
		*out = *out * 10 + (*s->at++ - '0');
	return s->at > start;
}

static bool skip_digits(struct skim *s)
{
	const char *start = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > start && s->at - start <= DIGITS_MAX;
}

/* No number of ours is so large that it needs an exponent. */
static bool skip_number(struct skim *s)
{
	take(s, "-");
	if (!take(s, "0") && !skip_digits(s))
		return false;
	if (take(s, ".") && !skip_digits(s))
		return false;
	return !take(s, "e") || (take(s, "-") && skip_digits(s));
}

static bool skip_value(struct skim *s, int depth);

/* After its bracket. */
static bool skip_many(struct skim *s, bool keys, const char *bracket, int depth)
{
	if (take(s, bracket))
		return true;
	do {
		if (keys && !(take(s, "\"") && skip_string(s) && take(s, ":")))
			return false;
		if (!skip_value(s, depth))
			return false;
	} while (take(s, ","));
	return take(s, bracket);
}

static bool skip_value(struct skim *s, int depth)
{
	if (depth >= DEPTH_MAX)
		return false;
	if (take(s, "\""))
		return skip_string(s);
	if (take(s, "["))
		return skip_many(s, false, "]", depth + 1);
	if (take(s, "{"))
		return skip_many(s, true, "}", depth + 1);
	return take(s, "true") || take(s, "false") || take(s, "null") || skip_number(s);
}

static bool is(const char *key, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(key, name, len);
}

static bool is_any(const char *key, size_t len, const char *const *names)
{
	while (*names && !is(key, len, *names))
		names++;
	return *names;
}

/* The fields of a case run in which nothing was wrong. Any other one has to be read. */
static bool skim_field(struct skim *s, const char *key, size_t len, struct record_brief *out)
{
	static const char *const plain[] = { "title", "chapter", "version", "transport",
		"segmentation", "repeat", "level", "statements", "transcript", "measurements",
		"target_said", "client_said", NULL };

	if (is_any(key, len, plain))
		return skip_value(s, 0);
	if (is(key, len, "id"))
		return take_string(s, &out->id, &out->id_len);
	if (is(key, len, "verdict"))
		return s->passed = take(s, "\"pass\"");
	if (is(key, len, "expected"))
		return s->expected = take(s, "true");
	if (is(key, len, "started_us"))
		return take_number(s, &out->started_us);
	return is(key, len, "duration_us") && take_number(s, &out->duration_us);
}

bool record_skim(const char *line, size_t len, struct record_brief *out)
{
	struct skim s = { .at = line, .end = line + len };
	const char *key;
	size_t key_len;

	*out = (struct record_brief){ .duration_us = -1 };
	if (utf8_check((const uint8_t *)line, len) != len || !take(&s, "{\"type\":\"case\""))
		return false;
	while (take(&s, ","))
		if (!take_string(&s, &key, &key_len) || !take(&s, ":") ||
			!skim_field(&s, key, key_len, out))
			return false;
	return take(&s, "}\n") && s.at == s.end && s.passed && s.expected && out->id &&
		out->duration_us >= 0;
}
