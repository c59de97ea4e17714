/* Actions on what a client is asked for. A correct client refuses to send what is wrong; so a command is put into a
 * disguise that it takes, and what the client sends is put back into the form that was asked for.
 */
#ifndef DEVIANTS_THEN_COMMAND_H
#define DEVIANTS_THEN_COMMAND_H

#include "deviants/passing.h"

/* ---- EVENT_COMMAND ---- */
void shorten_names(struct passing *it, long bytes); /* the topic, and each filter */
void name_client(struct passing *it, long none);    /* connect: a ClientId, where it is empty */
void end_session(struct passing *it, long none);    /* connect: it is not to be kept */
void hide_wildcards(
	struct passing *it, long none); /* of Topic Name, Will Topic and Response Topic */
void drop_certificate(struct passing *it, long none); /* connect: the client's own */
void look_elsewhere(struct passing *it, long none);   /* connect: for another server's name */
void drop_expiry(struct passing *it, long none);      /* Session Expiry Interval, of disconnect */
void drop_method(struct passing *it, long none);      /* of a second authentication */

/* ---- what the client sends of it ---- */
void unname_client(struct passing *it, long none);  /* CONNECT: the ClientId of name_client goes */
void show_wildcards(struct passing *it, long none); /* CONNECT, PUBLISH */

/* ---- CONNECT, with what nobody asked for ---- */
void add_user_name(struct passing *it, long none);
void put_kept_will(
	struct passing *it, long none); /* that of the CONNECT that keep_packet has kept */
void put_kept_will_properties(struct passing *it, long none);

#endif
