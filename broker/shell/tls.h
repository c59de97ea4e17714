/* What the TLS connections of a listener have in common: certificate, key, whom to trust, names. It lives as long as
 * the latest of those that hold it, so that a listener can get another one. Within broker/shell only.
 */
#ifndef BROKER_SHELL_TLS_H
#define BROKER_SHELL_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

struct psk_keys;
struct tls_settings;

struct tls {
	unsigned holders;
	SSL_CTX *context;
	BIO_METHOD *method; /* between SSL and the channel: tls_bio_method */
	bool identity_as_user, subject_as_user;
	struct psk_keys *psk; /* NULL: it is certificates that count */
	bool websockets;      /* what it is called in ALPN */
};

/* Reads all files. NULL, with a sentence that names the file, if any of them cannot be used: it cannot be read, is
 * not what it should be, does not go with the others, has expired, or takes a passphrase.
 */
struct tls *tls_new(
	const struct tls_settings *settings, bool websockets, char *error, unsigned error_size);

struct tls *tls_hold(struct tls *tls);
void tls_drop(struct tls *tls); /* NULL is fine */

#endif
