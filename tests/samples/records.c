#include "tests/samples/records.h"

#include <math.h>

const struct record_run sample_run = {
	.tool_version = "0.1.0",
	.target = "mosquitto",
	.target_name = "Eclipse Mosquitto",
	.target_version = "2.0.11",
	.target_url = "mqtt://127.0.0.1:1883",
	.role = "server",
	.command = "mqttspec run mosquitto 'will*'",
	.again = "mqttspec run mosquitto --timeout 1000",
	.catalogue = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
	.shard = "2/4",
	.seed = UINT64_MAX,
	.started_us = 1767225600123456,
	.round_trip_us = 240,
	.planned = 321,
};

const struct record_run sample_run_minimal = { .tool_version = "0.1.0" };

const struct record_case sample_case = {
	.id = "qos2_duplicate_publish",
	.title = "A repeated QoS 2 PUBLISH is acknowledged again and delivered once",
	.chapter = "qos2",
	.version = "5.0",
	.transport = "tcp",
	.segmentation = "split:3",
	.repeat = 2,
	.level = STATED,
	.verdict = VERDICT_FAIL,
	.note = "3 copies",
	.started_us = 1767225600223456,
	.duration_us = 12345,
	.waited = true,
	.foreign = "c1g/caf\xc3\xa9",
	.expected = true,
	.foreseen = true,
	.foreseen_as = VERDICT_CRASH,
	.reason = "known since 2.0.9",
	.link = "https://example.org/bugs/1234",
	.statements =
		(const struct record_statement[]){
			{ "5.0:MQTT-4.3.3-10", VERDICT_FAIL, true },
			{ "5.0:MQTT-4.3.3-8", VERDICT_NONSTRICT, false },
		},
	.statement_count = 2,
	.transcript =
		(const struct record_event[]){
			{ 0, "publisher", '>', "CONNECT id=\"c1f-publisher\" clean v5",
				"10 10 00 04 4D 51 54 54 05 02 00 00 00 00 03 63 31 66" },
			{ 311, "publisher", '<', "CONNACK success", "20 03 00 00 00" },
			{ 1500400, "publisher", '-', "closed by the target", NULL },
			{ 1500401, "", '-', "caf\xc3\xa9 \"quoted\" \\ \x01", NULL },
		},
	.transcript_count = 4,
	.measurements =
		(const struct record_measurement[]){
			{ "close after the last packet", "ms",
				(const double[]){ 3104.564, NAN, 1.0 / 3, -2 }, 4, 3000, 4500.5 },
			{ "open on both sides", "s", (const double[]){ 1 }, 1, NAN, NAN },
			{ "without a value", "s", NULL, 0, NAN, 7 },
		},
	.measurement_count = 3,
	.failure =
		&(const struct record_failure){
			.step = "expect_ack(pub, PUBREC, 7)",
			.file = "cases/server/qos2.c",
			.line = 31,
			.statement = "5.0:MQTT-4.3.3-10",
			.expected = "PUBREC 7",
			.actual = "connection closed (no packet) after 2.1 ms",
			.difference = "closed",
		},
	.death = &(const struct record_death){ .signal = 11,
		.stderr_tail = "oops\n",
		.during = "a b",
		.note = "went mute: it answered no SUBSCRIBE" },
	.target_said = "stopped\n",
	.client_said = "careful\n",
	.pcap = "pcap/qos2_duplicate_publish-5.0-tcp.pcapng",
	.pcap_error = "out/pcap/b.pcapng: No space left on device",
	.wire = "pcap/qos2_duplicate_publish-5.0-tls.wire.pcapng",
	.wire_error = "not kept",
};

const struct record_case sample_case_minimal = {
	.id = "reserved_flags/pingreq_flag_1",
	.version = "3.1.1",
	.transport = "tcp",
};

const struct record_death sample_death = {
	.signal = 0,
	.exit_code = 134,
	.stderr_tail = "1767225600: Error: assertion failed\nbye\n",
	.during = "qos2_duplicate_publish reserved_flags/pingreq_flag_1",
	.note = "went mute: it answered no SUBSCRIBE",
};

const struct record_death sample_death_minimal = { .signal = 9 };

const struct record_end sample_end = {
	.counts = { 1, 2, 3, 4, 5, 6, 7, 8 },
	.unexpected = 9,
	.not_run = 10,
	.unrecorded = 12,
	.scenarios = 13,
	.steps = 2600,
	.duration_us = 11000000000,
	.stopped = "interrupted",
	.unjudged = "30 of 40 case runs could not be judged",
	.unseen =
		(const struct record_unseen[]){
			{ "5.0:MQTT-3.3.1-1 dup", "known since 2.0.9",
				"https://example.org/bugs/1234" },
			{ "MQTT-4.3.3-10", NULL, NULL },
		},
	.unseen_count = 2,
	.traffic = {
		.captured_us = 5000000,
		.topics = (const struct traffic_topic[]){ { "plant/hall", 1000, 3 },
			{ "plant/\xC3\xBC", 0, 1 } },
		.topic_count = 2,
		.times = { [TRAFFIC_CLIENT_ANSWER] = { 3, 1500000, { [1] = 7, [20] = 1 } },
			[TRAFFIC_THROUGH] = { 40, 200000000, { [5] = 1, [27] = 2 } } },
		.silences = (const struct traffic_silence[]){ { 3, "pump", 15100000, 10 },
			{ 4, NULL, 1, 65535 } },
		.silence_count = 2,
	},
};

const struct record_end sample_end_minimal = { .duration_us = 0 };
