/* Deviant servers: certificates of clients. These are an end of TLS themselves. */
#include "deviants/rows.h"
#include "deviants/then_layer.h"

#define CERTIFICATES "3.1.1:UALL-CERTIFICATES 5.0:UALL-CERTIFICATES"

static const struct deviation table[] = {
	{ "certificate_not_wanted", CERTIFICATES,
		"Who has no certificate is let in, and so is who has any.",
		{ { TO_SERVER, EVENT_TRUST, { 0 }, trust, TRUSTS_ANYBODY } } },
	{ "revoked_certificate_taken", CERTIFICATES,
		"Who has a certificate that was revoked is let in.",
		{ { TO_SERVER, EVENT_TRUST, { 0 }, trust, TRUSTS_ITS_CA } } },
};

DEVIATION_CHAPTER(certificates, false, table);
