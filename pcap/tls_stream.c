#include "pcap/tls_stream.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pcap/network_order.h"
#include "pcap/tls_cipher.h"
#include "pcap/tls_hello.h"

enum {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,

	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	FINISHED = 20,
	KEY_UPDATE = 24,

	CLOSE_NOTIFY = 0,
	MESSAGE_HEAD = 4,
	HELLO_LIMIT = 64 * 1024, /* other messages are passed over, however long */
};

struct tls_side {
	struct buf record;  /* the one that is coming */
	struct buf message; /* of the handshake: head, and body of a hello */
	uint32_t skip;      /* bytes of a message's body that are not needed */
	struct tls_cipher cipher;
	bool traffic; /* TLS 1.3: its keys are those of the application */
};

struct tls_stream {
	const struct tls_secrets *secrets;
	struct tls_listener listener;
	void *to;
	struct tls_side sides[2];
	uint8_t client_random[TLS_RANDOM_BYTES];
	uint8_t server_random[TLS_RANDOM_BYTES];
	bool client_known;
	enum flow_from client;
	uint16_t version;
	const struct tls_suite *suite;
	uint8_t plain[TLS_RECORD_LIMIT];
	bool lost;
	char problem[128];
};

struct tls_stream *tls_stream_new(
	const struct tls_secrets *secrets, const struct tls_listener *listener, void *to)
{
	struct tls_stream *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->secrets = secrets;
	t->listener = *listener;
	t->to = to;
	for (int i = 0; i < 2; i++) {
		buf_init(&t->sides[i].record, TLS_RECORD_LIMIT);
		buf_init(&t->sides[i].message, MESSAGE_HEAD + HELLO_LIMIT);
	}
	return t;
}

void tls_stream_free(struct tls_stream *t)
{
	if (!t)
		return;
	for (int i = 0; i < 2; i++) {
		buf_fini(&t->sides[i].record);
		buf_fini(&t->sides[i].message);
		tls_cipher_fini(&t->sides[i].cipher);
	}
	OPENSSL_cleanse(t, sizeof(*t));
	free(t);
}

const char *tls_stream_problem(const struct tls_stream *t)
{
	return t->lost ? t->problem : NULL;
}

const char *tls_stream_version(const struct tls_stream *t)
{
	switch (t->version) {
	case TLS_1_3: return "TLS 1.3";
	case TLS_1_2: return "TLS 1.2";
	case 0: return NULL;
	default: return "an old TLS";
	}
}

__attribute__((format(printf, 2, 3))) static bool lose(
	struct tls_stream *t, const char *format, ...)
{
	va_list args;

	if (t->lost)
		return false;
	va_start(args, format);
	vsnprintf(t->problem, sizeof(t->problem), format, args);
	va_end(args);
	t->lost = true;
	return false;
}

void tls_stream_gap(struct tls_stream *t, enum flow_from from)
{
	(void)from;
	lose(t, "bytes of the encrypted stream are missing");
}

static const char *name_of(const struct tls_stream *t, enum flow_from from)
{
	return t->client_known && from == t->client ? "client" : "server";
}

static const struct tls_secret *secret_find(struct tls_stream *t, enum tls_label label)
{
	const struct tls_session *session = tls_secrets_find(t->secrets, t->client_random);

	if (session && session->secrets[label].size)
		return &session->secrets[label];
	lose(t,
		session ? "the key log has only a part of the secrets of this session"
			: "the key log has no secrets of this session");
	return NULL;
}

/* TLS 1.3: the keys of the handshake, or those of the application, of one side. */
static bool keys_1_3(struct tls_stream *t, enum flow_from from, bool traffic)
{
	struct tls_side *side = &t->sides[from];
	bool client = from == t->client;
	enum tls_label label = traffic ? (client ? TLS_CLIENT_TRAFFIC : TLS_SERVER_TRAFFIC)
				       : (client ? TLS_CLIENT_HANDSHAKE : TLS_SERVER_HANDSHAKE);
	const struct tls_secret *secret = secret_find(t, label);

	if (!secret)
		return false;
	side->traffic = traffic;
	return tls_cipher_traffic(&side->cipher, t->suite, secret) ||
		lose(t, "the secrets of this session do not fit its cipher suite");
}

static bool keys_1_2(struct tls_stream *t, enum flow_from from)
{
	const struct tls_secret *master = secret_find(t, TLS_MASTER);

	if (!master)
		return false;
	return tls_cipher_master(&t->sides[from].cipher, t->suite, master, t->client_random,
		       t->server_random, from != t->client) ||
		lose(t, "out of memory");
}

static bool take_client_hello(
	struct tls_stream *t, enum flow_from from, const uint8_t *body, size_t size)
{
	struct tls_hello hello;

	if (!tls_client_hello_read(body, size, &hello))
		return lose(t, "the ClientHello is malformed");
	if (t->client_known && (from != t->client || t->suite))
		return lose(t, "the session is negotiated again, which is not followed");
	memcpy(t->client_random, hello.random, TLS_RANDOM_BYTES);
	t->client_known = true;
	t->client = from;
	return true;
}

static bool take_server_hello(
	struct tls_stream *t, enum flow_from from, const uint8_t *body, size_t size)
{
	struct tls_hello hello;

	if (!t->client_known || from == t->client || t->suite)
		return lose(t, "a ServerHello comes where there can be none");
	if (!tls_server_hello_read(body, size, &hello))
		return lose(t, "the ServerHello is malformed");
	t->version = hello.version;
	if (hello.retry)
		return true;
	memcpy(t->server_random, hello.random, TLS_RANDOM_BYTES);
	t->suite = tls_suite_find(hello.version, hello.suite);
	return t->suite ||
		lose(t, "cipher suite 0x%04X of %s is not one that can be decrypted here",
			(unsigned)hello.suite, tls_stream_version(t));
}

/* A message of the handshake is complete; of those that are passed over only the type is known. */
static bool take_message(
	struct tls_stream *t, enum flow_from from, uint8_t type, const uint8_t *body, size_t size)
{
	struct tls_side *side = &t->sides[from];

	if (type == CLIENT_HELLO)
		return take_client_hello(t, from, body, size);
	if (type == SERVER_HELLO)
		return take_server_hello(t, from, body, size);
	if (t->version != TLS_1_3 || !side->cipher.suite)
		return true;
	/* Both are the last of their records, since the next record has other keys. */
	if (type == FINISHED && !side->traffic)
		return keys_1_3(t, from, true);
	if (type == KEY_UPDATE)
		return tls_cipher_update(&side->cipher) || lose(t, "out of memory");
	return true;
}

static uint32_t message_size(const struct buf *message)
{
	return network_u32(message->data) & 0xffffff;
}

/* Messages may span records, and a record may have several. */
static bool take_handshake(
	struct tls_stream *t, enum flow_from from, const uint8_t *data, size_t size)
{
	struct tls_side *side = &t->sides[from];
	struct buf *m = &side->message;

	while (size) {
		size_t want = m->len < MESSAGE_HEAD ? MESSAGE_HEAD - m->len : side->skip;
		bool hello = m->len >= MESSAGE_HEAD && m->data[0] <= SERVER_HELLO;
		if (hello)
			want = MESSAGE_HEAD + message_size(m) - m->len;
		size_t part = want < size ? want : size;
		if (m->len < MESSAGE_HEAD || hello) {
			if (!buf_add(m, data, part))
				return lose(t, "out of memory");
			if (m->len == MESSAGE_HEAD && !hello)
				side->skip = message_size(m);
			hello = m->len >= MESSAGE_HEAD && m->data[0] <= SERVER_HELLO;
			if (hello && message_size(m) > HELLO_LIMIT)
				return lose(t, "a hello of %u bytes", (unsigned)message_size(m));
		} else {
			side->skip -= (uint32_t)part;
		}
		data += part;
		size -= part;
		if (m->len < MESSAGE_HEAD ||
			(hello ? m->len < MESSAGE_HEAD + message_size(m) : side->skip != 0))
			continue;
		uint8_t type = m->data[0];
		bool good =
			take_message(t, from, type, m->data + MESSAGE_HEAD, m->len - MESSAGE_HEAD);
		buf_reset(m);
		if (!good)
			return false;
	}
	return true;
}

static bool take_content(struct tls_stream *t, enum flow_from from, uint8_t type,
	const uint8_t *data, size_t size, const struct moment *moment)
{
	switch (type) {
	case RECORD_HANDSHAKE:
		/* In TLS 1.2 nothing of interest comes encrypted but what begins another negotiation. */
		return take_handshake(t, from, data, size);
	case RECORD_ALERT:
		if (size == 2 && data[1] == CLOSE_NOTIFY && t->listener.closed)
			t->listener.closed(t->to, from, moment);
		return true;
	case RECORD_DATA:
		if (size && t->listener.plain)
			t->listener.plain(t->to, from, data, size, moment);
		return true;
	default: return true;
	}
}

/* The side's records are encrypted from here on, with keys that are derived when the first of them is here. */
static bool encryption_begin(struct tls_stream *t, enum flow_from from)
{
	if (!t->suite)
		return lose(t,
			t->client_known ? "the %s sends data before the session is agreed on"
					: "the session began before the capture (%s)",
			name_of(t, from));
	return t->version == TLS_1_3 ? keys_1_3(t, from, false) : keys_1_2(t, from);
}

static bool take_record(struct tls_stream *t, enum flow_from from, const uint8_t *record,
	size_t size, const struct moment *moment)
{
	struct tls_side *side = &t->sides[from];
	uint8_t type = record[0];
	size_t plain_size;

	if (type == RECORD_CHANGE_CIPHER_SPEC) {
		if (t->version == TLS_1_3 ||
			!t->suite) /* it only looks like TLS 1.2, RFC 8446 D.4 */
			return true;
		return !side->cipher.suite ? encryption_begin(t, from)
					   : lose(t,
						     "the session is negotiated again, which is "
						     "not followed");
	}
	if (!side->cipher.suite && type == RECORD_DATA && !encryption_begin(t, from))
		return false;
	if (!side->cipher.suite)
		return take_content(
			t, from, type, record + TLS_RECORD_HEAD, size - TLS_RECORD_HEAD, moment);
	if (t->version == TLS_1_3 && type == RECORD_ALERT) /* of somebody who has no keys yet */
		return true;
	if (!tls_cipher_open(&side->cipher, record, size, t->plain, &plain_size, &type))
		return lose(t,
			"a record of the %s cannot be decrypted: the secrets are of another "
			"session, or it was damaged",
			name_of(t, from));
	return take_content(t, from, type, t->plain, plain_size, moment);
}

bool tls_stream_bytes(struct tls_stream *t, enum flow_from from, const uint8_t *data, size_t size,
	const struct moment *moment)
{
	struct buf *record = &t->sides[from].record;

	while (size && !t->lost) {
		size_t want = TLS_RECORD_HEAD;
		if (record->len >= TLS_RECORD_HEAD)
			want += network_u16(record->data + 3);
		if (want > TLS_RECORD_LIMIT)
			return lose(t, "a record of %zu bytes", want);
		size_t part = want - record->len < size ? want - record->len : size;
		if (!buf_add(record, data, part))
			return lose(t, "out of memory");
		data += part;
		size -= part;
		if (record->len < TLS_RECORD_HEAD)
			continue;
		if (record->data[0] < RECORD_CHANGE_CIPHER_SPEC || record->data[0] > RECORD_DATA)
			return lose(t, "a record of type %u", (unsigned)record->data[0]);
		if (record->len < TLS_RECORD_HEAD + (size_t)network_u16(record->data + 3))
			continue;
		take_record(t, from, record->data, record->len, moment);
		buf_reset(record);
	}
	return !t->lost;
}
