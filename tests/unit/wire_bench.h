/* The bench on which the packet layer is tested. */
#ifndef TESTS_UNIT_WIRE_BENCH_H
#define TESTS_UNIT_WIRE_BENCH_H

#include "tests/unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "harness/wire/wire.h"
#include "tests/corpus/corpus.h"

/* What a test needs: memory, a place to build in, and pages that end in an unreadable one, so that
 * reading past the input is a crash.
 */
struct bench {
	struct arena arena;
	struct buf built;
	uint8_t *pages;
	size_t page_bytes; /* readable ones */
	struct corpus corpus;
};

/* For cmocka_run_group_tests: the state of every test is a bench. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

/* A copy of the bytes whose end is the end of readable memory. */
const uint8_t *bench_guarded(struct bench *b, const void *data, size_t len);

/* Parses such a copy. */
struct wire_result bench_parse(
	struct bench *b, enum mqtt_version version, struct bytes data, struct packet *out);

/* What a template stands for; one that is wrong fails the test. */
struct bytes bench_spell(struct bench *b, enum mqtt_version version, const char *text);

/* The packet's bytes, valid until the next call. */
struct bytes bench_build(struct bench *b, enum mqtt_version version, const struct packet *p);

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#endif
