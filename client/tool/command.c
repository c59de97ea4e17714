#include "client/tool/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <uv.h>

void command_complain(const struct command *c, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: %s%s", c->name, c->where ? c->where : "", c->where ? ": " : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *command_shown(const struct command *c, const char *text)
{
	return c->where ? "what is there" : arena_printf(c->arena, "\"%s\"", text);
}

int64_t command_left_ms(const struct command *c)
{
	int64_t left_ms =
		c->begun_ms + c->wait_s * INT64_C(1000) - (int64_t)(uv_hrtime() / 1000000);

	return !c->wait_s ? -1 : left_ms > 0 ? left_ms : 0;
}
