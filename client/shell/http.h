/* The head of an HTTP/1.1 response (RFC 9112), as far as the opening handshake of a WebSocket needs it. Only looks
 * at bytes.
 */
#ifndef CLIENT_SHELL_HTTP_H
#define CLIENT_SHELL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_HEAD_MAX = 8192 }; /* with the empty line at its end */

enum http_progress {
	HTTP_WHOLE,
	HTTP_PART,   /* the beginning of one: no more can be said */
	HTTP_FOREIGN /* it is none, or too long: `what` says why */
};

struct http_text { /* within what was read; no NUL at its end */
	const char *at;
	size_t len;
};

struct http_response {
	unsigned status;         /* 100 to 999 */
	struct http_text reason; /* may be empty */
	struct http_text fields; /* all lines of them */
	size_t size;             /* bytes of the head */
	const char *what;
};

enum http_progress http_read(const char *data, size_t len, struct http_response *r);

/* The value of a field, without blanks around it. False if there is none of this name, or several. */
bool http_field(const struct http_response *r, const char *name, struct http_text *value);
bool http_has(const struct http_response *r, const char *name);

/* Whether a field is a list that contains this word; letters in either case. */
bool http_lists(const struct http_response *r, const char *name, const char *word);
bool http_is(struct http_text text, const char *word); /* the same for all of it */

/* Whether `text` is "Name: value", as a field can be sent. */
bool http_is_field(const char *text);

#endif
