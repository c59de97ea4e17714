#include "reports/site/release.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* What a part of a name says, the oldest first, where all before it is equal. */
enum rank {
	RANK_SNAPSHOT,
	RANK_ALPHA,
	RANK_BETA,
	RANK_CANDIDATE,
	RANK_END,      /* 2.0: the release itself */
	RANK_WORD,     /* 2.0-post */
	RANK_REVISION, /* 2.0-1, 2.0+5 */
	RANK_NUMBER,   /* 2.0.1 */
};

struct part {
	enum rank rank;
	const char *text;
	size_t len;
};

static bool is_number(char c)
{
	return isdigit((unsigned char)c);
}

static bool is_letter(char c)
{
	return isalpha((unsigned char)c);
}

static struct part number_at(const char *text, enum rank rank)
{
	text += strspn(text, "0");
	return (struct part){ rank, text, strspn(text, "0123456789") };
}

/* One letter alone says that it is early only with a number after it: 3.0b2, but 1.1.1b of OpenSSL. */
static enum rank rank_of_word(const char *text, size_t len)
{
	static const struct {
		const char *word;
		enum rank rank;
	} early[] = {
		{ "dev", RANK_SNAPSHOT },
		{ "snapshot", RANK_SNAPSHOT },
		{ "nightly", RANK_SNAPSHOT },
		{ "a", RANK_ALPHA },
		{ "alpha", RANK_ALPHA },
		{ "b", RANK_BETA },
		{ "beta", RANK_BETA },
		{ "m", RANK_BETA },
		{ "milestone", RANK_BETA },
		{ "pre", RANK_CANDIDATE },
		{ "preview", RANK_CANDIDATE },
		{ "cr", RANK_CANDIDATE },
		{ "rc", RANK_CANDIDATE },
	};

	for (size_t i = 0; i < sizeof(early) / sizeof(*early); i++)
		if (strlen(early[i].word) == len && !strncasecmp(early[i].word, text, len) &&
			(len > 1 || is_number(text[len])))
			return early[i].rank;
	return RANK_WORD;
}

/* The part at *at, which is then after it. */
static struct part next_part(const char **at)
{
	const char *text = *at;
	bool revision = false;

	for (; *text && !is_number(*text) && !is_letter(*text); text++)
		revision = *text == '-' || *text == '+';
	struct part part = { RANK_END, text, 0 };
	if (is_number(*text)) {
		part = number_at(text, revision ? RANK_REVISION : RANK_NUMBER);
	} else if (is_letter(*text)) {
		while (is_letter(part.text[part.len]))
			part.len++;
		part.rank = rank_of_word(part.text, part.len);
	}
	*at = part.text + part.len;
	return part;
}

static int compare_parts(const struct part *a, const struct part *b)
{
	size_t least = a->len < b->len ? a->len : b->len;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->rank < RANK_END)
		return 0; /* b2 is beta.2 */
	if (a->rank >= RANK_REVISION && a->len != b->len)
		return a->len < b->len ? -1 : 1;
	int order = strncasecmp(a->text, b->text, least);
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static const char *without_v(const char *text)
{
	return (*text == 'v' || *text == 'V') && is_number(text[1]) ? text + 1 : text;
}

int release_compare(const char *a, const char *b)
{
	const char *x = without_v(a), *y = without_v(b);

	if (!*a || !*b)
		return (*a != '\0') - (*b != '\0');
	for (;;) {
		struct part one = next_part(&x), other = next_part(&y);
		int order = compare_parts(&one, &other);
		if (order)
			return order;
		if (one.rank == RANK_END)
			return strcmp(a, b);
	}
}
