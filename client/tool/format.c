#include "client/tool/format.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "client/tool/format_json.h"
#include "spec/spec.h"

enum { WIDTH_MAX = 10000 };

/* %-05.10t */
struct directive {
	bool left;     /* - */
	bool zero;     /* 0 */
	int width;     /* 0: none */
	int precision; /* -1: none */
	char what;
};

/* ---- reading ------------------------------------------------------------------------------- */

static int number_read(const char **at)
{
	int n = 0;

	for (; isdigit((uint8_t) * *at); (*at)++)
		n = n < WIDTH_MAX ? n * 10 + (**at - '0') : WIDTH_MAX;
	return n;
}

/* `*at` is after the %. */
static struct directive directive_read(const char **at)
{
	struct directive d = { .precision = -1 };

	for (; **at == '-' || **at == '0'; (*at)++)
		*(**at == '-' ? &d.left : &d.zero) = true;
	d.width = number_read(at);
	if (**at == '.') {
		(*at)++;
		d.precision = number_read(at);
	}
	d.what = **at;
	return d;
}

bool format_check(const struct command *c)
{
	static const char *const known[] = { "%ACDEFIjJlmPpqRrStUxX", "0abefnrtv\\" };

	for (const char *at = c->format; at && *at; at++) {
		char mark = *at;
		if (mark != '%' && mark != '@' && mark != '\\')
			continue;
		at++;
		char what = mark == '%' ? directive_read(&at).what : *at;
		if (!what) {
			command_complain(c, "-F: nothing follows the last %c", mark);
			return false;
		}
		if (mark != '@' && !strchr(known[mark == '\\'], what)) {
			command_complain(c, "-F: there is no %c%c", mark, what);
			return false;
		}
	}
	return true;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void pad(int count, char with)
{
	for (; count > 0; count--)
		putchar(with);
}

static void put(const struct directive *d, const void *text, size_t len, bool is_number)
{
	if (d->precision >= 0 && !is_number && len > (size_t)d->precision)
		len = (size_t)d->precision;
	int missing = d->width > (int)len ? d->width - (int)len : 0;
	if (!d->left)
		pad(missing, d->zero && is_number ? '0' : ' ');
	fwrite(text, 1, len, stdout);
	if (d->left)
		pad(missing, ' ');
}

static void put_number(const struct directive *d, unsigned long number)
{
	char text[24];

	put(d, text, (size_t)snprintf(text, sizeof(text), "%lu", number), true);
}

static void put_hex(const struct directive *d, const struct mqttspec_message *m, bool capital)
{
	const uint8_t *bytes = m->payload;
	int missing = d->width - 2 * (int)m->payload_len;

	if (!d->left)
		pad(missing, d->zero ? '0' : ' ');
	for (size_t i = 0; i < m->payload_len; i++)
		printf(capital ? "%02X" : "%02x", bytes[i]);
	if (d->left)
		pad(missing, ' ');
}

static void put_property(const struct directive *d, const struct mqttspec_message *m, unsigned id)
{
	struct mqttspec_property p;
	size_t at = 0;

	while (mqttspec_properties_next(&m->received, &at, &p)) {
		if (p.id != id)
			continue;
		if (p.text)
			put(d, p.text, p.len, false);
		else
			put_number(d, p.number);
		return;
	}
	const struct spec_property *spec = spec_property(id);
	put(d, "", 0, spec->type != PROPERTY_STRING); /* an absent one takes up its room */
}

static void put_user_properties(const struct mqttspec_message *m)
{
	struct mqttspec_property p;
	size_t at = 0;
	bool first = true;

	while (mqttspec_properties_next(&m->received, &at, &p)) {
		if (p.id != MQTTSPEC_USER_PROPERTY)
			continue;
		printf("%s%.*s:%.*s", first ? "" : " ", (int)p.name_len, p.name, (int)p.len,
			p.text);
		first = false;
	}
}

static void put_time(const struct directive *d, const struct timespec *now)
{
	struct tm local;
	char text[64];

	localtime_r(&now->tv_sec, &local);
	put(d, text, strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &local), false);
}

static void put_directive(const struct command *c, const struct directive *d,
	const struct mqttspec_message *m, const struct timespec *now)
{
	switch (d->what) {
	case '%': putchar('%'); break;
	case 'A': put_property(d, m, MQTTSPEC_TOPIC_ALIAS); break;
	case 'C': put_property(d, m, MQTTSPEC_CONTENT_TYPE); break;
	case 'D': put_property(d, m, MQTTSPEC_CORRELATION_DATA); break;
	case 'E': put_property(d, m, MQTTSPEC_MESSAGE_EXPIRY_INTERVAL); break;
	case 'F': put_property(d, m, MQTTSPEC_PAYLOAD_FORMAT_INDICATOR); break;
	case 'I': put_time(d, now); break;
	case 'j':
	case 'J': format_json(c, m, now, d->what == 'J'); break;
	case 'l': put_number(d, m->payload_len); break;
	case 'm': put_number(d, m->id); break;
	case 'P': put_user_properties(m); break;
	case 'p': put(d, m->payload, m->payload_len, true); break; /* never cut */
	case 'q': printf("%u", m->qos); break;
	case 'R': put_property(d, m, MQTTSPEC_RESPONSE_TOPIC); break;
	case 'r': printf("%d", m->retain); break;
	case 'S': put_property(d, m, MQTTSPEC_SUBSCRIPTION_IDENTIFIER); break;
	case 't': put(d, m->topic, strlen(m->topic), false); break;
	case 'U': printf("%lld.%09ld", (long long)now->tv_sec, now->tv_nsec); break;
	case 'x':
	case 'X': put_hex(d, m, d->what == 'X'); break;
	}
}

/* @X: what strftime makes of %X. */
static void put_strftime(char what, const struct timespec *now)
{
	char format[] = { '%', what, 0 }, text[256];
	struct tm local;
	size_t len;

	if (what == '@') {
		putchar('@');
	} else if (what == 'N') {
		printf("%09ld", now->tv_nsec);
	} else {
		localtime_r(&now->tv_sec, &local);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the user's letter is the format */
		len = strftime(text, sizeof(text), format, &local);
#pragma GCC diagnostic pop
		fwrite(text, 1, len, stdout);
	}
}

static void put_escape(char what)
{
	static const char from[] = "0abefnrtv\\", to[] = "\0\a\b\033\f\n\r\t\v\\";

	putchar(to[strchr(from, what) - from]);
}

static void print_formatted(const struct command *c, const struct mqttspec_message *m)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	for (const char *at = c->format; *at; at++) {
		if (*at == '%') {
			at++;
			struct directive d = directive_read(&at);
			put_directive(c, &d, m, &now);
		} else if (*at == '@') {
			put_strftime(*++at, &now);
		} else if (*at == '\\') {
			put_escape(*++at);
		} else {
			putchar(*at);
		}
	}
	if (!c->no_newline)
		putchar('\n');
}

bool format_print(const struct command *c, const struct mqttspec_message *m)
{
	if (c->format) {
		print_formatted(c, m);
	} else if (m->payload_len) {
		if (c->verbose)
			printf("%s ", m->topic);
		fwrite(m->payload, 1, m->payload_len, stdout);
		if (!c->no_newline)
			putchar('\n');
	} else if (c->verbose && !c->no_newline) {
		printf("%s (null)\n", m->topic);
	}
	return fflush(stdout) == 0;
}
