/* Writes a folder of inputs for fuzz_monitor to begin with, one file an exchange of the monitor's
 * unit tests: seeds_monitor DIR.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "tests/unit/exchange.h"

enum { SEED_LIMIT = 1 << 16 };

struct folder {
	const char *path;
	unsigned count; /* of files so far */
	bool failed;
};

static void write_file(struct folder *f, const struct buf *seed)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%04u", f->path, f->count++);
	FILE *file = fopen(path, "wb");
	f->failed |= !file || fwrite(seed->data, 1, seed->len, file) != seed->len;
	if (file)
		f->failed |= fclose(file) != 0;
}

/* As fuzz_monitor.c reads it. A new connection is begun by the end of a direction. */
static void write_exchange(
	struct folder *f, enum mqtt_version version, enum side judged, const char *text)
{
	struct arena a;
	struct buf seed;
	struct exchange_step step;

	arena_init(&a);
	buf_init(&seed, SEED_LIMIT);
	struct exchange_reader r = { .arena = &a, .version = version, .at = text };
	buf_add_u8(&seed, (uint8_t)((version == MQTT_50) | (judged == SIDE_SERVER) << 1));
	while (exchange_next(&r, &step)) {
		size_t len = step.kind == STEP_PACKET ? step.bytes.len : 0;
		buf_add_u16(&seed, (uint16_t)((step.from == SIDE_SERVER) << 15 | len));
		buf_add(&seed, step.bytes.data, len);
	}
	f->failed |= seed.failed;
	write_file(f, &seed);
	buf_fini(&seed);
	arena_fini(&a);
}

static void write_row(struct folder *f, const struct breach_row *row, enum mqtt_version version)
{
	const char *ends[] = { row->bad, row->good };

	if ((row->version && row->version != version) ||
		!monitor_rule_statement(row->rule, version, row->judged))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct arena a;
		arena_init(&a);
		write_exchange(
			f, version, row->judged, arena_printf(&a, "%s%s", row->before, ends[i]));
		arena_fini(&a);
	}
}

static void write_all(struct folder *f, enum mqtt_version version)
{
	for (size_t t = 0; t < breach_table_count; t++)
		for (size_t i = 0; i < breach_tables[t].count; i++)
			write_row(f, &breach_tables[t].rows[i], version);
	for (size_t i = 0; i < legal_row_count; i++) {
		const struct legal_row *row = &legal_rows[i];
		if (!row->version || row->version == version)
			write_exchange(f, version, row->judged, row->text);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds_monitor DIR\n");
		return 2;
	}
	struct folder f = { .path = argv[1] };
	mkdir(f.path, 0777);
	write_all(&f, MQTT_311);
	write_all(&f, MQTT_50);
	if (f.failed)
		perror(f.path);
	return f.failed ? 1 : 0;
}
