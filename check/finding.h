/* What a check says: of each connection who it was, and who broke which statement at which packet. Plain data,
 * made for those who report it.
 */
#ifndef CHECK_FINDING_H
#define CHECK_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/monitor/monitor.h"
#include "pcap/flows.h"

enum {
	FINDING_LINES = 4, /* two packets before it, itself, one after it */
};

/* A packet, as far as a line shows it. */
struct finding_line {
	struct moment moment; /* of its last byte: where Wireshark shows it, too */
	enum side from;
	const char *text; /* "PUBLISH \"q2/t\" q2 id 7 \"once\"" */
	const char *hex;  /* its first bytes; NULL: not shown */
};

struct check_finding {
	enum side accused;
	const char *statement; /* "5.0:MQTT-3.14.4-1" */
	const char *what;      /* "PUBLISH after DISCONNECT" */
	struct moment moment;
	struct finding_line lines[FINDING_LINES];
	size_t line_count;
	size_t at; /* of the packet itself among the lines; line_count: of none, a silence or a close */
};

/* How often a statement was broken by a side, told or not. */
struct finding_tally {
	enum side accused;
	const char *statement;
	uint64_t times;
	uint64_t told;
};

enum connection_kind {
	CONNECTION_OPEN,  /* nothing is known yet */
	CONNECTION_OTHER, /* no MQTT that could be found */
	CONNECTION_TLS,   /* encrypted: nothing can be seen of it */
	CONNECTION_MQTT,
	CONNECTION_OLD,     /* MQTT 3.1, by which nothing is judged */
	CONNECTION_FOREIGN, /* MQTT of a level that is not known */
};

struct check_connection {
	uint32_t number;             /* of the TCP connection in the capture, from 1 */
	char ends[2][FLOW_END_TEXT]; /* by enum side */
	enum connection_kind kind;
	const char *client_id; /* text that is safe to print; NULL: not known */
	const char *version;   /* "3.1.1"; NULL: not known */
	bool version_guessed;  /* from packets other than CONNECT */
	const char *transport; /* "tcp", "ws" */
	bool whole;            /* it began within the capture */
	struct moment first, last;
	uint64_t packets[2]; /* MQTT, by the side that sent them */
	uint64_t findings[2];
	uint64_t missing[2]; /* bytes that are not in the capture */
	uint32_t retransmissions[2];
	uint32_t reordered[2];
	const struct finding_tally *tallies;
	size_t tally_count;
};

#endif
