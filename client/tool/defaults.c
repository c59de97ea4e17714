#include "client/tool/defaults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/tool/command_properties.h"

const char *defaults_path(const struct command *c)
{
	const char *name = c->kind == COMMAND_PUB ? "mosquitto_pub" : "mosquitto_sub";
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && *config)
		return arena_printf(c->arena, "%s/%s", config, name);
	return home && *home ? arena_printf(c->arena, "%s/.config/%s", home, name) : NULL;
}

/* What is before the blank stays in `text`; NULL if there is none. */
static char *cut(char *text)
{
	char *blank = text ? strpbrk(text, " \t") : NULL;

	if (blank)
		*blank++ = 0;
	return blank;
}

static bool property_read(struct command *c, char *value)
{
	char *words[4] = { value }; /* a User Property has two values */
	int count = 1;

	while (count < 4 && (words[count] = cut(words[count - 1])))
		count++;
	return command_property_read(c, words, value ? count : 0) > 0;
}

static bool line_read(struct command *c, char *line)
{
	char *value = cut(line);
	const struct option *o = option_find(c->kind, line);

	if (!o) {
		command_complain(c, "this is no option; --help shows them");
		return false;
	}
	if (o->id == O_HELP || o->id == O_VERSION) {
		command_complain(c, "%s is no default", line);
		return false;
	}
	return o->id == O_PROPERTY ? property_read(c, value) : command_take(c, o, line, value);
}

static bool lines_read(struct command *c, const char *path, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	bool ok = true;

	for (unsigned n = 1; ok && getline(&line, &size, file) >= 0; n++) {
		line[strcspn(line, "\r\n")] = 0;
		char *text = line + strspn(line, " \t");
		if (*line == '#' || !*text)
			continue;
		c->where = arena_printf(c->arena, "%s:%u", path, n);
		ok = line_read(c, arena_text(c->arena, text));
	}
	c->where = NULL;
	free(line);
	if (ok && ferror(file)) {
		command_complain(c, "%s: %s", path, strerror(errno));
		return false;
	}
	return ok;
}

bool defaults_read(struct command *c, const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file) {
		if (errno == ENOENT || errno == ENOTDIR)
			return true;
		command_complain(c, "%s: %s", path, strerror(errno));
		return false;
	}
	bool ok = lines_read(c, path, file);
	fclose(file);
	return ok;
}
