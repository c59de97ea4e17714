/* The request that opens a WebSocket: RFC 6455, 4.2.1. Bytes in, a verdict out. */
#ifndef BROKER_SHELL_HTTP_REQUEST_H
#define BROKER_SHELL_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_REQUEST_MAX = 8192 }; /* bytes, its blank line included */

struct http_text {
	const char *data;
	size_t len; /* NULL data: it is not there */
};

struct http_request {
	struct http_text key;      /* Sec-WebSocket-Key */
	struct http_text origin;   /* Origin */
	struct http_text protocol; /* of those in Sec-WebSocket-Protocol: "mqtt", else "mqttv3.1" */
};

/* How many of the bytes are the request; 0: its end has not come yet. */
size_t http_request_size(const char *data, size_t len);

/* A request with its end. Returns 101 if a WebSocket is what it asks for, else the status to refuse it with, and
 * `*why` says it in words. Texts point into the request.
 */
int http_request_read(struct http_request *r, const char *data, size_t len, const char **why);

#endif
