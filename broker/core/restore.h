/* The store, read back: broker_restore in broker.h takes it pair by pair. */
#ifndef BROKER_CORE_RESTORE_H
#define BROKER_CORE_RESTORE_H

struct broker;

/* The last pair was restored. */
void restore_done(struct broker *b);

#endif
