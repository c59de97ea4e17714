/* Actions of deviations that need to remember: what a session, a topic or an alias was before. */
#ifndef DEVIANTS_THEN_RECALL_H
#define DEVIANTS_THEN_RECALL_H

#include "deviants/passing.h"

/* ---- CONNECT ---- */
void give_old_will(
	struct passing *it, long none); /* the session's earlier Will, in place of its own */
void set_id_of_all(struct passing *it, long none);      /* an empty ClientId is "nobody" */
void use_known_password(struct passing *it, long none); /* with which its user was let in */
void lower_id(struct passing *it, long none);           /* small letters */
void cut_id(struct passing *it, long keep);
void cut_will_payload(struct passing *it, long keep);
void add_will_delay(struct passing *it, long s); /* where it has none */

/* ---- AUTH ---- */
void restore_method(struct passing *it, long none); /* that of CONNECT */

/* ---- SUBSCRIBE ---- */
void keep_options(struct passing *it,
	long bits); /* these bits stay as they were, where there was a subscription */
void spoil_filters_from(struct passing *it, long first); /* counted from 0 */
void one_share(struct passing *it, long none);           /* all ShareNames are one */

/* ---- PUBLISH ---- */
void topic_of_session(
	struct passing *it, long none); /* of its alias, on any connection of the session */
void topic_of_anybody(struct passing *it, long none); /* on any connection */
void topic_of_before(struct passing *it, long none);  /* its alias goes on to mean what it meant */
void restore_expiry(struct passing *it, long none);   /* as it was published */
void carry_properties(
	struct passing *it, long none); /* a User Property of a message before, where it has none */
void lower_to_qos0(struct passing *it, long none); /* QoS 1; the server gets its PUBACK */
void cut_topic(struct passing *it, long keep);
void prefix_payload(struct passing *it, long bytes);  /* of 0 */
void change_last_byte(struct passing *it, long none); /* of the payload */

/* ---- what no packet asked for ---- */
void publish_latest(struct passing *it,
	long qos); /* the server is given the client's latest message once more */
void clear_retained(struct passing *it, long none); /* what the session has retained is removed */
void send_removed(
	struct passing *it, long none); /* after SUBACK: the message that removed, if it matches */
void send_retained(
	struct passing *it, long none);          /* after SUBACK: what is retained for its shares */
void say_goodbye(struct passing *it, long none); /* EVENT_END: the server gets a DISCONNECT first */
void keep_alive_anew(struct passing *it, long none);      /* a PINGREQ in the client's name */
void add_long_text(struct passing *it, long id);          /* a property of 300 bytes */
void drop_property_length(struct passing *it, long none); /* of CONNACK */

#endif
