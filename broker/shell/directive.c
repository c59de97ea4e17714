#include "broker/shell/directive.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

bool line_wrong(struct line *l, const char *what)
{
	l->error = what;
	return false;
}

bool line_number(struct line *l, uint64_t least, uint64_t most, uint64_t *number)
{
	char *end;

	errno = 0;
	unsigned long long n = strtoull(l->value, &end, 10);
	if (!isdigit((unsigned char)*l->value) || *end || errno)
		return line_wrong(l,
			arena_printf(l->arena, "%s takes a number, not \"%s\"", l->name, l->value));
	if (n < least || n > most)
		return line_wrong(l,
			arena_printf(l->arena, "%s takes %llu to %llu, not %llu", l->name,
				(unsigned long long)least, (unsigned long long)most, n));
	*number = n;
	return true;
}

bool line_u32(struct line *l, uint32_t least, uint32_t most, uint32_t *number)
{
	uint64_t n;

	if (!line_number(l, least, most, &n))
		return false;
	*number = (uint32_t)n;
	return true;
}

bool line_u16(struct line *l, uint16_t least, uint16_t most, uint16_t *number)
{
	uint64_t n;

	if (!line_number(l, least, most, &n))
		return false;
	*number = (uint16_t)n;
	return true;
}

bool line_bool(struct line *l, bool *value)
{
	if (strcmp(l->value, "true") && strcmp(l->value, "false"))
		return line_wrong(l,
			arena_printf(
				l->arena, "%s takes true or false, not \"%s\"", l->name, l->value));
	*value = l->value[0] == 't';
	return true;
}

bool line_text(struct line *l, const char **text)
{
	*text = arena_text(l->arena, l->value);
	return *l->value || line_wrong(l, arena_printf(l->arena, "%s lacks a value", l->name));
}

bool line_limit(struct line *l, uint32_t *limit)
{
	if (!line_u32(l, 0, UINT32_MAX, limit))
		return false;
	if (*limit == 0)
		*limit = UINT32_MAX;
	return true;
}

bool line_seconds(struct line *l, uint32_t least, uint32_t most, uint32_t *ms)
{
	uint32_t seconds;

	if (!line_u32(l, least, most, &seconds))
		return false;
	*ms = seconds * 1000;
	return true;
}
