#include "harness/runner/target.h"

#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "harness/case.h"
#include "harness/launch/words.h"
#include "harness/peers/probe.h"
#include "harness/runner/folder.h"
#include "harness/runner/port.h"
#include "harness/transport/transport.h"

enum {
	LAUNCH_ATTEMPTS = 5, /* on another port each time */
	STEP_MS = 20,        /* between two looks at a program that is not ready */
	ACCEPT_LIMIT_US = 200000,
	PROBE_LIMIT_US = 1000000,
	ANSWER_LIMIT_US = 10000000, /* to answer a CONNECT, once it listens */
	STOP_LIMIT_US = 5000000,
	VERSION_LIMIT_US = 5000000,
	VERSION_LIMIT_BYTES = 65536,
	LOG_LIMIT_BYTES = 64 * 1024 * 1024,
	PLACEHOLDERS = 6, /* besides those of the further ports */
	READ_TURNS = 64,  /* so that a flood of output leaves room for other work */
};

static const char loopback[] = "127.0.0.1";

void target_init(struct target *t, const struct target_file *file)
{
	*t = (struct target){ .file = file, .stop_fd = -1 };
	t->program = (struct program)PROGRAM_NONE;
	arena_init(&t->arena);
	if (!file || !file->users)
		return;
	t->users = file->users;
	t->first_user = (struct login){
		.user_name = file->users->list[0].name,
		.password = file->users->list[0].password,
	};
}

/* ---- users --------------------------------------------------------------------------------- */

/* Where they are asked who they are; `values` for the placeholders of its URL. */
static bool find_users(struct target *t, const struct placeholder *values, const char **error)
{
	const char *url = t->file ? t->file->users_url : NULL;

	t->has_for_users = url;
	return !url ||
		endpoint_parse(&t->arena, words_fill(&t->arena, url, values), &t->for_users, error);
}

struct endpoint target_users_endpoint(const struct target *t, const struct transport *transport)
{
	static const struct users elsewhere = {
		.lack = "the [users] of the target's file are asked who they are over another "
			"transport"
	};
	struct endpoint e = *target_endpoint(t, transport);

	if (t->has_for_users && t->for_users.transport == transport)
		e = t->for_users;
	e.guest = t->guest;
	e.users = t->users;
	if (t->users && t->users->count)
		e.login = &t->first_user;
	if (t->has_for_users && t->for_users.transport != transport)
		e.users = &elsewhere;
	return e;
}

/* ---- where it listens, as it is told ------------------------------------------------------- */

bool target_use_url(struct target *t, const char *url, const char **error)
{
	if (!endpoint_parse(&t->arena, url, &t->endpoint, error))
		return false;
	t->endpoint.login = t->login;
	t->endpoint.guest = t->guest;
	return target_is_launched(t) || find_users(t, (const struct placeholder[]){ { 0 } }, error);
}

bool target_is_launched(const struct target *t)
{
	return t->file && t->file->command;
}

const struct endpoint *target_endpoint(const struct target *t, const struct transport *transport)
{
	for (size_t i = 0; i < t->further_count; i++)
		if (t->further[i].transport == transport)
			return &t->further[i];
	return &t->endpoint;
}

/* ---- output -------------------------------------------------------------------------------- */

static void log_output(struct target *t, const char *data, size_t len)
{
	if (!t->log || t->logged_bytes > LOG_LIMIT_BYTES)
		return;
	fwrite(data, 1, len, t->log);
	t->logged_bytes += len;
	if (t->logged_bytes > LOG_LIMIT_BYTES)
		fputs("\n(more is not kept)\n", t->log);
	fflush(t->log);
}

void target_read(struct target *t)
{
	char chunk[4096];

	for (int i = 0; i < READ_TURNS && t->program.output_fd >= 0; i++) {
		ssize_t n = read(t->program.output_fd, chunk, sizeof(chunk));
		if (n < 0)
			return; /* nothing more by now */
		if (n == 0) {
			close(t->program.output_fd);
			t->program.output_fd = -1;
			return;
		}
		tail_add(&t->tail, chunk, (size_t)n);
		log_output(t, chunk, (size_t)n);
	}
}

/* Waits for output, the end of the program, or stop_fd; true when that one is readable. */
static bool wait_a_step(struct target *t, int stop_fd, int step_ms)
{
	struct pollfd p[] = {
		{ .fd = t->program.output_fd, .events = POLLIN },
		{ .fd = t->program.pid_fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};

	poll(p, sizeof(p) / sizeof(*p), step_ms);
	target_read(t);
	return p[2].revents & POLLIN;
}

/* ---- launching ----------------------------------------------------------------------------- */

static const char *const *fill_words(
	struct arena *a, const char *const *words, const struct placeholder *values)
{
	const char **filled = NULL;
	size_t count = 0, capacity = 0;

	if (!words)
		return NULL;
	for (;; count++) {
		filled = arena_grow(a, filled, count, &capacity, sizeof(*filled));
		filled[count] = words[count] ? words_fill(a, words[count], values) : NULL;
		if (!words[count])
			return filled;
	}
}

/* ---- further ports ------------------------------------------------------------------------- */

static bool words_have(const char *const *words, const char *text)
{
	while (words && *words)
		if (strstr(*words++, text))
			return true;
	return false;
}

static bool file_has(const struct target_file *f, const char *text)
{
	for (size_t i = 0; i < f->document_count; i++) {
		const struct target_document *d = &f->documents[i];
		if (strstr(d->content ? d->content : d->link, text))
			return true;
	}
	return words_have(f->command, text) || words_have(f->environment, text);
}

bool target_offers(
	const struct target_file *file, const char *url, const struct transport *transport)
{
	const char *rest;
	char place[32];

	if (!file || !file->command)
		return transport_of_url(url, &rest) == transport;
	snprintf(place, sizeof(place), "{%s}", transport->place);
	return file_has(file, place);
}

/* A free port that is none of the others. */
static uint16_t choose_port(const struct target *t)
{
	for (;;) {
		uint16_t port = port_free();
		bool twice = port && port == t->port;
		for (size_t i = 0; i < FURTHER_PORTS; i++)
			twice |= port && port == t->further_ports[i];
		if (!twice)
			return port;
	}
}

/* Those that the file names, the same as at the last launch if they are still free. */
static void choose_further_ports(struct target *t)
{
	for (size_t i = 0; i < FURTHER_PORTS; i++) {
		uint16_t *port = &t->further_ports[i];
		if (!file_has(t->file, arena_printf(&t->arena, "{port_%zu}", i + 2)))
			*port = 0;
		else if (!*port || port_is_taken(*port))
			*port = choose_port(t);
	}
}

/* Somebody was faster, so the program failed by no fault of its own. */
static bool has_lost_a_port(const struct target *t)
{
	bool lost = port_is_taken(t->port);

	for (size_t i = 0; i < FURTHER_PORTS; i++)
		lost |= t->further_ports[i] && port_is_taken(t->further_ports[i]);
	return lost;
}

/* ---- where it listens ---------------------------------------------------------------------- */

static const char *socket_path(struct target *t)
{
	return arena_printf(&t->arena, "%s/socket", t->folder);
}

/* The usual endpoint, and one for each other transport that the file has a placeholder for. */
static bool set_endpoints(struct target *t, const char **error)
{
	struct arena *a = &t->arena;
	size_t capacity = 0;

	t->further = NULL;
	t->further_count = 0;
	if (!target_use_url(t, arena_printf(a, "mqtt://%s:%u", loopback, t->port), error))
		return false;
	for (size_t i = 1; transports[i]; i++) {
		if (!target_offers(t->file, NULL, transports[i]))
			continue;
		t->further =
			arena_grow(a, t->further, t->further_count, &capacity, sizeof(*t->further));
		struct endpoint *e = &t->further[t->further_count];
		const char *url = arena_printf(a, "%s://%s", transports[i]->scheme, socket_path(t));
		if (!endpoint_parse(a, url, e, error))
			return false;
		e->login = t->login;
		e->guest = t->guest;
		t->further_count++;
	}
	return true;
}

static bool accepts(const struct target *t)
{
	bool all = endpoint_accepts(&t->endpoint, ACCEPT_LIMIT_US);

	for (size_t i = 0; all && i < t->further_count; i++)
		all = endpoint_accepts(&t->further[i], ACCEPT_LIMIT_US);
	return all;
}

/* ---- starting ------------------------------------------------------------------------------ */

static const char *not_started(struct target *t, const char *why)
{
	const struct target_file *f = t->file;

	if (f->package && !program_find(&t->arena, f->command[0]))
		return arena_printf(&t->arena, "%s is not installed: %s; install the package %s",
			f->name, why, f->package);
	return arena_printf(&t->arena, "%s cannot be launched: %s", f->name, why);
}

static bool start_program(struct target *t, const char **error)
{
	const struct target_file *f = t->file;
	struct arena *a = &t->arena;
	const char *first = f->document_count ? f->documents[0].name : "";
	struct placeholder values[PLACEHOLDERS + FURTHER_PORTS + 1] = {
		{ "host", loopback },
		{ "port", arena_printf(a, "%u", t->port) },
		{ "dir", t->folder },
		{ "config", arena_printf(a, "%s/%s", t->folder, first) },
		{ "here", target_file_folder(a, f) },
		{ "socket", socket_path(t) },
	};
	for (size_t i = 0; i < FURTHER_PORTS; i++)
		values[PLACEHOLDERS + i] = (struct placeholder){
			.name = arena_printf(a, "port_%zu", i + 2),
			.value = arena_printf(a, "%u", t->further_ports[i]),
		};
	struct program_spec spec = {
		.words = fill_words(a, f->command, values),
		.environment = fill_words(a, f->environment, values),
		.folder = t->folder,
		.kept = true,
	};

	for (size_t i = 0; i < f->document_count; i++)
		if (!folder_add(a, t->folder, &f->documents[i], values, error))
			return false;
	if (!find_users(t, values, error))
		return false;
	const char *why;
	if (program_start(a, &spec, &t->program, &why))
		return true;
	*error = not_started(t, why);
	return false;
}

static const char *how_it_ended(struct arena *a, int status)
{
	if (WIFSIGNALED(status))
		return arena_printf(
			a, "died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return arena_printf(a, "exited with status %d", WEXITSTATUS(status));
}

static const char *last_words(struct target *t)
{
	const char *line = tail_cause(&t->tail, &t->arena);

	return *line ? arena_printf(&t->arena, "; its last words: %s", line) : "";
}

/* Whether it answers a CONNECT: with an acceptance or a refusal, but with a CONNACK. */
static bool answers(struct target *t, int64_t limit_us)
{
	struct capabilities c;
	struct arena scratch;
	const char *what;

	arena_init(&scratch);
	enum probe_status status = probe(&scratch, &t->endpoint,
		t->file->versions & V311 ? MQTT_311 : MQTT_50, limit_us, &c, &what);
	arena_fini(&scratch);
	return status == PROBE_SERVED || status == PROBE_REFUSED;
}

/* TARGET_FAILED, with no sentence, means that the port was taken by somebody else meanwhile. */
static enum target_status wait_until_ready(struct target *t, const char **error)
{
	struct arena *a = &t->arena;
	int64_t deadline_us = clock_now_us() + (int64_t)t->file->ready_ms * 1000;
	int64_t left_us;
	bool listens = false;
	int status;

	*error = NULL;
	while ((left_us = deadline_us - clock_now_us()) > 0) {
		if (!listens && accepts(t)) {
			listens = true;
			if (left_us > ANSWER_LIMIT_US)
				deadline_us -= left_us - ANSWER_LIMIT_US;
		}
		bool ready =
			listens && answers(t, left_us < PROBE_LIMIT_US ? left_us : PROBE_LIMIT_US);
		if (program_ended(&t->program, &status)) {
			target_read(t);
			if (!has_lost_a_port(t))
				*error = arena_printf(a, "%s %s before it was ready%s",
					t->file->name, how_it_ended(a, status), last_words(t));
			return TARGET_FAILED;
		}
		if (ready)
			return TARGET_UP;
		if (wait_a_step(t, t->stop_fd, STEP_MS))
			return TARGET_CANCELLED;
	}
	if (accepts(t))
		return TARGET_UP; /* the probes of the run will say what is odd about it */
	if (!has_lost_a_port(t))
		*error = arena_printf(a, "%s did not listen on port %u within %u ms%s",
			t->file->name, t->port, t->file->ready_ms, last_words(t));
	return TARGET_FAILED;
}

static enum target_status launch_once(struct target *t, const char **error)
{
	struct arena *a = &t->arena;

	if (!t->port || port_is_taken(t->port))
		t->port = choose_port(t);
	choose_further_ports(t);
	t->tail = (struct tail){ 0 };
	t->folder = folder_make(a, error);
	if (!t->folder)
		return TARGET_FAILED;
	if (!set_endpoints(t, error))
		return TARGET_FAILED;
	if (!start_program(t, error))
		return TARGET_FAILED;
	return wait_until_ready(t, error);
}

enum target_status target_launch(struct target *t, const char **error)
{
	target_kill(t);
	arena_fini(&t->arena);
	for (int i = 0; i < LAUNCH_ATTEMPTS; i++) {
		enum target_status status = launch_once(t, error);
		if (status == TARGET_UP)
			return status;
		target_kill(t);
		if (status == TARGET_CANCELLED || *error)
			return status;
		t->port = 0;
		memset(t->further_ports, 0, sizeof(t->further_ports));
	}
	*error = arena_printf(
		&t->arena, "%s found its port taken, %d times", t->file->name, LAUNCH_ATTEMPTS);
	return TARGET_FAILED;
}

/* ---- the end ------------------------------------------------------------------------------- */

bool target_died(struct target *t, struct arena *a, struct record_death *death)
{
	int status;

	if (!program_ended(&t->program, &status))
		return false;
	target_read(t);
	*death = (struct record_death){
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		.stderr_tail = tail_text(&t->tail, a),
		.during = "",
	};
	return true;
}

void target_stop(struct target *t)
{
	int64_t deadline_us = clock_now_us() + STOP_LIMIT_US;
	int status;

	if (t->program.pid > 0)
		kill(-t->program.pid, SIGTERM);
	while (t->program.pid > 0 && clock_now_us() < deadline_us) {
		if (program_ended(&t->program, &status))
			break;
		wait_a_step(t, -1, STEP_MS);
	}
	target_read(t);
	target_kill(t);
}

void target_kill(struct target *t)
{
	program_kill(&t->program);
	folder_remove(t->folder);
	t->folder = NULL;
}

void target_fini(struct target *t)
{
	target_stop(t);
	arena_fini(&t->arena);
}

/* ---- its version --------------------------------------------------------------------------- */

/* All that a command says until it ends, for a limited time. */
static void run_and_read(struct arena *a, const char *const *words, struct buf *out)
{
	struct program_spec spec = { .words = words };
	struct program p;
	const char *error;
	int64_t deadline_us = clock_now_us() + VERSION_LIMIT_US;
	bool more = program_start(a, &spec, &p, &error);

	while (more && clock_now_us() < deadline_us) {
		char chunk[4096];
		struct pollfd poll_fd = { .fd = p.output_fd, .events = POLLIN };
		poll(&poll_fd, 1, STEP_MS);
		ssize_t n = read(p.output_fd, chunk, sizeof(chunk));
		more = n > 0 ? buf_add(out, chunk, (size_t)n) : n < 0 && errno == EAGAIN;
	}
	program_kill(&p);
}

const char *target_file_version(struct arena *a, const struct target_file *file)
{
	struct buf out;
	regex_t pattern;
	regmatch_t match[2];
	const char *version = NULL;

	if (!file->version_command || regcomp(&pattern, file->version_pattern, REG_EXTENDED))
		return NULL;
	buf_init(&out, VERSION_LIMIT_BYTES);
	run_and_read(a, file->version_command, &out);
	const char *text = buf_text(&out);
	if (regexec(&pattern, text, 2, match, 0) == 0 && match[1].rm_so >= 0)
		version = arena_printf(
			a, "%.*s", (int)(match[1].rm_eo - match[1].rm_so), text + match[1].rm_so);
	regfree(&pattern);
	buf_fini(&out);
	return version;
}
