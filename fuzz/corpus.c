#include "fuzz/corpus.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { ABOUT_SIZE = 64 };

static const char suffix[] = ".exchange";

/* The first line of `about`; the second one says who made it. */
static const char *const kinds[] = {
	[SIDE_CLIENT] = "a corpus of exchanges with a server\n",
	[SIDE_SERVER] = "a corpus of exchanges with a client\n",
};

static bool is_known(const struct corpus *c, uint64_t signature)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->signatures[i] == signature)
			return true;
	return false;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The place after the last one holds the exchange. */
static void add(struct corpus *c, uint64_t signature)
{
	c->versions[c->count] = exchange_versions(&c->exchanges[c->count]);
	c->signatures[c->count++] = signature;
}

static bool take_file(struct corpus *c, const char *name, const char **error)
{
	const char *path = arena_printf(&c->arena, "%s/%s", c->folder, name);
	uint64_t signature;

	if (sscanf(name, "%16" SCNx64, &signature) != 1 || is_known(c, signature) ||
		c->count == CORPUS_MAX)
		return true;
	if (!exchange_load(&c->arena, path, &c->exchanges[c->count], error))
		return false;
	add(c, signature);
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

/* It says that it is of this side; or it says nothing yet, and now it does. */
static bool agree(struct corpus *c, const char *maker, const char **error)
{
	const char *path = arena_printf(&c->arena, "%s/about", c->folder);
	char line[ABOUT_SIZE] = "";
	FILE *file = fopen(path, "re");

	if (file) {
		bool same = fgets(line, sizeof(line), file) && !strcmp(line, kinds[c->ours]);
		fclose(file);
		if (!same)
			*error = arena_printf(&c->arena, "%s does not say: %.*s", path,
				(int)strcspn(kinds[c->ours], "\n"), kinds[c->ours]);
		return same;
	}
	file = fopen(path, "we");
	bool ok = file && fprintf(file, "%smade by mqttspec %s\n", kinds[c->ours], maker) > 0;
	if (file)
		ok &= !fclose(file);
	if (!ok)
		*error = arena_printf(&c->arena, "%s: %s", path, strerror(errno));
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

bool corpus_init(
	struct corpus *c, const char *folder, enum side ours, const char *maker, const char **error)
{
	memset(c, 0, sizeof(*c));
	arena_init(&c->arena);
	c->folder = folder;
	c->ours = ours;
	return !folder || (read_folder(c, error) && agree(c, maker, error));
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
	add(c, signature);
	if (c->folder)
		write_file(c, signature, e);
	return true;
}

const struct exchange *corpus_draw(const struct corpus *c, struct draw *draw, unsigned versions)
{
	size_t from = c->count ? draw_below(draw, c->count) : 0;

	for (size_t i = 0; i < c->count; i++) {
		size_t at = (from + i) % c->count;
		if (!(c->versions[at] & ~versions))
			return &c->exchanges[at];
	}
	return NULL;
}
