#include "harness/agent/preload.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "harness/agent/client.h"
#include "harness/launch/forked.h"
#include "harness/launch/words.h"

enum {
	FORK_LIMIT_MS = 5000,
	LOAD_LIMIT_MS = 30000, /* as for saying hello */
};

/* What differs from case run to case run is known only then. */
static bool is_of_a_case_run(const char *const *words)
{
	static const char *const names[] = { "{host}", "{port}", "{url}", "{transport}", "{path}",
		"{ca}", "{cert}", "{key}", "{version}", "{v}" };

	for (; words && *words; words++)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strstr(*words, names[i]))
				return true;
	return false;
}

/* With one more at the end, which may be NULL, too. */
static const char **filled(
	struct arena *a, const char *const *words, const struct client *client, const char *more)
{
	const struct placeholder values[] = {
		{ "here", client->here ? client->here : "." },
		{ "installed", client->installed ? client->installed : "" },
		{ NULL, NULL },
	};
	size_t count = 0;

	while (words && words[count])
		count++;
	const char **list = arena_alloc(a, (count + 2) * sizeof(*list));
	for (size_t i = 0; i < count; i++)
		list[i] = words_fill(a, words[i], values);
	list[count] = more;
	return list;
}

bool preload_start(
	struct preload *p, struct arena *a, const struct client *client, const char **error)
{
	struct program one;

	*p = (struct preload){ .program = PROGRAM_NONE };
	if (is_of_a_case_run(client->words) || is_of_a_case_run(client->environment)) {
		*error = "its command line is another one for each case run";
		return false;
	}
	const struct program_spec spec = {
		.words = filled(a, client->words, client, NULL),
		.environment = filled(a, client->environment, client, "MQTTSPEC_PRELOAD=1"),
		.streams = STREAMS_SOCKET,
		.kept = true,
	};
	if (!program_start(a, &spec, &p->program, error))
		return false;
	if (forked_start(p->program.input_fd, LOAD_LIMIT_MS, &one)) {
		program_kill(&one);
		return true;
	}
	*error = "it did not fork when it was asked to";
	preload_stop(p);
	return false;
}

bool preload_fork(const struct preload *p, struct program *out)
{
	return forked_start(p->program.input_fd, FORK_LIMIT_MS, out);
}

void preload_stop(struct preload *p)
{
	program_kill(&p->program);
}
