/* Deviant servers: what becomes of others where TLS does not come about. */
#include "deviants/rows.h"
#include "deviants/then_layer.h"
#include "deviants/when_layer.h"

#define OTHERS "3.1.1:U311-TRANSIENT-OTHERS~ 5.0:U50-TLS-OTHERS~"

static const struct deviation table[] = {
	{ "tls_stranger_ends_all", OTHERS,
		"Bytes that are no TLS end the connections of everybody.",
		{ { TO_SERVER, EVENT_BYTES, { is_no_tls }, strike, 0 } } },
	{ "tls_cut_handshake_ends_all", OTHERS,
		"A handshake that breaks off ends the connections of everybody.",
		{ { TO_SERVER, EVENT_END, { is_in_handshake }, strike, 0 } } },
	{ "tls_one_handshake_at_a_time", OTHERS,
		"While a handshake is under way nothing else is read.",
		{ { TO_SERVER, EVENT_BYTES, { another_shakes_hands }, hang, 0 } } },
};

DEVIATION_CHAPTER(tls, false, table);
