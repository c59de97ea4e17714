/* Writes a folder of inputs for a fuzzer to begin with, one file a packet:
 *
 *   seeds wire DIR       version byte and bytes of every packet of the corpus
 *   seeds template DIR   version byte and text of every template of the corpus
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness/wire/template.h"
#include "tests/corpus/corpus.h"

enum { SEED_LIMIT = 4096 }; /* a longer one slows the fuzzer more than it teaches */

/* One more file; false when it cannot be written. */
static bool write_seed(
	const char *dir, unsigned number, enum mqtt_version version, struct bytes seed)
{
	char path[4096];

	if (seed.len > SEED_LIMIT)
		return true;
	snprintf(path, sizeof(path), "%s/%04u", dir, number);
	FILE *f = fopen(path, "wb");
	if (!f)
		return false;
	fputc(version == MQTT_50, f);
	fwrite(seed.data, 1, seed.len, f);
	return fclose(f) == 0;
}

static bool write_legal(const struct corpus *corpus, const char *dir)
{
	bool ok = true;

	for (size_t i = 0; i < corpus->count && ok; i++) {
		const struct legal *l = &corpus->list[i];
		struct buf b;
		buf_init(&b, 1 << 20);
		ok = wire_build(&b, l->version, &l->packet, NULL) &&
			write_seed(dir, (unsigned)i, l->version, (struct bytes){ b.data, b.len });
		buf_fini(&b);
	}
	return ok;
}

static bool write_malformed(struct arena *a, const char *dir, unsigned number, bool expanded)
{
	bool ok = true;

	for (size_t i = 0; i < corpus_malformed_count && ok; i++) {
		const struct malformed *m = &corpus_malformed[i];
		struct template_values values = { m->version, "me", "k/" };
		struct bytes seed = bytes_of(m->text);
		const char *error;
		ok = (!expanded || template_expand(a, m->text, &values, &seed, &error)) &&
			write_seed(dir, number++, m->version, seed);
	}
	return ok;
}

int main(int argc, char **argv)
{
	bool wire = argc == 3 && !strcmp(argv[1], "wire");
	struct arena a;
	struct corpus corpus;

	if (!wire && (argc != 3 || strcmp(argv[1], "template") != 0)) {
		fprintf(stderr, "usage: seeds wire|template DIR\n");
		return 2;
	}
	mkdir(argv[2], 0777);
	arena_init(&a);
	corpus_init(&corpus, &a);
	bool ok = (!wire || write_legal(&corpus, argv[2])) &&
		write_malformed(&a, argv[2], (unsigned)corpus.count, wire);
	arena_fini(&a);
	if (!ok)
		perror(argv[2]);
	return ok ? 0 : 1;
}
