/* Launched targets. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/launch/program.h"
#include "harness/runner/port.h"
#include "harness/runner/target.h"
#include "harness/runner/target_install.h"
#include "tests/unit/fake_target.h"

static const char path[] = "test_target.ini";
static const char log_path[] = "test_target.log";

struct bench {
	struct arena arena;
	struct target_file file;
	struct target target;
};

static struct bench bench;

static enum target_status launch(const char *mode, unsigned ready_ms, const char **error)
{
	assert_true(fake_target_write(path, mode, ready_ms));
	assert_true(target_file_read(&bench.arena, path, &bench.file, error));
	target_init(&bench.target, &bench.file);
	return target_launch(&bench.target, error);
}

static void assert_launched(const char *mode)
{
	const char *error = NULL;

	if (launch(mode, 10000, &error) != TARGET_UP)
		fail_msg("%s", error);
}

static bool is_running(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static bool exists(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0;
}

/* What it wrote before it listened may not have been read yet. */
static const char *output(void)
{
	target_read(&bench.target);
	return tail_text(&bench.target.tail, &bench.arena);
}

static void nothing_is_left_behind(void **state)
{
	(void)state;
	assert_launched("plain");
	pid_t pid = bench.target.program.pid;
	const char *folder = arena_text(&bench.arena, bench.target.folder);

	assert_true(endpoint_accepts(&bench.target.endpoint, 1000000));
	assert_true(is_running(pid));
	assert_true(exists(folder));
	assert_int_equal(getpgid(pid), pid);
	target_stop(&bench.target);
	assert_false(is_running(pid));
	assert_false(exists(folder));
	assert_false(endpoint_accepts(&bench.target.endpoint, 1000000));
}

static void children_that_left_its_group_are_ended_too(void **state)
{
	(void)state;
	assert_launched("parent");
	const char *line = strstr(output(), "stray ");

	assert_non_null(line);
	pid_t stray = atoi(line + 6);
	struct pollfd end = { .fd = pidfd_open(stray, 0), .events = POLLIN };
	assert_int_equal(poll(&end, 1, 0), 0);
	target_stop(&bench.target);
	assert_int_equal(poll(&end, 1, 0), 1); /* whether or not its new parent has fetched it */
	close(end.fd);
}

static void one_that_ignores_sigterm_is_killed(void **state)
{
	(void)state;
	assert_launched("stubborn");
	pid_t pid = bench.target.program.pid;

	target_stop(&bench.target);
	assert_false(is_running(pid));
}

static void a_death_is_told_with_its_last_words(void **state)
{
	(void)state;
	struct record_death death;

	assert_launched("plain");
	uint16_t port = bench.target.places.ports[0];
	assert_false(target_died(&bench.target, &bench.arena, &death));
	kill(bench.target.program.pid, SIGSEGV);
	int64_t deadline_us = clock_now_us() + 5000000;
	while (!target_died(&bench.target, &bench.arena, &death))
		assert_true(clock_now_us() < deadline_us);
	assert_int_equal(death.signal, SIGSEGV);
	assert_string_equal(death.stderr_tail, "mode plain");

	const char *error;
	assert_int_equal(target_launch(&bench.target, &error), TARGET_UP);
	assert_int_equal(bench.target.places.ports[0], port); /* captures go on */
	assert_false(target_died(&bench.target, &bench.arena, &death));
}

static void output_is_logged(void **state)
{
	(void)state;
	char line[64] = "";

	assert_launched("plain");
	bench.target.log = fopen(log_path, "w+");
	const char *error;
	assert_int_equal(target_launch(&bench.target, &error), TARGET_UP);
	assert_string_equal(output(), "mode plain");
	rewind(bench.target.log);
	assert_non_null(fgets(line, sizeof(line), bench.target.log));
	assert_string_equal(line, "mode plain\n");
	fclose(bench.target.log);
	bench.target.log = NULL;
}

static void a_program_that_is_not_installed_is_named(void **state)
{
	(void)state;
	const char *error;

	assert_int_equal(launch("missing", 5000, &error), TARGET_FAILED);
	assert_string_equal(error,
		"Fake is not installed: there is no program `no-such-program`; "
		"install the package fake-broker");
	assert_null(bench.target.folder);
}

/* A folder of the agents' is called java. */
static void a_folder_is_no_program(void **state)
{
	const char *path_before = getenv("PATH");
	char folder[] = "test_target.XXXXXX", name[sizeof(folder) + 4];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/sh", folder);
	assert_int_equal(mkdir(name, 0700), 0);
	assert_int_equal(setenv("PATH", arena_printf(&bench.arena, "%s:/bin", folder), 1), 0);
	const char *found = program_find(&bench.arena, "sh");
	assert_int_equal(setenv("PATH", path_before, 1), 0);
	rmdir(name);
	rmdir(folder);
	assert_non_null(found);
	assert_string_equal(found, "/bin/sh");
}

static void one_that_exits_at_once_is_told_with_its_last_words(void **state)
{
	(void)state;
	const char *error;

	assert_int_equal(launch("exit", 10000, &error), TARGET_FAILED);
	assert_string_equal(error,
		"Fake exited with status 3 before it was ready; its last words: "
		"no configuration");
}

static void one_that_never_listens_is_given_up(void **state)
{
	(void)state;
	const char *error;

	assert_int_equal(launch("idle", 3000, &error), TARGET_FAILED);
	assert_non_null(strstr(error, " took no connections within 3000 ms: mqtt://127.0.0.1:"));
	assert_non_null(strstr(error, ": Connection refused; its last words: waiting for nothing"));
	assert_int_equal(bench.target.program.pid, 0);
}

static void a_port_that_is_taken_meanwhile_is_changed(void **state)
{
	(void)state;
	assert_launched("robbed");
	FILE *file = fopen("test_target.taken", "r");
	int thief = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &thief), 1);
	fclose(file);
	assert_true(endpoint_accepts(&bench.target.endpoint, 1000000));
	assert_true(is_running(thief));
	kill(thief, SIGKILL);
}

/* The ports that it has printed. */
static void read_ports(int ports[static 4])
{
	const char *line = strstr(output(), "ports ");

	assert_non_null(line);
	assert_int_equal(
		sscanf(line, "ports %d %d %d %d", &ports[0], &ports[1], &ports[2], &ports[3]), 4);
}

static void it_may_have_further_ports(void **state)
{
	(void)state;
	int before[4], after[4];
	const char *error;

	assert_launched("ports");
	read_ports(before);
	assert_int_equal(before[0], bench.target.places.ports[0]);
	assert_int_equal(before[3], before[1]);
	assert_true(before[0] != before[1] && before[1] != before[2] && before[0] != before[2]);
	for (int i = 0; i < 3; i++)
		assert_in_range(before[i], 1, 65535);
	/* The same again, as far as nobody has taken them. */
	assert_int_equal(target_launch(&bench.target, &error), TARGET_UP);
	read_ports(after);
	for (int i = 0; i < 4; i++)
		assert_true(after[i] == before[i] || port_is_taken((uint16_t)before[i]));
}

/* So many that two of them would be the same by chance. */
static void a_claimed_port_is_nobody_elses(void **state)
{
	enum { COUNT = 500 };
	static uint16_t ports[COUNT];
	static int claims[COUNT];
	static bool seen[65536];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		ports[i] = port_claim(&claims[i]);
		assert_true(ports[i] && claims[i] >= 0);
		assert_false(seen[ports[i]]);
		assert_false(port_is_taken(ports[i]));
		seen[ports[i]] = true;
	}
	for (size_t i = 0; i < COUNT; i++)
		close(claims[i]);
}

static void a_further_port_that_is_taken_meanwhile_is_changed(void **state)
{
	(void)state;
	int ports[4];

	assert_launched("robbed_2");
	FILE *file = fopen("test_target.taken", "r");
	int thief = 0;
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &thief), 1);
	fclose(file);
	read_ports(ports);
	assert_false(port_is_taken((uint16_t)ports[1]));
	assert_true(is_running(thief));
	kill(thief, SIGKILL);
}

static void waiting_for_it_can_be_cancelled(void **state)
{
	(void)state;
	int fds[2];
	const char *error;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	launch("idle", 100, &error);
	bench.target.stop_fd = fds[0];
	int64_t before_us = clock_now_us();
	bench.file.ready_ms = 60000;
	assert_int_equal(target_launch(&bench.target, &error), TARGET_CANCELLED);
	assert_true(clock_now_us() - before_us < 10000000);
	assert_int_equal(bench.target.program.pid, 0);
	close(fds[0]);
	close(fds[1]);
}

static void the_version_is_asked_for(void **state)
{
	(void)state;
	struct target_file f = {
		.version_command =
			(const char *const[]){ "echo", "Fake version 1.2-3 of May", NULL },
		.version_pattern = "version ([^ ]+)",
	};

	assert_string_equal(target_file_version(&bench.arena, &f), "1.2-3");
	f.version_pattern = "release ([^ ]+)";
	assert_null(target_file_version(&bench.arena, &f));
	f.version_command = (const char *const[]){ "no-such-program", NULL };
	assert_null(target_file_version(&bench.arena, &f));
}

/* The folder is this program's own: a recipe's broker needs no more than its version to be there. */
static void what_a_recipe_installs_is_found(void **state)
{
	(void)state;
	char folder[] = "/tmp/mqttspec-install-XXXXXX";
	struct arena *a = &bench.arena;

	assert_non_null(mkdtemp(folder));
	const char *own = arena_printf(a, "%s/fake.ini", folder);
	struct target_file f = { .path = own, .name = "Fake", .install = "fake" };
	struct target_file without = { .path = own, .name = "Fake" };
	assert_int_equal(setenv("MQTTSPEC_INSTALLED", folder, 1), 0);
	const char *inner = arena_printf(a, "%s/fake", folder);
	assert_string_equal(target_install_folder(a, &f), inner);
	assert_string_equal(target_install_lack(a, &f),
		arena_printf(a,
			"Fake is not installed: there is nothing in %s; run %s/install/fake", inner,
			folder));
	assert_null(target_file_version(a, &f));
	assert_null(target_install_lack(a, &without));

	const char *version = arena_printf(a, "%s/version", inner);
	assert_int_equal(mkdir(inner, 0755), 0);
	FILE *out = fopen(version, "w");
	assert_non_null(out);
	assert_non_null(target_install_lack(a, &f)); /* it is empty: the recipe has not ended */
	fputs("1.2-3\n", out);
	fclose(out);
	assert_null(target_install_lack(a, &f));
	assert_string_equal(target_file_version(a, &f), "1.2-3");
	assert_int_equal(unlink(version) | rmdir(inner) | rmdir(folder), 0);

	assert_int_equal(unsetenv("MQTTSPEC_INSTALLED"), 0);
	const char *home = getenv("HOME");
	assert_string_equal(target_install_folder(a, &f),
		arena_printf(a, "%s/.local/share/mqttspec/targets/fake", home ? home : ""));
	assert_string_equal(target_install_folder(a, &without), "");
}

static void the_tail_keeps_whole_lines(void **state)
{
	(void)state;
	struct tail *t = arena_new(&bench.arena, struct tail);

	assert_string_equal(tail_text(t, &bench.arena), "");
	for (int i = 0; i < 2000; i++) {
		const char *line = arena_printf(&bench.arena, "line %d\n", i);
		tail_add(t, line, strlen(line));
	}
	const char *text = tail_text(t, &bench.arena);
	assert_in_range(strlen(text), TAIL_BYTES - 20, TAIL_BYTES);
	assert_memory_equal(text, "line ", 5);
	assert_string_equal(tail_cause(t, &bench.arena), "line 1999");
}

static void its_cause_is_the_last_line_that_says_something(void **state)
{
	(void)state;
	static const struct {
		const char *said, *cause;
	} samples[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "one\ntwo words\n\n  \n", "two words" },
		{ "broker: unknown option -- x\nUsage: broker [-c file]\nTry 'broker --help' for "
		  "more information.\n",
			"broker: unknown option -- x" },
		{ "Error: Unknown option '--foo'.\n\nUse 'broker --help' to see usage.\n",
			"Error: Unknown option '--foo'." },
		{ "Exception in thread \"main\" java.lang.IllegalStateException: no\n\tat "
		  "a.B.c(B.java:1)\n"
		  "Caused by: java.net.BindException: Address already in use\n"
		  "\tat java.base/sun.nio.ch.Net.bind0(Native Method)\n\t... 12 more\n",
			"Caused by: java.net.BindException: Address already in use" },
		{ "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\n    "
		  "import foo\n"
		  "ModuleNotFoundError: No module named 'foo'\n",
			"ModuleNotFoundError: No module named 'foo'" },
		{ "node:events:491\n      throw er; // Unhandled 'error' event\n      ^\n\n"
		  "Error: listen EADDRINUSE: address already in use :::1883\n    at Server.setup "
		  "(node:net:1463:16)\n"
		  "Emitted 'error' event on Server instance at:\n    at emitErrorNT "
		  "(node:net:1344:8) {\n"
		  "  code: 'EADDRINUSE',\n}\n\nNode.js v18.12.1\n",
			"Error: listen EADDRINUSE: address already in use :::1883" },
		{ "panic: no such file\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:4 "
		  "+0x1d\nexit status 2\n",
			"panic: no such file" },
		{ "thread 'main' panicked at src/main.rs:2:5: no address\nnote: run with "
		  "`RUST_BACKTRACE=1` environment "
		  "variable to display a backtrace\n",
			"thread 'main' panicked at src/main.rs:2:5: no address" },
		{ "Segfault\n", "Segfault" }, /* nothing better was said */
		{ "a full sentence\r\n", "a full sentence" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct tail *t = arena_new(&bench.arena, struct tail);
		tail_add(t, samples[i].said, strlen(samples[i].said));
		assert_string_equal(tail_cause(t, &bench.arena), samples[i].cause);
	}
}

static int set_up(void **state)
{
	(void)state;
	bench = (struct bench){ 0 };
	arena_init(&bench.arena);
	target_init(&bench.target, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	target_fini(&bench.target);
	arena_fini(&bench.arena);
	unlink(path);
	unlink(log_path);
	unlink("test_target.taken");
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_left_behind),
		TEST(children_that_left_its_group_are_ended_too),
		TEST(one_that_ignores_sigterm_is_killed),
		TEST(a_death_is_told_with_its_last_words),
		TEST(output_is_logged),
		TEST(a_program_that_is_not_installed_is_named),
		TEST(a_folder_is_no_program),
		TEST(one_that_exits_at_once_is_told_with_its_last_words),
		TEST(one_that_never_listens_is_given_up),
		TEST(a_port_that_is_taken_meanwhile_is_changed),
		TEST(it_may_have_further_ports),
		TEST(a_claimed_port_is_nobody_elses),
		TEST(a_further_port_that_is_taken_meanwhile_is_changed),
		TEST(waiting_for_it_can_be_cancelled),
		TEST(the_version_is_asked_for),
		TEST(what_a_recipe_installs_is_found),
		TEST(the_tail_keeps_whole_lines),
		TEST(its_cause_is_the_last_line_that_says_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
