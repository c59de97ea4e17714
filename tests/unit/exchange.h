/* Exchanges for the tests of the monitor, spelt as text. A line is a packet:
 *
 *   > 10 r s'MQTT' @ 02 n0 p{} s'me'     from the client, in the language of harness/wire/template.h
 *   < 20 r 00 00 p{}                     from the server
 *   3> ...    5< ...                     in one version only
 *   <close    >close                     that side ends its direction
 *   ---                                  a new connection, which may go on with the session
 *
 * In packets, ' stands for " and @ for the protocol level. What cannot be parsed is told to the
 * monitor as malformed.
 */
#ifndef TESTS_UNIT_EXCHANGE_H
#define TESTS_UNIT_EXCHANGE_H

#include "base/arena.h"
#include "harness/monitor/monitor.h"
#include "harness/monitor/monitor_rules.h"

/* CONNECT and CONNACK: a clean start; with properties of 5.0; with Connect Flags. */
#define GREET       "> 10 r s'MQTT' @ 02 n0 p{} s'me'\n"
#define WELCOME     "< 20 r 00 00 p{}\n"
#define HELLO       GREET WELCOME
#define HELLO_AS(p) "> 10 r s'MQTT' @ 02 n0 p{" p "} s'me'\n" WELCOME
#define HELLO_TO(p) GREET "< 20 r 00 00 p{" p "}\n"
#define KEPT        "> 10 r s'MQTT' @ 00 n0 p{} s'me'\n"
#define RESUME      "---\n" KEPT "< 20 r 01 00 p{}\n"

/* SUBSCRIBE with identifier 9, and what SUBACK grants. */
#define SUBSCRIBED(filter, granted) \
	"> 82 r m9 p{} s'" filter "' " granted "\n< 90 r m9 p{} " granted "\n"

struct exchange_step {
	enum { STEP_PACKET, STEP_CLOSE, STEP_NEW_CONNECTION } kind;
	enum side from;
	struct bytes bytes; /* STEP_PACKET */
};

struct exchange_reader {
	struct arena *arena;
	enum mqtt_version version;
	const char *at;
	size_t line; /* of the latest step, from 1 */
};

/* The next line for the reader's version; false at the end. Aborts on what is no exchange. */
bool exchange_next(struct exchange_reader *r, struct exchange_step *step);

struct exchange_finding {
	const char *statement;
	const char *what;
	size_t line;
};

struct exchange {
	struct exchange_finding *findings;
	size_t finding_count;
	size_t finding_capacity;
	size_t line_count;
};

/* Plays the text to a monitor. */
struct exchange exchange_play(
	struct arena *a, enum mqtt_version version, enum side judged, const char *text);

/* One exchange that breaks a rule with its last packet, and a legal one close to it. */
struct breach_row {
	enum monitor_rule rule;
	enum side judged;
	unsigned version;   /* 0: every version in which the rule binds */
	const char *before; /* the lines before both */
	const char *bad;
	const char *good;
};

struct breach_table {
	const struct breach_row *rows;
	size_t count;
};

extern const struct breach_table breach_tables[];
extern const size_t breach_table_count;

struct legal_row {
	const char *name;
	enum side judged;
	unsigned version; /* 0: both */
	const char *text;
};

extern const struct legal_row legal_rows[];
extern const size_t legal_row_count;

#endif
