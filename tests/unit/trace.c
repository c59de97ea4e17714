#include "tests/unit/trace.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRACE_BYTES = 8 * 1024 * 1024 };

uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return ntohs(v);
}

uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return ntohl(v);
}

/* RFC 1071 in the other byte order, a carry at a time; right data with its checksum gives 0xffff. */
static uint16_t ones_sum(uint16_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t wide = sum + ((uint32_t)p[i] << (i % 2 ? 8 : 0));
		sum = (uint16_t)(wide > 0xffff ? wide - 0xffff : wide);
	}
	return sum;
}

/* The pseudo header of RFC 9293 3.1 or RFC 8200 8.1, byte by byte. */
static uint16_t pseudo_sum(const struct packet *p, size_t tcp_len)
{
	uint8_t pseudo[40] = { 0 };
	size_t n = p->family == AF_INET ? 4 : 16;

	memcpy(pseudo, p->from, n);
	memcpy(pseudo + n, p->to, n);
	pseudo[p->family == AF_INET ? 9 : 39] = 6;
	pseudo[p->family == AF_INET ? 10 : 34] = (uint8_t)(tcp_len >> 8);
	pseudo[p->family == AF_INET ? 11 : 35] = (uint8_t)tcp_len;
	return ones_sum(0, pseudo, p->family == AF_INET ? 12 : 40);
}

struct block block_next(struct trace *t)
{
	assert_true(t->len - t->at >= 12);
	const uint8_t *start = t->bytes + t->at;
	uint32_t len = get32(start + 4);
	assert_int_equal(len % 4, 0);
	assert_in_range(len, 12, t->len - t->at);
	assert_int_equal(get32(start + len - 4), len);
	t->at += len;
	return (struct block){ get32(start), start + 8, len - 12 };
}

const uint8_t *option_find(const struct block *b, size_t offset, uint16_t code, size_t *len)
{
	const uint8_t *found = NULL;

	while (offset < b->len) {
		uint16_t this = get16(b->body + offset);
		size_t this_len = get16(b->body + offset + 2);
		assert_in_range(offset + 4 + this_len, 0, b->len);
		if (this == code && code) {
			found = b->body + offset + 4;
			*len = this_len;
		}
		offset += 4 + (this_len + 3) / 4 * 4;
		if (!this)
			assert_int_equal(offset, b->len); /* the end comes last */
	}
	assert_int_equal(offset, b->len);
	return found;
}

void option_check(const struct block *b, size_t offset, uint16_t code, const char *text)
{
	size_t len;
	const uint8_t *value = option_find(b, offset, code, &len);

	assert_non_null(value);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(value, text, len);
}

static const uint8_t *ip_read(struct packet *p, const uint8_t *frame, size_t len, size_t *tcp_len)
{
	const uint8_t *ip = frame + 14;

	if (get16(frame + 12) == 0x0800) {
		p->family = AF_INET;
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(get16(ip + 2), len - 14);
		assert_int_equal(ip[9], 6);
		assert_int_equal(ones_sum(0, ip, 20), 0xffff);
		p->from = ip + 12;
		p->to = ip + 16;
		*tcp_len = len - 14 - 20;
		return ip + 20;
	}
	assert_int_equal(get16(frame + 12), 0x86dd);
	p->family = AF_INET6;
	assert_int_equal(ip[0] >> 4, 6);
	assert_int_equal(get16(ip + 4), len - 14 - 40);
	assert_int_equal(ip[6], 6);
	p->from = ip + 8;
	p->to = ip + 24;
	*tcp_len = len - 14 - 40;
	return ip + 40;
}

static void frame_read(struct packet *p, const uint8_t *frame, size_t len)
{
	size_t tcp_len;

	assert_in_range(len, 54, 1514);
	/* Both MACs are of no maker, and differ. */
	assert_int_equal(frame[0] & 3, 2);
	assert_int_equal(frame[6] & 3, 2);
	assert_memory_not_equal(frame, frame + 6, 6);
	const uint8_t *tcp = ip_read(p, frame, len, &tcp_len);
	assert_int_equal(ones_sum(pseudo_sum(p, tcp_len), tcp, tcp_len), 0xffff);
	p->from_port = get16(tcp);
	p->to_port = get16(tcp + 2);
	p->seq = get32(tcp + 4);
	p->ack = get32(tcp + 8);
	p->flags = tcp[13];
	p->window = get16(tcp + 14);
	assert_int_equal(get16(tcp + 18), 0);
	size_t header_len = (size_t)(tcp[12] >> 4) * 4;
	p->options = tcp + 20;
	p->options_len = header_len - 20;
	p->data = tcp + header_len;
	p->len = tcp_len - header_len;
}

struct packet packet_next(struct trace *t)
{
	struct packet p = { 0 };
	struct block b = block_next(t);

	assert_int_equal(b.type, 6);
	assert_int_equal(get32(b.body), 0);
	p.at_us = (int64_t)((uint64_t)get32(b.body + 4) << 32 | get32(b.body + 8));
	size_t len = get32(b.body + 12);
	assert_int_equal(get32(b.body + 16), len);
	frame_read(&p, b.body + 20, len);
	const uint8_t *comment = option_find(&b, 20 + (len + 3) / 4 * 4, 1, &p.comment_len);
	if (comment)
		memcpy(p.comment, comment, p.comment_len < 255 ? p.comment_len : 255);
	return p;
}

struct sockaddr_storage address(const char *text, uint16_t port)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	}
	return storage;
}

void trace_new(struct trace *t, const char *application, const char *comment)
{
	*t = (struct trace){ .path = "/tmp/pcapng-test-XXXXXX" };
	close(mkstemp(t->path));
	t->writer = pcapng_create(t->path, application, comment);
	assert_non_null(t->writer);
}

struct pcap_flow *trace_flow(struct trace *t, const char *opener, const char *acceptor)
{
	struct sockaddr_storage from = address(opener, OPENER_PORT);
	struct sockaddr_storage to = address(acceptor, ACCEPTOR_PORT);

	return flow_open(
		t->writer, T0, (struct sockaddr *)&from, (struct sockaddr *)&to, "opening");
}

void trace_load(struct trace *t)
{
	FILE *f = fopen(t->path, "rb");

	assert_non_null(f);
	t->bytes = malloc(TRACE_BYTES);
	assert_non_null(t->bytes);
	t->len = fread(t->bytes, 1, TRACE_BYTES, f);
	assert_true(t->len < TRACE_BYTES);
	fclose(f);
}

void trace_read(struct trace *t)
{
	assert_true(pcapng_close(t->writer));
	trace_load(t);
	assert_int_equal(block_next(t).type, 0x0a0d0d0a);
	assert_int_equal(block_next(t).type, 1);
}

void trace_end(struct trace *t)
{
	assert_int_equal(t->at, t->len);
	free(t->bytes);
	unlink(t->path);
}

struct packet check_handshake(struct trace *t)
{
	struct packet syn = packet_next(t);
	struct packet syn_ack = packet_next(t);
	struct packet ack = packet_next(t);

	assert_int_equal(syn.flags, SYN);
	assert_int_equal(syn.ack, 0);
	assert_int_equal(syn_ack.flags, SYN | ACK);
	assert_int_equal(syn_ack.ack, syn.seq + 1);
	assert_int_equal(ack.flags, ACK);
	assert_int_equal(ack.seq, syn.seq + 1);
	assert_int_equal(ack.ack, syn_ack.seq + 1);
	t->isn[PCAP_OPENER] = syn.seq;
	t->isn[PCAP_ACCEPTOR] = syn_ack.seq;
	return syn;
}

void check_packet_at(struct trace *t, enum pcap_side from, unsigned flags, uint32_t seq,
	uint32_t ack, size_t len, const char *comment, int line)
{
	struct packet p = packet_next(t);
	bool right = p.from_port == (from == PCAP_OPENER ? OPENER_PORT : ACCEPTOR_PORT) &&
		p.flags == flags && p.seq - t->isn[from] == seq && p.ack - t->isn[!from] == ack &&
		p.len == len && strcmp(p.comment, comment) == 0;

	if (!right)
		fail_msg("line %d: got port %u flags %02x seq %u ack %u len %zu \"%s\"", line,
			p.from_port, p.flags, p.seq - t->isn[from], p.ack - t->isn[!from], p.len,
			p.comment);
}
