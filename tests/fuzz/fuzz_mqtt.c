/* The strict codec on any bytes: a stream in one version and from one side (two lowest bits of the first
 * byte). What is read is written again to the same meaning; what is refused names its statement.
 */
#include <string.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/mqtt_any.h"

static void demand_of_properties(const struct mqtt_properties *p)
{
	struct mqtt_property property;
	uint32_t at = 0;
	uint64_t seen = 0;

	while (mqtt_properties_next(p, &at, &property))
		seen |= UINT64_C(1) << property.id;
	DEMAND(at == p->raw.len && seen == p->seen);
}

static void demand_of_filters(unsigned version, const struct any_packet *p)
{
	const struct mqtt_subscribe *s = &p->subscribe;
	struct mqtt_filter filter;
	struct mqtt_view text;
	uint32_t at = 0, count = 0;

	if (version == MQTT_50)
		demand_of_properties(&s->properties);
	while (p->frame.type == SUBSCRIBE ? mqtt_subscribe_next(s, &at, &filter)
					  : mqtt_unsubscribe_next(s, &at, &text))
		count++;
	DEMAND(count == s->count && at == s->filters.len);
}

/* Written, read and written again it is the same. */
static void demand_of_packet(unsigned version, enum mqtt_sender from, const struct any_packet *p)
{
	struct buf first, second;
	struct any_packet again;
	struct mqtt_error e;

	if (p->frame.type == SUBSCRIBE || p->frame.type == UNSUBSCRIBE)
		demand_of_filters(version, p);
	buf_init(&first, 1 << 20);
	buf_init(&second, 1 << 20);
	DEMAND(any_write(&first, version, from, p));
	DEMAND(any_read(version, from, first.data, first.len, &again, &e));
	DEMAND(any_write(&second, version, from, &again));
	DEMAND(first.len == second.len && !memcmp(first.data, second.data, first.len));
	buf_fini(&first);
	buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	unsigned version = *data & 1 ? MQTT_50 : MQTT_311;
	enum mqtt_sender from = *data & 2 ? MQTT_FROM_SERVER : MQTT_FROM_CLIENT;
	for (data++, size--; size;) {
		struct any_packet p;
		struct mqtt_error e = { 0 };
		enum mqtt_read read = mqtt_frame_read(data, size, version, &p.frame, &e);
		if (read != MQTT_READ_OK || p.frame.body_len > size - p.frame.header_len) {
			DEMAND(read != MQTT_READ_BAD || spec_find(e.statement));
			return 0;
		}
		size_t len = p.frame.header_len + (size_t)p.frame.body_len;
		if (any_read(version, from, data, len, &p, &e))
			demand_of_packet(
				p.frame.type == CONNECT ? p.connect.version : version, from, &p);
		else
			DEMAND(e.statement && spec_find(e.statement) && e.reason >= 0x80 && e.what);
		data += len;
		size -= len;
	}
	return 0;
}
