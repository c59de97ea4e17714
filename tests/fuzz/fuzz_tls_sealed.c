/* TLS whose records are good, whatever is in them: they are encrypted with keys that the reader can make, too, so that
 * what lies after the tag of a record is reached.
 *
 *   suite | (how | length | bytes of that length)*
 *
 * A session is agreed on first. `how`: bit 7 is whose record it is, the lower three what is done with the bytes (enum
 * how).
 */
#include <openssl/evp.h>
#include <string.h>

#include "pcap/tls_cipher.h"
#include "pcap/tls_secrets.h"
#include "pcap/tls_stream.h"
#include "tests/fuzz/fuzz.h"

enum how {
	HOW_DATA,      /* application data */
	HOW_HANDSHAKE, /* messages, cut anywhere */
	HOW_ALERT,
	HOW_ANY,      /* of the type that the first byte says */
	HOW_FINISHED, /* the message that ends a handshake: other keys come after it in TLS 1.3 ... */
	HOW_UPDATE,   /* ... as after this one */
	HOW_OPEN,     /* not encrypted, and no record unless they are one */
	HOW_DAMAGED, /* as data, but one bit is wrong */
};

enum { SECRET_BYTE = 0, CLIENT_RANDOM = 0x20, SERVER_RANDOM = 0x21, KINDS = 8 };

static const struct kind {
	uint16_t version, id;
	uint8_t secret_size, tag_size;
	bool is_ccm, number_is_nonce;
	const EVP_CIPHER *(*cipher)(void);
} kinds[KINDS] = {
	{ TLS_1_3, 0x1301, 32, 16, false, true, EVP_aes_128_gcm },
	{ TLS_1_3, 0x1302, 48, 16, false, true, EVP_aes_256_gcm },
	{ TLS_1_3, 0x1303, 32, 16, false, true, EVP_chacha20_poly1305 },
	{ TLS_1_3, 0x1305, 32, 8, true, true, EVP_aes_128_ccm },
	{ TLS_1_2, 0xc02f, 48, 16, false, false, EVP_aes_128_gcm },
	{ TLS_1_2, 0xc030, 48, 16, false, false, EVP_aes_256_gcm },
	{ TLS_1_2, 0xcca8, 48, 16, false, true, EVP_chacha20_poly1305 },
	{ TLS_1_2, 0xc0a2, 48, 8, true, false, EVP_aes_128_ccm },
};

/* One way, as its sender knows it. */
struct sender {
	struct tls_cipher keys;
	bool has_traffic_keys;
	uint64_t records;
};

struct session {
	const struct kind *kind;
	const struct tls_suite *suite;
	struct tls_secrets *secrets;
	struct tls_stream *stream;
	struct sender senders[2];
	struct tls_secret secret; /* all are the same */
	struct moment moment;
	uint64_t said, heard, closed; /* sums of bytes of data; close_notify */
	bool legal;                   /* all so far */
};

static void plain(void *to, enum flow_from from, const uint8_t *data, size_t size,
	const struct moment *moment)
{
	struct session *s = to;

	DEMAND(size && moment->packet && (from == FLOW_FROM_OPENER || from == FLOW_FROM_ACCEPTOR));
	for (size_t i = 0; i < size; i++)
		s->heard += data[i] + 1u;
}

static void closed(void *to, enum flow_from from, const struct moment *moment)
{
	struct session *s = to;

	(void)from;
	DEMAND(moment->packet);
	s->closed++;
}

/* ---- what an end of TLS does ----------------------------------------------------------------- */

static void feed(struct session *s, enum flow_from from, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	DEMAND(copy);
	memcpy(copy, data, size);
	s->moment.packet++;
	bool good = tls_stream_bytes(s->stream, from, copy, size, &s->moment);
	free(copy);
	DEMAND(good == !tls_stream_problem(s->stream));
	DEMAND(good || !s->legal);
}

static void nonce_of(const struct session *s, const struct sender *from, uint8_t nonce[static 12])
{
	for (int i = 0; i < 12; i++)
		nonce[i] = i < 4 || s->kind->number_is_nonce ? from->keys.iv[i] : 0;
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= (uint8_t)(from->records >> (56 - 8 * i));
}

static size_t additional_of(const struct session *s, const struct sender *from, const uint8_t *head,
	size_t size, uint8_t out[static 13])
{
	if (s->kind->version == TLS_1_3) {
		memcpy(out, head, TLS_RECORD_HEAD);
		return TLS_RECORD_HEAD;
	}
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(from->records >> (56 - 8 * i));
	memcpy(out + 8, head, 3);
	out[11] = (uint8_t)(size >> 8);
	out[12] = (uint8_t)size;
	return 13;
}

static void encrypt(const struct kind *kind, const uint8_t *key, const uint8_t *nonce,
	const uint8_t *additional, size_t additional_size, uint8_t *text, size_t size)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t *tag = text + size;
	int done;

	DEMAND(c && EVP_EncryptInit_ex(c, kind->cipher(), NULL, NULL, NULL) == 1);
	DEMAND(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) == 1);
	if (kind->is_ccm)
		DEMAND(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, kind->tag_size, NULL) == 1);
	DEMAND(EVP_EncryptInit_ex(c, NULL, NULL, key, nonce) == 1);
	if (kind->is_ccm)
		DEMAND(EVP_EncryptUpdate(c, NULL, &done, NULL, (int)size) == 1);
	DEMAND(EVP_EncryptUpdate(c, NULL, &done, additional, (int)additional_size) == 1);
	DEMAND(EVP_EncryptUpdate(c, text, &done, text, (int)size) == 1);
	DEMAND(EVP_EncryptFinal_ex(c, text + size, &done) == 1);
	DEMAND(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kind->tag_size, tag) == 1);
	EVP_CIPHER_CTX_free(c);
}

/* `data` as a record of this type. */
static void seal(struct session *s, enum flow_from from, uint8_t type, const uint8_t *data,
	size_t size, bool damage)
{
	struct sender *sender = &s->senders[from];
	uint8_t record[TLS_RECORD_LIMIT], nonce[12], additional[13];
	bool is_new = s->kind->version == TLS_1_3;
	size_t explicit = is_new || s->kind->number_is_nonce ? 0 : 8;
	uint8_t *body = record + TLS_RECORD_HEAD + explicit;
	size_t inner = size + (is_new ? 1 : 0);
	size_t whole = explicit + inner + s->kind->tag_size;

	memcpy(body, data, size);
	if (is_new)
		body[size] = type;
	memcpy(record,
		(uint8_t[]){ is_new ? 23 : type, 3, 3, (uint8_t)(whole >> 8), (uint8_t)whole },
		TLS_RECORD_HEAD);
	nonce_of(s, sender, nonce);
	memcpy(record + TLS_RECORD_HEAD, nonce + 4, explicit);
	size_t additional_size = additional_of(s, sender, record, inner, additional);
	encrypt(s->kind, sender->keys.key, nonce, additional, additional_size, body, inner);
	sender->records++;
	if (damage)
		body[inner / 2] ^= 0x10;
	feed(s, from, record, TLS_RECORD_HEAD + whole);
}

static void change_keys(struct session *s, enum flow_from from)
{
	struct sender *sender = &s->senders[from];

	if (s->kind->version != TLS_1_3)
		return;
	if (sender->has_traffic_keys)
		DEMAND(tls_cipher_update(&sender->keys));
	else /* all secrets are the same */
		DEMAND(tls_cipher_traffic(&sender->keys, s->suite, &s->secret));
	sender->has_traffic_keys = true;
	sender->records = 0;
}

/* ---- the session ----------------------------------------------------------------------------- */

static void add_secret(struct session *s, const char *label)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "%s ", label);

	for (int i = 0; i < TLS_RANDOM_BYTES; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x", CLIENT_RANDOM);
	line[len++] = ' ';
	for (int i = 0; i < s->kind->secret_size; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x", SECRET_BYTE);
	line[len++] = '\n';
	DEMAND(tls_secrets_add(s->secrets, line, (size_t)len) == 1);
}

static void say_hellos(struct session *s)
{
	uint8_t client[] = { 22, 3, 3, 0, 45, 1, 0, 0, 41, 3, 3, [11 ... 42] = CLIENT_RANDOM, 0, 0,
		2, (uint8_t)(s->kind->id >> 8), (uint8_t)s->kind->id, 1, 0 };
	uint8_t server[] = { 22, 3, 3, 0, 50, 2, 0, 0, 46, 3, 3, [11 ... 42] = SERVER_RANDOM, 0,
		(uint8_t)(s->kind->id >> 8), (uint8_t)s->kind->id, 0, 0, 6, 0, 43, 0, 2, 3, 4 };

	if (s->kind->version == TLS_1_2) { /* no extension says another one */
		server[4] = 42;
		server[8] = 38;
	}
	feed(s, FLOW_FROM_OPENER, client, sizeof(client));
	feed(s, FLOW_FROM_ACCEPTOR, server, sizeof(server) - (s->kind->version == TLS_1_2 ? 8 : 0));
}

static void agree(struct session *s)
{
	static const char *const labels[] = { "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_0" };
	uint8_t randoms[2][TLS_RANDOM_BYTES];

	memset(randoms[0], CLIENT_RANDOM, TLS_RANDOM_BYTES);
	memset(randoms[1], SERVER_RANDOM, TLS_RANDOM_BYTES);
	s->suite = tls_suite_find(s->kind->version, s->kind->id);
	s->secret.size = s->kind->secret_size;
	DEMAND(s->suite);
	say_hellos(s);
	for (size_t i = 0; s->kind->version == TLS_1_3 && i < 4; i++)
		add_secret(s, labels[i]);
	if (s->kind->version == TLS_1_2)
		add_secret(s, "CLIENT_RANDOM");
	for (int from = 0; from < 2; from++) {
		struct tls_cipher *keys = &s->senders[from].keys;
		if (s->kind->version == TLS_1_3) {
			DEMAND(tls_cipher_traffic(keys, s->suite, &s->secret));
			continue;
		}
		DEMAND(tls_cipher_master(keys, s->suite, &s->secret, randoms[0], randoms[1],
			from == FLOW_FROM_ACCEPTOR));
		feed(s, (enum flow_from)from, (const uint8_t[]){ 20, 3, 3, 0, 1, 1 }, 6);
	}
}

static void step(
	struct session *s, enum flow_from from, enum how how, const uint8_t *data, size_t size)
{
	static const uint8_t finished[] = { 20, 0, 0, 12, [4 ... 15] = 7 };
	static const uint8_t update[] = { 24, 0, 0, 1, 0 };

	switch (how) {
	case HOW_DATA:
		for (size_t i = 0; i < size; i++)
			s->said += data[i] + 1u;
		seal(s, from, 23, data, size, false);
		break;
	case HOW_HANDSHAKE:
		s->legal = false;
		seal(s, from, 22, data, size, false);
		break;
	case HOW_ALERT: seal(s, from, 21, data, size, false); break;
	case HOW_ANY:
		s->legal = false;
		seal(s, from, size ? data[0] : 0, data, size, false);
		break;
	case HOW_FINISHED:
		seal(s, from, 22, finished, sizeof(finished), false);
		if (!s->senders[from].has_traffic_keys)
			change_keys(s, from);
		break;
	case HOW_UPDATE:
		seal(s, from, 22, update, sizeof(update), false);
		if (s->senders[from].has_traffic_keys)
			change_keys(s, from);
		else
			s->legal = false;
		break;
	case HOW_OPEN:
		s->legal = false;
		feed(s, from, data, size);
		break;
	case HOW_DAMAGED:
		s->legal = false;
		seal(s, from, 23, data, size, true);
		DEMAND(tls_stream_problem(s->stream));
		break;
	}
	if (s->legal)
		DEMAND(s->heard == s->said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tls_listener listener = { plain, closed };
	struct session s = { .secrets = tls_secrets_new(), .legal = true };

	if (!size) {
		tls_secrets_free(s.secrets);
		return 0;
	}
	s.kind = &kinds[data[0] % KINDS];
	s.stream = tls_stream_new(s.secrets, &listener, &s);
	DEMAND(s.secrets && s.stream);
	agree(&s);
	DEMAND(!tls_stream_problem(s.stream));
	data++;
	size--;
	while (size >= 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		step(&s, data[0] & 0x80 ? FLOW_FROM_ACCEPTOR : FLOW_FROM_OPENER,
			(enum how)(data[0] & 7), data + 2, len);
		data += 2 + len;
		size -= 2 + len;
	}
	for (int from = 0; from < 2; from++)
		tls_cipher_fini(&s.senders[from].keys);
	tls_stream_free(s.stream);
	tls_secrets_free(s.secrets);
	return 0;
}
