#include "deviants/then_filters.h"

#include "deviants/own.h"
#include "harness/monitor/monitor.h"

enum {
	BYTE_BITS = 8,
	BYTE_MASK = 0xFF,
	OPTION_QOS = 0x03,
};

static void set_qos(struct filter *f, long qos)
{
	f->options = (uint8_t)((f->options & ~OPTION_QOS) | qos);
}

void set_filter_qos(struct passing *it, long qos)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++)
		if ((own[i].options & OPTION_QOS) > qos)
			set_qos(&own[i], qos);
}

void raise_filter_qos(struct passing *it, long qos)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++)
		if ((own[i].options & OPTION_QOS) < qos)
			set_qos(&own[i], qos);
}

void set_options(struct passing *it, long bits)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++)
		own[i].options =
			(uint8_t)((own[i].options & ~(bits & BYTE_MASK)) | bits >> BYTE_BITS);
}

/* The last character before a wildcard, or the last one of all, is another one. */
static void spoil(struct passing *it, struct filter *f)
{
	uint8_t *own = own_bytes(it, &f->text, 0);
	size_t at = f->text.len;

	while (at && (own[at - 1] == '#' || own[at - 1] == '+' || own[at - 1] == '/'))
		at--;
	if (at)
		own[at - 1] ^= 1;
}

void spoil_filters(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++)
		spoil(it, &own[i]);
}

void spoil_last_filter(struct passing *it, long none)
{
	(void)none;
	if (it->packet->filter_count)
		spoil(it, &own_filters(it)[it->packet->filter_count - 1]);
}

void spoil_wildcards(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++)
		if (filter_has_wildcard(own[i].text))
			spoil(it, &own[i]);
}

void spoil_shares(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++) {
		struct bytes *text = &own[i].text;

		for (int slashes = 0; filter_is_shared(own[i].text) && text->len && slashes < 2;
			text->data++, text->len--)
			slashes += *text->data == '/';
	}
}

void hash_to_plus(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++) {
		struct bytes *text = &own[i].text;

		if (text->len > 1 && text->data[text->len - 1] == '#')
			own_bytes(it, text, 0)[text->len - 1] = '+';
	}
}

static void lower(struct passing *it, struct bytes *text)
{
	uint8_t *own = own_bytes(it, text, 0);

	for (size_t i = 0; i < text->len; i++)
		if (own[i] >= 'A' && own[i] <= 'Z')
			own[i] = (uint8_t)(own[i] - 'A' + 'a');
}

void lower_topic(struct passing *it, long none)
{
	(void)none;
	lower(it, &it->packet->topic);
}

void lower_filters(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++)
		lower(it, &own[i].text);
}
