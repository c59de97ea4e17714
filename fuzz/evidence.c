#include "fuzz/evidence.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/shell.h"

struct folder {
	struct arena *arena;
	const char *path;
	const struct find *find;
	const char *replay;
};

static bool write_exchange(FILE *to, const struct folder *f)
{
	return exchange_write(to, &f->find->exchange,
		arena_printf(f->arena, "%s: %s", symptom_word(f->find->symptom.kind),
			f->find->symptom.what));
}

void evidence_print(FILE *to, const struct tape *tape)
{
	size_t count;
	const struct record_event *events = tape_transcript(tape, &count);

	for (size_t i = 0; i < count; i++)
		fprintf(to, "%10.3f ms %-14s %c %s\n", (double)events[i].at_us / 1000,
			events[i].peer, events[i].direction, events[i].text);
}

static bool write_transcript(FILE *to, const struct folder *f)
{
	evidence_print(to, &f->find->tape);
	return true;
}

static bool write_command(FILE *to, const struct folder *f)
{
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	buf_add_text(&line, f->replay);
	shell_add_word(&line, arena_printf(f->arena, "%s/exchange", f->path));
	fprintf(to, "%s\n", buf_text(&line));
	buf_fini(&line);
	return true;
}

static bool write_about(FILE *to, const struct folder *f)
{
	const struct find *find = f->find;

	fprintf(to, "%s: %s\n", symptom_word(find->symptom.kind), find->symptom.what);
	if (find->symptom.kind == SYMPTOM_ILLEGAL)
		fprintf(to, "statement: %s\n", find->symptom.key);
	fprintf(to, "replayed: %u of %u times\n", find->replays, HUNT_REPLAYS);
	if (find->replays)
		fprintf(to, "steps: %zu, of %zu before it was cut down, by %u tries\n",
			find->exchange.count, find->steps_before, find->tried);
	else
		fputs("not seen again: the exchange is all that was played last\n", to);
	return true;
}

static bool write_file(
	const struct folder *f, const char *name, bool (*write)(FILE *to, const struct folder *f))
{
	FILE *to = fopen(arena_printf(f->arena, "%s/%s", f->path, name), "we");

	if (!to)
		return false;
	bool ok = write(to, f) && !ferror(to);
	return !fclose(to) && ok;
}

static bool write_bytes(const struct folder *f, unsigned connection)
{
	const struct exchange *e = &f->find->exchange;
	FILE *to = NULL;
	bool ok = true;

	for (size_t i = 0; i < e->count && ok; i++) {
		const struct step *s = &e->steps[i];
		if (s->kind != STEP_SEND || s->connection != connection)
			continue;
		if (!to)
			to = fopen(arena_printf(f->arena, "%s/connection-%u", f->path, connection),
				"we");
		ok = to && fwrite(s->bytes.data, 1, s->bytes.len, to) == s->bytes.len;
	}
	return (!to || !fclose(to)) && ok;
}

static bool make_folder(const char *path)
{
	return !mkdir(path, 0777) || errno == EEXIST;
}

/* The highest number that a folder there begins with. */
static unsigned last_number(const char *finds)
{
	unsigned last = 0, number;
	DIR *folder = opendir(finds);

	for (const struct dirent *e; folder && (e = readdir(folder));)
		if (sscanf(e->d_name, "%u-", &number) == 1 && number > last)
			last = number;
	if (folder)
		closedir(folder);
	return last;
}

const char *evidence_write(
	struct arena *a, const char *out, const struct find *find, const char *replay)
{
	enum { CONNECTIONS_MAX = 16 }; /* more are in the text */
	const char *finds = arena_printf(a, "%s/finds", out);
	struct folder f = {
		.arena = a,
		.path = arena_printf(a, "%s/%02u-%s", finds, last_number(finds) + 1,
			symptom_word(find->symptom.kind)),
		.find = find,
		.replay = replay,
	};
	bool ok = make_folder(finds) && !mkdir(f.path, 0777) &&
		write_file(&f, "exchange", write_exchange) &&
		write_file(&f, "command", write_command) && write_file(&f, "about", write_about);

	for (unsigned c = 1;
		ok && c <= exchange_connections(&find->exchange) && c <= CONNECTIONS_MAX; c++)
		ok = write_bytes(&f, c);
	if (ok && find->taped)
		ok = write_file(&f, "transcript", write_transcript) &&
			tape_write_pcap(&find->tape, arena_printf(a, "%s/capture.pcapng", f.path),
				symptom_word(find->symptom.kind), find->symptom.what);
	return ok ? f.path : NULL;
}
