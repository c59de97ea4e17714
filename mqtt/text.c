#include "mqtt/text.h"

#include "base/utf8.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* The high bit of each byte that is zero; of higher bytes, too, but never without a true one. */
static uint64_t zeros(uint64_t word)
{
	return (word - ONES) & ~word & HIGHS;
}

static uint64_t bytes_equal_to(uint64_t word, uint8_t byte)
{
	return zeros(word ^ ONES * byte);
}

/* Whether eight bytes have one that no string, or no topic, may have. */
static bool word_is_bad(uint64_t word, bool topic)
{
	/* [MQTT-1.5.3-2] [MQTT-1.5.4-2] */
	uint64_t bad = zeros(word);

	/* [MQTT-3.3.2-2] [MQTT-4.7.1-1] of 3.1.1, [MQTT-4.7.0-1] of 5.0 */
	if (topic) /* "#" and "+" differ in one bit */
		bad |= bytes_equal_to(word | ONES * ('+' ^ '#'), '#' | '+');
	return bad;
}

/* Strings are nearly always ASCII: eight bytes at a step, and the slow look only for the others.
 * The last step takes the last eight bytes, even if it sees some of them again.
 */
static bool text_scan(struct mqtt_view text, bool topic)
{
	uint64_t seen = 0, word;
	uint32_t at = 0;

	if (!text.len)
		return true;
	for (; at + 8 < text.len; at += 8) {
		word = mqtt_load64(text.data + at);
		if (word_is_bad(word, topic))
			return false;
		seen |= word;
	}
	word = text.len >= 8 ? mqtt_load64(text.data + text.len - 8)
			     : mqtt_load_few(text.data, text.len, ONES * 'a');
	if (word_is_bad(word, topic))
		return false;
	/* [MQTT-1.5.3-1] [MQTT-1.5.4-1] */
	return !((seen | word) & HIGHS) || utf8_check(text.data, text.len) == text.len;
}

bool mqtt_text_valid(struct mqtt_view text)
{
	return text_scan(text, false);
}

bool mqtt_topic_valid(struct mqtt_view topic)
{
	return topic.len && text_scan(topic, true); /* [MQTT-4.7.3-1] */
}

bool mqtt_filter_valid(struct mqtt_view filter)
{
	const uint8_t *f = filter.data;

	if (!filter.len || !mqtt_text_valid(filter)) /* [MQTT-4.7.3-1] */
		return false;
	for (uint32_t i = 0; i < filter.len; i++) {
		if (f[i] != '+' && f[i] != '#')
			continue;
		bool first = !i || f[i - 1] == '/';
		bool last = i + 1 == filter.len;
		/* "#": [MQTT-4.7.1-2] of 3.1.1, [MQTT-4.7.1-1] of 5.0 */
		if (f[i] == '#' && !(first && last))
			return false;
		/* "+": [MQTT-4.7.1-3] of 3.1.1, [MQTT-4.7.1-2] of 5.0 */
		if (f[i] == '+' && !(first && (last || f[i + 1] == '/')))
			return false;
	}
	return true;
}

bool mqtt_filter_has_wildcard(struct mqtt_view filter)
{
	return filter.len &&
		(memchr(filter.data, '+', filter.len) || memchr(filter.data, '#', filter.len));
}

bool mqtt_filter_is_shared(struct mqtt_view filter)
{
	return filter.len >= 7 && !memcmp(filter.data, "$share/", 7);
}

bool mqtt_filter_split_shared(
	struct mqtt_view shared, struct mqtt_view *name, struct mqtt_view *filter)
{
	struct mqtt_view rest = { shared.data + 7, shared.len - 7 };
	const uint8_t *slash = rest.len ? memchr(rest.data, '/', rest.len) : NULL;

	if (!slash)
		return false;
	*name = (struct mqtt_view){ rest.data, (uint32_t)(slash - rest.data) };
	*filter = (struct mqtt_view){ slash + 1, rest.len - name->len - 1 };
	/* [MQTT-4.8.2-1] [MQTT-4.8.2-2] */
	return name->len && filter->len && !mqtt_filter_has_wildcard(*name);
}

bool mqtt_filter_matches(struct mqtt_view filter, struct mqtt_view topic)
{
	uint32_t f = 0, t = 0;

	/* [MQTT-4.7.2-1] */
	if (topic.len && filter.len && topic.data[0] == '$' &&
		(filter.data[0] == '+' || filter.data[0] == '#'))
		return false;
	while (f < filter.len) {
		uint8_t c = filter.data[f];
		if (c == '#')
			return true;
		if (c == '+') {
			while (t < topic.len && topic.data[t] != '/')
				t++;
			f++;
		} else if (t < topic.len && c == topic.data[t]) {
			f++, t++;
		} else { /* "a/#" matches "a" */
			return t == topic.len && c == '/' && f + 2 == filter.len &&
				filter.data[f + 1] == '#';
		}
	}
	return t == topic.len;
}
