#include "tests/unit/wire_bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/wire/template.h"

enum { READABLE_BYTES = 4 * 1024 * 1024 };

static void bench_init(struct bench *b)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	arena_init(&b->arena);
	buf_init(&b->built, READABLE_BYTES);
	b->page_bytes = READABLE_BYTES;
	b->pages = mmap(NULL, b->page_bytes + page, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(b->pages, MAP_FAILED);
	assert_int_equal(mprotect(b->pages + b->page_bytes, page, PROT_NONE), 0);
	corpus_init(&b->corpus, &b->arena);
}

static void bench_fini(struct bench *b)
{
	munmap(b->pages, b->page_bytes + (size_t)sysconf(_SC_PAGESIZE));
	buf_fini(&b->built);
	arena_fini(&b->arena);
}

const uint8_t *bench_guarded(struct bench *b, const void *data, size_t len)
{
	uint8_t *place = b->pages + b->page_bytes - len;

	assert_true(len <= b->page_bytes);
	if (len)
		memcpy(place, data, len);
	return place;
}

struct wire_result bench_parse(
	struct bench *b, enum mqtt_version version, struct bytes data, struct packet *out)
{
	return wire_parse(&b->arena, version, bench_guarded(b, data.data, data.len), data.len,
		WIRE_REMAINING_LENGTH_MAX, out);
}

struct bytes bench_spell(struct bench *b, enum mqtt_version version, const char *text)
{
	struct template_values values = {
		.version = version, .client_id = "me", .topic_prefix = "k/"
	};
	struct bytes bytes;
	const char *error;

	if (!template_expand(&b->arena, text, &values, &bytes, &error))
		fail_msg("%s: %s", text, error);
	return bytes;
}

struct bytes bench_build(struct bench *b, enum mqtt_version version, const struct packet *p)
{
	buf_reset(&b->built);
	assert_true(wire_build(&b->built, version, p, NULL));
	return (struct bytes){ b->built.data, b->built.len };
}

int bench_set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	bench_init(b);
	*state = b;
	return 0;
}

int bench_tear_down(void **state)
{
	bench_fini(*state);
	free(*state);
	return 0;
}
