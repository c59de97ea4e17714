/* Actions of deviations: what SUBSCRIBE and UNSUBSCRIBE name on their way to the server, and topics. */
#ifndef DEVIANTS_THEN_FILTERS_H
#define DEVIANTS_THEN_FILTERS_H

#include "deviants/passing.h"

void set_filter_qos(struct passing *it, long qos);   /* of all filters that ask for more */
void raise_filter_qos(struct passing *it, long qos); /* of all that ask for less */
void set_options(struct passing *it, long bits);     /* OPTIONS(clear, set) */
#define OPTIONS(clear, set) ((long)(clear) | (long)(set) << 8)
void spoil_filters(struct passing *it, long none); /* they match nothing any more */
void spoil_last_filter(struct passing *it, long none);
void spoil_wildcards(struct passing *it, long none); /* those with wildcards */
void spoil_shares(struct passing *it, long none); /* the share becomes an ordinary subscription */

void hash_to_plus(struct passing *it, long none); /* filters that end in # end in + */
void lower_topic(struct passing *it, long none);  /* PUBLISH: small letters */
void lower_filters(struct passing *it, long none);

#endif
