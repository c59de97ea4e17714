/* What a packet points to, copied so that an action may write to it. The packet has the copy from then on. */
#ifndef DEVIANTS_OWN_H
#define DEVIANTS_OWN_H

#include "deviants/passing.h"

/* With room for so many bytes more. */
uint8_t *own_bytes(struct passing *it, struct bytes *b, size_t more);

/* With room for two more; the caller says whether the packet is `changed`. */
struct property *own_properties(struct passing *it, struct properties *p);

/* Of the type that its identifier has. */
void own_add_property(struct passing *it, struct properties *p, struct property new);

struct filter *own_filters(struct passing *it);

#endif
