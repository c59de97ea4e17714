/* Actions of deviations that concern others, or what comes much later. The argument of those that need none is 0. */
#ifndef DEVIANTS_THEN_AROUND_H
#define DEVIANTS_THEN_AROUND_H

#include "deviants/passing.h"

/* ---- notes, for conditions of when_around.h ---- */
void note_for_session(struct passing *it, long value);

/* ---- $ at the beginning of a topic; the server behind the deviant may not carry such messages ---- */
void hide_dollar(struct passing *it, long none); /* of a topic, and of filters: a letter for it */
void show_dollar(struct passing *it, long none); /* and it comes back, in a PUBLISH to a client */

/* ---- SUBSCRIBE ---- */
void join_first_share(struct passing *it,
	long none); /* a share takes the filter of another one beside it that has its name */
void note_identifier(struct passing *it, long none); /* its Subscription Identifier ... */
void add_noted_identifier(
	struct passing *it, long none); /* ... which a later one has that has none */

/* ---- what no packet asked for ---- */
void publish_kept(struct passing *it,
	long none); /* what keep_packet keeps goes to the server, which did not expect it */

#endif
