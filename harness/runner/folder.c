#include "harness/runner/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/temporary.h"
#include "harness/runner/target_file.h"
#include "harness/launch/words.h"

enum { OPEN_FOLDERS = 16 };

/* A broker that root starts may become another user and only then read its files, so that others can enter
 * the folder, but neither list it nor write there. What they may read in it is up to the umask.
 */
static bool open_to_others(const char *path)
{
	return geteuid() != 0 || chmod(path, 0711) == 0;
}

const char *folder_make(struct arena *a, const char **error)
{
	char *path = arena_printf(a, "%s/mqttspec-XXXXXX", temporary_folder());

	if (mkdtemp(path) && open_to_others(path))
		return path;
	*error = arena_printf(a, "%s: %s", path, strerror(errno));
	return NULL;
}

bool folder_make_inner(struct arena *a, const char *path, const char **error)
{
	bool ok = mkdir(path, 0700) == 0 && open_to_others(path);

	if (!ok)
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
	return ok;
}

static bool make_parents(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool ok = (mkdir(path, 0700) == 0 && open_to_others(path)) || errno == EEXIST;
		*slash = '/';
		if (!ok)
			return false;
	}
	return true;
}

static bool write_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return false;
	bool ok = fputs(content, file) >= 0 && putc('\n', file) != EOF;
	return (fclose(file) == 0) & ok;
}

bool folder_add(struct arena *a, const char *folder, const struct target_document *document,
	const struct placeholder *placeholders, const char **error)
{
	char *path = arena_printf(a, "%s/%s", folder, document->name);
	bool ok = make_parents(path, strlen(folder) + 1);

	if (ok && document->link)
		ok = symlink(words_fill(a, document->link, placeholders), path) == 0;
	else if (ok)
		ok = write_file(path, words_fill(a, document->content, placeholders));
	if (!ok)
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
	return ok;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)where;
	if (type == FTW_DP || type == FTW_DNR)
		rmdir(path);
	else
		unlink(path);
	return 0;
}

bool folder_empty(struct arena *a, const char *folder, const char **error)
{
	folder_remove(folder);
	bool ok = mkdir(folder, 0700) == 0 && open_to_others(folder);
	if (!ok)
		*error = arena_printf(a, "%s: %s", folder, strerror(errno));
	return ok;
}

void folder_remove(const char *folder)
{
	if (folder)
		nftw(folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}
