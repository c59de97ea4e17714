#include "harness/runner/target_install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "harness/runner/target_file.h"

enum { VERSION_SIZE = 64 };

bool target_install_is_name(const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return *text && *text != '-' && !text[strspn(text, allowed)];
}

const char *target_install_folder(struct arena *a, const struct target_file *file)
{
	const char *all = getenv("MQTTSPEC_INSTALLED");
	const char *home = getenv("HOME");

	if (!file->install)
		return "";
	if (all && *all)
		return arena_printf(a, "%s/%s", all, file->install);
	return arena_printf(
		a, "%s/.local/share/mqttspec/targets/%s", home ? home : "", file->install);
}

const char *target_install_version(struct arena *a, const struct target_file *file)
{
	char line[VERSION_SIZE] = "";

	if (!file->install)
		return NULL;
	FILE *in = fopen(arena_printf(a, "%s/version", target_install_folder(a, file)), "r");
	if (!in)
		return NULL;
	const char *read = fgets(line, sizeof(line), in);
	fclose(in);
	line[strcspn(line, "\n")] = '\0';
	return read && *line ? arena_text(a, line) : NULL;
}

const char *target_install_recipe(struct arena *a, const struct target_file *file)
{
	if (!file->install)
		return "";
	return arena_printf(a, "%s/install/%s", target_file_folder(a, file), file->install);
}

const char *target_install_lack(struct arena *a, const struct target_file *file)
{
	if (!file->install || target_install_version(a, file))
		return NULL;
	return arena_printf(a, "%s is not installed: there is nothing in %s; run %s", file->name,
		target_install_folder(a, file), target_install_recipe(a, file));
}
