#include "harness/runner/target_persistent.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "harness/launch/words.h"
#include "harness/runner/ini_file.h"
#include "harness/runner/target_file.h"

enum { STOP_MS = 30000, STOP_MS_MAX = 600000 };

static const struct stop_signal {
	const char *name;
	int number;
} stop_signals[] = {
	{ "SIGTERM", SIGTERM },
	{ "SIGINT", SIGINT },
	{ "SIGQUIT", SIGQUIT },
	{ "SIGHUP", SIGHUP },
	{ "SIGUSR1", SIGUSR1 },
	{ "SIGUSR2", SIGUSR2 },
};
enum { STOP_SIGNALS = sizeof(stop_signals) / sizeof(*stop_signals) };

const char *target_persistent_signal_name(int number)
{
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		if (stop_signals[i].number == number)
			return stop_signals[i].name;
	return "a signal";
}

static const char *set_words(struct arena *a, const char *const **field, const char *value)
{
	if (*field)
		return "is given twice";
	*field = words_split(a, value);
	return !*field ? "a quote is left open" : !**field ? "needs a value" : NULL;
}

static const char *set_environment(struct arena *a, struct target_persistent *p, const char *value)
{
	const char *fault = set_words(a, &p->environment, value);

	for (const char *const *word = p->environment; !fault && *word; word++)
		if (**word == '=' || !strchr(*word, '='))
			fault = "each word must be of the form NAME=value";
	return fault;
}

static const char *set_stop(struct target_persistent *p, const char *value)
{
	if (p->stop_signal)
		return "is given twice";
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		if (!strcmp(value, stop_signals[i].name))
			p->stop_signal = stop_signals[i].number;
	return p->stop_signal ? NULL
			      : "must be SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 or SIGUSR2";
}

static const char *set_stop_ms(struct target_persistent *p, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (p->stop_ms)
		return "is given twice";
	if (*value < '0' || *value > '9' || *end || !n || n > STOP_MS_MAX)
		return "must be a number of milliseconds, 1 to 600000";
	p->stop_ms = (unsigned)n;
	return NULL;
}

static const char *read_setting(
	struct arena *a, struct target_persistent *p, const struct ini_setting *s)
{
	if (!strcmp(s->name, "command"))
		return set_words(a, &p->command, s->value);
	if (!strcmp(s->name, "environment"))
		return set_environment(a, p, s->value);
	if (!strcmp(s->name, "stop"))
		return set_stop(p, s->value);
	if (!strcmp(s->name, "stop_ms"))
		return set_stop_ms(p, s->value);
	return "[persistent] has `command`, `environment`, `stop` and `stop_ms`";
}

const char *target_persistent_read(struct arena *a, struct target_persistent *p,
	const struct ini_setting *s, bool *with_section)
{
	const char *rest = s->section + strlen("persistent");

	*with_section = false;
	if (!p->line)
		p->line = s->section_line;
	rest += strspn(rest, " \t");
	if (!*rest)
		return read_setting(a, p, s);
	if (strncmp(rest, "file", 4) != 0 || !strchr(" \t", rest[4])) {
		*with_section = true;
		return "must be [persistent] or [persistent file NAME]";
	}
	rest += 4;
	rest += strspn(rest, " \t");
	return target_document_read(a, &p->documents, rest, s, with_section);
}

void target_persistent_finish(struct target_persistent *p)
{
	if (!p->stop_signal)
		p->stop_signal = SIGTERM;
	if (!p->stop_ms)
		p->stop_ms = STOP_MS;
}

static const char *const *join_words(
	struct arena *a, const char *const *first, const char *const *second)
{
	const char **all = NULL;
	size_t count = 0, capacity = 0;

	for (; first && *first; first++) {
		all = arena_grow(a, all, count, &capacity, sizeof(*all));
		all[count++] = *first;
	}
	for (; second && *second; second++) {
		all = arena_grow(a, all, count, &capacity, sizeof(*all));
		all[count++] = *second;
	}
	all = arena_grow(a, all, count, &capacity, sizeof(*all));
	all[count] = NULL;
	return all;
}

const struct target_file *target_persistent_file(
	struct arena *a, const struct target_file *file, const struct target_persistent *p)
{
	struct target_file *f = arena_new(a, struct target_file);

	*f = *file;
	if (p->command)
		f->command = p->command;
	f->environment = join_words(a, file->environment, p->environment);
	f->documents = target_documents_merge(
		a, file->documents, file->document_count, &p->documents, &f->document_count);
	f->users = NULL;
	f->users_urls = NULL;
	f->certificates = (struct target_certificates){ 0 };
	return f;
}
