/* The broker's configuration file. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "broker/shell/settings.h"
#include "broker/shell/settings_file.h"

/* Reads `text` as a configuration; *error is NULL when all was well. */
static struct settings read_text(struct arena *a, const char *text, const char **error)
{
	char path[] = "/tmp/settings-test-XXXXXX";
	struct settings s;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	settings_default(&s);
	*error = NULL;
	bool ok = settings_read(&s, a, path, error);
	assert_int_equal(ok, *error == NULL);
	unlink(path);
	return s;
}

static void directives_of_mosquitto_are_understood(void **state)
{
	(void)state;
	struct arena a;
	const char *error;
	arena_init(&a);
	struct settings s = read_text(&a,
		"# a comment\n"
		"\n"
		"max_connections 10\n"
		"listener 1884 127.0.0.1\n"
		"  listener 1885  \n"
		"allow_anonymous false\r\n"
		"max_inflight_messages 20\n"
		"max_queued_messages 0\n"
		"max_packet_size 1000\n"
		"max_keepalive 60\n"
		"max_qos 1\n"
		"retain_available false\n"
		"persistent_client_expiration 2w\n"
		"persistence false\n"
		"sys_interval 0\n"
		"log_type error\n"
		"log_type information\n"
		"log_dest file /tmp/x y.log",
		&error);
	assert_null(error);
	assert_int_equal(s.listener_count, 2);
	assert_string_equal(s.listeners[0].address, "127.0.0.1");
	assert_int_equal(s.listeners[0].port, 1884);
	assert_string_equal(s.listeners[1].address, "::");
	assert_false(s.access.allow_anonymous);
	assert_int_equal(s.limits.connections, 10);
	assert_int_equal(s.limits.inflight, 20);
	assert_int_equal(s.limits.queue_messages, UINT32_MAX);
	assert_int_equal(s.limits.packet_bytes, 1000);
	assert_int_equal(s.limits.keep_alive_max_s, 60);
	assert_int_equal(s.limits.maximum_qos, 1);
	assert_true(s.limits.no_retained);
	assert_int_equal(s.limits.session_expiry_max_s, 14 * 24 * 3600);
	assert_int_equal(s.sys_interval_s, 0);
	assert_int_equal(s.log_most, LOG_INFO);
	assert_string_equal(s.log_file, "/tmp/x y.log");
	arena_fini(&a);
}

static void what_is_not_offered_is_told_apart(void **state)
{
	(void)state;
	static const char *const names[] = { "retain_available", "wildcard_subscription_available",
		"shared_subscription_available", "subscription_identifier_available" };

	for (size_t i = 0; i < 4; i++) {
		struct arena a;
		const char *error;
		arena_init(&a);
		struct settings s = read_text(&a, arena_printf(&a, "%s false\n", names[i]), &error);
		assert_null(error);
		const bool lacks[] = { s.limits.no_retained, s.limits.no_wildcards,
			s.limits.no_shared, s.limits.no_subscription_ids };
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(lacks[k], k == i);
		s = read_text(&a, arena_printf(&a, "%s true\n", names[i]), &error);
		assert_null(error);
		assert_false(s.limits.no_retained || s.limits.no_wildcards || s.limits.no_shared ||
			s.limits.no_subscription_ids);
		arena_fini(&a);
	}
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error; /* a part of it */
	} samples[] = {
		{ "\nlistner 1883\n", ":2: there is no directive \"listner\"" },
		{ "listener\n", ":1: listener takes a port" },
		{ "listener 70000\n", ":1: listener takes a port" },
		{ "max_qos 3\n", "max_qos takes 0 to 2, not 3" },
		{ "max_qos\n", "max_qos takes a number" },
		{ "max_keepalive -1\n", "max_keepalive takes a number" },
		{ "max_packet_size 10\n", "max_packet_size takes 20 to" },
		{ "max_packet_size 99999999999999999999999\n", "takes a number" },
		{ "retain_available yes\n", "takes true or false" },
		{ "wildcard_subscription_available 0\n", "takes true or false" },
		{ "persistence true\n", "persistence true needs persistence_location" },
		{ "persistence_sync some\n", "persistence_sync takes full or none" },
		{ "persistence_location\n", "persistence_location lacks a value" },
		{ "persistence_max_bytes 1G\n", "takes a number" },
		{ "log_type everything\n", "log_type takes" },
		{ "log_dest syslog\n", "log_dest takes" },
		{ "persistent_client_expiration 0d\n", "takes a number and" },
		{ "persistent_client_expiration 3 d\n", "takes a number and" },
		{ "persistent_client_expiration 99999999999y\n", "136 years at most" },
		{ "persistent_client_expiration -1d\n", "takes a number and" },
		/* 2^64 hours, days and years are 0 s and a bit */
		{ "persistent_client_expiration 5124095576030432h\n", "136 years at most" },
		{ "persistent_client_expiration 213503982334602d\n", "136 years at most" },
		{ "persistent_client_expiration 137y\n", "136 years at most" },
		{ "pid_file\n", "pid_file lacks a value" },
		{ "listener 1883 300.0.0.1\n",
			"takes an IP address or localhost, not \"300.0.0.1\"" },
		{ "listener 1883 127.0.0.1 mqtt\n", "not \"127.0.0.1 mqtt\"" },
		{ "max_qos 1\n\nmax_qos 1\n", ":3: max_qos stands in line 1 already" },
		{ "mount_point a/\n", ":1: mount_point is about the listener before it" },
		{ "listener 0\nmount_point\n", ":2: mount_point lacks a value" },
		{ "max_connections 1\nmax_connections -1\n",
			":2: max_connections stands in line 1" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct arena a;
		const char *error;
		arena_init(&a);
		read_text(&a, samples[i].text, &error);
		if (!error || !strstr(error, samples[i].error))
			fail_msg("\"%s\" gives %s", samples[i].text, error ? error : "no error");
		arena_fini(&a);
	}
}

static void who_comes_in_is_said_where_a_listener_is(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool anonymous;
	} samples[] = {
		{ "", true },
		{ "max_qos 1\n", true },
		{ "listener 1883\n", false },
		{ "listener 1883 127.0.0.1\n", false },
		{ "listener 1883\nallow_anonymous true\n", true },
		{ "allow_anonymous true\nlistener 1883 localhost\n", true },
		{ "listener 1883 ::1\nallow_anonymous false\n", false },
		{ "allow_anonymous false\n", false },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct arena a;
		const char *error;
		arena_init(&a);
		struct settings s = read_text(&a, samples[i].text, &error);
		assert_null(error);
		if (s.access.allow_anonymous != samples[i].anonymous)
			fail_msg("\"%s\"", samples[i].text);
		arena_fini(&a);
	}
}

static void no_limit_of_connections_is_none(void **state)
{
	(void)state;
	struct arena a;
	const char *error;
	arena_init(&a);
	assert_int_equal(
		read_text(&a, "max_connections -1\n", &error).limits.connections, UINT32_MAX);
	arena_fini(&a);
}

static void files_to_be_written_are_looked_at_and_left_alone(void **state)
{
	(void)state;
	static const struct {
		const char *log_file, *pid_file;
		const char *error; /* NULL: fine */
	} samples[] = {
		{ NULL, NULL, NULL },
		{ "/tmp/settings-test-none.log", "/tmp/settings-test-none.pid", NULL },
		{ "/nonexistent/x.log", NULL,
			"/nonexistent/x.log: it cannot be written: No such file or directory" },
		{ "/tmp", NULL, "/tmp: it cannot be written: Is a directory" },
		{ NULL, "/dev/null/x", "/dev/null/x: it cannot be written: Not a directory" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct arena a;
		struct settings s;
		const char *error = NULL;
		arena_init(&a);
		settings_default(&s);
		s.log_file = samples[i].log_file;
		s.pid_file = samples[i].pid_file;
		assert_int_equal(settings_check(&s, &a, &error), !samples[i].error);
		if (samples[i].error)
			assert_string_equal(error, samples[i].error);
		arena_fini(&a);
	}
	assert_int_equal(access("/tmp/settings-test-none.log", F_OK), -1);
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	struct arena a;
	struct settings s;
	const char *error;
	arena_init(&a);
	settings_default(&s);
	assert_false(settings_read(&s, &a, "/nonexistent/x.conf", &error));
	assert_string_equal(error, "/nonexistent/x.conf: No such file or directory");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directives_of_mosquitto_are_understood),
		cmocka_unit_test(what_is_not_offered_is_told_apart),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(who_comes_in_is_said_where_a_listener_is),
		cmocka_unit_test(no_limit_of_connections_is_none),
		cmocka_unit_test(files_to_be_written_are_looked_at_and_left_alone),
		cmocka_unit_test(a_missing_file_is_named),
	};
	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
