/* A peer past the layers of its transport. */
#ifndef HARNESS_BARE_H
#define HARNESS_BARE_H

#include <stdbool.h>

struct peer;

/* Instead of peer_dial: what comes is for nobody. False, with a sentence, where there is no connection. */
bool peer_dial_bare(struct peer *p, const char **error);

void peer_disturb(struct peer *p);
void peer_cut(struct peer *p);

#endif
