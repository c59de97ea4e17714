/* Where packets come from: files whole, cut and growing, pipes that stop anywhere. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "pcap/source.h"

enum { SOON_MS = 5000, FILE_LIMIT = 1 << 21, ERROR_BYTES = 512 };

struct file {
	char path[64];
	int fd;
	struct buf bytes; /* a capture of `packets` packets */
	char error[ERROR_BYTES];
};

static void capture_make(struct buf *b, unsigned packets, size_t size)
{
	static const uint8_t zero[1 << 17];

	buf_reset(b);
	buf_add(b, "\xa1\xb2\xc3\xd4\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\1", 24);
	for (unsigned i = 0; i < packets; i++) {
		buf_add_u32(b, i);
		buf_add_u32(b, 0);
		buf_add_u32(b, (uint32_t)size);
		buf_add_u32(b, (uint32_t)size);
		buf_add(b, zero, size);
	}
	assert_false(b->failed);
}

static int file_setup(void **state)
{
	static struct file f;

	strcpy(f.path, "/tmp/mqttspec_source_XXXXXX");
	f.fd = mkstemp(f.path);
	assert_true(f.fd >= 0);
	buf_init(&f.bytes, FILE_LIMIT);
	capture_make(&f.bytes, 3, 10);
	*state = &f;
	return 0;
}

static int file_teardown(void **state)
{
	struct file *f = *state;

	close(f->fd);
	unlink(f->path);
	buf_fini(&f->bytes);
	return 0;
}

static void put(int fd, const void *data, size_t len)
{
	assert_int_equal(write(fd, data, len), len);
}

static struct source *file_open(struct file *f, bool follow)
{
	struct source *s = source_file(f->path, follow, f->error, sizeof(f->error));

	if (!s)
		fail_msg("%s", f->error);
	return s;
}

static void check_packet(struct source *s, uint64_t number)
{
	struct captured p;

	assert_int_equal(source_next(s, SOON_MS, &p), SOURCE_PACKET);
	assert_int_equal(p.number, number);
}

/* The end has been reached after that many packets; `words` follow the path in the problem, NULL for none. */
static void check_end(struct file *f, struct source *s, uint64_t packets, const char *words)
{
	struct captured p = { 0 };

	while (source_next(s, SOON_MS, &p) == SOURCE_PACKET)
		continue;
	assert_int_equal(p.number, packets);
	assert_int_equal(source_next(s, SOON_MS, &p), SOURCE_END);
	if (!words) {
		assert_null(source_problem(s));
	} else {
		char text[ERROR_BYTES];
		snprintf(text, sizeof(text), "%s: %s", f->path, words);
		assert_non_null(source_problem(s));
		assert_string_equal(source_problem(s), text);
	}
	source_close(s);
}

static void a_file_is_read_to_its_end(void **state)
{
	struct file *f = *state;
	size_t size;
	put(f->fd, f->bytes.data, f->bytes.len);
	struct source *s = file_open(f, false);
	check_packet(s, 1);
	assert_string_equal(source_secrets(s, &size), "");
	assert_int_equal(size, 0);
	assert_int_equal(source_dropped(s), 0);
	check_end(f, s, 3, NULL);
}

static void a_file_may_be_much_larger_than_the_window(void **state)
{
	struct file *f = *state;
	capture_make(&f->bytes, 15, 1 << 17);
	put(f->fd, f->bytes.data, f->bytes.len);
	check_end(f, file_open(f, false), 15, NULL);
}

static void what_is_wrong_with_a_file_is_told(void **state)
{
	struct file *f = *state;
	check_end(f, file_open(f, false), 0, "is empty");

	put(f->fd, f->bytes.data, 2);
	check_end(f, file_open(f, false), 0, "not a capture: it has 2 bytes");

	put(f->fd, f->bytes.data + 2, f->bytes.len - 5);
	check_end(f, file_open(f, false), 2,
		"is cut off at byte 99, in the middle of what follows packet 2");

	put(f->fd, f->bytes.data + f->bytes.len - 3, 3);
	put(f->fd, "\0\0\0\0\0\0\0\0\xff\0\0\0\0\0\0\0", 16);
	check_end(f, file_open(f, false), 3,
		"is damaged at byte 102, after packet 3: a packet of 4278190080 bytes");

	assert_int_equal(ftruncate(f->fd, 0), 0);
	lseek(f->fd, 0, SEEK_SET);
	put(f->fd, "\x1f\x8b\x08\0\0\0\0\0", 8);
	char words[128];
	snprintf(words, sizeof(words), "is compressed; `zcat %s | mqttspec check -` reads it",
		f->path);
	check_end(f, file_open(f, false), 0, words);
}

static void what_cannot_be_opened_is_told(void **state)
{
	struct file *f = *state;
	assert_null(source_file("/nowhere/x", false, f->error, sizeof(f->error)));
	assert_string_equal(f->error, "/nowhere/x: No such file or directory");
	assert_null(source_interface("nowhere0", NULL, f->error, sizeof(f->error)));
	assert_memory_equal(f->error, "nowhere0: ", 10);

	struct captured p;
	struct source *s = source_file("/tmp", false, f->error, sizeof(f->error));
	assert_non_null(s);
	assert_int_equal(source_next(s, 0, &p), SOURCE_END);
	assert_string_equal(source_problem(s), "/tmp: Is a directory");
	source_close(s);
}

/* Byte by byte, from nothing at all: nothing is lost, nothing is taken for damage. */
static void a_file_that_grows_is_followed(void **state)
{
	struct file *f = *state;
	struct source *s = file_open(f, true);
	struct captured p;
	uint64_t packets = 0;
	for (size_t i = 0; i < f->bytes.len; i++) {
		enum source_got got = source_next(s, 0, &p);
		assert_int_equal(
			got, i && (i - 24) % 26 == 0 && i > 24 ? SOURCE_PACKET : SOURCE_IDLE);
		packets += got == SOURCE_PACKET;
		put(f->fd, f->bytes.data + i, 1);
	}
	check_packet(s, packets + 1);
	assert_int_equal(source_next(s, 0, &p), SOURCE_IDLE);
	assert_int_equal(packets, 2);
	assert_int_equal(ftruncate(f->fd, 50), 0);
	check_end(f, s, 0, "has become shorter while it was read");
}

static void a_pipe_may_stop_anywhere(void **state)
{
	struct file *f = *state;
	struct captured p;
	int ends[2], input = dup(STDIN_FILENO);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	struct source *s = source_file("-", false, f->error, sizeof(f->error));
	assert_non_null(s);
	assert_int_equal(source_next(s, 0, &p), SOURCE_IDLE);
	put(ends[1], f->bytes.data, 10);
	assert_int_equal(source_next(s, 0, &p), SOURCE_IDLE);
	put(ends[1], f->bytes.data + 10, 60);
	check_packet(s, 1);
	assert_int_equal(source_next(s, 1, &p), SOURCE_IDLE);
	put(ends[1], f->bytes.data + 70, 7);
	close(ends[1]);
	check_packet(s, 2);
	assert_int_equal(source_next(s, SOON_MS, &p), SOURCE_END);
	assert_string_equal(source_problem(s),
		"standard input: is cut off at byte 77, in the middle of what follows packet 2");
	source_close(s);
	dup2(input, STDIN_FILENO);
	close(input);
}

static void a_source_can_be_stopped(void **state)
{
	struct file *f = *state;
	struct captured p;
	put(f->fd, f->bytes.data, f->bytes.len);
	struct source *s = file_open(f, true);
	check_packet(s, 1);
	source_stop(s);
	assert_int_equal(source_next(s, SOON_MS, &p), SOURCE_END);
	assert_null(source_problem(s));
	source_close(s);
}

int main(void)
{
#define source_test(name) cmocka_unit_test_setup_teardown(name, file_setup, file_teardown)
	const struct CMUnitTest tests[] = {
		source_test(a_file_is_read_to_its_end),
		source_test(a_file_may_be_much_larger_than_the_window),
		source_test(what_is_wrong_with_a_file_is_told),
		source_test(what_cannot_be_opened_is_told),
		source_test(a_file_that_grows_is_followed),
		source_test(a_pipe_may_stop_anywhere),
		source_test(a_source_can_be_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
