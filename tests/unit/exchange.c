#include "tests/unit/exchange.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/wire/template.h"

/* With " and the protocol level in their places. */
static char *spelt(const struct exchange_reader *r, const char *line, size_t len)
{
	char *text = arena_alloc(r->arena, 2 * len + 1);
	char *to = text;

	for (const char *c = line; c < line + len; c++) {
		if (*c == '@') {
			*to++ = '0';
			*to++ = r->version == MQTT_50 ? '5' : '4';
		} else {
			*to++ = *c == '\'' ? '"' : *c;
		}
	}
	return text;
}

static void read_line(
	const struct exchange_reader *r, const char *line, size_t len, struct exchange_step *step)
{
	struct template_values values = {
		.version = r->version, .client_id = "me", .topic_prefix = "k/"
	};
	const char *error = "neither < nor >";

	*step = (struct exchange_step){ .kind = STEP_NEW_CONNECTION };
	if (len >= 3 && !strncmp(line, "---", 3))
		return;
	const char *text = spelt(r, line + 1, len - 1);
	step->from = *line == '>' ? SIDE_CLIENT : SIDE_SERVER;
	step->kind = strcmp(text, "close") != 0 ? STEP_PACKET : STEP_CLOSE;
	bool good = *line == '<' || *line == '>';
	if (good && step->kind == STEP_PACKET)
		good = template_expand(r->arena, text, &values, &step->bytes, &error);
	if (!good) {
		fprintf(stderr, "line %zu: %s: %s\n", r->line, text, error);
		abort();
	}
}

bool exchange_next(struct exchange_reader *r, struct exchange_step *step)
{
	char version = r->version == MQTT_50 ? '5' : '3';

	while (*r->at) {
		const char *line = r->at;
		const char *end = strchrnul(line, '\n');
		r->at = *end ? end + 1 : end;
		r->line++;
		if (isdigit((unsigned char)*line) && *line++ != version)
			continue;
		read_line(r, line, (size_t)(end - line), step);
		return true;
	}
	return false;
}

static void keep(struct arena *a, struct exchange *e, const struct finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		e->findings = arena_grow(a, e->findings, e->finding_count, &e->finding_capacity,
			sizeof(*e->findings));
		e->findings[e->finding_count++] = (struct exchange_finding){ findings[i].statement,
			findings[i].what, e->line_count };
	}
}

static size_t tell(struct exchange_reader *r, struct monitor *m, const struct exchange_step *step,
	const struct finding **findings)
{
	struct packet packet;

	if (step->kind == STEP_CLOSE)
		return monitor_closed(m, step->from, findings);
	struct wire_result result = wire_parse(r->arena, r->version, step->bytes.data,
		step->bytes.len, WIRE_REMAINING_LENGTH_MAX, &packet);
	return result.status == WIRE_PACKET && result.consumed == step->bytes.len
		? monitor_packet(m, step->from, &packet, findings)
		: monitor_malformed(m, step->from, &result, findings);
}

struct exchange exchange_play(
	struct arena *a, enum mqtt_version version, enum side judged, const char *text)
{
	struct monitor *m = monitor_new(a, version, judged, NULL);
	struct exchange_reader r = { .arena = a, .version = version, .at = text };
	struct exchange_step step;
	struct exchange e = { 0 };

	while (exchange_next(&r, &step)) {
		const struct finding *findings;
		e.line_count = r.line;
		if (step.kind == STEP_NEW_CONNECTION) {
			m = monitor_new(a, version, judged, m);
			continue;
		}
		size_t count = tell(&r, m, &step, &findings);
		keep(a, &e, findings, count);
	}
	return e;
}
