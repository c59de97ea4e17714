/* What a broker consists of. Only for the files of this folder. */
#ifndef BROKER_CORE_CORE_H
#define BROKER_CORE_CORE_H

#include "base/buf.h"
#include "broker/core/broker.h"
#include "broker/core/draws.h"
#include "broker/core/memory.h"
#include "broker/core/retained.h"
#include "broker/core/routes.h"
#include "broker/core/sessions.h"
#include "broker/core/subscriptions.h"
#include "broker/core/timer.h"

struct sheet;

enum { STORE_RETRY_MS = 1000 }; /* until room in the store is looked for again */

struct restored_message {
	uint64_t serial;
	struct message *message;
};

struct restored { /* what came out of the store, while it is read, in the order of their numbers */
	struct restored_message *messages;
	struct session **sessions;
	uint32_t message_at; /* that was found last: the next one is often wanted next */
	uint32_t message_count, message_capacity;
	uint32_t session_count, session_capacity;
};

struct broker {
	struct broker_config config;
	struct broker_figures figures;
	struct memory memory;
	struct timers timers;
	struct timer sys_timer;
	struct sessions sessions;
	struct subscriptions subscriptions;
	struct routes routes;
	struct retained retained;
	struct draws draws;
	int64_t now_ms;
	int64_t started_ms;
	struct link *pending_first; /* what broker_next hands out */
	struct link *pending_last;
	struct link *held;       /* see commit.h */
	struct link *waiting;    /* for the commit that is under way, or has failed */
	uint32_t ending;         /* of figures.links, those that are ending */
	struct buf properties;   /* scratch: properties to be passed on */
	struct buf added;        /* scratch: properties that the broker adds */
	struct buf packet;       /* scratch: a packet on its way to the output */
	struct buf key, value;   /* scratch: a pair for the store */
	struct buf codes;        /* scratch: of SUBACK and UNSUBACK */
	struct buf drawn;        /* scratch: which filters of a SUBSCRIBE draw retained messages */
	struct buf mounted;      /* scratch: a topic of mount.h */
	struct sheet *sheets[2]; /* of fan-outs, by form_shape */
	uint64_t assigned;       /* client identifiers */
	struct buf staged;     /* scratch: sessions that a publication is held for, see deliver.c */
	uint64_t serial;       /* of messages in the store */
	uint64_t number;       /* of sessions there */
	uint32_t changes;      /* what was put and removed; it only grows */
	int64_t commit_ms;     /* when a commit that failed is tried again; INT64_MAX: none did */
	bool uncommitted;      /* the store has news */
	bool committing;       /* some of it is under way */
	uint64_t commit_bytes; /* of that news, about */
	uint32_t staged_changes; /* `changes` when that began */
	bool staging;            /* nothing is sent above QoS 0 until all is in the store */
	struct restored restored;
	bool restoring; /* there is something in it */
	bool shutting_down;
};

#endif
