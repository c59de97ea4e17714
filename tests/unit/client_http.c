/* The opening handshake of a WebSocket, as a client sees it: HTTP heads, and what is in them. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "client/shell/opening.h"

static const char sample_key[] = "dGhlIHNhbXBsZSBub25jZQ=="; /* RFC 6455, section 1.3 */

static const char good[] = "HTTP/1.1 101 Switching Protocols\r\n"
			   "upgrade: WebSocket\r\n"
			   "Connection:keep-alive ,\tUPGRADE\r\n"
			   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
			   "Sec-WebSocket-Protocol: \t mqtt \r\n"
			   "\r\n";

/* In memory of just its size. */
static enum http_progress read_exactly(const char *text, size_t len, struct http_response *r)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	enum http_progress progress = http_read(copy, len, r);
	free(copy);
	return progress;
}

static void a_head_is_read_once_it_is_whole(void **state)
{
	struct http_response r;

	(void)state;
	for (size_t len = 0; len < sizeof(good) - 1; len++)
		assert_int_equal(read_exactly(good, len, &r), HTTP_PART);
	assert_int_equal(http_read(good, sizeof(good) - 1, &r), HTTP_WHOLE);
	assert_int_equal(r.size, sizeof(good) - 1);
	assert_int_equal(r.status, 101);
	assert_true(http_is(r.reason, "switching protocols"));
}

static void fields_are_found(void **state)
{
	static const char text[] =
		"HTTP/1.1 200\r\nA: 1\r\nB:\r\na-b: x\r\nB: two\r\nC: 1 , b\r\n\r\n";
	struct http_response r;
	struct http_text value;

	(void)state;
	assert_int_equal(http_read(text, sizeof(text) - 1, &r), HTTP_WHOLE);
	assert_int_equal(r.reason.len, 0);
	assert_true(http_field(&r, "a", &value));
	assert_true(http_is(value, "1"));
	assert_false(http_field(&r, "b", &value)); /* there are two */
	assert_true(http_has(&r, "b"));
	assert_false(http_has(&r, "a-"));
	assert_true(http_lists(&r, "B", "two"));
	assert_true(http_lists(&r, "c", "B"));
	assert_false(http_lists(&r, "c", "1 , b"));
}

static void what_is_no_head_is_told(void **state)
{
	static const char *const bad[] = { "HTTP/2 101 x\r\n\r\n", "http/1.1 101 x\r\n\r\n",
		"HTTP/1.1 101\n\n", "HTTP/1.1 1x1 x\r\n\r\n", "HTTP/1.1 1010 x\r\n\r\n",
		"HTTP/1.1 001 x\r\n\r\n", "HTTP/1.1 101 a\001b\r\n\r\n",
		"HTTP/1.1 101\r\n A: b\r\n\r\n", "HTTP/1.1 101\r\nA : b\r\n\r\n",
		"HTTP/1.1 101\r\n: b\r\n\r\n", "HTTP/1.1 101\r\nA: b\rc\r\n\r\n",
		"HTTP/1.1 101\r\nA\r\n\r\n", "\x16\x03\x01" };
	struct http_response r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (read_exactly(bad[i], strlen(bad[i]), &r) != HTTP_FOREIGN)
			fail_msg("\"%s\" was read", bad[i]);
		assert_non_null(r.what);
	}
}

static void a_head_has_a_size(void **state)
{
	char text[HTTP_HEAD_MAX + 1];
	struct http_response r;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "HTTP/1.1 101\r\nA: ", 17);
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(read_exactly(text, HTTP_HEAD_MAX - 1, &r), HTTP_PART);
	assert_int_equal(read_exactly(text, HTTP_HEAD_MAX, &r), HTTP_WHOLE);
	memcpy(text + HTTP_HEAD_MAX - 4, "x\r\n\r\n", 5);
	assert_int_equal(read_exactly(text, HTTP_HEAD_MAX + 1, &r), HTTP_FOREIGN);
}

static void the_answer_of_the_rfc_is_right(void **state)
{
	struct http_response r;
	char accept[OPENING_ACCEPT_SIZE], error[200], other[OPENING_KEY_SIZE];

	(void)state;
	opening_accept(sample_key, accept);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_int_equal(http_read(good, sizeof(good) - 1, &r), HTTP_WHOLE);
	assert_true(opening_check(&r, sample_key, error, sizeof(error)));
	assert_true(opening_key(other));
	assert_int_equal(strlen(other), OPENING_KEY_SIZE - 1);
	assert_false(opening_check(&r, other, error, sizeof(error)));
	assert_non_null(strstr(error, "Sec-WebSocket-Accept"));
}

static void a_request_names_its_host(void **state)
{
	static const struct {
		struct server server;
		const char *lines;
	} rows[] = {
		{ { .host = "h", .port = "80", .path = "/p" }, "GET /p HTTP/1.1\r\nHost: h\r\n" },
		{ { .host = "h", .port = "443", .path = "/" },
			"GET / HTTP/1.1\r\nHost: h:443\r\n" },
		{ { .host = "h", .port = "443", .path = "/", .secure = true },
			"GET / HTTP/1.1\r\nHost: h\r\n" },
		{ { .host = "::1", .port = "8080", .path = "/" },
			"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n" },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_reset(&out);
		assert_true(opening_request(&out, &rows[i].server, sample_key));
		assert_memory_equal(buf_text(&out), rows[i].lines, strlen(rows[i].lines));
		assert_non_null(strstr(buf_text(&out), "\r\nSec-WebSocket-Protocol: mqtt\r\n"));
	}
	buf_fini(&out);
}

static void not_every_field_may_be_added(void **state)
{
	static const char *const may[] = { "Authorization: Bearer x", "X-A:", "Hosts: x",
		"Cookie: a=b" };
	static const char *const may_not[] = { "Host: x", "HOST:x", "upgrade: x", "Connection: x",
		"Sec-WebSocket-Protocol: x", "Content-Length: 1", "X", "X y: z", ": x",
		"X: a\r\nY: b", "X: a\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(may) / sizeof(*may); i++)
		assert_true(opening_allows(may[i]));
	for (size_t i = 0; i < sizeof(may_not) / sizeof(*may_not); i++)
		assert_false(opening_allows(may_not[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_read_once_it_is_whole),
		cmocka_unit_test(fields_are_found),
		cmocka_unit_test(what_is_no_head_is_told),
		cmocka_unit_test(a_head_has_a_size),
		cmocka_unit_test(the_answer_of_the_rfc_is_right),
		cmocka_unit_test(a_request_names_its_host),
		cmocka_unit_test(not_every_field_may_be_added),
	};
	return cmocka_run_group_tests_name("client_http", tests, NULL, NULL);
}
