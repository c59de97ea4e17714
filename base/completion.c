#include "base/completion.h"

#include <getopt.h>
#include <string.h>

void completion_offer(const struct completion *c, const char *word, const char *meaning)
{
	if (strncmp(word, c->current, strlen(c->current)) != 0 && *word != '=')
		return;
	fprintf(c->to, "%.*s%s", *word == '=' ? 0 : c->prefix_len, c->prefix, word);
	if (meaning && *meaning)
		fprintf(c->to, "\t%.*s", (int)strcspn(meaning, "\n"), meaning);
	fputc('\n', c->to);
}

void completion_offer_words(const struct completion *c, const char *words)
{
	char word[128];

	for (size_t len; *words; words += len + strspn(words + len, " ")) {
		len = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		completion_offer(c, word, NULL);
	}
}

/* "  -j, --jobs N         case runs at once": what is after the last two blanks. */
static const char *meaning_of_line(const char *line, size_t len, const char *option)
{
	size_t option_len = strlen(option);
	const char *gap = memmem(line + 2, len - 2, "  ", 2);

	while (gap && gap == line + 2 + strspn(line + 2, " ") - 2) /* "      --option" */
		gap = memmem(gap + 2, len - (size_t)(gap + 2 - line), "  ", 2);
	const char *end = gap ? gap : line + len;
	for (const char *at = line; (at = memmem(at, (size_t)(end - at), option, option_len));
		at++) {
		bool begins = at[-1] == ' ';
		bool ends = at + option_len == end || strchr(" ,", at[option_len]);
		if (begins && ends)
			return gap ? gap + strspn(gap, " ") : line + len;
	}
	return NULL;
}

const char *completion_meaning(const char *help, const char *option, char out[static 128])
{
	size_t len;

	for (const char *line = help; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len < 4 || strncmp(line, "  ", 2) != 0 || line[strspn(line, " ")] != '-')
			continue;
		const char *meaning = meaning_of_line(line, len, option);
		if (!meaning)
			continue;
		snprintf(out, 128, "%.*s", (int)(line + len - meaning), meaning);
		return *out ? out : NULL;
	}
	return NULL;
}

void completion_offer_options(
	const struct completion *c, const struct option *table, const char *help)
{
	char word[64], line[128];

	for (const struct option *o = table; o->name; o++) {
		snprintf(word, sizeof(word), "--%s", o->name);
		const char *meaning = completion_meaning(help, word, line);
		completion_offer(c, word, meaning);
		/* A letter of its own, or a number that only the program knows. */
		char brief[] = { '-', (char)o->val, 0 };
		if (o->val < 128 && completion_meaning(help, brief, line))
			completion_offer(c, brief, meaning);
	}
}

static const struct option *named(const struct option *table, const char *word, size_t len)
{
	for (const struct option *o = table; o->name; o++)
		if (strlen(o->name) == len && !strncmp(o->name, word, len))
			return o;
	return NULL;
}

const struct option *completion_option(
	struct completion *c, const struct option *table, const char *previous)
{
	const char *equals = strchr(c->current, '=');
	const struct option *o = NULL;

	if (!strncmp(c->current, "--", 2) && equals) {
		o = named(table, c->current + 2, (size_t)(equals - c->current) - 2);
		c->prefix = c->current;
		c->prefix_len = (int)(equals + 1 - c->current);
		c->current = equals + 1;
	} else if (!strncmp(previous, "--", 2)) {
		o = named(table, previous + 2, strlen(previous) - 2);
	} else if (previous[0] == '-' && previous[1] && !previous[2]) {
		for (o = table; o->name && o->val != previous[1]; o++)
			;
	}
	return o && o->name && o->has_arg == required_argument ? o : NULL;
}
