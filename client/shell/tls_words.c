#include "client/shell/tls_words.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 4, NAME_SIZE = 80, LIST_SIZE = 360, DATE_SIZE = 40 };

/* ---- certificates -------------------------------------------------------------------------- */

void tls_words_date(char *out, size_t size, const ASN1_TIME *time)
{
	struct tm t;

	if (!ASN1_TIME_to_tm(time, &t) || !strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &t))
		snprintf(out, size, "an unreadable date");
}

/* Names come from strangers. */
static void name_copy(char *out, size_t size, const void *name, int len)
{
	const unsigned char *text = name;
	size_t n = 0;

	for (int i = 0; i < len && n + 1 < size; i++)
		out[n++] = text[i] > ' ' && text[i] < 0x7f ? (char)text[i] : '?';
	out[n] = 0;
}

static bool alternative_name(char *out, size_t size, const GENERAL_NAME *name)
{
	const ASN1_STRING *s = name->d.ia5;

	if (name->type == GEN_DNS) {
		name_copy(out, size, ASN1_STRING_get0_data(s), ASN1_STRING_length(s));
		return true;
	}
	if (name->type != GEN_IPADD)
		return false;
	int family = ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6;
	return (family == AF_INET || ASN1_STRING_length(s) == 16) &&
		inet_ntop(family, ASN1_STRING_get0_data(s), out, (socklen_t)size);
}

static bool common_name(char *out, size_t size, const X509_NAME *subject)
{
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *s =
		at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));

	if (s)
		name_copy(out, size, ASN1_STRING_get0_data(s), ASN1_STRING_length(s));
	return s && *out;
}

/* Whom it is for: "a, b"; the Common Name counts where there is no other. */
static void names_list(char *out, size_t size, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	char name[NAME_SIZE];
	size_t len = 0;
	int shown = 0;

	*out = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < NAMES_SHOWN; i++)
		if (alternative_name(name, sizeof(name), sk_GENERAL_NAME_value(names, i)))
			len += (size_t)snprintf(
				out + len, size - len, "%s%s", shown++ ? ", " : "", name);
	GENERAL_NAMES_free(names);
	if (!shown && !common_name(out, size, X509_get_subject_name(certificate)))
		snprintf(out, size, "nobody");
}

static void untrusted(
	char *out, size_t size, X509_STORE_CTX *examined, const X509 *certificate, int error)
{
	char issuer[NAME_SIZE];

	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		if (!common_name(issuer, sizeof(issuer), X509_get_issuer_name(certificate)))
			break;
		snprintf(out, size,
			"the server's certificate is not trusted: nothing here vouches for "
			"its issuer, \"%s\"",
			issuer);
		return;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		snprintf(out, size,
			"the server's certificate is not trusted: it is signed by itself");
		return;
	default: break;
	}
	snprintf(out, size, "the server's certificate is not trusted: %s%s",
		X509_verify_cert_error_string(error),
		X509_STORE_CTX_get_error_depth(examined) ? " (of its issuer)" : "");
}

void tls_words_distrust(char *out, size_t size, X509_STORE_CTX *examined, const char *name)
{
	const X509 *certificate = X509_STORE_CTX_get_current_cert(examined);
	int error = X509_STORE_CTX_get_error(examined);
	const char *whose = X509_STORE_CTX_get_error_depth(examined)
		? "the certificate of its certificate's issuer"
		: "its certificate";
	char text[LIST_SIZE], date[DATE_SIZE];

	switch (certificate ? error : X509_V_ERR_UNSPECIFIED) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		names_list(text, sizeof(text), certificate);
		snprintf(out, size,
			"the server has another name: its certificate is for %s, not for %s", text,
			name ? name : "it");
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		tls_words_date(date, sizeof(date), X509_get0_notAfter(certificate));
		snprintf(out, size, "the server's time is over: %s expired on %s", whose, date);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		tls_words_date(date, sizeof(date), X509_get0_notBefore(certificate));
		snprintf(out, size, "the server's time has not come: %s is valid from %s", whose,
			date);
		break;
	case X509_V_ERR_UNSPECIFIED:
		snprintf(out, size, "the server's certificate is not trusted");
		break;
	default: untrusted(out, size, examined, certificate, error); break;
	}
}

/* ---- connections --------------------------------------------------------------------------- */

static void refused(char *out, size_t size, int alert)
{
	const char *what = SSL_alert_desc_string_long(alert);

	switch (alert) {
	case TLS13_AD_CERTIFICATE_REQUIRED:
		snprintf(out, size, "the server demands a certificate, and this client has none");
		break;
	case SSL_AD_UNKNOWN_CA:
		snprintf(out, size,
			"the server does not trust the issuer of this client's certificate");
		break;
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_ACCESS_DENIED:
		snprintf(out, size, "the server refused this client's certificate: %s", what);
		break;
	case SSL_AD_PROTOCOL_VERSION:
		snprintf(out, size,
			"the server accepts none of the versions of TLS that are offered");
		break;
	case SSL_AD_HANDSHAKE_FAILURE:
		snprintf(out, size,
			"the server broke off the TLS handshake: no ciphers in common, or it "
			"demands "
			"a certificate");
		break;
	case SSL_AD_NO_APPLICATION_PROTOCOL:
		snprintf(out, size, "the server does not speak the protocol that ALPN asks for");
		break;
	default: snprintf(out, size, "the server ended TLS: %s", what); break;
	}
}

static bool is_foreign(int reason)
{
	return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
		reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_RECORD_TYPE ||
		reason == SSL_R_UNEXPECTED_MESSAGE;
}

void tls_words_failure(char *out, size_t size)
{
	unsigned long error = ERR_peek_error();
	int reason = ERR_GET_REASON(error);
	const char *what = ERR_reason_error_string(error);

	ERR_clear_error();
	if (!error)
		snprintf(out, size, "TLS failed");
	else if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET)
		refused(out, size, reason - SSL_AD_REASON_OFFSET);
	else if (ERR_GET_LIB(error) == ERR_LIB_SSL && is_foreign(reason))
		snprintf(out, size, "what the server sends is not TLS");
	else if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_UNSUPPORTED_PROTOCOL)
		snprintf(out, size, "the server wants a version of TLS that is not allowed here");
	else
		snprintf(out, size, "TLS failed: %s", what ? what : "unknown error");
}
