/* Why a packet is refused: in the words of the standard, for the peer and for the log. */
#ifndef MQTT_ERROR_H
#define MQTT_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/version.h"

/* Reason Codes that the codec, the broker and the client name in their code; spec.h has them all. */
enum mqtt_reason {
	MQTT_SUCCESS = 0x00,
	MQTT_DISCONNECT_WITH_WILL = 0x04,
	MQTT_NO_MATCHING_SUBSCRIBERS = 0x10,
	MQTT_NO_SUBSCRIPTION_EXISTED = 0x11,
	MQTT_CONTINUE_AUTHENTICATION = 0x18,
	MQTT_RE_AUTHENTICATE = 0x19,
	MQTT_UNSPECIFIED_ERROR = 0x80,
	MQTT_MALFORMED_PACKET = 0x81,
	MQTT_PROTOCOL_ERROR = 0x82,
	MQTT_UNSUPPORTED_VERSION = 0x84,
	MQTT_CLIENT_ID_NOT_VALID = 0x85,
	MQTT_BAD_USER_NAME_OR_PASSWORD = 0x86,
	MQTT_NOT_AUTHORIZED = 0x87,
	MQTT_SERVER_UNAVAILABLE = 0x88,
	MQTT_SERVER_BUSY = 0x89,
	MQTT_BANNED = 0x8A,
	MQTT_SERVER_SHUTTING_DOWN = 0x8B,
	MQTT_BAD_AUTHENTICATION_METHOD = 0x8C,
	MQTT_KEEP_ALIVE_TIMEOUT = 0x8D,
	MQTT_SESSION_TAKEN_OVER = 0x8E,
	MQTT_TOPIC_FILTER_INVALID = 0x8F,
	MQTT_TOPIC_NAME_INVALID = 0x90,
	MQTT_PACKET_ID_NOT_FOUND = 0x92,
	MQTT_RECEIVE_MAXIMUM_EXCEEDED = 0x93,
	MQTT_TOPIC_ALIAS_INVALID = 0x94,
	MQTT_PACKET_TOO_LARGE = 0x95,
	MQTT_QUOTA_EXCEEDED = 0x97,
	MQTT_ADMINISTRATIVE_ACTION = 0x98,
	MQTT_PAYLOAD_FORMAT_INVALID = 0x99,
	MQTT_RETAIN_NOT_SUPPORTED = 0x9A,
	MQTT_QOS_NOT_SUPPORTED = 0x9B,
	MQTT_SHARED_NOT_SUPPORTED = 0x9E,
	MQTT_SUBSCRIPTION_IDS_NOT_SUPPORTED = 0xA1,
	MQTT_WILDCARDS_NOT_SUPPORTED = 0xA2,
};

struct mqtt_error {
	uint8_t reason;        /* enum mqtt_reason; in 3.1.1 for the log only */
	const char *statement; /* name of the catalogue, "5.0:MQTT-1.5.5-1" */
	const char *what;      /* "topic with a wildcard" */
};

/* Fills in the error; always false, so that a reader can say `return mqtt_refuse(...)`. */
static inline bool mqtt_refuse(
	struct mqtt_error *e, uint8_t reason, const char *statement, const char *what)
{
	*e = (struct mqtt_error){ reason, statement, what };
	return false;
}

/* The statement of 3.1.1 or that of 5.0. */
#define MQTT_BY_VERSION(version, id_311, id_50) \
	version_statement(version, "3.1.1:" id_311, "5.0:" id_50)

#endif
