#include "client/shell/opening.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum { KEY_BYTES = 16, SHA1_BYTES = 20 };

bool opening_key(char key[static OPENING_KEY_SIZE])
{
	unsigned char bytes[KEY_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	EVP_EncodeBlock((unsigned char *)key, bytes, sizeof(bytes));
	return true;
}

/* RFC 6455, section 1.3 */
void opening_accept(
	const char key[static OPENING_KEY_SIZE], char accept[static OPENING_ACCEPT_SIZE])
{
	char text[OPENING_KEY_SIZE + 36];
	unsigned char digest[SHA1_BYTES] = { 0 };

	int len = snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	EVP_Digest(text, (size_t)len, digest, NULL, EVP_sha1(), NULL);
	EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
}

bool opening_request(
	struct buf *out, const struct server *server, const char key[static OPENING_KEY_SIZE])
{
	bool ipv6 = strchr(server->host, ':') != NULL;
	bool usual = !strcmp(server->port, server->secure ? "443" : "80");

	buf_printf(out, "GET %s HTTP/1.1\r\n", server->path);
	buf_printf(out, "Host: %s%s%s%s%s\r\n", ipv6 ? "[" : "", server->host, ipv6 ? "]" : "",
		usual ? "" : ":", usual ? "" : server->port);
	buf_printf(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
	buf_printf(out, "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", key);
	buf_printf(out, "Sec-WebSocket-Protocol: mqtt\r\n"); /* [MQTT-6.0.0-3] */
	buf_printf(out, "%s\r\n", server->headers ? server->headers : "");
	return !out->failed;
}

static const char *answer_fault(
	const struct http_response *answer, const char key[static OPENING_KEY_SIZE])
{
	char accept[OPENING_ACCEPT_SIZE];
	struct http_text value;

	if (!http_lists(answer, "Upgrade", "websocket"))
		return "it is not an upgrade to websocket";
	if (!http_lists(answer, "Connection", "upgrade"))
		return "its field Connection does not say upgrade";
	opening_accept(key, accept);
	if (!http_field(answer, "Sec-WebSocket-Accept", &value) || value.len != strlen(accept) ||
		memcmp(value.at, accept, value.len) != 0)
		return "its Sec-WebSocket-Accept is not the answer to the key";
	if (http_has(answer, "Sec-WebSocket-Extensions"))
		return "it chooses an extension that was not offered";
	/* [MQTT-6.0.0-4] */
	if (!http_field(answer, "Sec-WebSocket-Protocol", &value) || value.len != 4 ||
		memcmp(value.at, "mqtt", 4) != 0)
		return "it does not choose the subprotocol mqtt";
	return NULL;
}

bool opening_check(const struct http_response *answer, const char key[static OPENING_KEY_SIZE],
	char *error, size_t error_size)
{
	if (answer->status != 101) {
		snprintf(error, error_size, "the server refused the WebSocket: %u %.*s",
			answer->status, (int)(answer->reason.len < 80 ? answer->reason.len : 80),
			answer->reason.at);
		return false;
	}
	const char *fault = answer_fault(answer, key);
	if (fault)
		snprintf(error, error_size, "the server's answer opens no WebSocket: %s", fault);
	return !fault;
}

bool opening_allows(const char *field)
{
	static const char *const ours[] = { "Host", "Upgrade", "Connection", "Content-Length",
		"Transfer-Encoding" };
	size_t len = strcspn(field, ":");

	if (!http_is_field(field) || !strncasecmp(field, "Sec-WebSocket-", 14))
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (len == strlen(ours[i]) && !strncasecmp(field, ours[i], len))
			return false;
	return true;
}
