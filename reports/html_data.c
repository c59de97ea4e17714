#include "reports/html_data.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "reports/cause.h"
#include "reports/draft.h"
#include "reports/failure.h"
#include "reports/json.h"
#include "reports/outcome.h"
#include "reports/pack.h"
#include "spec/spec.h"

enum { BLOCK = 64 }; /* case runs whose details are opened at once */

/* What the page lists as failures. Their details stand before those of the others. */
static bool is_failure(const struct record_case *record)
{
	return !record->expected || !verdict_is_good(record->verdict);
}

static void put_run(FILE *to, const struct runs *runs)
{
	const struct record_run *run = runs->run;

	json_member(to, "tool", run->tool_version);
	json_member(to, "targetName", run->target_name);
	json_member(to, "targetVersion", run->target_version);
	json_member(to, "role", run->role);
	fprintf(to, "\"seed\":\"%" PRIu64 "\",", run->seed);
}

static void put_catalogue(FILE *to)
{
	fputs("\"catalogue\":[", to);
	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		const char *const texts[] = { s->name, s->level, s->section, s->title, s->summary,
			spec_actor_name((enum spec_actor)s->actor), s->anchor };
		fputs(i ? ",\n[" : "\n[", to);
		for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++) {
			json_text(to, texts[n]);
			fputc(',', to);
		}
		fprintf(to, "%d,", s->testable);
		json_text(to, s->note);
		fputc(']', to);
	}
	fputs("],\n", to);
}

static void put_words(FILE *to)
{
	fputs("\"properties\":[", to);
	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *p = &spec_properties[i];
		fprintf(to, "%s[%d,", i ? "," : "", p->id);
		json_text(to, p->name);
		fprintf(to, ",%d,%" PRIu32 "]", p->type, p->packets);
	}
	fputs("],\n\"reasons\":[", to);
	for (size_t i = 0; i < spec_reason_code_count; i++) {
		const struct spec_reason_code *r = &spec_reason_codes[i];
		fprintf(to, "%s[%d,", i ? "," : "", r->code);
		json_text(to, r->name);
		fprintf(to, ",%" PRIu32 "]", r->packets);
	}
	fputs("],\n\"returns\":[", to);
	for (uint8_t code = 0; strcmp(spec_return_code_name(code), "reserved"); code++) {
		fputs(code ? "," : "", to);
		json_text(to, spec_return_code_name(code));
	}
	fputs("],\n", to);
}

/* ---- causes ---- */

/* -1: it is no failure, and has none. */
static int cause_number(struct causes *causes, const struct record_case *record)
{
	return is_failure(record) ? (int)causes_add(causes, record) : -1;
}

static void put_causes(FILE *to, const struct runs *runs)
{
	struct causes causes;

	causes_init(&causes);
	for (size_t i = 0; i < runs->case_count; i++)
		cause_number(&causes, runs->cases[i].record);
	fputs("\"causes\":[", to);
	for (size_t i = 0; i < causes.count; i++) {
		const struct cause *cause = &causes.list[i];
		struct buf sentence;
		buf_init(&sentence, SIZE_MAX);
		cause_sentence(&sentence, cause);
		fprintf(to, "%s[%d,", i ? ",\n" : "\n", cause->verdict);
		json_text(to, cause->name);
		fputc(',', to);
		json_text(to, cause->statement);
		fputc(',', to);
		json_text(to, buf_text(&sentence));
		fputc(']', to);
		buf_fini(&sentence);
	}
	fputs("],\n", to);
	causes_fini(&causes);
}

/* ---- the head ---- */

void html_head_data(FILE *to, const struct runs *runs, const char *const *folders, const char *site)
{
	fputc('{', to);
	put_run(to, runs);
	json_member(to, "site", site);
	fputs("\"folders\":[", to);
	for (size_t i = 0; i < runs->source_count; i++) {
		fputs(i ? "," : "", to);
		json_text(to, folders[i]);
	}
	fprintf(to, "],\n\"documents\":{\"3.1.1\":\"%s\",\"5.0\":\"%s\"},\"block\":%d}",
		spec_document(MQTT_311), spec_document(MQTT_50), BLOCK);
}

/* ---- the index ---- */

/* A statement of the catalogue is its number there. */
static void put_statements(FILE *to, const struct record_case *record)
{
	fputc('[', to);
	for (size_t i = 0; i < record->statement_count; i++) {
		const struct spec_statement *s = spec_find(record->statements[i].name);
		fputs(i ? ",[" : "[", to);
		if (s)
			fprintf(to, "%td", s - spec_statements);
		else
			json_text(to, record->statements[i].name);
		fprintf(to, ",%d]", record->statements[i].verdict);
	}
	fputs("],", to);
}

static void put_measurement(FILE *to, const struct record_measurement *m)
{
	fputc('{', to);
	json_member(to, "name", m->name);
	json_member(to, "unit", m->unit);
	fputs("\"values\":[", to);
	for (size_t i = 0; i < m->count; i++) {
		fputs(i ? "," : "", to);
		json_number(to, m->values[i]);
	}
	fputs("],\"least\":", to);
	json_number(to, m->least);
	fputs(",\"most\":", to);
	json_number(to, m->most);
	fputc('}', to);
}

static void put_texts(FILE *to, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_text(to, texts[i]);
		fputc(',', to);
	}
}

static void put_words_of(FILE *to, const struct record_case *record)
{
	struct buf remark;
	struct draft label;

	buf_init(&remark, SIZE_MAX);
	draft_begin(&label);
	case_label(label.to, record);
	outcome_message(&remark, record);
	const char *const texts[] = { draft_end(&label), buf_text(&remark), record->note,
		record->foreseen ? verdict_name(record->foreseen_as) : NULL, record->reason,
		record->link };
	put_texts(to, texts, sizeof(texts) / sizeof(*texts));
	buf_fini(&remark);
	draft_fini(&label);
}

static void put_row(
	FILE *to, const struct runs *runs, const struct run_case *c, struct causes *causes)
{
	const struct record_case *record = c->record;
	const char *const texts[] = { record->id, record->title, record->chapter, record->version,
		record->transport, record->segmentation };

	fputc('[', to);
	put_texts(to, texts, sizeof(texts) / sizeof(*texts));
	fprintf(to, "%d,%d,%d,%d,%" PRId64 ",%td,", record->repeat, record->level, record->verdict,
		record->expected, record->duration_us, c->source - runs->sources);
	put_words_of(to, record);
	put_statements(to, record);
	fputc('[', to);
	for (size_t i = 0; i < record->measurement_count; i++) {
		fputs(i ? "," : "", to);
		put_measurement(to, &record->measurements[i]);
	}
	fprintf(to, "],%d]", cause_number(causes, record));
}

static void put_rows(FILE *to, const struct runs *runs)
{
	struct causes causes;

	causes_init(&causes);
	fputs("\"cases\":[", to);
	for (size_t i = 0; i < runs->case_count; i++) {
		fputs(i ? ",\n" : "\n", to);
		put_row(to, runs, &runs->cases[i], &causes);
	}
	fputs("]", to);
	causes_fini(&causes);
}

void html_index_data(FILE *to, const struct runs *runs)
{
	struct draft index;

	draft_begin(&index);
	fputc('{', index.to);
	put_catalogue(index.to);
	put_words(index.to);
	put_causes(index.to, runs);
	put_rows(index.to, runs);
	fputc('}', index.to);
	draft_end(&index);
	pack_put(to, index.text, index.size);
	draft_fini(&index);
}

/* ---- the details ---- */

static void put_failure(FILE *to, const struct record_failure *failure)
{
	fputs("\"failure\":{", to);
	json_member(to, "step", failure->step);
	json_member(to, "file", failure->file);
	json_member(to, "statement", failure->statement);
	json_member(to, "expected", failure->expected);
	json_member(to, "actual", failure->actual);
	fprintf(to, "\"line\":%d},", failure->line);
}

static void put_death(FILE *to, const struct record_death *death)
{
	fputs("\"death\":{", to);
	json_member(to, "stderr", death->stderr_tail);
	json_member(to, "during", death->during);
	json_member(to, "note", death->note);
	fprintf(to, "\"signal\":%d,\"exit\":%d},", death->signal, death->exit_code);
}

static void put_event(FILE *to, const struct record_event *event)
{
	fprintf(to, "[%" PRId64 ",", event->at_us);
	json_text(to, event->peer);
	fprintf(to, ",\"%s\",",
		event->direction == '>'           ? "\\u003E"
			: event->direction == '<' ? "\\u003C"
						  : "-");
	json_text(to, event->text);
	if (event->hex) {
		fputc(',', to);
		json_text(to, event->hex);
	}
	fputc(']', to);
}

static void put_details(FILE *to, const struct runs *runs, const struct run_case *c)
{
	const struct record_case *record = c->record;
	struct buf again;

	buf_init(&again, SIZE_MAX);
	case_again(&again, runs->run, c->source->folder, record);
	fputc('{', to);
	json_member(to, "again", buf_text(&again));
	json_member(to, "pcap", record->pcap);
	json_member(to, "wire", record->wire);
	if (record->failure)
		put_failure(to, record->failure);
	if (record->death)
		put_death(to, record->death);
	json_member(to, "said", record->target_said ? record->target_said : record->client_said);
	fputs("\"transcript\":[", to);
	for (size_t i = 0; i < record->transcript_count; i++) {
		fputs(i ? "," : "", to);
		put_event(to, &record->transcript[i]);
	}
	fputs("]}", to);
	buf_fini(&again);
}

/* Case runs one after the other, in blocks of which each is a line. */
struct blocks {
	FILE *to;
	struct draft block;
	size_t count; /* of case runs so far */
};

static void end_block(struct blocks *b)
{
	if (b->count > BLOCK)
		fputc('\n', b->to);
	draft_end(&b->block);
	pack_put(b->to, b->block.text, b->block.size);
	draft_fini(&b->block);
}

static void put_in_block(struct blocks *b, const struct runs *runs, const struct run_case *c)
{
	if (b->count % BLOCK)
		fputc('\n', b->block.to);
	else
		draft_begin(&b->block);
	put_details(b->block.to, runs, c);
	if (++b->count % BLOCK == 0)
		end_block(b);
}

void html_details_data(FILE *to, const struct runs *runs)
{
	struct blocks blocks = { .to = to };

	for (int failures = 1; failures >= 0; failures--)
		for (size_t i = 0; i < runs->case_count; i++)
			if (is_failure(runs->cases[i].record) == failures)
				put_in_block(&blocks, runs, &runs->cases[i]);
	if (blocks.count % BLOCK)
		end_block(&blocks);
}
