#include "tests/corpus/corpus.h"

const struct odd corpus_odd[] = {
	{ MQTT_311, "C1 r", "PINGREQ, flags 0x1" },
	{ MQTT_311, "6F r m1", "PUBREL id 1, flags 0xF" },
	{ MQTT_50, "36 r s\"a\" m9 p{} b\"x\"", "PUBLISH \"a\" q3 id 9 \"x\"" },
	{ MQTT_311, "38 r s\"\"", "PUBLISH \"\" q0 dup \"\"" },
	{ MQTT_311, "40 r m0", "PUBACK id 0" },
	{ MQTT_311, "30 r s\"\\xC0\\xAF\\x00\"", "PUBLISH \"\\xC0\\xAF\\x00\" q0 \"\"" },
	{ MQTT_50, "20 r 00 00 p{13 n1 13 n2 01 09}",
		"CONNACK success, Server Keep Alive 1, Server Keep Alive 2, "
		"Payload Format Indicator 9" },
	{ MQTT_50, "20 02 00 01", "CONNACK 0x01 unacceptable protocol version" },
	{ MQTT_311, "82 r m1", "SUBSCRIBE id 1" },
	{ MQTT_311, "A0 r m1", "UNSUBSCRIBE id 1, flags 0x0" },
	{ MQTT_311, "82 r m1 s\"a\" FF", "SUBSCRIBE id 1 \"a\" q3 options 0xFF" },
	{ MQTT_50, "40 r m1 02 p{}", "PUBACK id 1 0x02 unknown" },
	{ MQTT_50, "40 r m1 8E p{}", "PUBACK id 1 0x8E Session taken over" },
	{ MQTT_50, "F0 01 18", "AUTH 0x18 Continue authentication" },
	{ MQTT_50, "00 00", "type 0" },
	{ MQTT_311, "F0 00", "AUTH" },
	{ MQTT_50, "C0 80 80 80 00", "PINGREQ" },
	{ MQTT_50, "40 84 00 00 01 00 00", "PUBACK id 1 success" },
	{ MQTT_50, "20 r 00 00 8400 9300 0001", "CONNACK success, Server Keep Alive 1" },
};

const size_t corpus_odd_count = sizeof(corpus_odd) / sizeof(*corpus_odd);
