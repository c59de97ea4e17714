#include "bench/load/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "harness/transport/endpoint.h"
#include "harness/transport/tls_context.h"
#include "harness/transport/transport.h"

enum {
	BINARY = 0x82, /* FIN and the opcode, RFC 6455, 5.2 */
	MASKED = 0x80,
	HEAD_MAX = 14,
	RECORD = 16 * 1024,
};

/* The first fault is the one that is told. */
static void fail(struct stream *s, const char *fault)
{
	if (!s->fault)
		s->fault = fault;
	ERR_clear_error();
}

bool stream_is_needed(const struct endpoint *to)
{
	return to->transport->is_secret || to->transport->has_path;
}

/* What OpenSSL wants to send. */
static void take_records(struct stream *s)
{
	uint8_t records[RECORD];
	int n;

	while ((n = BIO_read(SSL_get_wbio(s->tls), records, sizeof(records))) > 0)
		buf_add(&s->wire, records, (size_t)n);
}

static bool is_shaken(struct stream *s)
{
	if (!s->tls || SSL_is_init_finished(s->tls))
		return true;
	int result = SSL_do_handshake(s->tls);
	take_records(s);
	if (result <= 0 && SSL_get_error(s->tls, result) != SSL_ERROR_WANT_READ) {
		bool distrusted =
			!s->to->tls->files.insecure && SSL_get_verify_result(s->tls) != X509_V_OK;
		fail(s,
			distrusted
				? "TLS: the broker's certificate is not trusted (--ca, --insecure)"
				: "TLS: the handshake fails");
	}
	return result > 0;
}

/* `data` goes out below the frames. */
static void send_below(struct stream *s, const void *data, size_t len)
{
	size_t written;

	if (!s->tls) {
		buf_add(&s->wire, data, len);
		return;
	}
	if (len && !SSL_write_ex(s->tls, data, len, &written))
		fail(s, "TLS: nothing can be written");
	take_records(s);
}

static void ask_for_websocket(struct stream *s)
{
	struct buf opening;

	buf_init(&opening, STREAM_READ_MAX);
	buf_printf(&opening,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: mqtt\r\n\r\n",
		s->to->path, s->to->host);
	if (opening.failed)
		fail(s, "WebSocket: its path is too long");
	send_below(s, opening.data, opening.len);
	buf_fini(&opening);
}

/* Whom the certificate has to be for. */
static bool expect_host(struct stream *s)
{
	const struct tls_files *files = &s->to->tls->files;
	const char *name = files->sni ? files->sni : s->to->host;
	X509_VERIFY_PARAM *verified = SSL_get0_param(s->tls);

	if (X509_VERIFY_PARAM_set1_ip_asc(verified, name))
		return true;
	return SSL_set_tlsext_host_name(s->tls, name) && SSL_set1_host(s->tls, name);
}

static void begin_tls(struct stream *s)
{
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	s->tls = SSL_new(s->to->tls->context);
	if (!s->tls || !in || !out) {
		BIO_free(in);
		BIO_free(out);
		fail(s, "TLS: no memory");
		return;
	}
	SSL_set_bio(s->tls, in, out);
	SSL_set_mode(s->tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_set_connect_state(s->tls);
	if (!expect_host(s))
		fail(s, "TLS: no certificate can be for this host");
}

void stream_init(struct stream *s, const struct endpoint *to)
{
	*s = (struct stream){ .to = to, .framed = to->transport->has_path };
	buf_init(&s->wire, SIZE_MAX);
	if (to->transport->is_secret)
		begin_tls(s);
	if (!s->fault && is_shaken(s) && s->framed)
		ask_for_websocket(s);
}

void stream_fini(struct stream *s)
{
	SSL_free(s->tls);
	s->tls = NULL;
	buf_fini(&s->wire);
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

void stream_write(struct stream *s, struct buf *plain)
{
	static const uint8_t mask[4] = { 0x5a, 0xc3, 0x17, 0x8e };
	uint8_t head[HEAD_MAX];

	if (!plain->len || s->fault || (s->framed ? !s->opened : !is_shaken(s)))
		return;
	if (s->framed) {
		for (size_t i = 0; i < plain->len; i++)
			plain->data[i] ^= mask[i % 4];
		struct buf frame;
		buf_init(&frame, SIZE_MAX);
		buf_add(&frame, head, put_frame_head(head, plain->len, mask));
		buf_add(&frame, plain->data, plain->len);
		send_below(s, frame.data, frame.len);
		buf_fini(&frame);
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
			fail(s, "the broker refuses WebSocket");
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
		fail(s, "the broker sends a control frame");
	return true;
}

/* Takes the frames away, in place; returns how many bytes are left. */
static size_t take_frames(struct stream *s, uint8_t *data, size_t len)
{
	size_t at = 0, kept = 0;

	while (at < len && !s->fault) {
		if (!s->left) {
			if (s->head_len == sizeof(s->head)) {
				fail(s, "the broker's answer to the opening is too long");
				break;
			}
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
	return s->fault ? 0 : kept;
}

static size_t take_tls(struct stream *s, const uint8_t *data, size_t len, uint8_t *plain)
{
	size_t room = len + STREAM_MORE, got = 0, n;

	if (BIO_write(SSL_get_rbio(s->tls), data, (int)len) != (int)len) {
		fail(s, "TLS: no memory");
		return 0;
	}
	if (!SSL_is_init_finished(s->tls)) {
		if (!is_shaken(s))
			return 0;
		if (s->framed)
			ask_for_websocket(s);
	}
	while (got < room && SSL_read_ex(s->tls, plain + got, room - got, &n))
		got += n;
	if (got < room && SSL_get_error(s->tls, 0) != SSL_ERROR_WANT_READ)
		fail(s, "TLS: the broker ends the connection");
	take_records(s);
	return got;
}

size_t stream_read(struct stream *s, const uint8_t *data, size_t len, uint8_t *plain)
{
	size_t got = len;

	if (s->fault)
		return 0;
	if (s->tls)
		got = take_tls(s, data, len, plain);
	else
		memcpy(plain, data, len);
	return s->framed ? take_frames(s, plain, got) : got;
}
