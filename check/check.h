/* Judges the MQTT of a capture: who broke which statement at which packet, connection by connection. It reads nothing,
 * prints nothing, and has no clock but that of the packets.
 *
 *	check_packet * ──▶ flows ──▶ connections ──▶ listener
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "check/connection.h"
#include "pcap/flows.h"

struct check;

struct check_options {
	const uint16_t *
		ports; /* whose connections are MQTT whatever their first bytes say, besides 1883 */
	size_t port_count;
	struct scope scope;                /* what is told */
	struct summary *summary;           /* is filled; NULL: not wanted */
	const struct tls_secrets *secrets; /* of TLS sessions; may get more; NULL: none */
	size_t session_bytes; /* that are kept of sessions without a connection; 0: the usual limit */
};

/* Of what is told. */
struct check_count {
	uint64_t connections[CONNECTION_FOREIGN + 1]; /* that are over, by kind */
	uint64_t packets;                             /* of MQTT */
	uint64_t findings[2];                         /* by enum side */
	uint64_t connections_with[2];                 /* findings */
	uint64_t gaps;                                /* connections of MQTT that miss bytes */
	uint64_t
		left_out; /* connections of MQTT that are out of scope: none of the above has them */
};

/* `options` are borrowed; the listener is copied. */
struct check *check_new(
	const struct check_options *options, const struct check_listener *listener, void *to);

void check_packet(struct check *c, const struct captured *packet);
void check_time(struct check *c, int64_t now_us); /* passes without packets */
void check_end(struct check *c);

const struct check_count *check_counted(const struct check *c);
const struct flows *check_flows(const struct check *c);

void check_free(struct check *c);

#endif
