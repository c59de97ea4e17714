#include "broker/shell/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/arena.h"
#include "broker/access/psk_keys.h"
#include "broker/shell/settings.h"
#include "broker/shell/tls_bio.h"
#include "broker/shell/tls_files.h"
#include "broker/shell/tls_psk.h"

/* Forward secrecy and authenticated encryption only, for TLS 1.2: 1.3 has nothing else. */
static const char ciphers_default[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* With a key in the place of certificates, the smallest of clients have no forward secrecy: that comes first. */
static const char ciphers_psk[] =
	"ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384:DHE-PSK-AES128-GCM-SHA256:"
	"PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256";

/* MQTT has a name, and so has what WebSocket begins with; who offers neither goes without. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned int in_len, void *context)
{
	static const unsigned char mqtt[] = "\4mqtt", http[] = "\10http/1.1";
	const struct tls *tls = context;
	const unsigned char *own = tls->websockets ? http : mqtt;
	unsigned own_len = tls->websockets ? sizeof(http) - 1 : sizeof(mqtt) - 1;

	(void)ssl;
	return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, own, own_len, in,
		       in_len) == OPENSSL_NPN_NEGOTIATED
		? SSL_TLSEXT_ERR_OK
		: SSL_TLSEXT_ERR_NOACK;
}

static void context_set(struct tls *tls, const struct tls_settings *s)
{
	SSL_CTX *c = tls->context;

	SSL_CTX_set_min_proto_version(c, s->only_13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_options(c,
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
			SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_mode(c,
		SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
			SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c, 1);
	SSL_CTX_set_alpn_select_cb(c, on_alpn, tls);
	if (!s->require_certificate)
		return;
	/* A session that is taken up again would skip the look at the certificate. */
	SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static bool ciphers_set(SSL_CTX *c, const struct tls_settings *s, char *error, unsigned error_size)
{
	const char *standard = s->psk_hint ? ciphers_psk : ciphers_default;

	if (!SSL_CTX_set_cipher_list(c, s->ciphers ? s->ciphers : standard))
		snprintf(error, error_size, "ciphers: OpenSSL knows none of \"%s\"", s->ciphers);
	else if (s->ciphers_tls13 && !SSL_CTX_set_ciphersuites(c, s->ciphers_tls13))
		snprintf(error, error_size, "ciphers_tls1.3: OpenSSL does not know all of \"%s\"",
			s->ciphers_tls13);
	else
		return true;
	return false;
}

static bool psk_read(
	struct tls *tls, const struct tls_settings *s, char *error, unsigned error_size)
{
	struct arena a;
	const char *wrong;

	arena_init(&a);
	tls->psk = psk_keys_read(&a, s->psk_file, &wrong);
	if (!tls->psk)
		snprintf(error, error_size, "%s", wrong);
	arena_fini(&a);
	return tls->psk && tls_psk_set(tls->context, tls->psk, s->psk_hint);
}

struct tls *tls_new(
	const struct tls_settings *settings, bool websockets, char *error, unsigned error_size)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	snprintf(error, error_size, "no memory");
	if (!tls)
		return NULL;
	tls->holders = 1;
	tls->identity_as_user = settings->identity_as_user;
	tls->subject_as_user = settings->subject_as_user;
	tls->websockets = websockets;
	tls->method = tls_bio_method();
	tls->context = SSL_CTX_new(TLS_server_method());
	bool ok = tls->method && tls->context;
	if (ok) {
		context_set(tls, settings);
		ok = ciphers_set(tls->context, settings, error, error_size) &&
			(settings->psk_hint ? psk_read(tls, settings, error, error_size)
					    : tls_files_read(
						      tls->context, settings, error, error_size));
	}
	ERR_clear_error();
	if (ok)
		return tls;
	tls_drop(tls);
	return NULL;
}

struct tls *tls_hold(struct tls *tls)
{
	tls->holders++;
	return tls;
}

void tls_drop(struct tls *tls)
{
	if (!tls || --tls->holders)
		return;
	SSL_CTX_free(tls->context);
	psk_keys_free(tls->psk);
	BIO_meth_free(tls->method);
	free(tls);
}
