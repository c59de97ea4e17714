/* What a client under test finds of us over TLS: a throw-away PKI for the whole run, in a private folder, and
 * its server, which all case runs are.
 */
#ifndef HARNESS_CLIENT_PKI_H
#define HARNESS_CLIENT_PKI_H

#include <stdbool.h>

struct arena;
struct client;

/* Fills in `pki` and `tls` of the client; strings are in the arena. False, with a sentence. */
bool client_pki_make(struct arena *a, struct client *client, const char **error);

/* Removes the folder. Harmless when nothing was made. */
void client_pki_remove(struct client *client);

#endif
