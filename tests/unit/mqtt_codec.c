/* The strict codec against packets that the harness's own layer builds, and against every packet that
 * the standards forbid.
 */
#include "tests/unit/wire_bench.h"

#include <stdio.h>
#include <string.h>

#include "mqtt/frame.h"
#include "mqtt/text.h"
#include "tests/unit/mqtt_any.h"

/* The corpus does not say who sends: the client, unless only the server may. The error is the client's. */
static bool read_either(unsigned version, struct bytes b, enum mqtt_sender *from,
	struct any_packet *p, struct mqtt_error *e)
{
	struct mqtt_error other;

	*from = MQTT_FROM_CLIENT;
	if (any_read(version, *from, b.data, b.len, p, e))
		return true;
	*from = MQTT_FROM_SERVER;
	return any_read(version, *from, b.data, b.len, p, &other);
}

/* The corpus has each property and code alone, also where another property has to go with it; and all
 * properties together, also those that two sides send.
 */
static bool is_known_to_be_refused(const struct packet *p, const struct mqtt_error *e)
{
	if (p->type == AUTH)
		return !properties_find(&p->properties, MQTT_AUTHENTICATION_METHOD);
	return e->statement &&
		(!strcmp(e->statement, "5.0:U50-AUTHDATA-ALONE") ||
			!strcmp(e->statement, "5.0:U50-WILL-PFI") ||
			!strcmp(e->statement, "5.0:U50-SERVERREF"));
}

static void legal_packets_are_read_and_written_back(void **state)
{
	struct bench *b = *state;
	size_t read = 0;

	for (size_t i = 0; i < b->corpus.count; i++) {
		const struct legal *l = &b->corpus.list[i];
		struct bytes built = bench_build(b, l->version, &l->packet);
		struct bytes bytes = { bench_guarded(b, built.data, built.len), built.len };
		struct any_packet p;
		struct mqtt_error e;
		enum mqtt_sender from;
		if (!read_either(l->version, bytes, &from, &p, &e)) {
			if (!is_known_to_be_refused(&l->packet, &e))
				fail_msg("%s: refused (%s, %s)", l->name,
					e.statement ? e.statement : "-", e.what ? e.what : "-");
			continue;
		}
		read++;
		struct buf again;
		buf_init(&again, 1 << 20);
		if (!any_write(&again, l->version, from, &p))
			fail_msg("%s: not written back", l->name);
		/* The short forms may be written longer or shorter; what they say stays. */
		struct any_packet q;
		assert_true(any_read(l->version, from, again.data, again.len, &q, &e));
		if (again.len == bytes.len)
			assert_memory_equal(again.data, bytes.data, again.len);
		else
			assert_true(again.len < bytes.len && bytes.len - again.len <= 2);
		buf_fini(&again);
	}
	assert_true(read > 100);
}

static void cut_packets_are_never_read_beyond_their_end(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < b->corpus.count; i++) {
		const struct legal *l = &b->corpus.list[i];
		struct bytes built = bench_build(b, l->version, &l->packet);
		size_t header = 2; /* and a body that is shorter than its fields say */
		for (size_t len = header; len < built.len && len < 100; len++) {
			uint8_t copy[100];
			memcpy(copy, built.data, len);
			copy[1] = (uint8_t)(len - header);
			const uint8_t *guarded = bench_guarded(b, copy, len);
			struct any_packet p;
			struct mqtt_error e;
			if (any_read(l->version, MQTT_FROM_CLIENT, guarded, len, &p, &e))
				continue;
			assert_non_null(e.statement);
			if (!spec_find(e.statement))
				fail_msg("%s is in no catalogue", e.statement);
		}
	}
}

static void what_cannot_be_told_apart_is_refused(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < corpus_malformed_count; i++) {
		const struct malformed *m = &corpus_malformed[i];
		struct bytes bytes = bench_spell(b, m->version, m->text);
		struct any_packet p;
		struct mqtt_error e;
		enum mqtt_sender from;
		const uint8_t *guarded = bench_guarded(b, bytes.data, bytes.len);
		if (read_either(m->version, (struct bytes){ guarded, bytes.len }, &from, &p, &e))
			fail_msg("%s: read", m->text);
	}
}

/* A packet, who sends it, and why it is refused. */
struct refusal {
	const char *text;
	uint8_t reason;
	const char
		*statement; /* without its version; for both versions if it begins with "both:" */
	enum mqtt_version version;
	enum mqtt_sender from;
};

#define C3(text, reason, id)                                          \
	{                                                             \
		text, reason, "3.1.1:" id, MQTT_311, MQTT_FROM_CLIENT \
	}
#define C5(text, reason, id)                                       \
	{                                                          \
		text, reason, "5.0:" id, MQTT_50, MQTT_FROM_CLIENT \
	}
#define S3(text, reason, id)                                          \
	{                                                             \
		text, reason, "3.1.1:" id, MQTT_311, MQTT_FROM_SERVER \
	}
#define S5(text, reason, id)                                       \
	{                                                          \
		text, reason, "5.0:" id, MQTT_50, MQTT_FROM_SERVER \
	}

#define CONNECT3 "10 r s\"MQTT\" 04 "
#define CONNECT5 "10 r s\"MQTT\" 05 "

static const struct refusal refusals[] = {
	/* Fixed Header */
	C3("00 00", 0x81, "U311-PKT-TYPE"),
	C5("00 00", 0x81, "U50-PKT-TYPE"),
	C3("F0 00", 0x81, "U311-PKT-TYPE"),
	C3("C1 00", 0x81, "MQTT-2.2.2-2"),
	C5("C1 00", 0x81, "MQTT-2.1.3-1"),
	C3("41 r m1", 0x81, "MQTT-2.2.2-2"),
	C5("50 r m0", 0x81, "MQTT-2.2.1-5"),
	C3("60 r m1", 0x81, "MQTT-3.6.1-1"),
	C5("63 r m1", 0x81, "MQTT-3.6.1-1"),
	C3("80 r m1 s\"a\" 00", 0x81, "MQTT-3.8.1-1"),
	C5("83 r m1 p{} s\"a\" 00", 0x81, "MQTT-3.8.1-1"),
	C3("A0 r m1 s\"a\"", 0x81, "MQTT-3.10.1-1"),
	C5("A3 r m1 p{} s\"a\"", 0x81, "MQTT-3.10.1-1"),
	C3("E1 00", 0x81, "MQTT-3.14.1-1"),
	C5("E1 00", 0x81, "MQTT-3.14.1-1"),
	C5("F1 r 18 p{15 s\"x\"}", 0x81, "MQTT-3.15.1-1"),
	C3("C0 80808080 00", 0x81, "U311-REMLEN"),
	C5("C0 80808080 00", 0x81, "U50-VBI-MAX"),
	C5("C0 8000", 0x81, "MQTT-1.5.5-1"),
	/* CONNECT */
	C3("10 r s\"MQTX\" 04 02 n60 c", 0x84, "MQTT-3.1.2-1"),
	C5("10 r s\"mqtt\" 05 02 n60 p{} c", 0x84, "MQTT-3.1.2-1"),
	C3("10 r s\"MQTT\" 06 02 n60 c", 0x84, "MQTT-3.1.2-2"),
	C3(CONNECT3 "03 n60 c", 0x81, "MQTT-3.1.2-3"),
	C5(CONNECT5 "03 n60 p{} c", 0x81, "MQTT-3.1.2-3"),
	C3(CONNECT3 "0A n60 c", 0x81, "MQTT-3.1.2-13"),
	C5(CONNECT5 "12 n60 p{} c", 0x81, "MQTT-3.1.2-11"),
	C3(CONNECT3 "22 n60 c", 0x81, "MQTT-3.1.2-15"),
	C5(CONNECT5 "22 n60 p{} c", 0x81, "MQTT-3.1.2-13"),
	C3(CONNECT3 "1E n60 c s\"w\" s\"p\"", 0x81, "MQTT-3.1.2-14"),
	C5(CONNECT5 "1E n60 p{} c p{} s\"w\" s\"p\"", 0x81, "MQTT-3.1.2-12"),
	C3(CONNECT3 "42 n60 c s\"p\"", 0x81, "MQTT-3.1.2-22"),
	C3(CONNECT3 "02 n60", 0x81, "MQTT-3.1.3-3"),
	C3(CONNECT3 "02 n60 s\"\\xC0\\xAF\"", 0x81, "MQTT-3.1.3-4"),
	C5(CONNECT5 "02 n60 p{} s\"\\xED\\xA0\\x80\"", 0x81, "MQTT-3.1.3-4"),
	C3(CONNECT3 "02 n60 s\"a\\x00b\"", 0x81, "MQTT-3.1.3-4"),
	C3(CONNECT3 "06 n60 c", 0x81, "MQTT-3.1.2-9"),
	C3(CONNECT3 "06 n60 c s\"w\"", 0x81, "MQTT-3.1.2-9"),
	C3(CONNECT3 "06 n60 c s\"w\\xFF\" s\"p\"", 0x81, "MQTT-3.1.3-10"),
	C5(CONNECT5 "06 n60 p{} c p{} s\"w\\xFF\" s\"p\"", 0x81, "MQTT-3.1.3-11"),
	C3(CONNECT3 "06 n60 c s\"w/#\" s\"p\"", 0x90, "MQTT-4.7.1-1"),
	C5(CONNECT5 "06 n60 p{} c p{} s\"+/w\" s\"p\"", 0x90, "MQTT-4.7.0-1"),
	C5(CONNECT5 "06 n60 p{} c p{01 01} s\"w\" s\"\\xFF\"", 0x99, "U50-WILL-PFI"),
	C3(CONNECT3 "82 n60 c", 0x81, "MQTT-3.1.2-19"),
	C5(CONNECT5 "82 n60 p{} c", 0x81, "MQTT-3.1.2-17"),
	C3(CONNECT3 "82 n60 c s\"\\x80\"", 0x81, "MQTT-3.1.3-11"),
	C5(CONNECT5 "82 n60 p{} c s\"\\x80\"", 0x81, "MQTT-3.1.3-12"),
	C3(CONNECT3 "C2 n60 c s\"u\"", 0x81, "MQTT-3.1.2-21"),
	C5(CONNECT5 "42 n60 p{} c", 0x81, "MQTT-3.1.2-19"),
	C3(CONNECT3 "02 n60 c s\"u\"", 0x81, "MQTT-3.1.2-18"),
	C5(CONNECT5 "02 n60 p{} c s\"u\"", 0x81, "MQTT-3.1.2-16"),
	C5("10 9200 s\"MQTT\" 05 02 n60 p{} s\"abcde\"", 0x81, "MQTT-1.5.5-1"),
	/* Properties */
	C5(CONNECT5 "02 n60 p{21 n0} c", 0x82, "U50-RECVMAX-ZERO"),
	C5(CONNECT5 "02 n60 p{27 w0} c", 0x82, "U50-MAXPKT-ZERO"),
	C5(CONNECT5 "02 n60 p{17 02} c", 0x82, "U50-REQPROB-RANGE"),
	C5(CONNECT5 "02 n60 p{19 02} c", 0x82, "U50-REQRESP-RANGE"),
	C5(CONNECT5 "02 n60 p{11 w1 11 w1} c", 0x82, "U50-PROP-ONCE"),
	C5(CONNECT5 "02 n60 p{16 s\"d\"} c", 0x82, "U50-AUTHDATA-ALONE"),
	C5(CONNECT5 "02 n60 p{23 n1} c", 0x81, "U50-PROP-WRONG-PACKET"),
	C5(CONNECT5 "02 n60 p{04 00} c", 0x81, "U50-PROP-WRONG-PACKET"),
	C5(CONNECT5 "02 n60 p{9100 w1} c", 0x81, "MQTT-1.5.5-1"),
	C5(CONNECT5 "02 n60 p{11 00} c", 0x81, "U50-PROP-LENGTH"),
	C5(CONNECT5 "02 n60 p{26 s\"a\" s\"\\xC0\\x80\"} c", 0x81, "MQTT-1.5.7-1"),
	C5(CONNECT5 "02 n60 p{15 s\"\\x00\"} c", 0x81, "MQTT-1.5.4-1"),
	C5(CONNECT5 "06 n60 p{} c p{01 02} s\"w\" s\"\"", 0x82, "U50-PFI-UTF8"),
	C5(CONNECT5 "06 n60 p{} c p{18 w1 18 w1} s\"w\" s\"\"", 0x82, "U50-PROP-ONCE"),
	C5("30 r s\"a\" p{01 02}", 0x82, "U50-PFI-UTF8"),
	C5("30 r s\"a\" p{02 w1 02 w1}", 0x82, "U50-PROP-ONCE"),
	C5("30 r s\"a\" p{08 s\"a/#\"}", 0x82, "MQTT-3.3.2-14"),
	C5("30 r s\"a\" p{08 s\"\\xFF\"}", 0x81, "MQTT-1.5.4-1"),
	C5("30 r s\"a\" p{0B v1}", 0x82, "MQTT-3.3.4-6"),
	S5("30 r s\"a\" p{0B v0}", 0x82, "U50-SUBID-ZERO"),
	C5("30 r s\"a\" p{23 n0}", 0x94, "MQTT-3.3.2-8"),
	C5("30 r s\"a\"", 0x81, "MQTT-2.2.2-1"),
	C5("30 r s\"a\" p9{}", 0x81, "U50-PROP-LENGTH"),
	S5("20 r 00 00 p{24 02}", 0x82, "U50-MAXQOS-RANGE"),
	S5("20 r 00 00 p{25 02}", 0x82, "U50-RETAINAVAIL-RANGE"),
	S5("20 r 00 00 p{28 02}", 0x82, "U50-WILDCARDAVAIL"),
	S5("20 r 00 00 p{29 02}", 0x82, "U50-SUBIDAVAIL"),
	S5("20 r 00 00 p{2A 02}", 0x82, "U50-SHAREDAVAIL"),
	/* CONNACK */
	S3("20 r 00", 0x81, "U311-CONNACK-LEN"),
	S3("20 r 00 00 00", 0x81, "U311-CONNACK-LEN"),
	S3("20 r 02 00", 0x81, "U311-CONNACK-FLAGS"),
	S5("20 r 80 00 p{}", 0x81, "MQTT-3.2.2-1"),
	S3("20 r 00 06", 0x82, "U311-CONNACK-CODES"),
	S5("20 r 00 01 p{}", 0x82, "MQTT-3.2.2-8"),
	S3("20 r 01 05", 0x82, "MQTT-3.2.2-4"),
	S5("20 r 01 87 p{}", 0x82, "MQTT-3.2.2-6"),
	S5("20 r 00 00", 0x81, "MQTT-2.2.2-1"),
	/* PUBLISH */
	C3("36 r s\"a\" m1", 0x81, "MQTT-3.3.1-4"),
	C5("36 r s\"a\" m1 p{}", 0x81, "MQTT-3.3.1-4"),
	C3("38 r s\"a\"", 0x81, "MQTT-3.3.1-2"),
	C5("38 r s\"a\" p{}", 0x81, "MQTT-3.3.1-2"),
	C3("32 r s\"a\" m0", 0x81, "MQTT-2.3.1-1"),
	C5("34 r s\"a\" m0 p{}", 0x81, "MQTT-2.2.1-3"),
	C3("30 r s\"a/+\"", 0x81, "MQTT-3.3.2-2"),
	C5("30 r s\"abcdefgh#\" p{}", 0x81, "MQTT-3.3.2-2"),
	C3("30 r s\"a\\x00\"", 0x81, "MQTT-3.3.2-1"),
	C3("30 r s\"12345678\\xE2\\x82\"", 0x81, "MQTT-3.3.2-1"),
	C3("30 r s\"\"", 0x82, "MQTT-4.7.3-1"),
	C5("30 r s\"\" p{}", 0x82, "U50-TOPIC-EMPTY"),
	C3("30 r 00", 0x81, "MQTT-3.3.2-1"),
	C3("32 r s\"a\" 00", 0x81, "MQTT-3.3.2-1"),
	/* PUBACK and the like */
	C3("40 r 01", 0x81, "U311-ACK-LEN"),
	C3("40 r m1 00", 0x81, "U311-ACK-LEN"),
	C3("40 r m0", 0x81, "MQTT-2.3.1-6"),
	C5("40 r m1 01", 0x82, "MQTT-3.4.2-1"),
	C5("50 r m1 92", 0x82, "MQTT-3.5.2-1"),
	C5("62 r m1 80", 0x82, "MQTT-3.6.2-1"),
	C5("70 r m1 80", 0x82, "MQTT-3.7.2-1"),
	C5("40 r m1 10", 0x82, "U50-NOMATCH-CODE"),
	C5("40 r m1 00 p{} 00", 0x81, "U50-PROP-LENGTH"),
	C5("40 r m1 00 p{1F s\"a\" 1F s\"b\"}", 0x82, "U50-PROP-ONCE"),
	C5("40 r m1 00 p{02 w1}", 0x81, "U50-PROP-WRONG-PACKET"),
	/* SUBSCRIBE, UNSUBSCRIBE */
	C3("82 r m0 s\"a\" 00", 0x81, "MQTT-2.3.1-1"),
	C5("82 r m0 p{} s\"a\" 00", 0x81, "MQTT-2.2.1-3"),
	C3("82 r m1", 0x82, "MQTT-3.8.3-3"),
	C5("82 r m1 p{}", 0x82, "MQTT-3.8.3-2"),
	C3("82 r m1 s\"a\"", 0x81, "MQTT-4.8.0-1"),
	C5("82 r m1 p{} s\"a\"", 0x81, "MQTT-4.13.1-1"),
	C3("82 r m1 s\"a\" 03", 0x81, "MQTT-3.8.3-4"),
	C3("82 r m1 s\"a\" 00 s\"b\" 04", 0x81, "MQTT-3.8.3-4"),
	C5("82 r m1 p{} s\"a\" 40", 0x81, "MQTT-3.8.3-5"),
	C5("82 r m1 p{} s\"a\" 80", 0x81, "MQTT-3.8.3-5"),
	C5("82 r m1 p{} s\"a\" 03", 0x82, "U50-SUB-QOS3"),
	C5("82 r m1 p{} s\"a\" 30", 0x82, "U50-SUB-RH3"),
	C5("82 r m1 p{} s\"$share/g/a\" 04", 0x82, "MQTT-3.8.3-4"),
	C5("82 r m1 p{} s\"$share/g\" 00", 0x8F, "MQTT-4.8.2-2"),
	C5("82 r m1 p{} s\"$share//a\" 00", 0x8F, "MQTT-4.8.2-2"),
	C5("82 r m1 p{} s\"$share/g/\" 00", 0x8F, "MQTT-4.8.2-2"),
	C5("82 r m1 p{} s\"$share/+/a\" 00", 0x8F, "MQTT-4.8.2-2"),
	C3("82 r m1 s\"a#\" 00", 0x8F, "MQTT-4.7.1-2"),
	C5("82 r m1 p{} s\"a/#/b\" 00", 0x8F, "MQTT-4.7.1-1"),
	C5("82 r m1 p{} s\"a+\" 00", 0x8F, "MQTT-4.7.1-1"),
	C5("82 r m1 p{} s\"+a\" 00", 0x8F, "MQTT-4.7.1-1"),
	C3("82 r m1 s\"\" 00", 0x8F, "MQTT-4.7.3-1"),
	C3("82 r m1 s\"\\xFF\" 00", 0x81, "MQTT-3.8.3-1"),
	C5("A2 r m1 p{} s\"\\xFF\"", 0x81, "MQTT-3.10.3-1"),
	C3("A2 r m1", 0x82, "MQTT-3.10.3-2"),
	C5("A2 r m1 p{}", 0x82, "MQTT-3.10.3-2"),
	C3("A2 r m1 s\"a\" 00", 0x81, "MQTT-4.8.0-1"),
	C5("82 r m1 p{0B v0} s\"a\" 00", 0x82, "U50-SUBID-ZERO"),
	C5("82 r m1 p{0B v1 0B v2} s\"a\" 00", 0x82, "U50-PROP-ONCE"),
	/* SUBACK, UNSUBACK */
	S3("90 r m1", 0x81, "MQTT-3.8.4-5"),
	S3("90 r m1 03", 0x82, "MQTT-3.9.3-2"),
	S5("90 r m1 p{} 03", 0x82, "MQTT-3.9.3-2"),
	S5("90 r m1 p{}", 0x81, "MQTT-3.8.4-6"),
	S3("B0 r m1 00", 0x81, "U311-ACK-LEN"),
	S5("B0 r m1 p{} 01", 0x82, "MQTT-3.11.3-2"),
	/* PINGREQ, DISCONNECT, AUTH */
	C3("C0 r 00", 0x81, "U311-PING-LEN"),
	C5("C0 r 00", 0x81, "U50-PING-LEN"),
	C3("E0 r 00", 0x81, "U311-PING-LEN"),
	S3("E0 00", 0x82, "U311-PKT-TYPE"),
	C5("E0 r 01", 0x82, "MQTT-3.14.2-1"),
	C5("E0 r 8E", 0x82, "MQTT-3.14.2-1"),
	S5("E0 r 04", 0x82, "MQTT-3.14.2-1"),
	S5("E0 r 00 p{11 w1}", 0x82, "MQTT-3.14.2-2"),
	C5("E0 r 00 p{1C s\"x\"}", 0x82, "U50-SERVERREF"),
	C5("E0 r 00 p{} 00", 0x81, "U50-PROP-LENGTH"),
	C5("F0 r 18", 0x82, "U50-AUTH-METHOD"),
	C5("F0 r 00 p{15 s\"x\"}", 0x82, "MQTT-3.15.2-1"),
	S5("F0 r 19 p{15 s\"x\"}", 0x82, "MQTT-3.15.2-1"),
};

static void forbidden_packets_are_refused_with_code_and_statement(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct bytes bytes = bench_spell(b, r->version, r->text);
		const uint8_t *guarded = bench_guarded(b, bytes.data, bytes.len);
		struct any_packet p;
		struct mqtt_error e;
		if (any_read(r->version, r->from, guarded, bytes.len, &p, &e))
			fail_msg("%s: read", r->text);
		if (!e.statement || e.reason != r->reason || strcmp(e.statement, r->statement) ||
			!spec_find(e.statement))
			fail_msg("%s: 0x%02X %s (%s)", r->text, e.reason,
				e.statement ? e.statement : "-", e.what ? e.what : "-");
	}
}

/* What looks odd and is allowed. */
static void allowed_packets_are_read(void **state)
{
	static const struct {
		const char *text;
		enum mqtt_version version;
	} allowed[] = {
		{ "C0 8000", MQTT_311 }, /* overlong is not forbidden there */
		{ CONNECT5 "42 n60 p{} c s\"p\"", MQTT_50 },
		{ CONNECT5 "00 n60 p{} s\"\"", MQTT_50 },
		{ CONNECT3 "C2 n60 c s\"\" s\"\\xFF\"", MQTT_311 },
		{ "30 r s\"\\xEF\\xBB\\xBFa\"", MQTT_311 },
		{ "30 r s\"/\" ", MQTT_311 },
		{ "30 r s\"\" p{23 n1}", MQTT_50 },
		{ "E0 r 04", MQTT_50 },
		{ "40 r m1 00", MQTT_50 },
		{ "82 r m1 s\"$share/g\" 00", MQTT_311 },
		{ "82 r m1 p{} s\"$SHARE/g\" 00", MQTT_50 },
		{ "82 r m1 p{} s\"/+/#\" 2E", MQTT_50 },
		{ "30 r s\"a\" p{26 s\"\" s\"\" 26 s\"\" s\"\"}", MQTT_50 },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(allowed); i++) {
		struct bytes bytes = bench_spell(b, allowed[i].version, allowed[i].text);
		struct any_packet p;
		struct mqtt_error e;
		if (!any_read(allowed[i].version, MQTT_FROM_CLIENT, bytes.data, bytes.len, &p, &e))
			fail_msg("%s: %s", allowed[i].text, e.what ? e.what : "-");
	}
}

static void connect_tells_which_connack_fits(void **state)
{
	static const struct {
		const char *text;
		enum mqtt_connect_form form;
	} samples[] = {
		{ "10 r 00", MQTT_CONNECT_UNKNOWN },
		{ "10 r s\"XXXX\" 04 02 n60 c", MQTT_CONNECT_UNKNOWN },
		{ "10 r s\"XXXX\" 05 02 n60 p{} c", MQTT_CONNECT_50 },
		{ "10 r s\"MQTT\" 03 02 n60 c", MQTT_CONNECT_311 },
		{ "10 r s\"MQTT\" 7F 02 n60 c", MQTT_CONNECT_311 },
		{ CONNECT3 "01 n60 c", MQTT_CONNECT_311 },
		{ CONNECT5 "01 n60 p{} c", MQTT_CONNECT_50 },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes bytes = bench_spell(b, MQTT_50, samples[i].text);
		struct any_packet p;
		struct mqtt_error e;
		assert_false(any_read(0, MQTT_FROM_CLIENT, bytes.data, bytes.len, &p, &e));
		assert_int_equal(p.form, samples[i].form);
	}
}

static void illegal_packets_are_not_written(void **state)
{
	struct buf out;
	struct mqtt_publish publish = { .topic = MQTT_VIEW("a/+"), .qos = 0 };
	struct mqtt_connack connack = { .session_present = true, .code = 0x87 };
	struct mqtt_ack ack = { .id = 0 };
	struct mqtt_control control = { .reason = 0x8E };

	(void)state;
	buf_init(&out, 1000);
	assert_false(mqtt_publish_write(&out, MQTT_311, MQTT_FROM_CLIENT, &publish));
	publish.topic = MQTT_VIEW("a");
	publish.qos = 3;
	assert_false(mqtt_publish_write(&out, MQTT_50, MQTT_FROM_CLIENT, &publish));
	publish.qos = 1; /* without an identifier */
	assert_false(mqtt_publish_write(&out, MQTT_50, MQTT_FROM_CLIENT, &publish));
	assert_false(mqtt_connack_write(&out, MQTT_50, &connack));
	assert_false(mqtt_ack_write(&out, MQTT_311, MQTT_FROM_CLIENT, PUBACK, &ack));
	assert_false(mqtt_disconnect_write(&out, MQTT_50, MQTT_FROM_CLIENT, &control));
	assert_true(mqtt_disconnect_write(&out, MQTT_50, MQTT_FROM_SERVER, &control));
	assert_memory_equal(out.data, "\xE0\x01\x8E", 3);
	assert_int_equal(out.len, 3);
	buf_fini(&out);
}

static void a_head_is_what_the_writer_writes(void **state)
{
	static const char props[] = "\x01\x01\x03\x00\x01t";
	struct mqtt_publish publish = { .topic = MQTT_VIEW("some/topic"),
		.qos = 2,
		.id = 0x1234,
		.dup = true,
		.properties.raw = MQTT_VIEW("\x01\x01\x03\x00\x01t"),
		.payload = MQTT_VIEW("payload") };
	struct mqtt_publish_head head = { .flags = mqtt_publish_flags(true, 2, false),
		.id = 0x1234,
		.topic = publish.topic,
		.added = { (const uint8_t *)props, 2 },
		.forwarded = { (const uint8_t *)props + 2, 4 },
		.payload_len = 7 };

	(void)state;
	for (unsigned version = MQTT_311; version <= MQTT_50; version++) {
		struct buf out;
		uint8_t bytes[64];
		buf_init(&out, 1000);
		assert_true(mqtt_publish_write(&out, version, MQTT_FROM_SERVER, &publish));
		size_t body_size = mqtt_publish_body_size(version, &head);
		size_t head_size = mqtt_publish_head_size(&head, body_size);
		assert_int_equal(head_size + 7, out.len);
		mqtt_publish_head_write(bytes, version, &head, body_size);
		assert_memory_equal(bytes, out.data, head_size);
		size_t at = mqtt_publish_id_offset(&head, body_size);
		assert_int_equal(bytes[at] << 8 | bytes[at + 1], 0x1234);
		buf_fini(&out);
	}
}

static void filters_match_as_the_standard_says(void **state)
{
	static const struct {
		const char *filter, *topic;
		bool matches;
	} samples[] = {
		{ "sport/#", "sport", true },
		{ "sport/#", "sport/", true },
		{ "sport/#", "sport/a/b", true },
		{ "sport/#", "sports", false },
		{ "#", "a/b", true },
		{ "#", "$SYS/a", false },
		{ "$SYS/#", "$SYS/a", true },
		{ "+/a", "$SYS/a", false },
		{ "$SYS/+", "$SYS/a", true },
		{ "+", "/finance", false },
		{ "/+", "/finance", true },
		{ "+/+", "/finance", true },
		{ "sport/+", "sport", false },
		{ "sport/+", "sport/", true },
		{ "sport/+", "sport/a/b", false },
		{ "a/+/b", "a//b", true },
		{ "+/b/#", "a/b", true },
		{ "a/b", "a/b", true },
		{ "a/b", "A/b", false },
		{ "a", "a/", false },
		{ "a/", "a", false },
		{ "+/+/#", "a", false },

	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		if (mqtt_filter_matches(mqtt_view_of(samples[i].filter),
			    mqtt_view_of(samples[i].topic)) != samples[i].matches)
			fail_msg("%s and %s", samples[i].filter, samples[i].topic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legal_packets_are_read_and_written_back),
		cmocka_unit_test(cut_packets_are_never_read_beyond_their_end),
		cmocka_unit_test(what_cannot_be_told_apart_is_refused),
		cmocka_unit_test(forbidden_packets_are_refused_with_code_and_statement),
		cmocka_unit_test(allowed_packets_are_read),
		cmocka_unit_test(connect_tells_which_connack_fits),
		cmocka_unit_test(illegal_packets_are_not_written),
		cmocka_unit_test(a_head_is_what_the_writer_writes),
		cmocka_unit_test(filters_match_as_the_standard_says),
	};
	return cmocka_run_group_tests_name("mqtt_codec", tests, bench_set_up, bench_tear_down);
}
