/* The heads of HTTP/1.1 messages (RFC 9112), as far as the opening handshake of a WebSocket needs them: read
 * from bytes that come in any portions. Nothing here reads or writes a connection.
 */
#ifndef HARNESS_HTTP_H
#define HARNESS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HTTP_HEAD_MAX = 8192, /* bytes of a head, with the empty line at its end */
	HTTP_FIELDS_MAX = 64,
};

enum http_status {
	HTTP_HEAD,      /* a whole one, of `size` bytes */
	HTTP_NEED_MORE, /* the beginning of one */
	HTTP_MALFORMED, /* `what` says what is wrong with it */
};

struct http_text {
	const char *at; /* into what was read; not ended by a NUL */
	size_t len;
};

struct http_field {
	struct http_text name, value; /* without the blanks around it */
};

struct http_head {
	/* Of a request: method, target, version. Of a response: version, code, reason, which may be empty. */
	struct http_text start[3];
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t field_count;
	size_t size;
	const char *what;
};

enum http_status http_read_request(const char *data, size_t len, struct http_head *out);
enum http_status http_read_response(const char *data, size_t len, struct http_head *out);

bool http_is(struct http_text text, const char *word); /* letters in either case */

/* The value of the only field of this name. NULL: there is none, or there are several. */
const struct http_text *http_field(const struct http_head *head, const char *name);

size_t http_count(const struct http_head *head, const char *name); /* fields of this name */

/* Whether a field of this name, a list with commas in between, has this word in it. */
bool http_lists(const struct http_head *head, const char *name, const char *word);

#endif
