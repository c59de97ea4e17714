/* The two ends of records, for test_records.py.
 *
 *   record_lines write     writes sample records of every kind
 *   record_lines read      answers each line of its input with "ok", or with what is wrong with it
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "tests/samples/records.h"

static int write_samples(void)
{
	bool ok = record_write_run(stdout, &sample_run) &&
		record_write_run(stdout, &sample_run_minimal) &&
		record_write_case(stdout, &sample_case) &&
		record_write_case(stdout, &sample_case_minimal) &&
		record_write_death(stdout, &sample_death) &&
		record_write_death(stdout, &sample_death_minimal) &&
		record_write_end(stdout, &sample_end) &&
		record_write_end(stdout, &sample_end_minimal);

	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int read_lines(void)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	while ((len = getline(&line, &capacity, stdin)) > 0) {
		struct arena a;
		struct record_line record;
		const char *error;
		arena_init(&a);
		len -= line[len - 1] == '\n';
		bool ok = record_parse(&a, line, (size_t)len, &record, &error);
		puts(ok ? "ok" : error);
		arena_fini(&a);
	}
	free(line);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "write"))
		return write_samples();
	if (argc == 2 && !strcmp(argv[1], "read"))
		return read_lines();
	fprintf(stderr, "usage: record_lines write|read\n");
	return 2;
}
