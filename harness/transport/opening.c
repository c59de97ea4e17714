#include "harness/transport/opening.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"

enum { NONCE_SIZE = 16, SHA1_SIZE = 20, SHOWN_MAX = 80 };

static const char protocol[] = "mqtt";

/* ---- keys ---------------------------------------------------------------------------------- */

void opening_key(char out[static OPENING_KEY_SIZE])
{
	uint8_t nonce[NONCE_SIZE];

	if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce))
		abort();
	EVP_EncodeBlock((unsigned char *)out, nonce, sizeof(nonce));
}

/* RFC 6455, section 4.2.2: the key and a text that no other protocol would come up with. */
void opening_accept(struct http_text key, char out[static OPENING_ACCEPT_SIZE])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (!md || !EVP_DigestInit_ex(md, EVP_sha1(), NULL) ||
		!EVP_DigestUpdate(md, key.at, key.len) ||
		!EVP_DigestUpdate(md, guid, strlen(guid)) || !EVP_DigestFinal_ex(md, digest, NULL))
		abort();
	EVP_MD_CTX_free(md);
	EVP_EncodeBlock((unsigned char *)out, digest, SHA1_SIZE);
}

/* ---- what we say --------------------------------------------------------------------------- */

void opening_request(struct buf *out, const char *host, const char *path, const char *key)
{
	buf_printf(out,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"
		"Sec-WebSocket-Protocol: %s\r\n\r\n",
		path, host, key, protocol);
}

void opening_answer(struct buf *out, const char *accept, bool chooses)
{
	buf_printf(out,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\n",
		accept);
	if (chooses)
		buf_printf(out, "Sec-WebSocket-Protocol: %s\r\n", protocol);
	buf_add_text(out, "\r\n");
}

void opening_refusal(struct buf *out, const char *why)
{
	buf_printf(out,
		"HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\n"
		"Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s\n",
		strlen(why) + 1, why);
}

/* ---- what the other side says -------------------------------------------------------------- */

static const char *shown(struct arena *a, struct http_text text)
{
	char *copy = arena_printf(a, "%.*s", (int)(text.len < SHOWN_MAX ? text.len : SHOWN_MAX),
		text.at ? text.at : "");

	for (char *c = copy; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return copy;
}

static const char *upgrade_fault(const struct http_head *head)
{
	if (!http_lists(head, "Upgrade", "websocket"))
		return "without \"Upgrade: websocket\"";
	if (!http_lists(head, "Connection", "Upgrade"))
		return "without \"Connection: Upgrade\"";
	return NULL;
}

/* A server need not choose one of the subprotocols, but must not choose another. (4.2.2) Whether MQTT lets it
 * is for a case to say.
 */
const char *opening_answer_fault(struct arena *a, const struct http_head *answer, const char *key)
{
	char accept[OPENING_ACCEPT_SIZE];
	const char *why = upgrade_fault(answer);

	if (!http_is(answer->start[1], "101"))
		return arena_printf(a, "it answers the request for a WebSocket with %s %s",
			shown(a, answer->start[1]), shown(a, answer->start[2]));
	if (why)
		return arena_printf(a, "it answers the request for a WebSocket %s", why);
	opening_accept((struct http_text){ key, strlen(key) }, accept);
	const struct http_text *said = http_field(answer, "Sec-WebSocket-Accept");
	if (!said)
		return "its answer has no Sec-WebSocket-Accept, or several";
	if (said->len != strlen(accept) || memcmp(said->at, accept, said->len) != 0)
		return "its Sec-WebSocket-Accept is not the answer to our key";
	if (http_count(answer, "Sec-WebSocket-Extensions"))
		return "it chooses an extension, and none was offered";
	const struct http_text *chosen = http_field(answer, "Sec-WebSocket-Protocol");
	if (http_count(answer, "Sec-WebSocket-Protocol") > 1)
		return "it chooses several subprotocols";
	if (chosen &&
		(chosen->len != strlen(protocol) || memcmp(chosen->at, protocol, chosen->len)))
		return arena_printf(a,
			"it chooses the subprotocol \"%s\", and \"mqtt\" was offered",
			shown(a, *chosen));
	return NULL;
}

/* 16 bytes in base64. */
static bool is_key(const struct http_text *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";

	if (!key || key->len != OPENING_KEY_SIZE - 1 || memcmp(key->at + key->len - 2, "==", 2))
		return false;
	for (size_t i = 0; i < key->len - 2; i++)
		if (!key->at[i] || !strchr(letters, key->at[i]))
			return false;
	return true;
}

bool opening_upgrades(const struct http_head *head)
{
	return !upgrade_fault(head);
}

bool opening_has_key(const struct http_head *head)
{
	return is_key(http_field(head, "Sec-WebSocket-Key"));
}

bool opening_offers(const struct http_head *request)
{
	return http_lists(request, "Sec-WebSocket-Protocol", protocol);
}

/* 4.2.1. Whether a client may go without the subprotocol mqtt is for a case to say. [MQTT-6.0.0-3] */
const char *opening_request_fault(struct arena *a, const struct http_head *request)
{
	const char *why = upgrade_fault(request);
	const struct http_text *version = http_field(request, "Sec-WebSocket-Version");

	if (!http_is(request->start[0], "GET"))
		return arena_printf(a, "its request is %s, not GET", shown(a, request->start[0]));
	if (!http_field(request, "Host"))
		return "its request has no Host, or several";
	if (why)
		return arena_printf(a, "its request is %s", why);
	if (!version || !http_is(*version, "13"))
		return "its request is for another version of WebSocket than 13";
	if (!opening_has_key(request))
		return "its request has no Sec-WebSocket-Key of 16 bytes";
	return NULL;
}
