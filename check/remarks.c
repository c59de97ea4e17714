#include "check/remarks.h"

#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

void remarks_add(struct remarks *r, const struct check_finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct check_finding *f = &findings[i];
		const struct spec_statement *statement = spec_find(f->statement);
		r->list = arena_grow(&r->arena, r->list, r->count, &r->capacity, sizeof(*r->list));
		r->list[r->count++] = (struct annotation){
			.packet = f->moment.packet,
			.text = arena_printf(&r->arena, "mqttspec: the %s breaks %s: %s (%s)",
				f->accused == SIDE_CLIENT ? "client" : "server", f->statement,
				f->what, statement ? statement->summary : ""),
		};
	}
}

static int by_packet(const void *a, const void *b)
{
	const struct annotation *one = a, *two = b;

	if (one->packet != two->packet)
		return one->packet < two->packet ? -1 : 1;
	return strcmp(one->text, two->text);
}

bool remarks_write(
	struct remarks *r, const char *from, const char *to, char *error, size_t error_size)
{
	if (r->count)
		qsort(r->list, r->count, sizeof(*r->list), by_packet);
	return annotation_copy(from, to, r->list, r->count, error, error_size);
}
