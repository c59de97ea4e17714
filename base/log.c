#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warning", "notice", "info", "debug" };

	return names[level];
}

void log_line(struct log *log, enum log_level level, const char *format, ...)
{
	if (!log->to || level > log->most)
		return;
	int64_t now = clock_wall_us();
	time_t seconds = now / 1000000;
	struct tm utc;
	char stamp[32];
	gmtime_r(&seconds, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);

	va_list args;
	va_start(args, format);
	flockfile(log->to);
	fprintf(log->to, "%s.%03dZ %-7s ", stamp, (int)(now / 1000 % 1000), log_level_name(level));
	vfprintf(log->to, format, args);
	putc('\n', log->to);
	funlockfile(log->to);
	va_end(args);
}
