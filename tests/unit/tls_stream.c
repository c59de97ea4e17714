/* Sessions of OpenSSL's, in memory, whose bytes are read along with what its key log has. */
#include "tests/unit/unit.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pcap/tls_hello.h"
#include "pcap/tls_secrets.h"
#include "pcap/tls_stream.h"

enum { LIMIT = 1 << 22, FLIGHTS = 64, LARGE = 100000 };

#define C FLOW_FROM_OPENER
#define S FLOW_FROM_ACCEPTOR

/* What one end has written at a time. */
struct flight {
	enum flow_from from;
	size_t at, len; /* of session's wire */
};

struct session {
	SSL_CTX *contexts[2];
	SSL *ends[2];
	BIO *in[2], *out[2];
	struct buf key_log;
	struct buf wire;
	struct flight flights[FLIGHTS];
	size_t flight_count;

	struct tls_secrets *secrets;
	struct tls_stream *stream;
	struct buf heard[2];
	bool closed[2];
	struct moment moment;
};

static EVP_PKEY *key;
static X509 *certificate;

static int identity_make(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	return X509_sign(certificate, key, EVP_sha256()) > 0 ? 0 : -1;
}

static int identity_free(void **state)
{
	(void)state;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return 0;
}

static void key_log_take(const SSL *end, const char *line)
{
	struct session *s = SSL_get_app_data(end);

	buf_add_text(&s->key_log, line);
	buf_add_text(&s->key_log, "\n");
}

static void plain(void *to, enum flow_from from, const uint8_t *data, size_t size,
	const struct moment *moment)
{
	struct session *s = to;

	assert_int_equal(moment->packet, s->moment.packet);
	buf_add(&s->heard[from], data, size);
}

static void closed(void *to, enum flow_from from, const struct moment *moment)
{
	struct session *s = to;

	(void)moment;
	assert_false(s->closed[from]);
	s->closed[from] = true;
}

static void contexts_make(struct session *s, int version, const char *suites)
{
	s->contexts[C] = SSL_CTX_new(TLS_client_method());
	s->contexts[S] = SSL_CTX_new(TLS_server_method());
	for (int i = 0; i < 2; i++) {
		assert_int_equal(SSL_CTX_set_min_proto_version(s->contexts[i], version), 1);
		assert_int_equal(SSL_CTX_set_max_proto_version(s->contexts[i], version), 1);
		if (version == TLS1_3_VERSION)
			assert_int_equal(SSL_CTX_set_ciphersuites(s->contexts[i], suites), 1);
		else
			assert_int_equal(SSL_CTX_set_cipher_list(s->contexts[i], suites), 1);
	}
	SSL_CTX_set_keylog_callback(s->contexts[C], key_log_take);
	assert_int_equal(SSL_CTX_use_certificate(s->contexts[S], certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s->contexts[S], key), 1);
}

static void ends_make(struct session *s)
{
	for (int i = 0; i < 2; i++) {
		s->in[i] = BIO_new(BIO_s_mem());
		s->out[i] = BIO_new(BIO_s_mem());
		s->ends[i] = SSL_new(s->contexts[i]);
		SSL_set_app_data(s->ends[i], s);
		SSL_set_bio(s->ends[i], s->in[i], s->out[i]);
	}
	SSL_set_connect_state(s->ends[C]);
	SSL_set_accept_state(s->ends[S]);
}

static void session_init(struct session *s)
{
	*s = (struct session){ .flight_count = 0 };
	buf_init(&s->key_log, LIMIT);
	buf_init(&s->wire, LIMIT);
	buf_init(&s->heard[C], LIMIT);
	buf_init(&s->heard[S], LIMIT);
}

static void session_fini(struct session *s)
{
	tls_stream_free(s->stream);
	tls_secrets_free(s->secrets);
	for (int i = 0; i < 2; i++) {
		SSL_free(s->ends[i]);
		SSL_CTX_free(s->contexts[i]);
		buf_fini(&s->heard[i]);
	}
	buf_fini(&s->wire);
	buf_fini(&s->key_log);
}

/* What an end has written goes to the other one, and is noted; false if that was nothing. */
static bool carry(struct session *s, enum flow_from from)
{
	enum flow_from other = from == C ? S : C;
	char *data;
	size_t len = (size_t)BIO_get_mem_data(s->out[from], &data);

	if (!len)
		return false;
	assert_true(s->flight_count < FLIGHTS);
	s->flights[s->flight_count++] = (struct flight){ from, s->wire.len, len };
	assert_true(buf_add(&s->wire, data, len));
	assert_int_equal(BIO_write(s->in[other], data, (int)len), len);
	assert_int_equal(BIO_reset(s->out[from]), 1);
	return true;
}

static void shake_hands(struct session *s)
{
	bool any = true;

	while (any) {
		SSL_do_handshake(s->ends[C]);
		any = carry(s, C);
		SSL_do_handshake(s->ends[S]);
		any |= carry(s, S);
	}
	assert_true(SSL_is_init_finished(s->ends[C]) && SSL_is_init_finished(s->ends[S]));
}

static void say(struct session *s, enum flow_from from, const char *text)
{
	static char room[LARGE];
	enum flow_from other = from == C ? S : C;
	int len = (int)strlen(text);

	assert_int_equal(SSL_write(s->ends[from], text, len), len);
	carry(s, from);
	for (int got = 0, part; got < len; got += part) {
		part = SSL_read(s->ends[other], room, sizeof(room));
		assert_true(part > 0);
	}
	carry(s, other); /* the answer to a KeyUpdate */
}

/* A whole conversation. */
static void session_play(struct session *s, int version, const char *suites)
{
	static char large[LARGE];

	memset(large, 'x', sizeof(large) - 1);
	session_init(s);
	contexts_make(s, version, suites);
	ends_make(s);
	shake_hands(s);
	say(s, C, "connect");
	say(s, S, "connack");
	say(s, C, large);
	say(s, S, large);
	if (version == TLS1_3_VERSION) {
		assert_int_equal(SSL_key_update(s->ends[C], SSL_KEY_UPDATE_REQUESTED), 1);
		say(s, C, "with other keys");
		say(s, S, "so do I");
	}
	SSL_shutdown(s->ends[C]);
	carry(s, C);
}

/* Reads along, in portions of so many bytes. */
static void listen_with(struct session *s, const char *key_log, size_t key_log_len, size_t portion)
{
	static const struct tls_listener listener = { plain, closed };

	tls_stream_free(s->stream);
	tls_secrets_free(s->secrets);
	buf_reset(&s->heard[C]);
	buf_reset(&s->heard[S]);
	s->closed[C] = s->closed[S] = false;
	s->secrets = tls_secrets_new();
	assert_non_null(s->secrets);
	assert_true(tls_secrets_add(s->secrets, key_log, key_log_len) >= 0);
	s->stream = tls_stream_new(s->secrets, &listener, s);
	assert_non_null(s->stream);
	for (size_t i = 0; i < s->flight_count; i++) {
		const struct flight *f = &s->flights[i];
		for (size_t at = 0; at < f->len; at += portion) {
			s->moment.packet++;
			tls_stream_bytes(s->stream, f->from, s->wire.data + f->at + at,
				f->len - at < portion ? f->len - at : portion, &s->moment);
		}
	}
}

static void check_begins(struct buf *heard, const char *text)
{
	assert_true(heard->len >= strlen(text));
	assert_memory_equal(heard->data, text, strlen(text));
	buf_consume(heard, strlen(text));
}

static void check_large(struct buf *heard)
{
	assert_true(heard->len >= LARGE - 1);
	for (size_t i = 0; i < LARGE - 1; i++)
		assert_int_equal(heard->data[i], 'x');
	buf_consume(heard, LARGE - 1);
}

static void check_session(int version, const char *suites, size_t portion)
{
	struct session s;

	session_play(&s, version, suites);
	listen_with(&s, (char *)s.key_log.data, s.key_log.len, portion);
	if (tls_stream_problem(s.stream))
		fail_msg("%s: %s", suites, tls_stream_problem(s.stream));
	assert_string_equal(
		tls_stream_version(s.stream), version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2");
	check_begins(&s.heard[C], "connect");
	check_begins(&s.heard[S], "connack");
	check_large(&s.heard[C]);
	check_large(&s.heard[S]);
	if (version == TLS1_3_VERSION) {
		check_begins(&s.heard[C], "with other keys");
		check_begins(&s.heard[S], "so do I");
	}
	assert_int_equal(s.heard[C].len, 0);
	assert_int_equal(s.heard[S].len, 0);
	assert_true(s.closed[C]);
	assert_false(s.closed[S]);
	session_fini(&s);
}

static void every_suite_of_tls_1_3(void **state)
{
	(void)state;
	check_session(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", 1000);
	check_session(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", 100000);
	check_session(TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", 1);
	check_session(TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256", 1000);
	check_session(TLS1_3_VERSION, "TLS_AES_128_CCM_8_SHA256:@SECLEVEL=0", 1000);
}

static void suites_of_tls_1_2(void **state)
{
	(void)state;
	check_session(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", 1000);
	check_session(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", 100000);
	check_session(TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", 1);
	check_session(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM", 1000);
	check_session(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-CCM8:@SECLEVEL=0", 1000);
}

/* The server asks for another group first: two ClientHellos. */
static void a_hello_may_have_to_be_said_again(void **state)
{
	(void)state;
	struct session s;
	session_init(&s);
	contexts_make(&s, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
	assert_int_equal(SSL_CTX_set1_groups_list(s.contexts[C], "X25519:P-384"), 1);
	assert_int_equal(SSL_CTX_set1_groups_list(s.contexts[S], "P-384"), 1);
	ends_make(&s);
	shake_hands(&s);
	say(&s, C, "connect");
	listen_with(&s, (char *)s.key_log.data, s.key_log.len, 1000);
	assert_null(tls_stream_problem(s.stream));
	check_begins(&s.heard[C], "connect");
	session_fini(&s);
}

/* Either of the two may have opened the connection. */
static void a_session_that_is_resumed(void **state)
{
	(void)state;
	struct session s;
	session_play(&s, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256");
	SSL_SESSION *session = SSL_get1_session(s.ends[C]);
	SSL_free(s.ends[C]);
	SSL_free(s.ends[S]);
	buf_reset(&s.key_log);
	buf_reset(&s.wire);
	s.flight_count = 0;
	ends_make(&s);
	assert_int_equal(SSL_set_session(s.ends[C], session), 1);
	shake_hands(&s);
	assert_true(SSL_session_reused(s.ends[C]));
	say(&s, C, "connect");
	say(&s, S, "connack");
	listen_with(&s, (char *)s.key_log.data, s.key_log.len, 1000);
	assert_null(tls_stream_problem(s.stream));
	check_begins(&s.heard[C], "connect");
	check_begins(&s.heard[S], "connack");
	SSL_SESSION_free(session);
	session_fini(&s);
}

static void check_problem(struct session *s, const char *key_log, const char *problem)
{
	listen_with(s, key_log, strlen(key_log), 1000);
	assert_non_null(tls_stream_problem(s->stream));
	assert_string_equal(tls_stream_problem(s->stream), problem);
	assert_int_equal(s->heard[C].len, 0);
}

static void what_cannot_be_decrypted_is_told(void **state)
{
	(void)state;
	struct session s;
	session_play(&s, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
	check_problem(&s, "", "the key log has no secrets of this session");

	const char *whole = buf_text(&s.key_log);
	char part[200] = "";
	const char *line = strstr(whole, "SERVER_HANDSHAKE");
	memcpy(part, line, (size_t)(strchr(line, '\n') + 1 - line));
	check_problem(&s, part, "the key log has only a part of the secrets of this session");

	char *wrong = strdup(whole);
	char *digit = strchr(strstr(wrong, "SERVER_HANDSHAKE"), '\n') - 1;
	*digit = *digit == '0' ? '1' : '0';
	check_problem(&s, wrong,
		"a record of the server cannot be decrypted: the secrets are of another session, "
		"or it was damaged");
	free(wrong);

	/* From the middle of the conversation on. */
	memmove(s.flights, s.flights + 4, sizeof(s.flights) - 4 * sizeof(*s.flights));
	s.flight_count -= 4;
	listen_with(&s, whole, strlen(whole), 1000);
	assert_string_equal(
		tls_stream_problem(s.stream), "the session began before the capture (server)");
	session_fini(&s);

	session_play(&s, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA");
	check_problem(&s, buf_text(&s.key_log),
		"cipher suite 0xC009 of TLS 1.2 is not one that can be decrypted here");
	session_fini(&s);
}

static void after_a_gap_nothing_is_decrypted(void **state)
{
	(void)state;
	struct session s;
	session_play(&s, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
	listen_with(&s, (char *)s.key_log.data, s.key_log.len, 1000);
	size_t heard = s.heard[C].len;
	tls_stream_gap(s.stream, C);
	assert_string_equal(
		tls_stream_problem(s.stream), "bytes of the encrypted stream are missing");
	assert_false(tls_stream_bytes(s.stream, C, s.wire.data, 5, &s.moment));
	assert_int_equal(s.heard[C].len, heard);
	session_fini(&s);
}

static void lines_of_a_key_log(void **state)
{
	(void)state;
	struct tls_secrets *s = tls_secrets_new();
	uint8_t random[TLS_RANDOM_BYTES];
	static const char lines[] =
		"# a comment\n"
		"CLIENT_RANDOM 000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F "
		"abcd\r\n"
		"CLIENT_RANDOM 0001 abcd\n"
		"CLIENT_RANDOM 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f x\n"
		"EXPORTER_SECRET 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
		"00\n"
		"CLIENT_TRAFFIC_SECRET_0 "
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00112233";
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)i;
	assert_null(tls_secrets_find(s, random));
	assert_int_equal(tls_secrets_add(s, lines, sizeof(lines) - 1), 2);
	const struct tls_session *found = tls_secrets_find(s, random);
	assert_non_null(found);
	assert_int_equal(found->secrets[TLS_MASTER].size, 2);
	assert_memory_equal(found->secrets[TLS_MASTER].bytes, "\xab\xcd", 2);
	assert_int_equal(found->secrets[TLS_CLIENT_TRAFFIC].size, 4);
	assert_int_equal(found->secrets[TLS_SERVER_TRAFFIC].size, 0);
	tls_secrets_free(s);
}

static void the_first_bytes_tell(void **state)
{
	(void)state;
	assert_true(tls_begins((const uint8_t *)"\x16\x03\x01\x02\x00\x01", 6));
	assert_false(tls_begins((const uint8_t *)"\x16\x03\x01\x02\x00\x02", 6));
	assert_false(tls_begins((const uint8_t *)"\x16\x03\x01\x02\x00", 5));
	assert_false(tls_begins((const uint8_t *)"\x10\x0c\x00\x04MQ", 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_suite_of_tls_1_3),
		cmocka_unit_test(suites_of_tls_1_2),
		cmocka_unit_test(a_hello_may_have_to_be_said_again),
		cmocka_unit_test(a_session_that_is_resumed),
		cmocka_unit_test(what_cannot_be_decrypted_is_told),
		cmocka_unit_test(after_a_gap_nothing_is_decrypted),
		cmocka_unit_test(lines_of_a_key_log),
		cmocka_unit_test(the_first_bytes_tell),
	};
	return cmocka_run_group_tests(tests, identity_make, identity_free);
}
