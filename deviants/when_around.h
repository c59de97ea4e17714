/* Conditions of deviations: what has happened around a packet, to others or to its own connection before. */
#ifndef DEVIANTS_WHEN_AROUND_H
#define DEVIANTS_WHEN_AROUND_H

#include "deviants/passing.h"

/* ---- others ---- */
bool crowd_is_silent(const struct passing *it); /* twenty connections have had no CONNECT yet */

/* ---- its session ---- */
bool is_twentieth_connection(const struct passing *it); /* of its session, or a later one */
bool is_noted_for_session(const struct passing *it);    /* note_for_session */

/* ---- its connection ---- */
bool is_unread(const struct passing *it); /* the client leaves half a megabyte or more lying */
bool ping_is_overdue(const struct passing *it); /* by PINGREQ alone it would be too late */

/* ---- where a PUBLISH to a client came from ---- */
bool from_dup(const struct passing *it);         /* it was published with DUP 1 */
bool after_qos0(const struct passing *it);       /* what its publisher sent before it had QoS 0 */
bool of_ended_session(const struct passing *it); /* a Will, whose session has been noted */

#endif
