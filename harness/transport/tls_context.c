#include "harness/transport/tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "harness/transport/tls_bio.h"

/* ---- files --------------------------------------------------------------------------------- */

/* Nobody is there to type one. */
static int no_passphrase(char *out, int size, int writing, void *asked)
{
	(void)out, (void)size, (void)writing;
	*(bool *)asked = true;
	return 0;
}

static bool is_readable(struct arena *a, const char *path, const char **error)
{
	FILE *file = fopen(path, "re");
	bool ok = file && (fgetc(file) != EOF || !ferror(file));

	if (!ok)
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
	if (file)
		fclose(file);
	return ok;
}

static bool fault(struct arena *a, const char *path, const char *what, const char **error)
{
	*error = arena_printf(a, "%s: %s", path, what);
	return false;
}

static bool trust(struct arena *a, SSL_CTX *c, const char *ca, const char **error)
{
	if (!ca)
		return SSL_CTX_set_default_verify_paths(c);
	if (!is_readable(a, ca, error))
		return false;
	return SSL_CTX_load_verify_file(c, ca) ||
		fault(a, ca, "there is no certificate in PEM form in it", error);
}

static bool use_key(struct arena *a, SSL_CTX *c, const struct tls_files *f, const char **error)
{
	FILE *file = fopen(f->key, "re");
	bool asked = false;

	if (!file)
		return fault(a, f->key, strerror(errno), error);
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_passphrase, &asked);
	fclose(file);
	if (asked)
		return fault(a, f->key,
			"the key is encrypted; write it without a passphrase (openssl pkey -in)",
			error);
	if (!key)
		return fault(a, f->key, "there is no private key in PEM form in it", error);
	bool ok = SSL_CTX_use_PrivateKey(c, key) == 1 && SSL_CTX_check_private_key(c) == 1;
	EVP_PKEY_free(key);
	return ok ||
		fault(a, f->key,
			arena_printf(a, "is not the key of the certificate in %s", f->cert), error);
}

static bool show(struct arena *a, SSL_CTX *c, const struct tls_files *f, const char **error)
{
	if (!f->cert)
		return true;
	if (!is_readable(a, f->cert, error))
		return false;
	if (SSL_CTX_use_certificate_chain_file(c, f->cert) != 1)
		return fault(a, f->cert, "there is no usable certificate in PEM form in it", error);
	return use_key(a, c, f, error);
}

/* ---- contexts ------------------------------------------------------------------------------ */

static struct tls *finish(struct tls *tls, bool ok, const char **error)
{
	ERR_clear_error();
	if (ok)
		return tls;
	if (!*error)
		*error = "OpenSSL cannot be set up for TLS";
	tls_free(tls);
	return NULL;
}

/* Those that are out of date need algorithms that are, too. */
static void set_versions(SSL_CTX *c, int only)
{
	int version = only ? TLS1_VERSION + only - 10 : 0;

	SSL_CTX_set_min_proto_version(c, version ? version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(c, version);
	if (version && version < TLS1_2_VERSION)
		SSL_CTX_set_cipher_list(c, "ALL:@SECLEVEL=0");
}

static struct tls *new_context(const SSL_METHOD *method, const struct tls_files *f)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		abort();
	ERR_clear_error();
	tls->context = SSL_CTX_new(method);
	tls->below = tls_bio_method();
	tls->files = *f;
	if (!tls->context || !tls->below)
		abort();
	set_versions(tls->context, f->version);
	SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(tls->context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return tls;
}

struct tls *tls_new_dialling(struct arena *a, const struct tls_files *files, const char **error)
{
	struct tls *tls = new_context(TLS_client_method(), files);

	*error = NULL;
	SSL_CTX_set_verify(tls->context, files->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	bool ok = (files->insecure && !files->ca) || trust(a, tls->context, files->ca, error);
	return finish(tls, ok && show(a, tls->context, files, error), error);
}

struct tls *tls_new_listening(struct arena *a, const struct tls_files *files, const char **error)
{
	struct tls *tls = new_context(TLS_server_method(), files);

	*error = NULL;
	/* A client that closes at once would answer tickets that it has not read with a reset. */
	SSL_CTX_set_num_tickets(tls->context, 0);
	if (files->ca)
		SSL_CTX_set_verify(
			tls->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	bool ok = !files->ca || trust(a, tls->context, files->ca, error);
	return finish(tls, ok && show(a, tls->context, files, error), error);
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->below);
	free(tls);
}
