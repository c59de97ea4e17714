/* TLS, any bytes, to a reader that knows secrets: each chunk comes after two bytes, whose it is (bit 7 of the first)
 * and how long it is (the other fifteen bits). A chunk of length 0 is a gap.
 */
#include <string.h>

#include "pcap/tls_secrets.h"
#include "pcap/tls_stream.h"
#include "tests/fuzz/fuzz.h"

#define RANDOM "2020202020202020202020202020202020202020202020202020202020202020"
#define SECRET " 0000000000000000000000000000000000000000000000000000000000000000\n"

static const char key_log[] =
	"CLIENT_RANDOM " RANDOM SECRET "CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM SECRET
	"SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM SECRET "CLIENT_TRAFFIC_SECRET_0 " RANDOM SECRET
	"SERVER_TRAFFIC_SECRET_0 " RANDOM SECRET;

static void plain(void *to, enum flow_from from, const uint8_t *data, size_t size,
	const struct moment *moment)
{
	uint64_t *heard = to;

	DEMAND(size && moment->packet && (from == FLOW_FROM_OPENER || from == FLOW_FROM_ACCEPTOR));
	for (size_t i = 0; i < size; i++)
		*heard += data[i];
}

static void closed(void *to, enum flow_from from, const struct moment *moment)
{
	(void)to;
	(void)from;
	DEMAND(moment->packet);
}

static void demand_of(struct tls_stream *t, const uint8_t *data, size_t size)
{
	struct moment moment = { 0 };
	bool good = true;

	while (size >= 2 && good) {
		enum flow_from from = data[0] & 0x80 ? FLOW_FROM_ACCEPTOR : FLOW_FROM_OPENER;
		size_t len = (size_t)(data[0] & 0x7f) << 8 | data[1];
		data += 2;
		size -= 2;
		len = len < size ? len : size;
		moment.packet++;
		if (!len) {
			tls_stream_gap(t, from);
			good = false;
		} else {
			uint8_t *copy = malloc(len);
			memcpy(copy, data, len);
			good = tls_stream_bytes(t, from, copy, len, &moment);
			free(copy);
		}
		DEMAND(good == !tls_stream_problem(t));
		data += len;
		size -= len;
	}
	DEMAND(good || *tls_stream_problem(t));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tls_listener listener = { plain, closed };
	struct tls_secrets *secrets = tls_secrets_new();
	uint64_t heard = 0;

	DEMAND(secrets);
	/* The first byte: whether the secrets are known, or the input is a key log. */
	if (size && data[0] & 1) {
		DEMAND(tls_secrets_add(secrets, (const char *)data + 1, size - 1) >= 0);
	} else if (size) {
		DEMAND(tls_secrets_add(secrets, key_log, sizeof(key_log) - 1) == 5);
		struct tls_stream *t = tls_stream_new(secrets, &listener, &heard);
		DEMAND(t);
		demand_of(t, data + 1, size - 1);
		tls_stream_free(t);
	}
	tls_secrets_free(secrets);
	return 0;
}
