/* What we send: told to the monitor and the tape, then written in the segments that the run asks for. */
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "harness/test.h"

enum {
	BYTEWISE_MAX =
		4096, /* bytes of a packet up to which SEGMENT_BYTES writes each by itself ... */
	PIECES_MAX = 512, /* ... and how many pieces a longer one has */
	BYTE_PAUSE_US =
		200, /* between writes of SEGMENT_BYTES and SEGMENT_SPLIT: for separate reads */
};

/* What is written, and what the tape gets of it: the same, but for a secret. */
struct output {
	const uint8_t *data, *shown;
	size_t len;
};

static struct output output_rest(struct output o, size_t n)
{
	return (struct output){ o.data + n, o.shown + n, o.len - n };
}

/* Writes all of it, unless the connection ends or the target takes nothing for the time that an
 * answer may take.
 */
static void write_all(struct peer *p, struct output o)
{
	struct test *t = p->test;
	int64_t until_us = test_answer_deadline_us(t);

	while (o.len && !p->ended) {
		p->last_begun_us = tape_now_us(&t->tape);
		ssize_t n = pipe_write(p->pipe, o.data, o.len);
		if (n == PIPE_RESET) {
			peer_drain(p);
			return;
		}
		if (n > 0) {
			tape_add(&t->tape, TAPE_SENT, p->party,
				(struct bytes){ o.shown, (size_t)n }, NULL);
			o = output_rest(o, (size_t)n);
			until_us = test_answer_deadline_us(t);
			p->last_sent_us = tape_now_us(&t->tape);
			continue;
		}
		test_poll(t, p, until_us);
		if (tape_now_us(&t->tape) >= until_us) {
			test_remark(
				t, p, "the target takes no more bytes; %zu were not sent", o.len);
			return;
		}
	}
}

/* A packet of megabytes goes in larger pieces, or it would take minutes. */
static void write_in_pieces(struct peer *p, struct output o, size_t first, size_t rest)
{
	while (o.len) {
		size_t n = first < o.len ? first : o.len;
		write_all(p, (struct output){ o.data, o.shown, n });
		o = output_rest(o, n);
		first = rest;
		if (o.len)
			usleep(BYTE_PAUSE_US);
	}
}

static size_t bytes_at_once(size_t len)
{
	return len <= BYTEWISE_MAX ? 1 : len / PIECES_MAX + 1;
}

void peer_flush(struct peer *p)
{
	struct output all = { p->corked.data, p->shown.data, p->corked.len };

	if (all.len && !p->closed)
		write_all(p, all);
	buf_reset(&p->corked);
	buf_reset(&p->shown);
}

void test_flush(struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++)
		peer_flush(t->peers[i]);
}

/* Bytes that mean nothing, as far as they are shown. */
static const char *hex_of(struct test *t, const struct wire_result *r, struct bytes bytes)
{
	struct buf hex;

	buf_init(&hex, 1024);
	hex_format(&hex, bytes.data, bytes.len, 48);
	const char *text = arena_printf(t->arena, "%s %s",
		r->status == WIRE_NEED_MORE ? "unfinished" : "malformed", buf_text(&hex));
	buf_fini(&hex);
	return text;
}

static void note_packet(struct peer *p, const struct packet *packet, const uint8_t *shown)
{
	struct test *t = p->test;
	const struct finding *findings;

	monitor_packet(p->monitor, test_ours(t), packet, &findings);
	conduct_sent(p, packet);
	if (t->leavings)
		leavings_sent(t->leavings, p->version, packet, bytes_of(p->client_id));
	if (tape_keeps(p->party, packet->type))
		messages_sent(p, packet);
	if (packet->type == PINGREQ)
		keeping_sent(p);
	p->left |= packet->type == DISCONNECT;
	if (tape_keeps(p->party, packet->type))
		tape_add(&t->tape, TAPE_PACKET_OUT, p->party,
			(struct bytes){ shown, packet->raw.len },
			wire_describe(t->arena, p->version, packet));
}

/* The packets for the transcript and the monitor: what they mean, or the bytes if they mean nothing. `shown`
 * are the same bytes without a secret, which the tape gets.
 */
static void note_sent(struct peer *p, struct bytes bytes, struct bytes shown)
{
	struct test *t = p->test;
	struct packet packet;
	struct wire_result r;
	const struct finding *findings;

	do {
		r = wire_parse(t->arena, p->version, bytes.data, bytes.len,
			WIRE_REMAINING_LENGTH_MAX, &packet);
		if (r.status != WIRE_PACKET)
			break;
		note_packet(p, &packet, shown.data);
		bytes = (struct bytes){ bytes.data + r.consumed, bytes.len - r.consumed };
		shown = (struct bytes){ shown.data + r.consumed, bytes.len };
	} while (bytes.len);
	if (!bytes.len)
		return;
	t->messages.wide |= *bytes.data >> 4 == SUBSCRIBE;
	monitor_malformed(p->monitor, test_ours(t), &r, &findings);
	conduct_malformed(p, &r, bytes);
	tape_add(&t->tape, TAPE_PACKET_OUT, p->party, shown, hex_of(t, &r, shown));
}

/* As the tape gets it. */
static struct bytes masked(struct test *t, struct bytes bytes, size_t secret)
{
	if (!secret)
		return bytes;
	uint8_t *copy = arena_copy(t->arena, bytes.data, bytes.len);
	memset(copy + bytes.len - secret, '*', secret);
	return (struct bytes){ copy, bytes.len };
}

static void cork(struct peer *p, struct output o)
{
	buf_add(&p->corked, o.data, o.len);
	buf_add(&p->shown, o.shown, o.len);
}

void peer_send(struct peer *p, struct bytes bytes, size_t secret)
{
	struct test *t = p->test;
	struct bytes shown = masked(t, bytes, secret);
	struct output all = { bytes.data, shown.data, bytes.len };

	if (p->closed || p->ended) {
		test_remark(t, p, "not sent: the connection has ended");
		return;
	}
	t->showed_secret |= secret > 0;
	note_sent(p, bytes, shown);
	switch (p->bytewise ? SEGMENT_BYTES : t->play->segmentation) {
	case SEGMENT_WHOLE:
		if (p->gathers)
			cork(p, all);
		else
			write_all(p, all);
		break;
	case SEGMENT_BYTES: write_in_pieces(p, all, 1, bytes_at_once(all.len)); break;
	case SEGMENT_SPLIT: write_in_pieces(p, all, t->play->split_at, SIZE_MAX); break;
	case SEGMENT_BATCH: cork(p, all); break;
	}
}
