#include "fuzz/talk.h"

#include <poll.h>
#include <string.h>

#include "base/digest.h"

enum {
	READ_SIZE = 64 * 1024,
	READ_TURNS = 16, /* so that a flood leaves room for the other connections */
	IN_LIMIT_BYTES = 8 * 1024 * 1024,
	OUT_LIMIT_BYTES = 16 * 1024 * 1024,
	PACKET_LIMIT_BYTES = 4 * 1024 * 1024,
	SIGNED_MAX = 5,
};

/* Beyond all that stands for a packet. */
enum kind_of_end { END_OF_STREAM = 0x1000000, END_BY_RESET, END_MALFORMED };

void talk_init(struct talk *l, struct arena *a, struct pipe *pipe, enum mqtt_version version,
	enum side ours, const struct monitor *before, struct tape *tape, const char *name)
{
	enum side theirs = ours == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	*l = (struct talk){
		.arena = a,
		.ours = ours,
		.version = version,
		.pipe = pipe,
		.monitor = monitor_new(a, version, theirs, before),
		.signature = DIGEST_NONE,
		.tape = tape,
	};
	l->signature = digest_add(l->signature, &l->version, sizeof(l->version));
	arena_init_small(&l->scratch, 1024);
	buf_init(&l->out, OUT_LIMIT_BYTES);
	buf_init(&l->shown, OUT_LIMIT_BYTES);
	buf_init(&l->said, OUT_LIMIT_BYTES);
	buf_init(&l->in, IN_LIMIT_BYTES);
	if (!tape)
		return;
	l->party = arena_new(tape->arena, struct tape_party); /* it outlives this */
	*l->party = (struct tape_party){
		.name = arena_text(tape->arena, name),
		.local = pipe->local,
		.remote = pipe->remote,
		.accepted = ours == SIDE_SERVER,
	};
	tape_add(tape, TAPE_CONNECTED, l->party, (struct bytes){ 0 }, NULL);
}

void talk_fini(struct talk *l)
{
	talk_close(l, true);
	buf_fini(&l->out);
	buf_fini(&l->shown);
	buf_fini(&l->said);
	buf_fini(&l->in);
	arena_fini(&l->scratch);
}

void talk_lean(struct talk *l, struct arena *words)
{
	monitor_lean(l->monitor, words);
}

/* ---- what is seen -------------------------------------------------------------------------- */

static void tell_tape(struct talk *l, enum tape_kind kind, struct bytes bytes, const char *text)
{
	if (l->tape)
		tape_add(l->tape, kind, l->party, bytes, text);
}

/* Each statement once on a connection: one that lives for hours does not grow. */
static bool is_new(struct talk *l, const char *statement)
{
	for (size_t i = 0; i < l->told_count; i++)
		if (!strcmp(l->told[i], statement))
			return false;
	if (l->told_count == TALK_FINDINGS_MAX)
		return false;
	l->told[l->told_count++] = statement;
	return true;
}

static void keep(struct talk *l, const struct finding *findings, size_t count)
{
	for (size_t i = 0; i < count && l->finding_count < TALK_FINDINGS_MAX; i++) {
		if (!is_new(l, findings[i].statement))
			continue;
		tell_tape(l, TAPE_REMARK, (struct bytes){ 0 },
			arena_printf(&l->scratch, "monitor: %s (%s)", findings[i].what,
				findings[i].statement));
		l->findings[l->finding_count++] = (struct finding){
			.statement = findings[i].statement,
			.what = arena_text(l->arena, findings[i].what),
		};
	}
}

/* A series of the same counts once, and messages not at all: how many there are is a matter of chance. The first
 * few say what is new, and the end.
 */
static void sign(struct talk *l, uint64_t kind)
{
	if (kind == l->last_kind || (l->signed_count == SIGNED_MAX && kind < END_OF_STREAM))
		return;
	l->signed_count += kind < END_OF_STREAM;
	l->last_kind = kind;
	l->signature = digest_add(l->signature, &kind, sizeof(kind));
}

static void arrive(struct talk *l, const struct packet *p)
{
	const struct finding *findings;
	enum side theirs = l->ours == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	if (l->tape)
		tell_tape(l, TAPE_PACKET_IN, p->raw, wire_describe(&l->scratch, l->version, p));
	l->packets_in++;
	keep(l, findings, monitor_packet(l->monitor, theirs, p, &findings));
	l->came |= SPEC_PACKET(p->type);
	if (p->id)
		l->last_id = p->id;
	if (p->type != PUBLISH)
		sign(l,
			(uint64_t)p->type | (uint64_t)p->code << 8 |
				(uint64_t)(p->codes.len ? p->codes.data[0] : 0) << 16);
	if (l->heard)
		l->heard(l->user, p);
}

static void arrive_malformed(struct talk *l, struct bytes raw, const struct wire_result *r)
{
	const struct finding *findings;
	enum side theirs = l->ours == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	if (l->tape)
		tell_tape(l, TAPE_PACKET_IN, raw,
			arena_printf(&l->scratch, "malformed at byte %zu: %s", r->offset, r->what));
	keep(l, findings, monitor_malformed(l->monitor, theirs, r, &findings));
	sign(l, END_MALFORMED);
}

static void take_packets(struct talk *l)
{
	size_t at = 0;

	while (at < l->in.len && !l->in_lost) {
		struct packet p;
		size_t left = l->in.len - at;
		const uint8_t *data = l->in.data + at;
		struct wire_result r =
			wire_parse(&l->scratch, l->version, data, left, PACKET_LIMIT_BYTES, &p);
		if (r.status == WIRE_NEED_MORE)
			break;
		if (r.status == WIRE_PACKET)
			arrive(l, &p);
		else
			arrive_malformed(
				l, (struct bytes){ data, r.consumed ? r.consumed : left }, &r);
		l->in_lost = r.status == WIRE_MALFORMED && !r.consumed;
		at += r.consumed ? r.consumed : left;
		arena_reset(&l->scratch);
	}
	buf_consume(&l->in, at);
}

/* ---- what is sent -------------------------------------------------------------------------- */

static void note_said(struct talk *l, const struct packet *p)
{
	const struct finding *findings;

	l->packets_out++;
	monitor_packet(l->monitor, l->ours, p, &findings);
	if (l->tape)
		tell_tape(l, TAPE_PACKET_OUT, p->raw, wire_describe(&l->scratch, l->version, p));
}

/* What is not whole may be answered at once: from then on the monitor takes any answer. */
static void note_odd(struct talk *l, struct bytes raw, const struct wire_result *r)
{
	const struct finding *findings;

	l->packets_out += r->status == WIRE_MALFORMED;
	monitor_malformed(l->monitor, l->ours, r, &findings);
	if (l->tape)
		tell_tape(l, TAPE_PACKET_OUT, raw,
			r->status == WIRE_NEED_MORE
				? "unfinished"
				: arena_printf(&l->scratch, "malformed: %s", r->what));
}

static void note_sent(struct talk *l)
{
	size_t at = 0;

	while (at < l->said.len && !l->said_lost) {
		struct packet p;
		size_t left = l->said.len - at;
		struct wire_result r = wire_parse(&l->scratch, l->version, l->said.data + at, left,
			WIRE_REMAINING_LENGTH_MAX, &p);
		if (r.status == WIRE_PACKET)
			note_said(l, &p);
		else
			note_odd(l, (struct bytes){ l->said.data + at, left }, &r);
		if (r.status == WIRE_NEED_MORE)
			break;
		l->said_lost = !r.consumed;
		at += r.consumed ? r.consumed : left;
		arena_reset(&l->scratch);
	}
	buf_consume(&l->said, at);
}

static void end(struct talk *l, bool reset)
{
	const struct finding *findings;
	enum side theirs = l->ours == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	l->ended = true;
	l->was_reset = reset;
	tell_tape(l, reset ? TAPE_RESET_IN : TAPE_FIN_IN, (struct bytes){ 0 }, NULL);
	keep(l, findings, monitor_closed(l->monitor, theirs, &findings));
	sign(l, reset ? END_BY_RESET : END_OF_STREAM);
}

static void write_some(struct talk *l)
{
	while (l->out.len && talk_is_open(l)) {
		ssize_t n = pipe_write(l->pipe, l->out.data, l->out.len);
		if (n <= 0)
			return; /* it takes no more now, or reading will tell that it never will */
		tell_tape(l, TAPE_SENT, (struct bytes){ l->shown.data, (size_t)n }, NULL);
		buf_consume(&l->out, (size_t)n);
		buf_consume(&l->shown, (size_t)n);
	}
}

void talk_send(struct talk *l, struct bytes bytes, size_t secret)
{
	if (!talk_is_open(l) || !bytes.len || !buf_add(&l->out, bytes.data, bytes.len) ||
		!buf_add(&l->shown, bytes.data, bytes.len))
		return;
	uint8_t *shown = l->shown.data + l->shown.len - bytes.len;
	if (secret)
		memset(shown + bytes.len - secret, '*', secret);
	buf_add(&l->said, shown, bytes.len);
	note_sent(l);
	write_some(l);
}

void talk_send_packet(struct talk *l, const struct packet *packet)
{
	struct buf bytes;

	buf_init(&bytes, PACKET_LIMIT_BYTES);
	wire_build(&bytes, l->version, packet, NULL);
	talk_send(l, (struct bytes){ bytes.data, bytes.len }, 0);
	buf_fini(&bytes);
}

/* ---- turns --------------------------------------------------------------------------------- */

static void read_some(struct talk *l)
{
	static const size_t limit = IN_LIMIT_BYTES;
	uint8_t chunk[READ_SIZE];

	for (int i = 0; i < READ_TURNS && talk_is_open(l) && !l->flooded; i++) {
		ssize_t n = pipe_read(l->pipe, chunk, sizeof(chunk));
		if (n == PIPE_AGAIN)
			return;
		if (n == PIPE_END || n == PIPE_RESET) {
			end(l, n == PIPE_RESET);
			return;
		}
		l->bytes_in += (size_t)n;
		tell_tape(l, TAPE_RECEIVED, (struct bytes){ chunk, (size_t)n }, NULL);
		if (!l->in_lost)
			l->flooded = !buf_add(&l->in, chunk, (size_t)n);
		l->flooded |= l->bytes_in > limit && !l->heard;
		take_packets(l);
	}
}

void talk_turn(struct talk *l)
{
	if (!talk_is_open(l))
		return;
	write_some(l);
	read_some(l);
}

void talk_close(struct talk *l, bool reset)
{
	if (!l->pipe)
		return;
	if (!l->ended)
		tell_tape(l, reset ? TAPE_RESET_OUT : TAPE_FIN_OUT, (struct bytes){ 0 }, NULL);
	if (reset)
		pipe_reset(l->pipe);
	else
		pipe_close(l->pipe);
	l->pipe = NULL;
}
