/* What one version of MQTT has and another has not. The row of a version is in version_traits(); code
 * that depends on a version asks for the property that it means:
 *
 *      if (version_traits(link->version).server_disconnect)
 *
 * All of it is inline, so that the compiler makes one comparison of it.
 */
#ifndef SPEC_VERSION_H
#define SPEC_VERSION_H

#include <stdbool.h>
#include <stdint.h>

/* The protocol level byte of CONNECT. */
enum mqtt_version { MQTT_31 = 3, MQTT_311 = 4, MQTT_50 = 5 };

struct version_traits {
	const char *name;     /* "3.1.1"; NULL: no version has this level */
	const char *protocol; /* Protocol Name in CONNECT [MQTT-3.1.2-1] */
	uint8_t standard;     /* enum mqtt_version: whose statements bind it */

	/* In all packets but PINGREQ and PINGRESP; a will has its own. */
	bool properties;

	/* Answers and DISCONNECT carry Reason Codes, so that a refusal can be told. Without them CONNACK
	 * and SUBACK have a few return codes, all others have nothing.
	 */
	bool reason_codes;

	/* What 3.1 does not have yet, or still has. */
	bool session_present;   /* in CONNACK; else its first byte is reserved */
	bool suback_failure;    /* a subscription can be refused, with 0x80 if not a Reason Code */
	bool dup_anywhere;      /* PUBREL, SUBSCRIBE and UNSUBSCRIBE may be repeated, with DUP */
	bool length_over_flags; /* CONNECT may end before the user name that its flags promise */
	uint16_t
		client_id_max; /* bytes of a Client Identifier, which has one at least; 0: any number */

	bool shortest_form;        /* an overlong Remaining Length is malformed [MQTT-1.5.5-1] */
	bool auth;                 /* enhanced authentication: AUTH exists */
	bool server_disconnect;    /* a server may send DISCONNECT, too */
	bool password_alone;       /* a password needs no user name [U50-PASSWORD-ONLY] */
	bool assigned_id;          /* a server gives a name to a client that has none */
	bool session_expiry;       /* a session ends after an interval, else by Clean Session */
	bool receive_maximum;      /* messages of QoS 1 and 2 in flight are bounded */
	bool subscription_options; /* No Local, Retain As Published and Retain Handling */
	bool subscription_ids;
	bool shared_subscriptions; /* `$share/name/filter` has a meaning */
	bool one_connack;          /* a second CONNACK is an error */
	bool resend_when_resuming; /* a PUBLISH comes again at no other time [MQTT-4.4.0-1] */

	/* An end acts upon the errors that it notices [MQTT-4.13.1-1]; else upon all
	 * [MQTT-4.8.0-1].
	 */
	bool errors_may_pass;
};

/* Any level byte: what no version has, an unknown one does not have either. */
static inline struct version_traits version_traits(unsigned version)
{
	switch (version) {
	case MQTT_50:
		return (struct version_traits){ .name = "5.0",
			.protocol = "MQTT",
			.standard = MQTT_50,
			.properties = true,
			.reason_codes = true,
			.session_present = true,
			.suback_failure = true,
			.shortest_form = true,
			.auth = true,
			.server_disconnect = true,
			.password_alone = true,
			.assigned_id = true,
			.session_expiry = true,
			.receive_maximum = true,
			.subscription_options = true,
			.subscription_ids = true,
			.shared_subscriptions = true,
			.one_connack = true,
			.resend_when_resuming = true,
			.errors_may_pass = true };
	case MQTT_311:
		return (struct version_traits){ .name = "3.1.1",
			.protocol = "MQTT",
			.standard = MQTT_311,
			.session_present = true,
			.suback_failure = true };
	case MQTT_31: /* from before OASIS; 3.1.1 is the same in better words */
		return (struct version_traits){ .name = "3.1",
			.protocol = "MQIsdp",
			.standard = MQTT_311,
			.dup_anywhere = true,
			.length_over_flags = true,
			.client_id_max = 23 };
	default: return (struct version_traits){ .standard = MQTT_311 };
	}
}

static inline bool version_is_known(unsigned version)
{
	return version_traits(version).name;
}

/* The name of the statement that binds this version, of the two that demand the same. */
static inline const char *version_statement(
	unsigned version, const char *statement_311, const char *statement_50)
{
	return version_traits(version).standard == MQTT_50 ? statement_50 : statement_311;
}

#endif
