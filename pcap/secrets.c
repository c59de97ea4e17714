#include "pcap/secrets.h"

#include <string.h>

#include "pcap/network_order.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
	BLOCK_SECRETS = 10,
	BLOCK_LEAST = 12,
	ORDER_MARK = 0x1a2b3c4d,
	SECRETS_TLS_KEY_LOG = 0x544c534b, /* "TLSK" */
	SECRETS_HEAD = 16,                /* block type and length, secrets' type and length */
	KEY_LOG_LIMIT = 64 * 1024 * 1024,
};

void secrets_init(struct secrets *s)
{
	s->big_endian = false;
	buf_init(&s->key_log, KEY_LOG_LIMIT);
}

void secrets_fini(struct secrets *s)
{
	if (s->key_log.cap)
		explicit_bzero(s->key_log.data, s->key_log.cap);
	buf_fini(&s->key_log);
}

bool secrets_possible(const uint8_t *start, size_t size)
{
	return size >= 4 && network_u32(start) == BLOCK_SECTION;
}

static uint32_t number(const struct secrets *s, const uint8_t *at)
{
	uint32_t value = network_u32(at);

	return s->big_endian ? value : __builtin_bswap32(value);
}

/* Grows by copying, so that no old copy stays in memory. */
static bool room_make(struct buf *b, size_t len)
{
	struct buf larger;

	if (b->cap > b->len + len + 1)
		return true;
	buf_init(&larger, b->limit_bytes);
	if (!buf_extend(&larger, 2 * (b->len + len) + 1))
		return false;
	if (b->len)
		memcpy(larger.data, b->data, b->len);
	larger.len = b->len;
	if (b->cap)
		explicit_bzero(b->data, b->cap);
	buf_fini(b);
	*b = larger;
	return true;
}

static void key_log_add(struct secrets *s, const uint8_t *text, size_t len)
{
	if (!len || !room_make(&s->key_log, len + 1))
		return;
	buf_add(&s->key_log, text, len);
	if (text[len - 1] != '\n')
		buf_add_u8(&s->key_log, '\n');
}

void secrets_look(struct secrets *s, const uint8_t *blocks, size_t size)
{
	while (size >= BLOCK_LEAST) {
		if (network_u32(blocks) == BLOCK_SECTION)
			s->big_endian = network_u32(blocks + 8) == ORDER_MARK;
		size_t len = number(s, blocks + 4);
		if (len < BLOCK_LEAST || len > size)
			return;
		if (number(s, blocks) == BLOCK_SECRETS && len >= SECRETS_HEAD + 4 &&
			number(s, blocks + 8) == SECRETS_TLS_KEY_LOG) {
			size_t secrets_len = number(s, blocks + 12);
			if (secrets_len <= len - SECRETS_HEAD - 4)
				key_log_add(s, blocks + SECRETS_HEAD, secrets_len);
		}
		blocks += len;
		size -= len;
	}
}
