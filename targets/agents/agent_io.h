/* What agents in C have in common (docs/AGENT.md): commands come in, answers and events go out. Nothing
 * here knows a client library. Answers may be given by any thread, commands are read by one.
 */
#ifndef TARGETS_AGENTS_AGENT_IO_H
#define TARGETS_AGENTS_AGENT_IO_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

enum { CONNECT = -1, DISCONNECT = -2 };

struct command {
	struct agent *agent;
	json_t *id;
	json_t *fields; /* this and the name only while it is carried out */
	const char *name;
	int mid;     /* what agent_find looks for: a packet identifier or one of these */
	int filters; /* how many it names */
	bool kept;   /* the client takes it along to its next connection */
	bool subscribes;
	bool answered;
	const char *fault; /* the event that says what is wrong with it; NULL: nothing */
	char fault_text[160];
	LIST_ENTRY(command) link;
};

/* Of a table that ends with a NULL. False: the client does not have the command, it can be freed. */
struct verb {
	const char *name;
	bool (*carry_out)(struct command *c);
};

struct agent {
	void *client;
	const char *const *transports; /* that its client speaks; NULL after the last */
	const struct verb *verbs;      /* but `sync`, and those that are unsupported */
	bool v5, clean_start;          /* of the last `connect` */
	atomic_bool connected;         /* and told so */
	char *client_id;               /* of the first `connect` */
	pthread_mutex_t lock;
	LIST_HEAD(commands, command) open;
	char *input;
	size_t filled, room;
};

/* Says hello, for 3.1.1 and, if it `has_v5`, 5.0; agent_init for TCP, agent_init_over for these transports, NULL after
 * the last. What is handed over is borrowed.
 */
void agent_init(struct agent *a, const struct verb *verbs, const char *name, const char *version,
	bool has_v5);
void agent_init_over(struct agent *a, const char *const *transports, const struct verb *verbs,
	const char *name, const char *version, bool has_v5);
void agent_fini(struct agent *a);

/* One read from standard input; carries out the commands that are complete. False: the end. */
bool agent_read(struct agent *a);

/* A command that waits; NULL: none. */
struct command *agent_find(struct agent *a, int mid);

/* `error` for all commands that wait, but one and those that the client keeps. */
void agent_fail_open(struct agent *a, const struct command *but, const char *text);

/* Frees the commands that have been answered. */
void agent_sweep(struct agent *a);

/* {"event": name}, with the id of the command that it answers unless that is NULL. Both functions that
 * print take the event over. A second answer is not printed.
 */
json_t *event_new(const char *name, const struct command *answered);
json_t *event_text(const char *name, const struct command *answered, const char *text);
void event_tell(json_t *event);
void answer(struct command *c, json_t *event);
void command_free(struct command *c);

/* Notes what is wrong with a command: `error` or `unsupported`, because NAME WHAT. The first one counts.
 * command_is_sound gives the answer then, and false.
 */
void command_fault(struct command *c, const char *event, const char *name, const char *what);
bool command_is_sound(struct command *c);

#endif
