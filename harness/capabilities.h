/* What the target offers in one version: from the CONNACK of a probe, from the target's file, or the
 * defaults of the standard.
 */
#ifndef HARNESS_CAPABILITIES_H
#define HARNESS_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>

enum { KEEP_ALIVE_INSTEAD_S = 60 };

/* What a target may refuse although it has announced nothing of the kind, which its policy may want. */
enum offer { OFFER_QOS, OFFER_RETAIN, OFFER_WILDCARDS, OFFER_SHARED, OFFER_NAMELESS, OFFER_COUNT };

struct capabilities {
	bool served;     /* this version is accepted */
	bool refuses_50; /* 5.0 was tried, and is not: the target answers as 3.1.1 has it alone */
	/* The target's file leaves the other version out, or the target itself has refused it. */
	bool other_unserved;
	uint8_t refusal; /* else the code of the CONNACK that refused it; 0: there was none */
	uint8_t maximum_qos;
	bool retain;
	bool wildcards;
	bool subscription_ids;
	bool shared;
	uint16_t receive_maximum;
	uint32_t maximum_packet_size; /* UINT32_MAX: no limit stated */
	uint16_t topic_alias_maximum;
	uint16_t keep_alive; /* it takes no Keep Alive of 0, so this is used instead; 0: it does */
	uint16_t server_keep_alive; /* 0: the client's holds */
	uint32_t queue; /* messages that wait for one client; UINT32_MAX: no limit stated */
	bool has_session_expiry; /* the server said one of its own */
	uint32_t session_expiry;
	/* What is missing since it was refused when it was tried: how, in the target's own word, as in
	 * "PUBACK 0x87"; NULL: it is there, or its lack was announced.
	 */
	const char *refusals[OFFER_COUNT];
};

#endif
