/* Target files of any content: an error names file and line, and what was read is whole. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "harness/case.h"
#include "harness/runner/target_file.h"
#include "tests/fuzz/fuzz.h"

static void demand_of_file(const struct target_file *f)
{
	DEMAND(f->name && *f->name && (f->versions & BOTH) && f->ready_ms);
	DEMAND((f->command && f->command[0]) || f->url);
	for (size_t i = 0; i < f->document_count; i++)
		DEMAND(!f->documents[i].content != !f->documents[i].link);
	for (size_t i = 0; i < f->persistent.documents.count; i++) {
		const struct target_document *d = &f->persistent.documents.list[i];
		DEMAND(!d->content != !d->link);
	}
	DEMAND(f->persistent.stop_signal > 0 && f->persistent.stop_ms);
	for (size_t i = 0; i < f->expected.count; i++)
		DEMAND(f->expected.list[i].pattern && f->expected.list[i].reason &&
			f->expected.list[i].verdict < VERDICT_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct target_file file;
	const char *error = NULL;
	int line;

	arena_init(&a);
	if (target_file_parse(&a, "f.ini", (const char *)data, size, &file, &error))
		demand_of_file(&file);
	else
		DEMAND(sscanf(error, "f.ini:%d: ", &line) == 1 && line >= 1);
	arena_fini(&a);
	return 0;
}
