/* What a client consists of. Only for the files of this folder.
 *
 *   idle ──start──▶ dialling ──▶ open ──▶ (lost) ──▶ pausing ──▶ dialling ...
 *                                   └──▶ stopped
 */
#ifndef CLIENT_SHELL_SHELL_H
#define CLIENT_SHELL_SHELL_H

#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "client/engine/engine.h"
#include "client/mqttspec_client.h"
#include "client/shell/connection.h"
#include "client/shell/inbox.h"
#include "client/shell/scram.h"
#include "client/shell/server.h"
#include "client/shell/tls_context.h"

enum shell_state { SHELL_IDLE, SHELL_DIALLING, SHELL_OPEN, SHELL_PAUSING, SHELL_STOPPED };

/* Tags of the blocking functions have this bit. */
#define SHELL_BLOCKING (UINT64_C(1) << 63)

struct route { /* whereto, copied out of the options */
	struct arena arena;
	struct server *servers;
	size_t server_count;
	const char *bind_address;
	struct tls_context *tls; /* NULL: no server needs it */
};

enum request_state { REQUEST_WAITS, REQUEST_SENT, REQUEST_DONE };

struct request { /* a subscription that is kept, or an UNSUBSCRIBE under way */
	struct request *next;
	uint64_t tag;
	uint8_t state; /* enum request_state */
	bool unsubscribe;
	bool told; /* the program knows how it ended */
	size_t count;
	struct mqtt_filter *filters; /* followed by their texts, in one piece */
	struct mqtt_view properties;
};

struct mqttspec_client {
	uv_timer_t timer; /* timer.data: the client */
	uv_loop_t *loop;
	uv_loop_t own_loop;
	bool owns_loop;
	struct mqttspec_callbacks callbacks;
	void *context;

	struct route route;
	size_t server; /* to be tried next */
	uint8_t version;
	uint8_t reconnect;
	bool resubscribe;
	uint32_t pause_min_ms, pause_max_ms, connect_wait_ms;

	struct engine *engine;
	struct scram *scram; /* NULL: CONNECT says who this is, or a program does */
	struct connection *connection;
	uint8_t state;      /* enum shell_state */
	bool accepted;      /* this connection's CONNECT was */
	bool ever_accepted; /* any was */
	bool stopping;      /* no new connection */
	bool freeing;
	unsigned inside;        /* callbacks that are running: shell_turn waits for their end */
	unsigned tried;         /* servers tried in vain since the latest success */
	unsigned brief;         /* connections in a row that were accepted and soon lost */
	int64_t accepted_ms;    /* when CONNECT was accepted latest */
	int failure;            /* how the latest attempt ended, if in vain; 0: none has yet */
	int64_t attempt_due_ms; /* INT64_MAX: not set; likewise the others */
	int64_t retry_due_ms;
	int64_t linger_due_ms; /* the last bytes must be out by then */
	int64_t wake_due_ms;   /* of a blocking function */
	uint64_t random;

	int end_result; /* why the latest connection ended */
	char end_text[256];
	bool end_known; /* the engine said why */
	bool end_final; /* trying again is of no use */
	struct buf end_properties;

	struct request *requests;
	struct inbox inbox;
	char client_id[UINT16_MAX + 1]; /* for mqttspec_client_id */

	uint64_t serial;  /* of blocking calls */
	uint64_t awaited; /* tag */
	bool answered;
	int answer;
	struct buf answer_codes;
};

/* client.c: carries out what is due, and sets the timer. Called at the end of everything. */
void shell_turn(struct mqttspec_client *c);
uint64_t shell_random(struct mqttspec_client *c); /* good enough for pauses and identifiers */

/* engine_events.c */
void shell_engine_config(
	struct mqttspec_client *c, const struct mqttspec_options *o, struct engine_config *config);
void shell_note_id(struct mqttspec_client *c);
void shell_tell_end(struct mqttspec_client *c, int result, bool is_final, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* requests.c */
void requests_send(struct mqttspec_client *c, bool session_present);
void requests_ended(struct mqttspec_client *c, const struct engine_event *event);
void requests_stop(struct mqttspec_client *c); /* tells those that wait */
void requests_free(struct mqttspec_client *c);

/* properties.c: false if one of them is unknown or too long. */
bool properties_encode(struct buf *out, const struct mqttspec_property *properties, size_t count);

/* blocking.c: true if the tag was one of a blocking function. */
bool blocking_answer(struct mqttspec_client *c, uint64_t tag, int result, struct mqtt_view codes);

#endif
