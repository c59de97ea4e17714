/* Packets that both sides send, with a wrong byte 1 or a wrong length, as rows of tables. Whoever includes this
 * defines TOPIC_A, a topic as its templates spell it, and what the rows cite.
 */
#ifndef CASES_COMMON_PACKETS_H
#define CASES_COMMON_PACKETS_H

/* clang-format off */

/* Cites QOS_3_REFS, and of PUBREL PUBREL_FLAGS_REFS. */
#define BAD_FLAGS_OF_MESSAGES \
	{ "publish_qos_3", "36 r " TOPIC_A " m1 p{} b\"x\"", QOS_3_REFS }, \
	{ "publish_qos_3_retain", "37 r " TOPIC_A " m1 p{} b\"x\"", QOS_3_REFS }, \
	{ "publish_qos_3_dup", "3E r " TOPIC_A " m1 p{} b\"x\"", QOS_3_REFS }, \
	{ "puback_1", "41 r m1", .codes = { 0x81 } }, \
	{ "puback_2", "42 r m1", .codes = { 0x81 } }, \
	{ "puback_8", "48 r m1", .codes = { 0x81 } }, \
	{ "pubrec_1", "51 r m1", .codes = { 0x81 } }, \
	{ "pubrec_2", "52 r m1", .codes = { 0x81 } }, \
	{ "pubrel_0", "60 r m1", PUBREL_FLAGS_REFS }, \
	{ "pubrel_1", "61 r m1", PUBREL_FLAGS_REFS }, \
	{ "pubrel_3", "63 r m1", PUBREL_FLAGS_REFS }, \
	{ "pubrel_10", "6A r m1", PUBREL_FLAGS_REFS }, \
	{ "pubcomp_1", "71 r m1", .codes = { 0x81 } }, \
	{ "pubcomp_2", "72 r m1", .codes = { 0x81 } }

/* Too short for the variable header, or for what it announces. */
#define SHORT_ACK(name, first) \
	{ name "_empty", first " 00", .codes = { 0x81 } }, \
	{ name "_half_an_id", first " 01 00", .codes = { 0x81 } }
#define SHORT_MESSAGES \
	{ "publish_empty", "30 00", .codes = { 0x81 } }, \
	{ "publish_half_a_topic_length", "30 01 00", .codes = { 0x81 } }, \
	{ "publish_topic_beyond_end", "30 r n100 b\"abc\"", .codes = { 0x81 } }, \
	{ "publish_half_an_id", "32 r " TOPIC_A " 00", .codes = { 0x81 } }, \
	{ "publish_without_id", "32 r " TOPIC_A, .codes = { 0x81 } }, \
	{ "publish_without_id_at_qos_2", "34 r " TOPIC_A, .codes = { 0x81 } }, \
	SHORT_ACK("puback", "40"), \
	SHORT_ACK("pubrec", "50"), \
	SHORT_ACK("pubrel", "62"), \
	SHORT_ACK("pubcomp", "70")

/* Bytes after the last field of 3.1.1; cites ACK_LENGTH. */
#define LONG_ACK(name, first) \
	{ name "_3", first " r m1 00", ACK_LENGTH }, \
	{ name "_4", first " r m1 0000", ACK_LENGTH }
#define LONG_ACKS \
	LONG_ACK("puback", "40"), LONG_ACK("pubrec", "50"), LONG_ACK("pubrel", "62"), LONG_ACK("pubcomp", "70")

/* Bytes after the properties of 5.0. */
#define BEHIND_PROPERTIES(name, first) \
	{ name "_behind_properties", first " r m1 00 p{} 00", .versions = V50, .codes = { 0x81 } }
#define ACKS_BEHIND_PROPERTIES \
	BEHIND_PROPERTIES("puback", "40"), \
	BEHIND_PROPERTIES("pubrec", "50"), \
	BEHIND_PROPERTIES("pubrel", "62"), \
	BEHIND_PROPERTIES("pubcomp", "70")

/* clang-format on */

#endif
