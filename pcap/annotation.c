#include "pcap/annotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "pcap/container.h"
#include "pcap/intake.h"
#include "pcap/network_order.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_PACKET = 6,
	PACKET_HEAD = 28, /* of a packet block, before the packet */
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_RESOLUTION = 9,
	OPTION_LIMIT = 65535,
	NANOSECONDS = 9,
	SNAP_LENGTH = 262144,
	BLOCK_LIMIT = 2 * CONTAINER_RECORD_LIMIT,
	BUFFER_BYTES = 256 * 1024,
};

struct copying {
	struct intake in;
	struct container container;
	FILE *out;
	struct buf block; /* in the making */
	const struct annotation *next;
	size_t left; /* from `next` on */
	bool begun;  /* of a pcap file: section and interface are written */
};

static void add32(struct copying *c, uint32_t value)
{
	buf_add_u32(&c->block, c->container.big_endian ? value : __builtin_bswap32(value));
}

static void add16(struct copying *c, uint16_t value)
{
	buf_add_u16(&c->block, c->container.big_endian ? value : __builtin_bswap16(value));
}

static void add_padded(struct copying *c, const void *data, size_t len)
{
	buf_add(&c->block, data, len);
	buf_add(&c->block, (uint8_t[4]){ 0 }, -len % 4);
}

static void block_begin(struct copying *c, uint32_t type)
{
	buf_reset(&c->block);
	add32(c, type);
	add32(c, 0); /* block_end knows the length */
}

/* Room for a block can only be missing where one record is as large as all may be. */
static bool block_end(struct copying *c)
{
	add32(c, (uint32_t)c->block.len + 4);
	if (c->block.failed) {
		errno = ENOMEM;
		return false;
	}
	memcpy(c->block.data + 4, c->block.data + c->block.len - 4, 4);
	return fwrite(c->block.data, 1, c->block.len, c->out) == c->block.len;
}

/* Not cut within a UTF-8 sequence. */
static void comment_add(struct copying *c, const char *text)
{
	size_t len = strnlen(text, OPTION_LIMIT + 1);

	if (len > OPTION_LIMIT) {
		len = OPTION_LIMIT;
		while (len && (text[len] & 0xc0) == 0x80)
			len--;
	}
	add16(c, OPTION_COMMENT);
	add16(c, (uint16_t)len);
	add_padded(c, text, len);
}

static bool annotated(const struct copying *c, const struct captured *packet)
{
	return c->left && c->next->packet <= packet->number;
}

static void comments_add(struct copying *c, const struct captured *packet)
{
	for (; annotated(c, packet); c->next++, c->left--)
		comment_add(c, c->next->text);
}

/* Comments go before the options that are there, of which the last one ends them. */
static bool packet_block_copy(
	struct copying *c, const uint8_t *block, size_t len, const struct captured *packet)
{
	size_t options = (size_t)(packet->data - block) + (packet->size + 3u) / 4 * 4;

	buf_reset(&c->block);
	buf_add(&c->block, block, options);
	comments_add(c, packet);
	buf_add(&c->block, block + options, len - 4 - options);
	if (options == len - 4)
		add32(c, OPTION_END);
	return block_end(c);
}

static bool packet_make(struct copying *c, uint64_t stamp, const struct captured *packet)
{
	block_begin(c, BLOCK_PACKET);
	add32(c, 0); /* the first interface */
	add32(c, (uint32_t)(stamp >> 32));
	add32(c, (uint32_t)stamp);
	add32(c, packet->size);
	add32(c, packet->wire_size);
	add_padded(c, packet->data, packet->size);
	if (annotated(c, packet)) {
		comments_add(c, packet);
		add32(c, OPTION_END);
	}
	return block_end(c);
}

/* The head of the pcapng file that a pcap file becomes. */
static bool head_make(struct copying *c)
{
	block_begin(c, BLOCK_SECTION);
	add32(c, 0x1a2b3c4d);
	add16(c, 1);
	add16(c, 0);
	add32(c, 0xffffffff); /* its length: to the end */
	add32(c, 0xffffffff);
	if (!block_end(c))
		return false;
	block_begin(c, BLOCK_INTERFACE);
	add16(c, (uint16_t)c->container.interfaces[0].link_type);
	add16(c, 0);
	add32(c, SNAP_LENGTH);
	add16(c, OPTION_RESOLUTION);
	add16(c, 1);
	add_padded(c, (uint8_t[]){ NANOSECONDS }, 1);
	add32(c, OPTION_END);
	return block_end(c);
}

/* `packet` is NULL for what is none. */
static bool record_copy(
	struct copying *c, const uint8_t *record, size_t len, const struct captured *packet)
{
	bool pcap = c->container.kind == CONTAINER_PCAP;

	if (pcap)
		return packet ? packet_make(c, (uint64_t)packet->at_ns, packet) : head_make(c);
	if (!packet || !annotated(c, packet))
		return fwrite(record, 1, len, c->out) == len;
	uint32_t type = network_u32(record);
	if (type == BLOCK_SIMPLE_PACKET || type == __builtin_bswap32(BLOCK_SIMPLE_PACKET))
		return packet_make(c, 0, packet); /* that block has no options */
	return packet_block_copy(c, record, len, packet);
}

/* False with errno when it cannot be written or read. */
static bool copy_all(struct copying *c)
{
	struct intake *in = &c->in;

	for (;;) {
		struct captured packet;
		size_t len;
		const uint8_t *record = in->window + in->begin;
		enum container_got got =
			container_next(&c->container, record, in->end - in->begin, &len, &packet);
		if (got == CONTAINER_DAMAGED)
			return true;
		if (got == CONTAINER_NEED_MORE) {
			enum intake_got more = intake_more(in);
			if (more != INTAKE_MORE)
				return more != INTAKE_ERROR;
			continue;
		}
		if (!record_copy(c, record, len, got == CONTAINER_PACKET ? &packet : NULL))
			return false;
		in->begin += len;
	}
}

/* Nothing may be written over what is to be read. */
static FILE *out_open(const char *to, int from_fd)
{
	struct stat a, b;

	if (fstat(from_fd, &a) == 0 && stat(to, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino) {
		errno = EEXIST;
		return NULL;
	}
	return fopen(to, "wbe");
}

static bool fail(const char *path, char *error, size_t error_size)
{
	snprintf(error, error_size, "%s: %s", path,
		errno == EEXIST ? "is the capture that is to be copied" : strerror(errno));
	return false;
}

bool annotation_copy(const char *from, const char *to, const struct annotation *annotations,
	size_t count, char *error, size_t error_size)
{
	struct copying c = { .next = annotations, .left = count };
	int fd = open(from, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || !intake_init(&c.in, fd, false))
		return fail(from, error, error_size);
	container_init(&c.container);
	buf_init(&c.block, BLOCK_LIMIT);
	c.out = out_open(to, fd);
	bool good = c.out != NULL;
	if (good) {
		setvbuf(c.out, NULL, _IOFBF, BUFFER_BYTES);
		good = copy_all(&c);
		int problem = errno;
		if (fclose(c.out) != 0 && good)
			good = false;
		else
			errno = problem;
	}
	if (!good)
		fail(to, error, error_size);
	buf_fini(&c.block);
	container_fini(&c.container);
	intake_fini(&c.in);
	return good;
}
