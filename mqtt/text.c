#include "mqtt/text.h"

#include "base/utf8.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Eight bytes of text, or the last few of them filled up with a harmless letter. */
static uint64_t word_at(struct mqtt_view text, uint32_t at)
{
	uint64_t word = ONES * 'a';
	uint32_t left = text.len - at;

	memcpy(&word, text.data + at, left < 8 ? left : 8);
	return word;
}

/* The high bit of each byte that is zero; of higher bytes, too, but never without a true one. */
static uint64_t zeros(uint64_t word)
{
	return (word - ONES) & ~word & HIGHS;
}

static uint64_t bytes_equal_to(uint64_t word, uint8_t byte)
{
	return zeros(word ^ ONES * byte);
}

/* Strings are nearly always ASCII: eight bytes a step, and the slow look only for the others. */
static bool text_scan(struct mqtt_view text, bool topic)
{
	bool ascii = true;

	for (uint32_t at = 0; at < text.len; at += 8) {
		uint64_t word = word_at(text, at);
		/* [MQTT-1.5.3-2] [MQTT-1.5.4-2] */
		if (zeros(word))
			return false;
		/* [MQTT-3.3.2-2] [MQTT-4.7.1-1] of 3.1.1, [MQTT-4.7.0-1] of 5.0 */
		if (topic && (bytes_equal_to(word, '+') || bytes_equal_to(word, '#')))
			return false;
		ascii = ascii && !(word & HIGHS);
	}
	/* [MQTT-1.5.3-1] [MQTT-1.5.4-1] */
	return ascii || utf8_check(text.data, text.len) == text.len;
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
