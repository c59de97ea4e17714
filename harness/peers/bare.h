/* A peer past the layers of its transport. */
#ifndef HARNESS_BARE_H
#define HARNESS_BARE_H

#include <stdbool.h>

struct peer;

/* Instead of peer_dial: what comes is for nobody. False, with a sentence, where there is no connection. */
bool peer_dial_bare(struct peer *p, const char **error);

/* Instead of peer_dial, over TLS: with the certificate and key in FOLDER/NAME.pem and .key (`name` NULL: without
 * one), and at this version of TLS alone (0: any). False, with a sentence, where hands are not shaken.
 */
struct peer_tls {
	const char *folder, *name;
	bool shows; /* what is in folder and name; else what every peer shows */
	int version;
};

bool peer_dial_tls(struct peer *p, const struct peer_tls *how, const char **error);

/* Whether the other side has ended TLS by close_notify; -1: there is no telling, as something lies on top of TLS, or the
 * connection has not ended.
 */
int peer_was_notified(const struct peer *p);

void peer_disturb(struct peer *p);
void peer_cut(struct peer *p);

#endif
