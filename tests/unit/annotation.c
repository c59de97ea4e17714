/* Copies of captures with comments: read again by our own reader, which finds the same packets, and the comments by
 * their bytes.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "pcap/annotation.h"
#include "pcap/container.h"

enum { FILE_LIMIT = 1 << 20, ERROR_BYTES = 256 };

struct bench {
	char folder[64], from[80], to[80], error[ERROR_BYTES];
	struct buf in, out;
};

static int bench_setup(void **state)
{
	static struct bench b;

	strcpy(b.folder, "/tmp/mqttspec_annotation_XXXXXX");
	assert_non_null(mkdtemp(b.folder));
	snprintf(b.from, sizeof(b.from), "%s/from", b.folder);
	snprintf(b.to, sizeof(b.to), "%s/to", b.folder);
	buf_init(&b.in, FILE_LIMIT);
	buf_init(&b.out, FILE_LIMIT);
	*state = &b;
	return 0;
}

static int bench_teardown(void **state)
{
	struct bench *b = *state;

	unlink(b->from);
	unlink(b->to);
	rmdir(b->folder);
	buf_fini(&b->in);
	buf_fini(&b->out);
	return 0;
}

#define BYTES(text) text, sizeof(text) - 1

/* Copies what is in b->in to b->out. */
static void copy(struct bench *b, const struct annotation *annotations, size_t count)
{
	FILE *file = fopen(b->from, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(b->in.data, 1, b->in.len, file), b->in.len);
	assert_int_equal(fclose(file), 0);
	if (!annotation_copy(b->from, b->to, annotations, count, b->error, sizeof(b->error)))
		fail_msg("%s", b->error);
	file = fopen(b->to, "rb");
	assert_non_null(file);
	buf_reset(&b->out);
	uint8_t *room = buf_extend(&b->out, FILE_LIMIT / 2);
	b->out.len = fread(room, 1, FILE_LIMIT / 2, file);
	assert_int_equal(fclose(file), 0);
}

/* Both have the same packets; returns how many. */
static uint64_t check_packets(const struct bench *b)
{
	struct container in, out;
	size_t at[2] = { 0 }, len;
	struct captured p, q;
	enum container_got got;

	container_init(&in);
	container_init(&out);
	do {
		while ((got = container_next(&in, b->in.data + at[0], b->in.len - at[0], &len,
				&p)) == CONTAINER_OTHER)
			at[0] += len;
		at[0] += len;
		while (container_next(&out, b->out.data + at[1], b->out.len - at[1], &len, &q) ==
			CONTAINER_OTHER)
			at[1] += len;
		at[1] += len;
		if (got != CONTAINER_PACKET)
			break;
		assert_int_equal(p.number, q.number);
		assert_int_equal(p.at_ns, q.at_ns);
		assert_int_equal(p.wire_size, q.wire_size);
		assert_int_equal(p.link_type, q.link_type);
		assert_int_equal(p.size, q.size);
		assert_memory_equal(p.data, q.data, p.size);
	} while (true);
	assert_int_equal(out.kind, CONTAINER_PCAPNG);
	assert_int_equal(out.packets, in.packets);
	assert_int_equal(at[1], b->out.len);
	uint64_t packets = in.packets;
	container_fini(&in);
	container_fini(&out);
	return packets;
}

static const uint8_t *find(const struct buf *b, const void *what, size_t len)
{
	return memmem(b->data, b->len, what, len);
}

static void add_pcap(struct bench *b)
{
	buf_add(&b->in, BYTES("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x71\0\0\0"));
	buf_add(&b->in, BYTES("\1\0\0\0\2\0\0\0\5\0\0\0\7\0\0\0hello"));
	buf_add(&b->in, BYTES("\1\0\0\0\3\0\0\0\3\0\0\0\3\0\0\0abc"));
}

static void a_pcap_becomes_pcapng(void **state)
{
	struct bench *b = *state;
	static const struct annotation both[] = { { 2, "MQTT-1" }, { 2, "and MQTT-22" } };
	add_pcap(b);
	copy(b, both, 2);
	assert_int_equal(check_packets(b), 2);
	assert_non_null(
		find(&b->out, BYTES("abc\0\1\0\6\0MQTT-1\0\0\1\0\x0b\0and MQTT-22\0\0\0\0\0")));
}

static void without_annotations_a_pcapng_is_the_same(void **state)
{
	struct bench *b = *state;
	buf_add(&b->in,
		BYTES("\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0\xff\xff\xff\xff\xff\xff"
		      "\xff\xff"
		      "\0\0\0\x1c"));
	buf_add(&b->in, BYTES("\0\0\0\1\0\0\0\x14\0\1\0\0\0\0\xff\xff\0\0\0\x14"));
	buf_add(&b->in,
		BYTES("\0\0\0\6\0\0\0\x24\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\3\0\0\0\3abc\0\0\0\0\x24"));
	buf_add(&b->in,
		BYTES("\0\0\0\6\0\0\0\x34\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0\3\0\0\0\3"
		      "def\0\0\1\0\3old\0\0\0\0\0\0\0\0\0\0\0\0\x34"));
	/* Options that nobody ended, and a block that nobody knows. */
	buf_add(&b->in, BYTES("\0\0\0\3\0\0\0\x14\0\0\0\3ghi\0\0\0\0\x14"));
	buf_add(&b->in, BYTES("\0\0\x0b\xad\0\0\0\x10????\0\0\0\x10"));
	copy(b, NULL, 0);
	assert_int_equal(b->out.len, b->in.len);
	assert_memory_equal(b->out.data, b->in.data, b->in.len);
}

static void comments_join_the_options_of_a_packet(void **state)
{
	struct bench *b = *state;
	static const struct annotation each[] = { { 1, "one" }, { 2, "two" }, { 3, "three" } };
	without_annotations_a_pcapng_is_the_same(state);
	copy(b, each, 3);
	assert_int_equal(check_packets(b), 3);
	assert_non_null(find(&b->out, BYTES("abc\0\0\1\0\3one\0\0\0\0\0\0\0\0\x30")));
	assert_non_null(find(&b->out, BYTES("def\0\0\1\0\3two\0\0\1\0\3old\0")));
	assert_non_null(find(&b->out, BYTES("ghi\0\0\1\0\5three\0\0\0\0\0\0\0")));
	assert_non_null(find(&b->out, BYTES("????")));
}

static void a_long_comment_is_cut_between_characters(void **state)
{
	struct bench *b = *state;
	static char text[70000];
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + 65533, "\xe2\x82\xac", 3); /* it would end within the euro sign */
	add_pcap(b);
	copy(b, &(struct annotation){ 1, text }, 1);
	assert_int_equal(check_packets(b), 2);
	assert_non_null(find(&b->out, BYTES("\1\0\xfd\xffxxx")));
}

static void what_is_cut_is_copied_as_far_as_it_goes(void **state)
{
	struct bench *b = *state;
	add_pcap(b);
	b->in.len -= 2;
	copy(b, &(struct annotation){ 1, "x" }, 1);
	assert_int_equal(check_packets(b), 1);
}

static void failures_are_told(void **state)
{
	struct bench *b = *state;
	add_pcap(b);
	copy(b, NULL, 0);
	assert_false(annotation_copy(b->to, b->to, NULL, 0, b->error, sizeof(b->error)));
	assert_non_null(strstr(b->error, "/to: is the capture that is to be copied"));
	assert_false(annotation_copy(b->from, "/nowhere/x", NULL, 0, b->error, sizeof(b->error)));
	assert_string_equal(b->error, "/nowhere/x: No such file or directory");
	assert_false(annotation_copy("/nowhere/x", b->to, NULL, 0, b->error, sizeof(b->error)));
	assert_string_equal(b->error, "/nowhere/x: No such file or directory");
	assert_false(annotation_copy(b->from, "/dev/full", NULL, 0, b->error, sizeof(b->error)));
	assert_string_equal(b->error, "/dev/full: No space left on device");
}

int main(void)
{
#define annotation_test(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		annotation_test(a_pcap_becomes_pcapng),
		annotation_test(without_annotations_a_pcapng_is_the_same),
		annotation_test(comments_join_the_options_of_a_packet),
		annotation_test(a_long_comment_is_cut_between_characters),
		annotation_test(what_is_cut_is_copied_as_far_as_it_goes),
		annotation_test(failures_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
