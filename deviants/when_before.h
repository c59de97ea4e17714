/* Conditions of deviations: what a packet has met, and what its connection and its session have been through. */
#ifndef DEVIANTS_WHEN_BEFORE_H
#define DEVIANTS_WHEN_BEFORE_H

#include "deviants/passing.h"

/* ---- its identifier ---- */
bool id_is_under_way(const struct passing *it);      /* in its own direction, before it came */
bool id_is_under_way_back(const struct passing *it); /* in the other one */
bool id_was_settled(const struct passing *it);       /* in its own: used, and free again */

/* ---- what else is under way ---- */
bool quota_is_used_up(const struct passing *it);       /* the client's Receive Maximum */
bool something_is_under_way(const struct passing *it); /* either way */
bool publish_has_expired(const struct passing *it);    /* the latest of the client */
bool is_late(const struct passing *it); /* the client has sent nothing for more than a second */
bool is_pipelined(const struct passing *it);     /* more bytes have come with it */
bool has_unsubscribed(const struct passing *it); /* on this connection */

/* ---- the connection ---- */
bool takes_over(const struct passing *it);
bool level_is_strange(const struct passing *it);  /* that of CONNECT, above 5 or below 3 */
bool had_reserved_flag(const struct passing *it); /* CONNECT */
bool is_before_connack(const struct passing *it);
bool is_first_time(const struct passing *it);       /* the session's first connection */
bool session_lasts(const struct passing *it);       /* 5.0: it does not */
bool session_is_fleeting(const struct passing *it); /* 5.0: it ends with the connection */
bool has_packet_size(const struct passing *it);     /* the client has a Maximum Packet Size */
bool has_old_will(const struct passing *it);        /* the session had a Will before */
bool has_user(const struct passing *it);            /* CONNECT had a user name */
bool is_authenticating(const struct passing *it);   /* it had an Authentication Method */
bool has_authenticated(const struct passing *it);   /* and the client has sent AUTH */
bool has_odd_id(const struct passing *it);          /* a ClientId that a server need not accept */
bool has_no_will(const struct passing *it);
bool is_v311_connect(const struct passing *it);
bool has_id_of_23(
	const struct passing *it); /* CONNECT, a ClientId of so many characters; likewise: */
bool has_id_of_one(const struct passing *it);
bool is_no_connect(const struct passing *it);
bool is_reset(const struct passing *it); /* EVENT_END */
bool is_no_reset(const struct passing *it);
bool has_subscribed_to_share(const struct passing *it);

/* ---- subscriptions ---- */
bool removes_nothing(const struct passing *it);        /* UNSUBSCRIBE: there was none */
bool replaces_one(const struct passing *it);           /* SUBSCRIBE: there was one already */
bool by_replaced(const struct passing *it);            /* PUBLISH: only such a one matches */
bool by_none(const struct passing *it);                /* none matches (any more) */
bool by_both(const struct passing *it);                /* several match */
bool by_no_local(const struct passing *it);            /* at least one that matches has it */
bool by_share_that_was_left(const struct passing *it); /* a member of it has gone */
bool by_far_filter(const struct passing *it);          /* one that came after twenty others */

/* ---- aliases ---- */
bool has_alias_alone(const struct passing *it); /* PUBLISH: it stands for the topic */
bool alias_is_high(const struct passing *it);   /* above 5 */

/* ---- fields ---- */
bool properties_descend(const struct passing *it); /* one has a lower number than the one before */
bool has_session_expiry_zero(const struct passing *it);
bool has_refusing_code(const struct passing *it);    /* SUBACK: all are */
bool is_short(const struct passing *it);             /* without Reason Code */
bool has_code_and_success(const struct passing *it); /* with one below 0x80 */
bool identifier_is_large(const struct passing *it);  /* a Subscription Identifier above 16,383 */
bool is_two_hundredth(const struct passing *it);     /* of its type on its connection */

/* ---- messages ---- */
bool is_of_will(const struct passing *it); /* it is somebody's Will */
bool is_of_other_versions_will(const struct passing *it);
bool from_expiring(const struct passing *it); /* it was published with an expiry */
bool from_alias(const struct passing *it);    /* under a Topic Alias */
bool from_311(const struct passing *it);
bool topic_begins_with_dollar(const struct passing *it);

#endif
