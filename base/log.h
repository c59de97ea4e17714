/* One line a person can grep: "2026-01-31T12:00:00.123Z notice  listening on 127.0.0.1:1883". */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

struct log {
	FILE *to;            /* NULL: silent */
	enum log_level most; /* lines above this level are dropped */
};

const char *log_level_name(enum log_level level);
void log_line(struct log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
