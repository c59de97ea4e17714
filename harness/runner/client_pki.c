#include "harness/runner/client_pki.h"

#include <stddef.h>

#include "harness/agent/client.h"
#include "harness/launch/pki.h"
#include "harness/runner/folder.h"
#include "harness/transport/tls_context.h"

bool client_pki_make(struct arena *a, struct client *client, const char **error)
{
	client->pki = folder_make(a, error);
	if (!client->pki || !pki_write(a, client->pki, error))
		return false;
	const struct tls_files files = {
		.cert = pki_certificate(a, client->pki, PKI_SERVER),
		.key = pki_key(a, client->pki, PKI_SERVER),
	};
	client->tls = tls_new_listening(a, &files, error);
	return client->tls;
}

void client_pki_remove(struct client *client)
{
	tls_free((struct tls *)client->tls);
	folder_remove(client->pki);
	client->tls = NULL;
	client->pki = NULL;
}
