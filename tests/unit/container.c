/* Files of packets. The bytes are made here, and libpcap reads them as well where it can: both have to agree. */
#include "tests/unit/unit.h"

#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pcap/container.h"

enum {
	FILE_LIMIT = 1 << 16,
	MICRO = 0xa1b2c3d4,
	NANO = 0xa1b23c4d,
	SECOND_NS = 1000 * 1000 * 1000
};

struct bench {
	bool big_endian;
	struct buf file;
	struct container container;
	size_t at;
	struct captured packet;
};

static int bench_setup(void **state)
{
	static struct bench b;

	b = (struct bench){ .big_endian = false };
	buf_init(&b.file, FILE_LIMIT);
	container_init(&b.container);
	*state = &b;
	return 0;
}

static int bench_teardown(void **state)
{
	struct bench *b = *state;

	buf_fini(&b->file);
	container_fini(&b->container);
	return 0;
}

static void add32(struct bench *b, uint32_t value)
{
	buf_add_u32(&b->file, b->big_endian ? value : __builtin_bswap32(value));
}

static void add16(struct bench *b, uint16_t value)
{
	buf_add_u16(&b->file, b->big_endian ? value : __builtin_bswap16(value));
}

static void add_padded(struct bench *b, const void *data, size_t len)
{
	buf_add(&b->file, data, len);
	buf_add(&b->file, "\0\0\0", -len % 4);
}

static void pcap_head_add(struct bench *b, uint32_t magic, uint32_t link_type)
{
	add32(b, magic);
	add16(b, 2);
	add16(b, 4);
	add32(b, 0);
	add32(b, 0);
	add32(b, 65535);
	add32(b, link_type);
}

static void pcap_packet_add(
	struct bench *b, uint32_t seconds, uint32_t part, const char *data, uint32_t wire_size)
{
	add32(b, seconds);
	add32(b, part);
	add32(b, (uint32_t)strlen(data));
	add32(b, wire_size);
	buf_add_text(&b->file, data);
}

static size_t block_begin(struct bench *b, uint32_t type)
{
	size_t start = b->file.len;

	add32(b, type);
	add32(b, 0);
	return start;
}

static void block_end(struct bench *b, size_t start)
{
	uint32_t len = (uint32_t)(b->file.len + 4 - start);

	add32(b, len);
	memcpy(b->file.data + start + 4, b->file.data + b->file.len - 4, 4);
}

static void section_add(struct bench *b)
{
	size_t start = block_begin(b, 0x0a0d0d0a);

	add32(b, 0x1a2b3c4d);
	add16(b, 1);
	add16(b, 0);
	add32(b, 0xffffffff);
	add32(b, 0xffffffff);
	block_end(b, start);
}

static void option_add(struct bench *b, uint16_t code, const void *value, uint16_t len)
{
	add16(b, code);
	add16(b, len);
	add_padded(b, value, len);
}

/* `resolution` 0: none is given. */
static void interface_add(struct bench *b, uint16_t link_type, uint8_t resolution, int32_t offset_s)
{
	size_t start = block_begin(b, 1);

	add16(b, link_type);
	add16(b, 0);
	add32(b, 65535);
	option_add(b, 2, "eth0", 4);
	if (resolution)
		option_add(b, 9, &resolution, 1);
	if (offset_s) {
		add16(b, 14);
		add16(b, 8);
		add32(b, b->big_endian ? 0xffffffffu : (uint32_t)offset_s);
		add32(b, b->big_endian ? (uint32_t)offset_s : 0xffffffffu);
	}
	option_add(b, 0, "", 0);
	block_end(b, start);
}

static void packet_add(struct bench *b, uint32_t interface, uint64_t stamp, const char *data)
{
	size_t start = block_begin(b, 6);

	add32(b, interface);
	add32(b, (uint32_t)(stamp >> 32));
	add32(b, (uint32_t)stamp);
	add32(b, (uint32_t)strlen(data));
	add32(b, (uint32_t)strlen(data) + 2);
	add_padded(b, data, strlen(data));
	option_add(b, 1, "a comment", 9);
	option_add(b, 0, "", 0);
	block_end(b, start);
}

static void secrets_add(struct bench *b, uint32_t type, const char *lines, uint32_t len)
{
	size_t start = block_begin(b, 10);

	add32(b, type);
	add32(b, len);
	add_padded(b, lines, strlen(lines));
	block_end(b, start);
}

/* The next thing that is more than a head. No byte beyond what is there is looked at. */
static enum container_got next(struct bench *b)
{
	for (;;) {
		size_t size = b->file.len - b->at, consumed;
		uint8_t *copy = malloc(size ? size : 1);
		memcpy(copy, b->file.data + b->at, size);
		enum container_got got =
			container_next(&b->container, copy, size, &consumed, &b->packet);
		if (got == CONTAINER_PACKET)
			b->packet.data = b->file.data + b->at + (b->packet.data - copy);
		free(copy);
		if (got == CONTAINER_PACKET || got == CONTAINER_OTHER)
			assert_in_range(consumed, 1, size);
		else
			assert_int_equal(consumed, 0);
		b->at += consumed;
		if (got != CONTAINER_OTHER)
			return got;
	}
}

#define check_next(b, number, at_ns, text, wire_size) \
	check_next_at(b, number, at_ns, text, wire_size, __LINE__)
static void check_next_at(struct bench *b, uint64_t number, int64_t at_ns, const char *text,
	uint32_t wire_size, int line)
{
	if (next(b) != CONTAINER_PACKET)
		fail_msg("line %d: no packet: %s", line, b->container.problem);
	_assert_int_equal(b->packet.number, number, __FILE__, line);
	_assert_int_equal((uint64_t)b->packet.at_ns, (uint64_t)at_ns, __FILE__, line);
	_assert_int_equal(b->packet.size, strlen(text), __FILE__, line);
	_assert_int_equal(b->packet.wire_size, wire_size, __FILE__, line);
	_assert_memory_equal(b->packet.data, text, strlen(text), __FILE__, line);
}

/* libpcap has the same packets; what we took for the end of the file is the end for it, too. */
static void check_second_opinion(struct bench *b)
{
	char words[PCAP_ERRBUF_SIZE];
	FILE *file = fmemopen(b->file.data, b->file.len, "rb");
	pcap_t *pcap =
		pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, words);
	struct pcap_pkthdr *head;
	const unsigned char *data;
	int got;

	if (!pcap)
		fail_msg("%s", words);
	container_fini(&b->container);
	container_init(&b->container);
	b->at = 0;
	while ((got = pcap_next_ex(pcap, &head, &data)) == 1) {
		assert_int_equal(next(b), CONTAINER_PACKET);
		assert_int_equal(b->packet.link_type, pcap_datalink(pcap));
		assert_int_equal(b->packet.at_ns, head->ts.tv_sec * SECOND_NS + head->ts.tv_usec);
		assert_int_equal(b->packet.size, head->caplen);
		assert_int_equal(b->packet.wire_size, head->len);
		assert_memory_equal(b->packet.data, data, head->caplen);
	}
	assert_int_equal(got, PCAP_ERROR_BREAK);
	assert_int_equal(next(b), CONTAINER_NEED_MORE);
	assert_int_equal(b->at, b->file.len);
	pcap_close(pcap);
}

static void pcap_is_read_in_all_its_forms(void **state)
{
	struct bench *b = *state;
	for (int form = 0; form < 4; form++) {
		bool nano = form & 2;
		bench_teardown(state);
		bench_setup(state);
		b->big_endian = form & 1;
		pcap_head_add(b, nano ? NANO : MICRO, 1);
		pcap_packet_add(b, 1700000000, 123456, "hello", 9);
		pcap_packet_add(b, 1700000001, 999999, "", 0);
		check_next(b, 1, 1700000000 * (int64_t)SECOND_NS + 123456 * (nano ? 1 : 1000),
			"hello", 9);
		check_next(
			b, 2, 1700000001 * (int64_t)SECOND_NS + 999999 * (nano ? 1 : 1000), "", 0);
		assert_int_equal(next(b), CONTAINER_NEED_MORE);
		check_second_opinion(b);
	}
}

static void the_pcap_of_an_old_linux_is_read(void **state)
{
	struct bench *b = *state;
	pcap_head_add(b, 0xa1b2cd34, 1);
	for (int i = 0; i < 2; i++) {
		add32(b, 7);
		add32(b, 8);
		add32(b, 3);
		add32(b, 3);
		buf_add(&b->file, "\0\0\0\0\0\0\0\0abc", 11);
	}
	check_next(b, 1, 7 * (int64_t)SECOND_NS + 8000, "abc", 3);
	check_second_opinion(b);
}

static void frame_check_sequences_are_no_link_type(void **state)
{
	struct bench *b = *state;
	pcap_head_add(b, MICRO, 0x44000001);
	pcap_packet_add(b, 1, 1, "x", 1);
	check_next(b, 1, SECOND_NS + 1000, "x", 1);
	assert_int_equal(b->packet.link_type, 1);
}

static void pcapng_is_read_in_both_orders(void **state)
{
	struct bench *b = *state;
	for (int big_endian = 0; big_endian <= 1; big_endian++) {
		bench_teardown(state);
		bench_setup(state);
		b->big_endian = big_endian;
		section_add(b);
		interface_add(b, 1, 9, 0);
		size_t other = block_begin(b, 0x0bad);
		add32(b, 4711);
		block_end(b, other);
		packet_add(b, 0, 1700000000123456789, "hello");
		packet_add(b, 0, 1700000000123456790, "");
		check_next(b, 1, 1700000000123456789, "hello", 7);
		check_next(b, 2, 1700000000123456790, "", 2);
		check_second_opinion(b);
	}
}

static void time_stamps_count_what_the_interface_says(void **state)
{
	struct bench *b = *state;
	section_add(b);
	interface_add(b, 1, 0, 0);
	interface_add(b, 1, 3, 0);
	interface_add(b, 1, 0x80 | 10, 0);
	interface_add(b, 1, 12, 0);
	interface_add(b, 1, 6, -2);
	packet_add(b, 0, 5000001, "a");
	packet_add(b, 1, 5001, "b");
	packet_add(b, 2, 5 * 1024 + 512, "c");
	packet_add(b, 3, 5000000001000, "d");
	packet_add(b, 4, 5000001, "e");
	check_next(b, 1, 5000001000, "a", 3);
	check_next(b, 2, 5001000000, "b", 3);
	check_next(b, 3, 5500000000, "c", 3);
	check_next(b, 4, 5000000001, "d", 3);
	check_next(b, 5, 3000001000, "e", 3);
	packet_add(b, 0, UINT64_MAX, "late");
	packet_add(b, 3, UINT64_MAX, "late");
	assert_int_equal(next(b), CONTAINER_PACKET);
	assert_int_equal(b->packet.at_ns, INT64_MAX / 2);
	assert_int_equal(next(b), CONTAINER_PACKET);
}

/* libpcap refuses these: it has one link type for a file. */
static void interfaces_may_be_of_different_kinds(void **state)
{
	struct bench *b = *state;
	section_add(b);
	interface_add(b, 1, 9, 0);
	interface_add(b, 113, 9, 0);
	packet_add(b, 0, 1, "a");
	packet_add(b, 1, 2, "b");
	check_next(b, 1, 1, "a", 3);
	assert_int_equal(b->packet.link_type, 1);
	check_next(b, 2, 2, "b", 3);
	assert_int_equal(b->packet.link_type, 113);
}

static void a_section_begins_anew(void **state)
{
	struct bench *b = *state;
	section_add(b);
	interface_add(b, 1, 9, 0);
	packet_add(b, 0, 1, "a");
	b->big_endian = true;
	section_add(b);
	interface_add(b, 1, 9, 0);
	packet_add(b, 0, 2, "b");
	section_add(b);
	packet_add(b, 0, 3, "c");
	check_next(b, 1, 1, "a", 3);
	check_next(b, 2, 2, "b", 3);
	assert_int_equal(next(b), CONTAINER_DAMAGED);
	assert_string_equal(b->container.problem, "a packet of an interface that is not described");
}

static void the_other_packet_blocks_are_read(void **state)
{
	struct bench *b = *state;
	section_add(b);
	interface_add(b, 1, 6, 0);
	size_t simple = block_begin(b, 3);
	add32(b, 5);
	add_padded(b, "hello", 5);
	block_end(b, simple);
	size_t old = block_begin(b, 2);
	add16(b, 0);
	add16(b, 77);
	add32(b, 0);
	add32(b, 8);
	add32(b, 3);
	add32(b, 4);
	add_padded(b, "abc", 3);
	block_end(b, old);
	check_next(b, 1, 0, "hello", 5);
	check_next(b, 2, 8000, "abc", 4);
	check_second_opinion(b);
}

static void secrets_are_collected(void **state)
{
	enum { TLS_KEY_LOG = 0x544c534b, WIREGUARD = 0x57474b4c };
	struct bench *b = *state;
	section_add(b);
	secrets_add(b, TLS_KEY_LOG, "CLIENT_RANDOM 1 2\n", 18);
	interface_add(b, 1, 6, 0);
	secrets_add(b, WIREGUARD, "other", 5);
	packet_add(b, 0, 1, "a");
	assert_int_equal(next(b), CONTAINER_PACKET);
	secrets_add(b, TLS_KEY_LOG, "CLIENT_RANDOM 3 4", 17);
	secrets_add(
		b, TLS_KEY_LOG, "CLIENT_RANDOM 5 6", 1700); /* longer than its block: passed over */
	assert_int_equal(next(b), CONTAINER_NEED_MORE);
	assert_string_equal(
		buf_text(&b->container.secrets), "CLIENT_RANDOM 1 2\nCLIENT_RANDOM 3 4\n");
}

static void check_damage(void **state, const char *words)
{
	struct bench *b = *state;
	enum container_got got;

	while ((got = next(b)) == CONTAINER_PACKET)
		continue;
	assert_int_equal(got, CONTAINER_DAMAGED);
	assert_string_equal(b->container.problem, words);
	bench_teardown(state);
	bench_setup(state);
}

static void damage_is_told(void **state)
{
	struct bench *b = *state;
	buf_add_text(&b->file, "GET / HTTP/1.1");
	check_damage(state, "neither pcap nor pcapng");

	pcap_head_add(b, MICRO, 1);
	b->file.data[4] = 3;
	check_damage(state, "version 3 of its format");

	pcap_head_add(b, MICRO, 1);
	add32(b, 1);
	add32(b, 1);
	add32(b, 16 * 1024 * 1024);
	add32(b, 1);
	check_damage(state, "a packet of 16777216 bytes");

	section_add(b);
	b->file.data[8] ^= 1;
	check_damage(state, "a section without a byte order");

	section_add(b);
	b->file.data[12] = 2;
	check_damage(state, "version 2 of its format");

	section_add(b);
	interface_add(b, 1, 20, 0);
	check_damage(state, "time stamps of an impossible resolution");

	section_add(b);
	interface_add(b, 1, 6, 0);
	packet_add(b, 1, 1, "a");
	check_damage(state, "a packet of an interface that is not described");

	section_add(b);
	interface_add(b, 1, 6, 0);
	packet_add(b, 0, 1, "a");
	b->file.data[b->file.len - 4] ^= 4;
	check_damage(state, "a block whose two lengths differ");

	section_add(b);
	add32(b, 6);
	add32(b, 30);
	check_damage(state, "a block of 30 bytes");

	section_add(b);
	interface_add(b, 1, 6, 0);
	size_t start = block_begin(b, 6);
	for (int i = 0; i < 3; i++)
		add32(b, 0);
	add32(b, 5);
	add32(b, 5);
	add32(b, 0);
	block_end(b, start);
	check_damage(state, "a packet of 5 bytes in a block of 24");
}

/* Wherever a file is cut, that is no damage, and what was whole before is there. */
static void every_cut_asks_for_more(void **state)
{
	struct bench *b = *state;
	for (int pcapng = 0; pcapng <= 1; pcapng++) {
		bench_teardown(state);
		bench_setup(state);
		if (pcapng) {
			section_add(b);
			interface_add(b, 1, 6, 0);
			packet_add(b, 0, 1, "hello");
		} else {
			pcap_head_add(b, MICRO, 1);
			pcap_packet_add(b, 1, 1, "hello", 5);
		}
		size_t one = b->file.len;
		if (pcapng)
			packet_add(b, 0, 2, "again");
		else
			pcap_packet_add(b, 1, 2, "again", 5);
		for (size_t len = 0; len < b->file.len; len++) {
			struct bench cut = { .file = { .data = b->file.data, .len = len } };
			container_init(&cut.container);
			if (len >= one)
				assert_int_equal(next(&cut), CONTAINER_PACKET);
			assert_int_equal(next(&cut), CONTAINER_NEED_MORE);
			container_fini(&cut.container);
		}
	}
}

int main(void)
{
#define container_test(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		container_test(pcap_is_read_in_all_its_forms),
		container_test(the_pcap_of_an_old_linux_is_read),
		container_test(frame_check_sequences_are_no_link_type),
		container_test(pcapng_is_read_in_both_orders),
		container_test(time_stamps_count_what_the_interface_says),
		container_test(interfaces_may_be_of_different_kinds),
		container_test(a_section_begins_anew),
		container_test(the_other_packet_blocks_are_read),
		container_test(secrets_are_collected),
		container_test(damage_is_told),
		container_test(every_cut_asks_for_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
