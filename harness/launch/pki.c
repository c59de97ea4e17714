#include "harness/launch/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

enum {
	HOUR_S = 3600,
	DAY_S = 24 * HOUR_S,
	VALID_S = 30 * DAY_S, /* longer than any run */
	SERIAL_BITS = 64,
};

enum usage { FOR_SERVERS, FOR_CLIENTS };
enum fault { SOUND, EXPIRED, EARLY, FOREIGN, REVOKED, ALONE };

#define HERE "DNS:localhost, IP:127.0.0.1, IP:::1"

/* What a pair is for; NULL: it has no such name. */
static const struct kind {
	const char *file, *common_name, *names;
	enum usage usage;
	enum fault fault;
} kinds[PKI_PAIRS] = {
	[PKI_SERVER] = { "server", "localhost", HERE, FOR_SERVERS, SOUND },
	[PKI_SERVER_EXPIRED] = { "server-expired", "localhost", HERE, FOR_SERVERS, EXPIRED },
	[PKI_SERVER_EARLY] = { "server-early", "localhost", HERE, FOR_SERVERS, EARLY },
	[PKI_SERVER_FOREIGN] = { "server-foreign", "localhost", HERE, FOR_SERVERS, FOREIGN },
	[PKI_SERVER_ELSEWHERE] = { "server-elsewhere", "elsewhere.test", "DNS:elsewhere.test",
		FOR_SERVERS, SOUND },
	[PKI_SERVER_REVOKED] = { "server-revoked", "localhost", HERE, FOR_SERVERS, REVOKED },
	[PKI_SERVER_ALONE] = { "server-alone", "localhost", HERE, FOR_SERVERS, ALONE },
	[PKI_CLIENT] = { "client", "mqttspec", "DNS:mqttspec", FOR_CLIENTS, SOUND },
	[PKI_CLIENT_EXPIRED] = { "client-expired", "mqttspec-expired", "DNS:mqttspec-expired",
		FOR_CLIENTS, EXPIRED },
	[PKI_CLIENT_EARLY] = { "client-early", "mqttspec-early", "DNS:mqttspec-early", FOR_CLIENTS,
		EARLY },
	[PKI_CLIENT_FOREIGN] = { "client-foreign", "mqttspec-foreign", "DNS:mqttspec-foreign",
		FOR_CLIENTS, FOREIGN },
	[PKI_CLIENT_REVOKED] = { "client-revoked", "mqttspec-revoked", "DNS:mqttspec-revoked",
		FOR_CLIENTS, REVOKED },
	[PKI_CLIENT_CN] = { "client-cn", "mqttspec-cn", NULL, FOR_CLIENTS, SOUND },
	[PKI_CLIENT_SAN] = { "client-san", NULL, "DNS:mqttspec-san", FOR_CLIENTS, SOUND },
};

/* A certificate and its key. */
struct pair {
	X509 *certificate;
	EVP_PKEY *key;
};

struct maker {
	struct arena *arena;
	const char *folder;
	const char **error;
	struct pair root, intermediate, other;
	X509_CRL *revoked;
};

/* ---- certificates -------------------------------------------------------------------------- */

/* Everything here fails for want of memory alone. */
static void must(int ok)
{
	if (!ok)
		abort();
}

static void add_extension(X509 *c, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, c, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	must(e && X509_add_ext(c, e, -1));
	X509_EXTENSION_free(e);
}

static void set_serial(X509 *c)
{
	BIGNUM *number = BN_new();

	must(number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
	must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c)) != NULL);
	BN_free(number);
}

static void set_common_name(X509 *c, const char *name)
{
	if (name)
		must(X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
			(const unsigned char *)name, -1, -1, 0));
}

/* Without its extensions and its signature. */
static struct pair new_pair(const char *common_name, long from_s, long to_s)
{
	struct pair p = { X509_new(), EVP_EC_gen("P-256") };

	must(p.certificate && p.key);
	must(X509_set_version(p.certificate, X509_VERSION_3));
	set_serial(p.certificate);
	set_common_name(p.certificate, common_name);
	must(X509_gmtime_adj(X509_getm_notBefore(p.certificate), from_s) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(p.certificate), to_s) != NULL);
	must(X509_set_pubkey(p.certificate, p.key));
	return p;
}

static void sign(struct pair *p, const struct pair *issuer)
{
	must(X509_set_issuer_name(p->certificate, X509_get_subject_name(issuer->certificate)));
	add_extension(p->certificate, issuer->certificate, NID_subject_key_identifier, "hash");
	add_extension(p->certificate, issuer->certificate, NID_authority_key_identifier, "keyid");
	must(X509_sign(p->certificate, issuer->key, EVP_sha256()));
}

static struct pair new_ca(const char *name, const struct pair *issuer)
{
	struct pair p = new_pair(name, -HOUR_S, VALID_S);

	add_extension(p.certificate, NULL, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(p.certificate, NULL, NID_key_usage, "critical,keyCertSign,cRLSign");
	sign(&p, issuer ? issuer : &p);
	return p;
}

static struct pair new_leaf(const struct kind *k, const struct pair *issuer)
{
	struct pair p = new_pair(k->common_name,
		k->fault == EXPIRED         ? -2 * DAY_S
			: k->fault == EARLY ? DAY_S
					    : -HOUR_S,
		k->fault == EXPIRED ? -DAY_S : VALID_S);

	add_extension(p.certificate, NULL, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(p.certificate, NULL, NID_key_usage, "critical,digitalSignature");
	add_extension(p.certificate, NULL, NID_ext_key_usage,
		k->usage == FOR_SERVERS ? "serverAuth" : "clientAuth");
	if (k->names) /* critical where it is all there is: RFC 5280, section 4.2.1.6 */
		add_extension(p.certificate, NULL, NID_subject_alt_name,
			k->common_name ? k->names : "critical,DNS:mqttspec-san");
	sign(&p, issuer ? issuer : &p);
	return p;
}

static void free_pair(struct pair *p)
{
	X509_free(p->certificate);
	EVP_PKEY_free(p->key);
}

/* ---- revocation ---------------------------------------------------------------------------- */

static X509_CRL *new_crl(const struct pair *issuer)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -HOUR_S), *later = X509_gmtime_adj(NULL, VALID_S);

	must(crl && now && later && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
	must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate)));
	must(X509_CRL_set1_lastUpdate(crl, now) && X509_CRL_set1_nextUpdate(crl, later));
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
	return crl;
}

static void add_revoked(X509_CRL *crl, X509 *c)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *when = X509_gmtime_adj(NULL, -HOUR_S);

	must(entry && when);
	must(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(c)));
	must(X509_REVOKED_set_revocationDate(entry, when) && X509_CRL_add0_revoked(crl, entry));
	ASN1_TIME_free(when);
}

/* ---- files --------------------------------------------------------------------------------- */

static FILE *create(struct maker *m, const char *path, bool is_key)
{
	bool shared = !is_key || geteuid() == 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, shared ? 0644 : 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		*m->error = arena_printf(m->arena, "%s: %s", path, strerror(errno));
	return file;
}

static bool finish(struct maker *m, const char *path, FILE *file, int written)
{
	bool ok = (fclose(file) == 0) & (written != 0);

	if (!ok)
		*m->error = arena_printf(m->arena, "%s: %s", path, strerror(errno));
	return ok;
}

static bool write_certificates(struct maker *m, const char *path, X509 *first, X509 *second)
{
	FILE *file = create(m, path, false);

	return file &&
		finish(m, path, file,
			PEM_write_X509(file, first) && (!second || PEM_write_X509(file, second)));
}

static bool write_key(struct maker *m, const char *path, EVP_PKEY *key)
{
	FILE *file = create(m, path, true);

	return file &&
		finish(m, path, file, PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
}

/* Both levels have one, for those who look at the whole chain. */
static bool write_crls(struct maker *m)
{
	const char *path = pki_crl(m->arena, m->folder);
	X509_CRL *of_root = new_crl(&m->root);
	FILE *file = create(m, path, false);

	must(X509_CRL_sort(m->revoked) &&
		X509_CRL_sign(m->revoked, m->intermediate.key, EVP_sha256()));
	must(X509_CRL_sign(of_root, m->root.key, EVP_sha256()));
	bool ok = file &&
		finish(m, path, file,
			PEM_write_X509_CRL(file, m->revoked) && PEM_write_X509_CRL(file, of_root));
	X509_CRL_free(of_root);
	return ok;
}

static bool write_leaf(struct maker *m, enum pki_pair which)
{
	const struct kind *k = &kinds[which];
	bool ours = k->fault != FOREIGN && k->fault != ALONE;
	struct pair p = new_leaf(k,
		ours                          ? &m->intermediate
			: k->fault == FOREIGN ? &m->other
					      : NULL);

	if (k->fault == REVOKED)
		add_revoked(m->revoked, p.certificate);
	bool ok = write_certificates(m, pki_certificate(m->arena, m->folder, which), p.certificate,
			  ours ? m->intermediate.certificate : NULL) &&
		write_key(m, pki_key(m->arena, m->folder, which), p.key);
	free_pair(&p);
	return ok;
}

static bool write_all(struct maker *m)
{
	bool ok = write_certificates(m, pki_ca(m->arena, m->folder), m->root.certificate, NULL) &&
		write_certificates(m, arena_printf(m->arena, "%s/other-ca.pem", m->folder),
			m->other.certificate, NULL);

	for (int i = 0; ok && i < PKI_PAIRS; i++)
		ok = write_leaf(m, (enum pki_pair)i);
	return ok && write_crls(m);
}

bool pki_write(struct arena *a, const char *folder, const char **error)
{
	struct maker m = {
		.arena = a,
		.folder = folder,
		.error = error,
		.root = new_ca("mqttspec throw-away root", NULL),
		.other = new_ca("mqttspec root that nobody trusts", NULL),
	};

	m.intermediate = new_ca("mqttspec throw-away intermediate", &m.root);
	m.revoked = new_crl(&m.intermediate);
	bool ok = write_all(&m);
	X509_CRL_free(m.revoked);
	free_pair(&m.root);
	free_pair(&m.intermediate);
	free_pair(&m.other);
	return ok;
}

/* ---- paths --------------------------------------------------------------------------------- */

const char *pki_ca(struct arena *a, const char *folder)
{
	return arena_printf(a, "%s/ca.pem", folder);
}

const char *pki_crl(struct arena *a, const char *folder)
{
	return arena_printf(a, "%s/crl.pem", folder);
}

const char *pki_certificate(struct arena *a, const char *folder, enum pki_pair pair)
{
	return arena_printf(a, "%s/%s.pem", folder, kinds[pair].file);
}

const char *pki_key(struct arena *a, const char *folder, enum pki_pair pair)
{
	return arena_printf(a, "%s/%s.key", folder, kinds[pair].file);
}
