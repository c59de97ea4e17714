/* Further conditions, which rows about clients need: what a client sends, and what a server has told it. */
#ifndef DEVIANTS_WHEN_CLIENT_H
#define DEVIANTS_WHEN_CLIENT_H

#include "deviants/passing.h"

/* ---- CONNECT ---- */
bool is_third_connection(const struct passing *it); /* of its session, or a later one */
bool has_empty_id(const struct passing *it);        /* the ClientId */
bool has_long_id(const struct passing *it);         /* of more than 23 bytes */
bool has_user_name(const struct passing *it);
bool has_password(const struct passing *it);
bool has_no_user_name(const struct passing *it);
bool tells_no_will(const struct passing *it);
bool has_long_will(const struct passing *it);       /* a Will of more than 255 bytes */
bool has_long_keep_alive(const struct passing *it); /* of more than 255 s */

/* ---- CONNACK ---- */
bool is_session_present(const struct passing *it);
bool is_no_session_present(const struct passing *it);
bool has_server_keep_alive(const struct passing *it);
bool has_packet_limit(const struct passing *it); /* Maximum Packet Size */

/* ---- a PUBLISH ---- */
bool is_beyond_255(
	const struct passing *it); /* more than 255 of its type came before it in its lane */
bool is_beyond_65535(const struct passing *it);
bool topic_is_long(const struct passing *it); /* more than 255 bytes */
bool topic_is_ill_formed(const struct passing *it);
bool topic_has_nul(const struct passing *it);
bool has_alias(const struct passing *it);
bool expires_at_once(const struct passing *it);  /* Message Expiry Interval is 1 */
bool has_identifier_1(const struct passing *it); /* its first Subscription Identifier is 1 */
bool has_response_topic(const struct passing *it);
bool is_before_suback(
	const struct passing *it);        /* a SUBSCRIBE of its connection waits for its answer */
bool by_nobody(const struct passing *it); /* no subscription matches */

/* ---- other packets ---- */
bool is_not_second(const struct passing *it);   /* of its type, in its lane */
bool has_received(const struct passing *it);    /* the client, a PUBLISH on this connection */
bool is_foreign_type(const struct passing *it); /* none that a server of this version may send */
bool has_reason_string(const struct passing *it);
bool is_refused_filter(const struct passing *it); /* SUBACK: its first code is 0x80 or above */
bool has_no_share(const struct passing *it);      /* SUBSCRIBE */
bool has_method(const struct passing *it);        /* Authentication Method */
bool has_no_method(const struct passing *it);
bool is_reauthentication(const struct passing *it);    /* AUTH 0x19 */
bool is_answer_to_challenge(const struct passing *it); /* AUTH 0x18 */
bool has_one_code(const struct passing *it);
bool has_another_count(const struct passing *it); /* of codes than note_filter_count says */
bool has_foreign_grant(const struct passing *it); /* SUBACK 3.1.1: none of 0, 1, 2 and 0x80 */

/* ---- what was noted (then_client.h) ---- */
bool is_noted(const struct passing *it); /* of the connection */
bool is_not_noted(const struct passing *it);
bool holds_no_id(const struct passing *it);  /* none, or another one than the packet's */
bool has_held_id(const struct passing *it);  /* that of hold_id */
bool has_noted_id(const struct passing *it); /* the Packet Identifier that the session noted */

/* ---- EVENT_MALFORMED: of which type the bytes are ---- */
bool is_bad_publish(const struct passing *it);
bool is_bad_acknowledgement(const struct passing *it); /* PUBACK to PUBCOMP */
bool is_bad_suback(const struct passing *it);          /* or UNSUBACK */
bool is_bad_pingresp(const struct passing *it);

#endif
