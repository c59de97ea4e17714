#include "client/shell/tls_context.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/shell/tls_words.h"

struct tls_context {
	SSL_CTX *ctx;
	char *server_name; /* NULL: that of the URL */
	bool insecure;
};

struct complaint {
	char *text;
	size_t size;
};

static bool complain(struct complaint *c, const char *file, const char *what)
{
	snprintf(c->text, c->size, "%s%s%s", file ? file : "", file ? ": " : "", what);
	ERR_clear_error();
	return false;
}

/* Whether `file` can be read, a directory where one is meant. OpenSSL's own complaints do not say why. */
static bool is_readable(struct complaint *c, const char *file, bool directory)
{
	struct stat s;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return complain(c, file, strerror(errno));
	bool fits = !fstat(fd, &s) && S_ISDIR(s.st_mode) == directory;
	close(fd);
	return fits || complain(c, file, directory ? "not a directory" : "is a directory");
}

/* ---- whom to trust ------------------------------------------------------------------------- */

static bool trust_read(SSL_CTX *ctx, const struct mqttspec_tls *o, struct complaint *c)
{
	if (!o->ca_file && !o->ca_path)
		return SSL_CTX_set_default_verify_paths(ctx) ||
			complain(c, NULL, "the system's certificates cannot be read");
	if (o->ca_file &&
		(!is_readable(c, o->ca_file, false) ||
			(!SSL_CTX_load_verify_file(ctx, o->ca_file) &&
				!complain(c, o->ca_file,
					"no certificate in PEM format can be read there"))))
		return false;
	return !o->ca_path ||
		(is_readable(c, o->ca_path, true) &&
			(SSL_CTX_load_verify_dir(ctx, o->ca_path) ||
				complain(c, o->ca_path, "cannot be searched for certificates")));
}

/* ---- who this client is -------------------------------------------------------------------- */

/* For OpenSSL, which would ask on the terminal. */
static int on_password_wanted(char *buffer, int size, int writing, void *wanted)
{
	(void)buffer, (void)size, (void)writing;
	*(bool *)wanted = true;
	return -1;
}

static bool key_read(SSL_CTX *ctx, const char *file, struct complaint *c)
{
	bool encrypted = false;

	if (!is_readable(c, file, false))
		return false;
	BIO *in = BIO_new_file(file, "r");
	EVP_PKEY *key =
		in ? PEM_read_bio_PrivateKey(in, NULL, on_password_wanted, &encrypted) : NULL;
	BIO_free(in);
	bool ok = key && SSL_CTX_use_PrivateKey(ctx, key);
	bool mismatch =
		key && !ok && ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
	EVP_PKEY_free(key);
	if (ok)
		return true;
	return complain(c, file,
		encrypted          ? "the private key is encrypted"
			: mismatch ? "the private key does not belong to the certificate"
			: key      ? "the private key cannot be used"
				   : "no private key in PEM format can be read there");
}

static bool is_current(const X509 *certificate, const char *file, struct complaint *c)
{
	char date[40], text[100];
	const ASN1_TIME *from = X509_get0_notBefore(certificate);
	const ASN1_TIME *until = X509_get0_notAfter(certificate);
	bool early = X509_cmp_current_time(from) > 0;

	if (!early && X509_cmp_current_time(until) > 0)
		return true;
	tls_words_date(date, sizeof(date), early ? from : until);
	snprintf(text, sizeof(text), "the certificate %s %s",
		early ? "is not valid before" : "expired on", date);
	return complain(c, file, text);
}

static bool identity_read(SSL_CTX *ctx, const struct mqttspec_tls *o, struct complaint *c)
{
	if (!o->cert_file && !o->key_file)
		return true;
	if (!o->cert_file)
		return complain(c, o->key_file, "a private key needs a certificate");
	if (!o->key_file)
		return complain(c, o->cert_file, "a certificate needs its private key");
	if (!is_readable(c, o->cert_file, false))
		return false;
	if (!SSL_CTX_use_certificate_chain_file(ctx, o->cert_file))
		return complain(c, o->cert_file, "no certificate in PEM format can be read there");
	return is_current(SSL_CTX_get0_certificate(ctx), o->cert_file, c) &&
		key_read(ctx, o->key_file, c);
}

/* ---- what is offered ----------------------------------------------------------------------- */

static bool versions_set(SSL_CTX *ctx, const char *least, struct complaint *c)
{
	static const struct {
		const char *name;
		int version;
	} names[] = { { "tlsv1.2", TLS1_2_VERSION }, { "tlsv1.3", TLS1_3_VERSION },
		{ "tlsv1.1", TLS1_1_VERSION } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(least ? least : "tlsv1.2", names[i].name))
			return SSL_CTX_set_min_proto_version(ctx, names[i].version) ||
				complain(c, names[i].name, "not in this build of OpenSSL");
	return complain(c, least, "a version of TLS is tlsv1.1, tlsv1.2 or tlsv1.3");
}

static bool alpn_set(SSL_CTX *ctx, const char *protocol, struct complaint *c)
{
	unsigned char list[256];
	size_t len = protocol ? strlen(protocol) : 0;

	if (!protocol)
		return true;
	if (!len || len > 255)
		return complain(c, NULL, "a protocol for ALPN has 1 to 255 bytes");
	list[0] = (unsigned char)len;
	memcpy(list + 1, protocol, len);
	return !SSL_CTX_set_alpn_protos(ctx, list, (unsigned)len + 1) ||
		complain(c, NULL, "out of memory");
}

static bool offer_set(SSL_CTX *ctx, const struct mqttspec_tls *o, struct complaint *c)
{
	/* Nothing of a handshake comes later; buffers go while a connection is idle. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (!versions_set(ctx, o->version_min, c) || !alpn_set(ctx, o->alpn, c))
		return false;
	if (o->ciphers && !SSL_CTX_set_cipher_list(ctx, o->ciphers))
		return complain(c, o->ciphers, "no list of ciphers for TLS 1.2 and below");
	if (o->ciphers_tls13 && !SSL_CTX_set_ciphersuites(ctx, o->ciphers_tls13))
		return complain(c, o->ciphers_tls13, "no list of cipher suites for TLS 1.3");
	return true;
}

/* ---- all of it ----------------------------------------------------------------------------- */

struct tls_context *tls_context_new(
	const struct mqttspec_tls *options, char *error, size_t error_size)
{
	struct tls_context *t = calloc(1, sizeof(*t));
	struct complaint c = { error, error_size };

	if (!t || !(t->ctx = SSL_CTX_new(TLS_client_method()))) {
		complain(&c, NULL, "out of memory");
		free(t);
		return NULL;
	}
	t->insecure = options->insecure;
	if (options->server_name && *options->server_name)
		t->server_name = strdup(options->server_name);
	if (trust_read(t->ctx, options, &c) && identity_read(t->ctx, options, &c) &&
		offer_set(t->ctx, options, &c))
		return t;
	tls_context_free(t);
	return NULL;
}

void tls_context_free(struct tls_context *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t->server_name);
	free(t);
}

const char *tls_context_name(const struct tls_context *t, const char *host)
{
	return t->server_name ? t->server_name : host;
}

static bool is_address(const char *name)
{
	unsigned char address[16];

	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

/* A name goes into the greeting as well, without the dot that may end it (RFC 6066, section 3); an address does
 * not.
 */
static bool name_set(SSL *ssl, const char *wanted, bool insecure)
{
	char name[256];
	size_t len = strlen(wanted);

	if (is_address(wanted))
		return insecure || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), wanted);
	len -= len > 1 && wanted[len - 1] == '.';
	snprintf(name, sizeof(name), "%.*s", (int)len, wanted);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, name) && (insecure || SSL_set1_host(ssl, name));
}

SSL *tls_context_session(const struct tls_context *t, const char *host)
{
	SSL *ssl = SSL_new(t->ctx);

	ERR_clear_error();
	if (ssl && name_set(ssl, tls_context_name(t, host), t->insecure)) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	return NULL;
}
