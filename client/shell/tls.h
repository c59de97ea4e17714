/* TLS as a channel: the session works on memory, and the layers carry what comes of it. */
#ifndef CLIENT_SHELL_TLS_H
#define CLIENT_SHELL_TLS_H

#include "client/shell/channel.h"

extern const struct channel channel_tls; /* needs `tls` of the server */

#endif
