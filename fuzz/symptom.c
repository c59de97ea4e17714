#include "fuzz/symptom.h"

#include <stdarg.h>
#include <string.h>

const char *symptom_word(enum symptom_kind kind)
{
	static const char *const words[SYMPTOM_KINDS] = {
		[SYMPTOM_NONE] = "nothing",
		[SYMPTOM_DEATH] = "death",
		[SYMPTOM_REPORT] = "report",
		[SYMPTOM_HARM] = "harm",
		[SYMPTOM_ILLEGAL] = "illegal",
		[SYMPTOM_BUSY] = "busy",
		[SYMPTOM_MEMORY] = "memory",
		[SYMPTOM_DESCRIPTORS] = "descriptors",
	};

	return words[kind];
}

struct symptom symptom_make(enum symptom_kind kind, const char *key, const char *format, ...)
{
	struct symptom s = { .kind = kind };
	va_list args;

	snprintf(s.key, sizeof(s.key), "%s", key);
	va_start(args, format);
	vsnprintf(s.what, sizeof(s.what), format, args);
	va_end(args);
	return s;
}

void symptom_print(FILE *to, const struct symptom *s)
{
	fprintf(to, "%s: %s", symptom_word(s->kind), s->what);
	if (s->kind == SYMPTOM_ILLEGAL)
		fprintf(to, " (%s)", s->key);
}

bool symptom_same(const struct symptom *a, const struct symptom *b)
{
	return a->kind == b->kind && !strcmp(a->key, b->key);
}
