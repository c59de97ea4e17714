#include "broker/shell/tls_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "broker/shell/settings.h"

struct reading {
	SSL_CTX *context;
	char *error;
	unsigned error_size;
};

static bool complain(const struct reading *r, const char *file, const char *what)
{
	snprintf(r->error, r->error_size, "%s: %s", file, what);
	return false;
}

static bool is_readable(const struct reading *r, const char *file)
{
	FILE *f = fopen(file, "re");
	struct stat st;

	if (!f)
		return complain(r, file, strerror(errno));
	bool folder = !fstat(fileno(f), &st) && S_ISDIR(st.st_mode);
	fclose(f);
	return !folder || complain(r, file, "it is a folder");
}

/* ---- the server's own ---------------------------------------------------------------------- */

static bool time_words(const ASN1_TIME *time, char *text, size_t size)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) && strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

static bool is_valid_now(const struct reading *r, const char *file, const X509 *certificate)
{
	const ASN1_TIME *from = X509_get0_notBefore(certificate);
	const ASN1_TIME *to = X509_get0_notAfter(certificate);
	bool early = X509_cmp_current_time(from) > 0, late = X509_cmp_current_time(to) < 0;
	char when[40] = "?", what[80];

	if (!early && !late)
		return true;
	time_words(early ? from : to, when, sizeof(when));
	snprintf(what, sizeof(what),
		early ? "the certificate is not valid before %s"
		      : "the certificate has expired: %s",
		when);
	return complain(r, file, what);
}

static bool certificate_read(const struct reading *r, const char *file)
{
	if (!is_readable(r, file))
		return false;
	if (!SSL_CTX_use_certificate_chain_file(r->context, file)) {
		int reason = ERR_GET_REASON(ERR_peek_last_error());
		bool weak = reason == SSL_R_EE_KEY_TOO_SMALL || reason == SSL_R_CA_MD_TOO_WEAK ||
			reason == SSL_R_CA_KEY_TOO_SMALL;
		return complain(r, file,
			weak ? "the certificate is too weak for OpenSSL"
			     : "there is no certificate in it (PEM)");
	}
	return is_valid_now(r, file, SSL_CTX_get0_certificate(r->context));
}

/* Nobody is there to type a passphrase. */
static int on_passphrase(char *text, int size, int writing, void *asked)
{
	(void)text, (void)size, (void)writing;
	*(bool *)asked = true;
	return 0;
}

static bool key_read(const struct reading *r, const char *file, const char *certificate)
{
	bool asked = false;
	char what[512];

	if (!is_readable(r, file))
		return false;
	FILE *f = fopen(file, "re");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, on_passphrase, &asked) : NULL;
	if (f)
		fclose(f);
	if (!key)
		return complain(r, file,
			asked ? "the key is encrypted: the broker cannot ask for a passphrase"
			      : "there is no key in it (PEM)");
	X509 *own = SSL_CTX_get0_certificate(r->context);
	bool match = X509_check_private_key(own, key);
	bool ok = match && SSL_CTX_use_PrivateKey(r->context, key);
	EVP_PKEY_free(key);
	if (ok)
		return true;
	snprintf(what, sizeof(what),
		match ? "OpenSSL does not take the key of %s"
		      : "the key is not that of the certificate in %s",
		certificate);
	return complain(r, file, what);
}

/* ---- whom to trust ------------------------------------------------------------------------- */

static bool authorities_read(const struct reading *r, const struct tls_settings *s)
{
	struct stat st;

	if (s->cafile) {
		if (!is_readable(r, s->cafile))
			return false;
		if (!SSL_CTX_load_verify_file(r->context, s->cafile))
			return complain(r, s->cafile, "there is no certificate in it (PEM)");
		SSL_CTX_set_client_CA_list(r->context, SSL_load_client_CA_file(s->cafile));
	}
	if (!s->capath)
		return true;
	if (stat(s->capath, &st))
		return complain(r, s->capath, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return complain(r, s->capath, "it is no folder");
	if (access(s->capath, R_OK | X_OK))
		return complain(r, s->capath, strerror(errno));
	return SSL_CTX_load_verify_dir(r->context, s->capath) ||
		complain(r, s->capath, "OpenSSL cannot use it");
}

/* One list or several. */
static bool revoked_read(const struct reading *r, const char *file)
{
	X509_STORE *store = SSL_CTX_get_cert_store(r->context);
	unsigned count = 0;
	bool stale = false;
	X509_CRL *list;

	if (!is_readable(r, file))
		return false;
	FILE *f = fopen(file, "re");
	while (f && (list = PEM_read_X509_CRL(f, NULL, NULL, NULL))) {
		const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
		stale |= next && X509_cmp_current_time(next) < 0;
		count += X509_STORE_add_crl(store, list) == 1;
		X509_CRL_free(list);
	}
	if (f)
		fclose(f);
	if (stale)
		return complain(r, file, "the list has expired: nobody would be let in");
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return count || complain(r, file, "there is no list of revoked certificates in it (PEM)");
}

bool tls_files_read(
	SSL_CTX *context, const struct tls_settings *s, char *error, unsigned error_size)
{
	const struct reading r = { context, error, error_size };

	return certificate_read(&r, s->certfile) && key_read(&r, s->keyfile, s->certfile) &&
		authorities_read(&r, s) && (!s->crlfile || revoked_read(&r, s->crlfile));
}
