/* Link layers, IP and its fragments, as the table of connections sees them: what is in the frames comes out. */
#include "tests/unit/flow_rig.h"

#include <string.h>

enum {
	SLL = 113,
	SLL2 = 276,
	NULL_LOOPBACK = 0,
	LOOP = 108,
	RAW = 101,
	IPV4_ONLY = 228,
	WIRELESS = 105
};

struct link_case {
	int type;
	const char *head;
	size_t size;
};

#define LINK(type, head)                     \
	{                                    \
		type, head, sizeof(head) - 1 \
	}
#define MACS "\1\2\3\4\5\6\1\2\3\4\5\6"

static int rig_setup(void **state)
{
	static struct rig r;

	rig_init(&r, NULL);
	*state = &r;
	return 0;
}

static int rig_teardown(void **state)
{
	rig_fini(*state);
	return 0;
}

/* Gives the segment with `head` before it, and `tail` bytes of padding after it. */
static void send_as(
	struct rig *r, const struct link_case *link, const struct made *made, size_t tail)
{
	uint8_t frame[2048] = { 0 };

	memcpy(frame, link->head, link->size);
	ip_make(r, made, &r->frame);
	memcpy(frame + link->size, r->frame.data, r->frame.len);
	memset(frame + link->size + r->frame.len, 'P', tail);
	rig_frame(r, link->type, frame, link->size + r->frame.len + tail);
}

static void every_link_layer_is_read(void **state)
{
	struct rig *r = *state;
	static const struct link_case links[] = {
		LINK(LINK_TYPE_ETHERNET, MACS "\x08\x00"),
		LINK(LINK_TYPE_ETHERNET, MACS "\x81\x00\x00\x07\x08\x00"),
		LINK(LINK_TYPE_ETHERNET, MACS "\x88\xa8\x00\x07\x81\x00\x00\x09\x08\x00"),
		LINK(LINK_TYPE_ETHERNET, MACS "\x91\x00\x00\x07\x81\x00\x00\x09\x08\x00"),
		LINK(LINK_TYPE_ETHERNET, MACS "\x88\x64\x11\x00\x00\x01\x00\x2a\x00\x21"),
		LINK(SLL, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x08\x00"),
		LINK(SLL, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x81\x00\x00\x07\x08\x00"),
		LINK(SLL2, "\x08\x00\0\0\0\0\0\1\3\4\0\6\0\0\0\0\0\0\0\0"),
		LINK(NULL_LOOPBACK, "\2\0\0\0"),
		LINK(NULL_LOOPBACK, "\0\0\0\2"),
		LINK(LOOP, "\0\0\0\2"),
		LINK(RAW, ""),
		LINK(IPV4_ONLY, ""),
		LINK(12, ""),
	};
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		r->client_port++;
		send_as(r, &links[i], &(struct made){ C, "A", 1, 1, "abc", 3 }, 0);
		rig_told(r, "begin; > abc");
	}
	assert_int_equal(flows_counted(r->flows)->not_ip, 0);
}

static void ipv6_is_read_from_each(void **state)
{
	struct rig *r = *state;
	static const struct link_case links[] = {
		LINK(LINK_TYPE_ETHERNET, MACS "\x81\x00\x00\x07\x86\xdd"),
		LINK(LINK_TYPE_ETHERNET, MACS "\x88\x64\x11\x00\x00\x01\x00\x2a\x00\x57"),
		LINK(SLL, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x86\xdd"),
		LINK(NULL_LOOPBACK, "\x1e\0\0\0"), /* macOS */
		LINK(NULL_LOOPBACK, "\x1c\0\0\0"), /* FreeBSD */
		LINK(NULL_LOOPBACK, "\x0a\0\0\0"), /* Linux */
		LINK(RAW, ""),
	};
	r->ipv6 = true;
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		r->client_port++;
		send_as(r, &links[i], &(struct made){ C, "A", 1, 1, "abc", 3 }, 0);
		rig_told(r, "begin; > abc");
	}
}

static void what_is_no_ip_is_counted(void **state)
{
	struct rig *r = *state;
	rig_frame(r, LINK_TYPE_ETHERNET,
		MACS "\x08\x06"
		     "arp",
		17);
	rig_frame(r, WIRELESS, MACS, 12);
	rig_frame(r, NULL_LOOPBACK, "\2\0\0\2\x45", 5);
	assert_int_equal(flows_counted(r->flows)->not_ip, 3);
	rig_frame(r, LINK_TYPE_ETHERNET, MACS "\x08", 13);
	rig_frame(r, LINK_TYPE_ETHERNET, MACS "\x81\x00\x00\x07\x08", 17);
	rig_frame(r, LINK_TYPE_ETHERNET, MACS "\x08\x00", 14);
	rig_frame(r, RAW, "\x45\0\0\x28", 4);
	rig_frame(r, RAW, "\x95\0\0\x28", 4);
	assert_int_equal(flows_counted(r->flows)->damaged, 5);
	rig_told(r, "");
}

static void other_protocols_are_counted(void **state)
{
	struct rig *r = *state;
	uint8_t packet[64];
	ip_make(r, &(struct made){ C, "A", 1, 1, "abc", 3 }, &r->frame);
	memcpy(packet, r->frame.data, r->frame.len);
	packet[9] = 17;
	rig_frame(r, RAW, packet, r->frame.len);
	rig_told(r, "");
	assert_int_equal(flows_counted(r->flows)->not_tcp, 1);
}

static void padding_is_no_data(void **state)
{
	struct rig *r = *state;
	static const struct link_case ethernet = LINK(LINK_TYPE_ETHERNET, MACS "\x08\x00");
	rig_open(r);
	send_as(r, &ethernet, &(struct made){ C, "A", 1, 1, "a", 1 }, 5);
	send_as(r, &ethernet, &(struct made){ C, "A", 2, 1, "", 0 }, 6);
	rig_told(r, "> a");
	assert_int_equal(flows_counted(r->flows)->cut, 0);
}

static void a_length_of_zero_is_what_came(void **state)
{
	struct rig *r = *state;
	uint8_t packet[64];
	ip_make(r, &(struct made){ C, "A", 1, 1, "abc", 3 }, &r->frame);
	memcpy(packet, r->frame.data, r->frame.len);
	packet[2] = packet[3] = 0;
	rig_frame(r, RAW, packet, r->frame.len);
	rig_told(r, "begin; > abc");
}

static void options_are_passed_over(void **state)
{
	struct rig *r = *state;
	uint8_t packet[64] = { 0 };
	ip_make(r, &(struct made){ C, "A", 1, 1, "abc", 3 }, &r->frame);
	memcpy(packet, r->frame.data, 20);
	memcpy(packet + 24, r->frame.data + 20, 20);
	memcpy(packet + 48, "abc", 3);
	packet[0] = 0x46; /* four bytes of IP options */
	packet[3] = 51;
	packet[24 + 12] = 0x60; /* and four of TCP */
	rig_frame(r, RAW, packet, 51);
	rig_told(r, "begin; > abc");
	packet[24 + 12] = 0x40; /* a header that is too short */
	rig_frame(r, RAW, packet, 51);
	packet[24 + 12] = 0xf0; /* one that is longer than the packet */
	rig_frame(r, RAW, packet, 51);
	rig_told(r, "");
	assert_int_equal(flows_counted(r->flows)->damaged, 2);
}

static void extension_headers_are_passed_over(void **state)
{
	struct rig *r = *state;
	static const uint8_t headers[] = {
		43, 0, 1, 4, 0, 0, 0, 0,                         /* hop by hop; next: routing */
		60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 16 bytes; next: destination */
		51, 0, 1, 4, 0, 0, 0, 0,                         /* next: authentication */
		44, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0,                      /* 24 bytes */
		6, 0, 0, 0, 0, 0, 0, 9, /* a fragment that is all of it (RFC 6946) */
	};
	uint8_t packet[256];
	r->ipv6 = true;
	ip_make(r, &(struct made){ C, "A", 1, 1, "abc", 3 }, &r->frame);
	memcpy(packet, r->frame.data, 40);
	memcpy(packet + 40, headers, sizeof(headers));
	memcpy(packet + 40 + sizeof(headers), r->frame.data + 40, r->frame.len - 40);
	packet[5] = (uint8_t)(packet[5] + sizeof(headers));
	packet[6] = 0;
	rig_frame(r, RAW, packet, r->frame.len + sizeof(headers));
	rig_told(r, "begin; > abc");
	assert_int_equal(flows_counted(r->flows)->fragments, 0);
}

struct piece_of {
	uint32_t from, to; /* bytes of the IP packet's payload */
};

/* The packet in r->frame, a part of it. */
static void send_fragment(struct rig *r, uint16_t id, struct piece_of part)
{
	uint8_t packet[512];
	size_t head = r->ipv6 ? 40 : 20, all = r->frame.len - head, len = part.to - part.from;
	bool more = part.to < all;

	memcpy(packet, r->frame.data, head);
	if (r->ipv6) {
		uint8_t extension[8] = { 6, 0, (uint8_t)(part.from >> 8),
			(uint8_t)(part.from | more), 0, 0, (uint8_t)(id >> 8), (uint8_t)id };
		memcpy(packet + head, extension, 8);
		packet[6] = 44;
		packet[4] = (uint8_t)((len + 8) >> 8);
		packet[5] = (uint8_t)(len + 8);
		head += 8;
	} else {
		packet[2] = (uint8_t)((head + len) >> 8);
		packet[3] = (uint8_t)(head + len);
		packet[4] = (uint8_t)(id >> 8);
		packet[5] = (uint8_t)id;
		packet[6] = (uint8_t)(more << 5 | part.from / 8 >> 8);
		packet[7] = (uint8_t)(part.from / 8);
	}
	memcpy(packet + head, r->frame.data + (r->ipv6 ? 40 : 20) + part.from, len);
	rig_frame(r, RAW, packet, head + len);
}

static const char *const words = "abcdefghijklmnopqrstuvwxyz"; /* 46 bytes with the TCP header */

static void send_fragments(struct rig *r)
{
	ip_make(r, &(struct made){ C, "A", 1, 1, words, 26 }, &r->frame);
	send_fragment(r, 1, (struct piece_of){ 24, 40 });
	send_fragment(r, 2, (struct piece_of){ 0, 24 }); /* of another packet */
	send_fragment(r, 1, (struct piece_of){ 40, 46 });
	send_fragment(r, 1, (struct piece_of){ 24, 40 });
	rig_told(r, "");
	send_fragment(r, 1, (struct piece_of){ 0, 24 });
	rig_told(r, "begin; > abcdefghijklmnopqrstuvwxyz");
	assert_int_equal(flows_counted(r->flows)->fragments, 5);
	flows_end(r->flows);
	assert_int_equal(flows_counted(r->flows)->fragments_lost, 1);
}

static void fragments_become_a_packet(void **state)
{
	send_fragments(*state);
}

static void fragments_of_ipv6_become_a_packet(void **state)
{
	struct rig *r = *state;
	r->ipv6 = true;
	send_fragments(r);
}

static void a_fragment_that_is_missing_keeps_the_packet_away(void **state)
{
	struct rig *r = *state;
	ip_make(r, &(struct made){ C, "A", 1, 1, words, 26 }, &r->frame);
	send_fragment(r, 1, (struct piece_of){ 0, 24 });
	send_fragment(r, 1, (struct piece_of){ 32, 46 });
	send_fragment(r, 1, (struct piece_of){ 32, 46 });
	rig_told(r, "");
	r->now_us += 61 * 1000 * 1000; /* too late: the first ones are gone */
	send_fragment(r, 1, (struct piece_of){ 24, 32 });
	rig_told(r, "");
	assert_int_equal(flows_counted(r->flows)->fragments_lost, 3);
}

static void packets_in_the_making_are_bounded(void **state)
{
	struct rig *r = *state;
	ip_make(r, &(struct made){ C, "A", 1, 1, words, 26 }, &r->frame);
	for (uint16_t id = 0; id < 65; id++)
		send_fragment(r, id, (struct piece_of){ 0, 24 });
	assert_int_equal(flows_counted(r->flows)->fragments_lost, 1);
	send_fragment(r, 64, (struct piece_of){ 24, 46 });
	rig_told(r, "begin; > abcdefghijklmnopqrstuvwxyz");
}

/* Two last fragments that disagree, and one that was cut: no byte is made up. */
static void fragments_that_contradict_each_other_make_nothing_up(void **state)
{
	struct rig *r = *state;
	ip_make(r, &(struct made){ C, "A", 1, 1, words, 26 }, &r->frame);
	r->cut = 20 + 10;
	send_fragment(r, 1, (struct piece_of){ 32, 46 });
	r->cut = 0;
	send_fragment(r, 1, (struct piece_of){ 0, 24 });
	send_fragment(r, 1, (struct piece_of){ 24, 32 });
	rig_told(r, "");
	send_fragment(r, 1, (struct piece_of){ 40, 46 });
	rig_told(r, "begin; > abcdefghijklmnopqrstuvwxyz");
}

int main(void)
{
#define frames_test(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		frames_test(every_link_layer_is_read),
		frames_test(ipv6_is_read_from_each),
		frames_test(what_is_no_ip_is_counted),
		frames_test(other_protocols_are_counted),
		frames_test(padding_is_no_data),
		frames_test(a_length_of_zero_is_what_came),
		frames_test(options_are_passed_over),
		frames_test(extension_headers_are_passed_over),
		frames_test(fragments_become_a_packet),
		frames_test(fragments_of_ipv6_become_a_packet),
		frames_test(a_fragment_that_is_missing_keeps_the_packet_away),
		frames_test(packets_in_the_making_are_bounded),
		frames_test(fragments_that_contradict_each_other_make_nothing_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
