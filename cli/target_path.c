#include "cli/target_path.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

enum { FOLDERS = 2 };

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Folders that may be there; of fewer than FOLDERS the rest is NULL. */
static void list_folders(struct arena *a, const char *out[static FOLDERS])
{
	const char *set = getenv("MQTTSPEC_TARGETS");
	char *program = arena_alloc(a, PATH_MAX);
	ssize_t len = readlink("/proc/self/exe", program, PATH_MAX - 1);
	char *slash = len > 0 ? strrchr(program, '/') : NULL;

	out[0] = out[1] = NULL;
	if (set && *set) {
		out[0] = set;
		return;
	}
	if (!slash)
		return;
	*slash = '\0';
	out[0] = arena_printf(a, "%s/../../../targets", program); /* build/PRESET/cli */
	out[1] = arena_printf(a, "%s/../share/mqttspec/targets", program);
	for (int i = 0; i < FOLDERS; i++) {
		const char *full = realpath(out[i], arena_alloc(a, PATH_MAX));
		out[i] = full;
	}
	if (!out[0]) {
		out[0] = out[1];
		out[1] = NULL;
	}
}

bool target_is_file_name(const char *word)
{
	size_t len = strlen(word);

	return len > 4 && !strcmp(word + len - 4, ".ini");
}

/* HOST:PORT; but "5.0:3" is a section of the standard. */
static bool is_host_and_port(const char *word)
{
	const char *colon = strrchr(word, ':');

	if (!colon || colon == word || !colon[1] || strchr(word, '/') ||
		strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	return strncmp(word, "5.0:", 4) != 0 && strncmp(word, "3.1.1:", 6) != 0;
}

enum target_word target_word(struct arena *a, const char *word, const char **out)
{
	const char *folders[FOLDERS];

	*out = word;
	if (strstr(word, "://") || is_host_and_port(word))
		return WORD_URL;
	if ((strchr(word, '/') && is_file(word)) || (target_is_file_name(word) && is_file(word)))
		return WORD_FILE;
	list_folders(a, folders);
	for (int i = 0; i < FOLDERS && folders[i] && !strchr(word, '/'); i++) {
		*out = arena_printf(
			a, target_is_file_name(word) ? "%s/%s" : "%s/%s.ini", folders[i], word);
		if (is_file(*out))
			return WORD_FILE;
	}
	*out = word;
	return target_is_file_name(word) ? WORD_FILE : WORD_NO_TARGET;
}

const char *target_place(struct arena *a)
{
	const char *folders[FOLDERS];

	list_folders(a, folders);
	if (!folders[0])
		return ": no folder of target files lies beside the program, and MQTTSPEC_TARGETS "
		       "names none";
	return arena_printf(
		a, " in %s%s%s", folders[0], folders[1] ? ", " : "", folders[1] ? folders[1] : "");
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_target_file(const struct dirent *entry)
{
	return target_is_file_name(entry->d_name);
}

const char *target_names(struct arena *a)
{
	const char *folders[FOLDERS];
	const char *names = "";

	list_folders(a, folders);
	for (int f = 0; f < FOLDERS && folders[f]; f++) {
		struct dirent **entries;
		int count = scandir(folders[f], &entries, is_target_file, compare_names);
		for (int i = 0; i < count; i++) {
			const char *name = entries[i]->d_name;
			names = arena_printf(a, "%s%s%.*s", names, *names ? " " : "",
				(int)strlen(name) - 4, name);
			free(entries[i]);
		}
		if (count >= 0)
			free(entries);
	}
	return names;
}

const char *target_choice(struct arena *a)
{
	const char *names = target_names(a);

	return *names ? arena_printf(a, "a URL, HOST:PORT, a file, or one of: %s", names)
		      : "a URL, HOST:PORT or a file";
}
