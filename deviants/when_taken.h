/* Conditions of deviations: what is wrong with a packet of a server, which a client should not let pass, and what a
 * client might stumble over.
 */
#ifndef DEVIANTS_WHEN_TAKEN_H
#define DEVIANTS_WHEN_TAKEN_H

#include "deviants/passing.h"

/* ---- CONNACK ---- */
bool has_reserved_ack_flags(const struct passing *it);
bool has_long_properties(const struct passing *it); /* the packet has more than 130 bytes */
bool has_alias_maximum(const struct passing *it);
bool has_maximum_qos(const struct passing *it);
bool has_retain_available(const struct passing *it);

/* ---- any packet ---- */
bool has_unknown_code(const struct passing *it); /* its own, or one of SUBACK or UNSUBACK */
bool is_too_large(const struct passing *it);     /* for the client's Maximum Packet Size */
bool is_bad_connack(const struct passing *it);   /* EVENT_MALFORMED */

/* ---- PUBLISH ---- */
bool exceeds_quota(const struct passing *it); /* more than the client's Receive Maximum under way */
bool is_not_as_indicated(const struct passing *it); /* no UTF-8, though it is said to be */
bool is_without_right(const struct passing *it); /* what the target files allow no limited user */

/* ---- the connection ---- */
bool has_binary_password(const struct passing *it); /* CONNECT: with a byte of 0, or beyond ASCII */
bool is_world_noted(const struct passing *it);      /* note_world */

#endif
