/* The fields of commands, with their types. */
#ifndef TARGETS_AGENTS_AGENT_FIELDS_H
#define TARGETS_AGENTS_AGENT_FIELDS_H

#include "targets/agents/agent_events.h"

#include <stdint.h>

struct message {
	const char *topic;
	struct octets payload;
	int qos;
	bool retain;
	json_t *fields; /* where its properties are */
};

struct connect {
	const char *host, *client_id, *user_name, *password; /* the last two may be NULL */
	const char *transport;                               /* "wss": one that the agent has */
	const char *path, *ca, *cert, *key, *server_name;    /* each may be NULL */
	int port, keep_alive;
	bool clean_start, has_will;
	struct message will;
};

/* One SUBSCRIBE or UNSUBSCRIBE; options are the bits of the standard, without QoS. */
struct filters {
	int count;
	char **texts;
	int *qos, *options;
};

/* What is wrong with a field is noted in its command (command_fault), and something harmless comes back. */
enum { REQUIRED = -1 };
long get_number(struct command *c, json_t *of, const char *name, long maximum, long otherwise);
bool get_flag(struct command *c, json_t *of, const char *name, int otherwise);
const char *get_text(struct command *c, json_t *of, const char *name, bool required);
int get_code(struct command *c, int otherwise);
struct connect get_connect(struct command *c);
struct message get_message(struct command *c, json_t *of);
struct filters get_filters(struct command *c, bool with_options);
void filters_free(struct filters *f);

/* What those are made of. */
json_t *get_field(struct command *c, json_t *of, const char *name, json_type type, bool required);
struct octets text_of(struct command *c, json_t *f, const char *name);
struct octets bytes_of(struct command *c, json_t *f, const char *name); /* of hexadecimal digits */
void demand_v5(struct command *c, bool given, const char *name);

#endif
