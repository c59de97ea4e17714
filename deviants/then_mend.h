/* Actions of deviations that take what is wrong for what is right: they mend a packet of a client on its way to the
 * server, which then accepts it.
 */
#ifndef DEVIANTS_THEN_MEND_H
#define DEVIANTS_THEN_MEND_H

#include "deviants/passing.h"

void mend_strings(
	struct passing *it, long none); /* what is ill-formed becomes letters, and U+0000 */
void strip_marks(struct passing *it, long none); /* U+FEFF goes, from topics and filters */
void mend_wildcards(
	struct passing *it, long none); /* of filters: those that are misplaced become letters */
void mend_response_topic(struct passing *it, long none);
void mend_filters(struct passing *it, long none); /* those that name nothing name something */
void remove_foreign(
	struct passing *it, long none); /* properties of other packets, also of the Will */
void remove_repeated(
	struct passing *it, long none); /* of properties that may stand once, all but the first */
void keep_first(struct passing *it, long id);   /* of this property */
void at_least_one(struct passing *it, long id); /* a property of 0 becomes 1 */
void at_most_one(struct passing *it, long id);  /* one above 1 becomes 1 */
void clear_will_flags(struct passing *it, long none);
void remove_password(struct passing *it, long none);
void repair_auth(struct passing *it, long none); /* without method and data */

/* ---- topics and filters, both of them ---- */
void squeeze_slashes(struct passing *it, long none); /* several in a row become one */
void strip_last_slash(struct passing *it, long none);
void strip_first_slash(struct passing *it, long none);
void strip_blanks(struct passing *it, long none);

/* ---- answers in place of the server ---- */
void accept_connect(
	struct passing *it, long none); /* bytes that begin with CONNECT get a CONNACK of success */
void refuse_connect(struct passing *it, long code);  /* the client gets this CONNACK and the end */
void refuse_and_stay(struct passing *it, long code); /* the same without the end */

#endif
