#include "cli/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void nearest_init(struct nearest *n, const char *wanted)
{
	*n = (struct nearest){ .wanted = wanted };
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Letters inserted, left out, changed, or swapped with their neighbour, to get from a to b. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_LENGTH];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t changed = above[j - 1] + !same(a[i - 1], b[j - 1]);
			row[j] = least(least(above[j], row[j - 1]) + 1, changed);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[width];
}

/* A third of the letters may be wrong; a piece of a name counts as that much. */
static size_t judge(const char *wanted, const char *name, size_t limit)
{
	size_t d = distance(wanted, name);

	return d > limit && strlen(wanted) >= 3 && strcasestr(name, wanted) ? limit : d;
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t limit = strlen(n->wanted) / 3 + 1;

	if (strlen(n->wanted) >= NEAREST_LENGTH || strlen(name) >= NEAREST_LENGTH)
		return;
	size_t d = judge(n->wanted, name, limit), at = n->count;
	if (d > limit)
		return;
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->found[i].name, name))
			return;
	while (at > 0 && n->found[at - 1].distance > d)
		at--;
	if (at == NEAREST_NAMES)
		return;
	size_t kept = least(n->count, NEAREST_NAMES - 1);
	memmove(&n->found[at + 1], &n->found[at], (kept - at) * sizeof(*n->found));
	strcpy(n->found[at].name, name);
	n->found[at].distance = d;
	n->count = kept + 1;
}

const char *nearest_text(const struct nearest *n, char out[static NEAREST_TEXT])
{
	size_t len = 0;

	*out = '\0';
	for (size_t i = 0; i < n->count; i++) {
		const char *before = !i ? "; did you mean " : i + 1 == n->count ? " or " : ", ";
		len += (size_t)snprintf(out + len, NEAREST_TEXT - len, "%s\"%s\"%s", before,
			n->found[i].name, i + 1 == n->count ? "?" : "");
	}
	return out;
}
