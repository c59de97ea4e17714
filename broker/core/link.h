/* A connection: what its bytes have come to so far, and what is to be written to it.
 *
 *      LINK_NEW ──CONNECT──▶ LINK_UP ──DISCONNECT, error, take-over ...──▶ LINK_ENDS
 *         │ ▲                                                                ▲
 *         ▼ │ AUTH, or the host's verdict                                    │
 *      LINK_AUTH, LINK_WAITS ────────────────────refused─────────────────────┘
 *
 * A link never goes back to an earlier state, and has a session in LINK_UP only.
 *
 * A link that ends has little left to write, and a deadline for it. At most one such link of a
 * session is left, and it holds no memory but its own.
 */
#ifndef BROKER_CORE_LINK_H
#define BROKER_CORE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/alias.h"
#include "broker/core/backlog.h"
#include "broker/core/output.h"
#include "broker/core/timer.h"
#include "mqtt/view.h"

struct broker;
struct broker_client;
struct session;

enum link_state {
	LINK_NEW,   /* no CONNECT yet */
	LINK_AUTH,  /* enhanced authentication under way */
	LINK_WAITS, /* link_decide is due before there is a CONNACK */
	LINK_UP,
	LINK_ENDS,
};

/* What only few links have. */
struct link_extra {
	struct aliases in;  /* the client's */
	struct aliases out; /* the server's */
	uint8_t *connect;   /* body of the CONNECT that is not decided yet */
	uint32_t connect_len;
	uint8_t *
		user_name; /* kept only where someone may ask for it, and until it is the session's */
	uint32_t user_name_len;
	uint8_t *method; /* Authentication Method of the connection */
	uint32_t method_len;
	int64_t answer_due_ms;  /* of a client that authenticates again; see link_expect_answer */
	struct mqtt_view mount; /* the host's: link_set_mount; empty: none */
	struct backlog backlog;
};

struct link {
	struct broker *broker;
	void *owner;
	struct session *session;
	struct session *left; /* of the link that ends: whose `ending` it is; or NULL */
	struct link *pending_next;
	struct link *commit_next; /* see commit.h, and so for the two figures of bytes */
	struct link_extra *extra; /* NULL: nothing of it */
	struct output output;
	uint8_t *tail; /* of the input: a packet that is not whole yet; NULL: none */
	uint32_t tail_len;
	uint32_t tail_size;
	uint32_t
		clear_bytes; /* of the output, that may be written; all, if it waits for no commit */
	uint32_t next_bytes;      /* and may be when the commit that is under way is done */
	int64_t heard_ms;         /* the last packet, or the opening; see link_due */
	int64_t taken_ms;         /* while `waits`: when some of the output was last taken */
	uint32_t packet_max;      /* the client's Maximum Packet Size */
	struct timer timer;       /* CONNECT is due, or a sign of life, or the end */
	uint16_t keep_alive_s;    /* in force; 0: off */
	uint16_t receive_maximum; /* the client's */
	uint16_t received;        /* QoS 2 messages of this connection that are not released */
	uint8_t version;          /* enum mqtt_version; 0: not known yet */
	uint8_t state;            /* enum link_state */
	uint8_t realm;            /* the host's: link_set_realm */
	bool pending : 1;         /* it is in the broker's list */
	bool broken : 1;          /* output was lost for lack of memory: it is to be closed */
	bool gone : 1;            /* closed; the list frees it */
	bool problem_information : 1;
	bool again : 1;   /* re-authentication under way */
	bool doubted : 1; /* nothing was heard for too long, unless it is waiting to be read */
	bool waits : 1;   /* there is output that was not taken at once */
	bool draws : 1;   /* retained messages wait for room in the output */
	bool must_close : 1;
	bool stopped : 1; /* takes no packet: link_decide is due, its backlog is full, or it ends */
	bool held : 1;    /* what it has to write tells of changes whose commit has not begun */
	bool under_way : 1; /* or of some that are being committed */
};

/* Whether messages of it wait for room in the store, and whether these are so many that it is not read from. */
static inline bool link_has_backlog(const struct link *l)
{
	return l->extra && l->extra->backlog.len;
}

static inline bool link_backlog_is_full(const struct link *l)
{
	return l->extra && backlog_is_full(&l->extra->backlog);
}

/* NULL without memory. */
struct link_extra *link_extra_make(struct link *l);
void link_extra_free(struct link *l);

struct broker_client link_client(const struct link *l);
struct broker_client session_client(const struct session *s); /* connected or not */

#endif
