#include "tests/unit/unit.h"

#include "tests/unit/exchange.h"

#include <ctype.h>
#include <string.h>

#include "harness/template.h"

static char *spelt(struct arena *a, enum mqtt_version version, const char *line, size_t len)
{
	char *text = arena_alloc(a, 2 * len + 1);
	char *to = text;

	for (const char *c = line; c < line + len; c++) {
		if (*c == '@') {
			*to++ = '0';
			*to++ = version == MQTT_50 ? '5' : '4';
		} else {
			*to++ = *c == '\'' ? '"' : *c;
		}
	}
	return text;
}

static size_t tell(struct arena *a, struct monitor *m, enum mqtt_version version, enum side from,
	const char *text, const struct finding **findings)
{
	struct template_values values = {
		.version = version, .client_id = "me", .topic_prefix = "k/"
	};
	struct bytes bytes;
	const char *error;
	struct packet packet;

	if (!strcmp(text, "close"))
		return monitor_closed(m, from, findings);
	if (!template_expand(a, text, &values, &bytes, &error))
		fail_msg("%s: %s", text, error);
	struct wire_result r =
		wire_parse(a, version, bytes.data, bytes.len, WIRE_REMAINING_LENGTH_MAX, &packet);
	return r.status == WIRE_PACKET && r.consumed == bytes.len
		? monitor_packet(m, from, &packet, findings)
		: monitor_malformed(m, from, &r, findings);
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

struct exchange exchange_play(
	struct arena *a, enum mqtt_version version, enum side judged, const char *text)
{
	struct monitor *m = monitor_new(a, version, judged, NULL);
	struct exchange e = { 0 };

	for (const char *end; *text; text = *end ? end + 1 : end) {
		const struct finding *findings;
		const char *line = text;
		end = strchrnul(text, '\n');
		e.line_count++;
		if (!strncmp(line, "---", 3)) {
			m = monitor_new(a, version, judged, m);
			continue;
		}
		if (isdigit((unsigned char)*line) && *line++ - '0' != (version == MQTT_50 ? 5 : 3))
			continue;
		assert_true(*line == '<' || *line == '>');
		enum side from = *line++ == '>' ? SIDE_CLIENT : SIDE_SERVER;
		size_t count = tell(a, m, version, from,
			spelt(a, version, line, (size_t)(end - line)), &findings);
		keep(a, &e, findings, count);
	}
	return e;
}
