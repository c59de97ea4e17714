#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pcap/capture.h"

struct place {
	char folder[64];
	char path[96]; /* of the capture */
};

static int place_set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	*state = place;
	strcpy(place->folder, "/tmp/capture-test-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/x.pcap", place->folder);
	return 0;
}

static int place_tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->folder);
	free(place);
	return 0;
}

/* A listening socket on a free port of 127.0.0.1. */
static int listener_new(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	*address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static void await_readable(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&wait, 1, 5000), 1);
}

/* Connects, sends `text` in `count` writes, has it read, and closes both ends. */
static void exchange(int listener, const struct sockaddr_in *address, const char *text, int count)
{
	char got[256];
	int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(client, (const struct sockaddr *)address, sizeof(*address)), 0);
	int server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	for (int i = 0; i < count; i++) {
		ssize_t len = (ssize_t)strlen(text);
		assert_int_equal(send(client, text, (size_t)len, 0), len);
		await_readable(server);
		assert_int_equal(recv(server, got, (size_t)len, MSG_WAITALL), len);
	}
	close(client);
	await_readable(server);
	assert_int_equal(recv(server, got, sizeof(got), 0), 0);
	close(server);
}

/* NULL, and the test is skipped, where capturing is not permitted. */
static struct capture *capture_or_skip(
	const struct place *place, const char *interface, const struct sockaddr_in *address)
{
	char error[256] = "";
	struct capture *c = capture_start(
		interface, ntohs(address->sin_port), place->path, error, sizeof(error));

	if (c)
		return c;
	if (!strstr(error, "no permission"))
		fail_msg("%s", error);
	print_message("skipped: %s\n", error);
	return NULL;
}

/* The packets in a capture, up to its end or its first damage, and how many of them hold `text`. */
static unsigned long file_read(const char *path, const char *text, unsigned *findings)
{
	char problem[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	unsigned long packets = 0;
	pcap_t *file = pcap_open_offline(path, problem);

	if (!file)
		fail_msg("%s", problem);
	*findings = 0;
	while (pcap_next_ex(file, &header, &bytes) == 1) {
		packets++;
		assert_int_equal(header->caplen, header->len);
		if (memmem(bytes, header->caplen, text, strlen(text)))
			++*findings;
	}
	pcap_close(file);
	return packets;
}

static void check_recorded(const struct place *place, const char *interface, int count)
{
	struct sockaddr_in here, elsewhere;
	unsigned long dropped;
	unsigned findings;
	int listener = listener_new(&here);
	int other = listener_new(&elsewhere);
	struct capture *c = capture_or_skip(place, interface, &here);

	if (c) {
		exchange(other, &elsewhere, "of another port", 3);
		exchange(listener, &here, "recorded words", count);
		unsigned long packets = capture_stop(c, &dropped);
		assert_int_equal(dropped, 0);
		assert_int_equal(file_read(place->path, "of another port", &findings), packets);
		assert_int_equal(findings, 0);
		assert_int_equal(file_read(place->path, "recorded words", &findings), packets);
		assert_int_equal(findings, count);
		assert_true(packets >= (unsigned long)count + 3 + 2); /* handshake, both FINs */
	}
	close(listener);
	close(other);
	if (!c)
		skip();
}

static void a_capture_on_lo_holds_the_exchange(void **state)
{
	check_recorded(*state, "lo", 1);
}

static void a_capture_on_any_holds_the_exchange(void **state)
{
	check_recorded(*state, "any", 1);
}

static void a_capture_loses_nothing_of_a_busy_port(void **state)
{
	check_recorded(*state, "lo", 2000);
}

/* A limit on the size of files stands for a disk that is full. */
static void a_full_disk_ends_the_capture_with_an_honest_count(void **state)
{
	const struct place *place = *state;
	struct sockaddr_in address;
	struct rlimit before, small;
	unsigned long dropped;
	unsigned findings;
	int listener = listener_new(&address);

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = 10000, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	struct capture *c = capture_or_skip(place, "lo", &address);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	if (c) {
		exchange(listener, &address, "recorded words", 500);
		unsigned long packets = capture_stop(c, &dropped);
		unsigned long in_file = file_read(place->path, "recorded words", &findings);
		assert_in_range(packets, 0, in_file);
		assert_in_range(in_file, 1, 10000 / 54);
	}
	close(listener);
	if (!c)
		skip();
}

/* The recorder keeps the standard output of whoever started it: when that pipe ends, it is gone. */
static void a_capture_ends_with_its_parent(void **state)
{
	const struct place *place = *state;
	char error[256] = "", told = 0, end;
	int ends[2], status;

	prctl(PR_SET_CHILD_SUBREAPER, 1); /* the orphan is ours to bury */
	assert_int_equal(pipe(ends), 0);
	pid_t parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		setpgid(0, 0); /* so that a recorder that will not end can be found */
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		told = capture_start("lo", 1883, place->path, error, sizeof(error)) ? '+' : '-';
		if (write(STDOUT_FILENO, &told, 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	await_readable(ends[0]);
	assert_int_equal(read(ends[0], &told, 1), 1);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	bool ended = poll(&(struct pollfd){ .fd = ends[0], .events = POLLIN }, 1, 5000) == 1;
	if (!ended)
		kill(-parent, SIGKILL);
	waitpid(-1, &status, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	assert_true(ended);
	assert_int_equal(read(ends[0], &end, 1), 0);
	close(ends[0]);
	if (told == '-') {
		print_message("skipped: no capture could be started\n");
		skip();
	}
}

static void an_interface_that_is_not_there_is_named(void **state)
{
	const struct place *place = *state;
	char error[256] = "";

	assert_null(capture_start("eth-none0", 1883, place->path, error, sizeof(error)));
	if (strstr(error, "no permission")) {
		print_message("skipped: %s\n", error);
		skip();
	}
	assert_non_null(strstr(error, "eth-none0: no such interface"));
	assert_non_null(strstr(error, "`any` takes all"));
	assert_int_equal(access(place->path, F_OK), -1); /* nothing is left behind */
}

static void a_path_that_cannot_be_written_is_named(void **state)
{
	const struct place *place = *state;
	char path[128], error[256] = "";

	snprintf(path, sizeof(path), "%s/missing/x.pcap", place->folder);
	assert_null(capture_start("lo", 1883, path, error, sizeof(error)));
	if (strstr(error, "no permission")) {
		print_message("skipped: %s\n", error);
		skip();
	}
	assert_non_null(strstr(error, path));
	assert_non_null(strstr(error, "No such file or directory"));
	assert_null(capture_start("lo", 1883, "/dev/full", error, sizeof(error)));
	assert_non_null(strstr(error, "No space left on device"));
}

static void a_long_error_is_cut(void **state)
{
	const struct place *place = *state;
	char error[8] = "1234567";

	assert_null(capture_start("eth-none0", 1883, place->path, error, 5));
	assert_string_equal(error, "eth-");
	assert_int_equal(error[5], '6');
}

/* Whoever runs this, a child without privileges meets the refusal. */
static void without_permission_the_error_says_what_to_do(void **state)
{
	const struct place *place = *state;
	char error[256] = "";
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		struct capture *c = capture_start("lo", 1883, place->path, error, sizeof(error));
		if (c)
			_exit(3);
		_exit(strstr(error, "lo: no permission") && strstr(error, "CAP_NET_RAW") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 3) {
		print_message("skipped: this program may capture, whoever runs it\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void stopping_nothing_is_nothing(void **state)
{
	(void)state;
	unsigned long dropped = 7;

	assert_int_equal(capture_stop(NULL, &dropped), 0);
	assert_int_equal(dropped, 0);
}

#define with_place(test) cmocka_unit_test_setup_teardown(test, place_set_up, place_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_place(a_capture_on_lo_holds_the_exchange),
		with_place(a_capture_on_any_holds_the_exchange),
		with_place(a_capture_loses_nothing_of_a_busy_port),
		with_place(a_full_disk_ends_the_capture_with_an_honest_count),
		with_place(a_capture_ends_with_its_parent),
		with_place(an_interface_that_is_not_there_is_named),
		with_place(a_path_that_cannot_be_written_is_named),
		with_place(a_long_error_is_cut),
		with_place(without_permission_the_error_says_what_to_do),
		cmocka_unit_test(stopping_nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
