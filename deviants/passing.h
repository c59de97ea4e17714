/* A packet on its way through a deviant, as a deviation sees it. */
#ifndef DEVIANTS_PASSING_H
#define DEVIANTS_PASSING_H

#include "deviants/deviation.h"
#include "deviants/exchange.h"

struct frame;
struct json_t;

struct passing {
	struct exchange *x;
	enum way way;
	struct lane *lane;   /* that it is in */
	struct arena *arena; /* for as long as it passes */

	struct packet *
		packet; /* to be changed at will, with `changed`; NULL: it is no packet, or an event */
	struct bytes raw;               /* as it came */
	struct bytes topic;             /* of a PUBLISH, also where an alias stands for it */
	const struct published *origin; /* of a PUBLISH to a client; NULL: unknown */
	const char
		*rule; /* of bytes that make no packet: the statement that says so; may be NULL */

	/* what the packet met: */
	bool was_under_way;        /* its identifier, in its own direction */
	bool was_settled;          /* the same, and it has been free again since */
	struct bytes alias_before; /* what its Topic Alias stood for */
	int64_t silent_us;         /* the client had sent nothing for so long */
	size_t removed;            /* UNSUBSCRIBE: how many subscriptions there were to remove */

	bool changed;            /* build it anew */
	struct wire_twist twist; /* with these lies */
	uint32_t tail;           /* so many bytes of 0 at the end of its body, which counts them */
	unsigned copies;         /* 1; 0: it is dropped */
	int64_t delay_ms;        /* others may pass it */
	bool kept;               /* until the next one of its type has passed */
	bool ends;               /* the connection, after it */

	struct buf *head;       /* EVENT_HEAD: to be changed at will */
	struct frame *frame;    /* EVENT_FRAME: the same, with `changed` */
	struct json_t *command; /* EVENT_COMMAND: the same */
};

/* Takes what can be told apart from the lane's `in`, lets the deviation have it, and hands it on. */
void passing_all(struct exchange *x, enum way way, const struct deviation *d);

/* Tells the deviation that one side will send no more. */
void passing_end(struct exchange *x, enum way way, const struct deviation *d);

/* ---- for layer.c ---- */
void passing_deviate(struct passing *it, const struct deviation *d, uint32_t type);
bool passing_is_watched(const struct deviation *d, enum way way, uint32_t types);
void passing_write(
	struct passing *it, struct bytes bytes); /* as often and as late as it is to be */

#endif
