/* A run of the runner for its tests: a plan of case runs that do what their scripts say (the engine is
 * tests/unit/fake_play.c), a target, and what became of them.
 */
#ifndef TESTS_UNIT_RUNNER_BENCH_H
#define TESTS_UNIT_RUNNER_BENCH_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#undef fail /* cmocka's: case.h has its own */
#include "harness/case.h"
#include "harness/runner/runner.h"
#include "harness/runner/target.h"

enum { CASES_MAX = 80 };

struct bench {
	struct arena arena;
	struct target_file file;
	struct target launched; /* the program */
	struct target at_url;   /* the same, as if somebody else had started it */
	struct case_def defs[CASES_MAX];
	struct plan_item items[CASES_MAX];
	struct plan plan;
	struct survey surveys[VERSION_COUNT];
	struct expectations expected;
	struct runner_config config;
	char folder[32]; /* where it is played, and all files are */
	int home;        /* where it was before */
	int listener;
	FILE *record;
	const char *results; /* "a=pass b=fail! ": a `!` after what was unexpected */
	size_t deaths, remarks;
	size_t most_patient; /* that the progress spoke of */
};

extern struct bench *b;

int runner_set_up(void **state);
int runner_tear_down(void **state); /* fails when a child is left, or a file */

#define TEST(f) cmocka_unit_test_setup_teardown(f, runner_set_up, runner_tear_down)

/* Case runs "a", "b", ... of 5.0 with these scripts; a script with "timed " in front has a budget. */
void plan_scripts(const char *const *scripts);
#define PLAN(...) plan_scripts((const char *const[]){ __VA_ARGS__, NULL })

/* They never overlap. */
void play_one_by_one(void);

/* Launches a target of tests/unit/fake_target.h, to be judged. */
void launch_as(const char *mode);
void launch(void); /* "plain" */

/* One that passes a checkup. The case runs are of 5.0, so that its answers have more time than theirs. */
void launch_broker(const char *mode);

/* The launched one as if somebody else had started it. */
void use_as_url(void);

/* Adds to the results. */
void see_result(void *user, size_t index, const struct record_case *record);

/* Plays the plan to its end. */
enum runner_stop play(struct record_end *end);
void assert_played(const char *results);

bool has(const char *result);         /* "a=pass", somewhere in the results */
void assert_has(const char *results); /* "a=pass b=fail!": each of them, somewhere */

/* The nth record, from the beginning of the file. */
struct record_line record_at(size_t n);
struct record_case case_record(const char *id);

#endif
