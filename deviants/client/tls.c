/* Deviant clients: TLS. */
#include "deviants/rows.h"
#include "deviants/then_layer.h"

static const struct deviation table[] = {
	{ "client_trusts_anybody", "3.1.1:UALL-TLS-RULES~ 5.0:UALL-TLS-RULES~",
		"A client takes any certificate of a server.",
		{ { TO_CLIENT, EVENT_TRUST, { 0 }, trust, TRUSTS_ANYBODY } } },
};

DEVIATION_CHAPTER(client_tls, true, table);
