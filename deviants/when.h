/* Conditions of deviations: what a packet, its message, its subscription, its connection is like. */
#ifndef DEVIANTS_WHEN_H
#define DEVIANTS_WHEN_H

#include "deviants/passing.h"

/* ---- a PUBLISH ---- */
bool is_qos0(const struct passing *it);
bool is_qos1(const struct passing *it);
bool is_qos2(const struct passing *it);
bool is_acknowledged(const struct passing *it); /* QoS 1 or 2 */
bool is_retained(const struct passing *it);     /* RETAIN is 1 */
bool is_live(const struct passing *it);         /* it is 0 */
bool is_dup(const struct passing *it);
bool is_not_dup(const struct passing *it);
bool is_empty(const struct passing *it);
bool is_not_empty(const struct passing *it);
bool is_long(const struct passing *it);       /* a payload of more than 1,000 bytes */
bool is_very_long(const struct passing *it);  /* of more than 60,000 */
bool topic_is_deep(const struct passing *it); /* more than eight levels */
bool topic_has_wildcard(const struct passing *it);
bool topic_has_empty_level(const struct passing *it);
bool topic_is_missing(const struct passing *it); /* and no alias stands for it */
bool has_qos3(const struct passing *it);

bool follows_second_suback(const struct passing *it); /* on its connection */

/* ---- whom a PUBLISH to a client is for ---- */
bool by_wildcard(
	const struct passing *it);       /* only filters with wildcards match, and none is shared */
bool by_plain(const struct passing *it); /* a filter without any matches */
bool by_share(const struct passing *it); /* only shared ones match */
bool by_parent_of_hash(const struct passing *it); /* only by `topic/#` */
bool by_retain_as_published(const struct passing *it);
bool by_retain_dropped(const struct passing *it); /* not as published */

/* ---- where a PUBLISH to a client came from ---- */
bool from_50(const struct passing *it);
bool from_other_version(const struct passing *it);
bool from_itself(const struct passing *it);
bool from_retained(const struct passing *it); /* it was published with RETAIN 1 */

/* ---- properties ---- */
bool has_payload_format(const struct passing *it);
bool has_expiry(const struct passing *it);
bool has_content_type(const struct passing *it);
bool has_user_property(const struct passing *it);
bool has_user_properties(const struct passing *it); /* two or more */
bool has_session_expiry(const struct passing *it);
bool has_no_property(const struct passing *it);

/* ---- the connection ---- */
bool is_v311(const struct passing *it);
bool is_v50(const struct passing *it);
bool is_clean(const struct passing *it);
bool is_kept(const struct passing *it);    /* without Clean Start, or CleanSession 0 */
bool is_resumed(const struct passing *it); /* such a connection, and not the session's first */
bool is_resumed_twice(const struct passing *it); /* the second of them, or a later one */
bool is_known(const struct passing *it);         /* its session has had a connection before */
bool is_not_first_connection(const struct passing *it);
bool is_accepted(const struct passing *it); /* a CONNACK of success */
bool is_not_accepted(const struct passing *it);
bool is_v50_connect(const struct passing *it);
bool is_before_connect(const struct passing *it); /* the connection has had none yet */
bool has_will(const struct passing *it);
bool has_will_of_qos2(const struct passing *it); /* CONNECT */
bool has_keep_alive(const struct passing *it);
bool has_no_keep_alive(const struct passing *it);
bool has_no_id(const struct passing *it); /* CONNECT with an empty ClientId and no Clean Start */
bool has_strange_name(const struct passing *it);
bool is_abrupt(const struct passing *it);        /* the client has sent no DISCONNECT ... */
bool is_disconnected(const struct passing *it);  /* it has */
bool is_refused(const struct passing *it);       /* the server has refused the CONNECT */
bool is_told_to_leave(const struct passing *it); /* the server has sent DISCONNECT */
bool is_thrown_out(const struct passing *
		it); /* the server ends it, though the client neither ended it nor was refused, nor taken over */
bool is_older(const struct passing *it);       /* its session has had another connection since */
bool flight_is_full(const struct passing *it); /* three messages or more under way, this way */

/* ---- how many came before it in its lane, of its type ---- */
bool is_first(const struct passing *it);
bool is_not_first(const struct passing *it);
bool is_second(const struct passing *it);
bool is_third(const struct passing *it);
bool is_tenth(const struct passing *it); /* or later */
bool is_thousandth(const struct passing *it);
bool is_beyond_thousand(const struct passing *it);

/* ---- other packets ---- */
bool is_success(const struct passing *it); /* its code is below 0x80 */
bool is_refusal(const struct passing *it);
bool has_wildcard(const struct passing *it); /* a filter of SUBSCRIBE or UNSUBSCRIBE */
bool has_share(const struct passing *it);
bool has_many_filters(const struct passing *it); /* two or more */
bool has_no_filter(const struct passing *it);
bool has_reserved_options(
	const struct passing *it); /* bits that the version has no meaning for; 3.1.1: also QoS 3 */
bool begins_with_wildcard(const struct passing *it); /* a filter does */
bool asks_for_qos0(const struct passing *it);        /* a filter of SUBSCRIBE does; likewise: */
bool asks_for_qos2(const struct passing *it);
bool asks_for_no_local(const struct passing *it);
bool asks_for_handling_0(const struct passing *it);
bool asks_for_handling_1(const struct passing *it);
bool asks_for_handling_2(const struct passing *it);
bool asks_for_handling_3(const struct passing *it);
bool has_many_codes(const struct passing *it);
bool has_identifier_zero(const struct passing *it);
bool has_identifier_4242(const struct passing *it);
bool is_far_identifier(const struct passing *it); /* above 1,000 */
bool is_with_will(const struct passing *it);      /* DISCONNECT 0x04 */
bool is_taken_over(const struct passing *it);     /* DISCONNECT 0x8E */
bool flags_are_wrong(const struct passing *it);   /* not those of Table 2-2; not for PUBLISH */

#endif
