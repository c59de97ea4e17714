/* A throw-away public key infrastructure: everything that a broker or a client with TLS is configured with,
 * in PEM files of one folder. Made in some milliseconds, for one run.
 *
 *   ca.pem ──▶ (intermediate) ──▶ server.pem  client.pem  ...        crl.pem: what is revoked of them
 *   other-ca.pem ──▶ server-foreign.pem  client-foreign.pem          nobody trusts this one
 *
 * Each NAME.pem has NAME.key beside it, and after its own certificate that of the intermediate. Those for
 * servers are for localhost, 127.0.0.1 and ::1, unless it is their fault that they are not.
 */
#ifndef HARNESS_PKI_H
#define HARNESS_PKI_H

#include <stdbool.h>

struct arena;

/* What is wrong with a pair; the name of its files is after it. */
enum pki_pair {
	PKI_SERVER,           /* server: nothing is */
	PKI_SERVER_EXPIRED,   /* server-expired */
	PKI_SERVER_EARLY,     /* server-early: not valid yet */
	PKI_SERVER_FOREIGN,   /* server-foreign: of another CA */
	PKI_SERVER_ELSEWHERE, /* server-elsewhere: for another name */
	PKI_SERVER_REVOKED,   /* server-revoked */
	PKI_SERVER_ALONE,     /* server-alone: signed by itself */
	PKI_CLIENT,           /* client: nothing is */
	PKI_CLIENT_EXPIRED,   /* client-expired */
	PKI_CLIENT_EARLY,     /* client-early */
	PKI_CLIENT_FOREIGN,   /* client-foreign */
	PKI_CLIENT_REVOKED,   /* client-revoked */
	PKI_CLIENT_CN,        /* client-cn: a common name alone */
	PKI_CLIENT_SAN,       /* client-san: an alternative name alone */
	PKI_PAIRS,
};

/* Writes all of it into a folder that is there. Keys can be read by their owner alone; made by root, by
 * everybody who can enter the folder, since a broker may become another user before it reads them. False, with
 * a sentence.
 */
bool pki_write(struct arena *a, const char *folder, const char **error);

/* Paths of these files, in the arena. */
const char *pki_ca(struct arena *a, const char *folder);
const char *pki_crl(struct arena *a, const char *folder);
const char *pki_certificate(struct arena *a, const char *folder, enum pki_pair pair);
const char *pki_key(struct arena *a, const char *folder, enum pki_pair pair);

#endif
