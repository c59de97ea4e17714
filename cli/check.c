#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/shell.h"
#include "check/check.h"
#include "check/records.h"
#include "check/remarks.h"
#include "check/report.h"
#include "cli/check_options.h"
#include "cli/cli.h"
#include "cli/interruption.h"
#include "cli/output.h"
#include "pcap/source.h"
#include "spec/spec.h"

enum { IDLE_MS = 200, LOOK_EVERY = 4096, ERROR_SIZE = 1024 };

static struct source *open_source(const struct check_wishes *w)
{
	char error[ERROR_SIZE];
	struct source *source =
		w->interface ? source_interface(
				       w->interface, "tcp or ip6 or ip", error, sizeof(error))
			     : source_file(w->path, w->follow, error, sizeof(error));

	if (!source)
		fprintf(stderr, "mqttspec check: %s\n", error);
	return source;
}

struct reading {
	struct source *source;
	struct tls_secrets *secrets;
	size_t secrets_size; /* of those of the capture that have been taken */
	int signals;
	bool interrupted;
	int64_t first_us, last_us; /* times of packets */
};

/* Captures may have the secrets of their TLS sessions in them. */
static void take_secrets(struct reading *r)
{
	size_t size;
	const char *lines = source_secrets(r->source, &size);

	if (size <= r->secrets_size)
		return;
	if (tls_secrets_add(r->secrets, lines + r->secrets_size, size - r->secrets_size) < 0)
		abort();
	r->secrets_size = size;
}

static void read_all(struct reading *r, struct check *check, struct check_report *report)
{
	struct captured packet;
	uint64_t count = 0;

	for (;;) {
		enum source_got got = source_next(r->source, IDLE_MS, &packet);
		bool look = got == SOURCE_IDLE || ++count % LOOK_EVERY == 0;
		r->interrupted = look && interruption_came(r->signals);
		if (got == SOURCE_END || r->interrupted)
			break;
		if (got == SOURCE_IDLE) {
			if (r->last_us)
				check_time(check, r->last_us += (int64_t)IDLE_MS * 1000);
			continue;
		}
		take_secrets(r);
		r->last_us = packet.at_ns / 1000;
		if (!r->first_us)
			report->start_us = r->first_us = r->last_us;
		check_packet(check, &packet);
	}
	check_end(check);
}

static int judge_result(const struct check *check, const struct reading *r, bool live)
{
	const struct check_count *n = check_counted(check);
	uint64_t mqtt = n->connections[CONNECTION_MQTT] + n->connections[CONNECTION_OLD] +
		n->connections[CONNECTION_FOREIGN];
	const char *problem = source_problem(r->source);

	if (problem)
		fprintf(stderr, "mqttspec check: %s\n", problem);
	if (r->interrupted && !live)
		return EXIT_INTERRUPTED;
	if (n->findings[SIDE_CLIENT] || n->findings[SIDE_SERVER])
		return EXIT_UNEXPECTED;
	return problem || !mqtt ? EXIT_NOTHING : EXIT_AS_EXPECTED;
}

/* ---- who hears of it ------------------------------------------------------------------------ */

struct audience {
	const struct check_wishes *wishes;
	struct check_report report;
	struct check_records records;
	struct remarks remarks;  /* for --annotate */
	struct arena names;      /* of the records */
	struct summary *summary; /* or NULL */
	struct tls_secrets *secrets;
	bool records_wanted;
	struct record_run run;
	const char *out_paths[2]; /* by enum side */
	FILE *out_files[2];       /* while they are open; NULL: not */
};

static void on_found(
	void *to, const struct check_connection *connection, const struct check_finding *finding)
{
	struct audience *a = to;

	if (!a->wishes->json)
		check_report_found(&a->report, connection, finding);
}

static void on_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count)
{
	struct audience *a = to;

	if (!a->wishes->json)
		check_report_over(&a->report, connection, findings, count);
	if (a->wishes->annotate)
		remarks_add(&a->remarks, findings, count);
	if (a->records_wanted)
		check_records_over(&a->records, connection, findings, count);
}

static const char *name_of(const struct check_wishes *w)
{
	const char *slash = w->interface ? NULL : strrchr(w->path, '/');

	return w->interface ? w->interface : slash ? slash + 1 : w->path;
}

/* For a shell. */
static const char *again_of(struct audience *a, const char *target)
{
	struct buf words;

	buf_init(&words, SIZE_MAX / 2);
	buf_add_text(&words, a->wishes->interface ? "mqttspec check -i" : "mqttspec check");
	shell_add_word(&words, target);
	const char *text = arena_text(&a->names, buf_text(&words));
	buf_fini(&words);
	return text;
}

/* False, with a sentence. */
static bool read_key_log(struct audience *a)
{
	const char *path = a->wishes->key_log;
	FILE *file = path ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	a->secrets = tls_secrets_new();
	if (!a->secrets)
		abort();
	while (file && (size = getline(&line, &room, file)) > 0)
		if (tls_secrets_add(a->secrets, line, (size_t)size) < 0)
			abort();
	bool ok = !path || (file && !ferror(file));
	if (!ok)
		fprintf(stderr, "mqttspec check: %s: %s\n", path, strerror(errno));
	if (line)
		explicit_bzero(line, room);
	free(line);
	if (file)
		fclose(file);
	return ok;
}

/* "DIR/server/run.jsonl", in a folder that is there now; NULL, with a sentence. */
static const char *out_path(struct audience *a, const char *name)
{
	const char *folder = arena_printf(&a->names, "%s/%s", a->wishes->out, name);

	if (output_make_folder(&a->names, folder))
		return arena_printf(&a->names, "%s/run.jsonl", folder);
	fprintf(stderr, "mqttspec check: %s: %s\n", folder, strerror(errno));
	return NULL;
}

static bool open_side(struct audience *a, enum side side, const char *name)
{
	a->out_paths[side] = out_path(a, name);
	if (a->out_paths[side])
		a->out_files[side] = output_open(&command_check, a->out_paths[side]);
	return a->out_files[side];
}

/* What goes on for ever is written as it comes. */
static bool stream_records(struct audience *a)
{
	if (a->wishes->json)
		check_records_stream(&a->records, stdout, stdout);
	if (!a->wishes->out)
		return true;
	if (!open_side(a, SIDE_SERVER, "server") || !open_side(a, SIDE_CLIENT, "client"))
		return false;
	check_records_stream(&a->records, a->out_files[SIDE_SERVER], a->out_files[SIDE_CLIENT]);
	return true;
}

static bool prepare_records(struct audience *a)
{
	const struct check_wishes *w = a->wishes;
	const char *target = w->interface ? w->interface : w->path;

	a->run = (struct record_run){
		.tool_version = tool_version,
		.target = target,
		.target_name = name_of(w),
		.target_url = "",
		.command = arena_printf(&a->names, "mqttspec check %s", target),
		.again = again_of(a, target),
		.catalogue = spec_digest,
	};
	a->records_wanted = w->json || w->out;
	if (!a->records_wanted)
		return true;
	check_records_init(&a->records, &a->run);
	if (a->report.live)
		return stream_records(a);
	if (check_records_keep(&a->records))
		return true;
	fprintf(stderr, "mqttspec check: no temporary file: %s\n", strerror(errno));
	return false;
}

static bool close_side(struct audience *a, enum side side)
{
	FILE *file = a->out_files[side];

	a->out_files[side] = NULL;
	return !file || output_close(&command_check, a->out_paths[side], file);
}

static bool write_side(struct audience *a, enum side side, const char *name)
{
	if (!open_side(a, side, name))
		return false;
	bool ok = check_records_write(&a->records, side, a->out_files[side]);
	if (!ok)
		fprintf(stderr, "mqttspec check: %s: %s\n", a->out_paths[side], strerror(errno));
	return close_side(a, side) && ok;
}

static bool tell_records(bool written)
{
	if (!written)
		fprintf(stderr, "mqttspec check: the records: %s\n", strerror(errno));
	return written;
}

static bool write_records(struct audience *a)
{
	bool ok = true;

	if (a->report.live)
		return tell_records(check_records_end_streams(&a->records));
	if (a->wishes->json)
		ok = tell_records(check_records_write(&a->records, SIDE_SERVER, stdout) &&
			check_records_write(&a->records, SIDE_CLIENT, stdout));
	if (a->wishes->out) {
		ok &= write_side(a, SIDE_SERVER, "server");
		ok &= write_side(a, SIDE_CLIENT, "client");
	}
	return ok;
}

static bool write_remarks(struct audience *a)
{
	const struct check_wishes *w = a->wishes;
	char error[ERROR_SIZE];

	if (remarks_write(&a->remarks, w->path, w->annotate, error, sizeof(error)))
		return true;
	fprintf(stderr, "mqttspec check: %s\n", error);
	return false;
}

static int listen_and_tell(struct audience *a, struct source *source, bool live)
{
	static const struct check_listener tells = { on_found, on_over };
	struct check_options wanted = a->wishes->options;
	wanted.summary = a->summary;
	wanted.secrets = a->secrets;
	struct check *check = check_new(&wanted, &tells, a);

	struct reading reading = {
		.source = source, .secrets = a->secrets, .signals = interruption_catch(NULL)
	};
	read_all(&reading, check, &a->report);
	if (!a->wishes->json)
		check_report_end(&a->report, check);
	if (a->summary && !a->wishes->json)
		summary_print(a->summary, stdout, reading.last_us - reading.first_us);
	if (a->summary && a->records_wanted)
		a->records.traffic =
			summary_traffic(a->summary, &a->names, reading.last_us - reading.first_us);
	int code = judge_result(check, &reading, live);
	if (a->records_wanted && !write_records(a))
		code = EXIT_NOTHING;
	if (a->wishes->annotate && !write_remarks(a))
		code = EXIT_NOTHING;
	if (!output_is_whole(stdout)) {
		fprintf(stderr, "mqttspec check: standard output: %s\n", strerror(errno));
		code = EXIT_NOTHING;
	}
	check_free(check);
	close(reading.signals);
	return code;
}

static int check_source(const struct check_wishes *w)
{
	bool live = w->interface || w->follow;
	struct summary *summary = w->summary ? summary_new() : NULL;
	struct audience a = { .wishes = w,
		.summary = summary,
		.report = { .to = stdout, .live = live, .quiet = w->quiet, .name = name_of(w) } };
	struct source *source = open_source(w);

	if (!source) {
		summary_free(summary);
		return EXIT_NOTHING;
	}
	int code = EXIT_NOTHING;
	arena_init(&a.names);
	arena_init(&a.remarks.arena);
	if (read_key_log(&a) && prepare_records(&a))
		code = listen_and_tell(&a, source, live);
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		if (!close_side(&a, (enum side)side))
			code = EXIT_NOTHING;
	if (a.records_wanted)
		check_records_fini(&a.records);
	arena_fini(&a.names);
	arena_fini(&a.remarks.arena);
	tls_secrets_free(a.secrets);
	summary_free(summary);
	source_close(source);
	return code;
}

static int run(int argc, char **argv)
{
	struct check_wishes wishes;
	int code;

	return check_options_read(&wishes, argc, argv, &code) ? check_source(&wishes) : code;
}

const struct command command_check = {
	.name = "check",
	.synopsis = "CAPTURE | -i INTERFACE",
	.summary = "who broke which rule at which packet of a capture",
	.run = run,
	.options = check_options,
	.help = check_help,
};
