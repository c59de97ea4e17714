/* Conditions of deviations: the form of a packet, at the borders of what is usual. */
#ifndef DEVIANTS_WHEN_FORM_H
#define DEVIANTS_WHEN_FORM_H

#include "deviants/passing.h"

/* ---- how long it is, and how it came ---- */
bool length_is_128(const struct passing *it);     /* Remaining Length, the least of two bytes ... */
bool length_is_16384(const struct passing *it);   /* ... of three ... */
bool length_is_2097152(const struct passing *it); /* ... and of four */
bool length_is_padded(const struct passing *it);  /* it has more bytes than it needs */
bool property_length_is_padded(const struct passing *it); /* PUBLISH, SUBSCRIBE: likewise */
bool packet_came_in_pieces(const struct passing *it);
bool announces_giant(const struct passing *it); /* EVENT_BEGUN: more than 200 MB are to come */

/* ---- CONNECT ---- */
bool has_no_password(const struct passing *it);
bool has_empty_user_name(const struct passing *it);
bool has_empty_will(const struct passing *it);
bool has_vast_session_expiry(const struct passing *it); /* negative, as a signed number */
bool has_hundred_user_properties(const struct passing *it);

/* ---- the connection ---- */
bool has_longest_keep_alive(const struct passing *it); /* 65,535 s */
bool has_given_id(const struct passing *it);           /* the ClientId is the client's own */

/* ---- other packets ---- */
bool has_repeated_pair(const struct passing *it);        /* a User Property, name and value */
bool code_is_foreign(const struct passing *it);          /* its type has no such Reason Code */
bool topic_has_wide_character(const struct passing *it); /* of four bytes */
bool topic_has_control_character(const struct passing *it);
bool payload_is_not_as_indicated(const struct passing *it); /* no UTF-8, though it says so */
bool has_thousand_levels(const struct passing *it);         /* its first filter, or more */

#endif
