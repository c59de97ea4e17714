#include "harness/runner/target.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/case.h"
#include "harness/launch/pki.h"
#include "harness/launch/words.h"
#include "harness/peers/probe.h"
#include "harness/runner/folder.h"
#include "harness/runner/port.h"
#include "harness/runner/target_endpoints.h"
#include "harness/runner/target_install.h"
#include "harness/transport/transport.h"

enum {
	LAUNCH_ATTEMPTS = 5, /* on another port each time */
	STEP_MS = 20,        /* between two looks at a program that is not ready */
	PROBE_LIMIT_US = 1000000,
	ANSWER_LIMIT_US = 10000000, /* to answer a CONNECT, once it listens */
	STOP_LIMIT_US = 5000000,
	LOG_LIMIT_BYTES = 64 * 1024 * 1024,
	PLACEHOLDERS = 11, /* besides those of where it listens */
	READ_TURNS = 64,   /* so that a flood of output leaves room for other work */
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

const char *target_pki(const struct target *t, struct arena *a)
{
	return t->lent_pki ? t->lent_pki : arena_printf(a, "%s/pki", t->folder);
}

bool target_is_launched(const struct target *t)
{
	return t->file && t->file->command;
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
		if (t->heard)
			t->heard(t->hearer, chunk, (size_t)n);
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

/* ---- certificates -------------------------------------------------------------------------- */

static bool wants_pki(const struct target_file *f)
{
	static const char *const names[] = { "pki", "ca", "crl", "cert", "key" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (target_file_asks(f, names[i]))
			return true;
	return false;
}

/* What the command line leaves open is as it has to be for this PKI. */
static void use_pki(struct target *t, const char *pki)
{
	struct tls_files *f = &t->files;

	if (!f->ca)
		f->ca = pki_ca(&t->arena, pki);
	if (!f->cert) {
		f->cert = pki_certificate(&t->arena, pki, PKI_CLIENT);
		f->key = pki_key(&t->arena, pki, PKI_CLIENT);
	}
}

static bool any_is_secret(const struct target *t)
{
	for (size_t i = 0; transports[i]; i++)
		if (transports[i]->is_secret && target_wants(t, transports[i]))
			return true;
	return false;
}

static bool make_pki(struct target *t, const char **error)
{
	struct tls_files given = t->files;
	const char *pki = target_pki(t, &t->arena);

	if (!wants_pki(t->file))
		return true;
	if (!t->lent_pki &&
		(!folder_make_inner(&t->arena, pki, error) || !pki_write(&t->arena, pki, error)))
		return false;
	use_pki(t, pki);
	if (t->lent_pki && !any_is_secret(t)) {
		t->files = given;
		return true;
	}
	t->tls = tls_new_dialling(&t->arena, &t->files, error);
	t->files = given;
	return t->tls;
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

static const char *store_folder(struct target *t)
{
	return arena_printf(&t->arena, "%s/store", t->folder);
}

static void fill_placeholders(
	struct target *t, struct placeholder values[static PLACEHOLDERS + PLACES_NAMES])
{
	const struct target_file *f = t->file;
	struct arena *a = &t->arena;
	const char *first = f->document_count ? f->documents[0].name : "";
	const char *pki = target_pki(t, a);
	const struct placeholder own[PLACEHOLDERS] = {
		{ "host", loopback },
		{ "dir", t->folder },
		{ "store", store_folder(t) },
		{ "config", arena_printf(a, "%s/%s", t->folder, first) },
		{ "here", target_file_folder(a, f) },
		{ "installed", target_install_folder(a, f) },
		{ "pki", pki },
		{ "ca", pki_ca(a, pki) },
		{ "crl", pki_crl(a, pki) },
		{ "cert", pki_certificate(a, pki, PKI_SERVER) },
		{ "key", pki_key(a, pki, PKI_SERVER) },
	};

	memcpy(values, own, sizeof(own));
	places_fill(&t->places, a, t->folder, values + PLACEHOLDERS);
}

/* Its files, and the folder of its store if it wants one. */
static bool fill_folder(struct target *t, const struct placeholder *values, const char **error)
{
	const struct target_file *f = t->file;

	for (size_t i = 0; i < f->document_count; i++)
		if (!folder_add(&t->arena, t->folder, &f->documents[i], values, error))
			return false;
	return !target_file_asks(f, "store") ||
		folder_make_inner(&t->arena, store_folder(t), error);
}

static bool run_program(struct target *t, const struct placeholder *values, const char **error)
{
	struct arena *a = &t->arena;
	struct program_spec spec = {
		.words = fill_words(a, t->file->command, values),
		.environment = fill_words(a, t->file->environment, values),
		.folder = t->folder,
		.kept = true,
	};
	const char *why;

	*error = target_install_lack(a, t->file);
	if (*error)
		return false;
	if (program_start(a, &spec, &t->program, &why))
		return true;
	*error = not_started(t, why);
	return false;
}

static bool start_program(struct target *t, const char **error)
{
	struct placeholder values[PLACEHOLDERS + PLACES_NAMES + 1] = { 0 };

	fill_placeholders(t, values);
	return fill_folder(t, values, error) && target_find_special(t, values, error) &&
		run_program(t, values, error);
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

static bool accepts(const struct target *t)
{
	struct arena scratch;
	const char *why;

	arena_init(&scratch);
	bool all = !target_silent_at(t, &scratch, &why);
	arena_fini(&scratch);
	return all;
}

/* Somebody listens there, but what comes after that fails: it is no port that somebody else was given. */
static bool is_misunderstood(const struct endpoint *e)
{
	struct sockaddr_in at;

	memcpy(&at, &e->address, sizeof(at));
	return e->transport->is_ip && port_is_taken(ntohs(at.sin_port));
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
	t->late = false;
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
			program_kill(
				&t->program); /* what it has started may hold one of its places */
			if (!places_lost(&t->places))
				*error = arena_printf(a, "%s %s before it was ready%s",
					t->file->name, how_it_ended(a, status), last_words(t));
			return TARGET_FAILED;
		}
		if (ready)
			return TARGET_UP;
		if (wait_a_step(t, t->stop_fd, STEP_MS))
			return TARGET_CANCELLED;
	}
	const char *why;
	const struct endpoint *at = target_silent_at(t, a, &why);
	if (!at)
		return TARGET_UP; /* the probes of the run will say what is odd about it */
	t->late = true;
	if (is_misunderstood(at) || !places_lost(&t->places))
		*error = arena_printf(a, "%s took no connections within %u ms: %s%s", t->file->name,
			t->file->ready_ms, why, last_words(t));
	return TARGET_FAILED;
}

static enum target_status launch_once(struct target *t, const char **error)
{
	struct arena *a = &t->arena;

	places_choose(&t->places, a, t->file);
	t->tail = (struct tail){ 0 };
	t->for_users_count = t->for_certificates_count = 0;
	t->folder = t->lent_folder ? t->lent_folder : folder_make(a, error);
	if (!t->folder)
		return TARGET_FAILED;
	if (!make_pki(t, error) || !target_find_endpoints(t, error) || !start_program(t, error))
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
		if (t->lent_folder && !folder_empty(&t->arena, t->lent_folder, error))
			return status;
		places_forget(&t->places);
	}
	*error = arena_printf(
		&t->arena, "%s found its port taken, %d times", t->file->name, LAUNCH_ATTEMPTS);
	return TARGET_FAILED;
}

enum target_status target_resume(struct target *t, const char **error)
{
	struct placeholder values[PLACEHOLDERS + PLACES_NAMES + 1] = { 0 };

	program_kill(&t->program);
	fill_placeholders(t, values);
	*error = NULL;
	return run_program(t, values, error) ? wait_until_ready(t, error) : TARGET_FAILED;
}

/* ---- the end ------------------------------------------------------------------------------- */

bool target_ended(struct target *t, int wait_ms, int *status)
{
	struct pollfd end = { .fd = t->program.pid_fd, .events = POLLIN };

	if (poll(&end, 1, 0) > 0 && wait_ms && !program_is_over(&t->program))
		poll(NULL, 0, wait_ms); /* what it has started tells nobody of its end */
	else if (!program_is_over(&t->program))
		wait_a_step(t, -1, wait_ms);
	return program_is_over(&t->program) && (target_read(t), program_ended(&t->program, status));
}

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
	if (!t->lent_folder)
		folder_remove(t->folder);
	t->folder = NULL;
	tls_free(t->tls);
	tls_free(t->certified);
	t->tls = t->certified = NULL;
}

void target_fini(struct target *t)
{
	target_stop(t);
	places_forget(&t->places);
	arena_fini(&t->arena);
}
