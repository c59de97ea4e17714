/* The monitor on any traffic. The first byte chooses version (bit 0) and judged side (bit 1); then
 * come chunks, each after two bytes: whose (bit 7 of the first) and how long it is (the other
 * fifteen bits). A chunk of length 0 ends that side's direction, and the next one begins a new
 * connection, which may go on with the session. What the monitor finds must be statements of its
 * version.
 */
#include <string.h>

#include "base/arena.h"
#include "harness/monitor/monitor.h"
#include "tests/fuzz/fuzz.h"

enum { LIMIT = 1 << 16 };

struct traffic {
	struct arena arena;
	enum mqtt_version version;
	enum side judged;
	struct monitor *monitor;
};

static void demand_of_findings(
	const struct traffic *t, enum side from, const struct finding *findings, size_t count)
{
	DEMAND(count == 0 || from == t->judged);
	for (size_t i = 0; i < count; i++) {
		const struct spec_statement *s = spec_find(findings[i].statement);
		DEMAND(s && s->version == t->version && *findings[i].what);
	}
}

/* The packets of one chunk; what is left unfinished at its end is lost. */
static void tell(struct traffic *t, enum side from, const uint8_t *data, size_t len)
{
	const struct finding *findings;
	struct packet packet;

	while (len) {
		struct wire_result r = wire_parse(&t->arena, t->version, data, len, LIMIT, &packet);
		if (r.status == WIRE_NEED_MORE)
			return;
		size_t count = r.status == WIRE_PACKET
			? monitor_packet(t->monitor, from, &packet, &findings)
			: monitor_malformed(t->monitor, from, &r, &findings);
		demand_of_findings(t, from, findings, count);
		if (!r.consumed)
			return;
		data += r.consumed;
		len -= r.consumed;
	}
}

static void end(struct traffic *t, enum side from)
{
	const struct finding *findings;

	size_t count = monitor_closed(t->monitor, from, &findings);
	demand_of_findings(t, from, findings, count);
	t->monitor = monitor_new(&t->arena, t->version, t->judged, t->monitor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct traffic t = { .version = data[0] & 1 ? MQTT_50 : MQTT_311,
		.judged = data[0] & 2 ? SIDE_SERVER : SIDE_CLIENT };
	arena_init(&t.arena);
	t.monitor = monitor_new(&t.arena, t.version, t.judged, NULL);
	for (data++, size--; size >= 2;) {
		enum side from = data[0] & 0x80 ? SIDE_SERVER : SIDE_CLIENT;
		size_t len = (size_t)(data[0] & 0x7F) << 8 | data[1];
		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if (len)
			tell(&t, from, data, len);
		else
			end(&t, from);
		data += len;
		size -= len;
	}
	arena_fini(&t.arena);
	return 0;
}
