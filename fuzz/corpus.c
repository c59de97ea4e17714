#include "fuzz/corpus.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { FILE_BYTES_MAX = 4 * 1024 * 1024 };

static const char suffix[] = ".exchange";

static bool is_known(const struct corpus *c, uint64_t signature)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->signatures[i] == signature)
			return true;
	return false;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct buf *out)
{
	char chunk[4096];
	size_t n;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(out, chunk, n);
	bool ok = !ferror(file) && !out->failed;
	fclose(file);
	return ok;
}

static bool take_file(struct corpus *c, const char *name, const char **error)
{
	const char *path = arena_printf(&c->arena, "%s/%s", c->folder, name);
	const char *why = "it cannot be read";
	uint64_t signature;
	struct buf text;

	if (sscanf(name, "%16" SCNx64, &signature) != 1 || is_known(c, signature) ||
		c->count == CORPUS_MAX)
		return true;
	buf_init(&text, FILE_BYTES_MAX);
	bool ok = read_file(path, &text) &&
		exchange_read(&c->arena, buf_text(&text), &c->exchanges[c->count], &why);
	buf_fini(&text);
	if (!ok) {
		*error = arena_printf(&c->arena, "%s: %s", path, why);
		return false;
	}
	c->signatures[c->count++] = signature;
	return true;
}

static bool ends_in_suffix(const char *name)
{
	size_t len = strlen(name), tail = sizeof(suffix) - 1;

	return len > tail && !strcmp(name + len - tail, suffix);
}

static bool read_folder(struct corpus *c, const char **error)
{
	bool ok = true;

	if (mkdir(c->folder, 0777) && errno != EEXIST) {
		*error = arena_printf(&c->arena, "%s: %s", c->folder, strerror(errno));
		return false;
	}
	DIR *folder = opendir(c->folder);
	if (!folder) {
		*error = arena_printf(&c->arena, "%s: %s", c->folder, strerror(errno));
		return false;
	}
	for (const struct dirent *e; ok && (e = readdir(folder));)
		ok = !ends_in_suffix(e->d_name) || take_file(c, e->d_name, error);
	closedir(folder);
	c->read = c->count;
	return ok;
}

static void write_file(struct corpus *c, uint64_t signature, const struct exchange *e)
{
	struct arena a;

	arena_init(&a);
	FILE *file =
		fopen(arena_printf(&a, "%s/%016" PRIx64 "%s", c->folder, signature, suffix), "we");
	if (file) {
		exchange_write(file, e, NULL);
		fclose(file);
	}
	arena_fini(&a);
}

/* ---- the corpus ------------------------------------------------------------------------------ */

bool corpus_init(struct corpus *c, const char *folder, const char **error)
{
	memset(c, 0, sizeof(*c));
	arena_init(&c->arena);
	c->folder = folder;
	return !folder || read_folder(c, error);
}

void corpus_fini(struct corpus *c)
{
	arena_fini(&c->arena);
}

static bool is_large(const struct exchange *e)
{
	size_t bytes = 0;

	for (size_t i = 0; i < e->count; i++)
		bytes += e->steps[i].bytes.len;
	return e->count > CORPUS_STEPS_MAX || bytes > CORPUS_BYTES_MAX;
}

bool corpus_offer(struct corpus *c, uint64_t signature, const struct exchange *e)
{
	if (c->count == CORPUS_MAX || is_large(e) || is_known(c, signature))
		return false;
	c->exchanges[c->count] = exchange_copy(&c->arena, e);
	c->signatures[c->count++] = signature;
	if (c->folder)
		write_file(c, signature, e);
	return true;
}
