#include "harness/monitor/monitor_rules.h"
#include "harness/versions.h"

struct rule_row {
	const char *name;
	const char *statements[2][2]; /* by side, then version (3.1.1, 5.0); NULL: does not bind */
};

#define BOTH_ROW(rule, v311, v50)   { #rule, { { v311, v50 }, { v311, v50 } } },
#define CLIENT_ROW(rule, v311, v50) { #rule, { { v311, v50 }, { NULL, NULL } } },
#define SERVER_ROW(rule, v311, v50) { #rule, { { NULL, NULL }, { v311, v50 } } },
#define EACH_ROW(rule, client_311, client_50, server_311, server_50) \
	{ #rule, { { client_311, client_50 }, { server_311, server_50 } } },

static const struct rule_row rows[MONITOR_RULE_COUNT] = { MONITOR_RULES(
	BOTH_ROW, CLIENT_ROW, SERVER_ROW, EACH_ROW) };

const char *monitor_rule_statement(
	enum monitor_rule rule, enum mqtt_version version, enum side judged)
{
	return rows[rule].statements[judged][version_place(version)];
}

const char *monitor_rule_name(enum monitor_rule rule)
{
	return rows[rule].name;
}
