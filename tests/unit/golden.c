#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/golden.h"

static void update(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	fputs(text, to);
	assert_int_equal(fclose(to), 0);
}

static char *load(const char *path)
{
	FILE *from = fopen(path, "r");
	char *text = NULL;
	size_t capacity = 0;

	if (!from)
		fail_msg("%s is missing", path);
	assert_true(getdelim(&text, &capacity, '\0', from) >= 0);
	fclose(from);
	return text;
}

void golden_check(const char *name, const char *text)
{
	char path[512];
	size_t number = 1;

	snprintf(path, sizeof(path), "%s/%s", GOLDEN, name);
	if (getenv("GOLDEN_UPDATE"))
		update(path, text);
	char *golden = load(path);
	const char *a = text, *b = golden;
	while (*a || *b) {
		size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");
		if (la != lb || memcmp(a, b, la))
			fail_msg("%s:%zu\n  shown:  \"%.*s\"\n  golden: \"%.*s\"", path, number,
				(int)la, a, (int)lb, b);
		a += la + (a[la] == '\n');
		b += lb + (b[lb] == '\n');
		number++;
	}
	free(golden);
}
