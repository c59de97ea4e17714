#include "tests/samples/verdicts.h"

static const struct record_event transcript[] = {
	{ 0, "publisher", '>', "CONNECT id=\"c1f-publisher\" clean v5", NULL },
	{ 311, "publisher", '<', "CONNACK success", NULL },
	{ 1500400, "", '-', "1.5 s passed", NULL },
	{ 61500401, "sub", '<', "closes the connection", NULL },
};

static const struct record_statement failed[] = {
	{ "5.0:MQTT-4.3.3-8", VERDICT_PASS, false },
	{ "5.0:MQTT-4.3.3-10", VERDICT_FAIL, false },
	{ "5.0:MQTT-4.3.3-11", VERDICT_FAIL, false },
};

struct record_case sample_ended(enum verdict verdict, bool expected)
{
	static const struct record_failure failure = {
		.step = "expect_ack(pub, PUBREC, 7)",
		.file = "cases/server/qos2.c",
		.line = 31,
		.statement = "5.0:MQTT-4.3.3-10",
		.expected = "PUBREC 7",
		.actual = "connection closed (no packet) after 2.1 ms",
	};
	static const struct record_failure set_up = {
		.step = "subscribe(sub, .filter = \"q2/t\")",
		.file = "cases/server/qos2.c",
		.line = 12,
		.expected = "SUBACK 1",
		.actual = "nothing within 2 s",
	};
	static const struct record_death death = {
		.signal = 11,
		.stderr_tail = "free(): invalid pointer\nbacktrace:\n  main+0x17\n",
	};
	struct record_case c = {
		.id = "qos2_duplicate_publish",
		.title = "A repeated QoS 2 PUBLISH is acknowledged again and delivered once",
		.version = "5.0",
		.transport = "tcp",
		.segmentation = "whole",
		.verdict = verdict,
		.duration_us = 12345,
		.expected = expected,
		.transcript = transcript,
		.transcript_count = 4,
		.pcap = "pcap/qos2_duplicate_publish-5.0-tcp.pcapng",
	};

	switch (verdict) {
	case VERDICT_FAIL:
		c.statements = failed;
		c.statement_count = 3;
		c.failure = &failure;
		break;
	case VERDICT_NONSTRICT: c.failure = &failure; break;
	case VERDICT_INCONCLUSIVE:
		c.note = "a set-up step failed";
		c.failure = &set_up;
		break;
	case VERDICT_CRASH: c.death = &death; break;
	case VERDICT_INFO: c.note = "2 copies"; break;
	case VERDICT_INAPPLICABLE: c.note = "the target offers no QoS 2"; break;
	case VERDICT_ERROR: c.note = "out/pcap: No space left on device"; break;
	case VERDICT_PASS: break;
	}
	return c;
}

struct record_case sample_foreseen(struct record_case c, enum verdict as)
{
	c.foreseen = true;
	c.foreseen_as = as;
	c.reason = "known since 2.0.9";
	c.link = "https://example.org/bugs/1234";
	return c;
}
