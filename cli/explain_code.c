/* Reason Codes and properties of 5.0, return codes of 3.1.1: by number or by name. */
#include "cli/explain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cli/walk.h"
#include "spec/spec.h"

/* "0x8E" is 142; -1 for anything else. */
static int number_of(const char *name)
{
	char *end;

	if (strncasecmp(name, "0x", 2) || strlen(name) > 4)
		return -1;
	long n = strtol(name + 2, &end, 16);
	return name[2] && !*end && n >= 0 ? (int)n : -1;
}

static void put_packets(struct page *p, const char *label, unsigned packets)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	for (unsigned type = CONNECT; type <= AUTH; type++)
		if (packets & SPEC_PACKET(type))
			buf_printf(&b, "%s%s", b.len ? ", " : "", spec_packet_name(type));
	if (packets & SPEC_WILL_PROPERTIES)
		buf_printf(&b, "%sWill Properties of CONNECT", b.len ? ", " : "");
	page_field(p, label, "%s", buf_text(&b));
	buf_fini(&b);
}

/* In DISCONNECT and AUTH it matters which side speaks; elsewhere the packet tells. */
static void put_senders(struct page *p, const struct spec_reason_code *r)
{
	bool disconnect = r->packets & SPEC_PACKET(DISCONNECT),
	     auth = r->packets & SPEC_PACKET(AUTH);

	if (disconnect || auth)
		page_field(p, "sent by", "%s%s%s, in %s%s%s", r->from_server ? "server" : "",
			r->from_server && r->from_client ? " and " : "",
			r->from_client ? "client" : "", disconnect ? "DISCONNECT" : "",
			disconnect && auth ? " and " : "", auth ? "AUTH" : "");
}

enum { ROWS_SHOWN = 12 }; /* of a table; of more, only how many */

static bool may_answer(const struct vector *row, uint8_t code)
{
	return code && memchr(row->codes, code, sizeof(row->codes));
}

static size_t count_answered(const struct case_def *def, uint8_t code)
{
	size_t count = 0;

	for (size_t i = 0; i < def->row_count; i++)
		count += may_answer(&def->rows[i], code);
	return count;
}

/* The rows whose packet may be answered by this code. */
static void put_rows(struct page *p, uint8_t code)
{
	struct walk w = { 0 };
	const char *label = "answer to";

	while (walk_next(&w)) {
		char id[CASE_ID_SIZE];
		size_t count = w.row ? count_answered(w.def, code) : 0;
		if (count > ROWS_SHOWN && w.row == w.def->rows)
			page_field(p, label, "%s/* (%zu rows)", w.def->id, count);
		else if (count > ROWS_SHOWN || !count || !may_answer(w.row, code))
			continue;
		else
			page_field(p, label, "%s", walk_id(&w, id));
		label = "";
	}
}

bool explain_reason_code(struct page *p, const char *name)
{
	int number = number_of(name), code = -1;

	for (size_t i = 0; i < spec_reason_code_count; i++) {
		const struct spec_reason_code *r = &spec_reason_codes[i];
		if (r->code != number && strcasecmp(r->name, name))
			continue;
		page_heading(p, "0x%02X %s: Reason Code of 5.0", r->code, r->name);
		put_packets(p, "packets", r->packets);
		page_field(p, "means", "%s", r->code < 0x80 ? "success" : "failure");
		put_senders(p, r);
		code = r->code;
	}
	if (code < 0)
		return false;
	char text[16];
	snprintf(text, sizeof(text), "0x%02X", (unsigned)code);
	explain_mentions(p, text);
	put_rows(p, (uint8_t)code);
	return true;
}

bool explain_return_code(struct page *p, const char *name)
{
	enum { RETURN_CODES = 6 }; /* 3.1.1, Table 3.1 */
	bool known = false;

	for (int code = 0; code < RETURN_CODES; code++) {
		if (code != number_of(name) && strcasecmp(spec_return_code_name(code), name))
			continue;
		page_heading(p, "0x%02X %s: return code of CONNACK in 3.1.1", (unsigned)code,
			spec_return_code_name(code));
		page_field(p, "means", "%s",
			code ? "the connection is refused, and closed" : "the connection stands");
		known = true;
	}
	return known;
}

static const char *type_name(enum property_type type)
{
	static const char *const names[] = {
		[PROPERTY_BYTE] = "byte",
		[PROPERTY_TWO_BYTES] = "number of two bytes",
		[PROPERTY_FOUR_BYTES] = "number of four bytes",
		[PROPERTY_VARIABLE] = "Variable Byte Integer",
		[PROPERTY_BINARY] = "binary data",
		[PROPERTY_STRING] = "UTF-8 string",
		[PROPERTY_STRING_PAIR] = "pair of UTF-8 strings",
	};

	return names[type];
}

bool explain_property(struct page *p, const char *name)
{
	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *property = &spec_properties[i];
		if (property->id != number_of(name) && strcasecmp(property->name, name))
			continue;
		page_heading(p, "0x%02X %s: property of 5.0", property->id, property->name);
		page_field(p, "type", "%s", type_name(property->type));
		put_packets(p, "packets", property->packets);
		if (property->repeats)
			put_packets(p, "repeats in", property->repeats);
		else
			page_field(p, "repeats in", "no packet");
		page_field(p, "values", "%s", property->range);
		page_field(p, "misuse", "%s", property->error);
		explain_mentions(p, property->name);
		return true;
	}
	return false;
}

static void offer_number(struct nearest *n, unsigned number)
{
	char text[8];

	snprintf(text, sizeof(text), "0x%02X", number);
	nearest_offer(n, text);
}

void offer_codes(struct nearest *n)
{
	bool is_number = !strncasecmp(n->wanted, "0x", 2);

	for (size_t i = 0; i < spec_reason_code_count; i++) {
		nearest_offer(n, spec_reason_codes[i].name);
		if (is_number)
			offer_number(n, spec_reason_codes[i].code);
	}
	for (size_t i = 0; i < spec_property_count; i++) {
		nearest_offer(n, spec_properties[i].name);
		if (is_number)
			offer_number(n, spec_properties[i].id);
	}
}
