/* A file that a test writes and reads as a target's file: what it says, and how it says what is wrong with it. */
#ifndef TESTS_WRITTEN_FILE_H
#define TESTS_WRITTEN_FILE_H

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "harness/runner/target_file.h"

static struct arena arena;
static char path[80]; /* of the program's own name: others are tested beside it */

static inline void write_text(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline struct target_file read_good(const char *text)
{
	struct target_file file;
	const char *error = NULL;

	write_text(text);
	assert_true(target_file_read(&arena, path, &file, &error));
	assert_null(error);
	return file;
}

#define assert_refused(text, sentence)                                                      \
	do {                                                                                \
		struct target_file refused_;                                                \
		const char *error_ = "(none)";                                              \
		write_text(text);                                                           \
		assert_false(target_file_read(&arena, path, &refused_, &error_));           \
		assert_string_equal(error_, arena_printf(&arena, "%s:%s", path, sentence)); \
	} while (0)

#define TARGET "[target]\nname = X\ncommand = x\n"

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s.ini", program_invocation_short_name);
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	unlink(path);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
