#include "tests/unit/flow_rig.h"

#include <string.h>

enum { FRAME_LIMIT = 1 << 17, TOLD_LIMIT = 1 << 20 };

static void tell(struct rig *r, const char *what)
{
	if (r->told.len)
		buf_add_text(&r->told, "; ");
	buf_add_text(&r->told, what);
}

static const char *arrow(enum flow_from from)
{
	return from == C ? "> " : "< ";
}

static void tell_at(struct rig *r, const struct flow *flow, const struct moment *moment)
{
	if (moment->packet != flow->last.packet)
		buf_printf(&r->told, "@%u", (unsigned)moment->packet);
}

static void begun(void *to, struct flow *flow)
{
	struct rig *r = to;

	assert_null(flow->judge);
	flow->judge = r;
	flow->ignored = r->ignores;
	r->flow = flow;
	tell(r, "begin");
}

static void bytes(void *to, struct flow *flow, enum flow_from from, const uint8_t *data,
	size_t size, const struct moment *moment)
{
	struct rig *r = to;

	assert_ptr_equal(flow->judge, r);
	assert_true(size > 0);
	tell(r, arrow(from));
	buf_add(&r->told, data, size);
	tell_at(r, flow, moment);
}

static void gap(void *to, struct flow *flow, enum flow_from from, uint64_t missing,
	const struct moment *moment)
{
	struct rig *r = to;

	tell(r, arrow(from));
	buf_printf(&r->told, "-%u", (unsigned)missing);
	tell_at(r, flow, moment);
}

static void ended(void *to, struct flow *flow, enum flow_from from, enum flow_end_how how,
	const struct moment *moment)
{
	struct rig *r = to;

	tell(r, arrow(from));
	buf_add_text(&r->told, how == FLOW_FIN ? "fin" : "rst");
	tell_at(r, flow, moment);
}

static void over(void *to, struct flow *flow, enum flow_over_why why)
{
	static const char *const words[] = {
		[FLOW_ENDED] = "over: ended",
		[FLOW_REPLACED] = "over: replaced",
		[FLOW_GIVEN_UP] = "over: given up",
		[FLOW_CAPTURE_OVER] = "over: capture over",
	};
	struct rig *r = to;

	tell(r, words[why]);
	r->last = *flow;
	if (r->flow == flow)
		r->flow = NULL;
}

void rig_init(struct rig *r, const struct flows_limits *limits)
{
	static const struct flow_listener listener = { begun, bytes, gap, ended, over };

	*r = (struct rig){
		.now_us = 1700000000000000,
		.isn = { 0xfffffffb, 5000 }, /* the client's numbers wrap after a few bytes */
		.client_port = CLIENT_PORT,
		.window = 1000,
	};
	buf_init(&r->told, TOLD_LIMIT);
	buf_init(&r->frame, FRAME_LIMIT);
	r->flows = flows_new(limits, &listener, r);
	assert_non_null(r->flows);
}

void rig_fini(struct rig *r)
{
	flows_free(r->flows);
	buf_fini(&r->told);
	buf_fini(&r->frame);
}

static uint8_t flags_of(const char *flags)
{
	uint8_t bits = 0;

	for (; *flags; flags++) {
		switch (*flags) {
		case 'F': bits |= 0x01; break;
		case 'S': bits |= 0x02; break;
		case 'R': bits |= 0x04; break;
		case 'A': bits |= 0x10; break;
		default: fail_msg("no flag: %c", *flags);
		}
	}
	return bits;
}

static void address_add(const struct rig *r, enum flow_from end, struct buf *to)
{
	if (r->ipv6)
		buf_add(to, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
	else
		buf_add(to, "\x0a\0\0", 3);
	buf_add_u8(to, end == C ? 9 : 1); /* the server's is the lower one */
}

static void ip_head_add(const struct rig *r, enum flow_from from, size_t len, struct buf *to)
{
	if (r->ipv6) {
		buf_add_u32(to, 0x60000000);
		buf_add_u16(to, (uint16_t)len);
		buf_add(to, "\x06\x40", 2);
	} else {
		buf_add_u16(to, 0x4500);
		buf_add_u16(to, (uint16_t)(20 + len));
		buf_add(to, "\0\0\x40\0\x40\x06\0\0", 8);
	}
	address_add(r, from, to);
	address_add(r, from == C ? S : C, to);
}

void ip_make(const struct rig *r, const struct made *made, struct buf *to)
{
	enum flow_from other = made->from == C ? S : C;

	buf_reset(to);
	ip_head_add(r, made->from, 20 + made->len, to);
	buf_add_u16(to, made->from == C ? r->client_port : SERVER_PORT);
	buf_add_u16(to, made->from == C ? SERVER_PORT : r->client_port);
	buf_add_u32(to, r->isn[made->from] + made->seq);
	buf_add_u32(to, strchr(made->flags, 'A') ? r->isn[other] + made->ack : 0);
	buf_add_u8(to, 0x50);
	buf_add_u8(to, flags_of(made->flags));
	buf_add_u16(to, r->window);
	buf_add_u32(to, 0xdead0000); /* no checksum is looked at */
	buf_add(to, made->data, made->len);
	assert_false(to->failed);
}

void rig_frame(struct rig *r, int link_type, const void *frame, size_t size)
{
	struct captured p = {
		.number = ++r->packets,
		.at_ns = r->now_us * 1000,
		.data = frame,
		.size = (uint32_t)(r->cut && r->cut < size ? r->cut : size),
		.wire_size = (uint32_t)size,
		.link_type = link_type,
	};

	assert_true(flows_packet(r->flows, &p));
	r->now_us += 1000;
}

void rig_make(struct rig *r, const struct made *made)
{
	uint8_t frame[FRAME_LIMIT] = { 0 };

	ip_make(r, made, &r->frame);
	memcpy(frame + 12, r->ipv6 ? "\x86\xdd" : "\x08\x00", 2);
	memcpy(frame + 14, r->frame.data, r->frame.len);
	rig_frame(r, LINK_TYPE_ETHERNET, frame, 14 + r->frame.len);
}

void rig_send(struct rig *r, enum flow_from from, const char *flags, uint32_t seq, uint32_t ack,
	const char *text)
{
	rig_make(r, &(struct made){ from, flags, seq, ack, text, strlen(text) });
}

void rig_open(struct rig *r)
{
	rig_send(r, C, "S", 0, 0, "");
	rig_send(r, S, "SA", 0, 1, "");
	rig_send(r, C, "A", 1, 1, "");
	rig_told(r, "begin");
}

void rig_told_at(struct rig *r, const char *text, const char *file, int line)
{
	assert_false(r->told.failed);
	_assert_string_equal(r->told.len ? buf_text(&r->told) : "", text, file, line);
	buf_reset(&r->told);
}
