/* Conditions of deviations: what is wrong with a packet of a client, which a server should not let pass. */
#ifndef DEVIANTS_WHEN_WRONG_H
#define DEVIANTS_WHEN_WRONG_H

#include "deviants/passing.h"

/* ---- strings: ill-formed UTF-8, U+0000 ---- */
bool has_ill_formed_id(const struct passing *it); /* the ClientId */
bool has_ill_formed_will_topic(const struct passing *it);
bool has_ill_formed_user_name(const struct passing *it);
bool has_ill_formed_topic(const struct passing *it);
bool has_ill_formed_filter(const struct passing *it);
bool has_ill_formed_response_topic(const struct passing *it);
bool has_ill_formed_content_type(const struct passing *it);
bool has_ill_formed_pair(const struct passing *it);   /* a User Property */
bool has_ill_formed_reason(const struct passing *it); /* the Reason String */
bool has_ill_formed_will_property(const struct passing *it);
bool has_nul_in_id(const struct passing *it);
bool has_nul_in_topic(const struct passing *it);
bool has_nul_in_filter(const struct passing *it);
bool has_nul_in_pair(const struct passing *it);
bool has_surrogate_in_topic(
	const struct passing *it); /* in the topic of PUBLISH, or a filter; likewise: */
bool has_overlong_in_topic(const struct passing *it);
bool has_far_character_in_topic(const struct passing *it); /* beyond U+10FFFF */

/* ---- CONNECT ---- */
bool has_will_qos_without_will(const struct passing *it);
bool has_will_retain_without_will(const struct passing *it);
bool has_will_of_qos3(const struct passing *it);
bool has_password_alone(const struct passing *it);
bool has_packet_size_zero(const struct passing *it);
bool has_auth_method(const struct passing *it);
bool has_auth_data_alone(const struct passing *it);

/* ---- bytes that make no packet, EVENT_MALFORMED ---- */
bool begins_connect(const struct passing *it); /* whose Connect Flags announce: */
bool begins_connect_with_will(const struct passing *it);
bool begins_connect_with_user_name(const struct passing *it);
bool begins_connect_without_user_name(const struct passing *it);
bool begins_connect_with_password(const struct passing *it);
bool begins_connect_without_password(const struct passing *it);
bool begins_publish(const struct passing *it);
bool begins_acknowledgement(const struct passing *it); /* PUBACK, PUBREC, PUBREL, PUBCOMP */
bool begins_subscribe(const struct passing *it);
bool begins_unsubscribe(const struct passing *it);
bool breaks_length(const struct passing *it);     /* Remaining Length of five bytes */
bool breaks_properties(const struct passing *it); /* their length, or one of them */

/* ---- properties ---- */
bool has_foreign_property(const struct passing *it); /* that belongs to other packets */
bool has_foreign_will_property(const struct passing *it);
bool has_repeated_property(const struct passing *it);
bool has_repeated_will_format(const struct passing *it);
bool response_topic_has_wildcard(const struct passing *it);
bool has_subscription_identifier_zero(const struct passing *it);
bool has_subscription_identifier(const struct passing *it);
bool alias_is_zero(const struct passing *it);
bool alias_is_too_high(const struct passing *it); /* above the maximum of the server */
bool alias_is_unknown(const struct passing *it);  /* and there is no topic */

/* ---- filters ---- */
bool has_misplaced_hash(const struct passing *it); /* not alone in its level, or not in the last */
bool has_misplaced_plus(const struct passing *it);
bool has_empty_filter(const struct passing *it);
bool has_nameless_share(const struct passing *it); /* a ShareName that is empty or has a wildcard */
bool has_empty_share(const struct passing *it);    /* nothing after the ShareName */
bool asks_for_qos3(const struct passing *it);

#endif
