/* A connection of the load, and the packets that come over it. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct endpoint;
struct stream;

enum {
	CLIENT_CHUNK = 2 * 1024 * 1024, /* the room to receive in: the longest packet fits */
	CLIENT_RECEIVE = 256 * 1024,    /* bytes at once */
	CLIENT_ROOM = CLIENT_CHUNK + 128 * 1024, /* with what a record of TLS may add */
	CLIENT_FAULT = 160,
};

struct client {
	int fd;                   /* -1: not connected */
	int epoll;                /* where it waits */
	uint32_t index;           /* what it is called there */
	bool wants_room;          /* it waits for room to write, too */
	bool deaf;                /* it does not read */
	bool ponged;              /* it has answered since all were asked */
	struct buf out;           /* MQTT that waits */
	struct buf in;            /* the beginning of a packet */
	struct stream *stream;    /* NULL over TCP alone */
	char fault[CLIENT_FAULT]; /* why it cannot go on; "": it can */

	unsigned number; /* of its kind */
	bool publisher;
	bool kept;             /* its session is */
	bool accepted;         /* CONNACK has come */
	bool at_work;          /* it counts as ready */
	unsigned granted;      /* filters so far */
	uint16_t next_id;      /* the Packet Identifier that was used last */
	unsigned send_maximum; /* of them at a time, as the broker wants it */
	unsigned under_way;    /* messages that wait for an acknowledgement */
	uint64_t published;
	int64_t since_us; /* when it came, or was due to */
	int64_t *due_us;  /* of messages by identifier; NULL unless acknowledgements are measured */
	uint8_t *
		begun; /* identifiers of QoS 2 that PUBREL is due for, a bit each; NULL: none yet */
};

/* Whatever came: the first byte of a packet, and what is after its length. False: it cannot go on. */
typedef bool client_take(
	void *user, struct client *c, uint8_t first, const uint8_t *body, size_t len);

/* Begins to connect; `serial` spreads many over the addresses of the loopback interface. False with a fault. */
bool client_dial(struct client *c, const struct endpoint *to, uint64_t serial);

/* Sends what can be sent. False with a fault. */
bool client_flush(struct client *c);

/* Reads what is there; `chunk` has room for CLIENT_ROOM. False with a fault. */
bool client_receive(struct client *c, uint8_t *chunk, client_take *take, void *user);

/* From now on it does not read. */
void client_deafen(struct client *c);

/* Harmless when it is closed. Identifiers and what waits are forgotten. */
void client_close(struct client *c);
void client_fini(struct client *c);

#endif
