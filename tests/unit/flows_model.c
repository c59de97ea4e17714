/* Two streams of bytes, a conversation of segments that carries them, and a capture of it that somebody shook: a
 * seed decides what is sent in which pieces, doubled, sent again in other pieces, swapped with neighbours, lost,
 * and cut. What the capture has of each stream is known, and so is what must come out.
 */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pcap/flows.h"

enum {
	SEEDS = 400,
	STREAM_LIMIT = 20000,
	PACKETS_LIMIT = 4000,
	PIECE_LIMIT = 1400,
	SWAP_PACKETS = 20, /* how far a packet may move */
	FRAME_LIMIT = 14 + 40 + PIECE_LIMIT,
};

struct sent {
	uint8_t from; /* which stream */
	bool fin;
	bool cut;    /* half of its data is captured */
	uint32_t at; /* of the stream */
	uint32_t size;
	uint32_t ack; /* of the other one */
};

struct world {
	uint64_t random;
	uint32_t isn[2];
	uint32_t size[2];
	uint8_t stream[2][STREAM_LIMIT];
	struct sent sent[PACKETS_LIMIT];
	size_t count;
	bool loses, cuts, doubles;

	/* What the capture shows. */
	bool shown[2][STREAM_LIMIT];
	bool sent_once[2][STREAM_LIMIT]; /* in a packet that is there, if cut */
	uint32_t end[2];                 /* nothing is known of what comes after */
	bool fin[2];
	uint32_t needs
		[2][STREAM_LIMIT]; /* what the sender of a byte had of the other stream, at least */

	/* What has come out. */
	uint32_t out[2];
	uint64_t missing[2];
	bool given[2][STREAM_LIMIT];
	bool ended[2];
	unsigned overs;
	uint64_t seed;
};

static uint32_t roll(struct world *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)(w->random >> 20) % below;
}

#define demand(w, condition)                                                      \
	do {                                                                      \
		if (!(condition))                                                 \
			fail_msg("seed %u: %s", (unsigned)(w)->seed, #condition); \
	} while (0)

static void put(struct world *w, struct sent s)
{
	if (w->count < PACKETS_LIMIT)
		w->sent[w->count++] = s;
}

/* The conversation as it was: each piece acknowledges what has come of the other stream. Some are sent again, in
 * other pieces; and there are acknowledgements of their own.
 */
static void converse(struct world *w)
{
	uint32_t at[2] = { 0 }, acked[2] = { 0 };

	while ((at[0] < w->size[0] || at[1] < w->size[1]) && w->count < PACKETS_LIMIT - 8) {
		uint8_t from = (uint8_t)roll(w, 2);
		uint32_t left = w->size[from] - at[from];
		uint32_t size = 1 + roll(w, roll(w, 3) ? 100 : PIECE_LIMIT);
		struct sent s = { .from = from, .at = at[from], .size = size < left ? size : left };
		if (roll(w, 4)) /* now and then it has not read all */
			acked[!from] = at[!from];
		s.ack = acked[!from];
		at[from] += s.size;
		s.cut = w->cuts && !roll(w, 10);
		put(w, s);
		if (w->doubles && !roll(w, 5)) {
			uint32_t back = roll(w, at[from] + 1) % 3000;
			uint32_t again = 1 + roll(w, PIECE_LIMIT);
			put(w,
				(struct sent){ .from = from,
					.at = at[from] - back,
					.size = again < back ? again : back,
					.ack = s.ack });
		}
		if (roll(w, 2))
			put(w,
				(struct sent){ .from = !from,
					.at = at[!from],
					.ack = acked[from] = at[from] });
	}
	for (uint8_t from = 0; from < 2; from++) {
		uint32_t again = w->doubles ? roll(w, at[from] < 500 ? at[from] + 1 : 500) : 0;
		put(w,
			(struct sent){ .from = from,
				.fin = true,
				.at = at[from] - again,
				.size = again,
				.ack = at[!from] });
	}
	w->size[0] = at[0];
	w->size[1] = at[1];
}

static void shake(struct world *w)
{
	for (size_t i = 0; i + 1 < w->count; i++) {
		size_t other = i + (roll(w, 4) ? 0 : roll(w, SWAP_PACKETS));
		if (other >= w->count)
			continue;
		struct sent s = w->sent[i];
		w->sent[i] = w->sent[other];
		w->sent[other] = s;
	}
	for (size_t i = 0; w->loses && i < w->count;) {
		if (roll(w, 12)) {
			i++;
			continue;
		}
		w->count--;
		memmove(&w->sent[i], &w->sent[i + 1], (w->count - i) * sizeof(*w->sent));
	}
}

static void show_end(struct world *w, uint8_t which, uint32_t end)
{
	if (end > w->end[which])
		w->end[which] = end;
}

static void show(struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct sent *s = &w->sent[i];
		uint32_t captured = s->cut ? s->size / 2 : s->size;
		for (uint32_t at = s->at; at < s->at + s->size; at++) {
			uint32_t *needs = &w->needs[s->from][at];
			if (!w->sent_once[s->from][at] || s->ack < *needs)
				*needs = s->ack;
			w->sent_once[s->from][at] = true;
		}
		memset(&w->shown[s->from][s->at], true, captured);
		if (s->size || s->fin)
			show_end(w, s->from, s->at + s->size);
		show_end(w, !s->from, s->ack);
		w->fin[s->from] |= s->fin;
	}
}

static void on_bytes(void *to, struct flow *flow, enum flow_from from, const uint8_t *data,
	size_t size, const struct moment *moment)
{
	struct world *w = to;

	(void)flow;
	demand(w, !w->ended[from]);
	demand(w, w->out[from] + size <= w->size[from]);
	demand(w, !memcmp(data, &w->stream[from][w->out[from]], size));
	demand(w, moment->packet >= 1 && moment->packet <= w->count + 2);
	/* Where the first copy is lost, a later one acknowledges more than its bytes depend on. */
	for (size_t i = 0; i < size && !(w->loses && w->doubles); i++)
		demand(w, w->out[!from] >= w->needs[from][w->out[from] + i]);
	memset(&w->given[from][w->out[from]], true, size);
	w->out[from] += (uint32_t)size;
}

static void on_gap(void *to, struct flow *flow, enum flow_from from, uint64_t missing,
	const struct moment *moment)
{
	struct world *w = to;

	(void)flow;
	(void)moment;
	demand(w, !w->ended[from]);
	demand(w, missing && w->out[from] + missing <= w->size[from]);
	w->out[from] += (uint32_t)missing;
	w->missing[from] += missing;
}

static void on_ended(void *to, struct flow *flow, enum flow_from from, enum flow_end_how how,
	const struct moment *moment)
{
	struct world *w = to;

	(void)flow;
	(void)moment;
	demand(w, how == FLOW_FIN && !w->ended[from]);
	demand(w, w->out[from] == w->size[from]);
	w->ended[from] = true;
}

static void on_over(void *to, struct flow *flow, enum flow_over_why why)
{
	struct world *w = to;

	(void)why;
	w->overs++;
	demand(w, !flow->ways[0].differing && !flow->ways[1].differing);
}

static void add_head(struct world *w, struct buf *b, uint8_t from, uint32_t number, uint32_t ack,
	uint8_t flags, uint32_t size)
{
	buf_reset(b);
	buf_add(b, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0\x45\0", 16);
	buf_add_u16(b, (uint16_t)(40 + size));
	buf_add(b, "\0\0\x40\0\x40\6\0\0\x0a\0\0", 11);
	buf_add_u8(b, from ? 1 : 2);
	buf_add(b, "\x0a\0\0", 3);
	buf_add_u8(b, from ? 2 : 1);
	buf_add_u16(b, from ? 1883 : 50000);
	buf_add_u16(b, from ? 50000 : 1883);
	buf_add_u32(b, w->isn[from] + number);
	buf_add_u32(b, w->isn[!from] + ack);
	buf_add_u8(b, 0x50);
	buf_add_u8(b, flags);
	buf_add(b, "\xff\xff\0\0\0\0", 6);
}

static void play(struct world *w, struct flows *f)
{
	struct buf b;
	struct captured p = { .link_type = 1, .at_ns = 1700000000000000000 };

	buf_init(&b, FRAME_LIMIT);
	for (size_t i = 0; i < w->count + 2; i++) {
		uint32_t captured = 0;
		if (i < 2) {
			add_head(w, &b, i == 1, 0, 1, i ? 0x12 : 0x02, 0);
		} else {
			const struct sent *s = &w->sent[i - 2];
			captured = s->cut ? s->size / 2 : s->size;
			add_head(w, &b, s->from, 1 + s->at, 1 + s->ack, s->fin ? 0x11 : 0x10,
				s->size);
			buf_add(&b, &w->stream[s->from][s->at], captured);
			p.wire_size = (uint32_t)b.len + s->size - captured;
		}
		p.number = i + 1;
		p.at_ns += 1000000;
		p.data = b.data;
		p.size = (uint32_t)b.len;
		if (p.wire_size < p.size)
			p.wire_size = p.size;
		assert_true(flows_packet(f, &p));
		p.wire_size = 0;
	}
	buf_fini(&b);
}

static void check(struct world *w, const struct flows *f)
{
	demand(w, w->overs == 1);
	demand(w, flows_counted(f)->flows == 1);
	for (int from = 0; from < 2; from++) {
		uint64_t unshown = 0;
		for (uint32_t i = 0; i < w->end[from]; i++) {
			unshown += !w->shown[from][i];
			/* Where the first copy of a packet was cut, a later one does not help. */
			demand(w,
				w->given[from][i] == w->shown[from][i] || (w->cuts && w->doubles));
			demand(w, !w->given[from][i] || w->shown[from][i]);
		}
		demand(w, w->out[from] == w->end[from]);
		demand(w, w->missing[from] == unshown || (w->cuts && w->doubles));
		demand(w, w->ended[from] == w->fin[from]);
	}
}

static void play_seed(uint64_t seed)
{
	static const struct flow_listener listener = { NULL, on_bytes, on_gap, on_ended, on_over };
	static struct world world;
	struct world *w = &world;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->random = seed * 0x9e3779b97f4a7c15u + 1;
	w->doubles = seed & 1;
	w->loses = seed & 2;
	w->cuts = seed & 4;
	for (int i = 0; i < 2; i++) {
		/* Half of them wrap. */
		w->isn[i] = roll(w, 2) ? (uint32_t)w->random : 0u - roll(w, STREAM_LIMIT);
		w->size[i] = roll(w, STREAM_LIMIT);
		for (uint32_t at = 0; at < w->size[i]; at++)
			w->stream[i][at] = (uint8_t)roll(w, 256);
	}
	converse(w);
	shake(w);
	show(w);
	struct flows *f = flows_new(NULL, &listener, w);
	assert_non_null(f);
	play(w, f);
	flows_end(f);
	check(w, f);
	flows_free(f);
}

static void whatever_the_capture_has_comes_out(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++)
		play_seed(seed);
}

/* test_flows_model SEED plays one seed; FROM TO plays many. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_the_capture_has_comes_out) };

	if (argc == 1)
		return cmocka_run_group_tests(tests, NULL, NULL);
	uint64_t from = strtoull(argv[1], NULL, 10),
		 to = argc > 2 ? strtoull(argv[2], NULL, 10) : from;
	for (uint64_t seed = from; seed <= to; seed++)
		play_seed(seed);
	return 0;
}
