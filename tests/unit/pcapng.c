#include "tests/unit/trace.h"

#include <errno.h>
#include <netinet/in.h>
#include <pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void the_file_opens_with_section_and_interface(void **state)
{
	(void)state;
	struct trace t;
	trace_new(&t, "mqttspec 1.2", "MQTT-1.5.5-1: fünf");
	assert_true(pcapng_close(t.writer));
	trace_load(&t);

	struct block section = block_next(&t);
	assert_int_equal(section.type, 0x0a0d0d0a);
	assert_int_equal(get32(section.body), 0x1a2b3c4d);
	assert_int_equal(get16(section.body + 4), 1);
	assert_int_equal(get16(section.body + 6), 0);
	assert_memory_equal(section.body + 8, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	option_check(&section, 16, 4, "mqttspec 1.2");
	option_check(&section, 16, 1, "MQTT-1.5.5-1: fünf");

	struct block interface = block_next(&t);
	assert_int_equal(interface.type, 1);
	assert_int_equal(get16(interface.body), 1); /* Ethernet */
	assert_true(get32(interface.body + 4) >= 1514);
	option_check(&interface, 8, 2, "sockets");
	option_check(&interface, 8, 9, "\6");
	trace_end(&t);
}

static void application_and_comment_may_be_absent(void **state)
{
	(void)state;
	struct trace t;
	size_t len;
	trace_new(&t, NULL, NULL);
	assert_true(pcapng_close(t.writer));
	trace_load(&t);
	struct block section = block_next(&t);
	assert_null(option_find(&section, 16, 4, &len));
	assert_null(option_find(&section, 16, 1, &len));
	block_next(&t);
	trace_end(&t);
}

static void check_opening(const char *opener, const char *acceptor, unsigned mss)
{
	struct trace t;
	trace_new(&t, NULL, NULL);
	assert_non_null(trace_flow(&t, opener, acceptor));
	trace_read(&t);
	struct sockaddr_storage from = address(opener, OPENER_PORT);
	struct packet syn = check_handshake(&t);
	assert_int_equal(syn.family, from.ss_family);
	if (syn.family == AF_INET)
		assert_memory_equal(syn.from, &((struct sockaddr_in *)&from)->sin_addr, 4);
	else
		assert_memory_equal(syn.from, &((struct sockaddr_in6 *)&from)->sin6_addr, 16);
	assert_int_equal(syn.from_port, OPENER_PORT);
	assert_int_equal(syn.to_port, ACCEPTOR_PORT);
	assert_int_equal(syn.at_us, T0);
	assert_string_equal(syn.comment, "opening");
	assert_int_equal(syn.options_len, 8);
	assert_int_equal(get16(syn.options), 0x0204);
	assert_int_equal(get16(syn.options + 2), mss);
	trace_end(&t);
}

static void a_connection_opens_over_ipv4(void **state)
{
	(void)state;
	check_opening("127.0.0.1", "192.0.2.7", 1460);
}

static void a_connection_opens_over_ipv6(void **state)
{
	(void)state;
	check_opening("::1", "2001:db8::ff:7", 1440);
}

static void check_secrets(struct trace *t, const char *key_log)
{
	struct block b = block_next(t);
	size_t len = strlen(key_log);

	assert_int_equal(b.type, 10);
	assert_int_equal(get32(b.body), 0x544c534b);
	assert_int_equal(get32(b.body + 4), len);
	assert_int_equal(b.len, 8 + (len + 3) / 4 * 4);
	assert_memory_equal(b.body + 8, key_log, len);
	for (size_t i = 8 + len; i < b.len; i++)
		assert_int_equal(b.body[i], 0);
}

static void secrets_come_before_the_packets_that_need_them(void **state)
{
	static const char *const logs[] = { "C 1 2\n", "C 1 23\n", "C 1 234\nD 1 2\n",
		"C 12 234\nD 1 2\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		struct trace t;
		trace_new(&t, NULL, NULL);
		pcapng_tls_secrets(t.writer, logs[i]);
		struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
		pcapng_tls_secrets(t.writer, "E 3 4\n");
		flow_data(f, T0, PCAP_OPENER, "abc", 3, NULL);
		trace_read(&t);
		check_secrets(&t, logs[i]);
		check_handshake(&t);
		check_secrets(&t, "E 3 4\n");
		check_packet(&t, PCAP_OPENER, PSH | ACK, 1, 1, 3, "");
		check_packet(&t, PCAP_ACCEPTOR, ACK, 1, 4, 0, "");
		trace_end(&t);
	}
}

static void too_many_secrets_are_an_error_that_sticks(void **state)
{
	static char much[64 * 1024 + 2];

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	struct trace t;
	trace_new(&t, NULL, NULL);
	pcapng_tls_secrets(t.writer, much);
	pcapng_tls_secrets(t.writer, "C 1 2\n");
	assert_false(pcapng_close(t.writer));
	assert_int_equal(errno, EMSGSIZE);
	unlink(t.path);
}

static void data_is_cut_into_segments_and_acknowledged(void **state)
{
	(void)state;
	struct trace t;
	static const char bytes[4000];
	trace_new(&t, NULL, NULL);
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_data(f, T0 + 1, PCAP_OPENER, bytes, 1, "one");
	flow_data(f, T0 + 2, PCAP_ACCEPTOR, bytes, 1460, NULL);
	flow_data(f, T0 + 3, PCAP_OPENER, bytes, 2921, "three");
	trace_read(&t);
	check_handshake(&t);
	check_packet(&t, PCAP_OPENER, PSH | ACK, 1, 1, 1, "one");
	check_packet(&t, PCAP_ACCEPTOR, ACK, 1, 2, 0, "");
	check_packet(&t, PCAP_ACCEPTOR, PSH | ACK, 1, 2, 1460, "");
	check_packet(&t, PCAP_OPENER, ACK, 2, 1461, 0, "");
	check_packet(&t, PCAP_OPENER, ACK, 2, 1461, 1460, "three");
	check_packet(&t, PCAP_OPENER, ACK, 1462, 1461, 1460, "");
	check_packet(&t, PCAP_OPENER, PSH | ACK, 2922, 1461, 1, "");
	check_packet(&t, PCAP_ACCEPTOR, ACK, 1461, 2923, 0, "");
	trace_end(&t);
}

/* Writes `count` bytes and reads them back from the segments. */
static void check_transfer(const char *host, size_t count, size_t mss)
{
	struct trace t;
	uint8_t *bytes = malloc(count);
	size_t got = 0, flight = 0;
	assert_non_null(bytes);
	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	trace_new(&t, NULL, NULL);
	flow_data(trace_flow(&t, host, host), T0, PCAP_ACCEPTOR, bytes, count, NULL);
	trace_read(&t);
	check_handshake(&t);
	while (t.at < t.len) {
		struct packet p = packet_next(&t);
		if (p.from_port == OPENER_PORT) {
			assert_int_equal(p.ack - t.isn[PCAP_ACCEPTOR], 1 + got);
			flight = 0;
			continue;
		}
		assert_in_range(p.len, 1, mss);
		assert_int_equal(p.seq - t.isn[PCAP_ACCEPTOR], 1 + got);
		assert_memory_equal(p.data, bytes + got, p.len);
		got += p.len;
		flight += p.len;
		assert_in_range(flight, 1, 65535); /* no reader may think the window full */
		assert_int_equal(p.flags, got == count ? PSH | ACK : ACK);
	}
	assert_int_equal(got, count);
	assert_int_equal(flight, 0);
	free(bytes);
	trace_end(&t);
}

static void three_megabytes_come_back_over_ipv4(void **state)
{
	(void)state;
	check_transfer("127.0.0.1", 3000001, 1460);
}

static void three_megabytes_come_back_over_ipv6(void **state)
{
	(void)state;
	check_transfer("::1", 3000001, 1440);
}

static void sides_finish_in_either_order(void **state)
{
	(void)state;
	for (int first = PCAP_OPENER; first <= PCAP_ACCEPTOR; first++) {
		struct trace t;
		enum pcap_side a = (enum pcap_side)first, b = (enum pcap_side) !first;
		trace_new(&t, NULL, NULL);
		struct pcap_flow *f = trace_flow(&t, "::1", "::1");
		flow_fin(f, T0, a, "done");
		flow_data(f, T0, b, "late", 4, NULL); /* the other half is still open */
		flow_fin(f, T0, b, NULL);
		trace_read(&t);
		check_handshake(&t);
		check_packet(&t, a, FIN | ACK, 1, 1, 0, "done");
		check_packet(&t, b, ACK, 1, 2, 0, "");
		check_packet(&t, b, PSH | ACK, 1, 2, 4, "");
		check_packet(&t, a, ACK, 2, 5, 0, "");
		check_packet(&t, b, FIN | ACK, 5, 2, 0, "");
		check_packet(&t, a, ACK, 2, 6, 0, "");
		trace_end(&t);
	}
}

static void a_side_finishes_once(void **state)
{
	(void)state;
	struct trace t;
	trace_new(&t, NULL, NULL);
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_fin(f, T0, PCAP_ACCEPTOR, NULL);
	flow_fin(f, T0, PCAP_ACCEPTOR, NULL);
	flow_fin(f, T0, PCAP_ACCEPTOR, "again");
	trace_read(&t);
	check_handshake(&t);
	check_packet(&t, PCAP_ACCEPTOR, FIN | ACK, 1, 1, 0, "");
	check_packet(&t, PCAP_OPENER, ACK, 1, 2, 0, "");
	check_packet(&t, PCAP_ACCEPTOR, ACK, 2, 1, 0, "again");
	trace_end(&t);
}

static void check_window(struct trace *t, enum pcap_side from, unsigned window)
{
	struct packet p = packet_next(t);

	assert_int_equal(p.from_port, from == PCAP_OPENER ? OPENER_PORT : ACCEPTOR_PORT);
	assert_int_equal(p.flags, ACK);
	assert_int_equal(p.len, 0);
	assert_int_equal(p.window, window);
}

static void who_does_not_read_has_no_window(void **state)
{
	(void)state;
	struct trace t;
	trace_new(&t, NULL, NULL);
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_window(f, T0, PCAP_OPENER, false);
	flow_window(f, T0, PCAP_OPENER, false);
	flow_data(f, T0, PCAP_ACCEPTOR, "ab", 2, NULL);
	flow_window(f, T0, PCAP_OPENER, true);
	trace_read(&t);
	check_handshake(&t);
	check_window(&t, PCAP_OPENER, 0);
	check_window(&t, PCAP_OPENER, 4096);
	check_packet(&t, PCAP_ACCEPTOR, PSH | ACK, 1, 1, 2, "");
	check_window(&t, PCAP_OPENER, 4096);
	check_window(&t, PCAP_OPENER, 0);
	check_window(&t, PCAP_OPENER, 4096);
	trace_end(&t);
}

static void nothing_is_acknowledged_after_a_reset(void **state)
{
	(void)state;
	struct trace t;
	trace_new(&t, NULL, NULL);
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_data(f, T0, PCAP_OPENER, "ab", 2, NULL);
	flow_reset(f, T0, PCAP_ACCEPTOR, "reset");
	flow_data(f, T0, PCAP_OPENER, "cd", 2, NULL); /* had left before */
	flow_fin(f, T0, PCAP_OPENER, NULL);
	flow_fin(f, T0, PCAP_ACCEPTOR, NULL);
	trace_read(&t);
	check_handshake(&t);
	check_packet(&t, PCAP_OPENER, PSH | ACK, 1, 1, 2, "");
	check_packet(&t, PCAP_ACCEPTOR, ACK, 1, 3, 0, "");
	check_packet(&t, PCAP_ACCEPTOR, RST | ACK, 1, 3, 0, "reset");
	check_packet(&t, PCAP_OPENER, PSH | ACK, 3, 1, 2, "");
	check_packet(&t, PCAP_OPENER, FIN | ACK, 5, 1, 0, "");
	trace_end(&t);
}

static void a_refusal_is_syn_and_reset(void **state)
{
	(void)state;
	struct trace t;
	struct sockaddr_storage from = address("::1", OPENER_PORT),
				to = address("::1", ACCEPTOR_PORT);
	trace_new(&t, NULL, NULL);
	flow_refused(
		t.writer, T0, (struct sockaddr *)&from, (struct sockaddr *)&to, "nobody there");
	trace_read(&t);
	struct packet syn = packet_next(&t);
	struct packet rst = packet_next(&t);
	assert_int_equal(syn.flags, SYN);
	assert_string_equal(syn.comment, "nobody there");
	assert_int_equal(rst.flags, RST | ACK);
	assert_int_equal(rst.from_port, ACCEPTOR_PORT);
	assert_int_equal(rst.seq, 0);
	assert_int_equal(rst.ack, syn.seq + 1);
	trace_end(&t);
}

static void remarks_are_no_duplicate_acknowledgements(void **state)
{
	(void)state;
	struct trace t;
	trace_new(&t, NULL, NULL);
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_remark(f, T0, "first");
	flow_remark(f, T0, "second");
	flow_remark(f, T0, NULL);
	flow_data(f, T0, PCAP_ACCEPTOR, NULL, 0, "empty");
	flow_data(f, T0, PCAP_ACCEPTOR, NULL, 0, NULL);
	trace_read(&t);
	check_handshake(&t);
	struct packet first = packet_next(&t);
	struct packet second = packet_next(&t);
	assert_string_equal(first.comment, "first");
	assert_string_equal(second.comment, "second");
	assert_int_equal(first.from_port, OPENER_PORT);
	assert_int_equal(second.seq, first.seq);
	assert_int_not_equal(second.window, first.window);
	check_packet(&t, PCAP_ACCEPTOR, ACK, 1, 1, 0, "empty");
	trace_end(&t);
}

static void flows_keep_their_numbers_apart(void **state)
{
	(void)state;
	struct trace t;
	trace_new(&t, NULL, NULL);
	struct pcap_flow *a = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	struct pcap_flow *b = trace_flow(&t, "::1", "::1");
	flow_data(a, T0, PCAP_OPENER, "aaa", 3, NULL);
	flow_data(b, T0, PCAP_OPENER, "b", 1, NULL);
	flow_data(a, T0, PCAP_ACCEPTOR, "aa", 2, NULL);
	trace_read(&t);
	check_handshake(&t);
	uint32_t isn[2] = { t.isn[0], t.isn[1] };
	check_handshake(&t);
	uint32_t other[2] = { t.isn[0], t.isn[1] };
	memcpy(t.isn, isn, sizeof(isn));
	check_packet(&t, PCAP_OPENER, PSH | ACK, 1, 1, 3, "");
	check_packet(&t, PCAP_ACCEPTOR, ACK, 1, 4, 0, "");
	memcpy(t.isn, other, sizeof(other));
	check_packet(&t, PCAP_OPENER, PSH | ACK, 1, 1, 1, "");
	check_packet(&t, PCAP_ACCEPTOR, ACK, 1, 2, 0, "");
	memcpy(t.isn, isn, sizeof(isn));
	check_packet(&t, PCAP_ACCEPTOR, PSH | ACK, 1, 4, 2, "");
	check_packet(&t, PCAP_OPENER, ACK, 4, 3, 0, "");
	trace_end(&t);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void initial_numbers_never_repeat(void **state)
{
	(void)state;
	enum { FLOWS = 1000 };
	struct trace t;
	uint32_t seen[2 * FLOWS];
	trace_new(&t, NULL, NULL);
	for (int i = 0; i < FLOWS; i++)
		trace_flow(&t, "127.0.0.1", "127.0.0.1");
	trace_read(&t);
	for (int i = 0; i < FLOWS; i++) {
		check_handshake(&t);
		memcpy(seen + 2 * i, t.isn, sizeof(t.isn));
	}
	qsort(seen, 2 * FLOWS, sizeof(*seen), compare_u32);
	for (int i = 1; i < 2 * FLOWS; i++)
		assert_int_not_equal(seen[i - 1], seen[i]);
	trace_end(&t);
}

static void a_long_comment_is_cut_between_characters(void **state)
{
	(void)state;
	struct trace t;
	char *text = malloc(70001);
	assert_non_null(text);
	for (int i = 0; i < 70000; i += 2)
		memcpy(text + i, "ü", 2);
	text[70000] = '\0';
	trace_new(&t, text, text);
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_remark(f, T0, text);
	flow_remark(f, T0, "");
	trace_read(&t);
	check_handshake(&t);
	assert_int_equal(packet_next(&t).comment_len, 65534);
	assert_int_equal(packet_next(&t).comment_len, 0);
	free(text);
	trace_end(&t);
}

static void times_pass_the_32_bits(void **state)
{
	(void)state;
	struct trace t;
	int64_t at_us = 4102444799999999; /* the last microsecond of 2099 */
	trace_new(&t, NULL, NULL);
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_remark(f, at_us, "late");
	trace_read(&t);
	check_handshake(&t);
	assert_true(packet_next(&t).at_us == at_us);
	trace_end(&t);
}

static void libpcap_reads_the_file_too(void **state)
{
	(void)state;
	struct trace t;
	char problem[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const unsigned char *frame;
	int packets = 0;
	trace_new(&t, "mqttspec", "comment");
	struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
	flow_data(f, T0, PCAP_OPENER, "odd", 3, "so that there is padding");
	trace_read(&t);
	pcap_t *reader = pcap_open_offline(t.path, problem);
	if (!reader)
		fail_msg("%s", problem);
	assert_int_equal(pcap_datalink(reader), DLT_EN10MB);
	while (pcap_next_ex(reader, &header, &frame) == 1) {
		assert_int_equal(header->ts.tv_usec, T0);
		packets++;
	}
	assert_int_equal(packets, 5);
	pcap_close(reader);
	t.at = t.len;
	trace_end(&t);
}

static void another_family_is_an_error_that_sticks(void **state)
{
	(void)state;
	struct trace t;
	struct sockaddr local = { .sa_family = AF_UNIX };
	struct sockaddr_storage v6 = address("::1", 1);
	struct sockaddr_storage v4 = address("127.0.0.1", 1);
	trace_new(&t, NULL, NULL);
	assert_null(flow_open(t.writer, T0, &local, &local, NULL));
	assert_null(
		flow_open(t.writer, T0, (struct sockaddr *)&v4, (struct sockaddr *)&v6, "mixed"));
	flow_refused(t.writer, T0, &local, &local, NULL);
	flow_data(NULL, T0, PCAP_OPENER, "x", 1, NULL);
	flow_fin(NULL, T0, PCAP_OPENER, NULL);
	flow_reset(NULL, T0, PCAP_OPENER, NULL);
	flow_remark(NULL, T0, "x");
	assert_non_null(trace_flow(&t, "::1", "::1")); /* the rest is written all the same */
	assert_false(pcapng_close(t.writer));
	assert_int_equal(errno, EAFNOSUPPORT);
	trace_load(&t);
	block_next(&t);
	block_next(&t);
	check_handshake(&t);
	trace_end(&t);
}

static void a_full_disk_is_reported(void **state)
{
	(void)state;
	for (int packets = 0; packets <= 1; packets++) {
		struct trace t = { .writer = pcapng_create("/dev/full", "mqttspec", NULL) };
		assert_non_null(t.writer);
		if (packets) {
			struct pcap_flow *f = trace_flow(&t, "127.0.0.1", "127.0.0.1");
			for (int i = 0; i < 1000; i++)
				flow_data(f, T0, PCAP_OPENER, "lost", 4, NULL);
		}
		errno = 0;
		assert_false(pcapng_close(t.writer));
		assert_int_equal(errno, ENOSPC);
	}
}

static void a_path_that_cannot_be_written_is_reported(void **state)
{
	(void)state;
	errno = 0;
	assert_null(pcapng_create("/nonexistent/x.pcapng", NULL, NULL));
	assert_int_equal(errno, ENOENT);
	assert_true(pcapng_close(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_opens_with_section_and_interface),
		cmocka_unit_test(application_and_comment_may_be_absent),
		cmocka_unit_test(a_connection_opens_over_ipv4),
		cmocka_unit_test(a_connection_opens_over_ipv6),
		cmocka_unit_test(secrets_come_before_the_packets_that_need_them),
		cmocka_unit_test(too_many_secrets_are_an_error_that_sticks),
		cmocka_unit_test(data_is_cut_into_segments_and_acknowledged),
		cmocka_unit_test(three_megabytes_come_back_over_ipv4),
		cmocka_unit_test(three_megabytes_come_back_over_ipv6),
		cmocka_unit_test(sides_finish_in_either_order),
		cmocka_unit_test(a_side_finishes_once),
		cmocka_unit_test(who_does_not_read_has_no_window),
		cmocka_unit_test(nothing_is_acknowledged_after_a_reset),
		cmocka_unit_test(a_refusal_is_syn_and_reset),
		cmocka_unit_test(remarks_are_no_duplicate_acknowledgements),
		cmocka_unit_test(flows_keep_their_numbers_apart),
		cmocka_unit_test(initial_numbers_never_repeat),
		cmocka_unit_test(a_long_comment_is_cut_between_characters),
		cmocka_unit_test(times_pass_the_32_bits),
		cmocka_unit_test(libpcap_reads_the_file_too),
		cmocka_unit_test(another_family_is_an_error_that_sticks),
		cmocka_unit_test(a_full_disk_is_reported),
		cmocka_unit_test(a_path_that_cannot_be_written_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
