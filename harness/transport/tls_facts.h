/* What is known of a connection over TLS, and of its other side. */
#ifndef HARNESS_TLS_FACTS_H
#define HARNESS_TLS_FACTS_H

#include <stdbool.h>

struct tls_facts {
	const char *version;     /* "TLSv1.3" */
	const char *server_name; /* that it asks for, where it dials (SNI); NULL: for none */
	bool has_certificate;    /* it has shown one */
};

#endif
