/* Plays one case run: the body up to its verdict, then the witness, the distributions and the
 * monitor's last word; then the evidence.
 */
#include "harness/play.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/evidence/tap_pcap.h"
#include "harness/pattern.h"
#include "harness/test.h"

const char *play_id(struct arena *a, const struct case_def *def, const struct vector *row)
{
	return row ? arena_printf(a, "%s/%s", def->id, row->id) : def->id;
}

static const char *segmentation_text(struct arena *a, const struct play *play)
{
	static const char *const names[] = { "whole", "bytes", "split", "batch" };

	if (play->segmentation == SEGMENT_SPLIT)
		return arena_printf(a, "split:%u", play->split_at);
	return names[play->segmentation];
}

/* The witness must still be served: its own message comes back, PINGREQ is answered, and no packet
 * that was not meant for it comes in between.
 */
static void check_witness(struct test *t)
{
	struct peer *w = t->witness;
	struct place at = AT("witness(t)");

	if (!w)
		return;
	send_publish_at(at, w, (struct publish){ .topic = "witness", .payload = "still here" });
	expect_message_at(at, w, (struct message){ .topic = "witness", .payload = "still here" });
	expect_no_at(at, w, PUBLISH);
}

void test_watch_lateness(struct test *t)
{
	lateness_watch(&t->lateness, t->arena, t->play->target, t->play->version,
		arena_printf(t->arena, "%sPulse", t->play->prefix), t->play->round_trip.most_us);
}

static void play_body(struct test *t)
{
	if (t->def->of_users)
		test_need_users(t);
	if (t->def->of_certificates)
		test_need_certificates(t);
	instance_begin(t);
	if (t->def->budget_ms)
		test_watch_lateness(t);
	t->def->play(t);
	check_witness(t);
	client_settle(t);
	t->judged = -1;
	test_settle(t);
	conduct_settle(t);
	test_read_ready(t); /* the monitor judges what came after the last expectation, too */
}

/* Half a packet may be why something did not come in time. */
static void show_rests(struct test *t)
{
	for (size_t i = 0; i < t->peer_count && t->failure; i++)
		if (is_open(t->peers[i]))
			peer_show_rest(t->peers[i]);
}

static void close_claims(struct test *t)
{
	for (size_t i = 0; i < t->claim_count; i++) {
		struct claim *c = &t->claims[i];
		if (!c->open)
			continue;
		c->open = false;
		c->verdict = t->verdict == VERDICT_INFO ? VERDICT_INFO : VERDICT_PASS;
	}
}

static void fill_statements(struct test *t, struct record_case *out)
{
	struct record_statement *list =
		arena_alloc(t->arena, (t->claim_count + 1) * sizeof(struct record_statement));

	for (size_t i = 0; i < t->claim_count; i++)
		list[i] = (struct record_statement){ t->claims[i].name, t->claims[i].verdict,
			t->claims[i].watched };
	out->statements = list;
	out->statement_count = t->claim_count;
}

static void fill_measurements(struct test *t, struct record_case *out)
{
	struct record_measurement *list = arena_alloc(
		t->arena, (t->distribution_count + 1) * sizeof(struct record_measurement));

	for (size_t i = 0; i < t->distribution_count; i++)
		list[i] = t->distributions[i].m;
	out->measurements = list;
	out->measurement_count = t->distribution_count;
}

static void fill_record(struct test *t, struct record_case *out)
{
	const struct play *play = t->play;
	struct arena *a = t->arena;
	const char *row_title = play->row ? play->row->title : NULL;
	char chapter[CHAPTER_SIZE];

	*out = (struct record_case){
		.id = play_id(a, play->def, play->row),
		.title = row_title ? row_title : play->def->title,
		.chapter = arena_text(a, case_chapter(play->def, chapter)),
		.version = spec_version_name(play->version),
		.transport = play->transport->name,
		.segmentation = segmentation_text(a, play),
		.repeat = play->repeat,
		.level = play->def->level,
		.verdict = t->verdict,
		.note = t->note,
		.started_us = t->tape.start_wall_us,
		.duration_us = tape_now_us(&t->tape),
		.failure = t->failure,
		.waited = t->waited,
		.foreign = t->foreign,
		.death = t->death,
		.target_said = t->target_said,
		.client_said = t->agent && !t->death ? tail_text(&t->agent->tail, a) : NULL,
	};
	if (out->client_said && !*out->client_said)
		out->client_said = NULL;
	fill_statements(t, out);
	fill_measurements(t, out);
	out->transcript = tape_transcript(&t->tape, &out->transcript_count);
}

/* What the whole of a capture is about, and what its last remark says. */
static const char *capture_title(struct test *t, const struct record_case *out)
{
	return arena_printf(t->arena, "%s %s: %s", out->id, out->version, out->title);
}

static const char *capture_end(struct test *t, const struct record_case *out)
{
	const char *actual = out->failure ? out->failure->actual : NULL;

	return arena_printf(t->arena, "verdict: %s%s%s", verdict_name(out->verdict),
		actual ? ": " : "", actual ? actual : "");
}

/* After a capture has failed, with errno. */
static const char *no_capture(struct test *t, const char *path)
{
	const char *why = arena_printf(t->arena, "%s: %s", path, strerror(errno));

	unlink(path);
	return why;
}

static void write_pcap(struct test *t, struct record_case *out)
{
	const char *path = t->play->pcap_path;

	if (path && !tape_write_pcap(&t->tape, path, capture_title(t, out), capture_end(t, out)))
		out->pcap_error = no_capture(t, path);
}

static void write_wire(struct test *t, struct record_case *out)
{
	const struct tap_pcap how = {
		.path = t->play->wire_path,
		.title = capture_title(t, out),
		.last = capture_end(t, out),
		.port = t->play->transport->usual_port,
		.wall_us = t->tape.start_wall_us - t->tape.start_us,
	};

	if (t->tap.count && t->showed_secret)
		out->wire_error = "not kept: a password is in these bytes";
	else if (t->tap.count && !tap_write_pcap(&t->tap, &how))
		out->wire_error = no_capture(t, how.path);
}

void play_case(struct arena *a, const struct play *play, struct record_case *out)
{
	struct test *t = arena_new(a, struct test);

	test_init(t, a, play);
	if (play->live)
		fprintf(play->live, "%s  %s  (times in ms)\n", play_id(a, play->def, play->row),
			spec_version_name(play->version));
	if (!setjmp(t->out)) {
		play_body(t);
		close_claims(t);
	}
	show_rests(t);
	client_end(t);
	lateness_end(&t->lateness);
	instance_end(t);
	fill_record(t, out);
	write_pcap(t, out);
	write_wire(t, out);
	test_clean_target(t);
}
