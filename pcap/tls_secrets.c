#include "pcap/tls_secrets.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct tls_secrets {
	struct tls_session *buckets[BUCKETS];
};

static const char *const labels[TLS_LABELS] = {
	[TLS_MASTER] = "CLIENT_RANDOM",
	[TLS_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	[TLS_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	[TLS_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
	[TLS_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
};

struct tls_secrets *tls_secrets_new(void)
{
	return calloc(1, sizeof(struct tls_secrets));
}

void tls_secrets_free(struct tls_secrets *s)
{
	if (!s)
		return;
	for (int i = 0; i < BUCKETS; i++) {
		for (struct tls_session *t = s->buckets[i], *next; t; t = next) {
			next = t->next;
			explicit_bzero(t, sizeof(*t));
			free(t);
		}
	}
	free(s);
}

/* A Random is random: any of its bytes tell the bucket. */
static unsigned bucket_of(const uint8_t *random)
{
	return (random[30] << 8 | random[31]) % BUCKETS;
}

const struct tls_session *tls_secrets_find(
	const struct tls_secrets *s, const uint8_t random[static TLS_RANDOM_BYTES])
{
	const struct tls_session *t = s->buckets[bucket_of(random)];

	while (t && memcmp(t->random, random, TLS_RANDOM_BYTES) != 0)
		t = t->next;
	return t;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The next word of a line as bytes; how many, or 0 if it is none or longer than `limit`. */
static size_t hex_word(const char **at, const char *end, uint8_t *bytes, size_t limit)
{
	size_t size = 0;

	while (*at < end && **at == ' ')
		++*at;
	for (; end - *at >= 2 && **at != ' '; *at += 2) {
		int high = digit((*at)[0]), low = digit((*at)[1]);
		if (high < 0 || low < 0 || size == limit)
			return 0;
		bytes[size++] = (uint8_t)(high << 4 | low);
	}
	return *at == end || **at == ' ' ? size : 0;
}

static enum tls_label label_of(const char **at, const char *end)
{
	for (int i = 0; i < TLS_LABELS; i++) {
		size_t len = strlen(labels[i]);
		if ((size_t)(end - *at) > len && (*at)[len] == ' ' &&
			!memcmp(*at, labels[i], len)) {
			*at += len;
			return i;
		}
	}
	return TLS_LABELS;
}

static struct tls_session *session_for(struct tls_secrets *s, const uint8_t *random)
{
	struct tls_session *t = (struct tls_session *)tls_secrets_find(s, random);

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	memcpy(t->random, random, TLS_RANDOM_BYTES);
	t->next = s->buckets[bucket_of(random)];
	s->buckets[bucket_of(random)] = t;
	return t;
}

/* 1 if the line has a secret, 0 if not, -1 without memory. */
static int line_add(struct tls_secrets *s, const char *at, const char *end)
{
	uint8_t random[TLS_RANDOM_BYTES];
	struct tls_secret secret;

	if (at < end && end[-1] == '\r')
		end--;
	enum tls_label label = label_of(&at, end);
	if (label == TLS_LABELS || hex_word(&at, end, random, sizeof(random)) != TLS_RANDOM_BYTES)
		return 0;
	secret.size = (uint8_t)hex_word(&at, end, secret.bytes, sizeof(secret.bytes));
	if (!secret.size)
		return 0;
	struct tls_session *t = session_for(s, random);
	if (t)
		t->secrets[label] = secret;
	explicit_bzero(&secret, sizeof(secret));
	return t ? 1 : -1;
}

int tls_secrets_add(struct tls_secrets *s, const char *lines, size_t size)
{
	const char *end = lines + size;
	int count = 0;

	while (lines < end) {
		const char *newline = memchr(lines, '\n', (size_t)(end - lines));
		const char *line_end = newline ? newline : end;
		int added = line_add(s, lines, line_end);
		if (added < 0)
			return -1;
		count += added;
		lines = newline ? newline + 1 : end;
	}
	return count;
}
