/* What one side of TLS brings along: whom it trusts, and what it shows of itself. Made once from files and
 * used by any number of connections, in this process and those that it forks; never changed.
 */
#ifndef HARNESS_TLS_CONTEXT_H
#define HARNESS_TLS_CONTEXT_H

#include <stdbool.h>

struct arena;
struct ssl_ctx_st;
struct bio_method_st;

/* Paths of PEM files; NULL: none. */
struct tls_files {
	const char *ca;   /* whose certificates are good; NULL: those of the system */
	const char *cert; /* our certificate, those of the intermediates after it ... */
	const char *key;  /* ... and its private key, which is not encrypted */
	const char *sni;  /* the name to ask for and to find in the certificate; NULL: the host */
	bool insecure;    /* take any certificate, and any name in it */
	int version;      /* 10 to 13: TLS 1.0 to 1.3, this one alone; 0: 1.2 and 1.3 */
};

struct tls {
	struct ssl_ctx_st *context;
	struct bio_method_st *below; /* how OpenSSL reads and writes the pipe that it lies on */
	struct tls_files files;      /* what it was made from */
};

/* For a side that dials, or one that listens, which needs a certificate, and asks the other side for one if
 * it has a `ca`. NULL, with a sentence that names the file, when one of them is of no use. The files' names are borrowed.
 */
struct tls *tls_new_dialling(struct arena *a, const struct tls_files *files, const char **error);
struct tls *tls_new_listening(struct arena *a, const struct tls_files *files, const char **error);

void tls_free(struct tls *tls); /* NULL is fine */

#endif
