#include "client/tool/command_read.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "client/tool/command_finish.h"
#include "client/tool/command_properties.h"
#include "client/tool/command_take.h"
#include "client/tool/defaults.h"
#include "client/tool/help.h"
#include "client/tool/secret.h"
#include "spec/spec.h"

/* What it looks like, but not the value that may have been glued to it: that may be a secret. */
static bool unknown(struct command *c, const char *word)
{
	size_t len = strcspn(word, "=");

	if (word[0] == '-' && word[1] != '-' && word[1] && len > 2)
		len = 2;
	command_complain(c, "what is \"%.*s%s\"? --help shows the options", (int)len, word,
		word[len] ? "..." : "");
	return false;
}

/* 0 to go on, else exit code plus one. */
static int options_read(struct command *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = option_find(c->kind, argv[i]);
		bool ok;
		if (!o) {
			ok = unknown(c, argv[i]);
		} else if (o->id == O_PROPERTY) {
			command_override(c, o->id);
			int read = command_property_read(c, argv + i + 1, argc - i - 1);
			ok = read > 0;
			i += read;
		} else {
			const char *value = o->takes_value && i + 1 < argc ? argv[i + 1] : NULL;
			ok = command_take(c, o, argv[i], value);
			i += o->takes_value;
		}
		if (!ok)
			return COMMAND_FAILED + 1;
	}
	return 0;
}

/* What asks for help gets it, whatever else is there. */
static const char *help_wanted(enum command_kind kind, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = option_find(kind, argv[i]);
		if (o && (o->id == O_HELP || o->id == O_VERSION))
			return o->id == O_HELP ? help_text(kind) : help_version();
		i += o && o->takes_value;
	}
	return NULL;
}

int command_read(struct command *c, struct arena *a, enum command_kind kind, int argc, char **argv)
{
	const char *help = help_wanted(kind, argc, argv);

	*c = (struct command){ .kind = kind,
		.arena = a,
		.name = kind == COMMAND_PUB ? "mqttspec-client pub" : "mqttspec-client sub",
		.host = "localhost",
		.keep_alive_s = 60,
		.version = MQTT_311,
		.repeat = 1,
		.begun_ms = (int64_t)(uv_hrtime() / 1000000) };
	if (help) {
		fputs(help, stdout);
		return COMMAND_FAILED + 1; /* as mosquitto's clients do */
	}
	secrets_take(c, argc, argv);
	const char *path = defaults_path(c);
	if (path && !defaults_read(c, path))
		return COMMAND_FAILED + 1;
	int code = options_read(c, argc, argv);
	if (code)
		return code;
	return command_finish(c) ? 0 : COMMAND_FAILED + 1;
}
