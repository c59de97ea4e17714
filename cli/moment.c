#include "cli/moment.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MILLION = 1000000, HOUR_S = 3600, MINUTE_S = 60 };

/* Digits at `at`, which moves past them. False: there are none, or more than `most`. */
static bool read_digits(const char **at, size_t most, uint32_t *value)
{
	size_t n = strspn(*at, "0123456789");

	*value = 0;
	for (size_t i = 0; i < n && i < most; i++)
		*value = *value * 10 + (uint32_t)((*at)[i] - '0');
	*at += n;
	return n && n <= most;
}

/* ".25", or nothing. */
static bool read_fraction(const char **at, int64_t *us)
{
	uint32_t value;

	*us = 0;
	if (**at != '.')
		return true;
	const char *digits = ++*at;
	if (!read_digits(at, 6, &value))
		return false;
	*us = value;
	for (ptrdiff_t n = *at - digits; n < 6; n++)
		*us *= 10;
	return true;
}

static bool read_seconds(const char *text, int64_t *us)
{
	uint32_t seconds;

	if (!read_digits(&text, 9, &seconds) || !read_fraction(&text, us))
		return false;
	*us += (int64_t)seconds * MILLION;
	return !*text;
}

/* "Z", "+02:00", or nothing for local time. */
static bool read_zone(const char *at, struct tm *day, time_t *seconds)
{
	uint32_t hours, minutes;

	if (!*at) {
		day->tm_isdst = -1;
		*seconds = mktime(day);
		return true;
	}
	*seconds = timegm(day);
	if (!strcmp(at, "Z"))
		return true;
	if (*at != '+' && *at != '-')
		return false;
	int sign = *at++ == '+' ? -1 : 1;
	if (!read_digits(&at, 2, &hours) || *at++ != ':' || !read_digits(&at, 2, &minutes) || *at ||
		hours > 14 || minutes > 59)
		return false;
	*seconds += sign * (time_t)(hours * HOUR_S + minutes * MINUTE_S);
	return true;
}

static bool read_date(const char *text, int64_t *us)
{
	struct tm day = { 0 };
	time_t seconds;
	const char *at = strptime(text, "%Y-%m-%d", &day);

	*us = 0;
	if (at && (*at == 'T' || *at == ' ')) {
		const char *time = at + 1;
		at = strptime(time, "%H:%M:%S", &day);
		if (!at)
			at = strptime(time, "%H:%M", &day);
		if (!at || !read_fraction(&at, us))
			return false;
	}
	int wanted = day.tm_mday;
	if (!at || !read_zone(at, &day, &seconds) || day.tm_mday != wanted) /* 31 February */
		return false;
	*us += (int64_t)seconds * MILLION;
	return true;
}

bool moment_read(const char *text, struct scope_time *time)
{
	if (read_seconds(text, &time->us)) {
		time->from = SCOPE_SINCE_START;
		return true;
	}
	time->from = SCOPE_SINCE_EPOCH;
	return read_date(text, &time->us);
}
