/* The channel of TLS, and what it knows of the client. Within broker/shell only. */
#ifndef BROKER_SHELL_TLS_CHANNEL_H
#define BROKER_SHELL_TLS_CHANNEL_H

#include <stdbool.h>

struct buf;
struct connection;

/* Appends the name that the client's certificate gives it, as its listener wants: the Common Name, or the whole
 * subject; or the identity of its key. False if there is none.
 */
bool tls_channel_user(struct connection *c, struct buf *name);

#endif
