#include "bench/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BINARY = 0x82, /* FIN and the opcode, RFC 6455, 5.2 */
	MASKED = 0x80,
	HEAD_MAX = 14,
	RECORD = 16 * 1024,
};

static void die(const char *what)
{
	fprintf(stderr, "mqttspec-load: %s\n", what);
	exit(1);
}

SSL_CTX *stream_tls_new(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (!tls)
		die("TLS: no memory");
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	return tls;
}

/* What OpenSSL wants to send. */
static void take_records(struct stream *s)
{
	uint8_t records[RECORD];
	int n;

	while ((n = BIO_read(SSL_get_wbio(s->tls), records, sizeof(records))) > 0)
		out_add(&s->wire, records, (size_t)n);
}

static bool is_shaken(struct stream *s)
{
	if (!s->tls || SSL_is_init_finished(s->tls))
		return true;
	int result = SSL_do_handshake(s->tls);
	take_records(s);
	if (result <= 0 && SSL_get_error(s->tls, result) != SSL_ERROR_WANT_READ)
		die("TLS: the handshake fails");
	return result > 0;
}

/* `data` goes out below the frames. */
static void send_below(struct stream *s, const void *data, size_t len)
{
	size_t written;

	if (!s->tls) {
		out_add(&s->wire, data, len);
		return;
	}
	if (len && !SSL_write_ex(s->tls, data, len, &written))
		die("TLS: nothing can be written");
	take_records(s);
}

static void ask_for_websocket(struct stream *s)
{
	static const char opening[] =
		"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: mqtt\r\n\r\n";

	send_below(s, opening, sizeof(opening) - 1);
}

void stream_init(struct stream *s, SSL_CTX *tls, bool framed)
{
	*s = (struct stream){ .framed = framed };
	if (tls) {
		BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
		s->tls = SSL_new(tls);
		if (!s->tls || !in || !out)
			die("TLS: no memory");
		SSL_set_bio(s->tls, in, out);
		SSL_set_connect_state(s->tls);
	}
	if (is_shaken(s) && framed)
		ask_for_websocket(s);
}

static size_t put_frame_head(
	uint8_t head[static HEAD_MAX], size_t len, const uint8_t mask[static 4])
{
	size_t bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;

	head[0] = BINARY;
	head[1] = MASKED | (uint8_t)(bytes == 0 ? len : bytes == 2 ? 126 : 127);
	for (size_t i = 0; i < bytes; i++)
		head[2 + i] = (uint8_t)(len >> 8 * (bytes - 1 - i));
	memcpy(head + 2 + bytes, mask, 4);
	return 2 + bytes + 4;
}

void stream_write(struct stream *s, struct out *plain)
{
	static const uint8_t mask[4] = { 0x5a, 0xc3, 0x17, 0x8e };
	uint8_t head[HEAD_MAX];

	if (!plain->len || (s->framed ? !s->opened : !is_shaken(s)))
		return;
	if (s->framed) {
		for (size_t i = 0; i < plain->len; i++)
			plain->data[i] ^= mask[i % 4];
		struct out frame = { 0 };
		out_add(&frame, head, put_frame_head(head, plain->len, mask));
		out_add(&frame, plain->data, plain->len);
		send_below(s, frame.data, frame.len);
		free(frame.data);
	} else {
		send_below(s, plain->data, plain->len);
	}
	plain->len = 0;
}

/* ---- what comes ---------------------------------------------------------------------------- */

/* Whether the bytes kept in s->head are a whole head, of the answer or of a frame. */
static bool take_head(struct stream *s)
{
	if (!s->opened) {
		if (s->head_len < 4 || memcmp(s->head + s->head_len - 4, "\r\n\r\n", 4) != 0)
			return false;
		if (memcmp(s->head, "HTTP/1.1 101 ", 13) != 0)
			die("the broker refuses WebSocket");
		s->opened = true;
		s->left = 0;
		return true;
	}
	if (s->head_len < 2)
		return false;
	uint8_t size = s->head[1] & 0x7f;
	size_t bytes = size < 126 ? 0 : size == 126 ? 2 : 8;
	if (s->head_len < 2 + bytes)
		return false;
	s->left = bytes ? 0 : size;
	for (size_t i = 0; i < bytes; i++)
		s->left = s->left << 8 | s->head[2 + i];
	if ((s->head[0] & 0x0f) > (BINARY & 0x0f))
		die("the broker sends a control frame");
	return true;
}

/* Takes the frames away, in place; returns how many bytes are left. */
static size_t take_frames(struct stream *s, uint8_t *data, size_t len)
{
	size_t at = 0, kept = 0;

	while (at < len) {
		if (!s->left) {
			if (s->head_len == sizeof(s->head))
				die("the broker's answer to the opening is too long");
			s->head[s->head_len++] = data[at++];
			if (take_head(s))
				s->head_len = 0;
			continue;
		}
		size_t n = s->left < len - at ? (size_t)s->left : len - at;
		memmove(data + kept, data + at, n);
		kept += n;
		at += n;
		s->left -= n;
	}
	return kept;
}

static size_t take_tls(struct stream *s, const uint8_t *data, size_t len, uint8_t *plain)
{
	size_t room = len + STREAM_MORE, got = 0, n;

	if (BIO_write(SSL_get_rbio(s->tls), data, (int)len) != (int)len)
		die("TLS: no memory");
	if (!SSL_is_init_finished(s->tls)) {
		if (!is_shaken(s))
			return 0;
		if (s->framed)
			ask_for_websocket(s);
	}
	while (got < room && SSL_read_ex(s->tls, plain + got, room - got, &n))
		got += n;
	if (got < room && SSL_get_error(s->tls, 0) != SSL_ERROR_WANT_READ)
		die("TLS: the broker ends the connection");
	take_records(s);
	return got;
}

size_t stream_read(struct stream *s, const uint8_t *data, size_t len, uint8_t *plain)
{
	size_t got = len;

	if (s->tls)
		got = take_tls(s, data, len, plain);
	else
		memcpy(plain, data, len);
	return s->framed ? take_frames(s, plain, got) : got;
}
