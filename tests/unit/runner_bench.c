#include "tests/unit/runner_bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fake_target.h"
#include "harness/transport/transport.h"

struct bench *b;

void see_result(void *user, size_t index, const struct record_case *record)
{
	(void)user, (void)index;
	b->results = arena_printf(&b->arena, "%s%s=%s%s ", b->results, record->id,
		verdict_name(record->verdict), record->expected ? "" : "!");
}

static void see_death(void *user, const struct record_death *death)
{
	(void)user, (void)death;
	b->deaths++;
}

static void see_remark(void *user, const char *sentence)
{
	(void)user;
	assert_non_null(strstr(sentence, "answered no CONNECT"));
	b->remarks++;
}

void plan_scripts(const char *const *scripts)
{
	for (size_t i = 0; scripts[i]; i++) {
		bool timed = !strncmp(scripts[i], "timed ", 6);
		b->defs[i] = (struct case_def){
			.id = arena_printf(
				&b->arena, i < 26 ? "%c" : "%c%zu", (char)('a' + i % 26), i / 26),
			.title = scripts[i] + (timed ? 6 : 0),
			.file = "cases/server/fake.c",
			.refs = { "5.0:MQTT-4.3.3-10" },
			.versions = V50,
			.budget_ms = timed,
		};
		b->items[i] = (struct plan_item){
			.def = &b->defs[i],
			.version = MQTT_50,
			.transport = transports[0],
			.id = b->defs[i].id,
		};
		b->plan.count++;
	}
}

void launch_as(const char *mode)
{
	const char *error = NULL;

	assert_true(fake_target_write("test_runner.ini", mode, 10000));
	assert_true(target_file_read(&b->arena, "test_runner.ini", &b->file, &error));
	target_init(&b->launched, &b->file);
	assert_int_equal(target_launch(&b->launched, &error), TARGET_UP);
	b->config.target = &b->launched;
}

void launch(void)
{
	launch_as("plain");
}

void launch_broker(const char *mode)
{
	launch_as(mode);
	b->surveys[0].status = PROBE_SERVED;
	b->surveys[0].answer_us = 350000;
}

void use_as_url(void)
{
	b->at_url.endpoint = b->launched.endpoint;
	b->config.target = &b->at_url;
}

void play_one_by_one(void)
{
	b->config.jobs = 1;
	b->config.most_jobs = 1;
}

enum runner_stop play(struct record_end *end)
{
	struct runner r;

	runner_init(&r, &b->config);
	runner_add_all(&r, 0);
	while (runner_turn(&r, NULL))
		;
	runner_conclude(&r);
	runner_result(&r, end);
	size_t unexplained = r.unexplained;
	enum runner_stop stopped = r.stopped;
	if (end->stopped)
		end->stopped = arena_text(&b->arena, end->stopped);
	runner_fini(&r);
	end->unexpected += unexplained;
	return stopped;
}

void assert_played(const char *results)
{
	struct record_end end;

	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_int_equal(end.not_run, 0);
	assert_string_equal(b->results, results);
}

bool has(const char *result)
{
	const char *found = strstr(b->results, result);

	return found && (found == b->results || found[-1] == ' ');
}

void assert_has(const char *results)
{
	char words[256];

	assert_true(strlen(results) < sizeof(words));
	strcpy(words, results);
	for (char *rest = words, *word; (word = strsep(&rest, " "));)
		if (!has(word))
			assert_string_equal(b->results, results); /* which shows both */
}

struct record_line record_at(size_t n)
{
	struct record_line line;
	const char *error;
	char *text = NULL;
	size_t size = 0;
	ssize_t len = 0;

	rewind(b->record);
	for (size_t i = 0; i <= n; i++)
		len = getline(&text, &size, b->record);
	assert_true(len > 0);
	assert_true(record_parse(&b->arena, arena_copy(&b->arena, text, (size_t)len),
		(size_t)len - 1, &line, &error));
	free(text);
	return line;
}

struct record_case case_record(const char *id)
{
	for (size_t n = 0;; n++) {
		struct record_line line = record_at(n);
		if (line.kind == RECORD_CASE && !strcmp(line.result.id, id))
			return line.result;
	}
}

/* ---- set-up -------------------------------------------------------------------------------- */

/* A target that accepts connections and is otherwise deaf, for tests in which it plays no part. */
static bool listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(b->listener, (struct sockaddr *)&at, len) || listen(b->listener, 4096) ||
		getsockname(b->listener, (struct sockaddr *)&at, &len))
		return false;
	memcpy(&b->at_url.endpoint.address, &at, len);
	b->at_url.endpoint.address_len = len;
	b->at_url.endpoint.transport = transports[0];
	b->at_url.endpoint.url = "a listener";
	b->config.target = &b->at_url;
	return true;
}

/* Of its own, since the programs of ctest run side by side. */
static bool enter_folder(void)
{
	strcpy(b->folder, "/tmp/test_runner.XXXXXX");
	b->home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return b->home >= 0 && mkdtemp(b->folder) && !chdir(b->folder) && !mkdir("pcap", 0700);
}

static void unlink_all(const char *pattern)
{
	glob_t found;

	if (!glob(pattern, 0, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
	globfree(&found);
}

/* False when something was left in it. */
static bool leave_folder(void)
{
	unlink("test_runner.ini");
	unlink("killed");
	unlink_all("gather.*");
	unlink_all("met.*"); /* one that has gone may have been told yet */
	bool ok = !rmdir("pcap") && !fchdir(b->home) && !rmdir(b->folder);
	close(b->home);
	return ok;
}

int runner_set_up(void **state)
{
	(void)state;
	b = calloc(1, sizeof(*b));
	arena_init(&b->arena);
	target_init(&b->launched, NULL);
	target_init(&b->at_url, NULL);
	b->results = "";
	b->record = tmpfile();
	b->plan.items = b->items;
	for (int i = 0; i < VERSION_COUNT; i++)
		b->surveys[i] = (struct survey){ .asked = true, .answer_us = 1000 };
	b->config = (struct runner_config){
		.plan = &b->plan,
		.surveys = b->surveys,
		.expected = &b->expected,
		.hold_us = RUNNER_HOLD_US,
		.jobs = 16,
		.most_jobs = 128,
		.folder = ".",
		.pcap = PCAP_NONE,
		.record = b->record,
		.stop_fd = -1,
		.view = { .result = see_result, .death = see_death, .remark = see_remark },
	};
	return b->record && enter_folder() && listen_somewhere() ? 0 : -1;
}

int runner_tear_down(void **state)
{
	(void)state;
	target_fini(&b->at_url);
	target_fini(&b->launched);
	arena_fini(&b->arena);
	fclose(b->record);
	close(b->listener);
	bool clean = leave_folder();
	free(b);
	return clean && waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}
