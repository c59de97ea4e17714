/* Finding all that a topic matches. The structs are in subscriptions.h. */
#ifndef BROKER_CORE_MATCH_H
#define BROKER_CORE_MATCH_H

#include "broker/core/subscriptions.h"

void match_fini(struct memory *memory, struct match *m);

#endif
