#include "cli/targets.h"

#include <string.h>

#include "base/arena.h"
#include "cli/target_path.h"
#include "harness/agent/client.h"
#include "harness/launch/program.h"
#include "harness/launch/words.h"
#include "harness/runner/target.h"
#include "harness/runner/target_install.h"

enum { HELLO_LIMIT_US = 5000000 };

bool known_target_read(
	struct arena *a, const char *name, struct known_target *out, const char **error)
{
	struct client client;
	const char *path;

	*out = (struct known_target){ .name = name, .how = "" };
	if (target_word(a, name, &path) != WORD_FILE) {
		*error = arena_printf(a, "there is no target \"%s\"", name);
		return false;
	}
	if (!target_file_read(a, path, &out->file, error))
		return false;
	out->is_client = target_file_client(a, &out->file, &client);
	if (out->file.install)
		out->how = arena_printf(a, "mqttspec targets install %s", name);
	else if (out->file.package)
		out->how = arena_printf(a, "install the package %s", out->file.package);
	return true;
}

static bool has_program(struct arena *a, const struct target_file *f, const char *word)
{
	const struct placeholder values[] = {
		{ "here", target_file_folder(a, f) },
		{ NULL, NULL },
	};

	return program_find(a, words_fill(a, word, values));
}

/* A program that runs agents is there more often than what the agent needs. */
static void ask_agent(struct arena *a, struct known_target *t, const struct client *client)
{
	struct client_facts facts;
	const char *error;

	t->is_there = client_hello(a, client, HELLO_LIMIT_US, &facts, &error);
	if (t->is_there && *facts.version)
		t->version = arena_text(a, facts.version);
}

void known_target_look(struct arena *a, struct known_target *t)
{
	const struct target_file *f = &t->file;
	struct client client;

	if (f->install) {
		t->version = target_install_version(a, f);
		t->is_there = t->version;
	} else if (f->url) {
		t->is_there = true;
	} else if (target_file_client(a, f, &client) && client.agent) {
		ask_agent(a, t, &client);
	} else {
		t->is_there = has_program(a, f, t->is_client ? *client.words : *f->command);
		t->version = t->is_there ? target_file_version(a, f) : NULL;
	}
}
