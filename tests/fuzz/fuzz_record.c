/* The reader of records on any line: an error is a sentence, and what was read can be written, read
 * and written again to the same text.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "record/record.h"
#include "tests/fuzz/fuzz.h"

static void write_record(FILE *to, const struct record_line *record)
{
	switch (record->kind) {
	case RECORD_RUN: DEMAND(record_write_run(to, &record->run)); break;
	case RECORD_CASE: DEMAND(record_write_case(to, &record->result)); break;
	case RECORD_DEATH: DEMAND(record_write_death(to, &record->death)); break;
	case RECORD_END: DEMAND(record_write_end(to, &record->end)); break;
	}
}

static char *written(const struct record_line *record, size_t *len)
{
	char *text;
	FILE *to = open_memstream(&text, len);

	DEMAND(to);
	write_record(to, record);
	fclose(to);
	DEMAND(strchr(text, '\n') == text + *len - 1);
	return text;
}

static void demand_the_same_again(struct arena *a, const struct record_line *record)
{
	struct record_line again;
	const char *error;
	size_t first_len, second_len;
	char *first = written(record, &first_len);

	DEMAND(record_parse(a, first, first_len - 1, &again, &error));
	char *second = written(&again, &second_len);
	DEMAND(!strcmp(first, second));
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct record_line record;
	const char *error;

	arena_init(&a);
	if (record_parse(&a, (const char *)data, size, &record, &error))
		demand_the_same_again(&a, &record);
	else
		DEMAND(error && *error);
	arena_fini(&a);
	return 0;
}
