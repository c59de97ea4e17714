/* Deviant clients: TLS. */
#include "deviants/rows.h"
#include "deviants/then_layer.h"

#define TLS_RULES "3.1.1:UALL-TLS-RULES~ 5.0:UALL-TLS-RULES~"
#define AS_ASKED  "3.1.1:UALL-AS-ASKED 5.0:UALL-AS-ASKED"

static const struct deviation table[] = {
	{ "client_trusts_anybody", TLS_RULES, "A client takes any certificate of a server.",
		{ { TO_CLIENT, EVENT_TRUST, { 0 }, trust, TRUSTS_ANYBODY } } },
	{ "client_looks_for_another_name", AS_ASKED " " TLS_RULES,
		"A client looks for another name in the server's certificate than it was given.",
		{ { TO_SERVER, EVENT_COMMAND, { 0 }, look_elsewhere, 0 } } },
	{ "client_shows_no_certificate", AS_ASKED,
		"A client does not show the certificate that it was given.",
		{ { TO_SERVER, EVENT_COMMAND, { 0 }, drop_certificate, 0 } } },
	{ "client_forgets_session_over_tls", "3.1.1:MQTT-4.4.0-1 5.0:MQTT-4.4.0-1 " AS_ASKED,
		"A client that was asked to keep its session forgets it.",
		{ { TO_SERVER, EVENT_COMMAND, { 0 }, end_session, 0 } } },
};

DEVIATION_CHAPTER(client_tls, true, table);
