/* A WebSocket as a channel: the opening handshake, and then binary frames, in which packets may begin and end
 * anywhere [MQTT-6.0.0-2].
 */
#ifndef CLIENT_SHELL_WEBSOCKET_H
#define CLIENT_SHELL_WEBSOCKET_H

#include "client/shell/channel.h"

extern const struct channel channel_websocket; /* needs `path` of the server */

#endif
