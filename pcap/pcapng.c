/* The file: a section header, one interface, then a packet block for each frame, and secrets between them.
 *
 *   block   type 4 | length 4 | body | options | length 4       everything in multiples of four
 *   option  code 2 | length 2 | value, padded                   the last one is 0, 0
 *
 * All numbers are big endian, which the section header tells the reader; so the same run gives the
 * same file on every machine.
 */
#include "pcap/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/segment.h"
#include "pcap/writer.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	BLOCK_LIMIT = 256 * 1024, /* the largest: two options of 64 KiB */
	BUFFER_BYTES = 64 * 1024, /* most captures are one write */

	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_INTERFACE_NAME = 2,
	OPTION_INTERFACE_DESCRIPTION = 3,
	OPTION_INTERFACE_RESOLUTION = 9,
	OPTION_LIMIT = 65535,

	SECRETS_TLS_KEY_LOG = 0x544c534b, /* "TLSK" */
	SECRETS_LIMIT = 64 * 1024,

	LINK_ETHERNET = 1,
	MICROSECONDS = 6, /* the resolution, as a negative power of ten */
};

void pcapng_fail(struct pcapng *p, int error)
{
	if (!p->error)
		p->error = error;
}

static void block_begin(struct buf *b, uint32_t type)
{
	buf_reset(b);
	buf_add_u32(b, type);
	buf_add_u32(b, 0); /* block_end knows the length */
}

static void bytes_add_padded(struct buf *b, const void *data, size_t len)
{
	buf_add(b, data, len);
	buf_add(b, (uint8_t[4]){ 0 }, -len % 4);
}

static void option_add(struct buf *b, uint16_t code, const void *value, size_t len)
{
	buf_add_u16(b, code);
	buf_add_u16(b, (uint16_t)len);
	bytes_add_padded(b, value, len);
}

/* Cuts what is longer than an option may be, but not within a UTF-8 sequence. */
static void option_add_text(struct buf *b, uint16_t code, const char *text)
{
	if (!text)
		return;
	size_t len = strnlen(text, OPTION_LIMIT + 1);
	if (len > OPTION_LIMIT) {
		len = OPTION_LIMIT;
		while (len && (text[len] & 0xc0) == 0x80)
			len--;
	}
	option_add(b, code, text, len);
}

static void block_end(struct pcapng *p)
{
	struct buf *b = &p->block;
	size_t len = b->len + 4;

	if (!buf_add_u32(b, (uint32_t)len)) {
		pcapng_fail(p, ENOMEM);
		return;
	}
	memcpy(b->data + 4, b->data + len - 4, 4);
	/* Nothing may follow a block that was cut. */
	if (!ferror(p->file) && fwrite(b->data, 1, len, p->file) != len)
		pcapng_fail(p, errno);
}

static void section_put(struct pcapng *p, const char *application, const char *comment)
{
	struct buf *b = &p->block;

	block_begin(b, BLOCK_SECTION);
	buf_add_u32(b, 0x1a2b3c4d); /* read in this order: big endian */
	buf_add_u16(b, 1);
	buf_add_u16(b, 0);
	buf_add(b, "\xff\xff\xff\xff\xff\xff\xff\xff", 8); /* section length: to the end */
	option_add_text(b, OPTION_COMMENT, comment);
	option_add_text(b, OPTION_SECTION_APPLICATION, application);
	option_add(b, OPTION_END, NULL, 0);
	block_end(p);
}

static void interface_put(struct pcapng *p)
{
	struct buf *b = &p->block;

	block_begin(b, BLOCK_INTERFACE);
	buf_add_u16(b, LINK_ETHERNET);
	buf_add_u16(b, 0);
	buf_add_u32(b, SEGMENT_FRAME_LIMIT);
	option_add_text(b, OPTION_INTERFACE_NAME, "sockets");
	option_add_text(b, OPTION_INTERFACE_DESCRIPTION,
		"Bytes as the sockets had them; the headers around them are made up");
	option_add(b, OPTION_INTERFACE_RESOLUTION, (uint8_t[]){ MICROSECONDS }, 1);
	option_add(b, OPTION_END, NULL, 0);
	block_end(p);
}

void pcapng_tls_secrets(struct pcapng *p, const char *key_log)
{
	struct buf *b = &p->block;
	size_t len = strlen(key_log);

	if (len > SECRETS_LIMIT) {
		pcapng_fail(p, EMSGSIZE);
		return;
	}
	block_begin(b, BLOCK_SECRETS);
	buf_add_u32(b, SECRETS_TLS_KEY_LOG);
	buf_add_u32(b, (uint32_t)len); /* without the padding */
	bytes_add_padded(b, key_log, len);
	block_end(p);
}

void pcapng_packet(struct pcapng *p, int64_t at_us, const char *comment)
{
	struct buf *b = &p->block;

	if (p->frame.failed) {
		pcapng_fail(p, ENOMEM);
		return;
	}
	block_begin(b, BLOCK_PACKET);
	buf_add_u32(b, 0); /* the first and only interface */
	buf_add_u32(b, (uint32_t)((uint64_t)at_us >> 32));
	buf_add_u32(b, (uint32_t)at_us);
	buf_add_u32(b, (uint32_t)p->frame.len);
	buf_add_u32(b, (uint32_t)p->frame.len);
	bytes_add_padded(b, p->frame.data, p->frame.len);
	if (comment) {
		option_add_text(b, OPTION_COMMENT, comment);
		option_add(b, OPTION_END, NULL, 0);
	}
	block_end(p);
}

struct pcapng *pcapng_create(const char *path, const char *application, const char *comment)
{
	struct pcapng *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->buffer = malloc(BUFFER_BYTES);
	p->file = p->buffer ? fopen(path, "wbe") : NULL;
	if (!p->file) {
		int error = errno;
		free(p->buffer);
		free(p);
		errno = error;
		return NULL;
	}
	setvbuf(p->file, p->buffer, _IOFBF, BUFFER_BYTES);
	buf_init(&p->block, BLOCK_LIMIT);
	buf_init(&p->frame, SEGMENT_FRAME_LIMIT);
	section_put(p, application, comment);
	interface_put(p);
	return p;
}

bool pcapng_close(struct pcapng *p)
{
	if (!p)
		return true;
	if (fclose(p->file) != 0)
		pcapng_fail(p, errno);
	int error = p->error;
	made_flows_free(p);
	buf_fini(&p->block);
	buf_fini(&p->frame);
	free(p->buffer);
	free(p);
	if (error)
		errno = error;
	return !error;
}
