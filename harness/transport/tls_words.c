#include "harness/transport/tls_words.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/arena.h"

enum { NAMES_SHOWN = 5, TIME_SIZE = 32 };

/* ---- certificates -------------------------------------------------------------------------- */

static const char *date(struct arena *a, const ASN1_TIME *time)
{
	struct tm t;
	char text[TIME_SIZE];

	if (!time || !ASN1_TIME_to_tm(time, &t))
		return "a date that cannot be read";
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &t);
	return arena_text(a, text);
}

static const char *common_name(struct arena *a, const X509_NAME *name)
{
	char text[256];

	if (!name || X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text)) < 0)
		return NULL;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = '?';
	return arena_text(a, text);
}

static const char *general_name(struct arena *a, const GENERAL_NAME *name)
{
	char text[INET6_ADDRSTRLEN];

	if (name->type == GEN_DNS)
		return arena_printf(a, "%.*s", ASN1_STRING_length(name->d.dNSName),
			(const char *)ASN1_STRING_get0_data(name->d.dNSName));
	if (name->type != GEN_IPADD)
		return NULL;
	int len = ASN1_STRING_length(name->d.iPAddress);
	return inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress),
		       text, sizeof(text))
		? arena_text(a, text)
		: NULL;
}

/* Whom it is for: its alternative names, or, if it has none, the common name that some still go by. */
static const char *subjects(struct arena *a, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const char *text = NULL;
	int shown = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < NAMES_SHOWN; i++) {
		const char *name = general_name(a, sk_GENERAL_NAME_value(names, i));
		if (!name)
			continue;
		text = text ? arena_printf(a, "%s, %s", text, name) : name;
		shown++;
	}
	GENERAL_NAMES_free(names);
	if (text)
		return arena_printf(a, "for %s", text);
	const char *common = common_name(a, X509_get_subject_name(certificate));
	return common
		? arena_printf(
			  a, "for nobody by its alternative names (its common name is %s)", common)
		: "for nobody by name";
}

static const char *issuer(struct arena *a, const X509 *certificate)
{
	const char *name = common_name(a, X509_get_issuer_name(certificate));

	return name ? arena_printf(a, "\"%s\"", name) : "somebody without a name";
}

const char *tls_distrust(struct arena *a, X509_STORE_CTX *examined, const char *host)
{
	int error = X509_STORE_CTX_get_error(examined);
	const X509 *certificate = X509_STORE_CTX_get_current_cert(examined);
	const char *whose = X509_STORE_CTX_get_error_depth(examined)
		? "the certificate of its issuer"
		: "its certificate";

	if (!certificate)
		return "it shows no certificate";
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return arena_printf(
			a, "its certificate is %s, not for %s", subjects(a, certificate), host);
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return arena_printf(
			a, "%s expired on %s", whose, date(a, X509_get0_notAfter(certificate)));
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return arena_printf(a, "%s is not valid before %s", whose,
			date(a, X509_get0_notBefore(certificate)));
	case X509_V_ERR_CERT_REVOKED: return arena_printf(a, "%s is revoked", whose);
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return "its certificate is signed by itself, and is none of those to trust";
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return arena_printf(a, "its certificate goes back to %s, who is not trusted",
			issuer(a, certificate));
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return arena_printf(
			a, "%s is issued by %s, who is not trusted", whose, issuer(a, certificate));
	case X509_V_ERR_INVALID_PURPOSE: return arena_printf(a, "%s is for another purpose", whose);
	default:
		return arena_printf(a, "%s is not to be trusted: %s", whose,
			X509_verify_cert_error_string(error));
	}
}

/* ---- alerts and errors --------------------------------------------------------------------- */

/* RFC 8446, section 6: what the other side says before it ends the connection. */
static const char *alert_words(int alert)
{
	static const struct {
		int alert;
		const char *words;
	} all[] = {
		{ SSL_AD_HANDSHAKE_FAILURE,
			"it finds no protocol version, cipher or certificate that suits both "
			"sides" },
		{ SSL_AD_BAD_CERTIFICATE, "it does not accept our certificate" },
		{ SSL_AD_UNSUPPORTED_CERTIFICATE, "it does not support certificates like ours" },
		{ SSL_AD_CERTIFICATE_REVOKED, "it says that our certificate is revoked" },
		{ SSL_AD_CERTIFICATE_EXPIRED, "it says that our certificate has expired" },
		{ SSL_AD_CERTIFICATE_UNKNOWN, "it does not accept our certificate" },
		{ SSL_AD_UNKNOWN_CA, "it does not trust who issued our certificate" },
		{ SSL_AD_ACCESS_DENIED, "it refuses access" },
		{ SSL_AD_PROTOCOL_VERSION, "it does not speak our versions of TLS (1.2 and 1.3)" },
		{ SSL_AD_INSUFFICIENT_SECURITY, "it demands stronger ciphers" },
		{ SSL_AD_INTERNAL_ERROR, "it reports an internal error" },
		{ SSL_AD_UNRECOGNIZED_NAME, "it does not know the server name that we ask for" },
		{ SSL_AD_CERTIFICATE_REQUIRED, "it wants a certificate from us" },
		{ SSL_AD_NO_APPLICATION_PROTOCOL, "it knows no application protocol of ours" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].alert == alert)
			return all[i].words;
	return NULL;
}

static const char *error_words(int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_RECORD_LENGTH_MISMATCH:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
	case SSL_R_BAD_RECORD_TYPE:
	case SSL_R_UNEXPECTED_MESSAGE: return "what it sends is not TLS";
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_UNSUPPORTED_SSL_VERSION:
	case SSL_R_VERSION_TOO_LOW: return "it speaks only versions of TLS before 1.2";
	case SSL_R_NO_SHARED_CIPHER: return "there is no cipher that both sides have";
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "it shows no certificate";
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: return "a TLS record of its is damaged";
	case SSL_R_UNEXPECTED_EOF_WHILE_READING: return "it closed the connection";
	default: return NULL;
	}
}

const char *tls_failure(struct arena *a, unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	int alert = reason - SSL_AD_REASON_OFFSET;

	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		return "TLS failed inside of the cryptographic library";
	if (alert > 0 && alert < 256) {
		const char *words = alert_words(alert);
		return words ? words : arena_printf(a, "it ended TLS with alert %d", alert);
	}
	const char *words = error_words(reason);
	return words ? words
		     : arena_printf(a, "it breaks the rules of TLS (%s)",
			       ERR_reason_error_string(error));
}
