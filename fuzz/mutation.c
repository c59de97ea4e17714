#include "fuzz/mutation.h"

#include "base/arena.h"
#include "base/buf.h"
#include "fuzz/exchange.h"

enum { ATTEMPTS = 64, CONNECT_FLAGS_AFTER = 7 /* bytes of Protocol Name and level */ };

const char *mutation_name(enum mutation m)
{
	static const char *const names[MUTATION_COUNT] = {
		[MUTATION_FLAGS] = "flags of the fixed header",
		[MUTATION_TYPE] = "another packet type",
		[MUTATION_ID] = "another Packet Identifier",
		[MUTATION_QOS] = "another QoS",
		[MUTATION_STRING] = "a spoilt string",
		[MUTATION_PROPERTY_AGAIN] = "a property twice",
		[MUTATION_PROPERTY_FOREIGN] = "a property that does not belong here",
		[MUTATION_PROPERTY_VALUE] = "another value of a property",
		[MUTATION_PROPERTY_LEFT_OUT] = "a property left out",
		[MUTATION_LIST_EMPTY] = "an empty list",
		[MUTATION_LIST_LONG] = "a long list",
		[MUTATION_OPTIONS] = "other subscription options",
		[MUTATION_CODE] = "another Reason Code",
		[MUTATION_CONNECT_FLAGS] = "Connect Flags that do not fit the payload",
		[MUTATION_PROTOCOL] = "another protocol",
		[MUTATION_PAYLOAD] = "a long payload",
		[MUTATION_REMAINING_LENGTH] = "a Remaining Length that lies",
		[MUTATION_REMAINING_LENGTH_LONG] = "a Remaining Length of too many bytes",
		[MUTATION_PROPERTY_LENGTH] = "a Property Length that lies",
		[MUTATION_BIT] = "a bit flipped",
		[MUTATION_BYTE] = "a byte changed",
		[MUTATION_WORD] = "two bytes changed",
		[MUTATION_REMOVE] = "bytes left out",
		[MUTATION_INSERT] = "bytes put in",
		[MUTATION_DOUBLE] = "bytes repeated",
		[MUTATION_CUT] = "the end cut off",
	};

	return names[m];
}

static bool is_of_bytes(enum mutation m)
{
	return m >= MUTATION_BIT;
}

/* The flags alone: the fields stay those of the flags before. */
static bool lie_in_connect_flags(struct grammar *g, const struct packet *p, struct buf *out)
{
	size_t at = 2;

	if (p->type != CONNECT || p->protocol_name.len != 4)
		return false;
	while (at <= WIRE_HEADER_MAX && out->data[at - 1] & 0x80)
		at++;
	at += CONNECT_FLAGS_AFTER;
	if (at >= out->len)
		return false;
	out->data[at] ^= (uint8_t)draw_between(g->draw, 1, 255);
	return true;
}

static bool of_packet(struct grammar *g, enum mutation m, struct bytes in, struct buf *out)
{
	struct packet p;
	struct wire_twist twist = { 0 };
	struct wire_result r =
		wire_parse(g->arena, g->version, in.data, in.len, EXCHANGE_BYTES_MAX, &p);

	if (r.status != WIRE_PACKET || r.consumed != in.len)
		return false;
	if (m == MUTATION_CONNECT_FLAGS)
		return buf_add(out, in.data, in.len) && lie_in_connect_flags(g, &p, out);
	return mutation_of_fields(g, m, &p, &twist) && wire_build(out, g->version, &p, &twist);
}

bool mutation_apply(struct grammar *g, enum mutation m, struct bytes in, struct bytes *out)
{
	struct buf made;

	buf_init(&made, EXCHANGE_BYTES_MAX);
	bool ok = is_of_bytes(m) ? mutation_of_bytes(g, m, in, &made) : of_packet(g, m, in, &made);
	*out = (struct bytes){ arena_copy(g->arena, made.data, made.len), made.len };
	ok = ok && !made.failed && made.len && !bytes_equal(*out, in);
	buf_fini(&made);
	return ok;
}

/* Fields come up twice as often as bytes: what a parser passes reaches further. */
enum mutation mutation_any(struct grammar *g, struct bytes in, struct bytes *out)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		enum mutation m = (enum mutation)(draw_chance(g->draw, 67)
				? draw_below(g->draw, MUTATION_BIT)
				: draw_between(g->draw, MUTATION_BIT, MUTATION_COUNT - 1));
		if (mutation_apply(g, m, in, out))
			return m;
	}
	*out = BYTES("\x00");
	return MUTATION_BYTE;
}
