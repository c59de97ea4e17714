#include "pcap/fragments.h"

#include <stdlib.h>
#include <string.h>

enum {
	PAYLOAD_LIMIT = 65536,
	UNIT_BYTES = 8, /* offsets count in these */
	UNITS = PAYLOAD_LIMIT / UNIT_BYTES,
	PATIENCE_US = 60 * 1000 * 1000, /* RFC 8200 4.5 */
};

struct fragmented {
	uint32_t pieces; /* 0: the place is free */
	uint32_t id;
	uint8_t addresses[32];
	bool ipv6;
	uint8_t protocol;
	int64_t began_us;
	uint32_t units;   /* that have come */
	uint32_t end;     /* of the payload; 0 while the last fragment has not come */
	uint8_t *payload; /* PAYLOAD_LIMIT bytes; stays for the next packet */
	uint8_t come[UNITS / 8];
};

void fragments_init(struct fragments *f)
{
	*f = (struct fragments){ 0 };
}

void fragments_fini(struct fragments *f)
{
	for (int i = 0; f->packets && i < FRAGMENTS_PACKETS; i++)
		free(f->packets[i].payload);
	free(f->packets);
	f->packets = NULL;
}

static void fragmented_lose(struct fragments *f, struct fragmented *m)
{
	f->lost += m->pieces;
	m->pieces = 0;
}

void fragments_end(struct fragments *f)
{
	for (int i = 0; f->packets && i < FRAGMENTS_PACKETS; i++)
		fragmented_lose(f, &f->packets[i]);
}

static void addresses_set(uint8_t addresses[static 32], const struct ip_packet *p)
{
	size_t each = p->ipv6 ? 16 : 4;

	memset(addresses, 0, 32);
	memcpy(addresses, p->from, each);
	memcpy(addresses + 16, p->to, each);
}

static bool fragmented_begin(
	struct fragmented *m, const struct ip_packet *p, const uint8_t *addresses, int64_t now_us)
{
	uint8_t *payload = m->payload ? m->payload : malloc(PAYLOAD_LIMIT);

	if (!payload)
		return false;
	*m = (struct fragmented){
		.id = p->id,
		.ipv6 = p->ipv6,
		.protocol = p->protocol,
		.began_us = now_us,
		.payload = payload,
	};
	memcpy(m->addresses, addresses, sizeof(m->addresses));
	return true;
}

/* The packet that `p` is a fragment of: one in the making, or a new one. */
static struct fragmented *fragmented_find(
	struct fragments *f, const struct ip_packet *p, int64_t now_us)
{
	struct fragmented *oldest = f->packets;
	uint8_t addresses[32];

	addresses_set(addresses, p);
	for (struct fragmented *m = f->packets; m < f->packets + FRAGMENTS_PACKETS; m++) {
		if (m->pieces && now_us - m->began_us > PATIENCE_US)
			fragmented_lose(f, m);
		if (m->pieces && m->id == p->id && m->ipv6 == p->ipv6 &&
			m->protocol == p->protocol &&
			!memcmp(m->addresses, addresses, sizeof(addresses)))
			return m;
		if (oldest->pieces && (!m->pieces || m->began_us < oldest->began_us))
			oldest = m;
	}
	fragmented_lose(f, oldest);
	return fragmented_begin(oldest, p, addresses, now_us) ? oldest : NULL;
}

static void fragmented_add(struct fragmented *m, const struct ip_packet *p)
{
	uint32_t done = 0;

	m->pieces++;
	if (!p->more && !m->end)
		m->end = p->offset + p->wire_size;
	while (done < p->size) {
		uint32_t unit = (p->offset + done) / UNIT_BYTES;
		uint32_t part = p->size - done < UNIT_BYTES ? p->size - done : UNIT_BYTES;
		uint8_t bit = (uint8_t)(1u << unit % 8);
		/* Only the last unit of a packet may be shorter. */
		if (part < UNIT_BYTES && p->offset + p->size != m->end)
			break;
		if (!(m->come[unit / 8] & bit)) {
			m->come[unit / 8] |= bit;
			m->units++;
			memcpy(m->payload + p->offset + done, p->payload + done, part);
		}
		done += part;
	}
}

static bool fragmented_is_whole(const struct fragmented *m)
{
	uint32_t units = (m->end + UNIT_BYTES - 1) / UNIT_BYTES;

	if (!m->end || m->units < units)
		return false;
	for (uint32_t i = 0; i < units; i++) {
		if (!(m->come[i / 8] & 1u << i % 8))
			return false;
	}
	return true;
}

bool fragments_take(struct fragments *f, struct ip_packet *p, int64_t now_us)
{
	if (!f->packets)
		f->packets = calloc(FRAGMENTS_PACKETS, sizeof(*f->packets));
	struct fragmented *m = f->packets && p->offset + p->wire_size < PAYLOAD_LIMIT
		? fragmented_find(f, p, now_us)
		: NULL;
	if (!m) {
		f->lost++;
		return false;
	}
	fragmented_add(m, p);
	if (!fragmented_is_whole(m))
		return false;
	p->fragment = false;
	p->payload = m->payload;
	p->size = p->wire_size = m->end;
	m->pieces = 0;
	return true;
}
