/* Commands in, answers and events out. */
#include "targets/agents/agent_io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *grow(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		abort();
	return p;
}

void event_tell(json_t *event)
{
	flockfile(stdout);
	json_dumpf(event, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
	json_decref(event);
}

json_t *event_new(const char *name, const struct command *answered)
{
	json_t *event = json_pack("{s:s}", "event", name);
	if (answered && answered->id)
		json_object_set(event, "id", answered->id);
	return event;
}

void answer(struct command *c, json_t *event)
{
	pthread_mutex_lock(&c->agent->lock);
	if (!c->answered)
		event_tell(json_incref(event));
	c->answered = true;
	pthread_mutex_unlock(&c->agent->lock);
	json_decref(event);
}

json_t *event_text(const char *name, const struct command *answered, const char *text)
{
	json_t *event = event_new(name, answered);
	json_object_set_new(event, "text", json_string(text));
	return event;
}

void command_fault(struct command *c, const char *event, const char *name, const char *what)
{
	if (c->fault)
		return;
	c->fault = event;
	snprintf(c->fault_text, sizeof(c->fault_text), "%s%s", name, what);
}

bool command_is_sound(struct command *c)
{
	if (c->fault)
		answer(c, event_text(c->fault, c, c->fault_text));
	return !c->fault;
}

void command_free(struct command *c)
{
	pthread_mutex_lock(&c->agent->lock);
	LIST_REMOVE(c, link);
	pthread_mutex_unlock(&c->agent->lock);
	json_decref(c->id);
	free(c);
}

struct command *agent_find(struct agent *a, int mid)
{
	struct command *c;
	pthread_mutex_lock(&a->lock);
	LIST_FOREACH(c, &a->open, link)
	if (c->mid == mid && !c->answered)
		break;
	pthread_mutex_unlock(&a->lock);
	return c;
}

void agent_fail_open(struct agent *a, const struct command *but, const char *text)
{
	struct command *c;
	pthread_mutex_lock(&a->lock);
	LIST_FOREACH(c, &a->open, link)
	if (!c->kept && c != but)
		answer(c, event_text("error", c, text));
	pthread_mutex_unlock(&a->lock);
}

void agent_sweep(struct agent *a)
{
	struct command *next;
	for (struct command *c = LIST_FIRST(&a->open); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->answered)
			command_free(c);
	}
}

static bool carry_out(struct command *c)
{
	if (!strcmp(c->name, "sync")) {
		answer(c, event_new("synced", c));
		return false;
	}
	for (const struct verb *v = c->agent->verbs; v->name; v++)
		if (!strcmp(v->name, c->name))
			return v->carry_out(c);
	answer(c, event_text("unsupported", c, c->name));
	return false;
}

static void take_line(struct agent *a, const char *line, size_t size)
{
	json_t *fields = json_loadb(line, size, JSON_ALLOW_NUL, NULL);
	struct command *c = grow(NULL, sizeof(*c));
	*c = (struct command){ .agent = a, .fields = fields };
	pthread_mutex_lock(&a->lock);
	LIST_INSERT_HEAD(&a->open, c, link);
	pthread_mutex_unlock(&a->lock);

	json_t *id = json_object_get(fields, "id");
	if (json_is_number(id))
		c->id = json_incref(id);
	else
		command_fault(c, "error", "no `id` that is a number", "");
	c->name = json_string_value(json_object_get(fields, "do"));
	if (!json_is_object(fields))
		answer(c, event_text("error", c, "no JSON object"));
	else if (!c->name)
		answer(c, event_text("error", c, "no `do`"));
	if (c->answered || !command_is_sound(c) || !carry_out(c))
		command_free(c);
	json_decref(fields);
}

bool agent_read(struct agent *a)
{
	enum { CHUNK = 1 << 16 };
	if (a->room - a->filled < CHUNK) {
		a->room = a->room * 2 + CHUNK;
		a->input = grow(a->input, a->room);
	}
	ssize_t n = read(STDIN_FILENO, a->input + a->filled, CHUNK);
	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);

	char *line = a->input, *fresh = a->input + a->filled, *end;
	a->filled += (size_t)n;
	char *stop = a->input + a->filled;
	while ((end = memchr(fresh, '\n', (size_t)(stop - fresh)))) {
		take_line(a, line, (size_t)(end - line));
		line = fresh = end + 1;
	}
	a->filled = (size_t)(stop - line);
	memmove(a->input, line, a->filled);
	return true;
}

void agent_init(struct agent *a, const struct verb *verbs, const char *name, const char *version,
	bool has_v5)
{
	static const char *const tcp[] = { "tcp", NULL };

	agent_init_over(a, tcp, verbs, name, version, has_v5);
}

void agent_init_over(struct agent *a, const char *const *transports, const struct verb *verbs,
	const char *name, const char *version, bool has_v5)
{
	json_t *spoken = json_array();
	json_t *versions = has_v5 ? json_pack("[ss]", "3.1.1", "5.0") : json_pack("[s]", "3.1.1");

	*a = (struct agent){ .verbs = verbs,
		.transports = transports,
		.lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP };
	for (; *transports; transports++)
		json_array_append_new(spoken, json_string(*transports));
	event_tell(json_pack("{s:s, s:i, s:s, s:s, s:o, s:o}", "event", "hello", "contract", 1,
		"name", name, "version", version, "versions", versions, "transports", spoken));
}

void agent_fini(struct agent *a)
{
	while (!LIST_EMPTY(&a->open))
		command_free(LIST_FIRST(&a->open));
	free(a->client_id);
	free(a->input);
}
