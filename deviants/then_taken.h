/* Actions of deviations that take what is wrong with a packet of a server for what is right. */
#ifndef DEVIANTS_THEN_TAKEN_H
#define DEVIANTS_THEN_TAKEN_H

#include "deviants/passing.h"

void clear_ack_flags(struct passing *it, long none); /* CONNACK: all but Session Present */
void accept_instead(struct passing *it, long none);  /* a CONNACK of success comes in its place */
void drop_empty_id(struct passing *it, long none);   /* CONNECT: the field of an empty ClientId */

#endif
