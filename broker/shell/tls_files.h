/* Certificates, keys and lists of what is revoked: read before anything starts, and complained of in words. Within
 * broker/shell only.
 */
#ifndef BROKER_SHELL_TLS_FILES_H
#define BROKER_SHELL_TLS_FILES_H

#include <stdbool.h>

#include <openssl/ssl.h>

struct tls_settings;

/* False, with a sentence that names the file. */
bool tls_files_read(
	SSL_CTX *context, const struct tls_settings *settings, char *error, unsigned error_size);

#endif
